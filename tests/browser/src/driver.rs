//! chromedriver as a child process, and browser windows from it.

use crate::process::Process;
use crate::setup::Need;
use anyhow::{Context, Result};
use fantoccini::wd::WebDriverCompatibleCommand;
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::json;
use std::process::Command;
use std::time::Duration;
use url::{ParseError, Url};

/// A running chromedriver.
#[derive(Debug)]
pub struct Driver {
    address: String,
    _process: Process,
}

/// How a browser starts.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// Size of the page's view in CSS pixels.
    pub size: (u32, u32),
    /// The dark colour scheme.
    pub dark: bool,
    /// Whether sound may play without a gesture.
    pub autoplay: bool,
}

impl Default for Look {
    fn default() -> Self {
        Look {
            size: (1280, 800),
            dark: false,
            autoplay: true,
        }
    }
}

impl Driver {
    /// Starts chromedriver on a free port.
    ///
    /// # Errors
    /// If it is missing or does not come up.
    pub fn start() -> Result<Self> {
        let mut command = Command::new(
            Need::Chromedriver
                .find()
                .context("chromedriver is missing")?,
        );
        command.arg("--port=0");
        let (process, port) =
            Process::start("chromedriver", command, Duration::from_secs(30), |line| {
                line.split_once("on port ")?
                    .1
                    .trim_end_matches('.')
                    .parse::<u16>()
                    .ok()
                    .filter(|port| *port != 0)
            })?;
        Ok(Driver {
            address: format!("http://127.0.0.1:{port}"),
            _process: process,
        })
    }

    /// Opens a headless browser window.
    ///
    /// # Errors
    /// If Chromium does not start.
    pub async fn open(&self, look: Look) -> Result<Client> {
        let mut args = vec![
            "--headless".to_owned(),
            "--no-sandbox".to_owned(),
            "--disable-gpu".to_owned(),
            "--disable-dev-shm-usage".to_owned(),
            // Without a display nothing is in front: keep timers and animation frames at full rate.
            "--disable-background-timer-throttling".to_owned(),
            "--disable-renderer-backgrounding".to_owned(),
            "--hide-scrollbars".to_owned(),
        ];
        if look.autoplay {
            args.push("--autoplay-policy=no-user-gesture-required".to_owned());
        }
        let browser = Need::Chromium.find().context("chromium is missing")?;
        let mut capabilities = serde_json::Map::new();
        capabilities.insert(
            "goog:chromeOptions".to_owned(),
            json!({ "args": args, "binary": browser }),
        );
        capabilities.insert("goog:loggingPrefs".to_owned(), json!({ "browser": "ALL" }));
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities)
            .connect(&self.address)
            .await
            .context("starting chromium")?;
        // A window cannot be narrower than 500 px; the page's view can.
        let (width, height) = look.size;
        let metrics =
            json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        client
            .issue_cmd(DevTools("Emulation.setDeviceMetricsOverride", metrics))
            .await?;
        let scheme = if look.dark { "dark" } else { "light" };
        let media = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        client
            .issue_cmd(DevTools("Emulation.setEmulatedMedia", media))
            .await?;
        Ok(client)
    }
}

/// A command of the DevTools protocol, by chromedriver's own extension of WebDriver.
#[derive(Debug)]
struct DevTools(&'static str, serde_json::Value);

impl WebDriverCompatibleCommand for DevTools {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        base.join(&format!(
            "session/{}/goog/cdp/execute",
            session.unwrap_or_default()
        ))
    }

    fn method_and_body(&self, _url: &Url) -> (http::Method, Option<String>) {
        (
            http::Method::POST,
            Some(json!({ "cmd": self.0, "params": self.1 }).to_string()),
        )
    }
}

/// What the page's console collected since the last time, by chromedriver's log.
#[derive(Debug)]
pub(crate) struct BrowserLog;

impl WebDriverCompatibleCommand for BrowserLog {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        base.join(&format!("session/{}/se/log", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _url: &Url) -> (http::Method, Option<String>) {
        (
            http::Method::POST,
            Some(json!({ "type": "browser" }).to_string()),
        )
    }
}
