use super::*;

fn day(text: &str) -> Day {
    Day::parse(text).unwrap()
}

fn provider(settings: &str) -> Provider {
    Provider::sample("voice", settings)
}

fn info(models: &[&str], features: &[&str]) -> ProviderInfo {
    let owned = |list: &[&str]| list.iter().map(ToString::to_string).collect();
    ProviderInfo {
        models: owned(models),
        features: owned(features),
        ..ProviderInfo::default()
    }
}

#[test]
fn days_are_counted_as_the_calendar_does() {
    for (days, text) in [
        (0, "1970-01-01"),
        (59, "1970-03-01"),
        (789, "1972-02-29"),
        (10_956, "1999-12-31"),
        (11_016, "2000-02-29"),
        (20_780, "2026-11-23"),
        (47_541, "2100-03-01"),
    ] {
        assert_eq!(Day::after_1970(days).to_string(), text, "{days}");
    }
    assert!(Day::today() > day("2025-01-01"));
    assert!(Day::after_1970(u64::MAX).to_string().starts_with("65535-"));
}

#[test]
fn only_days_are_read_as_such() {
    assert_eq!(day("2027-01-06").to_string(), "2027-01-06");
    assert!(day("2027-01-06") < day("2027-01-14") && day("2026-12-31") < day("2027-01-01"));
    for wrong in [
        "",
        "2027",
        "2027-1-06",
        "2027-13-01",
        "2027-00-01",
        "2027-01-32",
        "2027-01-00",
        "2027/01/06",
        "2027-01-061",
        "+027-01-06",
        "zażółć",
    ] {
        assert_eq!(Day::parse(wrong), None, "{wrong}");
    }
}

#[test]
fn the_model_in_use_is_looked_for_among_those_that_end() {
    let info = info(
        &["new", "old", "newer", "going"],
        &[
            "visemes",
            "ends:old=2027-01-06",
            "ends:going=2027-04-01",
            "ends:gone=2026-01-01",
        ],
    );
    let said = |settings: &str, today: &str| ending(&provider(settings), &info, day(today));
    assert_eq!(said("{}", "2026-11-23"), None, "the first one stays");
    assert_eq!(said(r#"{"model": "newer"}"#, "2026-11-23"), None);
    assert_eq!(said(r#"{"model": ""}"#, "2026-11-23"), None);
    assert_eq!(
        said(r#"{"model": "old"}"#, "2026-11-23").unwrap(),
        "provider voice: its model old will be shut down on 2027-01-06; \
         set providers.voice.settings.model to one that stays: new, newer"
    );
    for today in ["2027-01-06", "2027-01-07"] {
        let said = said(r#"{"model": "old"}"#, today).unwrap();
        assert!(said.contains("old was shut down on 2027-01-06;"), "{said}");
    }
    // One that it does not even list any more.
    let said = said(r#"{"model": "gone"}"#, "2026-11-23").unwrap();
    assert!(said.contains("gone was shut down on 2026-01-01;"), "{said}");
}

#[test]
fn the_first_model_counts_where_none_is_set_and_none_may_stay() {
    let info = info(
        &["a=b:c", "d"],
        &["ends:a=b:c=2027-01-06", "ends:d=2027-01-06"],
    );
    let said = ending(&provider("{}"), &info, day("2026-11-23")).unwrap();
    assert_eq!(
        said,
        "provider voice: its model a=b:c will be shut down on 2027-01-06; \
         it lists none that stays, so another provider has to take its place"
    );
}

#[test]
fn an_announcement_that_cannot_be_read_is_none() {
    for word in ["ends:", "ends:m", "ends:m=soon", "ends:=2027-01-06", "ends"] {
        let info = info(&["m"], &[word]);
        assert_eq!(
            ending(&provider("{}"), &info, day("2030-01-01")),
            None,
            "{word}"
        );
    }
}
