//! What the conversation has told: who the persona is, who the user is, what was said.

use crate::feeling;
use crate::text;
use tth_sdk::llm::{Message, Role};

/// The name of a persona that was given none.
const NAME: &str = "Mira";

/// Who is speaking.
#[derive(Debug, PartialEq)]
pub(crate) struct Persona {
    pub(crate) name: String,
    /// E.g. "a patient guide", where the prompt says so.
    pub(crate) role: Option<String>,
}

impl Persona {
    /// From the first prompt that names one with "You are ...".
    pub(crate) fn from_prompts<'a>(prompts: impl Iterator<Item = &'a str>) -> Self {
        let mut role = None;
        for prompt in prompts {
            let Some((_, told)) = prompt.split_once("You are ") else {
                continue;
            };
            let sentence = told.split(['.', '\n', '!']).next().unwrap_or_default();
            let named = name_at_start(sentence);
            let rest = named.as_ref().map_or(sentence, |name| {
                sentence.get(name.len()..).unwrap_or_default()
            });
            let part = rest.trim_start_matches([',', ' ']);
            if ["a ", "an ", "the "]
                .iter()
                .any(|article| part.starts_with(article))
            {
                role = role.or_else(|| Some(text::cut(&text::clean(part))));
            }
            if let Some(name) = named {
                return Persona { name, role };
            }
        }
        Persona {
            name: NAME.into(),
            role,
        }
    }
}

/// Up to three capitalised words.
fn name_at_start(text: &str) -> Option<String> {
    let mut name = String::new();
    for word in text.split(' ').take(3) {
        let bare = word.trim_end_matches(|c: char| !c.is_alphanumeric());
        if !bare.starts_with(char::is_uppercase) {
            break;
        }
        if !name.is_empty() {
            name.push(' ');
        }
        name.push_str(bare);
        if bare.len() < word.len() {
            break;
        }
    }
    (!name.is_empty() && name.chars().count() <= 40).then_some(name)
}

/// The conversation so far.
#[derive(Debug)]
pub(crate) struct Memory {
    /// What the user says now, as it came.
    pub(crate) raw: String,
    /// The same, clean.
    pub(crate) said: String,
    /// The user's earlier messages, clean, without empty ones.
    pub(crate) earlier: Vec<String>,
    /// The user's name, if it was told.
    pub(crate) user: Option<String>,
    turn: u64,
}

impl Memory {
    pub(crate) fn of(messages: &[Message]) -> Self {
        let users: Vec<&str> = messages
            .iter()
            .filter(|message| message.role == Role::User)
            .map(|message| message.content.as_str())
            .collect();
        let (raw, before) = users
            .split_last()
            .map_or(("", [].as_slice()), |(last, all)| (*last, all));
        let clean: Vec<String> = users.iter().map(|said| text::clean(said)).collect();
        Memory {
            raw: raw.chars().take(200).collect(),
            said: clean.last().cloned().unwrap_or_default(),
            user: clean.iter().rev().find_map(|said| name_told(said)),
            earlier: clean
                .into_iter()
                .take(before.len())
                .filter(|said| !said.is_empty())
                .collect(),
            turn: users.len() as u64,
        }
    }

    /// Which message of the user this is, from 1.
    pub(crate) fn turn(&self) -> u64 {
        self.turn
    }
}

/// The name that somebody tells as theirs.
pub(crate) fn name_told(clean: &str) -> Option<String> {
    const FIRM: [&str; 5] = [
        "my name is ",
        "my name's ",
        "call me ",
        "i'm called ",
        "i am called ",
    ];
    const LOOSE: [&str; 4] = ["i'm ", "i am ", "this is ", "it's "];
    let after = |phrase: &str| {
        let start = find(clean, phrase)?;
        clean.get(start + phrase.len()..)
    };
    for phrase in FIRM {
        if let Some(name) = after(phrase).and_then(first_name) {
            return Some(text::capital(&name));
        }
    }
    // "I'm Sam." is a name; "I'm tired" and "I'm German and tired" are not.
    for phrase in LOOSE {
        let Some(rest) = after(phrase) else { continue };
        let Some(name) = first_name(rest) else {
            continue;
        };
        let ends = rest
            .get(name.len()..)
            .is_some_and(|tail| !tail.starts_with(' '));
        let feels = feeling::of(&[name.to_lowercase()], "").is_some();
        if ends
            && !feels
            && name.starts_with(char::is_uppercase)
            && name.chars().any(char::is_lowercase)
        {
            return Some(name);
        }
    }
    None
}

/// Where an ASCII phrase starts in a text, whatever the case; only at the start of a word.
fn find(text: &str, phrase: &str) -> Option<usize> {
    // ASCII case folding keeps every byte where it is.
    let folded = text.to_ascii_lowercase();
    folded
        .match_indices(phrase)
        .map(|(place, _)| place)
        .find(|place| {
            !folded
                .get(..*place)
                .is_some_and(|head| head.ends_with(|c: char| c.is_alphanumeric() || c == '\''))
        })
}

fn first_name(text: &str) -> Option<String> {
    let name: String = text
        .chars()
        .take_while(|c| c.is_alphabetic() || *c == '-')
        .collect();
    let long = name.chars().count();
    (2..=24).contains(&long).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(prompt: &str) -> (String, Option<String>) {
        let persona = Persona::from_prompts([prompt].into_iter());
        (persona.name, persona.role)
    }

    #[test]
    fn the_prompt_says_who_speaks() {
        assert_eq!(
            named("You are Ada, a patient guide. Be brief."),
            ("Ada".into(), Some("a patient guide".into()))
        );
        assert_eq!(
            named("You are Ada Lovelace."),
            ("Ada Lovelace".into(), None)
        );
        assert_eq!(
            named("You are a helpful assistant."),
            (NAME.into(), Some("a helpful assistant".into()))
        );
        assert_eq!(named("Be brief."), (NAME.into(), None));
        assert_eq!(named(""), (NAME.into(), None));
    }

    #[test]
    fn names_are_heard_and_feelings_are_no_names() {
        for (said, name) in [
            ("Hi, my name is sam.", Some("Sam")),
            ("I'm Alex.", Some("Alex")),
            ("Call me Jo!", Some("Jo")),
            ("I'm Happy", None),
            ("I'm German and tired", None),
            ("I am tired", None),
            ("Tell them my name is", None),
            ("i'm", None),
        ] {
            assert_eq!(name_told(said).as_deref(), name, "{said}");
        }
    }

    #[test]
    fn the_last_message_is_what_is_said_now() {
        let user = |content: &str| Message {
            role: Role::User,
            content: content.into(),
        };
        let memory = Memory::of(&[user("My name is Sam."), user("  "), user("I got a dog!")]);
        assert_eq!((memory.said.as_str(), memory.turn()), ("I got a dog!", 3));
        assert_eq!(
            (memory.user.as_deref(), memory.earlier.len()),
            (Some("Sam"), 1)
        );
        let none = Memory::of(&[]);
        assert_eq!((none.said.as_str(), none.turn()), ("", 0));
    }
}
