use super::*;
use crate::config::{Located, Origin, Place, Secret};
use std::path::PathBuf;

fn located(text: &str) -> Located<String> {
    Located {
        value: text.into(),
        place: Place {
            origin: Origin::File("f".into()),
            key: String::new(),
        },
    }
}

fn keyed(id: &str) -> Provider {
    Provider {
        hosts: vec![located("https://api.example.com")],
        secrets: vec![Secret {
            header: "authorization".into(),
            variable: located("VOICE_KEY"),
            prefix: String::new(),
            host: None,
        }],
        ..Provider::sample(id, "{}")
    }
}

fn well(readiness: Readiness, detail: &str) -> Option<Health> {
    Some(Health {
        readiness,
        detail: detail.into(),
    })
}

fn error(code: ErrorCode) -> ProviderError {
    ProviderError::new(code, "the server said 4xx")
}

#[test]
fn the_table_says_who_serves_and_what_to_do() {
    let (hosted, own) = (keyed("hosted"), Provider::sample("own", "{}"));
    let mut first = Finding::new(&hosted, Stage::Tts, 0);
    first.health = well(Readiness::Ready, "");
    first.trip = Some(Ok(Duration::from_micros(412_400)));
    let mut second = Finding::new(&own, Stage::Tts, 1);
    second.health = well(Readiness::Degraded, "the model is not there");
    second.trip = Some(Ok(Duration::from_millis(80)));
    let mut third = Finding::new(&hosted, Stage::Tts, 2);
    third.missing = vec!["VOICE_KEY".into()];
    let expected = "\
profile p

provider  role  place       key                health    round trip  what to do
hosted    tts   primary     VOICE_KEY          ok        412 ms
own       tts   fallback 1  none needed        degraded  80 ms       it serves, but says: the model is not there
hosted    tts   fallback 2  VOICE_KEY missing  -         -           set VOICE_KEY in the environment or in .env

every primary answers; not these fallbacks: hosted";
    assert_eq!(of("p", &[first, second, third]), expected);
}

#[test]
fn the_verdict_is_that_of_the_primaries() {
    let own = Provider::sample("own", "{}");
    let finding = |place, serves: bool| {
        let mut finding = Finding::new(&own, Stage::Llm, place);
        finding.health = well(Readiness::Down, "no list of models");
        finding.trip = Some(match serves {
            true => Ok(Duration::from_millis(1)),
            false => Err(error(ErrorCode::Internal)),
        });
        finding
    };
    let said = of("p", &[finding(0, true), finding(1, true)]);
    assert!(said.ends_with("\nall of them answer"), "{said}");
    let said = of("p", &[finding(0, false), finding(1, true)]);
    assert!(
        said.ends_with("these primaries do not answer: own"),
        "{said}"
    );
    assert!(finding(0, false).failed() && !finding(0, true).failed());
    assert!(Finding::new(&own, Stage::Llm, 0).failed(), "never asked");
}

#[test]
fn each_error_has_its_advice() {
    let (hosted, own) = (keyed("hosted"), Provider::sample("own", "{}"));
    let about = |provider, error: ProviderError| {
        let mut finding = Finding::new(provider, Stage::Tts, 0);
        finding.trip = Some(Err(error));
        finding.advice()
    };
    for (provider, code, part) in [
        (
            &hosted,
            ErrorCode::Unauthenticated,
            "check VOICE_KEY: it was refused (unauth",
        ),
        (
            &own,
            ErrorCode::Unauthenticated,
            "it wants a key: give providers.own `secrets`",
        ),
        (&hosted, ErrorCode::QuotaExceeded, "no credit is left"),
        (
            &hosted,
            ErrorCode::RateLimited,
            "too many requests: try again later (rate",
        ),
        (
            &hosted,
            ErrorCode::Unavailable,
            "does it run at https://api.example.com? (unav",
        ),
        (
            &hosted,
            ErrorCode::Timeout,
            "does it run at https://api.example.com? (timeout",
        ),
        (
            &own,
            ErrorCode::Unavailable,
            "unavailable: the server said 4xx",
        ),
        (
            &own,
            ErrorCode::InvalidConfig,
            "correct providers.own (invalid_config",
        ),
        (&own, ErrorCode::Internal, "internal: the server said 4xx"),
    ] {
        let said = about(provider, error(code));
        assert!(said.starts_with(part), "{code:?}: {said}");
    }
    let mut later = error(ErrorCode::RateLimited);
    later.retry_after_ms = Some(6_100);
    assert!(about(&own, later).contains("try again in 7 s"));
}

#[test]
fn what_did_not_load_or_was_slow_says_so() {
    let hosted = keyed("hosted");
    let mut finding = Finding::new(&hosted, Stage::Tts, 0);
    let reason = error(ErrorCode::Unauthenticated);
    let (id, file) = ("hosted".to_owned(), PathBuf::from("a.wasm"));
    finding.unloaded = Some(RuntimeError::Load { id, file, reason }.into());
    let cells = finding.cells();
    assert_eq!(cells[4..6], ["not loaded", "-"]);
    assert!(cells[6].starts_with("check VOICE_KEY"), "{cells:?}");
    finding.unloaded = Some(anyhow::anyhow!("there is no such file"));
    assert_eq!(finding.advice(), "there is no such file");

    let mut slow = Finding::new(&hosted, Stage::Tts, 0);
    slow.health = well(Readiness::Ready, "");
    slow.trip = Some(Ok(Duration::from_millis(1_001)));
    assert!(!slow.failed());
    assert!(
        slow.advice()
            .starts_with("slower than its first_output_ms of 1000")
    );
}
