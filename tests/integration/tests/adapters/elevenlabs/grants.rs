//! A key that only its vendor sees, and a vendor that nobody allowed.

use super::*;
use crate::openai_responses::{everything, keyless};
use crate::secrets;

#[test]
fn a_key_reaches_the_vendor_and_nobody_else() {
    for (wanted, answers) in [(KEY, true), ("another", false)] {
        let key = Some(wanted.to_owned());
        let double = Simulator::start(Vendor::ElevenLabs, Script { key, ..script() }).unwrap();
        let env = env(&double, &[]);
        let server = start("mock", &env);
        let events = said(&mut open(&server, &json!({})), "What is your key?");
        assert_eq!(of(&events, "provider_switched").is_empty(), answers);
        let has_key = |one: &Received| one.header("xi-api-key") == Some(KEY);
        let opened = double.requests();
        assert!(!opened.is_empty() && opened.iter().all(has_key));
        let mut messages = opened.iter().flat_map(|one| &one.messages);
        assert!(messages.all(|one| !one.body.to_string().contains(KEY)));
        let mut seen = everything(&server, &events);
        drop(server);
        let log = secrets::logged_turn(&env);
        assert!(double.requests().len() > opened.len(), "it was asked again");
        assert!(
            log.contains("TRACE") && log.contains(ID),
            "it does log: {log}"
        );
        seen.push(log);
        keyless(&seen);
    }
}

#[test]
fn a_host_that_is_not_allowed_is_never_asked() {
    for more in [&[][..], &[HTTP], &[DIALOGUE]] {
        let double = double();
        let mut env = env(&double, more);
        env.retain(|(name, _)| !name.ends_with("ALLOW__HOSTS"));
        let server = start("mock", &env);
        let events = said(&mut open(&server, &json!({})), "Hello?");
        let reason = of(&events, "provider_switched")[0]["reason"].to_string();
        assert!(reason.contains("invalid_config"), "{more:?}: {reason}");
        assert!(reason.contains("allow"), "{more:?}: {reason}");
        assert!(double.requests().is_empty());
    }
}
