//! New inputs out of known ones.

use crate::rng::Rng;

/// The longest input that is made, in bytes.
const LONGEST: usize = 8 * 1_024;

/// Most changes to one input: the known ones are good, and many changes at once end at the first check.
const CHANGES: usize = 6;

/// Bytes that often stand at a limit.
const EDGES: [u8; 8] = [0, 1, 0x7f, 0x80, 0xfe, 0xff, b'\n', b' '];

/// An input made from one of `corpus`, with the `words` of its language; the same for the same seed.
pub(crate) fn mutate(corpus: &[Vec<u8>], words: &[&str], seed: u64) -> Vec<u8> {
    let mut rng = Rng::new(seed);
    let mut bytes = rng.pick(corpus).cloned().unwrap_or_default();
    for _ in 0..=rng.below(CHANGES) {
        change(&mut bytes, corpus, words, &mut rng);
    }
    bytes.truncate(LONGEST);
    bytes
}

fn change(bytes: &mut Vec<u8>, corpus: &[Vec<u8>], words: &[&str], rng: &mut Rng) {
    let at = rng.below(bytes.len() + 1);
    match rng.below(8) {
        0 => {
            let bit = rng.below(8);
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 1 << bit;
            }
        }
        1 => {
            let edge = rng.pick(&EDGES).copied().unwrap_or_default();
            if let Some(byte) = bytes.get_mut(at) {
                *byte = edge;
            }
        }
        2 => {
            let some = rng.next().to_le_bytes();
            let count = 1 + rng.below(some.len());
            insert(bytes, at, some.get(..count).unwrap_or_default());
        }
        3 => {
            let end = (at + 1 + rng.below(16)).min(bytes.len());
            bytes.drain(at.min(end)..end);
        }
        4 => bytes.truncate(at),
        5 => {
            let other = rng.pick(corpus).map_or(&[] as &[u8], Vec::as_slice);
            let part = part(other, rng).to_vec();
            insert(bytes, at, &part);
        }
        6 => {
            // The same again and again: nesting, long names, many of a kind.
            let part = part(bytes, rng);
            let part = part.get(..part.len().min(64)).unwrap_or_default();
            let repeated = part.repeat(1 + rng.below(40));
            insert(bytes, at, &repeated);
        }
        _ => {
            let word = rng.pick(words).copied().unwrap_or_default();
            insert(bytes, at, word.as_bytes());
        }
    }
}

fn part<'a>(bytes: &'a [u8], rng: &mut Rng) -> &'a [u8] {
    let from = rng.below(bytes.len());
    let length = 1 + rng.below(bytes.len() - from.min(bytes.len()));
    bytes.get(from..from + length).unwrap_or_default()
}

fn insert(bytes: &mut Vec<u8>, at: usize, part: &[u8]) {
    let tail = bytes.split_off(at.min(bytes.len()));
    bytes.extend_from_slice(part);
    bytes.extend(tail);
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn a_seed_says_all_and_seeds_differ() {
        let corpus = [b"data: hello\n\n".to_vec(), b"event: x\n".to_vec()];
        let all: BTreeSet<Vec<u8>> = (0..500)
            .map(|seed| mutate(&corpus, &["word"], seed))
            .collect();
        assert!(all.len() > 450, "{}", all.len());
        assert_eq!(mutate(&corpus, &["word"], 7), mutate(&corpus, &["word"], 7));
        assert!(
            all.iter()
                .any(|bytes| bytes.windows(4).any(|w| w == b"word"))
        );
    }

    #[test]
    fn nothing_known_is_no_reason_to_fail() {
        for seed in 0..500 {
            assert!(mutate(&[], &[], seed).len() <= LONGEST);
            assert!(mutate(&[vec![b'a'; 3 * LONGEST]], &[], seed).len() <= LONGEST);
        }
    }
}
