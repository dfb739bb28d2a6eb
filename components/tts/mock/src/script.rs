//! Text becomes a script: for how long which mouth shape is held, and when which word sounds.

use tth_sdk::tts::Event;
use tth_sdk::{TextMark, Viseme, VisemeMark};

/// What is to be made of one utterance; lengths and places in samples from its start.
#[derive(Debug, Default)]
pub(crate) struct Script {
    pub(crate) shapes: Vec<Shape>,
    words: Vec<Word>,
    /// How long it is.
    pub(crate) samples: u64,
}

/// A mouth shape and how long it is held.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    pub(crate) viseme: Viseme,
    pub(crate) start: u64,
    pub(crate) samples: u64,
    pub(crate) weight: f32,
}

#[derive(Debug)]
struct Word {
    text: String,
    start: u64,
    samples: u64,
}

/// The place of a sample, in microseconds.
pub(crate) fn micros(samples: u64, rate: u32) -> u64 {
    samples.saturating_mul(1_000_000) / u64::from(rate.max(1))
}

/// Write the script of a text: `ms_per_char` for each letter, more for what ends a phrase.
pub(crate) fn write(text: &str, ms_per_char: f64, rate: u32) -> Script {
    let per_char = (ms_per_char * f64::from(rate) / 1000.0).max(1.0);
    let mut script = Script::default();
    let mut letters = text.chars().peekable();
    // The ideal end of what was written so far; rounding it, not each length, keeps no error.
    let mut end = 0.0;
    let mut word = Word {
        text: String::new(),
        start: 0,
        samples: 0,
    };
    let mut spaced = false;
    while let Some(letter) = letters.next() {
        // A mark is a word with the space that follows it, so that the marks give back the text.
        if spaced && !letter.is_whitespace() {
            script.close(&mut word);
        }
        spaced = letter.is_whitespace() && !word.text.trim_start().is_empty();
        word.text.push(letter);
        let (viseme, length) = sound(letter, letters.peek().copied());
        end += per_char * length;
        script.hold(viseme, end as u64);
    }
    if !word.text.trim().is_empty() {
        script.close(&mut word);
    } else if let Some(last) = script.words.last_mut() {
        last.text.push_str(&word.text);
    }
    // White space alone is nothing to be spoken.
    if script.words.is_empty() {
        Script::default()
    } else {
        script
    }
}

impl Script {
    /// A stretch in which nothing is said or shown.
    pub(crate) fn silence(samples: u64) -> Script {
        Script {
            samples,
            ..Script::default()
        }
    }

    /// Hold a shape until `end`.
    pub(crate) fn hold(&mut self, viseme: Viseme, end: u64) {
        let start = self.samples;
        let samples = end.saturating_sub(start);
        self.samples += samples;
        match self.shapes.last_mut() {
            Some(last) if last.viseme == viseme => last.samples += samples,
            _ if samples > 0 => self.shapes.push(Shape {
                viseme,
                start,
                samples,
                weight: weight(viseme),
            }),
            _ => {}
        }
    }

    /// One mark over everything that was written.
    pub(crate) fn say(&mut self, text: &str) {
        if !text.trim().is_empty() {
            self.words.push(Word {
                text: text.into(),
                start: 0,
                samples: self.samples,
            });
        }
    }

    fn close(&mut self, word: &mut Word) {
        word.samples = self.samples - word.start;
        let next = Word {
            text: String::new(),
            start: self.samples,
            samples: 0,
        };
        self.words.push(std::mem::replace(word, next));
    }

    /// The text marks and the visemes, with `position` samples spoken before.
    pub(crate) fn marks(&self, rate: u32, position: u64) -> Vec<Event> {
        let place = |start: u64, samples: u64| {
            let at = micros(position + start, rate);
            let end = micros(position + start + samples, rate);
            (at, u32::try_from(end - at).unwrap_or(u32::MAX))
        };
        let words = self.words.iter().map(|word| {
            let (at, duration_us) = place(word.start, word.samples);
            Event::TextMark(TextMark {
                at,
                duration_us,
                text: word.text.clone(),
            })
        });
        let shapes = self.shapes.iter().map(|shape| {
            let (at, duration_us) = place(shape.start, shape.samples);
            let (viseme, weight) = (shape.viseme, shape.weight);
            Event::Viseme(VisemeMark {
                at,
                duration_us,
                shape: viseme,
                weight,
            })
        });
        words.chain(shapes).collect()
    }
}

fn weight(viseme: Viseme) -> f32 {
    match viseme {
        Viseme::Sil => 0.0,
        Viseme::Aa | Viseme::E | Viseme::Ih | Viseme::Oh | Viseme::Ou => 0.9,
        _ => 0.6,
    }
}

/// The mouth shape of a letter and how many letters long it is held.
fn sound(letter: char, next: Option<char>) -> (Viseme, f64) {
    let next = next.map(|c| c.to_ascii_lowercase());
    let shape = match letter.to_ascii_lowercase() {
        'a' => Viseme::Aa,
        'e' => Viseme::E,
        'i' | 'y' => Viseme::Ih,
        'o' => Viseme::Oh,
        'u' | 'w' => Viseme::Ou,
        'p' | 'b' | 'm' => Viseme::Pp,
        'f' | 'v' => Viseme::Ff,
        't' if next == Some('h') => Viseme::Th,
        's' | 'c' if next == Some('h') => Viseme::Ch,
        't' | 'd' => Viseme::Dd,
        'k' | 'g' | 'q' | 'c' | 'x' | 'h' => Viseme::Kk,
        'j' => Viseme::Ch,
        's' | 'z' => Viseme::Ss,
        'n' | 'l' => Viseme::Nn,
        'r' => Viseme::Rr,
        ',' | ';' | ':' | '\u{3001}' | '\u{ff0c}' => return (Viseme::Sil, 2.0),
        '.' | '!' | '?' | '\u{2026}' | '\u{3002}' => return (Viseme::Sil, 4.0),
        '0'..='9' => Viseme::E,
        // Letters of other scripts still move the mouth: by code point, so always the same way.
        other if other.is_alphabetic() => match u32::from(other) % 4 {
            0 => Viseme::Aa,
            1 => Viseme::Oh,
            2 => Viseme::Ih,
            _ => Viseme::Nn,
        },
        _ => Viseme::Sil,
    };
    (shape, 1.0)
}
