//! Answers of a language model on their way to a voice: any text, any limits, cut anywhere.

use crate::cuts;
use tth_core::sentence::{SentenceBuffer, SentenceOptions, TAIL_CHARS};
use tth_core::text::speakable;

/// Parts of an answer.
pub(crate) const WORDS: &[&str] = &[
    ". ",
    "! ",
    "...",
    "…",
    "。",
    "？",
    ", ",
    "; ",
    "—",
    "(",
    ")",
    "\"",
    "“",
    "”",
    "「",
    "」",
    "\n",
    "\n\n",
    "- ",
    "1. ",
    "Mr. ",
    "e.g. ",
    "U.S. ",
    "p.m. ",
    "der 3. Mai ",
    "3.14",
    "1,000",
    "https://a.b/c?d=e.f ",
    "🙂",
    "👩\u{200D}🚀",
    "❤\u{FE0F}",
    "你好",
    "と",
    "مرحبا؟",
    "\u{a0}",
    "extraordinarily",
];

/// Three bytes of options (see [`options`]), then the answer.
///
/// - The utterances do not depend on how the answer was cut.
/// - Together they are the answer, up to white space; so are those given so far and what is pending.
/// - None is empty, untrimmed, of several lines, or longer than its limit.
/// - None has nothing to speak, unless the answer is silent for longer than the buffer waits.
/// - A buffer is as new after the end; a break in between loses nothing.
///
/// # Panics
/// When one of these is broken.
pub fn sentence_buffer(data: &[u8]) {
    let Some((settings, answer)) = data.split_first_chunk::<3>() else {
        return;
    };
    let options = options(*settings);
    let answer = String::from_utf8_lossy(answer);
    let whole = split(options, [answer.as_ref()]);
    assert_eq!(split(options, cuts::letters(&answer)), whole, "by letters");
    assert_eq!(split(options, cuts::text(&answer)), whole, "in pieces");
    assert_eq!(visible(&whole.concat()), visible(&answer), "all of it");
    for utterance in &whole {
        check(utterance, &answer, options);
    }
    break_in_between(options, &answer);
}

/// The least length of a first utterance, of a later clause (`~` and above: whole sentences only),
/// and half of the greatest length less one, in characters.
fn options([first, clause, most]: [u8; 3]) -> SentenceOptions {
    let least = |byte| match byte {
        b'~'.. => usize::MAX,
        byte => usize::from(byte),
    };
    SentenceOptions {
        min_first_chars: least(first),
        min_clause_chars: least(clause),
        max_chars: 1 + 2 * usize::from(most),
    }
}

fn split<'a>(options: SentenceOptions, pieces: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut buffer = SentenceBuffer::new(options);
    let (mut given, mut taken) = (Vec::new(), String::new());
    for (count, piece) in pieces.into_iter().enumerate() {
        given.extend(buffer.push(piece));
        taken.push_str(piece);
        // Not every time, which would take the square of the answer's length.
        if count % 64 == 0 {
            let so_far = given.concat() + buffer.pending();
            assert_eq!(visible(&so_far), visible(&taken), "so far");
        }
    }
    given.extend(buffer.finish());
    assert_eq!(buffer.pending(), "", "nothing is left at the end");
    assert_eq!(buffer.finish(), None, "there is nothing left of nothing");
    given
}

fn check(utterance: &str, answer: &str, options: SentenceOptions) {
    let one_line = utterance.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(utterance, one_line, "trimmed, on one line");
    assert!(!utterance.is_empty(), "no utterance is empty");
    let length = utterance.chars().count();
    let most = options.max_chars.saturating_add(TAIL_CHARS);
    assert!(length <= most, "{length} characters: {utterance:?}");
    if !speakable(utterance) {
        let excused =
            !speakable(answer) || longest_silence(answer) + 4 > TAIL_CHARS.min(options.max_chars);
        assert!(excused, "there is nothing to say in {utterance:?}");
    }
}

/// A hint ends what is pending; before and behind it nothing may be lost.
fn break_in_between(options: SentenceOptions, answer: &str) {
    let middle = answer.char_indices().nth(answer.chars().count() / 2);
    let (before, behind) = answer.split_at(middle.map_or(0, |(at, _)| at));
    let mut buffer = SentenceBuffer::new(options);
    let mut given = buffer.push(before);
    given.extend(buffer.cut());
    assert_eq!(visible(&given.concat()), visible(before), "up to the break");
    given.extend(buffer.push(behind));
    given.extend(buffer.finish());
    assert_eq!(visible(&given.concat()), visible(answer), "with a break");
}

fn visible(text: &str) -> String {
    text.split_whitespace().collect()
}

/// The longest run without a letter or digit, white space counted as one character.
fn longest_silence(text: &str) -> usize {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    line.split(|letter: char| speakable(letter.encode_utf8(&mut [0; 4])))
        .map(|run| run.chars().count())
        .max()
        .unwrap_or_default()
}
