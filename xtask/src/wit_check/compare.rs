//! What a working copy may not have changed since a release.

use super::packages::Packages;

/// Every way in which packages of `current` differ from `frozen` ones of the same version. A
/// package with another version than the frozen one is free.
///
/// Additions count: a provider built for the release does not export the added function, and its
/// `variant` knows no added case.
pub(super) fn differences(release: &str, frozen: &Packages, current: &Packages) -> Vec<String> {
    let mut found = Vec::new();
    for (name, package) in frozen.iter() {
        let Some(now) = current.get(name) else {
            if current
                .iter()
                .any(|(_, other)| other.name.version == package.name.version)
            {
                found.push(problem(
                    release,
                    &package.name.to_string(),
                    Some("package"),
                    None,
                ));
            }
            continue;
        };
        if now.name.version != package.name.version {
            continue;
        }
        let path = |item: &str| format!("{}/{item}", package.name);
        for (item, form) in &package.items {
            let form_now = now.items.get(item);
            if form_now != Some(form) {
                found.push(problem(
                    release,
                    &path(item),
                    Some(form),
                    form_now.map(String::as_str),
                ));
            }
        }
        for (item, form) in &now.items {
            if !package.items.contains_key(item) {
                found.push(problem(release, &path(item), None, Some(form)));
            }
        }
    }
    found
}

fn problem(release: &str, path: &str, frozen: Option<&str>, now: Option<&str>) -> String {
    format!(
        "{path}\n  frozen: {}   (wit/released/{release})\n  now:    {}\n  \
         do:     undo the change, or raise the package's version and release it with \
         `cargo xtask wit-check --freeze <version>`",
        frozen.unwrap_or("(not there)"),
        now.unwrap_or("(gone)"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const FROZEN: &str = "package tth:llm@0.1.0;
        interface llm {
            enum role { user, assistant }
            variant event { delta(string), done }
            record turn { role: role, text: option<string> }
            resource chat { constructor(first: turn); say: func(text: string) -> list<event>; }
            ask: async func(turns: stream<turn>) -> result<future<event>, string>;
            stop: func();
        }
        world provider { import other: interface { f: func(); } export llm; }";

    fn changed(from: &str, to: &str) -> Vec<String> {
        assert!(
            FROZEN.contains(from),
            "the test's `{from}` is not in the contract"
        );
        let frozen = Packages::from_texts(&[FROZEN]).unwrap();
        let current = Packages::from_texts(&[&FROZEN.replace(from, to)]).unwrap();
        differences("0.1.0", &frozen, &current)
    }

    #[track_caller]
    fn assert_one(found: &[String], path: &str, frozen: &str, now: &str) {
        assert_eq!(found.len(), 1, "{found:#?}");
        let text = &found[0];
        assert!(
            text.starts_with(&format!("tth:llm@0.1.0/{path}\n")),
            "{text}"
        );
        assert!(text.contains(&format!("frozen: {frozen} ")), "{text}");
        assert!(text.contains(&format!("now:    {now}\n")), "{text}");
    }

    #[test]
    fn comments_and_the_order_of_items_are_free() {
        assert!(changed("stop: func();", "/// Stops.\n stop: func();").is_empty());
        let moved = FROZEN
            .replace("stop: func();", "")
            .replace("interface llm {", "interface llm { stop: func();");
        let frozen = Packages::from_texts(&[FROZEN]).unwrap();
        assert!(
            differences("0.1.0", &frozen, &Packages::from_texts(&[&moved]).unwrap()).is_empty()
        );
    }

    #[test]
    fn fields_and_cases() {
        let frozen = "record { role: role, text: option<string> }";
        assert_one(
            &changed("option<string>", "string"),
            "llm.turn",
            frozen,
            "record { role: role, text: string }",
        );
        assert_one(
            &changed(
                "role: role, text: option<string>",
                "text: option<string>, role: role",
            ),
            "llm.turn",
            frozen,
            "record { text: option<string>, role: role }",
        );
        assert_one(
            &changed("user, assistant", "user, assistant, system"),
            "llm.role",
            "enum { user, assistant }",
            "enum { user, assistant, system }",
        );
        assert_one(
            &changed("delta(string)", "delta(u8)"),
            "llm.event",
            "variant { delta(string), done }",
            "variant { delta(u8), done }",
        );
    }

    #[test]
    fn functions() {
        assert_one(
            &changed("stop: func();", ""),
            "llm.stop",
            "func()",
            "(gone)",
        );
        assert_one(
            &changed("stop: func();", "stop: func(); more: func() -> u8;"),
            "llm.more",
            "(not there)",
            "func() -> u8",
        );
        assert_one(
            &changed("stop: func()", "stop: async func()"),
            "llm.stop",
            "func()",
            "async func()",
        );
        assert_one(
            &changed("say: func(text", "say: func(words"),
            "llm.[method]chat.say",
            "func(self: borrow<chat>, text: string) -> list<event>",
            "func(self: borrow<chat>, words: string) -> list<event>",
        );
        assert_one(
            &changed("turns: stream<turn>", "turns: stream<string>"),
            "llm.ask",
            "async func(turns: stream<turn>) -> result<future<event>, string>",
            "async func(turns: stream<string>) -> result<future<event>, string>",
        );
    }

    #[test]
    fn worlds_and_packages() {
        assert_one(
            &changed("export llm;", ""),
            "provider.export tth:llm/llm@0.1.0",
            "interface",
            "(gone)",
        );
        let frozen = Packages::from_texts(&[FROZEN]).unwrap();
        let other =
            |text: &str| differences("0.1.0", &frozen, &Packages::from_texts(&[text]).unwrap());
        assert_eq!(
            other("package tth:tts@0.1.0;").len(),
            1,
            "the package is gone"
        );
        assert!(
            other("package tth:tts@0.2.0;").is_empty(),
            "gone with the next version"
        );
    }

    #[test]
    fn another_version_is_free() {
        assert!(changed("@0.1.0", "@0.2.0").is_empty());
        assert!(
            changed(
                "package tth:llm@0.1.0;",
                "package tth:llm@0.1.1; interface new {}"
            )
            .is_empty()
        );
    }
}
