//! Reading one written word: function words whose sound depends on what follows, then the
//! dictionary in the fitting letter case, then endings.

use super::dictionary::{Ahead, Dictionary, Next, broad};
use crate::text::phonemes::Stress;

impl Dictionary {
    /// Reads a word by rule or by list; nothing where neither knows it.
    pub(super) fn word(
        &self,
        word: &str,
        tag: &str,
        stress: Option<Stress>,
        ahead: Ahead,
    ) -> Option<String> {
        if let Some(phonemes) = self.function_word(word, tag, stress, ahead) {
            return Some(phonemes);
        }
        let lower = word.to_lowercase();
        let word = if self.reads_better_in_lower_case(word, &lower, tag, stress, ahead) {
            lower.as_str()
        } else {
            word
        };
        if self.knows(word) {
            return self.look_up(word, tag, stress, Some(ahead));
        }
        if let Some(base) = word.strip_suffix('\'') {
            let possessive = base.strip_suffix('s').map(|stem| format!("{stem}'s"));
            for form in [possessive.as_deref(), Some(base)].into_iter().flatten() {
                if self.knows(form) {
                    return self.look_up(form, tag, stress, Some(ahead));
                }
            }
        }
        self.with_ending(word, tag, stress, Some(ahead))
    }

    /// A capital at the start of a sentence or for emphasis, not one of a name.
    fn reads_better_in_lower_case(
        &self,
        word: &str,
        lower: &str,
        tag: &str,
        stress: Option<Stress>,
        ahead: Ahead,
    ) -> bool {
        let letters = word.chars().count();
        let tail: String = word.chars().skip(1).collect();
        letters > 1
            && word != lower
            && word.chars().all(|c| c.is_alphabetic() || c == '\'')
            && (tag != "NNP" || letters > 7)
            && !self.checked(word)
            && self.find(word, false).is_none()
            && (word.to_uppercase() == word || tail.to_lowercase() == tail)
            && (self.checked(lower)
                || self.find(lower, false).is_some()
                || self.with_ending(lower, tag, stress, Some(ahead)).is_some())
    }

    fn function_word(
        &self,
        word: &str,
        tag: &str,
        stress: Option<Stress>,
        ahead: Ahead,
    ) -> Option<String> {
        let look_up = |word: &str, stress| self.look_up(word, "", stress, Some(ahead));
        match word {
            // inside addresses
            "." if tag == "ADD" => return look_up("dot", Some(Stress::Weaken)),
            "/" if tag == "ADD" => return look_up("slash", Some(Stress::Weaken)),
            "%" => return look_up("percent", None),
            "&" => return look_up("and", None),
            "+" => return look_up("plus", None),
            "@" => return look_up("at", None),
            _ => {}
        }
        let initials = word.trim_matches('.').contains('.')
            && word.chars().all(|c| c == '.' || c.is_alphabetic())
            && word.split('.').all(|part| part.chars().count() < 3);
        if initials {
            return self.spell(word);
        }
        let capitals = word.chars().nth(1).is_some() && word.to_uppercase() == word;
        let pause = ahead.sound == Next::Pause;
        let noun = tag.starts_with("NN");
        Some(match word.to_lowercase().as_str() {
            "a" if tag == "DT" => "ɐ".to_owned(),
            "a" => "ˈA".to_owned(),
            "am" | "an" if noun && (capitals || word == "am") => return self.spell(word),
            "am" if pause || word != "am" || stress_raises(stress) => self.plain("am"),
            "am" => "ɐm".to_owned(),
            "an" => "ɐn".to_owned(),
            "i" if word == "I" && tag == "PRP" => "ˌI".to_owned(),
            "by" if broad(tag) == "ADV" => "bˈI".to_owned(),
            "to" if !capitals || tag == "TO" || tag == "IN" => match ahead.sound {
                Next::Pause => self.plain("to"),
                Next::Vowel => "tʊ".to_owned(),
                Next::Consonant => "tə".to_owned(),
            },
            "in" if !capitals || tag != "NNP" => {
                if pause || tag != "IN" { "ˈɪn" } else { "ɪn" }.to_owned()
            }
            "the" if !capitals || tag == "DT" => if ahead.sound == Next::Vowel {
                "ði"
            } else {
                "ðə"
            }
            .to_owned(),
            "vs" | "vs." if tag == "IN" => return look_up("versus", None),
            "used" => {
                let past = (tag == "VBD" || tag == "JJ") && ahead.to;
                let tag = if past { "VBD" } else { "DEFAULT" };
                self.find("used", true)?
                    .into_iter()
                    .find(|r| r.tag == tag)?
                    .phonemes?
            }
            _ => return None,
        })
    }
}

fn stress_raises(stress: Option<Stress>) -> bool {
    matches!(stress, Some(Stress::AtLeastSide | Stress::AtLeastMain))
}
