//! WIT <-> core, with everything a guest says checked on the way in.
//!
//! What goes out to a guest was made by the host and is only translated. What comes in is untrusted:
//! sizes, numbers and media times are held against [`crate::limits::item`], and the first one that is
//! wrong is reported as one sentence ([`Bad`]), which ends the call.

mod avatar;
mod llm;
mod mapper;
mod tts;

use super::v0_1::types::tth::types::{controls, errors, media, provider};
use crate::limits::item;
use tth_core::controls::ParamValue;
use tth_core::media::{AudioChunk, AudioFormat, VideoCodec, Viseme};
use tth_core::provider as core;

pub(crate) use avatar::{avatar_event, avatar_input, render};
pub(crate) use llm::{llm_event, messages, usage};
pub(crate) use mapper::{decisions, layers, persona, target};
pub(crate) use tts::{tts_event, tts_input};

/// What is wrong with something a guest said, as the end of the sentence "it sent ...".
pub(crate) type Bad = String;

/// Text no longer than `limit` bytes.
fn text(what: &str, text: String, limit: usize) -> Result<String, Bad> {
    match text.len() {
        n if n > limit => Err(format!("{what} of {n} bytes; {limit} is the most")),
        _ => Ok(text),
    }
}

fn finite(what: &str, number: f64) -> Result<f64, Bad> {
    match number.is_finite() {
        true => Ok(number),
        false => Err(format!("{what} that is {number}, not a number")),
    }
}

/// A share: cut to 0..=1, as rounding may overstep it, but never NaN.
fn unit(what: &str, number: f32) -> Result<f32, Bad> {
    finite(what, f64::from(number)).map(|_| number.clamp(0.0, 1.0))
}

fn media_time(what: &str, at: u64) -> Result<u64, Bad> {
    match at <= item::MEDIA_TIME {
        true => Ok(at),
        false => Err(format!("{what} at media time {at} us, beyond thirty days")),
    }
}

fn entries<T>(what: &str, list: Vec<T>) -> Result<Vec<T>, Bad> {
    match list.len() {
        n if n > item::ENTRIES => Err(format!("{n} {what}; {} is the most", item::ENTRIES)),
        _ => Ok(list),
    }
}

pub(crate) fn error(e: errors::Error) -> core::ProviderError {
    use core::ErrorCode as To;
    use errors::ErrorCode as From;
    let code = match e.code {
        From::InvalidConfig => To::InvalidConfig,
        From::InvalidInput => To::InvalidInput,
        From::Unauthenticated => To::Unauthenticated,
        From::QuotaExceeded => To::QuotaExceeded,
        From::RateLimited => To::RateLimited,
        From::Unavailable => To::Unavailable,
        From::Timeout => To::Timeout,
        From::Unsupported => To::Unsupported,
        From::Cancelled => To::Cancelled,
        From::Internal => To::Internal,
    };
    // An error is shown to people and logged: one line, and not a whole response body.
    let mut message: String = e
        .message
        .chars()
        .filter(|c| !c.is_control())
        .take(item::NAME)
        .collect();
    if message.is_empty() {
        message = "the provider gave no reason".into();
    }
    core::ProviderError {
        code,
        message,
        retry_after_ms: e.retry_after_ms,
        crowded: false,
    }
}

pub(crate) fn health(h: provider::HealthStatus) -> core::Health {
    let readiness = match h.readiness {
        provider::Readiness::Ready => core::Readiness::Ready,
        provider::Readiness::Degraded => core::Readiness::Degraded,
        provider::Readiness::Down => core::Readiness::Down,
    };
    core::Health {
        readiness,
        detail: h.detail.chars().take(item::NAME).collect(),
    }
}

pub(crate) fn load_config(settings: &str) -> provider::LoadConfig {
    // Credentials are attached to granted requests by the host, so there are none to hand over.
    provider::LoadConfig {
        settings: settings.to_owned(),
        secrets: Vec::new(),
    }
}

pub(crate) fn info(i: provider::ProviderInfo) -> Result<core::ProviderInfo, Bad> {
    let words = |what: &str, list: Vec<String>| {
        entries(what, list)?
            .into_iter()
            .map(|word| text(what, word, item::NAME))
            .collect::<Result<Vec<_>, Bad>>()
    };
    Ok(core::ProviderInfo {
        name: text("a name", i.name, item::NAME)?,
        version: text("a version", i.version, item::NAME)?,
        models: words("models", i.models)?,
        params: entries("parameters", i.params)?
            .into_iter()
            .map(param_spec)
            .collect::<Result<_, Bad>>()?,
        audio: i.audio.map(audio_format).transpose()?,
        video: entries("codecs", i.video)?
            .into_iter()
            .map(codec_in)
            .collect(),
        features: words("features", i.features)?,
    })
}

fn param_spec(p: controls::ParamSpec) -> Result<core::ParamSpec, Bad> {
    use controls::ParamDomain as From;
    use core::ParamDomain as To;
    let name = text("a parameter name", p.name, item::NAME)?;
    let domain = match p.domain {
        From::Text => To::Text,
        From::Flag => To::Flag,
        From::Number((min, max, default)) => {
            for (what, number) in [
                ("a minimum", min),
                ("a maximum", max),
                ("a default", default),
            ] {
                finite(&format!("{what} of parameter `{name}`"), number)?;
            }
            if !(min <= default && default <= max) {
                return Err(format!(
                    "parameter `{name}` whose default {default} is not within {min} to {max}"
                ));
            }
            To::Number { min, max, default }
        }
        From::Choice(words) if words.is_empty() => {
            return Err(format!("parameter `{name}` with nothing to choose from"));
        }
        From::Choice(words) => To::Choice(
            entries("choices", words)?
                .into_iter()
                .map(|word| text("a choice", word, item::NAME))
                .collect::<Result<_, Bad>>()?,
        ),
    };
    let follows = p
        .follows
        .map(|follows| text("a control", follows, item::NAME))
        .transpose()?;
    Ok(core::ParamSpec {
        name,
        domain,
        follows,
        live: p.live,
    })
}

pub(crate) fn control(c: core::Control) -> controls::Control {
    let params = c.params.into_iter().map(|(name, value)| controls::Param {
        name,
        value: value_out(value),
    });
    controls::Control {
        params: params.collect(),
    }
}

fn value_out(value: ParamValue) -> controls::ParamValue {
    match value {
        ParamValue::Flag(flag) => controls::ParamValue::Flag(flag),
        ParamValue::Number(number) => controls::ParamValue::Number(number),
        ParamValue::Text(text) => controls::ParamValue::Text(text),
    }
}

fn value_in(value: controls::ParamValue) -> Result<ParamValue, Bad> {
    Ok(match value {
        controls::ParamValue::Flag(flag) => ParamValue::Flag(flag),
        controls::ParamValue::Number(number) => ParamValue::Number(finite("a parameter", number)?),
        controls::ParamValue::Text(word) => {
            ParamValue::Text(text("a parameter", word, item::TEXT)?)
        }
    })
}

pub(crate) fn context(c: core::CallContext) -> provider::CallContext {
    provider::CallContext {
        session_id: c.session_id,
        turn_id: c.turn_id,
        language: c.language,
        first_output_budget_ms: c.first_output_budget_ms,
    }
}

fn audio_format(f: media::AudioFormat) -> Result<AudioFormat, Bad> {
    if !(8_000..=192_000).contains(&f.sample_rate) || !(1..=8).contains(&f.channels) {
        return Err(format!(
            "audio of {} Hz and {} channels",
            f.sample_rate, f.channels
        ));
    }
    Ok(AudioFormat {
        sample_rate: f.sample_rate,
        channels: f.channels,
    })
}

fn audio_in(chunk: media::AudioChunk) -> Result<AudioChunk, Bad> {
    let format = audio_format(chunk.format)?;
    let bytes = chunk.pcm.len();
    if bytes > item::AUDIO {
        return Err(format!(
            "an audio chunk of {bytes} bytes; {} is the most",
            item::AUDIO
        ));
    }
    if !bytes.is_multiple_of(usize::from(format.channels) * 2) {
        return Err(format!(
            "an audio chunk of {bytes} bytes, which is no whole number of samples"
        ));
    }
    Ok(AudioChunk {
        at: media_time("audio", chunk.at)?,
        format,
        pcm: chunk.pcm.into(),
    })
}

fn audio_out(chunk: AudioChunk) -> media::AudioChunk {
    let AudioFormat {
        sample_rate,
        channels,
    } = chunk.format;
    media::AudioChunk {
        at: chunk.at,
        format: media::AudioFormat {
            sample_rate,
            channels,
        },
        pcm: chunk.pcm.into(),
    }
}

/// Pairs of core and WIT names that mean the same, both ways.
macro_rules! same {
    ($core:ty => $out:ident, $wit:ty => $in:ident: $($name:ident = $wit_name:ident),*) => {
        fn $out(value: $core) -> $wit {
            match value { $(<$core>::$name => <$wit>::$wit_name),* }
        }
        fn $in(value: $wit) -> $core {
            match value { $(<$wit>::$wit_name => <$core>::$name),* }
        }
    };
}

same!(Viseme => viseme_out, media::Viseme => viseme_in:
    Sil = Sil, Pp = Pp, Ff = Ff, Th = Th, Dd = Dd, Kk = Kk, Ch = Ch, Ss = Ss,
    Nn = Nn, Rr = Rr, Aa = Aa, E = E, Ih = Ih, Oh = Oh, Ou = Ou);

same!(VideoCodec => codec_out, media::VideoCodec => codec_in:
    Jpeg = Jpeg, H264Annexb = H264Annexb, Vp8 = Vp8, Vp9 = Vp9, Av1 = Av1, I420 = I420);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guest_errors_become_one_bounded_line() {
        let long = format!("a\nb\u{7}{}", "x".repeat(10_000));
        let e = error(errors::Error {
            code: errors::ErrorCode::RateLimited,
            message: long,
            retry_after_ms: Some(7),
        });
        assert_eq!(
            (e.code, e.retry_after_ms),
            (core::ErrorCode::RateLimited, Some(7))
        );
        assert!(e.message.starts_with("abxx") && e.message.len() == item::NAME);
    }

    #[test]
    fn audio_must_be_whole_samples_of_a_known_format() {
        let chunk = |rate, channels, bytes, at| media::AudioChunk {
            at,
            format: media::AudioFormat {
                sample_rate: rate,
                channels,
            },
            pcm: vec![0; bytes],
        };
        assert!(audio_in(chunk(24_000, 1, 960, 5)).is_ok_and(|c| c.at == 5 && c.pcm.len() == 960));
        assert!(audio_in(chunk(24_000, 2, 962, 0)).is_err_and(|e| e.contains("962")));
        assert!(audio_in(chunk(0, 1, 960, 0)).is_err_and(|e| e.contains("0 Hz")));
        assert!(
            audio_in(chunk(24_000, 1, item::AUDIO + 2, 0)).is_err_and(|e| e.contains("the most"))
        );
        assert!(audio_in(chunk(24_000, 1, 2, u64::MAX)).is_err_and(|e| e.contains("media time")));
    }

    #[test]
    fn a_parameter_needs_a_sound_domain() {
        let spec = |domain| controls::ParamSpec {
            name: "p".into(),
            domain,
            follows: None,
            live: true,
        };
        assert!(param_spec(spec(controls::ParamDomain::Number((0.0, 1.0, 0.5)))).is_ok());
        assert!(param_spec(spec(controls::ParamDomain::Number((0.0, 1.0, 2.0)))).is_err());
        assert!(param_spec(spec(controls::ParamDomain::Number((0.0, f64::NAN, 0.0)))).is_err());
        assert!(param_spec(spec(controls::ParamDomain::Choice(Vec::new()))).is_err());
    }
}
