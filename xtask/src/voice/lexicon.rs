//! Packs the two word lists into one front-coded table for binary search without parsing.
//!
//! Layout, little endian: `u32` count of block offsets (one more than blocks), the offsets (from
//! the end of this header), then blocks of sixteen words in byte order. A word is
//! `[shared prefix][rest length][rest][kind][value length][value]`; kind 0 is the checked list,
//! 1 the second-rate one, 2 a checked word with readings by tag. A plain value is a run of
//! phoneme codes (index into [`ALPHABET`]); a tagged one repeats `[tag][length or 255][codes]`,
//! 255 meaning "spell it".

use anyhow::{Context, Result, bail};
use flate2::read::GzDecoder;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::io::Read;

/// Phoneme characters of the lists; the component's reader has the same table.
const ALPHABET: &str = "AIOWYbdfhijklmnpstuvwzæðŋɑɔəɛɜɡɪɹɾʃʊʌʒʔʤʧˈˌθᵊᵻ";
/// Tags that readings are listed under; the component's reader has the same table.
const TAGS: [&str; 10] = [
    "DEFAULT", "NOUN", "VERB", "ADJ", "ADV", "VBD", "VBN", "VBP", "DT", "None",
];
const WORDS_PER_BLOCK: usize = 16;
const SPELLED: u8 = 255;

/// Packs the gzipped JSON lists; a word in both keeps its checked reading.
///
/// # Errors
/// The JSON has another shape, or an entry does not fit the format.
pub(super) fn pack(gold: &[u8], silver: &[u8]) -> Result<Vec<u8>> {
    let mut words: BTreeMap<Vec<u8>, (u8, Vec<u8>)> = BTreeMap::new();
    for (list, kind) in [(silver, 1), (gold, 0)] {
        for (word, value) in unzip(list)? {
            let entry = entry(&value, kind).with_context(|| format!("entry {word:?}"))?;
            words.insert(word.into_bytes(), entry);
        }
    }
    let mut blocks = Vec::new();
    let mut offsets = Vec::new();
    let mut previous: &[u8] = &[];
    for (i, (word, (kind, value))) in words.iter().enumerate() {
        if i % WORDS_PER_BLOCK == 0 {
            offsets.push(u32::try_from(blocks.len())?);
            previous = &[];
        }
        let shared = previous
            .iter()
            .zip(word)
            .take_while(|(a, b)| a == b)
            .count();
        let rest = word.get(shared..).unwrap_or_default();
        blocks.push(u8::try_from(shared)?);
        blocks.push(u8::try_from(rest.len())?);
        blocks.extend(rest);
        blocks.push(*kind);
        blocks.push(u8::try_from(value.len())?);
        blocks.extend(value);
        previous = word;
    }
    offsets.push(u32::try_from(blocks.len())?);
    let mut out = u32::try_from(offsets.len())?.to_le_bytes().to_vec();
    for offset in offsets {
        out.extend(offset.to_le_bytes());
    }
    out.extend(blocks);
    Ok(out)
}

/// A gzipped JSON object.
pub(super) fn unzip(data: &[u8]) -> Result<Map<String, Value>> {
    let mut text = String::new();
    GzDecoder::new(data).read_to_string(&mut text)?;
    Ok(serde_json::from_str(&text)?)
}

fn entry(value: &Value, kind: u8) -> Result<(u8, Vec<u8>)> {
    match value {
        Value::String(phonemes) => Ok((kind, codes(phonemes)?)),
        Value::Object(readings) => {
            let mut out = Vec::new();
            for (tag, reading) in readings {
                let tag = TAGS
                    .iter()
                    .position(|t| t == tag)
                    .with_context(|| format!("tag {tag:?}"))?;
                out.push(u8::try_from(tag)?);
                match reading {
                    Value::Null => out.push(SPELLED),
                    Value::String(phonemes) => {
                        let codes = codes(phonemes)?;
                        out.push(u8::try_from(codes.len())?);
                        out.extend(codes);
                    }
                    other => bail!("a reading is {other}"),
                }
            }
            Ok((2, out))
        }
        other => bail!("neither a reading nor a table: {other}"),
    }
}

fn codes(phonemes: &str) -> Result<Vec<u8>> {
    phonemes
        .chars()
        .map(|c| {
            let code = ALPHABET
                .chars()
                .position(|a| a == c)
                .with_context(|| format!("phoneme {c:?}"))?;
            Ok(u8::try_from(code)?)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use std::io::Write;

    fn zipped(json: &str) -> Vec<u8> {
        let mut gz = GzEncoder::new(Vec::new(), Compression::fast());
        gz.write_all(json.as_bytes()).unwrap();
        gz.finish().unwrap()
    }

    #[test]
    fn layout_is_as_documented() {
        let gold = zipped(r#"{"ab": "bA", "abc": {"DEFAULT": "b", "NOUN": null}}"#);
        let silver = zipped(r#"{"ab": "d", "b": "d"}"#);
        let packed = pack(&gold, &silver).unwrap();
        let header: [u8; 12] = [2, 0, 0, 0, 0, 0, 0, 0, 24, 0, 0, 0];
        assert_eq!(packed[..12], header);
        let body: [&[u8]; 3] = [
            &[0, 2, b'a', b'b', 0, 2, 5, 0],
            // serde_json sorts the keys: DEFAULT with one code, then NOUN spelled
            &[2, 1, b'c', 2, 5, 0, 1, 5, 1, SPELLED],
            &[0, 1, b'b', 1, 1, 6],
        ];
        assert_eq!(packed[12..], body.concat());
    }

    #[test]
    fn an_unknown_phoneme_is_an_error() {
        assert!(pack(&zipped(r#"{"a": "?"}"#), &zipped("{}")).is_err());
    }
}
