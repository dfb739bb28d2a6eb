//! What is known of the models: which way they are reached, and how they are told a feeling.

/// The models that are current, the default first.
pub(crate) const MODELS: [&str; 9] = [
    "eleven_flash_v2_5",
    "eleven_flash_v2",
    "eleven_turbo_v2_5",
    "eleven_turbo_v2",
    "eleven_multilingual_v2",
    "eleven_v3",
    "eleven_v3_conversational",
    "eleven_v4",
    "eleven_v4_turbo",
];

/// How a model takes a feeling, which also decides how it is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Family {
    /// v2: by the settings of the voice; it would read a tag aloud. Has the WebSocket.
    Settings,
    /// v3 and v4: by tags in the text. Only text-to-dialogue streams them.
    Tags,
}

impl Family {
    /// The vendor's rule: names that begin with `eleven_v3` or `eleven_v4` need text-to-dialogue.
    pub(crate) fn of(model: &str) -> Self {
        match ["eleven_v3", "eleven_v4"]
            .iter()
            .any(|start| model.starts_with(start))
        {
            true => Family::Tags,
            false => Family::Settings,
        }
    }
}

/// The most characters of one request. A model that is not known has the least of all.
pub(crate) fn most_characters(model: &str) -> usize {
    match model {
        "eleven_flash_v2_5" | "eleven_turbo_v2_5" => 40_000,
        "eleven_flash_v2" | "eleven_turbo_v2" => 30_000,
        "eleven_multilingual_v2" | "eleven_v4" | "eleven_v4_turbo" => 10_000,
        _ => 5_000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn newer_models_take_tags() {
        for model in MODELS {
            let tags = model.contains("_v3") || model.contains("_v4");
            assert_eq!(Family::of(model) == Family::Tags, tags, "{model}");
        }
        assert_eq!(Family::of("eleven_v4_of_tomorrow"), Family::Tags);
        assert_eq!(Family::of("eleven_flash_v3"), Family::Settings);
    }

    #[test]
    fn an_unknown_model_is_asked_for_little_at_a_time() {
        let most = |model| most_characters(model);
        assert_eq!(most("eleven_flash_v2_5"), 40_000);
        assert!(MODELS.iter().all(|model| most(model) >= most("unknown")));
    }
}
