//! What goes wrong at ElevenLabs, before there is any sound and after.

use super::*;

const FIRST: (&str, &str) = ("BUDGETS__FIRST_OUTPUT_MS", "1500");
const GAP: (&str, &str) = ("BUDGETS__GAP_MS", "1500");

/// A turn that the stand-in had to speak: why.
fn replaced(stream: &mut Stream) -> String {
    let events = said(stream, "Hello?");
    assert_eq!(events.last().unwrap()["reason"], "completed");
    let switched = of(&events, "provider_switched");
    assert_eq!(switched.len(), 1, "{switched:?}");
    assert_eq!(
        (&switched[0]["from"], &switched[0]["to"]),
        (&json!(ID), &json!("mock_tts"))
    );
    let reason = switched[0]["reason"].as_str().unwrap().to_owned();
    assert!(
        !reason.contains("of the double"),
        "not the vendor's words: {reason}"
    );
    reason
}

fn all_is_well(stream: &mut Stream) {
    let events = said(stream, "And now?");
    assert!(of(&events, "provider_switched").is_empty(), "{events:?}");
}

#[test]
fn a_context_that_fails_is_replaced_and_says_why() {
    let double = double();
    let server = start("mock", &env(&double, &[FIRST]));
    let mut stream = open(&server, &json!({}));
    all_is_well(&mut stream);
    for (fault, code) in [
        (Fault::Status(401), "unauthenticated"),
        (Fault::Status(403), "unauthenticated"),
        (Fault::Quota, "quota_exceeded"),
        (Fault::RateLimited(None), "rate_limited"),
        (Fault::Status(429), "rate_limited"),
        (Fault::Status(400), "invalid_input"),
        (Fault::Status(500), "unavailable"),
        (Fault::Cut(0), "unavailable"),
        (Fault::Malformed(0), "internal"),
        (Fault::ErrorInStream(0, 500), "unavailable"),
        (Fault::ErrorInStream(0, 400), "invalid_input"),
        (Fault::Stall(0), "timeout"),
        (Fault::SlowHead(40_000), "timeout"),
    ] {
        // One that waits for a handshake would never come to the speech.
        all_is_well(&mut stream);
        double.once(fault.clone());
        let reason = match fault {
            // The connection is kept, so it was dead already, and the adapter asks once more.
            Fault::Cut(0) => {
                double.once(fault.clone());
                replaced(&mut stream)
            }
            _ => replaced(&mut stream),
        };
        assert!(reason.contains(code), "{fault:?}: {reason}");
    }
    all_is_well(&mut stream);
}

#[test]
fn a_vendor_that_does_not_let_it_in_is_replaced_and_says_why() {
    for (fault, code) in [
        (Fault::Status(401), "unauthenticated"),
        (Fault::Quota, "quota_exceeded"),
        (Fault::RateLimited(Some("7".into())), "rate_limited"),
        (Fault::Status(400), "invalid_input"),
        (Fault::Status(503), "unavailable"),
        (Fault::WebPage, "unavailable"),
    ] {
        let double = double();
        double.always(Some(fault.clone()));
        let server = start("mock", &env(&double, &[]));
        let mut stream = open(&server, &json!({}));
        let reason = replaced(&mut stream);
        assert!(reason.contains(code), "{fault:?}: {reason}");
        double.always(None);
        all_is_well(&mut stream);
    }
}

#[test]
fn requests_that_fail_are_replaced_and_say_why() {
    for way in [HTTP, DIALOGUE] {
        let double = double();
        let server = start("mock", &env(&double, &[FIRST, way]));
        let mut stream = open(&server, &json!({}));
        for (fault, code) in [
            (Fault::Status(401), "unauthenticated"),
            (Fault::Quota, "quota_exceeded"),
            (Fault::RateLimited(Some("7".into())), "rate_limited"),
            (Fault::Status(422), "invalid_input"),
            (Fault::Status(500), "unavailable"),
            (Fault::WebPage, "unavailable"),
            (Fault::Cut(0), "unavailable"),
            (Fault::Malformed(0), "internal"),
            (Fault::ErrorInStream(0, 500), "unavailable"),
            (Fault::Stall(0), "timeout"),
            (Fault::SlowHead(40_000), "timeout"),
        ] {
            double.once(fault.clone());
            let reason = replaced(&mut stream);
            assert!(reason.contains(code), "{way:?} {fault:?}: {reason}");
        }
        all_is_well(&mut stream);
    }
}

#[test]
fn what_fails_in_the_middle_keeps_what_was_said_and_tells() {
    for way in [&[GAP][..], &[GAP, HTTP]] {
        let double = double();
        let server = start("mock", &env(&double, way));
        let mut stream = open(&server, &json!({}));
        for (fault, code) in [
            (Fault::Cut(2), "unavailable"),
            (Fault::Malformed(2), "internal"),
            (Fault::ErrorInStream(2, 500), "unavailable"),
            (Fault::Stall(2), "timeout"),
        ] {
            double.once(fault.clone());
            let text = "We walked along the river instead of waiting.";
            let events = said(&mut stream, text);
            let first = data(of(&events, "audio_chunk")[0]).unwrap();
            let speech = Speech::of(&format!("{text} ")).bytes(24_000);
            assert!(speech.starts_with(&first), "{fault:?}: the double began it");
            let told = events.iter().find(|event| {
                let kind = &event["type"];
                event["stage"] == "tts" && (kind == "error" || kind == "provider_switched")
            });
            let told = told.unwrap_or_else(|| panic!("{fault:?}: nothing was told"));
            assert!(told.to_string().contains(code), "{fault:?}: {told}");
        }
        let before = double.asked().len();
        all_is_well(&mut stream);
        // Also the connection that only fell silent was not asked again.
        assert_eq!(double.asked().len(), before + 1);
    }
}
