//! A text in parts that are not too long.

/// A text in parts of `most` characters each, cut where it hurts least: behind a sentence, else a
/// clause, else a word, and only in need within one. Together they are the text.
pub fn split(text: &str, most: usize) -> Vec<&str> {
    let most = most.max(1);
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some((end, _)) = rest.char_indices().nth(most) {
        let (head, _) = rest.split_at(end);
        let (part, left) = rest.split_at(best_cut(head, most));
        parts.push(part);
        rest = left;
    }
    if !rest.is_empty() {
        parts.push(rest);
    }
    parts
}

/// Where to cut `head`, which must not be empty, in bytes from its start. A part is at least a
/// quarter of what it may be, unless there is no other place.
fn best_cut(head: &str, most: usize) -> usize {
    let least = head.char_indices().nth(most / 4).map_or(0, |(at, _)| at);
    let behind = |ends: fn(char) -> bool| {
        let mut after = head.char_indices().map(|(at, c)| (at + c.len_utf8(), c));
        let places = after.by_ref().filter(|(_, c)| ends(*c));
        places.map(|(end, _)| end).filter(|end| *end > least).last()
    };
    behind(|c| ".!?…。！？\n".contains(c))
        .or_else(|| behind(|c| ",;:—–，、；：".contains(c)))
        .or_else(|| behind(char::is_whitespace))
        .unwrap_or(head.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn cuts_are_where_a_speaker_would_pause() {
        for (text, most, wanted) in [
            (
                "One two. Three four five.",
                12,
                vec!["One two.", " Three four ", "five."],
            ),
            ("One, two three", 9, vec!["One,", " two ", "three"]),
            ("abcdefgh", 3, vec!["abc", "def", "gh"]),
            ("你好。世界", 3, vec!["你好。", "世界"]),
            ("short", 10, vec!["short"]),
            ("", 10, vec![]),
        ] {
            assert_eq!(split(text, most), wanted, "{text}");
        }
    }

    proptest! {
        #[test]
        fn parts_are_the_text_and_none_is_too_long(text in "\\PC{0,200}", most in 1_usize..40) {
            let parts = split(&text, most);
            prop_assert_eq!(&parts.concat(), &text);
            prop_assert!(parts.iter().all(|part| (1..=most).contains(&part.chars().count())));
        }
    }
}
