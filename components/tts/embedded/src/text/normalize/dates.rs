//! Dates and times of day.

use super::numbers::{cardinal, integer, ordinal};
use super::{CLOSERS, Said, Window};

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// A month's name, whole or cut to three letters, with or without its full stop.
fn month(text: &str) -> Option<&'static str> {
    let text = text.trim_end_matches('.');
    if !text.starts_with(|c: char| c.is_ascii_uppercase()) {
        return None;
    }
    MONTHS.into_iter().find(|name| {
        *name == text
            || (text.len() == 3 && name.get(..3) == Some(text))
            || (text == "Sept" && *name == "September")
    })
}

fn day(text: &str) -> Option<u64> {
    integer(text).filter(|n| (1..=31).contains(n) && text.len() <= 2)
}

/// "March 3rd", "3 March", "the 3 of March".
pub(super) fn written(at: &Window<'_>) -> Option<Said> {
    month_then_day(at).or_else(|| day_then_month(at))
}

fn month_then_day(at: &Window<'_>) -> Option<Said> {
    if !matches!(at.tail, "" | ".") {
        return None;
    }
    let month = month(at.core)?;
    let next = at.ahead(1)?;
    let number = next.trim_end_matches(CLOSERS);
    let digits = number.trim_end_matches(|c: char| c.is_ascii_lowercase());
    let ending = number.strip_prefix(digits)?;
    if !matches!(ending, "" | "st" | "nd" | "rd" | "th") {
        return None;
    }
    let tail = next.strip_prefix(number)?;
    Some(Said::words(
        format!("{month} {}{tail}", ordinal(day(digits)?)),
        2,
    ))
}

fn day_then_month(at: &Window<'_>) -> Option<Said> {
    if !at.tail.is_empty() {
        return None;
    }
    let day = day(at.core)?;
    let of = usize::from(at.ahead(1) == Some("of"));
    let next = at.ahead(1 + of)?;
    let name = next.trim_end_matches(CLOSERS);
    let month = month(name)?;
    let tail = next.strip_prefix(name)?.trim_start_matches('.');
    let words = format!("the {} of {month}{tail}", ordinal(day));
    Some(Said {
        takes_back: at.behind(1) == Some("the"),
        ..Said::words(words, 2 + of)
    })
}

/// "7/4/1999", "7/4/99" (month first unless that cannot be), "1999-07-04".
pub(super) fn numeric(core: &str) -> Option<String> {
    if let [a, b, c] = parts(core, '/')?.as_slice() {
        let (first, second) = (integer(a)?, integer(b)?);
        let year = match (c.len(), integer(c)?) {
            (2, 31..) => format!("19{c}"),
            (2, _) => format!("20{c}"),
            _ => (*c).to_owned(),
        };
        let (month, day) = if first <= 12 {
            (first, second)
        } else {
            (second, first)
        };
        return of_numbers(Some(&year), month, day);
    }
    if let [year, month, day] = parts(core, '-')?.as_slice()
        && year.len() == 4
        && month.len() == 2
    {
        integer(year)?;
        return of_numbers(Some(year), integer(month)?, integer(day)?);
    }
    None
}

fn parts(text: &str, separator: char) -> Option<Vec<&str>> {
    (text.len() <= 16).then(|| text.split(separator).collect())
}

/// "July fourth, 1999"; nothing where month or day do not exist.
pub(super) fn of_numbers(year: Option<&str>, month: u64, day: u64) -> Option<String> {
    if !(1..=31).contains(&day) {
        return None;
    }
    let name = MONTHS.get(usize::try_from(month.checked_sub(1)?).ok()?)?;
    let year = year.map(|y| format!(", {y}")).unwrap_or_default();
    Some(format!("{name} {}{year}", ordinal(day)))
}

/// "5:45", "5:45pm" or "5:45 pm" (two words).
pub(super) fn time(at: &Window<'_>) -> Option<Said> {
    let clock = Clock::read(at.core)?;
    if clock.half.is_some() {
        return Some(Said::word(clock.words() + clock.rest, at.tail_after_half()));
    }
    if at.tail.is_empty()
        && clock.rest.is_empty()
        && let Some((half, rest)) = at.ahead(1).and_then(half)
    {
        let clock = Clock {
            half: Some(half),
            ..clock
        };
        // At the end the abbreviation's full stop also ends the sentence.
        let stop = if rest.is_empty() && at.ahead(2).is_none() {
            "."
        } else {
            ""
        };
        return Some(Said::words(clock.words() + rest + stop, 2));
    }
    Some(Said::word(clock.words() + clock.rest, at.tail))
}

struct Clock<'a> {
    hour: u64,
    minute: u64,
    half: Option<&'static str>,
    rest: &'a str,
}

impl<'a> Clock<'a> {
    fn read(text: &'a str) -> Option<Self> {
        let (hour, rest) = text.split_once(':')?;
        let hour = integer(hour).filter(|h| *h <= 24 && text.find(':') <= Some(2))?;
        let minute = integer(rest.get(..2)?).filter(|m| *m < 60)?;
        let rest = rest.get(2..)?;
        if rest.starts_with(|c: char| c.is_ascii_digit() || c == ':') {
            return None;
        }
        let (half, rest) = half(rest).map_or((None, rest), |(half, rest)| (Some(half), rest));
        Some(Clock {
            hour,
            minute,
            half,
            rest,
        })
    }

    fn words(&self) -> String {
        let hour = cardinal(self.hour);
        let minute = match self.minute {
            0 if self.half.is_some() => String::new(),
            0 => " o'clock".to_owned(),
            1..10 => format!(" oh {}", cardinal(self.minute)),
            _ => format!(" {}", cardinal(self.minute)),
        };
        format!("{hour}{minute}{}", self.half.unwrap_or_default())
    }
}

/// The half of the day at the head of a text, and what follows it.
fn half(text: &str) -> Option<(&'static str, &str)> {
    let found = [
        "a.m.", "p.m.", "A.M.", "P.M.", "a.m", "p.m", "A.M", "P.M", "am", "pm", "AM", "PM",
    ]
    .into_iter()
    .find_map(|form| text.strip_prefix(form).map(|rest| (form, rest)));
    let (form, rest) = found?;
    // "5:45 amber" is no time of day
    if rest.starts_with(char::is_alphanumeric) {
        return None;
    }
    Some((
        if form.starts_with(['a', 'A']) {
            " A.M."
        } else {
            " P.M."
        },
        rest,
    ))
}
