//! What a console makes of a stream that is lost in the middle: nothing that was said, chosen or asked is
//! lost with it.

use anyhow::{Result, ensure};
use fantoccini::key::Key;
use serde_json::json;
use tth_browser_tests::Console;
use tth_browser_tests::driver::Look;
use tth_browser_tests::live::{READY, click, line, until, with_face};

const LONG: &str = "This is a long story about a lighthouse, its keeper, and the ship that never came back. \
                    It begins on a cold night in November, when the lamp went out for the first time.";

async fn say(console: &Console, text: &str) -> Result<()> {
    console
        .script("document.querySelector('input[value=say]').click()")
        .await?;
    console.send(text).await?;
    console
        .wait("speech", READY, |r| {
            r.state == "speaking" && r.audio_samples_played > 9_600
        })
        .await?;
    Ok(())
}

/// The connection breaks while somebody speaks.
async fn lose(console: &Console) -> Result<()> {
    console.script("tthDebug.lose()").await?;
    console
        .wait("the loss", READY, |r| r.state == "disconnected")
        .await?;
    Ok(())
}

async fn lines(console: &Console) -> Result<Vec<String>> {
    let lines =
        "return [...document.querySelectorAll('#history li')].map((line) => line.textContent)";
    Ok(serde_json::from_value(console.script(lines).await?)?)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_stream_goes_on_with_what_was_chosen_meanwhile() -> Result<()> {
    let name = "a_lost_stream_goes_on_with_what_was_chosen_meanwhile";
    with_face(name, Look::default(), async |console| {
        say(console, LONG).await?;
        lose(console).await?;
        console.screenshot("lost-disconnected").await?;
        click(console, "[data-emotion=joy]").await?;
        console.script("tthDebug.comeBack()").await?;
        console
            .wait("speech again", READY, |r| r.state == "speaking")
            .await?;
        let joy = line(console, "emotion.label", "avatar", |l| l["value"] == "joy").await?;
        ensure!(joy["outcome"] == "applied", "the face says {joy}");
        let done = console
            .wait("the end", READY * 2, |r| r.state == "ready" && r.turns == 1)
            .await?;
        ensure!(done.seq_gaps == 0, "{} events are missing", done.seq_gaps);
        let said = lines(console).await?;
        ensure!(
            said.len() == 2 && said[1].contains("for the first time"),
            "the conversation is {said:?}"
        );
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupt_while_the_stream_is_lost_counts() -> Result<()> {
    let name = "an_interrupt_while_the_stream_is_lost_counts";
    with_face(name, Look::default(), async |console| {
        say(console, LONG).await?;
        lose(console).await?;
        console.press(Key::Escape).await?;
        console.script("tthDebug.comeBack()").await?;
        console
            .wait("silence", READY, |r| r.state == "ready" && r.turns == 1)
            .await?;
        let said = lines(console).await?;
        ensure!(
            said.len() == 2 && said[1].contains("interrupted") && !said[1].contains("November"),
            "the conversation is {said:?}"
        );
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_barge_in_keeps_what_was_heard_and_an_answer_can_be_saved() -> Result<()> {
    let name = "a_barge_in_keeps_what_was_heard_and_an_answer_can_be_saved";
    with_face(name, Look::default(), async |console| {
        say(console, LONG).await?;
        console.send("Something else.").await?;
        console
            .wait("the second turn", READY, |r| {
                r.state == "ready" && r.turns == 2
            })
            .await?;
        let said = lines(console).await?;
        ensure!(said.len() == 4, "the conversation is {said:?}");
        ensure!(
            said[1].contains("interrupted") && said[1].contains("This is"),
            "the conversation is {said:?}"
        );
        console
            .script("document.getElementById('history-panel').open = true")
            .await?;
        click(console, "#history li:last-child .save").await?;
        let sizes = until(console, "the clip", "return tthDebug.clips", |sizes| {
            sizes != &json!([])
        })
        .await?;
        let size = sizes[0].as_u64().unwrap_or(0);
        ensure!(size > 10_000, "a clip of {size} bytes");
        console.script("tthDebug.play()").await?;
        let played = until(console, "the clip", "return tthDebug.played", |played| {
            !played.is_null()
        })
        .await?;
        let decoded = |what: &str| played[what].as_u64().unwrap_or(0);
        ensure!(
            decoded("width") >= 256 && decoded("audio") > 1_000 && decoded("pictures") > 1_000,
            "the clip as the browser played it: {played}"
        );
        console.screenshot("lost-conversation").await?;
        Ok(())
    })
    .await
}
