//! What a component declares, read from `tth plugin inspect --json`.

use anyhow::{Context, Result, bail};
use serde::Deserialize;

/// What a provider can follow, in the spelling that clients use and in the order of the document.
pub(super) const FOLLOWED: [&str; 12] = [
    "emotion.label",
    "emotion.intensity",
    "emotion.valence",
    "emotion.arousal",
    "character.speech_rate",
    "character.pitch_shift",
    "character.expressivity",
    "character.motion_gain",
    "persona.prompt",
    "persona.look",
    "persona.voice",
    "style",
];

/// The roles that have parameters, as the document calls them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Role {
    Llm,
    Tts,
    Avatar,
}

impl Role {
    pub(super) const ALL: [Role; 3] = [Role::Llm, Role::Tts, Role::Avatar];

    pub(super) fn title(self) -> &'static str {
        match self {
            Role::Llm => "Language models",
            Role::Tts => "Voices",
            Role::Avatar => "Faces",
        }
    }
}

/// A provider and its parameters.
#[derive(Debug, PartialEq)]
pub(super) struct Declared {
    /// The component's name: `<role>-<name>`.
    pub(super) name: String,
    pub(super) role: Role,
    pub(super) params: Vec<Param>,
}

#[derive(Debug, PartialEq, Deserialize)]
pub(super) struct Param {
    pub(super) name: String,
    pub(super) domain: Domain,
    pub(super) follows: Option<String>,
    pub(super) live: bool,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub(super) enum Domain {
    Text,
    Flag,
    Number { min: f64, max: f64, default: f64 },
    Choice { choices: Vec<String> },
}

#[derive(Deserialize)]
struct Inspected {
    role: String,
    problem: Option<String>,
    capabilities: Option<Capabilities>,
}

#[derive(Deserialize)]
struct Capabilities {
    params: Vec<Param>,
}

impl Declared {
    /// Reads the answer about the component `name`; none for one that maps controls.
    ///
    /// # Errors
    /// Where the component did not load, or follows a control that does not exist: nothing would
    /// ever set such a parameter.
    pub(super) fn parse(name: &str, json: &str) -> Result<Option<Declared>> {
        let inspected: Inspected =
            serde_json::from_str(json).with_context(|| format!("reading what {name} declares"))?;
        if let Some(problem) = inspected.problem {
            bail!("{name} cannot be asked what it can do: {problem}");
        }
        let Some(Capabilities { mut params }) = inspected.capabilities else {
            return Ok(None);
        };
        let role = serde_json::from_value(inspected.role.into())
            .with_context(|| format!("the role of {name}"))?;
        for param in &mut params {
            let Some(follows) = &mut param.follows else {
                continue;
            };
            *follows = follows.replace('-', "_");
            if !FOLLOWED.contains(&follows.as_str()) {
                bail!(
                    "the parameter `{}` of {name} follows `{follows}`, which is no control",
                    param.name
                );
            }
        }
        Ok(Some(Declared {
            name: name.to_owned(),
            role,
            params,
        }))
    }

    /// A double that stands in for a real provider.
    pub(super) fn mock(&self) -> bool {
        self.name.ends_with("-mock")
    }

    /// The parameters that follow a control.
    pub(super) fn followers<'a>(&'a self, control: &'a str) -> impl Iterator<Item = &'a Param> {
        self.params
            .iter()
            .filter(move |param| param.follows.as_deref() == Some(control))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_read_in_the_spelling_of_clients() {
        let json = r#"{"role": "tts", "size": 1, "problem": null, "capabilities": {"name": "x", "params": [
            {"name": "speed", "follows": "character.speech-rate", "live": true,
             "domain": {"kind": "number", "min": 0.5, "max": 2.0, "default": 1.0}},
            {"name": "tilt", "follows": null, "live": false, "domain": {"kind": "flag"}}]}}"#;
        let declared = Declared::parse("tts-x", json).unwrap().unwrap();
        assert_eq!((declared.role, declared.mock()), (Role::Tts, false));
        let names: Vec<_> = declared
            .followers("character.speech_rate")
            .map(|param| param.name.as_str())
            .collect();
        assert_eq!(names, ["speed"]);
    }

    #[test]
    fn a_mapper_declares_nothing() {
        let json = r#"{"role": "control-mapper", "problem": null, "capabilities": null}"#;
        assert_eq!(Declared::parse("control-mapper", json).unwrap(), None);
    }

    #[test]
    fn what_cannot_be_asked_or_follows_nothing_is_an_error() {
        let json = r#"{"role": "tts", "problem": "it is too new", "capabilities": null}"#;
        let error = Declared::parse("tts-x", json).unwrap_err().to_string();
        assert!(
            error.contains("tts-x") && error.contains("too new"),
            "{error}"
        );
        let json = r#"{"role": "tts", "problem": null, "capabilities": {"params": [
            {"name": "speed", "follows": "character.speed", "live": true, "domain": {"kind": "text"}}]}}"#;
        let error = Declared::parse("tts-x", json).unwrap_err().to_string();
        assert!(error.contains("`character.speed`"), "{error}");
    }
}
