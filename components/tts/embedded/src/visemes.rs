//! Which mouth shape a phoneme has (Oculus set of fifteen).

use tth_sdk::Viseme;

/// A shape, how strongly it shows, and its share of the phoneme's time.
pub(crate) type Pose = (Viseme, f32, f32);

/// The poses of a phoneme in order; empty where it has no shape of its own.
pub(crate) fn poses(phoneme: char) -> &'static [Pose] {
    use Viseme::{Aa, Ch, Dd, E, Ff, Ih, Kk, Nn, Oh, Ou, Pp, Rr, Ss, Th};
    match phoneme {
        'p' | 'b' | 'm' => &[(Pp, 1.0, 1.0)],
        'f' | 'v' => &[(Ff, 1.0, 1.0)],
        'θ' | 'ð' => &[(Th, 0.9, 1.0)],
        't' | 'd' | 'T' => &[(Dd, 0.8, 1.0)],
        'k' | 'ɡ' => &[(Kk, 0.8, 1.0)],
        'ŋ' => &[(Kk, 0.6, 1.0)],
        'ʧ' | 'ʤ' | 'ʃ' | 'ʒ' => &[(Ch, 0.9, 1.0)],
        's' | 'z' => &[(Ss, 0.9, 1.0)],
        'n' | 'l' => &[(Nn, 0.8, 1.0)],
        'ɹ' => &[(Rr, 0.8, 1.0)],
        'ɜ' => &[(Rr, 0.7, 1.0)],
        'w' => &[(Ou, 0.9, 1.0)],
        'j' => &[(Ih, 0.7, 1.0)],
        'i' => &[(Ih, 1.0, 1.0)],
        'ɪ' => &[(Ih, 0.8, 1.0)],
        'ᵻ' => &[(Ih, 0.6, 1.0)],
        'ɛ' => &[(E, 0.9, 1.0)],
        'æ' => &[(Aa, 0.85, 1.0)],
        'a' | 'ɑ' => &[(Aa, 1.0, 1.0)],
        'ʌ' => &[(Aa, 0.7, 1.0)],
        'ə' | 'ɐ' => &[(Aa, 0.5, 1.0)],
        'ᵊ' => &[(E, 0.4, 1.0)],
        'ɔ' => &[(Oh, 0.9, 1.0)],
        'u' => &[(Ou, 1.0, 1.0)],
        'ʊ' => &[(Ou, 0.7, 1.0)],
        'A' => &[(E, 0.95, 0.55), (Ih, 0.8, 0.45)],
        'I' => &[(Aa, 1.0, 0.6), (Ih, 0.7, 0.4)],
        'O' | 'Q' => &[(Oh, 1.0, 0.55), (Ou, 0.8, 0.45)],
        'W' => &[(Aa, 1.0, 0.55), (Ou, 0.8, 0.45)],
        'Y' => &[(Oh, 1.0, 0.55), (Ih, 0.7, 0.45)],
        // h has the shape of the vowel after it
        _ => &[],
    }
}

/// Whether the shape is a closure that must be seen however soft the sound is.
pub(crate) fn is_closure(shape: Viseme) -> bool {
    matches!(shape, Viseme::Pp | Viseme::Ff)
}

/// Whether the phoneme takes the shape of the one that follows.
pub(crate) fn leans_on_next(phoneme: char) -> bool {
    phoneme == 'h'
}
