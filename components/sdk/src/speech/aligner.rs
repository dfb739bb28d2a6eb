//! Mouth shapes and word marks for a voice that tells nothing of its timing.
//!
//! While speech is heard, the text's letters pass at the pace that this voice has had so far. A
//! pause that is heard is looked for in the text near where the letters have come to, so that an
//! error does not grow from clause to clause. It is plausible, not exact: lips move when there is
//! sound, rest when there is none, and are about at the right word.

use super::energy::{FRAMES, Heard};
use super::words::Script;
use crate::Viseme;

/// The pace of a voice of which nothing is known: lengths of letters in a second of speech.
const USUAL: f32 = 13.5;
/// What a measured pace is believed between.
const SLOWEST: f32 = 5.0;
const FASTEST: f32 = 30.0;
/// How much faster speech is until its last word, which everybody draws out.
const DRAWN: f32 = 1.06;
/// How much of a new measurement is believed.
const BELIEF: f32 = 0.5;
/// Speech, in seconds, from which on a measurement counts.
const ENOUGH: f32 = 0.8;
/// A pause of so many frames is one that the text shows.
const PAUSE: usize = 12;
/// How far from where the letters have come to a pause is looked for: lengths of letters, and a
/// share of what passed since the last one.
const NEAR: f32 = 5.0;
const NEAR_SHARE: f32 = 0.4;
/// A shape held for longer is told in parts, so that its sound need not wait.
const LONGEST: usize = 8;
/// The same for the first one of an utterance, which somebody is waiting for.
const LONGEST_FIRST: usize = 4;
/// How long the letters wait at a place where the text has a pause and none is heard yet, in lengths
/// of letters.
const WAIT: f32 = 2.5;
/// Softer than this an open mouth is not.
const LEAST_OPEN: f32 = 0.35;

/// What a mouth does when there is sound but no text left.
const BABBLE: [Viseme; 6] = [
    Viseme::Aa,
    Viseme::Dd,
    Viseme::E,
    Viseme::Nn,
    Viseme::Oh,
    Viseme::Ih,
];

/// Something to tell; places in frames from the start of the utterance.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Mark {
    Shape {
        from: usize,
        to: usize,
        shape: Viseme,
        weight: f32,
    },
    /// A word, by its number, and the frames that it probably takes.
    Word { at: usize, frames: f32, word: usize },
}

/// How fast a voice speaks; outlives its utterances.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// Lengths of letters in a second of speech at normal speed.
    usual: f32,
    /// How fast it was asked to speak, 1 is normal.
    pub(super) asked: f32,
}

impl Default for Pace {
    fn default() -> Self {
        Pace {
            usual: USUAL,
            asked: 1.0,
        }
    }
}

impl Pace {
    fn per_frame(self) -> f32 {
        self.usual * self.asked / FRAMES as f32
    }

    fn learn(&mut self, lengths: f32, frames: usize) {
        let seconds = frames as f32 / FRAMES as f32;
        if seconds >= ENOUGH {
            let measured = (lengths / seconds / self.asked * DRAWN).clamp(SLOWEST, FASTEST);
            self.usual += BELIEF * (measured - self.usual);
        }
    }
}

/// A shape that is being held.
#[derive(Debug)]
struct Held {
    shape: Viseme,
    from: usize,
    loud: f32,
    /// Number of the letter, so that two of the same shape stay two.
    letter: usize,
}

/// One utterance.
#[derive(Debug, Default)]
pub(super) struct Aligner {
    /// Frames heard, and of these speech.
    frames: usize,
    spoken: usize,
    /// The letter that is being said, and how much of it has been.
    letter: usize,
    passed: f32,
    /// Words that have their mark.
    marked: usize,
    held: Option<Held>,
    /// Frames of silence at the moment.
    silent: usize,
    /// Lengths of letters since the last pause.
    since_pause: f32,
}

impl Aligner {
    /// The next frame.
    pub(super) fn frame(&mut self, heard: Heard, script: &Script, pace: Pace, out: &mut Vec<Mark>) {
        if heard.speech {
            self.silent = 0;
            self.spoken += 1;
            let shape = self.shape(script);
            self.hold(shape, heard.loud, out);
            self.mark_words(script, pace, out);
            self.advance(script, pace);
        } else {
            self.hold(Viseme::Sil, 0.0, out);
            self.silent += 1;
            if self.silent == PAUSE {
                self.find_pause(script);
            }
        }
        self.frames += 1;
    }

    /// Frames of which everything is told.
    pub(super) fn told(&self) -> usize {
        self.held.as_ref().map_or(self.frames, |held| held.from)
    }

    /// Nothing follows: what is held, and the words that are left.
    pub(super) fn end(&mut self, script: &Script, pace: &mut Pace, out: &mut Vec<Mark>) {
        self.release(out);
        for word in self.marked..script.words.len() {
            out.push(Mark::Word {
                at: self.frames,
                frames: 0.0,
                word,
            });
        }
        self.marked = script.words.len();
        pace.learn(
            script.letters.iter().map(|one| one.length).sum(),
            self.spoken,
        );
    }

    fn shape(&self, script: &Script) -> Viseme {
        match script.letters.get(self.letter) {
            Some(letter) => letter.shape,
            None => {
                let beyond = self.letter.saturating_sub(script.letters.len());
                let shape = BABBLE.get(beyond % BABBLE.len());
                shape.copied().unwrap_or(Viseme::Aa)
            }
        }
    }

    fn advance(&mut self, script: &Script, pace: Pace) {
        self.passed += pace.per_frame();
        self.since_pause += pace.per_frame();
        loop {
            let length = script
                .letters
                .get(self.letter)
                .map_or(1.0, |one| one.length);
            let pauses = script.pauses.binary_search(&(self.letter + 1)).is_ok();
            let wait = if pauses { WAIT } else { 0.0 };
            if self.passed < length + wait {
                return;
            }
            self.passed -= length + wait;
            self.letter += 1;
        }
    }

    /// Marks for the words up to the letter that is being said; those passed over take no time.
    fn mark_words(&mut self, script: &Script, pace: Pace, out: &mut Vec<Mark>) {
        let now = script.word_of(self.letter);
        while self.marked <= now && self.marked < script.words.len() {
            let frames = match self.marked == now {
                true => script.length_of(now) / pace.per_frame(),
                false => 0.0,
            };
            out.push(Mark::Word {
                at: self.frames,
                frames,
                word: self.marked,
            });
            self.marked += 1;
        }
    }

    fn hold(&mut self, shape: Viseme, loud: f32, out: &mut Vec<Mark>) {
        let letter = self.letter;
        let silence = shape == Viseme::Sil;
        let goes_on = self.held.as_ref().is_some_and(|held| {
            let same = held.shape == shape && (silence || held.letter == letter);
            let most = match held.from {
                0 => LONGEST_FIRST,
                _ => LONGEST,
            };
            same && self.frames - held.from < most
        });
        if !goes_on {
            self.release(out);
        }
        let held = self.held.get_or_insert(Held {
            shape,
            from: self.frames,
            loud: 0.0,
            letter,
        });
        held.loud = held.loud.max(loud);
    }

    /// Words that have their mark.
    pub(super) fn marked(&self) -> usize {
        self.marked
    }

    /// Tell what is held as far as it goes.
    pub(super) fn release(&mut self, out: &mut Vec<Mark>) {
        if let Some(held) = self.held.take() {
            out.push(Mark::Shape {
                from: held.from,
                to: self.frames,
                shape: held.shape,
                weight: weight(held.shape, held.loud),
            });
        }
    }

    /// A pause was heard: if the text has one near, go on behind it.
    fn find_pause(&mut self, script: &Script) {
        let until = |letter: usize| -> f32 {
            let letters = script.letters.iter().take(letter);
            letters.map(|one| one.length).sum()
        };
        let here = until(self.letter) + self.passed;
        let near = NEAR.max(self.since_pause * NEAR_SHARE);
        let away = |pause: usize| (until(pause) - here).abs();
        let found = script
            .pauses
            .iter()
            .copied()
            .filter(|pause| away(*pause) <= near)
            .min_by(|a, b| away(*a).total_cmp(&away(*b)));
        if let Some(pause) = found {
            self.letter = pause;
            self.passed = 0.0;
            self.since_pause = 0.0;
        }
    }
}

/// How strongly a shape shows at a loudness of 0 to 1.
pub(super) fn weight(shape: Viseme, loud: f32) -> f32 {
    // Hearing is about logarithmic, and so is how far one opens the mouth.
    let open = LEAST_OPEN + (1.0 - LEAST_OPEN) * loud.clamp(0.0, 1.0).sqrt();
    match shape {
        Viseme::Sil | Viseme::Pp | Viseme::Ff => 1.0,
        Viseme::Aa | Viseme::E | Viseme::Ih | Viseme::Oh | Viseme::Ou => 0.95 * open,
        _ => 0.85 * f32::midpoint(open, 1.0),
    }
}
