//! The console in front of vendors' providers: a model and a voice behind network adapters, both led
//! to doubles, and the embedded face.

use anyhow::{Result, ensure};
use std::collections::BTreeSet;
use std::time::Duration;
use tth_browser_tests::driver::Look;
use tth_browser_tests::lock::Exclusive;
use tth_browser_tests::{Console, Driver, Need, Server};
use tth_simulators::{Script, Simulator, Vendor};

const ALL: &[Need] = &[Need::Chromium, Need::Chromedriver, Need::Tth];
const READY: Duration = Duration::from_secs(20);
const TURN: Duration = Duration::from_secs(40);
const ASKED: &str = "I just got wonderful news!";
const ANSWER: &str = "What lovely news, I am so happy for you. Tell me all about it!";
const KEYS: [&str; 2] = ["0penai-k3y-of-the-test", "3leven-k3y-of-the-test"];

fn double(vendor: Vendor, key: &str) -> Result<Simulator> {
    Simulator::start(
        vendor,
        Script {
            answer: format!("<feel:joy:0.8> {ANSWER}"),
            key: Some(key.to_owned()),
            delay_ms: 5,
            ..Script::default()
        },
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn vendors_write_and_speak_and_the_face_says_it() -> Result<()> {
    if !Need::all("vendors_write_and_speak_and_the_face_says_it", ALL)? {
        return Ok(());
    }
    let _exclusive = Exclusive::wait()?;
    let model = double(Vendor::OpenAi, KEYS[0])?;
    let voice = double(Vendor::ElevenLabs, KEYS[1])?;
    let driver = Driver::start()?;
    let (at_model, at_voice) = (model.origin(), voice.origin());
    let both = |origin: &str| format!("[\"{origin}\", \"{}\"]", origin.replace("http", "ws"));
    let (model_hosts, voice_hosts) = (both(&at_model), both(&at_voice));
    let base_url = format!("{at_model}/v1");
    let server = Server::start_in(
        "local_api_only_split",
        &[
            (
                "TTH__PROVIDERS__OPENAI_REALTIME__SETTINGS__BASE_URL",
                &base_url,
            ),
            (
                "TTH__PROVIDERS__OPENAI_REALTIME__ALLOW__HOSTS",
                &model_hosts,
            ),
            (
                "TTH__PROVIDERS__ELEVENLABS_STREAM__SETTINGS__BASE_URL",
                &at_voice,
            ),
            (
                "TTH__PROVIDERS__ELEVENLABS_STREAM__ALLOW__HOSTS",
                &voice_hosts,
            ),
            ("OPENAI_API_KEY", KEYS[0]),
            ("ELEVENLABS_API_KEY", KEYS[1]),
        ],
    )?;
    Console::with(&driver, Look::default(), &server.address, async |console| {
        let idle = console
            .wait("idle face", READY, |r| {
                r.state == "ready" && r.frames_drawn > 5
            })
            .await?;
        ensure!(
            idle.audio_samples_played == 0,
            "sound before anything was said"
        );
        let named = console.text("#providers").await?;
        for provider in ["openai_realtime", "elevenlabs_stream", "embedded_avatar"] {
            ensure!(named.contains(provider), "{provider} is not named: {named}");
        }

        console.send(ASKED).await?;
        let begun = console
            .wait("speech", TURN, |r| {
                r.state == "speaking" && r.audio_samples_played > 12_000
            })
            .await?;
        let mut hashes = BTreeSet::new();
        let mut loudest = 0.0_f64;
        for _ in 0..12 {
            let now = console.read().await?;
            hashes.insert(now.last_frame_hash);
            loudest = loudest.max(now.audio_rms);
            tokio::time::sleep(Duration::from_millis(60)).await;
        }
        console.screenshot("vendors-speaking").await?;
        ensure!(hashes.len() >= 3, "the face does not move: {hashes:?}");
        ensure!(loudest > 0.005, "nothing is heard: {loudest}");
        ensure!(
            console.read().await?.frames_drawn > begun.frames_drawn,
            "no new frames"
        );

        let done = console
            .wait("end of the turn", TURN, |r| {
                r.turns == 1 && r.state == "ready"
            })
            .await?;
        // Three seconds and more at the voice's 24 kHz.
        ensure!(
            done.audio_samples_played > 72_000,
            "only {} samples were played",
            done.audio_samples_played
        );
        ensure!(
            done.captions.trim() == ANSWER,
            "captions: {:?}",
            done.captions
        );
        ensure!(done.seq_gaps == 0, "{} events are missing", done.seq_gaps);
        let named = console.text("#providers").await?;
        ensure!(
            !named.contains("took over"),
            "a provider was replaced: {named}"
        );
        Ok(())
    })
    .await
    .map_err(|error| error.context(server.log()))?;

    for (double, header, value, wanted) in [
        (
            &model,
            "authorization",
            format!("Bearer {}", KEYS[0]),
            ASKED,
        ),
        (&voice, "xi-api-key", KEYS[1].to_owned(), "lovely news"),
    ] {
        let asked = double.asked();
        ensure!(!asked.is_empty(), "a double was never asked");
        let has_key = asked
            .iter()
            .all(|one| one.header(header) == Some(value.as_str()));
        ensure!(has_key, "a request came without its key");
        let mut heard = asked.iter().flat_map(|one| &one.messages);
        ensure!(
            heard.any(|one| one.body.to_string().contains(wanted)),
            "{wanted:?} never reached its double"
        );
        ensure!(
            asked.iter().any(|one| one.said > 0),
            "a double said nothing"
        );
    }
    Ok(())
}
