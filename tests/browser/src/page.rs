//! The console as a test sees it: what it shows, what can be typed, what it measured.

use crate::driver::{BrowserLog, Driver, Look};
use crate::setup::output_dir;
use anyhow::{Context, Result};
use fantoccini::key::Key;
use fantoccini::{Client, Locator};
use futures::FutureExt;
use serde::Deserialize;
use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

/// `window.tthDebug` at one moment. Times are milliseconds, offsets picture minus sound.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Reading {
    /// connecting, ready, thinking, speaking, disconnected, unauthorized or error.
    pub state: String,
    /// The browser does not let sound play yet.
    pub locked: bool,
    /// Frames drawn since the page was opened.
    pub frames_drawn: u64,
    /// A hash of the picture on the canvas.
    pub last_frame_hash: String,
    /// Samples taken from the stream and played.
    pub audio_samples_played: u64,
    /// Root mean square of the last moments' sound, 0 to 1.
    pub audio_rms: f64,
    /// How long ago the last sample that is not zero was heard; huge if none was yet.
    pub silent_ms: f64,
    /// Clapper mode: flash minus beep. Else frame time minus heard time, at each drawn frame.
    pub av_offsets_ms: Vec<f64>,
    /// The `turn_metrics` events so far.
    pub metrics: Vec<serde_json::Value>,
    /// Turns ended.
    pub turns: u64,
    /// The words of the running or last turn that were shown as heard.
    pub captions: String,
    /// Events missing by their `seq`.
    pub seq_gaps: u64,
}

const READ: &str = "
    const d = window.tthDebug, heard = d.lastSoundAt;
    return { state: d.state, locked: d.locked, framesDrawn: d.framesDrawn, lastFrameHash: d.lastFrameHash,
      audioSamplesPlayed: d.audioSamplesPlayed, audioRms: d.audioRms,
      silentMs: heard < 0 ? 1e9 : performance.now() - heard, avOffsetsMs: [...d.avOffsetsMs],
      metrics: d.metrics, turns: d.turns, captions: d.captions, seqGaps: d.seqGaps };";

/// An open console.
#[derive(Debug)]
pub struct Console {
    /// The WebDriver session, for what this type does not offer.
    pub client: Client,
}

impl Console {
    /// Runs `body` with the console open at `url`, and closes the browser whatever happens.
    ///
    /// # Errors
    /// What `body` answers, or that the browser does not start. A panic of `body` goes on.
    pub async fn with<T>(
        driver: &Driver,
        look: Look,
        url: &str,
        body: impl AsyncFnOnce(&Console) -> Result<T>,
    ) -> Result<T> {
        let console = Console {
            client: driver.open(look).await?,
        };
        let run = async {
            console
                .client
                .goto(url)
                .await
                .with_context(|| format!("opening {url}"))?;
            body(&console).await
        };
        let outcome = AssertUnwindSafe(run).catch_unwind().await;
        console.client.close().await.ok();
        outcome.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }

    /// What the page measured until now.
    ///
    /// # Errors
    /// If the page has no `tthDebug`: its script failed.
    pub async fn read(&self) -> Result<Reading> {
        let value = self
            .client
            .execute(READ, Vec::new())
            .await
            .context("reading tthDebug")?;
        serde_json::from_value(value).context("tthDebug has another shape")
    }

    /// Reads until `accept` answers true.
    ///
    /// # Errors
    /// If that does not happen within `limit`: with the last reading.
    pub async fn wait(
        &self,
        what: &str,
        limit: Duration,
        accept: impl Fn(&Reading) -> bool,
    ) -> Result<Reading> {
        let end = Instant::now() + limit;
        loop {
            let reading = self.read().await;
            match reading {
                Ok(reading) if accept(&reading) => return Ok(reading),
                other if Instant::now() > end => {
                    anyhow::bail!("no {what} within {limit:?}; last: {other:?}")
                }
                _ => tokio::time::sleep(Duration::from_millis(40)).await,
            }
        }
    }

    /// Types into the text box and presses Enter.
    ///
    /// # Errors
    /// If the text box is missing.
    pub async fn send(&self, text: &str) -> Result<()> {
        let field = self.client.find(Locator::Id("text")).await?;
        field.send_keys(text).await?;
        field.send_keys(&char::from(Key::Enter).to_string()).await?;
        Ok(())
    }

    /// Presses a key where the focus is.
    ///
    /// # Errors
    /// If the browser refuses.
    pub async fn press(&self, key: Key) -> Result<()> {
        self.client
            .active_element()
            .await?
            .send_keys(&char::from(key).to_string())
            .await?;
        Ok(())
    }

    /// The visible text of an element.
    ///
    /// # Errors
    /// If there is no such element.
    pub async fn text(&self, css: &str) -> Result<String> {
        Ok(self
            .client
            .find(Locator::Css(css))
            .await
            .with_context(|| format!("finding {css}"))?
            .text()
            .await?)
    }

    /// Whether an element is there and visible.
    ///
    /// # Errors
    /// If the browser refuses.
    pub async fn shows(&self, css: &str) -> Result<bool> {
        match self.client.find(Locator::Css(css)).await {
            Ok(element) => Ok(element.is_displayed().await?),
            Err(error) if error.is_no_such_element() => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Runs a script in the page and answers what it returns.
    ///
    /// # Errors
    /// If the script throws.
    pub async fn script(&self, script: &str) -> Result<serde_json::Value> {
        Ok(self.client.execute(script, Vec::new()).await?)
    }

    /// Errors of scripts, of the content policy and of loading, since the last call.
    ///
    /// # Errors
    /// If the browser keeps no log.
    pub async fn errors(&self) -> Result<Vec<String>> {
        let log = self.client.issue_cmd(BrowserLog).await?;
        let entries = log.as_array().context("the log is no list")?;
        let severe = entries.iter().filter(|entry| entry["level"] == "SEVERE");
        Ok(severe
            .filter_map(|entry| entry["message"].as_str())
            .map(str::to_owned)
            .collect())
    }

    /// Saves a picture of the window as `target/test-output/<name>.png`.
    ///
    /// # Errors
    /// If it cannot be taken or written.
    pub async fn screenshot(&self, name: &str) -> Result<()> {
        let png = self.client.screenshot().await?;
        std::fs::write(output_dir()?.join(format!("{name}.png")), png)?;
        Ok(())
    }
}

/// The middle value.
#[must_use]
pub fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied()
}
