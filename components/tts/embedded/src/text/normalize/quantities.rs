//! Money, units, fractions, ranges, telephone numbers.

use super::numbers::{integer, is_amount, is_one};
use super::tables::Tables;
use super::{CLOSERS, Said, Window, dates};

/// Everything written with digits that is not a time or a date in words.
pub(super) fn read(at: &Window<'_>, tables: &Tables) -> Option<Said> {
    // Only an undivided word may draw the next one in: "5, km" is not five kilometres.
    let next = if at.tail.is_empty() {
        at.ahead(1)
    } else {
        None
    };
    let one = |words: String| Some(Said::word(words, at.tail));
    if let Some(words) = fraction(at.core) {
        // "2 1/2"
        let mixed = at.behind(1).is_some_and(|w| integer(w).is_some());
        return one(if mixed { format!("and {words}") } else { words });
    }
    let numeric = dates::numeric(at.core).or_else(|| slashed(at.core));
    if let Some(words) = numeric.or_else(|| dashed(at.core)) {
        return one(words);
    }
    if let Some(said) = money(at, next, tables) {
        return Some(said);
    }
    if let Some(said) = measured(at, next, tables) {
        return Some(said);
    }
    let number = at.core.strip_prefix('#').filter(|n| integer(n).is_some())?;
    one(format!("number {number}"))
}

/// "1/2", "3/4".
fn fraction(core: &str) -> Option<String> {
    const NAMES: [&str; 11] = [
        "", "", "half", "third", "quarter", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth",
    ];
    let (a, b) = core.split_once('/')?;
    let (a, b) = (integer(a)?, integer(b)?);
    let name = usize::try_from(b)
        .ok()
        .and_then(|b| NAMES.get(b))
        .filter(|_| 0 < a && a < b)?;
    Some(match (a, b) {
        (1, 2) => "one half".to_owned(),
        (1, _) => format!("1 {name}"),
        _ => format!("{a} {name}s"),
    })
}

/// "9/11" is a date, "13/40" is not.
fn slashed(core: &str) -> Option<String> {
    let (a, b) = core.split_once('/')?;
    let (a, b) = (integer(a)?, integer(b)?);
    dates::of_numbers(None, a, b).or_else(|| Some(format!("{a} slash {b}")))
}

/// "555-0123", "202-555-0123", "10-20".
fn dashed(core: &str) -> Option<String> {
    if core.len() > 24 {
        return None;
    }
    let groups: Vec<&str> = core.split(['-', '–']).collect();
    if groups.len() < 2 || groups.iter().any(|group| integer(group).is_none()) {
        return None;
    }
    let (first, last) = (groups.first()?, groups.last()?);
    if matches!(groups.len(), 2 | 3) && first.len() == 3 && last.len() == 4 {
        let spell = |group: &&str| {
            group
                .chars()
                .map(String::from)
                .collect::<Vec<_>>()
                .join(" ")
        };
        return Some(groups.iter().map(spell).collect::<Vec<_>>().join(" , "));
    }
    (groups.len() == 2 && first.len() <= 4 && last.len() <= 4).then(|| format!("{first} to {last}"))
}

fn magnitude(word: &str) -> Option<&'static str> {
    Some(match word {
        "hundred" => "hundred",
        "thousand" | "k" | "K" => "thousand",
        "million" | "m" | "M" => "million",
        "billion" | "b" | "B" | "bn" => "billion",
        "trillion" => "trillion",
        _ => return None,
    })
}

/// "$5 million", "€3k", "¥500". Plain dollars, pounds and euros are left to the number reader.
fn money(at: &Window<'_>, next: Option<&str>, tables: &Tables) -> Option<Said> {
    let sign = at.core.chars().next()?;
    let rest = at.core.strip_prefix(sign)?;
    let name = tables
        .currencies
        .get(sign.encode_utf8(&mut [0; 4]) as &str)?;
    if !"$£€".contains(sign) {
        if !is_amount(rest) {
            return None;
        }
        return Some(Said::word(
            format!("{rest} {}", name.for_amount(rest)),
            at.tail,
        ));
    }
    let amount = rest.trim_end_matches(char::is_alphabetic);
    if !is_amount(amount) {
        return None;
    }
    let suffix = rest.strip_prefix(amount)?;
    if !suffix.is_empty() {
        let words = format!("{amount} {} {}", magnitude(suffix)?, name.many);
        return Some(Said::word(words, at.tail));
    }
    let word = next?;
    let bare = word.trim_end_matches(|c: char| !c.is_alphanumeric());
    let tail = word.strip_prefix(bare)?;
    // A single letter after a space is rather an initial than a magnitude.
    let magnitude = magnitude(bare).filter(|_| bare.len() > 1)?;
    Some(Said::words(
        format!("{amount} {magnitude} {}{tail}", name.many),
        2,
    ))
}

/// "5km", "5 km", "20°C", "7¢".
fn measured(at: &Window<'_>, next: Option<&str>, tables: &Tables) -> Option<Said> {
    let numeric = |c: char| c.is_ascii_digit() || matches!(c, ',' | '.' | '-');
    let split = at.core.find(|c| !numeric(c)).unwrap_or(at.core.len());
    let (amount, unit) = at.core.split_at(split);
    if !is_amount(amount) {
        return None;
    }
    let plural = if is_one(amount) { "" } else { "s" };
    if let Some(degrees) = degrees(unit) {
        return Some(Said::word(
            format!("{amount} degree{plural}{degrees}"),
            at.tail,
        ));
    }
    if unit == "¢" {
        return Some(Said::word(format!("{amount} cent{plural}"), at.tail));
    }
    if let Some(unit) = tables.units.get(unit) {
        return Some(Said::word(
            format!("{amount} {}", unit.for_amount(amount)),
            at.tail,
        ));
    }
    if !unit.is_empty() {
        return None;
    }
    let word = next?;
    let name = word.trim_end_matches(CLOSERS);
    let tail = word.strip_prefix(name)?;
    let unit = if let Some(degrees) = degrees(name) {
        format!("degree{plural}{degrees}")
    } else if let Some((_, unit)) = SHORT_UNITS.iter().find(|(short, _)| *short == name) {
        format!("{unit}{plural}")
    } else {
        tables.units.get(name)?.for_amount(amount).to_owned()
    };
    Some(Said::words(format!("{amount} {unit}{tail}"), 2))
}

/// Units that only stand for themselves when they stand alone ("5m" may be millions).
const SHORT_UNITS: [(&str, &str); 3] = [("m", "meter"), ("g", "gram"), ("L", "liter")];

/// The scale of a degree sign.
fn degrees(unit: &str) -> Option<&'static str> {
    match unit.strip_prefix('°')? {
        "C" => Some(" Celsius"),
        "F" => Some(" Fahrenheit"),
        "" => Some(""),
        _ => None,
    }
}
