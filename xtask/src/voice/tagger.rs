//! Packs the part-of-speech tagger: feature strings become 32-bit hashes, weights tenths in `i16`.
//!
//! Layout, little endian: `u32` hash seed, then sections each led by its `u32` byte length: tag
//! names joined by newlines; hashes of the fixed words, ascending; their tag indices; hashes of
//! the vocabulary, ascending; hashes of the features, ascending; `u32` offsets into the weights
//! (one more than features); weights as `[tag index u8][weight x 10 i16]`.

use super::lexicon::unzip;
use anyhow::{Context, Result, bail};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// Packs the gzipped JSON model.
///
/// # Errors
/// The JSON has another shape, or no seed hashes the features without a collision.
pub(super) fn pack(model: &[u8]) -> Result<Vec<u8>> {
    let model = unzip(model)?;
    let tags: Vec<&str> = list(&model, "tags")?;
    let index = |tag: &str| -> Result<u8> {
        let at = tags
            .iter()
            .position(|t| *t == tag)
            .with_context(|| format!("tag {tag:?}"))?;
        Ok(u8::try_from(at)?)
    };
    let fixed = object(&model, "tagdict")?;
    let features = object(&model, "weights")?;
    let vocabulary = list(&model, "vocab")?;
    let seed = free_seed(features)?;

    let mut fixed_words = BTreeMap::new();
    for (word, tag) in fixed {
        fixed_words.insert(
            hash(seed, word),
            index(tag.as_str().context("a tag is no string")?)?,
        );
    }
    let words: BTreeSet<u32> = vocabulary.iter().map(|w| hash(seed, w)).collect();
    let mut by_hash = BTreeMap::new();
    for (feature, weights) in features {
        let weights = weights
            .as_object()
            .with_context(|| format!("weights of {feature:?}"))?;
        let mut packed = Vec::new();
        for (tag, weight) in weights {
            let tenths = (weight.as_f64().context("a weight is no number")? * 10.0).round();
            if tenths.abs() > f64::from(i16::MAX) {
                bail!("weight {weight} of {feature:?} is out of range");
            }
            packed.push(index(tag)?);
            #[expect(clippy::cast_possible_truncation, reason = "checked above")]
            packed.extend((tenths as i16).to_le_bytes());
        }
        by_hash.insert(hash(seed, feature), packed);
    }
    let mut offsets = Vec::new();
    let mut weights = Vec::new();
    for packed in by_hash.values() {
        offsets.push(u32::try_from(weights.len() / 3)?);
        weights.extend(packed);
    }
    offsets.push(u32::try_from(weights.len() / 3)?);

    let mut out = seed.to_le_bytes().to_vec();
    let tag_of_word: Vec<u8> = fixed_words.values().copied().collect();
    for section in [
        tags.join("\n").into_bytes(),
        bytes(fixed_words.keys()),
        tag_of_word,
        bytes(words.iter()),
        bytes(by_hash.keys()),
        bytes(offsets.iter()),
        weights,
    ] {
        out.extend(u32::try_from(section.len())?.to_le_bytes());
        out.extend(section);
    }
    Ok(out)
}

/// FNV-1a with a seed and a final mix; the component's reader computes the same.
fn hash(seed: u32, text: &str) -> u32 {
    let mut x = text.bytes().fold(0x811c_9dc5 ^ seed, |x, byte| {
        (x ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    });
    x ^= x >> 15;
    x = x.wrapping_mul(0x2c1b_3c6d);
    x ^ (x >> 12)
}

/// The first seed under which no two features share a hash.
fn free_seed(features: &Map<String, Value>) -> Result<u32> {
    (1..64)
        .find(|&seed| {
            let distinct: BTreeSet<u32> = features.keys().map(|f| hash(seed, f)).collect();
            distinct.len() == features.len()
        })
        .context("no seed gives the tagger's features distinct hashes")
}

fn bytes<'a>(values: impl Iterator<Item = &'a u32>) -> Vec<u8> {
    values.flat_map(|v| v.to_le_bytes()).collect()
}

fn object<'a>(model: &'a Map<String, Value>, key: &str) -> Result<&'a Map<String, Value>> {
    model
        .get(key)
        .and_then(Value::as_object)
        .with_context(|| format!("the tagger has no table {key:?}"))
}

fn list<'a>(model: &'a Map<String, Value>, key: &str) -> Result<Vec<&'a str>> {
    let values = model.get(key).and_then(Value::as_array);
    values
        .and_then(|v| v.iter().map(Value::as_str).collect())
        .with_context(|| format!("the tagger has no list {key:?}"))
}
