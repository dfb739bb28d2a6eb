//! What clients do.

use crate::rng::Rng;
use crate::tag::{Author, Word};
use tth_core::controls::{Character, ControlUpdate, Emotion, RenderWish};
use tth_core::events::{ClientEvent, TurnMode};
use tth_core::media::Micros;
use tth_core::provider::Stage;

/// How fast a reader takes what waits for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// Everything at once.
    Fast,
    /// A few events every so many microseconds.
    Slow(u8, Micros),
    /// Nothing at all.
    Stuck,
}

/// One thing that a client does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Have so many words answered.
    Chat(u8),
    /// Have so many words spoken.
    Say(u8),
    /// The same, in so many pieces that are gathered.
    Gather(u8),
    /// Text that cannot be accepted.
    Nothing,
    /// Far more text than is allowed.
    TooMuch,
    /// Interrupt so often, ten times a second.
    Interrupt(u8),
    /// Change the controls.
    Control(Change),
    /// Tell what was played: about the truth.
    Played,
    /// Tell something else.
    Lie(Micros),
    /// Ask whether the server is there.
    Ping,
    /// Send what cannot be understood.
    Nonsense,
    /// Go away, and come back after so long.
    Leave(Micros),
    /// Lose the stream with so many events still on the way, and resume after so long.
    Lose(Micros, u8),
    /// The same, but the server notices only by the new stream.
    Resume(u8),
    /// Come again without having left.
    TakeOver,
    /// The operator's configuration is read anew.
    Reload,
    /// Other sessions had the n-th provider of a stage fail so often, or serve well.
    Others(Stage, u8, u8),
    /// Read in another way.
    Read(Pace),
    /// Wake the session without a reason, as a timer that goes off too early.
    Wake,
}

/// A change of the controls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are the definition")]
pub enum Change {
    Feeling(&'static str),
    Rate,
    OutOfRange,
    KnownPersona,
    UnknownPersona,
    Picture(u32),
}

impl Act {
    /// What a client does next.
    pub fn draw(rng: &mut Rng) -> Act {
        let words = |rng: &mut Rng, most| u8::try_from(rng.range(1..most)).unwrap_or(1);
        match rng.any() % 40 {
            0..=8 => Act::Chat(words(rng, 5)),
            9..=12 => Act::Say(words(rng, 12)),
            13 => Act::Gather(words(rng, 4)),
            14 => Act::Nothing,
            15 if rng.chance(10) => Act::TooMuch,
            15 => Act::Nonsense,
            16..=18 => Act::Interrupt(1),
            19 => Act::Interrupt(10),
            20..=22 => Act::Control(change(rng)),
            23 => Act::Played,
            24 => Act::Lie(match rng.any() % 3 {
                0 => 0,
                1 => rng.range(0..20_000_000),
                _ => rng.any() >> rng.range(0..40),
            }),
            25 => Act::Ping,
            26 | 27 => Act::Leave(rng.range(0..3_000_000)),
            28 => Act::TakeOver,
            31..=33 => Act::Lose(away(rng), words(rng, 12)),
            34 => Act::Resume(words(rng, 12)),
            35 | 36 => Act::Reload,
            37 | 38 => Act::Others(
                rng.pick(&[Stage::Llm, Stage::Tts, Stage::Avatar])
                    .unwrap_or(Stage::Tts),
                words(rng, 3) - 1,
                rng.pick(&[0, 1, 3, 3]).unwrap_or(3),
            ),
            29 | 30 => Act::Read(match rng.any() % 4 {
                0 => Pace::Stuck,
                1 | 2 => Pace::Slow(words(rng, 8), rng.range(1_000..400_000)),
                _ => Pace::Fast,
            }),
            _ => Act::Wake,
        }
    }

    /// Its kind, for counting.
    pub fn kind(self) -> &'static str {
        match self {
            Act::Chat(_) => "chat",
            Act::Say(_) => "say",
            Act::Gather(_) => "gathered text",
            Act::Nothing => "empty text",
            Act::TooMuch => "too much text",
            Act::Interrupt(1) => "interrupt",
            Act::Interrupt(_) => "burst of interrupts",
            Act::Control(_) => "control",
            Act::Played => "playback",
            Act::Lie(_) => "false playback",
            Act::Ping => "ping",
            Act::Nonsense => "nonsense",
            Act::Leave(_) => "leave and return",
            Act::Lose(..) => "lost stream",
            Act::Resume(_) => "stream lost unnoticed",
            Act::TakeOver => "take over",
            Act::Reload => "reload",
            Act::Others(_, _, 0) => "others are served well",
            Act::Others(..) => "others see it fail",
            Act::Read(Pace::Stuck) => "stuck reader",
            Act::Read(Pace::Slow(..)) => "slow reader",
            Act::Read(Pace::Fast) => "fast reader",
            Act::Wake => "early timer",
        }
    }
}

/// How long a client is away: mostly less than it is waited for.
fn away(rng: &mut Rng) -> Micros {
    match rng.chance(85) {
        true => rng.range(0..3_000_000),
        false => rng.range(3_000_000..60_000_000),
    }
}

fn change(rng: &mut Rng) -> Change {
    match rng.any() % 8 {
        0 | 1 => Change::Feeling("joy"),
        2 => Change::Feeling("sadness"),
        3 => Change::Feeling("nonsense"),
        4 => Change::Rate,
        5 => rng
            .pick(&[Change::OutOfRange, Change::UnknownPersona])
            .unwrap_or(Change::OutOfRange),
        6 => Change::KnownPersona,
        _ => Change::Picture(u32::try_from(rng.range(4..12)).unwrap_or(8)),
    }
}

/// The user's words of an act.
pub fn text(session: u32, act: u32, words: u8) -> String {
    let word = |place: u32| Word {
        author: Author::User,
        session,
        call: act,
        place,
    };
    let all: Vec<_> = (0..u32::from(words)).map(|n| word(n).to_string()).collect();
    format!("{}.", all.join(" "))
}

/// Text of a turn of its own.
pub fn speak(text: String, mode: TurnMode) -> ClientEvent {
    ClientEvent::UserText {
        text,
        mode,
        end_turn: true,
    }
}

/// What was played, and when by the client's clock.
pub fn played(position_us: Micros, client_us: Option<Micros>) -> ClientEvent {
    ClientEvent::Playback {
        position_us,
        client_us,
    }
}

/// The event that asks for a change.
pub fn control(change: Change) -> ClientEvent {
    let feeling = |label: &str| {
        Some(Emotion {
            label: Some(label.into()),
            ..Emotion::default()
        })
    };
    let persona = |id: &str| {
        Some(Character {
            persona_id: Some(id.into()),
            ..Character::default()
        })
    };
    let rate = |rate: f32| {
        Some(Character {
            speech_rate: Some(rate),
            ..Character::default()
        })
    };
    let (emotion, character, render) = match change {
        Change::Feeling(label) => (feeling(label), None, None),
        Change::Rate => (None, rate(1.5), None),
        Change::OutOfRange => (feeling("joy"), rate(9.0), None),
        Change::KnownPersona => (None, persona("ada"), None),
        Change::UnknownPersona => (None, persona("nobody"), None),
        Change::Picture(fps) => {
            let wish = RenderWish {
                fps: Some(fps),
                ..RenderWish::default()
            };
            (None, None, Some(wish))
        }
    };
    ClientEvent::ControlUpdate(ControlUpdate {
        emotion,
        character,
        render,
    })
}
