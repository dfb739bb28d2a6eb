//! The voice's phoneme alphabet: classes of sounds, and moving stress.

/// Main stress mark.
pub(crate) const MAIN: char = 'ˈ';
/// Side stress mark.
pub(crate) const SIDE: char = 'ˌ';
/// Marks that make a pause.
pub(crate) const PAUSES: &str = ";:,.!?—…";
const VOWELS: &str = "AIOQWYaiuæɑɒɔəɛɜɪʊʌᵻ";
const CONSONANTS: &str = "bdfhjklmnpstvwzðŋɡɹɾʃʒʤʧθ";

pub(crate) fn is_vowel(c: char) -> bool {
    VOWELS.contains(c)
}

pub(crate) fn is_consonant(c: char) -> bool {
    CONSONANTS.contains(c)
}

pub(crate) fn is_pause(c: char) -> bool {
    PAUSES.contains(c)
}

/// How a word's stress is to change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stress {
    /// No marks at all.
    Strip,
    /// Main becomes side.
    Weaken,
    /// At least a side stress (a Capitalised word).
    AtLeastSide,
    /// At least a main stress (ALL CAPITALS).
    AtLeastMain,
}

impl Stress {
    /// What the letter case of a written word asks for.
    pub(crate) fn of_case(word: &str) -> Option<Self> {
        if word.to_lowercase() == word {
            None
        } else if word.to_uppercase() == word {
            Some(Stress::AtLeastMain)
        } else {
            Some(Stress::AtLeastSide)
        }
    }

    /// Changes the marks of a reading.
    pub(crate) fn apply(self, phonemes: &str) -> String {
        let main = phonemes.contains(MAIN);
        let side = phonemes.contains(SIDE);
        match self {
            Stress::Strip => phonemes.replace([MAIN, SIDE], ""),
            Stress::Weaken if main => phonemes.replace(SIDE, "").replace(MAIN, "ˌ"),
            Stress::AtLeastSide if !main && !side => with_mark(phonemes, SIDE),
            Stress::AtLeastMain if !main && side => phonemes.replace(SIDE, "ˈ"),
            Stress::AtLeastMain if !main => with_mark(phonemes, MAIN),
            _ => phonemes.to_owned(),
        }
    }
}

/// Applies a change where there is one.
pub(crate) fn stressed(phonemes: &str, stress: Option<Stress>) -> String {
    stress.map_or_else(|| phonemes.to_owned(), |s| s.apply(phonemes))
}

/// Puts a mark before the first vowel.
fn with_mark(phonemes: &str, mark: char) -> String {
    match phonemes.find(is_vowel) {
        Some(at) => {
            let (head, tail) = phonemes.split_at(at);
            format!("{head}{mark}{tail}")
        }
        None => phonemes.to_owned(),
    }
}

/// How much there is to say: diphthongs and affricates count twice.
pub(crate) fn weight(phonemes: &str) -> usize {
    phonemes
        .chars()
        .map(|c| if "AIOQWYʤʧ".contains(c) { 2 } else { 1 })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stress_moves() {
        for (stress, from, to) in [
            (Stress::Strip, "əbˈWt", "əbWt"),
            (Stress::Weaken, "hˈWsbˌOt", "hˌWsbOt"),
            (Stress::Weaken, "ðə", "ðə"),
            (Stress::AtLeastSide, "ɪt", "ˌɪt"),
            (Stress::AtLeastSide, "ˈɪt", "ˈɪt"),
            (Stress::AtLeastMain, "ˌɪt", "ˈɪt"),
            (Stress::AtLeastMain, "ɪt", "ˈɪt"),
            (Stress::AtLeastMain, "s", "s"),
        ] {
            assert_eq!(stress.apply(from), to, "{stress:?} {from}");
        }
    }
}
