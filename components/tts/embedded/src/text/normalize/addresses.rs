//! Addresses of the web and of mail, and file names: their marks are said.

use super::{Said, Window};

/// "https://example.com/a", "bob@example.com", "Node.js".
pub(super) fn read(at: &Window<'_>) -> Option<Said> {
    let core = ["https://", "http://"]
        .iter()
        .find_map(|s| at.core.strip_prefix(s));
    let mail = at.core.contains('@') && at.core.contains('.');
    let address = core.is_some() || mail || at.core.starts_with("www.");
    if !address && !is_dotted_name(at.core) {
        return None;
    }
    let core = core.unwrap_or(at.core);
    let mut words = String::with_capacity(core.len() * 2);
    for c in core.trim_end_matches('/').chars() {
        let mark = match c {
            '.' => "dot",
            '/' => "slash",
            '@' => "at",
            '-' if address => "dash",
            '_' => "underscore",
            ':' => "colon",
            '?' => "question mark",
            _ => "",
        };
        if mark.is_empty() {
            words.push(c);
        } else {
            words.push(' ');
            words.push_str(mark);
            words.push(' ');
        }
    }
    let words = match words.strip_prefix("www ") {
        Some(rest) => format!("W W W {rest}"),
        None => words,
    };
    Some(Said::word(words.trim_end().to_owned(), at.tail))
}

/// Parts of at least two letters or digits, the first of them letters, that a full stop joins
/// without a new sentence ("example.com", not "p.m", "end.Next" or "3.14").
fn is_dotted_name(core: &str) -> bool {
    let mut parts = core.split('.');
    let first = parts.next().unwrap_or_default();
    let part = |p: &str| p.len() > 1 && p.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    let mut more = parts.clone().peekable();
    part(first)
        && first.starts_with(|c: char| c.is_ascii_alphabetic())
        && more.peek().is_some()
        && more.all(|p| part(p) && p.starts_with(|c: char| c.is_ascii_lowercase()))
}
