//! The system prompt of a language model.

use tth_sdk::mapper::Persona;

use super::{fill, style_words, wished_feeling};
use crate::emotion::Label;
use crate::layers::Wishes;

/// How a language model marks the feeling of what it says; the host takes the tags out of the text.
fn tags() -> String {
    let labels: Vec<&str> = Label::all().map(Label::name).collect();
    format!(
        "When your feeling changes, open the sentence with a tag: {TAG}joy:0.8>, which is a feeling and \
         its strength from 0 to 1. Feelings: {}. Tags are not spoken. Example: \
         {TAG}surprise:0.7> Oh, you won! {TAG}tender:0.5> I knew you would.",
        labels.join(", ")
    )
}

/// How every tag begins. A persona's prompt that has one says for itself how they are used.
const TAG: &str = "<feel:";

/// The system prompt. A persona's prompt that uses one of the marks `{name}`, `{description}`,
/// `{style}`, `{emotion}`, `{language}`, `{tags}` is the whole template; any other is framed by the
/// mapper's. The instruction on tags stands where `{tags}` is, else at the end.
pub(crate) fn prompt(persona: &Persona, wishes: &Wishes) -> String {
    let mut prompt = described(persona, wishes);
    if !persona.prompt.contains("{tags}") && !persona.prompt.contains(TAG) {
        if !prompt.is_empty() && !prompt.ends_with(char::is_whitespace) {
            prompt.push(' ');
        }
        prompt.push_str(&tags());
    }
    prompt
}

fn described(persona: &Persona, wishes: &Wishes) -> String {
    let feeling = wished_feeling(wishes);
    let style = style_words(persona).collect::<Vec<_>>().join(", ");
    let tags = tags();
    let marks = [
        ("{name}", persona.name.as_str()),
        ("{description}", persona.description.as_str()),
        ("{style}", style.as_str()),
        ("{emotion}", feeling.as_deref().unwrap_or("neutral")),
        ("{language}", persona.language.as_str()),
        ("{tags}", tags.as_str()),
    ];
    if marks.iter().any(|(mark, _)| persona.prompt.contains(mark)) {
        return fill(&persona.prompt, &marks);
    }
    let mut sentences: Vec<String> = Vec::new();
    let told = persona.prompt.trim();
    if !persona.name.is_empty() && !told.starts_with("You are ") {
        sentences.push(format!("You are {}.", persona.name));
    }
    if !told.is_empty() {
        sentences.push(told.to_owned());
    }
    if !style.is_empty() {
        sentences.push(format!("Your manner is {style}."));
    }
    if let Some(feeling) = feeling {
        sentences.push(format!("Right now you are {feeling}; let it be heard."));
    }
    if !persona.language.is_empty() {
        sentences.push(format!(
            "Answer in the language {:?} unless you are asked for another.",
            persona.language
        ));
    }
    sentences.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::tests::{persona, wishes};

    #[test]
    fn a_plain_prompt_is_framed_and_a_template_is_filled() {
        let framed = described(
            &persona("You are Ada, a guide."),
            &wishes(Some("joy"), 0.7, 1.0),
        );
        assert_eq!(
            framed,
            "You are Ada, a guide. Your manner is warm, unhurried. Right now you are joyful; let it be heard. \
             Answer in the language \"en\" unless you are asked for another."
        );
        let filled = described(
            &persona("{name} is {emotion}. {unknown} {"),
            &wishes(Some("joy"), 0.7, 1.0),
        );
        assert_eq!(filled, "Ada is joyful. {unknown} {");
    }

    #[test]
    fn what_is_filled_in_is_no_template() {
        let odd = Persona {
            name: "{style}".into(),
            ..persona("I am {name}.")
        };
        assert_eq!(described(&odd, &Wishes::default()), "I am {style}.");
    }

    #[test]
    fn a_language_model_is_told_of_the_tags_once() {
        let told = |text: &str| prompt(&persona(text), &Wishes::default());
        let instruction = tags();
        assert!(instruction.contains("<feel:joy:0.8>") && instruction.contains("disgust, calm"));
        for text in [
            "",
            "You are Ada.",
            "I am {name}.",
            "I am {name}. {tags} Be brief.",
        ] {
            let prompt = told(text);
            assert_eq!(prompt.matches(&instruction).count(), 1, "{prompt}");
        }
        assert!(told("You are Ada.").ends_with(&instruction));
        assert!(told("I am {name}. {tags} Be brief.").ends_with(" Be brief."));
        let own = "I am {name}. Write <feel:joy> when you laugh.";
        assert_eq!(told(own), "I am Ada. Write <feel:joy> when you laugh.");
    }
}
