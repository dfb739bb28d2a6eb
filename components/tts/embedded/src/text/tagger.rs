//! Averaged-perceptron part-of-speech tags (Penn set) from hashed tables.
//! The layout is written down where it is packed, in the set-up task's `voice/tagger.rs`.
#![allow(
    clippy::indexing_slicing,
    reason = "offsets and lengths come from a table that is packed from hash-pinned files"
)]

/// The packed tagger.
pub(crate) struct Tagger {
    seed: u32,
    tags: Vec<&'static str>,
    fixed_words: &'static [u8],
    fixed_tags: &'static [u8],
    vocabulary: &'static [u8],
    features: &'static [u8],
    offsets: &'static [u8],
    weights: &'static [u8],
}

impl Tagger {
    pub(crate) fn new(data: &'static [u8]) -> Self {
        let (head, mut rest) = data.split_at(4);
        let mut section = || {
            let (length, tail) = rest.split_at(4);
            let (section, next) = tail.split_at(u32_at(length, 0) as usize);
            rest = next;
            section
        };
        Tagger {
            seed: u32_at(head, 0),
            tags: std::str::from_utf8(section())
                .unwrap_or_default()
                .split('\n')
                .collect(),
            fixed_words: section(),
            fixed_tags: section(),
            vocabulary: section(),
            features: section(),
            offsets: section(),
            weights: section(),
        }
    }

    /// One tag for each word. Expects punctuation as words, and clitics split off (do|n't).
    pub(crate) fn tag(&self, words: &[&str]) -> Vec<&'static str> {
        let mut context = vec!["-START2-".to_owned(), "-START-".to_owned()];
        context.extend(words.iter().map(|word| self.seen_as(word)));
        context.extend(["-END-".to_owned(), "-END2-".to_owned()]);
        let (mut before, mut before2) = ("-START-", "-START2-");
        let mut scores = vec![0i32; self.tags.len()];
        let mut tags = Vec::with_capacity(words.len());
        for (i, word) in words.iter().enumerate() {
            let tag = match find(self.fixed_words, self.hash(&[word])) {
                Some(at) => self.tags[usize::from(self.fixed_tags[at])],
                None => {
                    let near = &context[i..i + 5];
                    self.judge(word, i == 0, near, before, before2, &mut scores)
                }
            };
            tags.push(tag);
            before2 = before;
            before = tag;
        }
        tags
    }

    /// The tag with the highest sum of weights. `near`: two words, this one, two words.
    fn judge(
        &self,
        word: &str,
        first: bool,
        near: &[String],
        before: &str,
        before2: &str,
        scores: &mut [i32],
    ) -> &'static str {
        scores.fill(0);
        let shape = shape(word);
        let letter = word.chars().next().map(String::from).unwrap_or_default();
        let place = if first { "i0" } else { "i+" };
        let features: [&[&str]; 15] = [
            &["b"],
            &["s3=", last3(word)],
            &["p1=", &letter],
            &["w=", &near[2]],
            &["sh=", &shape],
            &[place],
            &["t-1=", before],
            &["t-2=", before2],
            &["t-12=", before, ",", before2],
            &["w-1=", &near[1]],
            &["s3-1=", last3(&near[1])],
            &["w-2=", &near[0]],
            &["w+1=", &near[3]],
            &["s3+1=", last3(&near[3])],
            &["w+2=", &near[4]],
        ];
        let mut any = false;
        for feature in features {
            let Some(at) = find(self.features, self.hash(feature)) else {
                continue;
            };
            any = true;
            let range = u32_at(self.offsets, at) as usize..u32_at(self.offsets, at + 1) as usize;
            for weight in self.weights[range.start * 3..range.end * 3].chunks_exact(3) {
                scores[usize::from(weight[0])] +=
                    i32::from(i16::from_le_bytes([weight[1], weight[2]]));
            }
        }
        let best = scores
            .iter()
            .zip(&self.tags)
            .max_by_key(|(score, tag)| (**score, **tag));
        best.filter(|_| any).map_or("NN", |(_, tag)| tag)
    }

    /// The form under which the model knows a word.
    fn seen_as(&self, word: &str) -> String {
        let first = word.chars().next().unwrap_or(' ');
        let form = if word.contains('-') && first != '-' {
            "!HYPHEN".to_owned()
        } else if word.len() == 4 && word.bytes().all(|b| b.is_ascii_digit()) {
            "!YEAR".to_owned()
        } else if first.is_numeric() {
            "!DIGITS".to_owned()
        } else {
            word.to_lowercase()
        };
        match find(self.vocabulary, self.hash(&[&form])) {
            Some(_) => form,
            None => format!("<{}>", shape(word)),
        }
    }

    fn hash(&self, parts: &[&str]) -> u32 {
        let mut x = 0x811c_9dc5 ^ self.seed;
        for byte in parts.iter().flat_map(|part| part.bytes()) {
            x = (x ^ u32::from(byte)).wrapping_mul(0x0100_0193);
        }
        x ^= x >> 15;
        x = x.wrapping_mul(0x2c1b_3c6d);
        x ^ (x >> 12)
    }
}

fn u32_at(data: &[u8], index: usize) -> u32 {
    let at = index * 4;
    u32::from_le_bytes([data[at], data[at + 1], data[at + 2], data[at + 3]])
}

fn find(hashes: &[u8], hash: u32) -> Option<usize> {
    let (mut low, mut high) = (0, hashes.len() / 4);
    while low < high {
        let middle = usize::midpoint(low, high);
        match u32_at(hashes, middle).cmp(&hash) {
            std::cmp::Ordering::Less => low = middle + 1,
            std::cmp::Ordering::Greater => high = middle,
            std::cmp::Ordering::Equal => return Some(middle),
        }
    }
    None
}

/// Letter-case pattern of a word; per character (the first four) where it is not all letters.
fn shape(word: &str) -> String {
    let upper = |c: char| c.is_uppercase();
    if !word.is_empty() && word.chars().all(char::is_alphabetic) {
        let mut letters = word.chars();
        let capital = letters.next().is_some_and(upper);
        let name = if !word.chars().any(upper) {
            "x"
        } else if word.chars().all(upper) {
            if word.chars().count() > 1 { "XX" } else { "X1" }
        } else if capital && !letters.any(upper) {
            "Xx"
        } else {
            "xX"
        };
        return name.to_owned();
    }
    if word.bytes().all(|b| b.is_ascii_digit()) {
        return "d".to_owned();
    }
    let class = |c: char| match c {
        c if c.is_numeric() => 'd',
        c if c.is_alphabetic() => 'x',
        c => c,
    };
    word.chars().take(4).map(class).collect()
}

fn last3(word: &str) -> &str {
    word.char_indices()
        .rev()
        .nth(2)
        .and_then(|(at, _)| word.get(at..))
        .unwrap_or(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_follow_the_context() {
        let tagger = Tagger::new(crate::assets::TAGGER);
        let tags = tagger.tag(&["They", "record", "a", "record", "."]);
        assert!(tags[1].starts_with("VB"), "{tags:?}");
        assert_eq!(tags[2], "DT");
        assert_eq!(tags[3], "NN");
    }

    #[test]
    fn shapes() {
        for (word, expected) in [
            ("cat", "x"),
            ("I", "X1"),
            ("NASA", "XX"),
            ("Cat", "Xx"),
            ("iPod", "xX"),
            ("12", "d"),
            ("a1-b", "xd-x"),
        ] {
            assert_eq!(shape(word), expected);
        }
    }
}
