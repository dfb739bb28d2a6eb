//! Decides whether a mark ends an utterance, from the text before it and what is known after it.
//!
//! The decision is a pure function of the text: it says [`Verdict::Wait`] until the characters it
//! needs have arrived, so it can't depend on how the text was cut into pieces.

use super::marks::{
    is_bullet, is_cjk, is_clause, is_closer, is_emoji_part, is_list_line, is_opening_bracket,
    is_speakable, is_stop, is_wide_clause, is_wide_stop,
};
use super::words::{
    Abbreviation, abbreviation, is_after_ordinal, is_after_time, is_before_ordinal,
    is_single_letter, is_starter,
};

/// How far back the word before a mark is looked for, in characters.
const LOOK_BACK: usize = 24;

/// What kind of place is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A sentence mark.
    Stop,
    /// A clause mark, where what stands before it is long enough for an utterance.
    Clause,
    /// A line break.
    Line,
}

/// The place and its surroundings.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) kind: Kind,
    /// The pending text up to the mark.
    pub(super) before: &'a str,
    /// The current line up to the mark; `None` if the pending text starts in mid-line.
    pub(super) line: Option<&'a str>,
    /// The mark and all that followed it so far. Whitespace is normalised: a run is one space, one
    /// line break or two, and none is at the end.
    pub(super) tail: &'a str,
}

/// The decision. Sizes are bytes of [`Place::tail`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The utterance ends after so many bytes of the tail.
    End(usize),
    /// Not here; the next mark may be looked for after so many bytes.
    No(usize),
    /// More text is needed. `end` is where the utterance would end if nothing to speak followed.
    Wait {
        /// Bytes that belong to the utterance anyway.
        end: usize,
    },
}

/// How a run of marks reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    Dot,
    Ellipsis,
    Strong,
    Wide,
}

/// What follows the run of marks.
#[derive(Debug, Clone, Copy)]
struct After<'a> {
    /// The text that would start the next utterance.
    next: &'a str,
    /// Where the utterance would end, symbols after the mark included.
    end: usize,
    /// Line breaks between the two: 0, 1 or 2.
    breaks: usize,
    /// Whether a closing quote or bracket was seen after the mark.
    closed: bool,
}

impl<'a> After<'a> {
    /// The first word of the next utterance: letters and digits only.
    fn word(&self) -> &'a str {
        let start = self.next.find(is_speakable).unwrap_or(self.next.len());
        let word = self.next.get(start..).unwrap_or("");
        let end = word
            .find(|c: char| !c.is_alphanumeric())
            .unwrap_or(word.len());
        word.get(..end).unwrap_or("")
    }

    /// The first word once something follows it, and whether that is a full stop.
    fn whole_word(&self) -> Option<(&'a str, bool)> {
        let word = self.word();
        let start = self.next.find(is_speakable)?;
        let rest = self.next.get(start + word.len()..)?;
        rest.chars().next().map(|c| (word, c == '.'))
    }
}

/// Judges one place.
pub(super) fn judge(place: Place<'_>) -> Verdict {
    match place.kind {
        Kind::Stop => judge_stop(place),
        Kind::Clause => judge_clause(place),
        Kind::Line => judge_line(place),
    }
}

fn judge_stop(place: Place<'_>) -> Verdict {
    let (cluster, class, closed, emoji) = read_cluster(place.tail);
    let rest = place.tail.get(cluster..).unwrap_or("");
    let Some(first) = rest.chars().next() else {
        return Verdict::Wait { end: cluster };
    };
    if !first.is_whitespace() {
        let cjk_before = place.before.chars().next_back().is_some_and(is_cjk);
        let ends = match class {
            _ if is_clause(first) => false,
            // 「行こう。」と言った: the quote is part of the sentence.
            Class::Wide => !(closed && matches!(first, 'と' | 'っ')),
            _ if emoji => true,
            Class::Strong => is_cjk(first),
            Class::Dot => cjk_before && is_cjk(first),
            Class::Ellipsis => false,
        };
        return match (ends, rest.chars().any(is_speakable)) {
            (false, _) => Verdict::No(cluster),
            (true, true) => Verdict::End(cluster),
            (true, false) => Verdict::Wait { end: cluster },
        };
    }
    let Some(after) = read_after(place.tail, cluster, closed) else {
        return Verdict::Wait {
            end: symbols_end(place.tail, cluster),
        };
    };
    let wait = Verdict::Wait { end: after.end };
    match breaks_line(&place, &after) {
        Some(true) => return Verdict::End(after.end),
        Some(false) => {}
        None => return wait,
    }
    let Some(letter) = after.word().chars().next() else {
        return wait;
    };
    let small = letter.is_lowercase();
    let opened = !after.next.starts_with(letter);
    let ends = match class {
        Class::Wide => Some(true),
        // "Stop!" she said.
        _ if after.closed && small && !opened => Some(false),
        Class::Strong => Some(true),
        Class::Ellipsis => Some(!small && !letter.is_numeric()),
        Class::Dot => dot_ends(&place, &after, letter),
    };
    match ends {
        Some(true) => Verdict::End(after.end),
        Some(false) => Verdict::No(cluster),
        None => wait,
    }
}

/// Whether a single full stop, then a space, then `letter` is the end of a sentence; `None` while
/// the next word must be known as a whole.
fn dot_ends(place: &Place<'_>, after: &After<'_>, letter: char) -> Option<bool> {
    let small = letter.is_lowercase();
    let digit = letter.is_numeric();
    let (previous, token) = last_words(place.before);
    let starts_line = place.line.is_some_and(|line| line.trim_start() == token);
    let number = !token.is_empty() && token.bytes().all(|b| b.is_ascii_digit());
    if number && token.len() <= 3 && (starts_line || previous.ends_with(':')) {
        return Some(false); // "1. Open the box."
    }
    if number && token.len() <= 2 {
        if digit || is_before_ordinal(previous) {
            return Some(false); // "am 3. 10.", "der 3. Mai"
        }
        return after.whole_word().map(|(word, _)| !is_after_ordinal(word));
    }
    if is_single_letter(token) {
        if starts_line || small || digit {
            return Some(false);
        }
        // "J. R. R. Tolkien" goes on; "vitamin C. It helps." does not.
        return after
            .whole_word()
            .map(|(word, _)| word.chars().count() > 1 && is_starter(word));
    }
    let Some(reading) = abbreviation(token) else {
        return Some(true);
    };
    match reading {
        Abbreviation::Never => Some(false),
        Abbreviation::NumberOnly => Some(!digit),
        Abbreviation::Number => Some(!digit && !small),
        _ if small || digit => Some(false),
        Abbreviation::Any => Some(true),
        _ if !letter.is_uppercase() => Some(true),
        Abbreviation::Name => after
            .whole_word()
            .map(|(word, dot)| !dot && is_starter(word)),
        Abbreviation::Time => after.whole_word().map(|(word, _)| !is_after_time(word)),
    }
}

fn judge_clause(place: Place<'_>) -> Verdict {
    let mut chars = place.tail.char_indices();
    let Some((_, mark)) = chars.next() else {
        return Verdict::Wait { end: 0 };
    };
    let cluster = chars
        .find(|&(_, c)| !(is_closer(c) || (is_wide_clause(mark) && c == mark)))
        .map_or(place.tail.len(), |(at, _)| at);
    let rest = place.tail.get(cluster..).unwrap_or("");
    let Some(first) = rest.chars().next() else {
        return Verdict::Wait { end: cluster };
    };
    let needs_space = !(is_wide_clause(mark) || is_cjk(first));
    if !first.is_whitespace() && (first.is_numeric() || needs_space) {
        return Verdict::No(cluster);
    }
    match rest.chars().find(|&c| is_speakable(c)) {
        // A date or a list of numbers: "Jan. 15, 1929", "1, 2, 3".
        Some(next) if next.is_numeric() && mark == ',' => Verdict::No(cluster),
        Some(_) => Verdict::End(cluster),
        None => Verdict::Wait { end: cluster },
    }
}

fn judge_line(place: Place<'_>) -> Verdict {
    let Some(after) = read_after(place.tail, 0, false) else {
        return Verdict::Wait { end: 0 };
    };
    match breaks_line(&place, &after) {
        Some(true) => Verdict::End(0),
        Some(false) => Verdict::No(after.breaks),
        None => Verdict::Wait { end: 0 },
    }
}

/// Whether the line breaks after a mark end the utterance by themselves: an empty line, the end of
/// a list item, the start of one.
fn breaks_line(place: &Place<'_>, after: &After<'_>) -> Option<bool> {
    match after.breaks {
        0 => Some(false),
        1 if place
            .line
            .is_some_and(|line| is_list_line(line) == Some(true)) =>
        {
            Some(true)
        }
        1 => is_list_line(after.next),
        _ => Some(true),
    }
}

/// The run of marks at the start of the tail with the closing quotes, brackets and emoji attached
/// to it: its size, its class, whether it closes something, whether it holds emoji.
fn read_cluster(tail: &str) -> (usize, Class, bool, bool) {
    let (mut dots, mut strong, mut wide, mut closed, mut emoji) = (0, false, false, false, false);
    let mut size = 0;
    for (at, c) in tail.char_indices() {
        match c {
            '.' if closed => strong = true,
            '.' => dots += 1,
            '…' => dots += 3,
            _ if is_wide_stop(c) => wide = true,
            _ if is_stop(c) => strong = true,
            _ if is_closer(c) => closed = true,
            _ if is_emoji_part(c) => emoji = true,
            _ => break,
        }
        size = at + c.len_utf8();
    }
    let class = match (wide, strong, dots) {
        (true, _, _) => Class::Wide,
        (_, true, _) => Class::Strong,
        (_, _, 0 | 1) => Class::Dot,
        _ => Class::Ellipsis,
    };
    (size, class, closed, emoji)
}

/// What follows `from`, or `None` while there is nothing to speak in it. Symbols that stand alone
/// on the same line (emoji, a French closing quote) belong to what came before.
fn read_after(tail: &str, from: usize, closed: bool) -> Option<After<'_>> {
    let end = symbols_end(tail, from);
    let rest = tail.get(end..)?;
    let next = rest.trim_start();
    let gap = rest.get(..rest.len() - next.len())?;
    if !next.chars().any(is_speakable) {
        return None;
    }
    let symbols = tail.get(from..end)?;
    Some(After {
        next,
        end,
        breaks: gap.matches('\n').count(),
        closed: closed || symbols.chars().any(is_closer),
    })
}

/// Where the symbols that stand alone after `from`, on the same line, end.
fn symbols_end(tail: &str, from: usize) -> usize {
    let mut end = from;
    loop {
        let rest = tail.get(end..).unwrap_or("");
        let Some(token) = rest.strip_prefix(' ') else {
            return end;
        };
        // A token at the very end may still grow into a word.
        let Some(size) = token.find(char::is_whitespace) else {
            return end;
        };
        let token = token.get(..size).unwrap_or("");
        if is_bullet(token) || token.chars().any(is_speakable) {
            return end;
        }
        end += 1 + size;
    }
}

/// The last two words before a mark, without the brackets and quotes that open before them; the
/// first keeps a mark at its end.
fn last_words(before: &str) -> (&str, &str) {
    let start = before
        .char_indices()
        .rev()
        .take(LOOK_BACK)
        .last()
        .map_or(0, |(at, _)| at);
    let near = before.get(start..).unwrap_or("");
    let split = near.rfind(char::is_whitespace).unwrap_or(0);
    let last = near.get(split..).unwrap_or("").trim_start();
    let earlier = near.get(..split).unwrap_or("");
    let previous = earlier.split_whitespace().next_back().unwrap_or("");
    (
        previous.trim_start_matches(opens_word),
        last.trim_start_matches(opens_word),
    )
}

/// A bracket, quote or asterisk before a word. Not "°": "20 °C." is no initial.
fn opens_word(c: char) -> bool {
    is_closer(c) || is_opening_bracket(c) || matches!(c, '¿' | '¡')
}
