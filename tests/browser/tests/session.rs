//! The console against a running server: type a sentence, see a face speak, hear it, interrupt it.

use anyhow::{Result, ensure};
use fantoccini::key::Key;
use std::time::Duration;
use tth_browser_tests::driver::Look;
use tth_browser_tests::lock::Exclusive;
use tth_browser_tests::page::{Reading, median};
use tth_browser_tests::{Console, Driver, Need, Server};

const ALL: &[Need] = &[Need::Chromium, Need::Chromedriver, Need::Tth];
const NEWS: &str = "I just got wonderful news!";
/// Long enough that an interrupt lands in its middle.
const LONG: &str = "This is a long story about a lighthouse, its keeper, and the ship that never came back. \
                    It begins on a cold night in November, when the lamp went out for the first time. \
                    Nobody knew why, and nobody dared to ask, until the morning brought the answer.";
const READY: Duration = Duration::from_secs(20);
const TURN: Duration = Duration::from_secs(40);
/// The clapper's tolerance: what the eye does not notice.
const SYNC_MS: f64 = 40.0;
/// After an interrupt the sound has this long to fall silent.
const SILENCE: Duration = Duration::from_millis(300);

fn speaking(reading: &Reading) -> bool {
    reading.state == "speaking"
}

fn ready(reading: &Reading) -> bool {
    reading.state == "ready"
}

async fn choose_say(console: &Console) -> Result<()> {
    console
        .script("document.querySelector('input[value=say]').click()")
        .await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sentence_in_a_person_out() -> Result<()> {
    if !Need::all("a_sentence_in_a_person_out", ALL)? {
        return Ok(());
    }
    let _exclusive = Exclusive::wait()?;
    let driver = Driver::start()?;
    let server = Server::start("local_embedded")?;
    Console::with(&driver, Look::default(), &server.address, async |console| {
        let idle = console
            .wait("idle face", READY, |r| ready(r) && r.frames_drawn > 5)
            .await?;
        ensure!(
            !idle.locked,
            "sound is locked although the browser allows it"
        );
        ensure!(
            idle.audio_samples_played == 0,
            "sound before anything was said"
        );
        console.screenshot("session-ready").await?;

        console.send(NEWS).await?;
        let begun = console
            .wait("speech", TURN, |r| {
                speaking(r) && r.audio_samples_played > 4800
            })
            .await?;
        tokio::time::sleep(Duration::from_millis(700)).await;
        console.screenshot("session-speaking").await?;
        let during = console.read().await?;
        let mut hashes = std::collections::BTreeSet::new();
        let mut loudest = 0.0_f64;
        for _ in 0..6 {
            let now = console.read().await?;
            loudest = loudest.max(now.audio_rms);
            hashes.insert(now.last_frame_hash);
            tokio::time::sleep(Duration::from_millis(60)).await;
        }
        ensure!(hashes.len() >= 3, "the face does not move: {hashes:?}");
        ensure!(loudest > 0.005, "nothing is heard: {loudest}");
        ensure!(
            during.frames_drawn > begun.frames_drawn,
            "no new frames while speaking"
        );

        let done = console
            .wait("end of the turn", TURN, |r| r.turns == 1 && ready(r))
            .await?;
        ensure!(
            done.audio_samples_played > 12_000,
            "only {} samples were played",
            done.audio_samples_played
        );
        ensure!(done.seq_gaps == 0, "{} events are missing", done.seq_gaps);
        ensure!(
            done.captions.split_whitespace().count() >= 3,
            "captions: {:?}",
            done.captions
        );
        ensure!(
            done.metrics.len() == 1,
            "{} turn_metrics",
            done.metrics.len()
        );
        let offset = median(&done.av_offsets_ms).unwrap_or(f64::NAN);
        ensure!(
            offset.abs() <= SYNC_MS,
            "picture and sound are {offset} ms apart"
        );
        ensure!(
            console.text("#m-ttfa").await?.contains("ms"),
            "TTFA is not shown"
        );
        eprintln!(
            "metrics: {}; offset {offset:.1} ms; captions {:?}",
            done.metrics[0], done.captions
        );

        // The face lives on between turns.
        let later = console
            .wait("idle frames", READY, |r| {
                r.frames_drawn > done.frames_drawn + 10
            })
            .await?;
        ensure!(
            later.audio_samples_played == done.audio_samples_played,
            "sound after the turn"
        );
        Ok(())
    })
    .await
    .map_err(|error| error.context(server.log()))
}

#[tokio::test(flavor = "multi_thread")]
async fn escape_silences() -> Result<()> {
    if !Need::all("escape_silences", ALL)? {
        return Ok(());
    }
    let _exclusive = Exclusive::wait()?;
    let driver = Driver::start()?;
    let server = Server::start("local_embedded")?;
    Console::with(&driver, Look::default(), &server.address, async |console| {
        console
            .wait("idle face", READY, |r| ready(r) && r.frames_drawn > 5)
            .await?;
        choose_say(console).await?;
        console.send(LONG).await?;
        console
            .wait("speech", TURN, |r| {
                speaking(r) && r.audio_samples_played > 24_000
            })
            .await?;
        console.press(Key::Escape).await?;
        tokio::time::sleep(SILENCE).await;
        let quiet = console.read().await?;
        tokio::time::sleep(Duration::from_millis(600)).await;
        let later = console.read().await?;
        // What was heard last lies before the moment 300 ms after the key.
        ensure!(
            later.silent_ms >= 550.0,
            "sound {} ms ago, long after Escape",
            later.silent_ms
        );
        ensure!(
            later.audio_samples_played == quiet.audio_samples_played,
            "samples were played after Escape"
        );
        let after = console
            .wait("ready", READY, |r| ready(r) && r.turns == 1)
            .await?;
        ensure!(
            LONG.starts_with(after.captions.trim_end_matches('…').trim()),
            "captions: {:?}",
            after.captions
        );
        ensure!(
            after.captions.len() < LONG.len(),
            "everything counts as heard"
        );
        // And the next turn speaks.
        console.send("And now something else.").await?;
        console
            .wait("speech again", TURN, |r| {
                speaking(r) && r.audio_samples_played > after.audio_samples_played + 4800
            })
            .await?;
        let end = console
            .wait("end", TURN, |r| r.turns == 2 && ready(r))
            .await?;
        ensure!(end.seq_gaps == 0, "{} events are missing", end.seq_gaps);
        Ok(())
    })
    .await
    .map_err(|error| error.context(server.log()))
}

/// A white frame and a beep of the same media time must meet, as the page draws and plays them.
#[tokio::test(flavor = "multi_thread")]
async fn picture_and_sound_meet() -> Result<()> {
    if !Need::all("picture_and_sound_meet", ALL)? {
        return Ok(());
    }
    let _exclusive = Exclusive::wait()?;
    let driver = Driver::start()?;
    let server = Server::start_with_profile("clapper", include_str!("../profiles/clapper.yaml"))?;
    Console::with(
        &driver,
        Look::default(),
        &format!("{}/?clapper=1", server.address),
        async |console| {
            console
                .wait("idle face", READY, |r| ready(r) && r.frames_drawn > 5)
                .await?;
            choose_say(console).await?;
            let mut offsets = Vec::new();
            for turn in 1..=4 {
                console.send(LONG).await?;
                offsets = console
                    .wait("end of the turn", TURN, |r| r.turns == turn && ready(r))
                    .await?
                    .av_offsets_ms;
                if offsets.len() >= 8 {
                    break;
                }
            }
            ensure!(
                offsets.len() >= 4,
                "only {} claps were seen and heard: {offsets:?}",
                offsets.len()
            );
            let middle = median(&offsets).unwrap_or(f64::NAN);
            eprintln!("clapper offsets, ms: {offsets:.1?}; median {middle:.1}");
            ensure!(
                middle.abs() <= SYNC_MS,
                "picture and sound are {middle} ms apart: {offsets:?}"
            );
            Ok(())
        },
    )
    .await
    .map_err(|error| error.context(server.log()))
}

/// Without the permission to play, the page says so, shows the face all the same, and a click helps.
#[tokio::test(flavor = "multi_thread")]
async fn locked_sound_is_said_and_unlocked() -> Result<()> {
    if !Need::all("locked_sound_is_said_and_unlocked", ALL)? {
        return Ok(());
    }
    let _exclusive = Exclusive::wait()?;
    let driver = Driver::start()?;
    let server = Server::start("mock")?;
    let look = Look {
        autoplay: false,
        ..Look::default()
    };
    Console::with(&driver, look, &server.address, async |console| {
        console
            .wait("locked sound", READY, |r| {
                ready(r) && r.locked && r.frames_drawn > 5
            })
            .await?;
        ensure!(
            console.shows("#unlock").await?,
            "the button to enable sound is hidden"
        );
        console
            .client
            .find(fantoccini::Locator::Id("unlock"))
            .await?
            .click()
            .await?;
        console.wait("sound", READY, |r| !r.locked).await?;
        ensure!(!console.shows("#unlock").await?, "the button stays");
        console.send(NEWS).await?;
        console
            .wait("speech", TURN, |r| {
                r.audio_samples_played > 2400 && r.silent_ms < 2000.0
            })
            .await?;
        Ok(())
    })
    .await
    .map_err(|error| error.context(server.log()))
}

/// The server goes away and comes back: the page says so, and finds it again by itself.
#[tokio::test(flavor = "multi_thread")]
async fn a_lost_server_is_said_and_found_again() -> Result<()> {
    if !Need::all("a_lost_server_is_said_and_found_again", ALL)? {
        return Ok(());
    }
    let _exclusive = Exclusive::wait()?;
    let driver = Driver::start()?;
    let server = Server::start("mock")?;
    let address = server.address.clone();
    Console::with(&driver, Look::default(), &address, async |console| {
        console
            .wait("idle face", READY, |r| ready(r) && r.frames_drawn > 5)
            .await?;
        drop(server);
        console
            .wait("disconnected", READY, |r| r.state == "disconnected")
            .await?;
        ensure!(console.shows("#retry").await?, "no way to retry");
        ensure!(
            console.text("#overlay").await?.contains("Connection lost"),
            "the page does not say what happened"
        );
        let server = Server::start_again("mock", &address)?;
        let frames = console.read().await?.frames_drawn;
        console
            .wait("the face again", READY, |r| {
                ready(r) && r.frames_drawn > frames + 5
            })
            .await?;
        let played = console.read().await?.audio_samples_played;
        console.send(NEWS).await?;
        console
            .wait("speech", TURN, |r| r.audio_samples_played > played + 2400)
            .await?;
        drop(server);
        Ok(())
    })
    .await
}
