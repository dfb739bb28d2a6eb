//! Words in Latin letters.

use super::{Letter, Sound, put};
use crate::Viseme;
use crate::Viseme::{Aa, Ch, Dd, E, Ff, Ih, Kk, Nn, Oh, Ou, Pp, Rr, Ss, Th};

/// Spellings and their sounds; the first that fits counts. `^` is the word's start; what stands
/// behind `>` must follow, and is not taken.
const SPELLINGS: &[(&str, &[Sound])] = &[
    ("tion", &[(Ch, 0.9), (E, 0.5), (Nn, 0.8)]),
    ("sion", &[(Ch, 0.9), (E, 0.5), (Nn, 0.8)]),
    ("ight", &[(Aa, 1.0), (Ih, 0.6), (Dd, 0.7)]),
    ("ough", &[(Oh, 1.3)]),
    ("eigh", &[(E, 1.0), (Ih, 0.6)]),
    ("tch", &[(Ch, 0.9)]),
    ("sch", &[(Ch, 0.9)]),
    ("dge", &[(Ch, 0.9)]),
    ("igh", &[(Aa, 1.0), (Ih, 0.6)]),
    ("^kn", &[(Nn, 0.8)]),
    ("^wr", &[(Rr, 0.8)]),
    ("sh", &[(Ch, 0.9)]),
    ("ch", &[(Ch, 0.9)]),
    ("cz", &[(Ch, 0.9)]),
    ("sz", &[(Ch, 0.9)]),
    ("zh", &[(Ch, 0.9)]),
    ("th", &[(Th, 0.8)]),
    ("ph", &[(Ff, 0.9)]),
    ("gh", &[(Kk, 0.4)]),
    ("ng", &[(Kk, 0.9)]),
    ("ck", &[(Kk, 0.7)]),
    ("qu", &[(Kk, 0.7), (Ou, 0.6)]),
    ("wh", &[(Ou, 0.7)]),
    ("ee", &[(Ih, 1.5)]),
    ("ea", &[(Ih, 1.4)]),
    ("ie", &[(Ih, 1.4)]),
    ("ey", &[(Ih, 1.2)]),
    ("oo", &[(Ou, 1.5)]),
    ("ew", &[(Ou, 1.4)]),
    ("ou", &[(Aa, 0.8), (Ou, 0.7)]),
    ("ow", &[(Oh, 0.9), (Ou, 0.6)]),
    ("oa", &[(Oh, 1.4)]),
    ("au", &[(Oh, 1.3)]),
    ("aw", &[(Oh, 1.3)]),
    ("ai", &[(E, 0.9), (Ih, 0.6)]),
    ("ay", &[(E, 0.9), (Ih, 0.6)]),
    ("ei", &[(E, 0.9), (Ih, 0.6)]),
    ("oi", &[(Oh, 0.9), (Ih, 0.6)]),
    ("oy", &[(Oh, 0.9), (Ih, 0.6)]),
    ("c>e", &[(Ss, 0.9)]),
    ("c>i", &[(Ss, 0.9)]),
    ("c>y", &[(Ss, 0.9)]),
    ("x", &[(Kk, 0.5), (Ss, 0.8)]),
    ("a", &[(Aa, 1.1)]),
    ("e", &[(E, 1.0)]),
    ("i", &[(Ih, 1.0)]),
    ("y", &[(Ih, 0.9)]),
    ("o", &[(Oh, 1.1)]),
    ("u", &[(Ou, 1.0)]),
    ("b", &[(Pp, 0.8)]),
    ("p", &[(Pp, 0.8)]),
    ("m", &[(Pp, 0.8)]),
    ("f", &[(Ff, 0.9)]),
    ("v", &[(Ff, 0.8)]),
    ("t", &[(Dd, 0.7)]),
    ("d", &[(Dd, 0.7)]),
    ("k", &[(Kk, 0.7)]),
    ("g", &[(Kk, 0.7)]),
    ("c", &[(Kk, 0.7)]),
    ("q", &[(Kk, 0.7)]),
    ("s", &[(Ss, 0.9)]),
    ("z", &[(Ss, 0.8)]),
    ("n", &[(Nn, 0.8)]),
    ("l", &[(Nn, 0.8)]),
    ("r", &[(Rr, 0.8)]),
    ("w", &[(Ou, 0.7)]),
    ("j", &[(Ch, 0.8)]),
    // No shape of its own; half open, as before a vowel.
    ("h", &[(E, 0.4)]),
    ("ʃ", &[(Ch, 0.9)]),
    ("θ", &[(Th, 0.8)]),
];

/// Letters with an accent or a form of their own, and the letter they sound like. `ʃ` and `θ` are
/// the sounds that English spells "sh" and "th".
const FOLDED: &[(&str, char)] = &[
    ("àáâãäåāăąǎ", 'a'),
    ("èéêëēĕėęěæœ", 'e'),
    ("ìíîïĩīĭįıǐ", 'i'),
    ("òóôõöøōŏőǒơ", 'o'),
    ("ùúûüũūŭůűųǔư", 'u'),
    ("ýÿŷ", 'y'),
    ("ß", 's'),
    ("ç", 's'),
    ("śŝşšșćčĉċżžǆ", 'ʃ'),
    ("źƶ", 'z'),
    ("ñńņňŉŋ", 'n'),
    ("ĺļľłŀ", 'l'),
    ("ŕŗř", 'r'),
    ("ţťțŧ", 't'),
    ("ďđ", 'd'),
    ("ĝğġģ", 'g'),
    ("ĥħ", 'h'),
    ("ĵ", 'j'),
    ("ķ", 'k'),
    ("ŵ", 'w'),
    ("þð", 'θ'),
];

/// A Latin letter without case and accent; `None` for anything else.
pub(super) fn fold(c: char) -> Option<char> {
    let lower = c.to_lowercase().next().unwrap_or(c);
    match lower {
        'a'..='z' => Some(lower),
        // Vietnamese.
        'ạ'..='ặ' => Some('a'),
        'ẹ'..='ệ' => Some('e'),
        'ỉ'..='ị' => Some('i'),
        'ọ'..='ợ' => Some('o'),
        'ụ'..='ự' => Some('u'),
        'ỳ'..='ỹ' => Some('y'),
        '\u{df}'..='\u{233}' => {
            let known = FOLDED.iter().find(|(letters, _)| letters.contains(lower));
            known.map(|(_, letter)| *letter)
        }
        _ => None,
    }
}

/// A word being gathered.
#[derive(Debug, Default)]
pub(super) struct Word {
    letters: String,
    /// Where each letter stands in the text.
    places: Vec<(usize, usize)>,
}

impl Word {
    pub(super) fn push(&mut self, letter: char, from: usize, to: usize) {
        self.letters.push(letter);
        self.places.push((from, to));
    }

    /// Its sounds, appended.
    pub(super) fn read(self, into: &mut Vec<Letter>) {
        let mut rest = self.letters.as_str();
        let mut index = 0;
        let mut before = None;
        while let Some(first) = rest.chars().next() {
            let silent = (before == Some(first) && !vowel(first))
                || (rest == "e" && self.places.len() > 3 && before.is_some_and(|c| !vowel(c)));
            let (taken, sounds) = match silent {
                true => (1, [].as_slice()),
                false => spelling(rest, index == 0),
            };
            let place = |index: usize| self.places.get(index).copied();
            if let (Some((from, _)), Some((_, to))) = (place(index), place(index + taken - 1)) {
                put(into, sounds.iter().copied(), from, to);
            }
            let mut letters = rest.chars();
            before = letters.by_ref().take(taken).last();
            rest = letters.as_str();
            index += taken;
        }
    }
}

/// How many letters the first spelling of `rest` has, and its sounds.
fn spelling(rest: &str, at_start: bool) -> (usize, &'static [Sound]) {
    let found = SPELLINGS.iter().find_map(|(spelling, sounds)| {
        let (spelling, ahead) = spelling.split_once('>').unwrap_or((spelling, ""));
        let spelling = match spelling.strip_prefix('^') {
            Some(_) if !at_start => return None,
            Some(spelling) => spelling,
            None => spelling,
        };
        let after = rest.strip_prefix(spelling)?;
        after
            .starts_with(ahead)
            .then(|| (spelling.chars().count(), *sounds))
    });
    found.unwrap_or((1, &[(Viseme::E, 0.5)]))
}

fn vowel(letter: char) -> bool {
    matches!(letter, 'a' | 'e' | 'i' | 'o' | 'u' | 'y')
}
