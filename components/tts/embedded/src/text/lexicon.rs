//! Front-coded word list: no parsing, no heap; words in byte order, sixteen to a block.
//! The layout is written down where it is packed, in the set-up task's `voice/lexicon.rs`.
#![allow(
    clippy::indexing_slicing,
    reason = "offsets and lengths come from a table that is packed from hash-pinned files"
)]

/// Phoneme characters by code.
const ALPHABET: &str = "AIOWYbdfhijklmnpstuvwzæðŋɑɔəɛɜɡɪɹɾʃʊʌʒʔʤʧˈˌθᵊᵻ";
const TAGS: [&str; 10] = [
    "DEFAULT", "NOUN", "VERB", "ADJ", "ADV", "VBD", "VBN", "VBP", "DT", "None",
];
const KIND_SILVER: u8 = 1;
const KIND_TAGGED: u8 = 2;
const SPELLED: u8 = 255;

/// One way to read a word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reading {
    /// Part of speech it holds for; `DEFAULT` always, `None` before a pause.
    pub(crate) tag: &'static str,
    /// Nothing: the letters are spelled.
    pub(crate) phonemes: Option<String>,
}

/// A word found in the list.
pub(crate) struct Entry {
    /// From the checked list, not from the second-rate one.
    pub(crate) checked: bool,
    /// At least one reading.
    pub(crate) readings: Vec<Reading>,
}

/// The packed word list.
pub(crate) struct Lexicon {
    data: &'static [u8],
    blocks: usize,
    base: usize,
    alphabet: Vec<char>,
}

impl Lexicon {
    pub(crate) fn new(data: &'static [u8]) -> Self {
        let offsets = u32_at(data, 0);
        Lexicon {
            data,
            blocks: offsets.saturating_sub(1),
            base: 4 + 4 * offsets,
            alphabet: ALPHABET.chars().collect(),
        }
    }

    /// The entry of exactly this word, letter case included.
    pub(crate) fn get(&self, word: &str) -> Option<Entry> {
        let word = word.as_bytes();
        let (mut low, mut high) = (0, self.blocks);
        while low < high {
            let middle = usize::midpoint(low, high);
            if self.first_word(middle) <= word {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        let block = low.checked_sub(1)?;
        self.scan(&self.data[self.offset(block)..self.offset(block + 1)], word)
    }

    fn scan(&self, mut block: &[u8], word: &[u8]) -> Option<Entry> {
        let mut key: Vec<u8> = Vec::with_capacity(32);
        while let [shared, rest, tail @ ..] = block {
            let (letters, tail) = tail.split_at(usize::from(*rest));
            key.truncate(usize::from(*shared));
            key.extend_from_slice(letters);
            let (kind, length) = (tail[0], usize::from(tail[1]));
            let (value, next) = tail[2..].split_at(length);
            match key.as_slice().cmp(word) {
                std::cmp::Ordering::Less => block = next,
                std::cmp::Ordering::Equal => return Some(self.entry(kind, value)),
                std::cmp::Ordering::Greater => return None,
            }
        }
        None
    }

    fn entry(&self, kind: u8, value: &[u8]) -> Entry {
        let mut readings = Vec::new();
        if kind == KIND_TAGGED {
            let mut rest = value;
            while let [tag, length, tail @ ..] = rest {
                let length = if *length == SPELLED {
                    None
                } else {
                    Some(usize::from(*length))
                };
                let (codes, next) = tail.split_at(length.unwrap_or(0));
                readings.push(Reading {
                    tag: TAGS[usize::from(*tag)],
                    phonemes: length.map(|_| self.phonemes(codes)),
                });
                rest = next;
            }
        } else {
            readings.push(Reading {
                tag: "DEFAULT",
                phonemes: Some(self.phonemes(value)),
            });
        }
        Entry {
            checked: kind != KIND_SILVER,
            readings,
        }
    }

    fn phonemes(&self, codes: &[u8]) -> String {
        codes
            .iter()
            .map(|code| self.alphabet[usize::from(*code)])
            .collect()
    }

    fn offset(&self, block: usize) -> usize {
        self.base + u32_at(self.data, 4 + 4 * block)
    }

    fn first_word(&self, block: usize) -> &[u8] {
        let at = self.offset(block);
        &self.data[at + 2..at + 2 + usize::from(self.data[at + 1])]
    }
}

fn u32_at(data: &[u8], at: usize) -> usize {
    u32::from_le_bytes([data[at], data[at + 1], data[at + 2], data[at + 3]]) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_first_last_and_tagged_words() {
        let lexicon = Lexicon::new(crate::assets::WORDS);
        let plain = lexicon.get("hello").unwrap();
        assert!(plain.checked);
        assert_eq!(plain.readings[0].phonemes.as_deref(), Some("həlˈO"));
        let tagged = lexicon.get("record").unwrap();
        assert!(tagged.readings.iter().any(|r| r.tag == "VERB"));
        for absent in ["", "zzzzzz", "hellp", "\u{10ffff}"] {
            assert!(lexicon.get(absent).is_none(), "{absent:?}");
        }
    }
}
