//! The console's controls against a running server: personas as cards, sliders in mid-sentence, and
//! the report of what each stage did.

use anyhow::{Context, Result, ensure};
use fantoccini::key::Key;
use serde_json::Value;
use std::time::Duration;
use tth_browser_tests::live::{READY, TALL, click, focus, line, near, until, with_face};

const LONG: &str = "This is a long story about a lighthouse, its keeper, and the ship that never came back. \
                    It begins on a cold night in November, when the lamp went out for the first time.";

/// A small copy of what the canvas shows, as numbers.
const SMALL: &str = "
    const c = new OffscreenCanvas(24, 24).getContext('2d');
    c.drawImage(document.querySelector('#face'), 0, 0, 24, 24);
    return [...c.getImageData(0, 0, 24, 24).data]";

/// Mean difference of two pictures, 0 to 255.
fn difference(a: &Value, b: &Value) -> Result<f64> {
    let numbers =
        |v: &Value| -> Option<Vec<f64>> { v.as_array()?.iter().map(Value::as_f64).collect() };
    let (a, b) = (
        numbers(a).context("no picture")?,
        numbers(b).context("no picture")?,
    );
    Ok(a.iter().zip(&b).map(|(x, y)| (x - y).abs()).sum::<f64>() / a.len() as f64)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_is_another_person() -> Result<()> {
    with_face("a_card_is_another_person", TALL, async |console| {
        let cards = until(
            console,
            "cards",
            "return [...document.querySelectorAll('.persona')].map((c) => c.querySelector('strong').textContent)",
            |cards| cards.as_array().is_some_and(|cards| cards.len() >= 5),
        )
        .await?;
        ensure!(cards.as_array().is_some_and(|all| all.iter().any(|name| name == "Theo")), "{cards}");
        ensure!(console.text("#name-tag").await? == "Mira", "the first is not who speaks");
        // Each face as a picture, made while nobody speaks.
        until(
            console,
            "pictures",
            "return [...document.querySelectorAll('.persona img')].filter((i) => i.naturalWidth > 0).length",
            |count| count.as_u64() >= Some(5),
        )
        .await?;

        let before = console.script(SMALL).await?;
        tokio::time::sleep(Duration::from_millis(500)).await;
        let moved = difference(&before, &console.script(SMALL).await?)?;
        click(console, "[data-persona=theo]").await?;
        let face = line(console, "character.persona_id", "avatar", |l| l["outcome"] == "applied").await?;
        ensure!(face["value"] == "theo", "the face says {face}");
        tokio::time::sleep(Duration::from_millis(700)).await;
        let changed = difference(&before, &console.script(SMALL).await?)?;
        ensure!(changed > 6.0 && changed > 3.0 * moved, "the face is the same: {changed:.1}, idle {moved:.1}");
        ensure!(console.text("#name-tag").await? == "Theo", "another name is shown");
        console.screenshot("controls-persona").await?;

        // Radio buttons: an arrow key chooses the neighbour.
        focus(console, ".persona input:checked").await?;
        console.press(Key::Up).await?;
        line(console, "character.persona_id", "avatar", |l| l["value"] == "ravi").await?;
        ensure!(console.text("#name-tag").await? == "Ravi", "the arrow key did not choose");
        console.send("Hello.").await?;
        console.wait("a turn", READY, |r| r.turns == 1 && r.state == "ready").await?;
        let who = console.script("return document.querySelector('#history .they small').textContent").await?;
        ensure!(who == "Ravi", "the conversation names {who}");
        Ok(())
    })
    .await
}

/// A slider in mid-sentence is told at once; what a stage cannot do, or not quite, is said with its
/// reason, to eyes, keyboards and screen readers.
#[tokio::test(flavor = "multi_thread")]
async fn the_report_says_what_became_of_a_slider() -> Result<()> {
    with_face(
        "the_report_says_what_became_of_a_slider",
        TALL,
        async |console| {
            let height = "return document.querySelector('#report-panel').offsetHeight";
            let empty = console.script(height).await?;
            console
                .script("document.querySelector('input[value=say]').click()")
                .await?;
            console.send(LONG).await?;
            console
                .wait("speech", READY, |r| {
                    r.state == "speaking" && r.audio_samples_played > 4800
                })
                .await?;
            focus(console, "#slider-motion_gain").await?;
            for _ in 0..4 {
                console.press(Key::Right).await?;
            }
            let face = line(console, "character.motion_gain", "avatar", |l| {
                near(&l["value"], 1.2)
            })
            .await?;
            ensure!(face["outcome"] == "applied", "the face says {face}");
            ensure!(
                console.read().await?.turns == 0,
                "the sentence was over before the answer"
            );
            let row = "[data-control='character.motion_gain']";
            let cell = console.text(&format!("{row} [data-stage=Face]")).await?;
            ensure!(
                cell.contains("applied") && cell.contains("1.2"),
                "the face's cell says {cell:?}"
            );
            ensure!(
                console.shows(&format!("{row}.fresh")).await?,
                "the row is not marked"
            );
            let since = console.text(&format!("{row} .since")).await?;
            ensure!(since.starts_with("from 0:"), "the row says {since:?}");
            let full = console.script(height).await?;
            ensure!(
                full == empty,
                "the report moved the page: {empty} px, then {full} px"
            );

            // Between turns every stage answers, the language model too.
            console.press(Key::Escape).await?;
            console
                .wait("ready", READY, |r| r.state == "ready" && r.turns == 1)
                .await?;
            focus(console, "#slider-motion_gain").await?;
            console.press(Key::Right).await?;
            let voice = line(console, "character.motion_gain", "tts", |l| {
                l["outcome"] == "ignored"
            })
            .await?;
            let reason = voice["reason"].as_str().context("no reason")?;
            let cell = format!("{row} [data-stage=Voice] button");
            let named = until(
                console,
                "the voice's cell",
                &format!("return document.querySelector(`{cell}`)?.textContent ?? ''"),
                |text| {
                    text.as_str()
                        .is_some_and(|text| text.contains("not possible"))
                },
            )
            .await?;
            ensure!(
                named.as_str().is_some_and(|name| name.contains(reason)),
                "a screen reader hears {named}"
            );
            focus(console, &cell).await?;
            let tip = console.text("#tip").await?;
            ensure!(
                tip.contains("Motion, Voice: not possible") && tip.contains(reason),
                "the note says {tip:?}"
            );
            console.screenshot("controls-reason").await?;
            console.press(Key::Right).await?;
            ensure!(
                console
                    .text("#tip")
                    .await?
                    .contains("Motion, Face: applied"),
                "the arrow key went elsewhere"
            );
            console.press(Key::Escape).await?;
            ensure!(!console.shows("#tip").await?, "the note stays");

            click(console, "[data-emotion=joy]").await?;
            let mind = line(console, "emotion.intensity", "llm", |l| {
                l["outcome"] == "downgraded"
            })
            .await?;
            let cell = "[data-control='emotion.intensity'] [data-stage=Mind] button";
            until(
                console,
                "the mind's cell",
                &format!("return document.querySelector(`{cell}`)?.textContent ?? ''"),
                |text| {
                    text.as_str().is_some_and(|text| {
                        text.contains("adapted")
                            && text.contains(mind["reason"].as_str().unwrap_or("no reason at all"))
                    })
                },
            )
            .await?;
            let full = console.script(height).await?;
            ensure!(
                full == empty,
                "the report of every stage moved the page: {empty} px, then {full} px"
            );
            Ok(())
        },
    )
    .await
}
