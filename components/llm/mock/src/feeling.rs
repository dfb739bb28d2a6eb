//! Which feeling a text speaks of, by its words.

/// The labels of the contract's vocabulary, the default first.
pub(crate) const LABELS: [&str; 10] = [
    "neutral", "joy", "sadness", "anger", "fear", "surprise", "disgust", "calm", "excited",
    "tender",
];

/// A feeling and its strength, 0 to 1.
pub(crate) type Feeling = (&'static str, f32);

/// Words and the beginnings of words (with `*`) that speak of a feeling.
const LEXICON: [(&str, &[&str]); 9] = [
    (
        "joy",
        &[
            "wonderful",
            "happy",
            "happi*",
            "glad",
            "great",
            "joy*",
            "delight*",
            "lovely",
            "fantastic",
            "amazing",
            "awesome",
            "brilliant",
            "won",
            "engaged",
            "promot*",
            "birthday",
            "passed",
            "married",
            "congrat*",
            "proud",
            "success*",
            "celebrat*",
            "yay",
            "hooray",
            "love",
            "laugh*",
        ],
    ),
    (
        "sadness",
        &[
            "sad",
            "sadly",
            "sadness",
            "died",
            "dead",
            "death",
            "lost",
            "lonely",
            "alone",
            "cry",
            "crying",
            "cried",
            "funeral",
            "grief",
            "griev*",
            "miss",
            "heartbroken",
            "unhappy",
            "depress*",
            "miserable",
            "tears",
            "hopeless",
            "divorce*",
            "fired",
            "failed",
            "tired",
        ],
    ),
    (
        "anger",
        &[
            "angry", "anger", "furious", "mad", "hate", "hates", "annoy*", "unfair", "outrag*",
            "rage", "insult*", "stole", "cheated", "lied", "irritat*", "fed",
        ],
    ),
    (
        "fear",
        &[
            "afraid",
            "scared",
            "scary",
            "fear",
            "fears",
            "terrif*",
            "frighten*",
            "worried",
            "worry",
            "nervous",
            "anxious",
            "anxiety",
            "panic*",
            "danger*",
            "nightmare*",
        ],
    ),
    (
        "surprise",
        &[
            "surpris*",
            "unbelievable",
            "incredible",
            "unexpected*",
            "suddenly",
            "wow",
            "shock*",
            "astonish*",
            "whoa",
        ],
    ),
    (
        "disgust",
        &[
            "disgust*",
            "gross",
            "yuck",
            "revolting",
            "nasty",
            "rotten",
            "vomit*",
            "filthy",
            "mould*",
            "mold*",
        ],
    ),
    (
        "calm",
        &[
            "calm", "relax*", "peaceful", "quiet", "serene", "meditat*", "slow", "rest",
        ],
    ),
    (
        "excited",
        &[
            "excit*",
            "thrilled",
            "thrilling",
            "adventure*",
            "awaits",
            "countdown",
        ],
    ),
    (
        "tender",
        &[
            "baby",
            "hug",
            "hugs",
            "kitten*",
            "puppy",
            "grandma",
            "grandmother",
            "grandpa",
            "tender*",
            "cuddl*",
            "sweet",
            "kind",
            "dear",
            "newborn",
        ],
    ),
];

const NEGATIONS: [&str; 8] = [
    "not", "never", "no", "isn't", "wasn't", "don't", "didn't", "aren't",
];
const STRONGER: [&str; 8] = [
    "very",
    "so",
    "really",
    "extremely",
    "totally",
    "absolutely",
    "deeply",
    "utterly",
];

/// The strongest feeling in a text, if it speaks of any. `words` in lower case, `text` with its
/// exclamation marks.
pub(crate) fn of(words: &[String], text: &str) -> Option<Feeling> {
    let mut scores = [0.0f32; LEXICON.len()];
    let mut strength = 0.6f32;
    for (n, word) in words.iter().enumerate() {
        let lately = words.get(n.saturating_sub(2)..n).unwrap_or_default();
        let negated = lately.iter().any(|w| NEGATIONS.contains(&w.as_str()));
        if STRONGER.contains(&word.as_str()) {
            strength += 0.1;
        }
        for (place, (label, known)) in LEXICON.iter().enumerate() {
            if !known.iter().any(|pattern| matches(pattern, word)) {
                continue;
            }
            // "Not happy" is sad; "not afraid" says nothing of what is felt instead.
            let felt = match (negated, *label) {
                (false, _) => Some(place),
                (true, "joy" | "excited") => LEXICON.iter().position(|(l, _)| *l == "sadness"),
                (true, _) => None,
            };
            if let Some(score) = felt.and_then(|place| scores.get_mut(place)) {
                *score += 1.0;
            }
        }
    }
    // "Can't wait" is a feeling of two words.
    let waits = words
        .windows(2)
        .any(|pair| matches!(pair, [a, b] if a == "can't" && b == "wait"));
    if let (true, Some(score)) = (waits, scores.get_mut(7)) {
        *score += 2.0;
    }
    let best = scores.iter().copied().fold(0.0, f32::max);
    let place = scores
        .iter()
        .position(|score| *score > 0.0 && *score >= best)?;
    strength += 0.1 * text.matches('!').count().min(2) as f32;
    let (label, _) = LEXICON.get(place)?;
    Some((label, strength.min(1.0)))
}

fn matches(pattern: &str, word: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => word.starts_with(start),
        None => pattern == word,
    }
}

/// What an emoji means; only looked for where there are no words.
pub(crate) fn of_emoji(text: &str) -> Option<Feeling> {
    text.chars().find_map(|c| {
        let label = match c {
            '\u{1f600}'..='\u{1f60e}' | '\u{1f642}' | '\u{1f389}' | '\u{1f44d}' => "joy",
            '\u{1f614}'
            | '\u{1f61e}'..='\u{1f61f}'
            | '\u{1f622}'
            | '\u{1f625}'
            | '\u{1f62d}'
            | '\u{1f641}'
            | '\u{1f494}' => "sadness",
            '\u{1f620}' | '\u{1f621}' | '\u{1f624}' | '\u{1f92c}' => "anger",
            '\u{1f628}' | '\u{1f630}' | '\u{1f631}' => "fear",
            '\u{1f62e}' | '\u{1f632}' | '\u{1f92f}' => "surprise",
            '\u{1f922}' | '\u{1f92e}' => "disgust",
            '\u{2764}' | '\u{1f495}'..='\u{1f49e}' | '\u{1f917}' | '\u{1f970}' => "tender",
            '\u{1f929}' | '\u{1f525}' | '\u{1f680}' => "excited",
            _ => return None,
        };
        Some((label, 0.6))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text;

    fn label(said: &str) -> Option<&'static str> {
        of(&text::words(said), said).map(|(label, _)| label)
    }

    #[test]
    fn words_tell_the_feeling() {
        for (said, feels) in [
            ("I just got wonderful news!", "joy"),
            ("My dog died yesterday.", "sadness"),
            ("I am so angry at my boss", "anger"),
            ("I'm scared of the exam", "fear"),
            ("Wow, that was unexpected", "surprise"),
            ("The kitchen is disgusting", "disgust"),
            ("I feel calm today", "calm"),
            ("I can't wait for the trip", "excited"),
            ("I held the baby", "tender"),
            ("I am not happy", "sadness"),
        ] {
            assert_eq!(label(said), Some(feels), "{said}");
        }
        assert_eq!(label("The train leaves at nine"), None);
        assert_eq!(label("I am not afraid"), None);
    }

    #[test]
    fn emphasis_is_heard() {
        let strength = |said: &str| of(&text::words(said), said).unwrap().1;
        assert!(strength("I am very happy!") > strength("I am happy"));
        assert!(strength("so very really happy!!!!!!") <= 1.0);
    }

    #[test]
    fn labels_are_the_vocabulary() {
        assert!(LEXICON.iter().all(|(label, _)| LABELS.contains(label)));
        assert_eq!(LEXICON[7].0, "excited");
        assert_eq!(of_emoji("\u{1f62d}"), Some(("sadness", 0.6)));
        assert_eq!(of_emoji("abc"), None);
    }
}
