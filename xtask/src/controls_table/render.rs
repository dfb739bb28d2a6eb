//! The generated section: for each role who follows what, then every parameter with its domain.

use super::declared::{Declared, Domain, FOLLOWED, Param, Role};

use anyhow::{Result, bail};
use std::fmt::Write as _;

/// The section as Markdown.
///
/// # Errors
/// If there is nothing to show, which would hide that nothing was built.
pub(super) fn section(declared: &[Declared]) -> Result<String> {
    if declared.is_empty() {
        bail!("no component declares anything");
    }
    let mut text = String::from(
        "Each cell names the parameter that follows the control, ⚡ where it takes effect at once, else\n\
         from the next utterance. Where there is none, the control goes another way (into a label or a\n\
         place, or into words), or the report says `ignored`: see [Mapping](#mapping).\n",
    );
    for role in Role::ALL {
        let of_role: Vec<_> = declared.iter().filter(|d| d.role == role).collect();
        if of_role.is_empty() {
            continue;
        }
        let _infallible = write!(text, "\n### {}\n\n", role.title());
        text.push_str(&who_follows_what(&of_role));
        text.push('\n');
        text.push_str(&parameters(&of_role));
    }
    Ok(text)
}

/// Controls down, providers across; only controls that one of them follows have a row.
fn who_follows_what(declared: &[&Declared]) -> String {
    let mut table = row("control", declared.iter().map(|one| shown(one)));
    table.push_str(&rule(declared.len() + 1));
    for control in FOLLOWED {
        let cell = |one: &&Declared| {
            let names: Vec<_> = one
                .followers(control)
                .map(|param| format!("`{}`{}", param.name, if param.live { " ⚡" } else { "" }))
                .collect();
            if names.is_empty() {
                "–".to_owned()
            } else {
                names.join(", ")
            }
        };
        let followed = declared
            .iter()
            .any(|one| one.followers(control).next().is_some());
        if followed || !control.starts_with("persona.") && control != "style" {
            table.push_str(&row(&format!("`{control}`"), declared.iter().map(cell)));
        }
    }
    table
}

/// Every parameter of every provider.
fn parameters(declared: &[&Declared]) -> String {
    let head = ["parameter", "follows", "takes", "live"];
    let mut table = row("provider", head.map(str::to_owned));
    table.push_str(&rule(5));
    for one in declared {
        for param in &one.params {
            let follows = param.follows.as_ref().map_or_else(
                || "nothing yet".to_owned(),
                |control| format!("`{control}`"),
            );
            let live = if param.live { "yes" } else { "no" };
            let name = format!("`{}`", param.name);
            let texts = [name, follows, domain(param), live.to_owned()];
            table.push_str(&row(&shown(one), texts));
        }
    }
    table
}

fn domain(param: &Param) -> String {
    match &param.domain {
        Domain::Text => "text".to_owned(),
        Domain::Flag => "on or off".to_owned(),
        Domain::Number { min, max, default } => format!("{min} to {max}, else {default}"),
        Domain::Choice { choices } => choices.join(", "),
    }
}

fn shown(one: &Declared) -> String {
    let mock = if one.mock() { " (mock)" } else { "" };
    format!("{}{mock}", one.name)
}

fn row(first: &str, others: impl IntoIterator<Item = String>) -> String {
    let mut text = format!("| {first} |");
    for other in others {
        let _infallible = write!(text, " {} |", other.replace('|', "\\|"));
    }
    text.push('\n');
    text
}

fn rule(columns: usize) -> String {
    format!("|{}\n", "---|".repeat(columns))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn voices() -> Vec<Declared> {
        let param = |name: &str, follows: Option<&str>, domain, live| Param {
            name: name.into(),
            domain,
            follows: follows.map(str::to_owned),
            live,
        };
        let speed = Domain::Number {
            min: 0.5,
            max: 2.0,
            default: 1.0,
        };
        let moods = Domain::Choice {
            choices: vec!["calm".into(), "a|b".into()],
        };
        let one = Declared {
            name: "tts-one".into(),
            role: Role::Tts,
            params: vec![
                param("speed", Some("character.speech_rate"), speed, true),
                param("tilt", None, Domain::Flag, false),
            ],
        };
        let other = Declared {
            name: "tts-mock".into(),
            role: Role::Tts,
            params: vec![param("mood", Some("emotion.label"), moods, false)],
        };
        vec![one, other]
    }

    #[test]
    fn both_tables_say_what_was_declared() {
        let text = section(&voices()).unwrap();
        for line in [
            "### Voices",
            "| control | tts-one | tts-mock (mock) |",
            "| `emotion.label` | – | `mood` |",
            "| `character.speech_rate` | `speed` ⚡ | – |",
            "| `character.motion_gain` | – | – |",
            "| tts-one | `speed` | `character.speech_rate` | 0.5 to 2, else 1 | yes |",
            "| tts-one | `tilt` | nothing yet | on or off | no |",
            "| tts-mock (mock) | `mood` | `emotion.label` | calm, a\\|b | no |",
        ] {
            assert!(text.lines().any(|is| is == line), "{line}\n{text}");
        }
        assert!(!text.contains("persona.look"), "{text}");
        assert!(!text.contains("Faces"), "{text}");
    }

    #[test]
    fn any_change_of_a_declaration_changes_the_text() {
        let before = section(&voices()).unwrap();
        let mut changed = voices();
        if let Some(param) = changed[0].params.first_mut() {
            param.live = false;
        }
        assert_ne!(section(&changed).unwrap(), before);
    }

    #[test]
    fn nothing_declared_is_no_table() {
        assert!(section(&[]).is_err());
    }
}
