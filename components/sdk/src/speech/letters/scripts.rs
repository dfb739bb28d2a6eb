//! Single characters of all other scripts, digits and symbols.

use super::Sound;
use crate::Viseme;
use crate::Viseme::{Aa, Ch, Dd, E, Ff, Ih, Kk, Nn, Oh, Ou, Pp, Rr, Ss, Th};

/// Letters of alphabets in which one letter is about one sound.
const ALPHABETS: &[(&str, Sound)] = &[
    // Cyrillic
    ("аяӓ", (Aa, 1.1)),
    ("эеёє", (E, 1.0)),
    ("иыйіїј", (Ih, 1.0)),
    ("оө", (Oh, 1.1)),
    ("уюўүұ", (Ou, 1.0)),
    ("бпм", (Pp, 0.8)),
    ("вф", (Ff, 0.8)),
    ("тдђћ", (Dd, 0.7)),
    ("сзцѕ", (Ss, 0.9)),
    ("шщжчџ", (Ch, 0.9)),
    ("кгхґқғ", (Kk, 0.7)),
    ("нлљњң", (Nn, 0.8)),
    ("р", (Rr, 0.8)),
    // Greek
    ("αά", (Aa, 1.1)),
    ("εέ", (E, 1.0)),
    ("ιίηήϊΐ", (Ih, 1.0)),
    ("οόωώ", (Oh, 1.1)),
    ("υύϋΰ", (Ou, 0.8)),
    ("μπ", (Pp, 0.8)),
    ("βφ", (Ff, 0.9)),
    ("θδ", (Th, 0.8)),
    ("τ", (Dd, 0.7)),
    ("σςζξψ", (Ss, 0.9)),
    ("κγχ", (Kk, 0.7)),
    ("νλ", (Nn, 0.8)),
    ("ρ", (Rr, 0.8)),
];

/// Kana by their vowels, and by their consonants. The rest of them is vowel only.
const KANA_VOWELS: &[(&str, Sound)] = &[
    ("あかさたなはまやらわがざだばぱぁゃゎ", (Aa, 1.1)),
    ("いきしちにひみりぎじぢびぴぃ", (Ih, 1.0)),
    ("うくすつぬふむゆるぐずづぶぷぅゅゔ", (Ou, 1.0)),
    ("えけせてねへめれげぜでべぺぇ", (E, 1.0)),
    ("おこそとのほもよろをごぞどぼぽぉょ", (Oh, 1.1)),
];
const KANA_CONSONANTS: &[(&str, Sound)] = &[
    ("かきくけこがぎぐげご", (Kk, 0.7)),
    ("さすせそざずぜぞつづ", (Ss, 0.8)),
    ("しじちぢ", (Ch, 0.8)),
    ("たてとだでど", (Dd, 0.7)),
    ("なにぬねのん", (Nn, 0.8)),
    ("まみむめもばびぶべぼぱぴぷぺぽ", (Pp, 0.8)),
    ("ふゔ", (Ff, 0.7)),
    ("らりるれろ", (Rr, 0.7)),
    ("わ", (Ou, 0.5)),
    ("やゆよ", (Ih, 0.5)),
];

/// The first sound, the vowel and the last sound of a Hangul syllable, in Unicode's order.
const HANGUL_FIRST: [Option<Sound>; 19] = {
    const K: Option<Sound> = Some((Kk, 0.7));
    const D: Option<Sound> = Some((Dd, 0.7));
    const P: Option<Sound> = Some((Pp, 0.8));
    const S: Option<Sound> = Some((Ss, 0.9));
    const C: Option<Sound> = Some((Ch, 0.8));
    const N: Option<Sound> = Some((Nn, 0.8));
    const R: Option<Sound> = Some((Rr, 0.7));
    const H: Option<Sound> = None;
    [K, K, N, D, D, R, P, P, P, S, S, H, C, C, C, K, D, P, H]
};
const HANGUL_VOWEL: [Viseme; 21] = [
    Aa, E, Aa, E, Oh, E, Oh, E, Oh, Oh, E, E, Oh, Ou, Ou, E, Ou, Ou, Ou, Ih, Ih,
];
const HANGUL_LAST: [Option<Viseme>; 28] = {
    const K: Option<Viseme> = Some(Kk);
    const D: Option<Viseme> = Some(Dd);
    const P: Option<Viseme> = Some(Pp);
    const N: Option<Viseme> = Some(Nn);
    [
        None, K, K, K, N, N, N, D, N, K, P, N, N, N, P, N, P, P, P, D, D, K, D, D, K, D, P, D,
    ]
};

/// Digits as English has them.
const DIGITS: [&[Sound]; 10] = [
    &[(Ss, 0.8), (Ih, 1.0), (Rr, 0.8), (Oh, 1.1)],
    &[(Ou, 0.7), (Aa, 1.0), (Nn, 0.8)],
    &[(Dd, 0.7), (Ou, 1.4)],
    &[(Th, 0.8), (Rr, 0.8), (Ih, 1.3)],
    &[(Ff, 0.9), (Oh, 1.2), (Rr, 0.8)],
    &[(Ff, 0.9), (Aa, 1.0), (Ih, 0.6), (Ff, 0.8)],
    &[(Ss, 0.9), (Ih, 0.9), (Kk, 0.6), (Ss, 0.9)],
    &[(Ss, 0.9), (E, 1.0), (Ff, 0.8), (E, 0.5), (Nn, 0.8)],
    &[(E, 0.9), (Ih, 0.7), (Dd, 0.7)],
    &[(Nn, 0.8), (Aa, 1.0), (Ih, 0.6), (Nn, 0.8)],
];

/// Symbols that are read out.
const SYMBOLS: &[(char, &[Sound])] = &[
    ('%', &[(Pp, 0.8), (E, 0.8), (Ss, 0.9), (E, 0.8), (Nn, 0.8)]),
    ('&', &[(Aa, 0.9), (Nn, 0.8), (Dd, 0.6)]),
    ('+', &[(Pp, 0.8), (Nn, 0.7), (Aa, 1.0), (Ss, 0.9)]),
    ('=', &[(Ih, 1.0), (Kk, 0.7), (Ou, 0.8), (Ss, 0.8)]),
    ('@', &[(Aa, 1.0), (Dd, 0.7)]),
    ('#', &[(Nn, 0.8), (Aa, 0.9), (Pp, 0.8), (E, 0.8)]),
    ('$', &[(Dd, 0.7), (Oh, 1.0), (Nn, 0.8), (E, 0.8)]),
    ('€', &[(Ih, 0.7), (Ou, 1.0), (Rr, 0.8), (Oh, 1.0)]),
    ('£', &[(Pp, 0.8), (Aa, 0.9), (Ou, 0.7), (Nn, 0.8)]),
    ('°', &[(Dd, 0.7), (E, 0.8), (Kk, 0.6), (Rr, 0.8), (Ih, 1.2)]),
];

/// Where spelling tells nothing: a closing and an opening shape, by the character's number.
const CLOSING: [Viseme; 7] = [Dd, Nn, Ss, Kk, Pp, Ch, Rr];
const OPENING: [Viseme; 5] = [Aa, E, Oh, Ih, Ou];

/// The sounds of one character that is no Latin letter; none where it is not spoken.
pub(super) fn sounds(c: char) -> Vec<Sound> {
    let lower = c.to_lowercase().next().unwrap_or(c);
    let known = ALPHABETS
        .iter()
        .find(|(letters, _)| letters.contains(lower));
    if let Some((_, sound)) = known {
        return vec![*sound];
    }
    if let Some(digit) = c.to_digit(10).and_then(|n| DIGITS.get(n as usize)) {
        return digit.to_vec();
    }
    if let Some((_, sounds)) = SYMBOLS.iter().find(|(symbol, _)| *symbol == c) {
        return sounds.to_vec();
    }
    match c {
        '\u{3041}'..='\u{3096}' => kana(c),
        '\u{30a1}'..='\u{30f6}' => kana(char::from_u32(c as u32 - 0x60).unwrap_or(c)),
        // It prolongs the vowel before it.
        'ー' => vec![(Aa, 0.8)],
        '\u{ac00}'..='\u{d7a3}' => hangul(c),
        // Signs without a sound.
        'ь' | 'ъ' => vec![],
        _ if crate::speech::words::stands_alone(c) => {
            vec![(closing(c), 0.8), (opening(c), 1.3)]
        }
        _ if c.is_alphabetic() && (c as u32).is_multiple_of(2) => vec![(opening(c), 0.9)],
        _ if c.is_alphabetic() => vec![(closing(c), 0.9)],
        // Digits of other scripts.
        _ if c.is_numeric() => vec![(closing(c), 0.8), (opening(c), 1.2)],
        _ => vec![],
    }
}

fn closing(c: char) -> Viseme {
    let shape = CLOSING.get(c as usize % CLOSING.len());
    shape.copied().unwrap_or(Dd)
}

fn opening(c: char) -> Viseme {
    let shape = OPENING.get(c as usize / CLOSING.len() % OPENING.len());
    shape.copied().unwrap_or(Aa)
}

fn kana(c: char) -> Vec<Sound> {
    let found = |table: &[(&str, Sound)]| {
        let row = table.iter().find(|(kana, _)| kana.contains(c));
        row.map(|(_, sound)| *sound)
    };
    let sounds = [found(KANA_CONSONANTS), found(KANA_VOWELS)];
    sounds.into_iter().flatten().collect()
}

fn hangul(c: char) -> Vec<Sound> {
    let index = c as usize - 0xac00;
    let first = HANGUL_FIRST.get(index / 588).copied().flatten();
    let vowel = HANGUL_VOWEL
        .get(index % 588 / 28)
        .map(|vowel| (*vowel, 1.1));
    let last = HANGUL_LAST.get(index % 28).copied().flatten();
    let last = last.map(|shape| (shape, 0.7));
    [first, vowel, last].into_iter().flatten().collect()
}
