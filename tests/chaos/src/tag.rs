//! Tags in payloads: whatever reaches a client tells which session, turn and call made it.
//!
//! - Text is made of words such as `w3x12x5z`: who wrote it (`w` a language model, `u` the user,
//!   `s` a call that was given up), the session, the call (for `u` the act), and the word's place.
//!   The closing `z` tells a word that was cut off from a shorter one.
//! - Sound is made of samples that all hold the number of the word they belong to ([`Ledger`]).
//! - Pictures begin with session, call and number.

use bytes::Bytes;
use tth_core::media::Micros;

/// Who wrote a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Author {
    /// A language model.
    Model,
    /// The user.
    User,
    /// A call that had been given up when it said this.
    Stale,
}

impl Author {
    fn letter(self) -> char {
        match self {
            Author::Model => 'w',
            Author::User => 'u',
            Author::Stale => 's',
        }
    }

    fn of(letter: char) -> Option<Self> {
        [Author::Model, Author::User, Author::Stale]
            .into_iter()
            .find(|author| author.letter() == letter)
    }
}

/// A tagged word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Word {
    /// Who wrote it.
    pub author: Author,
    /// The session's number.
    pub session: u32,
    /// The call's number in its session; for the user the act's.
    pub call: u32,
    /// Its place in what that call wrote, from 0.
    pub place: u32,
}

impl std::fmt::Display for Word {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let letter = self.author.letter();
        write!(f, "{letter}{}x{}x{}z", self.session, self.call, self.place)
    }
}

/// All tagged words of a text, in order.
pub fn words(text: &str) -> Vec<Word> {
    let starts = text.char_indices().filter_map(|(at, letter)| {
        let author = Author::of(letter)?;
        word(author, text.get(at + letter.len_utf8()..)?)
    });
    starts.collect()
}

fn word(author: Author, rest: &str) -> Option<Word> {
    let (session, rest) = number(rest)?;
    let (call, rest) = number(rest.strip_prefix('x')?)?;
    let (place, rest) = number(rest.strip_prefix('x')?)?;
    rest.starts_with('z').then_some(Word {
        author,
        session,
        call,
        place,
    })
}

fn number(text: &str) -> Option<(u32, &str)> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, rest) = text.split_at_checked(digits)?;
    Some((number.parse().ok()?, rest))
}

/// A word as a voice spoke it.
#[derive(Clone, Debug)]
pub struct Spoken {
    /// The tagged words in it; as a rule one.
    pub words: Vec<Word>,
    /// The turn that the voice was opened for.
    pub turn: String,
    /// The voice's call, and the utterance in it, both from 0.
    pub call: u32,
    /// See [`Spoken::call`].
    pub utterance: u32,
    /// How long all of it sounds.
    pub duration_us: Micros,
    /// The call had been given up before it said this.
    pub stale: bool,
}

/// How many words one session may speak before their numbers begin anew.
const NUMBERS: u16 = 4_096;
/// Sessions that have numbers of their own.
pub const SESSIONS: u16 = 15;

/// Which number in the samples stands for which word. Numbers of two sessions are never the same.
#[derive(Clone, Debug)]
pub struct Ledger {
    base: u16,
    spoken: Vec<Spoken>,
}

impl Ledger {
    /// Numbers for a session; its own number must be below [`SESSIONS`].
    pub fn new(session: u32) -> Self {
        let session = u16::try_from(session).unwrap_or(0) % SESSIONS;
        // 0 is silence, and belongs to nobody.
        Ledger {
            base: 1 + session * NUMBERS,
            spoken: Vec::new(),
        }
    }

    /// A number for a word. After 4096 words they would repeat, so a world speaks fewer.
    pub fn enter(&mut self, spoken: Spoken) -> u16 {
        let number = u16::try_from(self.spoken.len()).unwrap_or(NUMBERS) % NUMBERS;
        self.spoken.push(spoken);
        self.base + number
    }

    /// Whether there is room for so many more words.
    pub fn has_room(&self, words: usize) -> bool {
        self.spoken.len() + words < usize::from(NUMBERS)
    }

    /// What a number stands for; none: it is another session's, or nobody's.
    pub fn look_up(&self, number: u16) -> Option<(usize, &Spoken)> {
        let place = usize::from(number.checked_sub(self.base)?);
        Some((place, self.spoken.get(place)?))
    }

    /// The word that was entered as the n-th.
    pub fn get(&self, place: usize) -> Option<&Spoken> {
        self.spoken.get(place)
    }
}

/// Sound that is all one word.
pub fn sound(number: u16, samples: usize) -> Bytes {
    Bytes::from(number.to_le_bytes().repeat(samples))
}

/// The numbers in a sound, each with how many samples it has in a row.
pub fn runs(pcm: &[u8]) -> Vec<(u16, usize)> {
    let mut runs: Vec<(u16, usize)> = Vec::new();
    if let (Some(first), Some(rest), Some(shifted)) = (
        pcm.first_chunk::<2>(),
        pcm.get(2..),
        pcm.get(..pcm.len().saturating_sub(2)),
    ) && rest == shifted
    {
        // Nearly always it is one word, and comparing is many times faster than counting.
        return vec![(u16::from_le_bytes(*first), pcm.len() / 2)];
    }
    for sample in pcm.as_chunks::<2>().0 {
        let number = u16::from_le_bytes(*sample);
        match runs.last_mut() {
            Some((last, samples)) if *last == number => *samples += 1,
            _ => runs.push((number, 1)),
        }
    }
    runs
}

/// Where a picture comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Picture {
    /// The session's number.
    pub session: u32,
    /// The face's call, from 0.
    pub call: u32,
    /// Its place in the call, from 0.
    pub place: u32,
}

impl Picture {
    /// As the coded picture, of `bytes` bytes or the few more that the tag needs.
    pub fn paint(&self, bytes: usize) -> Bytes {
        let mut data = format!("{}x{}x{}z", self.session, self.call, self.place).into_bytes();
        data.resize(bytes.max(data.len()), b'.');
        data.into()
    }

    /// What a coded picture says.
    pub fn read(data: &[u8]) -> Option<Self> {
        let end = data.iter().position(|byte| *byte == b'z')?;
        let text = std::str::from_utf8(data.get(..=end)?).ok()?;
        let Word {
            session,
            call,
            place,
            ..
        } = word(Author::Model, text)?;
        Some(Picture {
            session,
            call,
            place,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_survive_what_stands_around_them() {
        let word = |place| Word {
            author: Author::Model,
            session: 3,
            call: 12,
            place,
        };
        let text = format!("\u{4f60}{}, \u{1F600} {}! w3x12x5 w3x12", word(0), word(14));
        assert_eq!(words(&text), [word(0), word(14)], "cut words do not count");
    }

    #[test]
    fn samples_tell_their_word_and_session() {
        let spoken = || Spoken {
            words: vec![],
            turn: "turn-1".into(),
            call: 0,
            utterance: 0,
            duration_us: 1,
            stale: false,
        };
        let (mut ours, mut theirs) = (Ledger::new(0), Ledger::new(1));
        let (first, second) = (ours.enter(spoken()), ours.enter(spoken()));
        let foreign = theirs.enter(spoken());
        let pcm = [sound(first, 2), sound(second, 3)].concat();
        assert_eq!(runs(&pcm), [(first, 2), (second, 3)]);
        assert_eq!(ours.look_up(second).map(|(place, _)| place), Some(1));
        assert!(ours.look_up(foreign).is_none() && ours.look_up(0).is_none());
    }

    #[test]
    fn pictures_tell_where_they_come_from() {
        let picture = Picture {
            session: 1,
            call: 2,
            place: 33,
        };
        let data = picture.paint(64);
        assert_eq!((data.len(), Picture::read(&data)), (64, Some(picture)));
        assert_eq!(Picture::read(b"......"), None);
    }
}
