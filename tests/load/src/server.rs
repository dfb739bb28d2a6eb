//! A `tth serve` of our own, on a free loopback port, ended when it is dropped.

use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::{Duration, Instant};

/// The first start on a machine compiles the components.
const READY_WITHIN: Duration = Duration::from_secs(180);
const READY: &str = "listening on http://";

/// How a server is to be started.
pub(crate) struct Start {
    profile: &'static str,
    environment: Vec<(String, String)>,
    one_core: bool,
    keep_log: bool,
}

/// A server that listens.
pub(crate) struct Server {
    /// Where.
    pub(crate) address: SocketAddr,
    /// From the start of the process to the line that says it is ready.
    pub(crate) ready_after: Duration,
    child: Child,
    log: Log,
}

impl Start {
    /// With a profile of the project's configuration.
    pub(crate) fn profile(profile: &'static str) -> Self {
        Start {
            profile,
            environment: Vec::new(),
            one_core: false,
            keep_log: false,
        }
    }

    /// With the doubles, of which no one may be what limits the number of sessions.
    pub(crate) fn mock() -> Self {
        let most = "512";
        Start::profile("mock")
            .set("PROVIDERS__MOCK_LLM__LIMITS__INSTANCES__MAX", most)
            .set("PROVIDERS__MOCK_TTS__LIMITS__INSTANCES__MAX", most)
            .set("PROVIDERS__MOCK_AVATAR__LIMITS__INSTANCES__MAX", most)
    }

    /// With one more provider, which goes before the scripted one of its role (`LLM` or `TTS`).
    pub(crate) fn before_mock(self, role: &str, id: &str, component: &str) -> Self {
        let block = format!("PROVIDERS__{}", id.to_uppercase());
        let chain = format!("COMPONENTS__{role}");
        let role = role.to_lowercase();
        self.set(&format!("{block}__ROLE"), &role)
            .set(&format!("{block}__MODE"), "mock")
            .set(&format!("{block}__COMPONENT"), component)
            .set(&format!("{chain}__PRIMARY"), id)
            .set(&format!("{chain}__FALLBACK"), &format!("[mock_{role}]"))
    }

    /// Ask a provider every time, however often it has failed: that is what is measured.
    pub(crate) fn without_circuit(self) -> Self {
        self.set("RUNTIME__CIRCUIT__FAILURES", "0")
    }

    /// A configuration value, named as in the environment but without the prefix.
    pub(crate) fn set(mut self, name: &str, value: &str) -> Self {
        self.environment
            .push((format!("TTH__{name}"), value.to_owned()));
        self
    }

    /// A variable of the environment as it is: a key.
    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// On the first core only, where the system can say so.
    pub(crate) fn on_one_core(mut self) -> Self {
        self.one_core = true;
        self
    }

    /// Keep what it logs, instead of showing it.
    pub(crate) fn keep_log(mut self) -> Self {
        self.keep_log = true;
        self
    }

    /// Start it and wait until it listens.
    pub(crate) fn run(self) -> Result<Server> {
        let binary = binary()?;
        let mut command = if self.one_core {
            let mut command = Command::new("taskset");
            command.args(["-c", "0"]).arg(&binary);
            command
        } else {
            Command::new(&binary)
        };
        command
            .args(["serve", "--profile", self.profile])
            .args(["--config", "configs", "--listen", "127.0.0.1:0"])
            .current_dir(workspace())
            .env("TTH_API_KEYS", "")
            .env("TTH__RUNTIME__COMPONENTS_DIR", components())
            .envs(self.environment)
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        if self.keep_log {
            command.stderr(Stdio::piped());
        }
        if std::env::var_os("TTH_LOG").is_none() {
            command.env("TTH_LOG", "warn");
        }
        let started = Instant::now();
        let mut child = command
            .spawn()
            .with_context(|| format!("starting {}", binary.display()))?;
        let log = Log::of(&mut child);
        match address(&mut child) {
            Ok(address) => Ok(Server {
                address,
                ready_after: started.elapsed(),
                child,
                log,
            }),
            Err(error) => {
                end(&mut child);
                Err(match log.messages() {
                    log if log.is_empty() => error,
                    log => error.context(log.join("; ")),
                })
            }
        }
    }
}

impl Server {
    /// The process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What it has logged, where that is kept.
    pub(crate) fn log(&self) -> Vec<String> {
        self.log.messages()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

/// Warnings and errors, as they come.
struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    fn of(child: &mut Child) -> Log {
        let log = Log(Arc::default());
        let kept = log.0.clone();
        if let Some(stderr) = child.stderr.take() {
            // Reads to the end, so that the server never blocks on its log.
            std::thread::spawn(move || {
                for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                    kept.lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .push(message(&line));
                }
            });
        }
        log
    }

    fn messages(&self) -> Vec<String> {
        let log = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        log.clone()
    }
}

/// The sentence of a line, which is JSON where the log goes into a pipe.
fn message(line: &str) -> String {
    let json: Option<Value> = serde_json::from_str(line).ok();
    let message = json.as_ref().and_then(|json| json.get("message")?.as_str());
    message.unwrap_or(line).to_owned()
}

fn end(child: &mut Child) {
    // It may have ended already; either way there is nothing left to do about it.
    let _ = child.kill();
    let _ = child.wait();
}

fn address(child: &mut Child) -> Result<SocketAddr> {
    let stdout = child.stdout.take().context("the server has no output")?;
    let (found, ready) = mpsc::channel();
    // Reads to the end, so that the server never blocks on its output.
    std::thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            if let Some(address) = listening(&line) {
                let _ = found.send(address);
            }
        }
    });
    match ready.recv_timeout(READY_WITHIN) {
        Ok(address) => Ok(address),
        Err(mpsc::RecvTimeoutError::Timeout) => {
            bail!(
                "the server does not listen after {} s",
                READY_WITHIN.as_secs()
            )
        }
        Err(mpsc::RecvTimeoutError::Disconnected) => bail!("the server ended; see its log above"),
    }
}

fn listening(line: &str) -> Option<SocketAddr> {
    line.split_once(READY)?
        .1
        .split(|c: char| c == '/' || c.is_whitespace())
        .next()?
        .parse()
        .ok()
}

/// The server: the one that `TTH_BIN` names, else the one built beside this program.
fn binary() -> Result<PathBuf> {
    let path = match std::env::var_os("TTH_BIN") {
        Some(path) => PathBuf::from(path),
        None => std::env::current_exe()?.with_file_name("tth"),
    };
    if !path.is_file() {
        bail!(
            "there is no server at {}: build it with `cargo build --release -p tth`, or set TTH_BIN",
            path.display()
        );
    }
    // Relative to here, but started elsewhere.
    Ok(std::path::absolute(path)?)
}

/// Where the components are.
pub(crate) fn components() -> PathBuf {
    folder("TTH_COMPONENTS_DIR", "components")
}

/// Where the guests are that misbehave.
pub(crate) fn fixtures() -> PathBuf {
    folder("TTH_FIXTURES_DIR", "fixtures")
}

/// A folder that a variable names, else the one where the build puts it.
fn folder(variable: &str, name: &str) -> PathBuf {
    let target = || {
        let own = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
        own.unwrap_or_else(|| workspace().join("target"))
    };
    std::env::var_os(variable).map_or_else(|| target().join(name), PathBuf::from)
}

/// The root of the workspace: configuration and components are found from there.
fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[cfg(test)]
mod tests {
    use super::{listening, message};

    #[test]
    fn a_logged_line_is_its_sentence() {
        assert_eq!(message(r#"{"level":"WARN","message":"a `b`"}"#), "a `b`");
        assert_eq!(message("plain"), "plain");
    }

    #[test]
    fn finds_the_address() {
        let at = Some("127.0.0.1:4711".parse().unwrap());
        assert_eq!(listening("listening on http://127.0.0.1:4711"), at);
        assert_eq!(
            listening("tth: listening on http://127.0.0.1:4711/ now"),
            at
        );
        assert_eq!(listening("listening soon"), None);
        assert_eq!(listening("listening on http://nowhere"), None);
    }
}
