//! The face: one picture after the other, as soon as it is asked.

use crate::call::Call;
use crate::fault::Fault;
use crate::plan::Plan;
use crate::tag::{Ledger, Picture, Spoken, sound};
use tth_core::media::{AudioChunk, Micros, VideoCodec, VideoFrame};
use tth_core::provider::{AvatarEvent, AvatarInput};

/// Frames from one key frame to the next.
const KEY_EVERY: u32 = 8;

/// What a babbling face says with every frame.
const BABBLE: usize = 40;

/// The state of a face's call.
#[derive(Debug, Default)]
pub struct Face {
    frames: u32,
    skipped: Micros,
}

impl Face {
    /// It is told something.
    pub fn hear(&mut self, input: &AvatarInput) {
        if let AvatarInput::Correct { shift_us, .. } = input {
            self.skipped += Micros::try_from(*shift_us).unwrap_or(0);
        }
    }

    /// Have the call show the next frame.
    pub fn draw(
        &mut self,
        call: &mut Call<AvatarEvent>,
        plan: &Plan,
        ledger: &mut Ledger,
        now: Micros,
    ) {
        let ready = now + plan.draw_us;
        let n = self.frames;
        let mut at = u64::from(n) * u64::from(plan.frame_us) + self.skipped;
        if let Some(Fault::FrameTimes(wrong)) = call.fault {
            at = wrong.bend(at, n.into());
        }
        let codec = plan.codec.unwrap_or(VideoCodec::Jpeg);
        let keys = call.fault != Some(Fault::NoKeyFrames);
        let frame = VideoFrame {
            at,
            duration_us: match call.fault {
                Some(Fault::Hasty) => 0,
                Some(Fault::Lasting) => u32::MAX,
                _ => plan.frame_us,
            },
            codec,
            width: 2,
            height: 2,
            keyframe: codec == VideoCodec::Jpeg || (keys && n.is_multiple_of(KEY_EVERY)),
            data: Picture {
                session: plan.number,
                call: call.number,
                place: n,
            }
            .paint(plan.frame_bytes),
        };
        call.say(ready, AvatarEvent::Frame(frame));
        if call.fault == Some(Fault::Talks) && n.is_multiple_of(5) && ledger.has_room(1) {
            let number = ledger.enter(Spoken {
                words: vec![],
                turn: String::new(),
                call: call.number,
                utterance: n,
                duration_us: 50_000,
                stale: false,
            });
            let samples = plan.format.sample_rate as usize / 20;
            let chunk = AudioChunk {
                at,
                format: plan.format,
                pcm: sound(number, samples),
            };
            call.say(ready, AvatarEvent::SpeakingStarted(at));
            call.say(ready, AvatarEvent::Audio(chunk));
            call.say(ready, AvatarEvent::SpeakingEnded(at));
        }
        if call.fault == Some(Fault::Babbles) {
            for _ in 0..BABBLE {
                call.say(ready, AvatarEvent::SpeakingStarted(at));
            }
            let (kind, details) = ("livekit".into(), "{}".into());
            call.say(ready, AvatarEvent::Remote { kind, details });
        }
        if n == 0 && call.number % 4 == 3 {
            call.say(
                ready,
                AvatarEvent::Remote {
                    kind: "livekit".into(),
                    details: "{}".into(),
                },
            );
        }
        self.frames += 1;
    }
}
