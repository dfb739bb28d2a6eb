//! What is sent of an utterance, and where each of its characters sounds.
//!
//! The two differ: tags are put in front that nobody wrote, and for models that would read them aloud
//! tags are taken out that somebody did. The timings that come back are of what was sent; those that
//! go on are of what was written, every character of it.

use crate::manner::Manner;
use crate::messages::Stamp;
use crate::model::Family;
use tth_sdk::speech::Character;

/// Tags that somebody who writes for newer models may have left in the text.
const TAGS: [&str; 18] = [
    "laughs",
    "chuckles",
    "sighs",
    "whispers",
    "excited",
    "sad",
    "angry",
    "happy",
    "scared",
    "surprised",
    "disgusted",
    "calm",
    "warmly",
    "sarcastic",
    "curious",
    "crying",
    "pause",
    "quickly",
];

/// A character that is sent, and which of the written ones it stands for.
#[derive(Clone, Copy, Debug)]
struct Sent {
    letter: char,
    written: Option<usize>,
}

/// One request's text.
#[derive(Clone, Debug)]
pub(crate) struct Script {
    written: Vec<char>,
    sent: Vec<Sent>,
    /// The sent characters whose time is known.
    at: usize,
    /// The written characters whose time is known.
    told: usize,
    /// The timings were of another text: no more of them is believed.
    lost: bool,
}

impl Script {
    pub(crate) fn new(written: &str, manner: &Manner, family: Family) -> Self {
        let written: Vec<char> = written.chars().collect();
        let mut sent: Vec<Sent> = Vec::new();
        let own = |letter| Sent {
            letter,
            written: None,
        };
        for tag in &manner.tags {
            sent.extend(format!("[{tag}] ").chars().map(own));
        }
        let mut next = 0;
        while let Some(letter) = written.get(next) {
            let tag = match family {
                Family::Settings => tag_at(written.get(next..).unwrap_or_default()),
                Family::Tags => 0,
            };
            if tag > 0 {
                next += tag;
                continue;
            }
            sent.push(Sent {
                letter: *letter,
                written: Some(next),
            });
            next += 1;
        }
        if sent.last().is_none_or(|last| !last.letter.is_whitespace()) {
            // The vendor wants a blank at the end of a text.
            sent.push(own(' '));
        }
        Script {
            written,
            sent,
            at: 0,
            told: 0,
            lost: false,
        }
    }

    /// What is sent.
    pub(crate) fn text(&self) -> String {
        self.sent.iter().map(|sent| sent.letter).collect()
    }

    /// What was written.
    pub(crate) fn written(&self) -> String {
        self.written.iter().collect()
    }

    /// Whether there is anything to say aloud: only then must there be sound.
    pub(crate) fn speakable(&self) -> bool {
        let mut of_text = self.sent.iter().filter(|sent| sent.written.is_some());
        of_text.any(|sent| sent.letter.is_alphanumeric())
    }

    /// Whether the timings have been of this text so far.
    pub(crate) fn fits(&self) -> bool {
        !self.lost
    }

    /// The written characters that these timings tell of. Once they turn out to be of another text,
    /// they are passed on as they are.
    pub(crate) fn fit(&mut self, stamps: &[Stamp]) -> Vec<Character> {
        let mut told = Vec::new();
        for stamp in stamps {
            let letters = stamp.text.chars().count().max(1);
            let share = stamp.duration_us / u32::try_from(letters).unwrap_or(u32::MAX);
            for (letter, n) in stamp.text.chars().zip(0_u64..) {
                let start_us = stamp.start_us + n * u64::from(share);
                if !self.lost {
                    self.letter(letter, start_us, share, &mut told);
                }
                if self.lost {
                    told.push(Character {
                        text: letter.to_string(),
                        start_us,
                        duration_us: share,
                    });
                }
            }
        }
        told
    }

    /// Find the place of one timed letter.
    fn letter(&mut self, letter: char, start_us: u64, duration_us: u32, told: &mut Vec<Character>) {
        while let Some(next) = self.sent.get(self.at).copied() {
            if same(letter, next.letter) {
                self.at += 1;
                if let Some(written) = next.written {
                    self.tell(written, start_us, duration_us, told);
                }
                return;
            }
            if next.written.is_none() {
                // A tag that is not timed.
                self.at += 1;
            } else if !letter.is_alphanumeric() {
                return;
            } else if !next.letter.is_alphanumeric() {
                // A blank, a sign or a picture that is not timed.
                self.at += 1;
            } else {
                self.lost = true;
                return;
            }
        }
        // Behind the end there may be blanks; more would be another text.
        self.lost |= letter.is_alphanumeric();
    }

    /// A written character sounds then; those before it that were not heard take no time.
    fn tell(&mut self, written: usize, start_us: u64, duration_us: u32, told: &mut Vec<Character>) {
        while self.told <= written {
            let Some(letter) = self.written.get(self.told) else {
                return;
            };
            let silent = self.told < written;
            told.push(Character {
                text: letter.to_string(),
                start_us,
                duration_us: if silent { 0 } else { duration_us },
            });
            self.told += 1;
        }
    }
}

/// The length of the tag that stands at the beginning, with the blanks behind it; 0 if there is none.
fn tag_at(text: &[char]) -> usize {
    if text.first() != Some(&'[') {
        return 0;
    }
    let longest = TAGS.iter().map(|tag| tag.len()).max().unwrap_or(0) + 2;
    let end = text.iter().take(longest).position(|c| *c == ']');
    let Some(end) = end else { return 0 };
    let name: String = text.get(1..end).unwrap_or_default().iter().collect();
    if !TAGS.contains(&name.to_ascii_lowercase().as_str()) {
        return 0;
    }
    let blanks = text.get(end + 1..).unwrap_or_default();
    end + 1 + blanks.iter().take_while(|c| c.is_whitespace()).count()
}

/// Signs are written in many ways, letters in two.
fn same(a: char, b: char) -> bool {
    let sign = |c: char| !c.is_alphanumeric() && !c.is_whitespace();
    a == b
        || (a.is_whitespace() && b.is_whitespace())
        || (sign(a) && sign(b))
        || a.to_lowercase().eq(b.to_lowercase())
}

/// Cut a text into pieces of at most so many characters: behind a sentence, else at a blank, else
/// anywhere. Together the pieces are the text.
pub(crate) fn pieces(text: &str, most: usize) -> Vec<String> {
    let mut rest: Vec<char> = text.chars().collect();
    let mut pieces = Vec::new();
    while rest.len() > most.max(1) {
        let part = rest.get(..most.max(1)).unwrap_or_default();
        let behind = |wanted: &dyn Fn(char) -> bool| {
            let place = part.windows(2).rposition(|two| match two {
                [a, b] => wanted(*a) && b.is_whitespace(),
                _ => false,
            });
            // Not so early that the pieces become many.
            place.map(|at| at + 2).filter(|at| *at > part.len() / 4)
        };
        let end = behind(&|c| matches!(c, '.' | '!' | '?' | '…' | '\n'))
            .or_else(|| behind(&|_| true))
            .unwrap_or(part.len());
        let tail = rest.split_off(end);
        pieces.push(rest.into_iter().collect());
        rest = tail;
    }
    pieces.push(rest.into_iter().collect());
    pieces
}

#[cfg(test)]
mod tests;
