//! The voice's inputs and events.

use super::super::v0_1::tts::exports::tth::tts::tts as wit;
use super::super::v0_1::types::tth::types::media;
use super::{Bad, audio_in, control, media_time, text, unit, viseme_in};
use crate::limits::item;
use tth_core::media::{TextMark, VisemeMark};
use tth_core::provider::{TtsEvent, TtsInput};

pub(crate) fn tts_input(input: TtsInput) -> wit::Input {
    match input {
        TtsInput::Utterance(text) => wit::Input::Utterance(text),
        TtsInput::Control(c) => wit::Input::Control(control(c)),
    }
}

pub(crate) fn tts_event(event: wit::Event) -> Result<TtsEvent, Bad> {
    Ok(match event {
        wit::Event::Audio(chunk) => TtsEvent::Audio(audio_in(chunk)?),
        wit::Event::Viseme(mark) => TtsEvent::Viseme(viseme_mark(mark)?),
        wit::Event::TextMark(mark) => TtsEvent::TextMark(TextMark {
            at: media_time("a text mark", mark.at)?,
            duration_us: mark.duration_us,
            text: text("a text mark", mark.text, item::TEXT)?,
        }),
        wit::Event::UtteranceEnd(n) => TtsEvent::UtteranceEnd(n),
    })
}

fn viseme_mark(mark: media::VisemeMark) -> Result<VisemeMark, Bad> {
    Ok(VisemeMark {
        at: media_time("a viseme", mark.at)?,
        duration_us: mark.duration_us,
        shape: viseme_in(mark.shape),
        weight: unit("a viseme's weight", mark.weight)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use tth_core::media::Viseme;

    #[test]
    fn visemes_come_through_and_nan_does_not() {
        let mark = |weight| media::VisemeMark {
            at: 3,
            duration_us: 4,
            shape: media::Viseme::Oh,
            weight,
        };
        assert_eq!(
            tts_event(wit::Event::Viseme(mark(0.5))),
            Ok(TtsEvent::Viseme(VisemeMark {
                at: 3,
                duration_us: 4,
                shape: Viseme::Oh,
                weight: 0.5
            }))
        );
        assert!(tts_event(wit::Event::Viseme(mark(f32::NAN))).is_err());
    }
}
