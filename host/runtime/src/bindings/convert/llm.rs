//! The language model's messages and events.

use super::super::v0_1::llm::exports::tth::llm::llm as wit;
use super::{Bad, text, unit};
use crate::limits::item;
use tth_core::provider::{LlmEvent, Message, Role};

pub(crate) fn messages(messages: Vec<Message>) -> Vec<wit::Message> {
    let one = |m: Message| {
        let role = match m.role {
            Role::System => wit::Role::System,
            Role::User => wit::Role::User,
            Role::Assistant => wit::Role::Assistant,
        };
        wit::Message {
            role,
            content: m.content,
        }
    };
    messages.into_iter().map(one).collect()
}

pub(crate) fn llm_event(event: wit::Event) -> Result<LlmEvent, Bad> {
    Ok(match event {
        wit::Event::Text(words) => LlmEvent::Text(text("text", words, item::TEXT)?),
        wit::Event::Hint(hint) => LlmEvent::Hint {
            label: text("an emotion label", hint.label, item::NAME)?,
            intensity: unit("an intensity", hint.intensity)?,
        },
    })
}

pub(crate) fn usage(usage: wit::Usage) -> Result<LlmEvent, Bad> {
    Ok(LlmEvent::Usage {
        input_tokens: usage.input_tokens,
        output_tokens: usage.output_tokens,
        model: text("a model", usage.model, item::NAME)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hint_is_cut_to_its_range_but_never_nan() {
        let hint = |intensity| {
            llm_event(wit::Event::Hint(wit::EmotionHint {
                label: "joy".into(),
                intensity,
            }))
        };
        assert_eq!(
            hint(1.5),
            Ok(LlmEvent::Hint {
                label: "joy".into(),
                intensity: 1.0
            })
        );
        assert!(hint(f32::NAN).is_err());
    }

    #[test]
    fn text_is_bounded() {
        assert!(llm_event(wit::Event::Text("x".repeat(item::TEXT))).is_ok());
        assert!(llm_event(wit::Event::Text("x".repeat(item::TEXT + 1))).is_err());
    }
}
