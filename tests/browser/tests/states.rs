//! Every state of the console renders: texts, roles, no overflow, nothing of a script error. The
//! screenshots stay in `target/test-output/console-*.png`.

use anyhow::{Result, ensure};
use std::time::Duration;
use tth_browser_tests::driver::Look;
use tth_browser_tests::lock::Exclusive;
use tth_browser_tests::pages::serve_console;
use tth_browser_tests::{Console, Driver, Need};

const BROWSER: &[Need] = &[Need::Chromium, Need::Chromedriver];
const PHONE: (u32, u32) = (390, 844);
const NARROWEST: (u32, u32) = (360, 640);

/// A state, its status line, and elements that are to be seen with a part of their text.
struct Expected {
    state: &'static str,
    status: &'static str,
    visible: &'static [(&'static str, &'static str)],
    hidden: &'static [&'static str],
}

const STATES: &[Expected] = &[
    Expected {
        state: "connecting",
        status: "Connecting",
        visible: &[("#overlay-title", "Connecting")],
        hidden: &["#stop", "#retry"],
    },
    Expected {
        state: "ready",
        status: "Ready",
        visible: &[
            ("#starters button", "wonderful"),
            ("#providers", "tts_embedded"),
            ("#emotions", "tender"),
        ],
        hidden: &["#overlay", "#stop", "#unlock", "#notice"],
    },
    Expected {
        state: "thinking",
        status: "Thinking",
        visible: &[("#stop", "")],
        hidden: &["#overlay", "#starters"],
    },
    Expected {
        state: "speaking",
        status: "Speaking",
        visible: &[
            ("#stop", ""),
            ("#captions", "wonderful to hear"),
            ("#m-ttfa", "118"),
            ("#m-drift", "11"),
            ("#name-tag", "Mira"),
            ("#pad-note", "pleasant 0.85, aroused 0.55, near joy"),
        ],
        hidden: &["#overlay", "#starters", "#tip"],
    },
    Expected {
        state: "place",
        status: "Ready",
        visible: &[
            ("#pad-note", "unpleasant 0.4, aroused 0.65, near fear"),
            ("#sliders-emotion", "by the place"),
            ("#personas label:has(:checked)", "Theo"),
            ("#personas label:has(:checked)", "laconic"),
            ("#name-tag", "Theo"),
            ("#sliders-character", "0.92"),
            ("#emotion-clear", "Neutral again"),
        ],
        hidden: &["#overlay"],
    },
    Expected {
        state: "disconnected",
        status: "Disconnected",
        visible: &[
            ("#overlay-title", "Connection lost"),
            ("#overlay-hint", "Trying again"),
            ("#retry", "Retry now"),
        ],
        hidden: &["#stop", "#key-form"],
    },
    Expected {
        state: "unauthorized",
        status: "Key needed",
        visible: &[
            ("#key-form label", "API key"),
            ("#key-form button", "Connect"),
        ],
        hidden: &["#retry", "#stop"],
    },
    Expected {
        state: "error",
        status: "Error",
        visible: &[
            ("#overlay-text", "pirate"),
            ("#overlay-hint", "another persona"),
            ("#retry", "Retry now"),
        ],
        hidden: &["#stop", "#key-form"],
    },
    Expected {
        state: "locked",
        status: "Ready",
        visible: &[("#unlock", "for sound")],
        hidden: &["#overlay"],
    },
];

#[tokio::test(flavor = "multi_thread")]
async fn every_state_renders() -> Result<()> {
    if !Need::all("every_state_renders", BROWSER)? {
        return Ok(());
    }
    let _exclusive = Exclusive::wait()?;
    let address = serve_console()?;
    let driver = Driver::start()?;
    for (suffix, look) in [
        ("", Look::default()),
        (
            "-dark",
            Look {
                dark: true,
                ..Look::default()
            },
        ),
        (
            "-phone",
            Look {
                size: PHONE,
                ..Look::default()
            },
        ),
        (
            "-narrowest",
            Look {
                size: NARROWEST,
                ..Look::default()
            },
        ),
        (
            "-dark-phone",
            Look {
                size: PHONE,
                dark: true,
                ..Look::default()
            },
        ),
    ] {
        Console::with(&driver, look, "about:blank", async |console| {
            for expected in STATES {
                let url = format!("{address}/?state={}", expected.state);
                console.client.goto(&url).await?;
                check(console, expected, look)
                    .await
                    .map_err(|error| error.context(expected.state))?;
                console
                    .screenshot(&format!("console-{}{suffix}", expected.state))
                    .await?;
            }
            Ok(())
        })
        .await?;
    }
    Ok(())
}

async fn check(console: &Console, expected: &Expected, look: Look) -> Result<()> {
    let state = if ["locked", "place"].contains(&expected.state) {
        "ready"
    } else {
        expected.state
    };
    console
        .wait(expected.state, Duration::from_secs(10), |reading| {
            reading.state == state
        })
        .await?;
    let status = console.text("[role=status]").await?;
    ensure!(
        status.contains(expected.status),
        "the status says {status:?}"
    );
    for (css, text) in expected.visible {
        ensure!(console.shows(css).await?, "{css} is not visible");
        let found = console.text(css).await?.to_lowercase();
        ensure!(
            found.contains(&text.to_lowercase()),
            "{css} says {found:?}, not {text:?}"
        );
    }
    for css in expected.hidden {
        ensure!(!console.shows(css).await?, "{css} is visible");
    }
    let errors = console.errors().await?;
    ensure!(errors.is_empty(), "the browser complains: {errors:#?}");
    let dark = console
        .script("return matchMedia('(prefers-color-scheme: dark)').matches")
        .await?;
    ensure!(
        dark.as_bool() == Some(look.dark),
        "the colour scheme is another one"
    );
    let wide = console
        .script("return document.documentElement.scrollWidth - innerWidth")
        .await?;
    ensure!(
        wide.as_i64().is_some_and(|pixels| pixels <= 0),
        "the page is {wide} px too wide"
    );
    Ok(())
}

/// On a phone the report is a list with the reasons in full; beside the face it is a table.
#[tokio::test(flavor = "multi_thread")]
async fn the_report_reads_everywhere() -> Result<()> {
    if !Need::all("the_report_reads_everywhere", BROWSER)? {
        return Ok(());
    }
    let _exclusive = Exclusive::wait()?;
    let address = serve_console()?;
    let driver = Driver::start()?;
    for (name, look, list) in [
        (
            "report",
            Look {
                size: (1280, 1500),
                ..Look::default()
            },
            false,
        ),
        (
            "report-dark",
            Look {
                size: (1280, 1500),
                dark: true,
                ..Look::default()
            },
            false,
        ),
        (
            "report-phone",
            Look {
                size: (390, 2400),
                ..Look::default()
            },
            true,
        ),
        (
            "report-dark-narrowest",
            Look {
                size: (320, 2600),
                dark: true,
                ..Look::default()
            },
            true,
        ),
    ] {
        Console::with(&driver, look, &format!("{address}/?state=speaking"), async |console| {
            console.wait("page", Duration::from_secs(10), |reading| reading.state == "speaking").await?;
            console.script("document.querySelector('#report-panel').open = true").await?;
            // The pad's handle takes its time to get where it goes.
            tokio::time::sleep(Duration::from_millis(300)).await;
            console.screenshot(&format!("console-{name}")).await?;
            let cell = "[data-control='character.pitch_shift'] [data-stage=Voice]";
            let text = console.text(cell).await?;
            ensure!(text.contains("adapted") && text.contains('4'), "the cell says {text:?}");
            ensure!(text.contains("wanted 8, given 4"), "the reason is not told: {text:?}");
            let seen = console.script(&format!("return document.querySelector(`{cell} .why`).offsetWidth > 100")).await?;
            ensure!(seen == list, "list: {list}, but whether the reason is in view: {seen}");
            let row = console.text("[data-control='character.pitch_shift'] .control").await?;
            ensure!(row == "Pitch\nfrom 0:12.4" || row == "Pitchfrom 0:12.4", "the row says {row:?}");
            // What the user did not ask for is no change, though it is reported for the first time.
            ensure!(!console.shows("[data-control='character.motion_gain'].fresh").await?, "motion is marked");
            let cut = console
                .script(
                    "return [...document.querySelectorAll('.side .control, .side .word, .side .mark, .axis, .side h2, .side .about strong')]
                       .filter((e) => e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).display !== 'inline')
                       .map((e) => e.textContent)",
                )
                .await?;
            ensure!(cut == serde_json::json!([]), "{name}: cut off: {cut}");
            let wide = console.script("return document.documentElement.scrollWidth - innerWidth").await?;
            ensure!(wide.as_i64().is_some_and(|pixels| pixels <= 0), "the page is {wide} px too wide");
            let errors = console.errors().await?;
            ensure!(errors.is_empty(), "the browser complains: {errors:#?}");
            Ok(())
        })
        .await?;
    }
    Ok(())
}

/// What a keyboard and a screen reader rely on: every control has a name, the live regions exist,
/// the whole page can be reached by Tab, and the focus shows.
#[tokio::test(flavor = "multi_thread")]
async fn works_by_keyboard_and_names_everything() -> Result<()> {
    if !Need::all("works_by_keyboard_and_names_everything", BROWSER)? {
        return Ok(());
    }
    let _exclusive = Exclusive::wait()?;
    let address = serve_console()?;
    let driver = Driver::start()?;
    Console::with(&driver, Look::default(), &format!("{address}/?state=speaking"), async |console| {
        console.wait("page", Duration::from_secs(10), |reading| reading.state == "speaking").await?;
        let nameless = console
            .script(
                "return [...document.querySelectorAll('button, input, select, textarea')].filter((e) =>
                   !(e.getAttribute('aria-label') || e.textContent.trim() || [...(e.labels ?? [])].some((l) => l.textContent.trim())))
                   .map((e) => e.outerHTML)",
            )
            .await?;
        ensure!(nameless == serde_json::json!([]), "controls without a name: {nameless}");
        for css in ["[role=status]", "[role=alert]", "[aria-live=polite]", "[role=radiogroup]", "main", "h1"] {
            let count = console.script(&format!("return document.querySelectorAll('{css}').length")).await?;
            ensure!(count.as_u64() > Some(0), "{css} is missing");
        }
        let live = console.script("return document.querySelector('#captions-live').textContent").await?;
        ensure!(live.as_str().is_some_and(|text| text.contains("wonderful")), "captions are not announced: {live}");

        let mut seen = Vec::new();
        console.script("document.activeElement.blur(); getSelection().removeAllRanges()").await?;
        for _ in 0..30 {
            console.press(fantoccini::key::Key::Tab).await?;
            let at = console
                .script(
                    "const e = document.activeElement, s = getComputedStyle(e);
                     const shown = s.outlineStyle !== 'none' || e.id === 'text' || e.type === 'radio' || e === document.body;
                     const row = e.closest('[data-control]');
                     return [e.id || e.value || row?.dataset.control || e.tagName, shown]",
                )
                .await?;
            let (name, shown) = (at[0].as_str().unwrap_or_default().to_owned(), at[1].as_bool());
            ensure!(shown == Some(true), "the focus on {name} does not show");
            seen.push(name);
        }
        for wanted in ["text", "chat", "stop", "send", "joy", "pad-valence", "slider-intensity", "default", "slider-motion_gain", "emotion.label"] {
            ensure!(seen.iter().any(|name| name == wanted), "Tab does not reach {wanted}: {seen:?}");
        }
        Ok(())
    })
    .await
}
