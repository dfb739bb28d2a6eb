//! Numbers as English words.

const ONES: [&str; 20] = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
];
const TENS: [&str; 10] = [
    "", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety",
];
const THOUSANDS: [&str; 7] = [
    "",
    "thousand",
    "million",
    "billion",
    "trillion",
    "quadrillion",
    "quintillion",
];

/// "one hundred and twenty-three"; commas between groups of three digits.
pub(crate) fn cardinal(n: u64) -> String {
    let word = |list: &[&'static str], i: u64| -> &'static str {
        usize::try_from(i)
            .ok()
            .and_then(|i| list.get(i).copied())
            .unwrap_or_default()
    };
    match n {
        0..20 => word(&ONES, n).to_owned(),
        20..100 if n.is_multiple_of(10) => word(&TENS, n / 10).to_owned(),
        20..100 => format!("{}-{}", word(&TENS, n / 10), word(&ONES, n % 10)),
        100..1000 if n.is_multiple_of(100) => format!("{} hundred", word(&ONES, n / 100)),
        100..1000 => format!("{} hundred and {}", word(&ONES, n / 100), cardinal(n % 100)),
        _ => {
            let mut groups = Vec::new();
            let (mut rest, mut name) = (n, 0);
            while rest > 0 {
                if !rest.is_multiple_of(1000) {
                    let group = format!("{} {}", cardinal(rest % 1000), word(&THOUSANDS, name));
                    groups.push(group.trim().to_owned());
                }
                rest /= 1000;
                name += 1;
            }
            groups.reverse();
            match groups.split_last() {
                Some((last, rest)) if (1..100).contains(&(n % 1000)) => {
                    format!("{} and {last}", rest.join(", "))
                }
                _ => groups.join(", "),
            }
        }
    }
}

/// "twenty-third".
pub(crate) fn ordinal(n: u64) -> String {
    let words = cardinal(n);
    let at = words.rfind([' ', '-']).map_or(0, |i| i + 1);
    let (head, last) = words.split_at(at);
    let last = match last {
        "one" => "first".to_owned(),
        "two" => "second".to_owned(),
        "three" => "third".to_owned(),
        "five" => "fifth".to_owned(),
        "eight" => "eighth".to_owned(),
        "nine" => "ninth".to_owned(),
        "twelve" => "twelfth".to_owned(),
        tens if tens.ends_with('y') => format!("{}ieth", tens.trim_end_matches('y')),
        other => format!("{other}th"),
    };
    format!("{head}{last}")
}

/// A four-digit number read as a year: "nineteen oh-four", "two thousand and five".
pub(crate) fn year(n: u64) -> String {
    let (century, rest) = (n / 100, n % 100);
    if century == 0 || (century.is_multiple_of(10) && rest < 10) || century >= 100 {
        return cardinal(n);
    }
    let rest = match rest {
        0 => "hundred".to_owned(),
        1..10 => format!("oh-{}", cardinal(rest)),
        _ => cardinal(rest),
    };
    format!("{} {rest}", cardinal(century))
}

/// Digits only, and not too many for a `u64`.
pub(crate) fn integer(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

/// Whether the text is an amount: digits, inner commas and points, perhaps a minus.
pub(crate) fn is_amount(text: &str) -> bool {
    let text = text.strip_prefix('-').unwrap_or(text);
    text.starts_with(|c: char| c.is_ascii_digit())
        && text.ends_with(|c: char| c.is_ascii_digit())
        && text
            .bytes()
            .all(|b| b.is_ascii_digit() || b == b',' || b == b'.')
}

/// Whether an amount takes the singular.
pub(crate) fn is_one(amount: &str) -> bool {
    matches!(amount, "1" | "1.0" | "-1")
}

/// The value of a roman numeral below five hundred.
pub(crate) fn roman(text: &str) -> Option<u64> {
    let digits: Vec<i64> = text
        .chars()
        .map(|c| match c {
            'I' => Some(1),
            'V' => Some(5),
            'X' => Some(10),
            'L' => Some(50),
            'C' => Some(100),
            _ => None,
        })
        .collect::<Option<_>>()?;
    let next = digits.iter().skip(1).copied().chain([0]);
    let value: i64 = digits
        .iter()
        .zip(next)
        .map(|(&d, n)| if n > d { -d } else { d })
        .sum();
    u64::try_from(value).ok().filter(|v| *v > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cardinals() {
        for (n, words) in [
            (0, "zero"),
            (40, "forty"),
            (99, "ninety-nine"),
            (100, "one hundred"),
            (319, "three hundred and nineteen"),
            (1_000, "one thousand"),
            (1_005, "one thousand and five"),
            (
                1_234_567,
                "one million, two hundred and thirty-four thousand, five hundred and sixty-seven",
            ),
        ] {
            assert_eq!(cardinal(n), words);
        }
        assert!(cardinal(u64::MAX).starts_with("eighteen quintillion"));
    }

    #[test]
    fn ordinals_and_years() {
        for (n, words) in [
            (1, "first"),
            (12, "twelfth"),
            (20, "twentieth"),
            (22, "twenty-second"),
            (100, "one hundredth"),
        ] {
            assert_eq!(ordinal(n), words);
        }
        for (n, words) in [
            (1904, "nineteen oh-four"),
            (1999, "nineteen ninety-nine"),
            (1900, "nineteen hundred"),
            (2005, "two thousand and five"),
            (2026, "twenty twenty-six"),
        ] {
            assert_eq!(year(n), words);
        }
    }

    #[test]
    fn romans() {
        for (text, n) in [
            ("IV", Some(4)),
            ("XIX", Some(19)),
            ("XC", Some(90)),
            ("", None),
            ("IQ", None),
        ] {
            assert_eq!(roman(text), n);
        }
    }
}
