//! What the user wants with their words.

use crate::feeling::{self, Feeling};
use crate::memory::{Memory, name_told};
use crate::text;

/// The kinds of things that the persona knows to answer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Intent {
    /// No words at all; perhaps emoji.
    Wordless(Option<Feeling>),
    /// Another language than English; the first is whether its letters are Latin.
    Foreign {
        latin: bool,
    },
    Greeting,
    Introduction(String),
    Thanks,
    Bye,
    HowAreYou,
    WhoAreYou,
    AreYouReal,
    WhatCanYouDo,
    WhatIsMyName,
    Recall,
    /// Time, weather, news: what it has no way to know.
    OutsideWorld,
    /// "I love you."
    Affection,
    /// An unkind word to the persona.
    Unkind,
    Joke,
    /// Something to be done that it cannot do.
    Request,
    Yes,
    No,
    Feeling(Feeling),
    Question,
    Statement,
}

const OUTSIDE: [&str; 12] = [
    "what time",
    "the time",
    "what day",
    "what date",
    "today's date",
    "weather",
    "the news",
    "forecast",
    "stock",
    "who won the",
    "temperature",
    "what year",
];

/// Common small words of other languages, none of them an English word.
const FOREIGN: [&str; 40] = [
    "ich", "und", "nicht", "ist", "das", "der", "ein", "bin", "wie", "du", "hallo", "danke",
    "hola", "que", "como", "estoy", "muy", "gracias", "el", "los", "une", "je", "suis", "est",
    "bonjour", "merci", "vous", "tu", "ciao", "sono", "grazie", "che", "olá", "não", "você",
    "obrigado", "jag", "och", "inte", "het",
];

/// Find out what is wanted.
pub(crate) fn of(memory: &Memory) -> Intent {
    let said = memory.said.as_str();
    let words = text::words(said);
    if words.is_empty() {
        return Intent::Wordless(feeling::of_emoji(&memory.raw));
    }
    if let Some(latin) = foreign(said, &words) {
        return Intent::Foreign { latin };
    }
    let line = format!(" {} ", words.join(" "));
    let has = |phrases: &[&str]| {
        phrases
            .iter()
            .any(|phrase| line.contains(&format!(" {phrase} ")))
    };
    let feels = feeling::of(&words, said);
    let brief = words.len() <= 4;

    if has(&[
        "what's my name",
        "what is my name",
        "who am i",
        "know my name",
        "remember my name",
    ]) {
        Intent::WhatIsMyName
    } else if has(&[
        "did i say",
        "did i tell",
        "i told you",
        "do you remember",
        "know about me",
        "what have i said",
    ]) {
        Intent::Recall
    } else if has(&[
        "who are you",
        "what are you",
        "your name",
        "introduce yourself",
        "about yourself",
    ]) {
        Intent::WhoAreYou
    } else if has(&[
        "are you real",
        "are you human",
        "are you a robot",
        "are you a bot",
        "are you an ai",
        "are you alive",
        "are you a person",
        "are you scripted",
        "are you a language model",
        "do you understand me",
        "how do you work",
    ]) {
        Intent::AreYouReal
    } else if has(&[
        "what can you do",
        "can you help",
        "help me",
        "what do you do",
    ]) || (brief && line == " help ")
    {
        Intent::WhatCanYouDo
    } else if has(&[
        "how are you",
        "how do you feel",
        "how's it going",
        "how is it going",
        "what's up",
        "how are things",
    ]) {
        Intent::HowAreYou
    } else if OUTSIDE
        .iter()
        .any(|phrase| line.contains(&format!(" {phrase}")))
        && asks(said, &words)
    {
        Intent::OutsideWorld
    } else if has(&[
        "love you",
        "like you",
        "adore you",
        "you are sweet",
        "you're sweet",
        "you are kind",
    ]) {
        Intent::Affection
    } else if has(&[
        "you are stupid",
        "you're stupid",
        "you are useless",
        "you're useless",
        "hate you",
        "shut up",
        "you are dumb",
        "you're dumb",
        "you are ugly",
        "you're ugly",
    ]) {
        Intent::Unkind
    } else if has(&["a joke", "make me laugh", "something funny"]) {
        Intent::Joke
    } else if starts(
        &words,
        &[
            "tell",
            "sing",
            "write",
            "show",
            "give",
            "explain",
            "translate",
            "read",
            "say",
            "please",
        ],
    ) || (has(&["can you", "could you", "will you"]) && asks(said, &words))
    {
        Intent::Request
    } else if let Some(name) = name_told(said)
        && words.len() <= 8
    {
        Intent::Introduction(name)
    } else if has(&["thanks", "thank you", "thank you so much", "thx"]) && words.len() <= 7 {
        Intent::Thanks
    } else if brief
        && has(&[
            "bye",
            "goodbye",
            "good night",
            "see you",
            "see you later",
            "farewell",
        ])
    {
        Intent::Bye
    } else if brief
        && feels.is_none()
        && has(&[
            "hello",
            "hi",
            "hey",
            "good morning",
            "good evening",
            "good afternoon",
            "greetings",
        ])
    {
        Intent::Greeting
    } else if brief
        && feels.is_none()
        && starts(
            &words,
            &[
                "yes", "yeah", "yep", "sure", "ok", "okay", "exactly", "right",
            ],
        )
    {
        Intent::Yes
    } else if brief && feels.is_none() && starts(&words, &["no", "nope", "nah"]) {
        Intent::No
    } else if let Some(feeling) = feels
        && !asks(said, &words)
    {
        Intent::Feeling(feeling)
    } else if asks(said, &words) {
        Intent::Question
    } else {
        Intent::Statement
    }
}

fn starts(words: &[String], with: &[&str]) -> bool {
    words
        .first()
        .is_some_and(|word| with.contains(&word.as_str()))
}

fn asks(said: &str, words: &[String]) -> bool {
    const ASKING: [&str; 16] = [
        "what", "who", "when", "where", "why", "how", "which", "can", "could", "do", "does", "is",
        "are", "will", "would", "should",
    ];
    said.ends_with('?') || (starts(words, &ASKING) && !said.ends_with('!'))
}

/// Whether a text is in another language, and then whether in Latin letters.
fn foreign(said: &str, words: &[String]) -> Option<bool> {
    let letters = said.chars().filter(|c| c.is_alphabetic()).count();
    // Latin with all its accents ends before the Greek block.
    let other = said
        .chars()
        .filter(|c| c.is_alphabetic() && u32::from(*c) >= 0x370)
        .count();
    if letters > 0 && other * 2 > letters {
        return Some(false);
    }
    let known = words
        .iter()
        .filter(|word| FOREIGN.contains(&word.as_str()))
        .count();
    (known >= 2 || (known == 1 && words.len() <= 2)).then_some(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tth_sdk::llm::{Message, Role};

    fn intent(said: &str) -> Intent {
        of(&Memory::of(&[Message {
            role: Role::User,
            content: said.into(),
        }]))
    }

    #[test]
    fn everyday_sentences_are_understood() {
        for (said, wanted) in [
            ("Hello!", Intent::Greeting),
            ("good morning", Intent::Greeting),
            ("Who are you?", Intent::WhoAreYou),
            ("Are you a robot?", Intent::AreYouReal),
            ("What can you do?", Intent::WhatCanYouDo),
            ("Hi, how are you?", Intent::HowAreYou),
            ("Thank you so much!", Intent::Thanks),
            ("Bye!", Intent::Bye),
            ("What time is it?", Intent::OutsideWorld),
            ("What's the weather like?", Intent::OutsideWorld),
            ("My name is Sam.", Intent::Introduction("Sam".into())),
            ("What's my name?", Intent::WhatIsMyName),
            ("What did I say before?", Intent::Recall),
            ("I love you", Intent::Affection),
            ("you're useless", Intent::Unkind),
            ("Tell me a joke!", Intent::Joke),
            ("Can you sing?", Intent::Request),
            ("Write me a poem.", Intent::Request),
            ("yes", Intent::Yes),
            ("No.", Intent::No),
            ("Why is the sky blue?", Intent::Question),
            ("The train leaves at nine.", Intent::Statement),
            ("\u{1f62d}", Intent::Wordless(Some(("sadness", 0.6)))),
            ("", Intent::Wordless(None)),
            (
                "Ich bin sehr m\u{fc}de und traurig.",
                Intent::Foreign { latin: true },
            ),
            ("Hola", Intent::Foreign { latin: true }),
            (
                "\u{3053}\u{3093}\u{306b}\u{3061}\u{306f}",
                Intent::Foreign { latin: false },
            ),
        ] {
            assert_eq!(intent(said), wanted, "{said}");
        }
        assert!(matches!(
            intent("I just got wonderful news!"),
            Intent::Feeling(("joy", _))
        ));
        assert!(matches!(
            intent("Hello, my dog died."),
            Intent::Feeling(("sadness", _))
        ));
    }
}
