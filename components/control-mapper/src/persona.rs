//! What a parameter takes from the persona: look, voice, prompt, manner.

use tth_sdk::mapper::Persona;
use tth_sdk::{ParamDomain, ParamSpec, ParamValue};

use crate::fit::Fit;
use crate::layers::Wishes;
use crate::vocabulary::{LOOK, PROMPT, STYLE, VOICE};
use crate::words;

/// The prefixes of component names that say the role; a persona's file may leave them out.
const ROLES: [&str; 3] = ["llm_", "tts_", "avatar_"];

/// The value of a parameter that follows the persona; `None` where the persona says nothing for it.
pub(crate) fn fit(
    spec: &ParamSpec,
    persona: &Persona,
    wishes: &Wishes,
    target: &str,
) -> Option<Fit> {
    let text = match spec.follows.as_deref()? {
        LOOK => persona.look.clone()?,
        VOICE => voice(persona, target)?.to_owned(),
        PROMPT => words::prompt(persona, wishes),
        STYLE => words::style(persona, wishes),
        _ => return None,
    };
    if text.trim().is_empty() {
        return None;
    }
    Some(match &spec.domain {
        ParamDomain::Text => Fit::applied(ParamValue::Text(text), ""),
        ParamDomain::Choice(choices) => choose(&text, choices),
        ParamDomain::Number(_) => match text.trim().parse::<f64>() {
            Ok(number) => within(number, &spec.domain),
            Err(_) => Fit::ignored(format!("{text:?} is not a number")),
        },
        ParamDomain::Flag => Fit::downgraded(ParamValue::Flag(true), "it can only be on or off"),
    })
}

fn within(number: f64, domain: &ParamDomain) -> Fit {
    match domain {
        ParamDomain::Number((min, max, _)) if (*min..=*max).contains(&number) => {
            Fit::applied(ParamValue::Number(number), "")
        }
        _ => Fit::ignored(format!("{number} is out of the provider's range")),
    }
}

/// The choice of that name; else one that differs by a slip of the pen.
fn choose(wanted: &str, choices: &[String]) -> Fit {
    let wanted = wanted.trim();
    if let Some(same) = choices
        .iter()
        .find(|choice| choice.trim().eq_ignore_ascii_case(wanted))
    {
        return Fit::applied(ParamValue::Text(same.clone()), "");
    }
    // Names are data of the installation: a long one is not worth a long comparison.
    let key: String = wanted.to_lowercase().chars().take(64).collect();
    let distance = |choice: &&String| strsim::damerau_levenshtein(&key, &choice.to_lowercase());
    match choices.iter().min_by_key(distance) {
        Some(near) if distance(&near) <= 2 => Fit::downgraded(
            ParamValue::Text(near.clone()),
            format!("wanted {wanted:?}, given {near:?}: the nearest choice"),
        ),
        _ => Fit::ignored(format!(
            "the provider has no {wanted:?}; it has {}",
            choices.join(", ")
        )),
    }
}

/// The persona's voice for a provider, by its name with or without the role, else for "default".
fn voice<'a>(persona: &'a Persona, target: &str) -> Option<&'a str> {
    let target = key(target);
    let named = persona
        .voices
        .iter()
        .find(|(provider, _)| key(provider) == target);
    let found = named.or_else(|| {
        persona
            .voices
            .iter()
            .find(|(provider, _)| provider == "default")
    });
    found.map(|(_, voice)| voice.as_str())
}

fn key(name: &str) -> String {
    let name = name.trim().to_lowercase().replace('-', "_");
    let bare = ROLES.iter().find_map(|role| name.strip_prefix(role));
    bare.map_or(name.clone(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn persona(voices: &[(&str, &str)]) -> Persona {
        Persona {
            id: String::new(),
            name: String::new(),
            description: String::new(),
            prompt: String::new(),
            language: String::new(),
            look: None,
            style: vec![],
            voices: voices
                .iter()
                .map(|(p, v)| ((*p).into(), (*v).into()))
                .collect(),
        }
    }

    #[test]
    fn voices_are_found_by_provider() {
        let persona = persona(&[("default", "d"), ("embedded", "e"), ("tts_mock", "m")]);
        assert_eq!(voice(&persona, "tts-embedded"), Some("e"));
        assert_eq!(voice(&persona, "mock"), Some("m"));
        assert_eq!(voice(&persona, "other"), Some("d"));
        assert_eq!(voice(&super::tests::persona(&[]), "other"), None);
    }

    #[test]
    fn choices_forgive_a_slip_but_not_another_name() {
        let looks: Vec<String> = vec!["ava".into(), "benedict".into()];
        assert!(matches!(
            choose("Ava", &looks).outcome,
            tth_sdk::mapper::Outcome::Applied
        ));
        assert!(matches!(
            choose("benedickt", &looks).outcome,
            tth_sdk::mapper::Outcome::Downgraded
        ));
        assert!(matches!(
            choose("charlotte", &looks).outcome,
            tth_sdk::mapper::Outcome::Ignored
        ));
    }
}
