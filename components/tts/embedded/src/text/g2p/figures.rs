//! Words with digits: years, ordinals, money, decimals, digit by digit.

use super::dictionary::Dictionary;
use super::endings::{with_ed, with_ing, with_s};
use crate::text::normalize::numbers::{cardinal, ordinal, year};
use crate::text::phonemes::{Stress, stressed};

/// Endings that a number may carry.
const ENDINGS: [&str; 9] = ["ing", "'d", "ed", "'s", "st", "nd", "rd", "th", "s"];

/// Whether a word is a number, perhaps with an ending. A minus only counts at the head of a word.
pub(super) fn is_figure(word: &str, head: bool) -> bool {
    let bare = ENDINGS
        .iter()
        .find_map(|ending| word.strip_suffix(ending))
        .unwrap_or(word);
    word.bytes().any(|b| b.is_ascii_digit())
        && bare.char_indices().all(|(at, c)| {
            c.is_ascii_digit() || c == ',' || c == '.' || (head && at == 0 && c == '-')
        })
}

fn integer(digits: &str) -> Option<u64> {
    digits.parse().ok()
}

impl Dictionary {
    /// Reads a number. `money`: the currency sign before it. `head`: it begins the written word.
    pub(super) fn figure(&self, word: &str, money: Option<char>, head: bool) -> Option<String> {
        let number = word.trim_end_matches(|c: char| c.is_ascii_lowercase() || c == '\'');
        let ending = word.strip_prefix(number)?;
        let (minus, number) = match number.strip_prefix('-') {
            Some(rest) => (self.look_up("minus", "", None, None), rest),
            None => (None, number),
        };
        if !number.bytes().any(|b| b.is_ascii_digit()) {
            return None;
        }
        let spoken = self.unsigned(number, ending, minus.is_none(), money, head);
        let spoken = minus
            .into_iter()
            .chain([spoken])
            .collect::<Vec<_>>()
            .join(" ");
        Some(match ending {
            "s" | "'s" => with_s(spoken),
            "ed" | "'d" => with_ed(spoken),
            "ing" => with_ing(spoken),
            _ => spoken,
        })
    }

    fn unsigned(
        &self,
        number: &str,
        ending: &str,
        may_be_year: bool,
        money: Option<char>,
        head: bool,
    ) -> String {
        let digits = number.bytes().all(|b| b.is_ascii_digit());
        let bare = number.replace(',', "");
        let ranked = matches!(ending, "st" | "nd" | "rd" | "th");
        let year_like = digits && number.len() == 4 && !number.starts_with('0');
        if year_like && !ranked && may_be_year && money.is_none() {
            return self.amount(number, year);
        }
        if !head && !number.contains('.') && !ranked {
            return self.behind_letters(&bare);
        }
        if number.matches('.').count() > 1 || (!head && number.contains('.')) {
            let groups = bare.split('.').filter(|group| !group.is_empty());
            return groups
                .map(|group| self.version_part(group))
                .collect::<Vec<_>>()
                .join(" ");
        }
        if bare.len() > 1 && bare.starts_with('0') && bare.bytes().all(|b| b.is_ascii_digit()) {
            return self.digits(&bare);
        }
        let cents = bare.split_once('.').map(|(_, cents)| cents);
        if let Some(sign) = money.filter(|_| cents.is_none_or(|c| c.len() < 3)) {
            return self.money(&bare, sign);
        }
        if let Some((whole, fraction)) = bare.split_once('.') {
            return self.decimal(whole, fraction);
        }
        self.amount(&bare, if ranked { ordinal } else { cardinal })
    }

    /// A number too long for words is read digit by digit.
    fn amount(&self, digits: &str, words: fn(u64) -> String) -> String {
        match integer(digits) {
            Some(n) => self.say(&words(n)),
            None => self.digits(digits),
        }
    }

    /// Digits after a letter part: "B52", "A100", "x0042".
    fn behind_letters(&self, digits: &str) -> String {
        if digits.starts_with('0') || digits.len() > 3 {
            return self.digits(digits);
        }
        let Some((first, rest)) = digits.split_at_checked(1).filter(|_| digits.len() == 3) else {
            return self.amount(digits, cardinal);
        };
        match rest.strip_prefix('0') {
            Some("0") => self.amount(digits, cardinal),
            Some(last) => {
                let oh = stressed(&self.plain("O"), Some(Stress::Strip));
                [self.digits(first), oh, self.digits(last)].join(" ")
            }
            None => [self.digits(first), self.amount(rest, cardinal)].join(" "),
        }
    }

    /// One part of a version or an address.
    fn version_part(&self, digits: &str) -> String {
        let round = digits.bytes().skip(1).all(|b| b == b'0');
        if digits.starts_with('0') || (digits.len() != 2 && !round) {
            return self.digits(digits);
        }
        self.amount(digits, cardinal)
    }

    fn decimal(&self, whole: &str, fraction: &str) -> String {
        let mut parts = Vec::new();
        if !whole.is_empty() {
            parts.push(self.amount(whole, cardinal));
        }
        if !fraction.is_empty() {
            parts.push(self.say("point"));
            parts.push(self.digits(fraction));
        }
        parts.join(" ")
    }

    fn money(&self, amount: &str, sign: char) -> String {
        let (unit, part) = match sign {
            '£' => ("pound", "pence"),
            '€' => ("euro", "cent"),
            _ => ("dollar", "cent"),
        };
        let (whole, cents) = amount.split_once('.').unwrap_or((amount, ""));
        // "$3.5" is three fifty
        let cents = format!("{cents:0<2}");
        let many_whole = integer(whole) != Some(1);
        let cents = integer(&cents).unwrap_or(0);
        let mut parts = Vec::new();
        if integer(whole) != Some(0) && !whole.is_empty() || cents == 0 {
            parts.push(self.amount(whole, cardinal));
            parts.extend(self.counted(unit, many_whole));
        }
        if cents > 0 {
            if !parts.is_empty() {
                parts.extend(self.look_up("and", "", None, None));
            }
            parts.push(self.say(&cardinal(cents)));
            parts.extend(self.counted(part, cents != 1 && part != "pence"));
        }
        parts.join(" ")
    }

    fn counted(&self, unit: &str, many: bool) -> Option<String> {
        if !many {
            return self.look_up(unit, "", None, None);
        }
        let plural = format!("{unit}s");
        self.with_ending(&plural, "", None, None)
            .or_else(|| self.look_up(&plural, "", None, None))
    }

    fn digits(&self, digits: &str) -> String {
        let words = digits
            .chars()
            .filter_map(|c| c.to_digit(10))
            .map(|d| cardinal(u64::from(d)));
        words.map(|w| self.say(&w)).collect::<Vec<_>>().join(" ")
    }

    /// Reads number words; "and" is dropped, "point" is unstressed.
    fn say(&self, words: &str) -> String {
        let words = words.split(|c: char| !c.is_ascii_lowercase());
        let words = words.filter(|w| !w.is_empty() && *w != "and");
        let read = |w: &str| {
            let stress = (w == "point").then_some(Stress::Strip);
            self.look_up(w, "", stress, None)
        };
        words.filter_map(read).collect::<Vec<_>>().join(" ")
    }
}
