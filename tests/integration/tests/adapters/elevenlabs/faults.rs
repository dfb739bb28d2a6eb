//! What goes wrong at ElevenLabs, before there is any sound and after.

use super::*;
use crate::provider::{FIRST, GAP, code};

#[test]
fn a_context_that_fails_is_replaced_and_says_why() {
    let double = VOICE.double();
    let server = VOICE.server(&double, &[FIRST]);
    let mut stream = open(&server, &json!({}));
    VOICE.is_well(&mut stream);
    for fault in [
        Fault::Status(401),
        Fault::Status(403),
        Fault::Quota,
        Fault::RateLimited(None),
        Fault::Status(429),
        Fault::Status(400),
        Fault::Status(500),
        Fault::Cut(0),
        Fault::Malformed(0),
        Fault::ErrorInStream(0, 500),
        Fault::ErrorInStream(0, 400),
        Fault::Stall(0),
        Fault::SlowHead(40_000),
    ] {
        // One that waits for a handshake would never come to the speech.
        VOICE.is_well(&mut stream);
        double.once(fault.clone());
        let reason = match fault {
            // The connection is kept, so it was dead already, and the adapter asks once more.
            Fault::Cut(0) => {
                double.once(fault.clone());
                VOICE.replaced(&said(&mut stream, "Hello?"))
            }
            _ => VOICE.replaced(&said(&mut stream, "Hello?")),
        };
        assert!(reason.contains(code(&fault)), "{fault:?}: {reason}");
    }
    VOICE.is_well(&mut stream);
}

#[test]
fn a_vendor_that_does_not_let_it_in_is_replaced_and_says_why() {
    for fault in [
        Fault::Status(401),
        Fault::Quota,
        Fault::RateLimited(Some("7".into())),
        Fault::Status(400),
        Fault::Status(503),
        Fault::WebPage,
    ] {
        let double = VOICE.double();
        double.always(Some(fault.clone()));
        let server = VOICE.server(&double, &[]);
        let mut stream = open(&server, &json!({}));
        let reason = VOICE.replaced(&said(&mut stream, "Hello?"));
        assert!(reason.contains(code(&fault)), "{fault:?}: {reason}");
        double.always(None);
        VOICE.is_well(&mut stream);
    }
}

#[test]
fn requests_that_fail_are_replaced_and_say_why() {
    for way in [HTTP, DIALOGUE] {
        let double = VOICE.double();
        let server = VOICE.server(&double, &[FIRST, way]);
        let mut stream = open(&server, &json!({}));
        for fault in [
            Fault::Status(401),
            Fault::Quota,
            Fault::RateLimited(Some("7".into())),
            Fault::Status(422),
            Fault::Status(500),
            Fault::WebPage,
            Fault::Cut(0),
            Fault::Malformed(0),
            Fault::ErrorInStream(0, 500),
            Fault::Stall(0),
            Fault::SlowHead(40_000),
        ] {
            double.once(fault.clone());
            let reason = VOICE.replaced(&said(&mut stream, "Hello?"));
            assert!(reason.contains(code(&fault)), "{way:?} {fault:?}: {reason}");
        }
        VOICE.is_well(&mut stream);
    }
}

#[test]
fn what_fails_in_the_middle_keeps_what_was_said_and_tells() {
    for way in [&[GAP][..], &[GAP, HTTP]] {
        let double = VOICE.double();
        let server = VOICE.server(&double, way);
        let mut stream = open(&server, &json!({}));
        for fault in [
            Fault::Cut(2),
            Fault::Malformed(2),
            Fault::ErrorInStream(2, 500),
            Fault::Stall(2),
        ] {
            double.once(fault.clone());
            let text = "We walked along the river instead of waiting.";
            let events = said(&mut stream, text);
            let first = data(of(&events, "audio_chunk")[0]).unwrap();
            let speech = Speech::of(&format!("{text} ")).bytes(24_000);
            assert!(speech.starts_with(&first), "{fault:?}: the double began it");
            let told = VOICE.told(&events);
            assert!(told.contains(code(&fault)), "{fault:?}: {told}");
        }
        let before = double.asked().len();
        VOICE.is_well(&mut stream);
        // Also the connection that only fell silent was not asked again.
        assert_eq!(double.asked().len(), before + 1);
    }
}
