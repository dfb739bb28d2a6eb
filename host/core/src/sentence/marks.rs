//! What single characters mean to the splitter.

pub(super) use crate::text::{is_emoji_part, is_speakable};

/// Ends a sentence of a spaced script, if the context agrees.
pub(super) fn is_stop(c: char) -> bool {
    matches!(c, '.' | '!' | '?' | '…' | '‼' | '⁇' | '⁈' | '⁉') || is_wide_stop(c)
}

/// Ends a sentence wherever it stands: CJK, Arabic, Urdu and Devanagari full stops.
pub(super) fn is_wide_stop(c: char) -> bool {
    matches!(c, '。' | '｡' | '！' | '？' | '；' | '؟' | '۔' | '।' | '॥')
}

/// Separates clauses: the voice may pause here.
pub(super) fn is_clause(c: char) -> bool {
    matches!(c, ',' | ';' | ':' | '،' | '؛' | '–') || is_wide_clause(c)
}

/// A clause mark that needs no space after it.
pub(super) fn is_wide_clause(c: char) -> bool {
    matches!(c, '，' | '、' | '：' | '—' | '―')
}

/// What, right after a mark, still belongs to it. Includes the opening quotes that other languages
/// close with („so“, »so«) and the asterisks and underscores of Markdown.
pub(super) fn is_closer(c: char) -> bool {
    is_quote(c)
        || matches!(
            c,
            '\'' | '’' | '‘' | '›' | '‹' | '*' | '_' | '」' | '』' | '〉' | '》' | '】'
        )
        || is_closing_bracket(c)
}

/// A quotation mark that both opens and closes in some language: counted as a toggle.
pub(super) fn is_quote(c: char) -> bool {
    matches!(c, '"' | '“' | '”' | '„' | '«' | '»' | '＂')
}

/// Opens a bracket, or a quote that has a bracket's shape.
pub(super) fn is_opening_bracket(c: char) -> bool {
    matches!(
        c,
        '(' | '[' | '{' | '（' | '［' | '「' | '『' | '〈' | '《' | '【'
    )
}

/// Closes a bracket, or a quote that has a bracket's shape.
pub(super) fn is_closing_bracket(c: char) -> bool {
    matches!(
        c,
        ')' | ']' | '}' | '）' | '］' | '」' | '』' | '〉' | '》' | '】'
    )
}

/// A token that starts a line or a clause of its own rather than closing the one before.
pub(super) fn is_bullet(token: &str) -> bool {
    matches!(
        token,
        "-" | "*" | "+" | "•" | "·" | "‣" | "◦" | "▪" | ">" | "–" | "—" | "--"
    ) || (!token.is_empty() && token.chars().all(|c| c == '#'))
}

/// Han, kana and full-width letters: written without spaces, about a syllable each.
pub(super) fn is_cjk(c: char) -> bool {
    matches!(c,
        '\u{3040}'..='\u{30FF}' | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}'
        | '\u{F900}'..='\u{FAFF}' | '\u{FF66}'..='\u{FF9F}' | '\u{20000}'..='\u{323AF}' | '々')
}

/// Whether a line starts as a list item or a heading does: `- `, `1. `, `2) `, `a) `, `## `.
/// `None` while the line is too short to tell.
pub(super) fn is_list_line(line: &str) -> Option<bool> {
    let token_end = line.find(char::is_whitespace);
    let token = line.get(..token_end.unwrap_or(line.len())).unwrap_or("");
    let complete = token_end.is_some();
    if is_bullet(token) {
        return complete.then_some(true);
    }
    let label = token.trim_end_matches(['.', ')']);
    let closers = token.len() - label.len();
    let numbered =
        !label.is_empty() && label.len() <= 3 && label.bytes().all(|b| b.is_ascii_digit());
    let lettered = label.len() == 1 && label.bytes().all(|b| b.is_ascii_lowercase());
    let shaped = (numbered && closers <= 1) || (lettered && (closers == 0 || token.ends_with(')')));
    match (shaped, complete) {
        (true, true) => Some(closers == 1),
        (true, false) => None,
        (false, _) => Some(false),
    }
}
