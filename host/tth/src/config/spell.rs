//! The nearest known name to one that is not known.

/// Below this likeness (1: the same) a guess would rather mislead.
const ALIKE: f64 = 0.55;

/// The known name that was most likely meant.
pub(crate) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let name = name.to_lowercase();
    known
        .into_iter()
        .map(|candidate| {
            (
                strsim::normalized_damerau_levenshtein(&name, candidate),
                candidate,
            )
        })
        .filter(|(likeness, _)| *likeness >= ALIKE)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

/// `one of a, b, c`, with the nearest one in front where `found` is close to it.
pub(crate) fn one_of(found: &str, known: &[&str]) -> String {
    let list = known.join(", ");
    match (nearest(found, known.iter().copied()), known.len()) {
        (_, 0) => "nothing: there is none to choose from".to_owned(),
        (_, 1) => format!("`{list}`"),
        (Some(near), _) => format!("one of {list} (did you mean `{near}`?)"),
        (None, _) => format!("one of {list}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_of_the_finger_are_recognised_and_strangers_are_not() {
        let known = ["primary", "fallback", "mode"];
        assert_eq!(nearest("fallbak", known), Some("fallback"));
        assert_eq!(nearest("Pirmary", known), Some("primary"));
        assert_eq!(nearest("colour", known), None);
    }

    #[test]
    fn the_choice_is_said_with_the_likely_one() {
        assert_eq!(
            one_of("embeded", &["api", "embedded"]),
            "one of api, embedded (did you mean `embedded`?)"
        );
        assert_eq!(one_of("x", &["api", "embedded"]), "one of api, embedded");
        assert_eq!(one_of("redis", &["memory"]), "`memory`");
    }
}
