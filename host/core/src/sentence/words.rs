//! What the word before a full stop says about it: abbreviations of English, German, French and
//! Spanish, and the words that commonly begin a sentence.

/// How a full stop after an abbreviation is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Abbreviation {
    /// Never an end: a name or an explanation follows.
    Never,
    /// Not an end before a number or a small letter.
    Number,
    /// Not an end before a number; anything else follows a plain word that ended a sentence.
    NumberOnly,
    /// Often part of a name: an end only where a word follows that begins sentences.
    Name,
    /// An end wherever a capital follows.
    Any,
    /// As `Any`, but not before a day, a month or a time zone.
    Time,
}

/// Matched without regard to the case of the first letter.
#[rustfmt::skip]
const NEVER: &[&str] = &[
    "mr", "mrs", "messrs", "dr", "prof", "rev", "capt", "lt", "sgt", "cpl", "cmdr", "e.g", "i.e", "eg", "vs", "cf", "viz", "approx", "ca", "resp", "incl", "excl",
    "z.b", "d.h", "u.a", "o.ä", "s.o", "s.u", "bzw", "ggf", "evtl", "vgl", "sog", "inkl", "zzgl",
    "bspw", "hrn", "frl", "dipl",
    "mme", "mlle", "mgr", "p.ex", "c.-à-d",
    "sra", "srta", "dra", "ud", "uds", "p.ej",
];

/// Matched as they stand: in small letters they are units or words.
const NEVER_CAPITAL: &[&str] = &["Ms", "Mx", "Hon", "Hr", "Ing"];

#[rustfmt::skip]
const NUMBER: &[&str] = &[
    "nos", "nr", "núm", "nº", "fig", "figs", "eq", "vol", "vols", "pp", "pg", "pág", "chap", "sec",
    "ref", "refs", "abs", "abb", "kap", "bd", "tel", "tél", "ext", "apt", "dept", "est", "min", "max",
    "ex", "art", "ed", "eds", "av", "avda", "mio", "mrd", "str",
];

/// Matched as they stand: in small letters they are ordinary words, or nothing.
#[rustfmt::skip]
const NUMBER_CAPITAL: &[&str] = &[
    "No", "Jan", "Feb", "Mar", "Apr", "Jun", "Jul", "Aug", "Sep", "Sept", "Oct", "Nov", "Dec",
    "Mon", "Tue", "Tues", "Wed", "Thu", "Thur", "Thurs", "Fri", "Sat", "Sun", "Okt", "Dez", "Maj",
    "Sta", "Sto",
];

#[rustfmt::skip]
const NAME: &[&str] = &[
    "St", "Ste", "Mt", "Ft", "Ave", "Blvd", "Rd", "Ln", "Jr", "Sr", "Co", "Ltd", "Inc", "Corp", "Bros",
    "Ph.D", "M.D", "B.A", "M.A", "D.C", "U.S", "U.K", "U.N", "E.U", "U.S.A", "EE.UU", "J.-C", "Gen",
    "Col", "Sen", "Rep", "Gov", "Pres",
];

const ANY: &[&str] = &["etc", "usw", "al", "u.s.w", "uvm", "b.c", "a.d"];

const TIME: &[&str] = &["a.m", "p.m"];

#[rustfmt::skip]
const STARTERS: &[&str] = &[
    "A", "After", "Also", "An", "And", "Are", "As", "At", "Because", "Before", "But", "By", "Can", "Could",
    "Did", "Do", "Does", "Each", "Every", "For", "From", "Had", "Has", "Have", "He", "Her", "Here",
    "His", "How", "However", "I", "If", "In", "Is", "It", "Its", "Just", "Let", "Many", "Maybe",
    "Meanwhile", "Most", "My", "Not", "Now", "Of", "On", "Once", "One", "Or", "Our", "Perhaps",
    "Please", "She", "Should", "Since", "So", "Some", "Still", "Thank", "Thanks", "That", "The",
    "Their", "Then", "There", "These", "They", "This", "Those", "Though", "To", "Today", "Was", "We",
    "Well", "Were", "What", "When", "Where", "Which", "While", "Who", "Why", "With", "Would", "Yes",
    "Yet", "You", "Your",
    "Aber", "Als", "Auch", "Danach", "Dann", "Das", "Dein", "Deine", "Dem", "Den", "Der", "Deshalb",
    "Diese", "Dieser", "Doch", "Dort", "Du", "Ein", "Eine", "Er", "Es", "Heute", "Hier", "Ich", "Ihr",
    "Jetzt", "Man", "Mein", "Meine", "Sie", "Und", "Wann", "Warum", "Wenn", "Wer", "Wie", "Wir", "Wo",
    "Ce", "Cela", "Cette", "Elle", "Elles", "Et", "Il", "Ils", "Je", "Mais", "Nous", "Puis", "Vous",
    "Ella", "Ellos", "Entonces", "Esta", "Este", "Esto", "Pero", "Yo", "También",
];

/// What may follow a time of day and belongs to it.
#[rustfmt::skip]
const AFTER_TIME: &[&str] = &[
    "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday", "Mon", "Tue", "Wed",
    "Thu", "Fri", "Sat", "Sun", "January", "February", "March", "April", "May", "June", "July", "August",
    "September", "October", "November", "December", "Eastern", "Pacific", "Central", "Mountain",
    "Greenwich", "Zulu", "Coordinated",
];

/// What follows a German ordinal ("3. Mai").
#[rustfmt::skip]
const AFTER_ORDINAL: &[&str] = &[
    "Januar", "Jänner", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September",
    "Oktober", "November", "Dezember", "Jahrhundert", "Jahrhunderts", "Jh", "Klasse", "Platz", "Stock",
    "Etage", "Kapitel", "Mal", "Geburtstag", "Weltkrieg",
];

/// What stands before a German ordinal and hardly before another number that ends a sentence.
const BEFORE_ORDINAL: &[&str] = &[
    "der", "dem", "den", "des", "das", "vom", "zum", "zur", "im", "beim", "jeder", "jedes",
];

/// The reading of `token`, the word before a single full stop without that stop.
pub(super) fn abbreviation(token: &str) -> Option<Abbreviation> {
    let small = token.to_lowercase();
    let listed = |list: &[&str]| list.contains(&token);
    let folded = |list: &[&str]| list.contains(&small.as_str());
    if folded(NEVER) || listed(NEVER_CAPITAL) {
        Some(Abbreviation::Never)
    } else if listed(NAME) {
        Some(Abbreviation::Name)
    } else if folded(ANY) {
        Some(Abbreviation::Any)
    } else if folded(TIME) {
        Some(Abbreviation::Time)
    } else if small == "no" && token != "No" {
        Some(Abbreviation::NumberOnly)
    } else if folded(NUMBER) || listed(NUMBER_CAPITAL) {
        Some(Abbreviation::Number)
    } else if token.contains('.') && token.split('.').all(is_single_letter) {
        Some(Abbreviation::Name)
    } else if looks_shortened(token) {
        Some(Abbreviation::Number)
    } else {
        None
    }
}

/// Whether the token is one letter: an initial, or half of an abbreviation written with spaces.
pub(super) fn is_single_letter(token: &str) -> bool {
    let mut chars = token.chars();
    chars.next().is_some_and(char::is_alphabetic) && chars.next().is_none()
}

/// Whether a sentence commonly begins with this word.
pub(super) fn is_starter(word: &str) -> bool {
    STARTERS.contains(&word)
}

/// Whether this word, after "a.m." or "p.m.", belongs to the time: a day, a month, a zone.
pub(super) fn is_after_time(word: &str) -> bool {
    let zone = (2..=5).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_uppercase());
    zone || AFTER_TIME.contains(&word)
}

/// Whether this word follows a German ordinal number.
pub(super) fn is_after_ordinal(word: &str) -> bool {
    AFTER_ORDINAL.contains(&word)
}

/// Whether this word announces a German ordinal number.
pub(super) fn is_before_ordinal(word: &str) -> bool {
    BEFORE_ORDINAL.contains(&word.to_lowercase().as_str())
}

/// A short token without a vowel ("Bldg", "Pkg") is an abbreviation in any Latin language.
fn looks_shortened(token: &str) -> bool {
    let vowel = |b: u8| matches!(b.to_ascii_lowercase(), b'a' | b'e' | b'i' | b'o' | b'u');
    (2..=5).contains(&token.len())
        && token.bytes().all(|b| b.is_ascii_alphabetic() && !vowel(b))
        && !token.bytes().all(|b| b.is_ascii_uppercase())
        && !token.to_ascii_lowercase().ends_with('y')
}
