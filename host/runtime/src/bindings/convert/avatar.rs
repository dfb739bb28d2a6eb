//! The face's inputs and events.

use super::super::v0_1::avatar::exports::tth::avatar::avatar as wit;
use super::super::v0_1::types::tth::types::media;
use super::{
    Bad, audio_in, audio_out, codec_in, codec_out, context, control, media_time, text, viseme_out,
};
use crate::limits::item;
use tth_core::controls::Render;
use tth_core::media::{VideoCodec, VideoFrame};
use tth_core::provider::{AvatarEvent, AvatarInput};

pub(crate) fn render(render: Render, codecs: Vec<VideoCodec>) -> wit::Render {
    wit::Render {
        fps: render.fps,
        width: render.width,
        height: render.height,
        codecs: codecs.into_iter().map(codec_out).collect(),
    }
}

pub(crate) fn avatar_input(input: AvatarInput) -> wit::Input {
    match input {
        AvatarInput::TurnStart(c) => wit::Input::TurnStart(context(c)),
        AvatarInput::Audio(chunk) => wit::Input::Audio(audio_out(chunk)),
        AvatarInput::Viseme(mark) => wit::Input::Viseme(media::VisemeMark {
            at: mark.at,
            duration_us: mark.duration_us,
            shape: viseme_out(mark.shape),
            weight: mark.weight,
        }),
        AvatarInput::Utterance(text) => wit::Input::Utterance(text),
        AvatarInput::Control(c) => wit::Input::Control(control(c)),
        AvatarInput::Correct { at, shift_us } => {
            wit::Input::Correct(wit::Correction { at, shift_us })
        }
        AvatarInput::TurnEnd => wit::Input::TurnEnd,
        AvatarInput::Interrupt => wit::Input::Interrupt,
    }
}

pub(crate) fn avatar_event(event: wit::Event) -> Result<AvatarEvent, Bad> {
    Ok(match event {
        wit::Event::Frame(f) => AvatarEvent::Frame(frame(f)?),
        wit::Event::Audio(chunk) => AvatarEvent::Audio(audio_in(chunk)?),
        wit::Event::Remote(remote) => AvatarEvent::Remote {
            kind: text("a kind of remote media", remote.kind, item::NAME)?,
            details: text("remote media", remote.details, item::TEXT)?,
        },
        wit::Event::SpeakingStarted(at) => AvatarEvent::SpeakingStarted(media_time("speech", at)?),
        wit::Event::SpeakingEnded(at) => AvatarEvent::SpeakingEnded(media_time("speech", at)?),
    })
}

fn frame(f: media::VideoFrame) -> Result<VideoFrame, Bad> {
    let bytes = f.data.len();
    if bytes == 0 || bytes > item::FRAME {
        return Err(format!(
            "a frame of {bytes} bytes; it must have 1 to {}",
            item::FRAME
        ));
    }
    if f.width == 0 || f.height == 0 {
        return Err(format!("a frame of {} x {} pixels", f.width, f.height));
    }
    Ok(VideoFrame {
        at: media_time("a frame", f.at)?,
        duration_us: f.duration_us,
        codec: codec_in(f.codec),
        width: f.width,
        height: f.height,
        keyframe: f.keyframe,
        data: f.data.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_have_a_size() {
        let f = |bytes, width| media::VideoFrame {
            at: 40_000,
            duration_us: 40_000,
            codec: media::VideoCodec::Jpeg,
            width,
            height: 64,
            keyframe: true,
            data: vec![1; bytes],
        };
        assert!(frame(f(10, 64)).is_ok_and(|f| f.at == 40_000 && f.codec == VideoCodec::Jpeg));
        assert!(frame(f(0, 64)).is_err());
        assert!(frame(f(item::FRAME + 1, 64)).is_err());
        assert!(frame(f(10, 0)).is_err());
    }
}
