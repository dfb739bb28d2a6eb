//! What may go wrong with a call to a stage.

use crate::rng::Rng;
use std::collections::BTreeMap;
use tth_core::media::Micros;
use tth_core::provider::{ErrorCode, Stage};

/// Every error code of the contract.
const CODES: [ErrorCode; 10] = [
    ErrorCode::InvalidConfig,
    ErrorCode::InvalidInput,
    ErrorCode::Unauthenticated,
    ErrorCode::QuotaExceeded,
    ErrorCode::RateLimited,
    ErrorCode::Unavailable,
    ErrorCode::Timeout,
    ErrorCode::Unsupported,
    ErrorCode::Cancelled,
    ErrorCode::Internal,
];

/// Media times that cannot be true.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// Everything at 0.
    Same,
    /// Each earlier than the one before.
    Back,
    /// 200 ms between each two.
    Gaps,
    /// From the third on twenty days later: the runtime lets thirty pass.
    Far,
    /// All of it twenty days later.
    AllFar,
}

const WRONG: [Wrong; 5] = [
    Wrong::Same,
    Wrong::Back,
    Wrong::Gaps,
    Wrong::Far,
    Wrong::AllFar,
];

/// Twenty days.
const FAR_US: Micros = 20 * 24 * 3_600 * 1_000_000;

impl Wrong {
    /// The time of the n-th item, which should stand at `at`.
    pub fn bend(self, at: Micros, n: u64) -> Micros {
        match self {
            Wrong::Same => 0,
            Wrong::Back => 10_000_000_u64.saturating_sub(n * 10_000),
            Wrong::Gaps => at + n * 200_000,
            Wrong::Far if n < 3 => at,
            Wrong::Far | Wrong::AllFar => at + FAR_US,
        }
    }
}

/// What goes wrong with one call. Counts are of the call's events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are the definition")]
pub enum Fault {
    /// It cannot be opened.
    Refused(ErrorCode),
    NeverOpens,
    OpensLate(Micros),
    Fails {
        after: u32,
        code: ErrorCode,
    },
    /// As the runtime tells of a guest that trapped.
    Traps {
        after: u32,
    },
    /// Its stream ends in the middle, as if that were all.
    EndsEarly {
        after: u32,
    },
    FallsSilent {
        after: u32,
    },
    Stalls {
        after: u32,
        for_us: Micros,
    },
    /// An answer longer than is allowed.
    FloodsText,
    /// Halves of tags, control characters, empty deltas, hints that are none.
    WritesGarbage,
    /// Nothing that could be spoken.
    Speechless,
    SoundTimes(Wrong),
    /// An utterance's end is never told.
    NoEnds,
    /// Ends of utterances that nobody gave it.
    WrongEnds,
    /// Marks of words that are not in the text, or at another time.
    WrongMarks,
    /// Marks behind their sound.
    LateMarks,
    /// One sample at a time.
    Crumbs,
    /// Chunks without a sample.
    EmptyChunks,
    /// Sound without end.
    Endless,
    /// It goes on after it told the end of an utterance.
    TalksOn,
    FrameTimes(Wrong),
    /// Frames that last no time.
    Hasty,
    /// Frames that last more than an hour.
    Lasting,
    /// Media elsewhere, over and over, and words on when it speaks, with a frame now and then.
    Babbles,
    /// It has sound of its own while a voice speaks.
    Talks,
    /// Pictures that build on ones that never were.
    NoKeyFrames,
}

impl Fault {
    /// What happens to a stage's call, if anything is to.
    pub fn draw(rng: &mut Rng, stage: Stage) -> Fault {
        let after = match rng.any() % 3 {
            0 => rng.range(0..3),
            1 => rng.range(0..12),
            _ => rng.range(0..60),
        };
        let after = u32::try_from(after).unwrap_or(0);
        let code = rng.pick(&CODES).unwrap_or(ErrorCode::Internal);
        let wrong = rng.pick(&WRONG).unwrap_or(Wrong::Same);
        let for_us = rng.range(50_000..2_000_000);
        let any = [
            Fault::Refused(code),
            Fault::NeverOpens,
            Fault::OpensLate(for_us),
            Fault::Fails { after, code },
            Fault::Traps { after },
            Fault::EndsEarly { after },
            Fault::FallsSilent { after },
            Fault::Stalls { after, for_us },
        ];
        let own: &[Fault] = match stage {
            Stage::Llm => &[
                Fault::FloodsText,
                Fault::WritesGarbage,
                Fault::WritesGarbage,
                Fault::Speechless,
            ],
            Stage::Tts => &[
                Fault::SoundTimes(wrong),
                Fault::SoundTimes(wrong),
                Fault::NoEnds,
                Fault::WrongEnds,
                Fault::WrongMarks,
                Fault::LateMarks,
                Fault::Crumbs,
                Fault::EmptyChunks,
                Fault::Endless,
                Fault::TalksOn,
            ],
            Stage::Avatar => &[
                Fault::FrameTimes(wrong),
                Fault::FrameTimes(wrong),
                Fault::Hasty,
                Fault::Lasting,
                Fault::Babbles,
                Fault::Talks,
                Fault::NoKeyFrames,
            ],
        };
        let from = if rng.chance(60) { &any[..] } else { own };
        rng.pick(from).unwrap_or(Fault::NeverOpens)
    }

    /// Its kind, for counting.
    pub fn kind(self) -> &'static str {
        match self {
            Fault::Refused(_) => "refused",
            Fault::NeverOpens => "never opens",
            Fault::OpensLate(_) => "opens late",
            Fault::Fails { .. } => "fails",
            Fault::Traps { .. } => "traps",
            Fault::EndsEarly { .. } => "ends early",
            Fault::FallsSilent { .. } => "falls silent",
            Fault::Stalls { .. } => "stalls",
            Fault::FloodsText => "floods text",
            Fault::WritesGarbage => "writes garbage",
            Fault::Speechless => "speechless",
            Fault::SoundTimes(_) => "wrong times of sound",
            Fault::NoEnds => "no ends",
            Fault::WrongEnds => "wrong ends",
            Fault::WrongMarks => "wrong marks",
            Fault::LateMarks => "late marks",
            Fault::Crumbs => "crumbs",
            Fault::EmptyChunks => "empty chunks",
            Fault::Endless => "endless",
            Fault::TalksOn => "talks on",
            Fault::FrameTimes(_) => "wrong times of frames",
            Fault::Hasty => "hasty",
            Fault::Lasting => "lasting",
            Fault::Babbles => "babbles",
            Fault::Talks => "face talks",
            Fault::NoKeyFrames => "no key frames",
        }
    }

    /// Whether the call tells the truth about its sound as long as it lasts. Of a liar's words nobody
    /// can say whether they were heard.
    pub fn is_honest(self) -> bool {
        matches!(
            self,
            Fault::Refused(_)
                | Fault::NeverOpens
                | Fault::OpensLate(_)
                | Fault::Fails { .. }
                | Fault::Traps { .. }
                | Fault::EndsEarly { .. }
                | Fault::FallsSilent { .. }
                | Fault::Stalls { .. }
                | Fault::Crumbs
        )
    }
}

/// How often each thing was done to a session.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally(BTreeMap<(&'static str, &'static str), u64>);

impl Tally {
    /// Once more.
    pub fn count(&mut self, whose: &'static str, kind: &'static str) {
        *self.0.entry((whose, kind)).or_default() += 1;
    }

    /// With another one's counts.
    pub fn add(&mut self, other: &Tally) {
        for (key, count) in &other.0 {
            *self.0.entry(*key).or_default() += count;
        }
    }

    /// Whose, what, how often; in order.
    pub fn lines(&self) -> impl Iterator<Item = (&'static str, &'static str, u64)> {
        self.0
            .iter()
            .map(|((whose, kind), count)| (*whose, *kind, *count))
    }

    /// How often one thing was done.
    pub fn of(&self, whose: &'static str, kind: &'static str) -> u64 {
        self.0.get(&(whose, kind)).copied().unwrap_or(0)
    }

    /// All of it together.
    pub fn total(&self) -> u64 {
        self.0.values().sum()
    }
}
