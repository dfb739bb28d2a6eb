//! Regular endings on known stems: -s, -ed, -ing.

use super::dictionary::{Ahead, Dictionary};
use crate::text::phonemes::Stress;

/// Sounds after which an American t between vowels is a flap.
const FLAP_AFTER: &str = "AIOWYiuæɑəɛɪɹʊʌ";

/// Adds a plural or possessive s.
pub(super) fn with_s(stem: String) -> String {
    match stem.chars().last() {
        Some(c) if "ptkfθ".contains(c) => stem + "s",
        Some(c) if "szʃʒʧʤ".contains(c) => stem + "ᵻz",
        Some(_) => stem + "z",
        None => stem,
    }
}

/// Adds a past -ed.
pub(super) fn with_ed(stem: String) -> String {
    match stem.chars().last() {
        Some(c) if "pkfθʃsʧ".contains(c) => stem + "t",
        Some('d') => stem + "ᵻd",
        Some('t') => match before_flap(&stem) {
            Some(head) => format!("{head}ɾᵻd"),
            None if stem == "t" => stem + "ɪd",
            None => stem + "ᵻd",
        },
        Some(_) => stem + "d",
        None => stem,
    }
}

/// Adds -ing.
pub(super) fn with_ing(stem: String) -> String {
    match before_flap(&stem) {
        Some(head) => format!("{head}ɾɪŋ"),
        None => stem + "ɪŋ",
    }
}

/// The stem without its final t where that t becomes a flap.
fn before_flap(stem: &str) -> Option<&str> {
    stem.strip_suffix('t')
        .filter(|head| head.ends_with(|c| FLAP_AFTER.contains(c)))
}

impl Dictionary {
    /// Reads a word as a known stem with an ending.
    pub(super) fn with_ending(
        &self,
        word: &str,
        tag: &str,
        stress: Option<Stress>,
        ahead: Option<Ahead>,
    ) -> Option<String> {
        let read = |stem: String, stress| self.look_up(&stem, tag, stress, ahead);
        if let Some(p) = self.stem_of_s(word).and_then(|stem| read(stem, stress)) {
            return Some(with_s(p));
        }
        if let Some(p) = self.stem_of_ed(word).and_then(|stem| read(stem, stress)) {
            return Some(with_ed(p));
        }
        let stress = stress.or(Some(Stress::AtLeastSide));
        self.stem_of_ing(word)
            .and_then(|stem| read(stem, stress))
            .map(with_ing)
    }

    fn stem_of_s(&self, word: &str) -> Option<String> {
        let stem = word.strip_suffix('s').filter(|_| word.len() >= 3)?;
        if !word.ends_with("ss") && self.knows(stem) {
            return Some(stem.to_owned());
        }
        let long = word.len() > 4;
        let two = word.strip_suffix("'s").or_else(|| {
            word.strip_suffix("es")
                .filter(|_| long && !word.ends_with("ies"))
        });
        if let Some(stem) = two
            && self.knows(stem)
        {
            return Some(stem.to_owned());
        }
        let stem = format!("{}y", word.strip_suffix("ies").filter(|_| long)?);
        self.knows(&stem).then_some(stem)
    }

    fn stem_of_ed(&self, word: &str) -> Option<String> {
        let stem = word.strip_suffix('d').filter(|_| word.len() >= 4)?;
        if !word.ends_with("dd") && self.knows(stem) {
            return Some(stem.to_owned());
        }
        let stem = word.strip_suffix("ed")?;
        let fits = word.len() > 4 && !word.ends_with("eed") && self.knows(stem);
        fits.then(|| stem.to_owned())
    }

    fn stem_of_ing(&self, word: &str) -> Option<String> {
        let stem = word.strip_suffix("ing").filter(|_| word.len() >= 5)?;
        let long = word.len() > 5;
        if long && self.knows(stem) {
            return Some(stem.to_owned());
        }
        let silent_e = format!("{stem}e");
        if self.knows(&silent_e) {
            return Some(silent_e);
        }
        let mut letters = stem.chars().rev();
        let (last, before) = (letters.next()?, letters.next());
        let doubled =
            (before == Some(last) && "bcdgklmnprstvxz".contains(last)) || stem.ends_with("ck");
        let single = stem
            .strip_suffix(last)
            .filter(|s| long && doubled && self.knows(s))?;
        Some(single.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sounds_of_endings() {
        for (f, stem, word) in [
            (with_s as fn(String) -> String, "kˈæt", "kˈæts"),
            (with_s, "dˈɔɡ", "dˈɔɡz"),
            (with_s, "bˈʌs", "bˈʌsᵻz"),
            (with_ed, "wˈɔk", "wˈɔkt"),
            (with_ed, "nˈid", "nˈidᵻd"),
            (with_ed, "wˈAt", "wˈAɾᵻd"),
            (with_ed, "ˈækt", "ˈæktᵻd"),
            (with_ing, "wˈAt", "wˈAɾɪŋ"),
            (with_ing, "ɹˈʌn", "ɹˈʌnɪŋ"),
        ] {
            assert_eq!(f(stem.to_owned()), word);
        }
    }
}
