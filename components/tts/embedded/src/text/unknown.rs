//! Reads words that no list knows: a character net with four output slots for each letter,
//! of which repeats and blanks are dropped.

use super::LoadError;
use rten::{Model, NodeId};
use rten_tensor::prelude::*;
use rten_tensor::{NdTensor, Tensor};
use serde::Deserialize;
use std::collections::HashMap;

/// Letters the net takes at once; longer words are read in stretches.
const MAX_LETTERS: usize = 24;

/// The loaded net.
pub(crate) struct Unknown {
    model: Model,
    input: NodeId,
    output: NodeId,
    letters: HashMap<char, i32>,
    phonemes: Vec<char>,
}

#[derive(Deserialize)]
struct Alphabets {
    r#in: Vec<char>,
    out: Vec<char>,
}

impl Unknown {
    /// # Errors
    /// The model or its alphabets are not what this module was written for.
    pub(crate) fn load(model: &'static [u8], alphabets: &str) -> Result<Self, LoadError> {
        let model = crate::net::options().load_static_slice(model)?;
        let alphabets: Alphabets = serde_json::from_str(alphabets)?;
        let node = |name: &'static str| model.find_node(name).ok_or(LoadError::Node(name));
        Ok(Unknown {
            input: node("chars")?,
            output: node("ids")?,
            letters: alphabets.r#in.into_iter().zip(1..).collect(),
            phonemes: alphabets.out,
            model,
        })
    }

    /// Phonemes of a run of letters; empty where no letter is known (another script).
    pub(crate) fn read(&self, word: &str) -> String {
        let letters: Vec<i32> = word
            .chars()
            .filter_map(|c| self.letters.get(&c).copied())
            .collect();
        letters
            .chunks(MAX_LETTERS)
            .filter_map(|stretch| self.stretch(stretch))
            .collect()
    }

    fn stretch(&self, letters: &[i32]) -> Option<String> {
        let input = NdTensor::from_data([1, letters.len()], letters.to_vec());
        let run = self.model.run_n(
            vec![(self.input, input.view().into())],
            [self.output],
            crate::net::run_options(),
        );
        let [classes] = run.ok()?;
        let classes: Tensor<i32> = classes.try_into().ok()?;
        let mut last = 0;
        let mut phonemes = String::new();
        for class in classes.to_vec() {
            if class != last {
                let index = usize::try_from(class - 1).ok();
                phonemes.extend(index.and_then(|i| self.phonemes.get(i)));
            }
            last = class;
        }
        Some(phonemes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assets;

    #[test]
    fn reads_letters_and_ignores_other_scripts() {
        let net = Unknown::load(assets::UNKNOWN_NET, assets::UNKNOWN_ALPHABETS).unwrap();
        assert!(net.read("Blorvik").contains("bl"));
        assert_eq!(net.read("漢字"), "");
        assert_eq!(net.read(""), "");
        // nothing is lost behind the twenty-fourth letter
        assert!(net.read(&"la".repeat(40)).matches('l').count() > 30);
    }
}
