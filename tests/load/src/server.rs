//! A `tth serve` of our own, on a free loopback port, ended when it is dropped.

use anyhow::{Context, Result, bail};
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// The first start on a machine compiles the components.
const READY_WITHIN: Duration = Duration::from_secs(180);
const READY: &str = "listening on http://";

/// How a server is to be started.
pub(crate) struct Start {
    profile: &'static str,
    environment: Vec<(String, String)>,
    one_core: bool,
}

/// A server that listens.
pub(crate) struct Server {
    /// Where.
    pub(crate) address: SocketAddr,
    /// From the start of the process to the line that says it is ready.
    pub(crate) ready_after: Duration,
    child: Child,
}

impl Start {
    /// With a profile of the project's configuration.
    pub(crate) fn profile(profile: &'static str) -> Self {
        Start {
            profile,
            environment: Vec::new(),
            one_core: false,
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
            .envs(self.environment)
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        // Where the build put them, which is elsewhere with a target directory of one's own.
        if let Some(components) = std::env::var_os("TTH_COMPONENTS_DIR") {
            command.env("TTH__RUNTIME__COMPONENTS_DIR", components);
        }
        if std::env::var_os("TTH_LOG").is_none() {
            command.env("TTH_LOG", "warn");
        }
        let started = Instant::now();
        let mut child = command
            .spawn()
            .with_context(|| format!("starting {}", binary.display()))?;
        match address(&mut child) {
            Ok(address) => Ok(Server {
                address,
                ready_after: started.elapsed(),
                child,
            }),
            Err(error) => {
                end(&mut child);
                Err(error)
            }
        }
    }
}

impl Server {
    /// The process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        end(&mut self.child);
    }
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

/// The root of the workspace: configuration and components are found from there.
fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[cfg(test)]
mod tests {
    use super::listening;

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
