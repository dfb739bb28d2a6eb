//! A server with keys of its own: the page asks for one, says when it is wrong, and goes on with a right one.

use anyhow::{Result, ensure};
use fantoccini::Locator;
use fantoccini::key::Key;
use std::time::Duration;
use tth_browser_tests::driver::Look;
use tth_browser_tests::lock::Exclusive;
use tth_browser_tests::{Console, Driver, Need, Server};

const ALL: &[Need] = &[Need::Chromium, Need::Chromedriver, Need::Tth];
const READY: Duration = Duration::from_secs(20);

async fn enter(console: &Console, key: &str) -> Result<()> {
    let field = console.client.find(Locator::Css("#key")).await?;
    let keys = format!("{key}{}", char::from(Key::Enter));
    field.send_keys(&keys).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_asked_for_and_a_wrong_one_is_told() -> Result<()> {
    if !Need::all("a_key_is_asked_for_and_a_wrong_one_is_told", ALL)? {
        return Ok(());
    }
    let _exclusive = Exclusive::wait()?;
    let driver = Driver::start()?;
    let server = Server::start_in("mock", &[("TTH_API_KEYS", "first-key,sesame")])?;
    Console::with(&driver, Look::default(), &server.address, async |console| {
        console
            .wait("the question", READY, |r| r.state == "unauthorized")
            .await?;
        ensure!(
            console.text("#overlay-text").await?.contains("asks for"),
            "no question"
        );
        let focus = console.script("return document.activeElement.id").await?;
        ensure!(focus == "key", "the focus is on {focus}");
        console.screenshot("keys-asked").await?;

        enter(console, "wrong").await?;
        let told = "return document.getElementById('overlay-text').textContent";
        tth_browser_tests::live::until(console, "the refusal", told, |text| {
            text.as_str()
                .is_some_and(|text| text.contains("did not accept"))
        })
        .await?;
        // A browser cannot even send this one.
        enter(console, "copied…").await?;
        let hint = console.text("#overlay-hint").await?;
        ensure!(hint.contains("copy it once more"), "the hint is {hint:?}");

        console
            .script("document.getElementById('key').value = ''")
            .await?;
        enter(console, "sesame").await?;
        console
            .wait("the face", READY, |r| r.state == "ready")
            .await?;
        console.send("Hello.").await?;
        console
            .wait("the turn", READY, |r| r.turns == 1 && r.state == "ready")
            .await?;
        Ok(())
    })
    .await
    .map_err(|error| error.context(server.log()))
}
