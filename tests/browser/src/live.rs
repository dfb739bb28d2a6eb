//! A live console under the tests of the controls: a face in view, and what is done with it.

use crate::driver::Look;
use crate::lock::Exclusive;
use crate::page::Reading;
use crate::{Console, Driver, Need, Server};
use anyhow::{Context, Result, ensure};
use fantoccini::Locator;
use fantoccini::actions::{InputSource, MOUSE_BUTTON_LEFT, MouseActions, PointerAction};
use serde_json::Value;
use std::time::{Duration, Instant};

const ALL: &[Need] = &[Need::Chromium, Need::Chromedriver, Need::Tth];

/// How long anything may take.
pub const READY: Duration = Duration::from_secs(20);

/// High enough that pad, cards and report are in view together.
pub const TALL: Look = Look {
    size: (1280, 1700),
    dark: false,
    autoplay: true,
};

/// Nobody speaks, and the face is there.
fn idle(reading: &Reading) -> bool {
    reading.state == "ready" && reading.frames_drawn > 5
}

/// Runs `body` with the console at a fresh server of the embedded profile, its face in view.
///
/// # Errors
/// If the server or the browser does not start, and what `body` answers.
pub async fn with_face(
    test: &str,
    look: Look,
    body: impl AsyncFnOnce(&Console) -> Result<()>,
) -> Result<()> {
    if !Need::all(test, ALL)? {
        return Ok(());
    }
    let _exclusive = Exclusive::wait()?;
    let driver = Driver::start()?;
    let server = Server::start("local_embedded")?;
    Console::with(&driver, look, &server.address, async |console| {
        console.wait("idle face", READY, idle).await?;
        body(console).await
    })
    .await
    .map_err(|error| error.context(server.log()))
}

/// The server's newest word on one control at one stage, once `accept` likes it.
///
/// # Errors
/// If it does not come: with the last one.
pub async fn line(
    console: &Console,
    control: &str,
    stage: &str,
    accept: impl Fn(&Value) -> bool,
) -> Result<Value> {
    let script = format!(
        "const of = window.tthDebug.reports.filter((e) => e.report.some((l) => l.stage === '{stage}')).at(-1);
         return of?.report.find((l) => l.stage === '{stage}' && l.control === '{control}') ?? null"
    );
    until(console, &format!("{control} at {stage}"), &script, accept).await
}

/// What a script returns, once `accept` likes it.
///
/// # Errors
/// If the script throws, or `accept` likes nothing in time: with the last value.
pub async fn until(
    console: &Console,
    what: &str,
    script: &str,
    accept: impl Fn(&Value) -> bool,
) -> Result<Value> {
    let end = Instant::now() + READY;
    loop {
        let value = console.script(script).await?;
        if accept(&value) {
            return Ok(value);
        }
        ensure!(Instant::now() < end, "{what} stays {value}");
        tokio::time::sleep(Duration::from_millis(40)).await;
    }
}

/// The newest `control_update` that the page sent, without its type; null if none.
///
/// # Errors
/// If the page has no `tthDebug`.
pub async fn last_update(console: &Console) -> Result<Value> {
    console
        .script("return window.tthDebug.updates.at(-1)")
        .await
}

/// Clicks an element.
///
/// # Errors
/// If there is no such element, or something lies over it.
pub async fn click(console: &Console, css: &str) -> Result<()> {
    console
        .client
        .find(Locator::Css(css))
        .await
        .with_context(|| format!("finding {css}"))?
        .click()
        .await?;
    Ok(())
}

/// Gives an element the focus.
///
/// # Errors
/// If there is no such element.
pub async fn focus(console: &Console, css: &str) -> Result<()> {
    console
        .script(&format!("document.querySelector(`{css}`).focus()"))
        .await?;
    Ok(())
}

/// Drags the pad's handle from the middle to a place, in steps of 20 ms.
///
/// # Errors
/// If the page has no pad.
pub async fn drag(console: &Console, valence: f64, arousal: f64) -> Result<()> {
    let plot = console
        .script("const r = document.querySelector('.plot').getBoundingClientRect(); return [r.left, r.top, r.width, r.height]")
        .await?;
    let side = |at: usize| {
        plot.get(at)
            .and_then(Value::as_f64)
            .context("the pad has no size")
    };
    let (left, top, width, height) = (side(0)?, side(1)?, side(2)?, side(3)?);
    let point = |v: f64, a: f64| PointerAction::MoveTo {
        duration: Some(Duration::from_millis(20)),
        x: left + (v + 1.0) / 2.0 * width,
        y: top + (1.0 - a) / 2.0 * height,
    };
    let button = MOUSE_BUTTON_LEFT;
    let mut mouse = MouseActions::new("mouse".into())
        .then(point(0.0, 0.0))
        .then(PointerAction::Down { button });
    for step in 1..=40 {
        let part = f64::from(step) / 40.0;
        mouse = mouse.then(point(valence * part, arousal * part));
    }
    console
        .client
        .perform_actions(mouse.then(PointerAction::Up { button }))
        .await?;
    Ok(())
}

/// Whether a reported number is the wanted one, as good as pixels can say.
#[must_use]
pub fn near(value: &Value, wanted: f64) -> bool {
    value
        .as_f64()
        .is_some_and(|given| (given - wanted).abs() < 0.02)
}
