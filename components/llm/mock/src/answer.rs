//! The answers: an opening, the user's own words turned around, and a question that goes on.

mod phrases;

use crate::feeling::{Feeling, LABELS};
use crate::intent::{self, Intent};
use crate::memory::{Memory, Persona};
use crate::pick::Pick;
use crate::text::{capital, cut, sentences, short, turned};

/// A part of what is said, and the feeling it is meant with; none: as what was said before.
#[derive(Debug, PartialEq)]
pub(crate) struct Part {
    pub(crate) text: String,
    pub(crate) felt: Option<Feeling>,
}

impl Part {
    pub(crate) fn plain(text: String) -> Self {
        Part { text, felt: None }
    }
}

/// Messages longer than this, in words, are answered as a long story.
const LONG: u32 = 60;

/// Answer the last message. `mood` is the feeling that the user set for the persona, if any.
pub(crate) fn answer(me: &Persona, memory: &Memory, pick: &Pick, mood: Option<&str>) -> Vec<Part> {
    let intent = intent::of(memory);
    let (text, felt) = match &intent {
        Intent::Feeling(feeling) => return to_feeling(memory, pick, *feeling),
        Intent::Wordless(feeling) => (wordless(pick, *feeling), *feeling),
        Intent::Foreign { latin } => (foreign(pick, *latin), Some(("calm", 0.4))),
        Intent::Greeting => (greeting(me, memory, pick), Some(("joy", 0.5))),
        Intent::Introduction(name) => (introduction(me, name, pick), Some(("joy", 0.6))),
        Intent::Thanks => (
            pick.one("thanks", &phrases::THANKS).into(),
            Some(("tender", 0.5)),
        ),
        Intent::Bye => (bye(memory, pick), Some(("tender", 0.5))),
        Intent::HowAreYou => (
            pick.one("how", &phrases::HOW_ARE_YOU).into(),
            Some(("joy", 0.4)),
        ),
        Intent::WhoAreYou => (who(me, pick), Some(("joy", 0.4))),
        Intent::AreYouReal => (
            pick.one("real", &phrases::ARE_YOU_REAL).into(),
            Some(("calm", 0.5)),
        ),
        Intent::WhatCanYouDo => (
            pick.one("can", &phrases::WHAT_CAN_YOU_DO).into(),
            Some(("excited", 0.4)),
        ),
        Intent::WhatIsMyName => (my_name(memory, pick), Some(("tender", 0.4))),
        Intent::Recall => (recall(memory, pick), Some(("calm", 0.4))),
        Intent::OutsideWorld => (
            pick.one("outside", &phrases::OUTSIDE).into(),
            Some(("calm", 0.4)),
        ),
        Intent::Affection => (
            pick.one("affection", &phrases::AFFECTION).into(),
            Some(("tender", 0.7)),
        ),
        Intent::Unkind => (
            pick.one("unkind", &phrases::UNKIND).into(),
            Some(("sadness", 0.5)),
        ),
        Intent::Joke => (pick.one("joke", &phrases::JOKES).into(), Some(("joy", 0.7))),
        Intent::Request => (
            pick.one("request", &phrases::REQUEST).into(),
            Some(("calm", 0.4)),
        ),
        Intent::Yes => (pick.one("yes", &phrases::YES).into(), None),
        Intent::No => (pick.one("no", &phrases::NO).into(), None),
        Intent::Question => (question(memory, pick), None),
        Intent::Statement => (statement(memory, pick), None),
    };
    let set = mood.and_then(|mood| LABELS.into_iter().find(|label| *label == mood));
    let felt = felt.or_else(|| {
        set.filter(|label| *label != "neutral")
            .map(|label| (label, 0.5))
    });
    vec![Part { text, felt }]
}

/// The feeling with which somebody who felt along comes back to the other.
fn afterwards(label: &str) -> Feeling {
    match label {
        "anger" | "fear" | "disgust" | "tender" => ("calm", 0.5),
        _ => ("tender", 0.6),
    }
}

/// Fill the marks of a phrase: `{you}` the turned sentence, `{You}` with a capital, `{name}`.
fn fill(phrase: &str, told: &str, name: Option<&str>) -> String {
    phrase
        .replace("{you}", told)
        .replace("{You}", &capital(told))
        .replace(
            ", {name}",
            &name.map(|name| format!(", {name}")).unwrap_or_default(),
        )
}

/// The sentence of the user's that is worth saying again, turned around.
fn echo(memory: &Memory) -> Option<String> {
    sentences(&memory.said)
        .filter(|sentence| short(sentence))
        .find_map(turned)
}

fn to_feeling(memory: &Memory, pick: &Pick, felt: Feeling) -> Vec<Part> {
    let (label, _) = felt;
    let set = phrases::for_feeling(label);
    let opening = fill(
        pick.one("opening", &set.openings),
        "",
        memory.user.as_deref(),
    );
    let middle = match echo(memory) {
        Some(told) => fill(pick.one("middle", &set.echoes), &told, None),
        None if crate::text::count(&memory.said) > LONG => pick.one("long", &phrases::LONG).into(),
        None => quote(memory),
    };
    vec![
        Part {
            text: format!("{opening} {middle} "),
            felt: Some(felt),
        },
        Part {
            text: pick.one("ask", &set.questions).into(),
            felt: Some(afterwards(label)),
        },
    ]
}

/// The user's words as they are, where they cannot be turned around.
fn quote(memory: &Memory) -> String {
    let first = sentences(&memory.said)
        .find(|sentence| short(sentence))
        .map(str::to_owned);
    let words = first.unwrap_or_else(|| cut(&memory.said));
    format!("You said: {words}.")
}

fn wordless(pick: &Pick, feeling: Option<Feeling>) -> String {
    match feeling {
        Some((label, _)) => {
            let opening = fill(
                pick.one("opening", &phrases::for_feeling(label).openings),
                "",
                None,
            );
            format!("{opening} {}", pick.one("emoji", &phrases::EMOJI))
        }
        None => pick.one("empty", &phrases::EMPTY).into(),
    }
}

fn foreign(pick: &Pick, latin: bool) -> String {
    let opening = if latin {
        "That was not English, I believe, and English is all I speak."
    } else {
        "I can see your writing, but I can only read English."
    };
    format!("{opening} {}", pick.one("foreign", &phrases::FOREIGN))
}

fn greeting(me: &Persona, memory: &Memory, pick: &Pick) -> String {
    let hello = pick.one("hello", &phrases::HELLO);
    match (&memory.user, memory.earlier.is_empty()) {
        (Some(name), _) => format!(
            "{hello}, {name}! {}",
            pick.one("again", &phrases::HELLO_AGAIN)
        ),
        (None, true) => format!(
            "{hello}! I'm {}. {}",
            me.name,
            pick.one("start", &phrases::START)
        ),
        (None, false) => format!("{hello} again! {}", pick.one("start", &phrases::START)),
    }
}

fn introduction(me: &Persona, name: &str, pick: &Pick) -> String {
    // Namesakes are noticed.
    if me.name.eq_ignore_ascii_case(name) {
        return format!(
            "{name}? Then we share a name, and I'm delighted! What shall we talk about?"
        );
    }
    let opening = pick.one("meet", &phrases::MEET).replace("{name}", name);
    format!(
        "{opening} I'm {}. {}",
        me.name,
        pick.one("start", &phrases::START)
    )
}

fn bye(memory: &Memory, pick: &Pick) -> String {
    fill(pick.one("bye", &phrases::BYE), "", memory.user.as_deref())
}

fn who(me: &Persona, pick: &Pick) -> String {
    let role = me
        .role
        .as_ref()
        .map(|role| format!(", {role}"))
        .unwrap_or_default();
    format!("I'm {}{role}. {}", me.name, pick.one("who", &phrases::WHO))
}

fn my_name(memory: &Memory, pick: &Pick) -> String {
    match &memory.user {
        Some(name) => pick
            .one("named", &phrases::YOUR_NAME)
            .replace("{name}", name),
        None => "You have not told me your name yet. What may I call you?".into(),
    }
}

fn recall(memory: &Memory, pick: &Pick) -> String {
    // What was asked is no news, nor is a bare "yes"; what was told is.
    let news = |said: &&String| !said.ends_with('?') && crate::text::count(said) > 3;
    let told = memory.earlier.iter().rev().find(news);
    let Some(said) = told.or_else(|| memory.earlier.last()) else {
        return "This is the first thing you have said to me. Tell me something, and I will remember it.".into();
    };
    let first = sentences(said).next().unwrap_or(said);
    let words = turned(first).unwrap_or_else(|| cut(first));
    let opening = if turned(first).is_some() {
        "You told me that"
    } else {
        "You said:"
    };
    format!(
        "{opening} {words}. {}",
        pick.one("recall", &phrases::RECALL)
    )
}

fn question(memory: &Memory, pick: &Pick) -> String {
    fill(
        pick.one("question", &phrases::QUESTION),
        "",
        memory.user.as_deref(),
    )
}

fn statement(memory: &Memory, pick: &Pick) -> String {
    if crate::text::count(&memory.said) > LONG {
        return format!(
            "{} {}",
            pick.one("long", &phrases::LONG),
            pick.one("tell", &phrases::TELL)
        );
    }
    let told = match echo(memory) {
        Some(told) => fill(pick.one("so", &phrases::SO), &told, None),
        None => quote(memory),
    };
    format!("{told} {}", pick.one("tell", &phrases::TELL))
}
