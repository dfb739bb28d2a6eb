//! The pad against a running server: a feeling by place, by name, and by the model.

use anyhow::{Context, Result, ensure};
use fantoccini::key::Key;
use serde_json::{Value, json};
use std::time::Instant;
use tth_browser_tests::driver::Look;
use tth_browser_tests::live::{
    READY, TALL, click, drag, focus, last_update, line, near, until, with_face,
};
use tth_browser_tests::workspace;

/// A drag sends places, not faster than ten a second and the last one surely; a name takes the
/// place's place, and the other way round; arrow keys move it.
#[tokio::test(flavor = "multi_thread")]
async fn a_place_and_a_name_replace_each_other() -> Result<()> {
    with_face(
        "a_place_and_a_name_replace_each_other",
        TALL,
        async |console| {
            let begun = Instant::now();
            drag(console, 0.8, 0.6).await?;
            let face = line(console, "emotion.valence", "avatar", |l| {
                near(&l["value"], 0.8)
            })
            .await?;
            let took = begun.elapsed().as_secs_f64();
            ensure!(face["outcome"] == "applied", "the face says {face}");
            line(console, "emotion.arousal", "avatar", |l| {
                near(&l["value"], 0.6)
            })
            .await?;
            let sent = console
                .script("return window.tthDebug.updates.map((u) => u.emotion)")
                .await?;
            let sent = sent.as_array().context("no updates")?;
            ensure!(
                sent.len() >= 3 && (sent.len() as f64) <= took / 0.1 + 2.0,
                "{} updates in {took} s: {sent:?}",
                sent.len()
            );
            ensure!(
                sent.iter().all(|emotion| emotion["label"].is_null()),
                "a label beside a place: {sent:?}"
            );
            // 0 to 1 for clients, where the circumplex has -1 to 1.
            let last = last_update(console).await?;
            ensure!(
                near(&last["emotion"]["valence"], 0.8) && near(&last["emotion"]["arousal"], 0.8),
                "{last}"
            );
            // Where the pointer was let go, to the pixel.
            let at = |coordinate: &Value| coordinate.as_f64().map(|c| (c * 100.0).round() / 100.0);
            let v = at(&last["emotion"]["valence"]).context("no valence")?;
            let a = at(&json!(
                last["emotion"]["arousal"].as_f64().unwrap_or(0.0) * 2.0 - 1.0
            ))
            .context("no arousal")?;
            let note = console.text("#pad-note").await?;
            ensure!(
                note == format!("pleasant {v}, aroused {a}, near joy"),
                "the pad says {note:?}"
            );
            ensure!(
                !console.shows(".chip:has(:checked)").await?,
                "a label stays chosen"
            );
            let cell = console
                .text("[data-control='emotion.valence'] [data-stage=Face]")
                .await?;
            ensure!(
                cell.contains("applied") && cell.contains("0.8"),
                "the report says {cell:?}"
            );
            console.screenshot("controls-place").await?;

            focus(console, "#pad-valence").await?;
            console.press(Key::Left).await?;
            console.press(Key::Down).await?;
            line(console, "emotion.valence", "avatar", |l| {
                near(&l["value"], v - 0.05)
            })
            .await?;
            line(console, "emotion.arousal", "avatar", |l| {
                near(&l["value"], a - 0.05)
            })
            .await?;
            let said = console
                .script(
                    "return document.querySelector('#pad-valence').getAttribute('aria-valuetext')",
                )
                .await?;
            ensure!(
                said.as_str().is_some_and(
                    |said| said.ends_with("near joy") && said.starts_with("pleasant 0.7")
                ),
                "a screen reader hears {said}"
            );

            click(console, "[data-emotion=sadness]").await?;
            line(console, "emotion.label", "avatar", |l| {
                l["value"] == "sadness" && l["outcome"] == "applied"
            })
            .await?;
            let last = last_update(console).await?;
            ensure!(
                last["emotion"]["label"] == "sadness" && last["emotion"]["valence"].is_null(),
                "{last}"
            );
            let place = line(console, "emotion.valence", "avatar", |_| true).await?;
            ensure!(
                place.is_null() || place["outcome"] == "ignored",
                "the place still counts: {place}"
            );
            let note = console.text("#pad-note").await?;
            ensure!(
                note == "unpleasant 0.65, calm 0.25, near sadness",
                "the pad says {note:?}"
            );

            focus(console, "#pad-valence").await?;
            console.press(Key::Right).await?;
            line(console, "emotion.valence", "avatar", |l| {
                near(&l["value"], -0.6)
            })
            .await?;
            ensure!(
                !console.shows(".chip:has(:checked)").await?,
                "the name stays chosen beside a place"
            );
            let mind = console
                .text("[data-control='emotion.label'] [data-stage=Face]")
                .await?;
            ensure!(
                !mind.contains("not possible"),
                "giving way is no failure: {mind:?}"
            );
            Ok(())
        },
    )
    .await
}

/// Where nobody chose a feeling, the pad shows the model's own; on a phone the cards are a row.
#[tokio::test(flavor = "multi_thread")]
async fn the_pad_shows_what_the_model_feels() -> Result<()> {
    let phone = Look {
        size: (390, 844),
        ..Look::default()
    };
    with_face("the_pad_shows_what_the_model_feels", phone, async |console| {
        console.send("I just got wonderful news!").await?;
        let felt = "return document.querySelector('.chip.now')?.dataset.emotion ?? null";
        let label = until(console, "the feeling", felt, |label| {
            label.as_str().is_some_and(|label| ["joy", "excited"].contains(&label))
        })
        .await?;
        let note = console.text("#pad-note").await?;
        ensure!(note.ends_with(&format!("near {}", label.as_str().unwrap_or("?"))), "{label}, but {note:?}");
        ensure!(last_update(console).await?.is_null(), "the console sent the model's feeling back");
        console.wait("the end", READY, |r| r.turns == 1 && r.state == "ready").await?;

        console.script("document.querySelector('#h-character').scrollIntoView()").await?;
        let row = console
            .script("const p = document.querySelector('#personas'); return [p.scrollWidth > p.clientWidth, p.clientHeight < 140, document.documentElement.scrollWidth <= innerWidth]")
            .await?;
        ensure!(row == json!([true, true, true]), "no row of cards that scrolls by itself: {row}");
        focus(console, ".persona input:checked").await?;
        console.press(Key::Up).await?;
        // The last card, at the other end of the row.
        until(
            console,
            "the last card in view",
            "const p = document.querySelector('#personas').getBoundingClientRect(), c = document.querySelector('[data-persona=theo]').getBoundingClientRect();
             return document.querySelector('[data-persona=theo] input').checked && c.left >= p.left && c.right <= p.right + 1",
            |shown| *shown == json!(true),
        )
        .await?;
        console.screenshot("controls-phone").await?;
        Ok(())
    })
    .await
}

/// The page draws the labels where the mapper has them.
#[test]
fn the_labels_stand_where_the_mapper_has_them() -> Result<()> {
    let read = |path: &str| std::fs::read_to_string(workspace().join(path));
    // Without white space both tables read on one line.
    let squeeze = |text: String| text.split_whitespace().collect::<String>();
    let page = squeeze(read("host/gateway/console/vocabulary.js")?);
    let mapper = squeeze(read("components/control-mapper/src/emotion.rs")?);
    let (_, places) = page
        .split_once("PLACES={")
        .context("the page has no places")?;
    let (places, _) = places.split_once("};").context("the places have no end")?;
    let mut found = 0;
    for place in places.split_terminator("],") {
        let (label, at) = place.split_once(":[").context("a place of another shape")?;
        let (_, entry) = mapper
            .split_once(&format!("entry(\"{label}\","))
            .with_context(|| format!("the mapper does not know {label}"))?;
        let (_, theirs) = entry.split_once(",(").context("an entry without a place")?;
        let (theirs, _) = theirs.split_once(')').context("an entry without an end")?;
        let numbers = |text: &str| {
            text.split(',')
                .map(str::parse::<f64>)
                .collect::<Result<Vec<_>, _>>()
        };
        ensure!(
            numbers(at)? == numbers(theirs)?,
            "{label}: {at} here, {theirs} there"
        );
        found += 1;
    }
    ensure!(found == 10, "only {found} labels");
    Ok(())
}
