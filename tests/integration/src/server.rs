//! A `tth serve` process on a free port of the loopback, ended when dropped.

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::{Duration, Instant};

/// Long enough for components that have to be compiled first.
const START: Duration = Duration::from_secs(120);

/// A running server.
#[derive(Debug)]
pub struct Server {
    child: Child,
    address: String,
    /// What it has logged, where that is recorded.
    log: Arc<Mutex<String>>,
    _config: Option<tempfile::TempDir>,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The program under test: `TTH_BIN`, else the one of a debug build.
///
/// # Errors
/// If it has not been built.
pub fn binary() -> Result<PathBuf> {
    let built =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    let path = std::env::var_os("TTH_BIN").map_or_else(|| built.join("debug/tth"), PathBuf::from);
    ensure!(
        path.is_file(),
        "{} is missing: run `cargo xtask test`",
        path.display()
    );
    Ok(path)
}

impl Server {
    /// Start a profile of the repository.
    ///
    /// # Errors
    /// If the server does not come up.
    pub fn start(profile: &str) -> Result<Server> {
        Server::launch(profile, &root().join("configs"), None, &[], false)
    }

    /// As [`Server::start`], with variables in the environment.
    ///
    /// # Errors
    /// If the server does not come up.
    pub fn start_with(profile: &str, env: &[(&str, &str)]) -> Result<Server> {
        Server::launch(profile, &root().join("configs"), None, env, false)
    }

    /// Start a profile of a directory that the test may change meanwhile, and record what is logged.
    ///
    /// # Errors
    /// If the server does not come up.
    pub fn recorded(profile: &str, configs: &Path, env: &[(&str, &str)]) -> Result<Server> {
        Server::launch(profile, configs, None, env, true)
    }

    /// Start a profile that is written for one test, over the repository's base.
    ///
    /// # Errors
    /// If the server does not come up.
    pub fn custom(profile: &str) -> Result<Server> {
        let folder = tempfile::tempdir()?;
        let configs = root().join("configs");
        std::fs::copy(configs.join("base.yaml"), folder.path().join("base.yaml"))?;
        for part in ["profiles", "personas"] {
            std::fs::create_dir(folder.path().join(part))?;
        }
        for persona in std::fs::read_dir(configs.join("personas"))? {
            let persona = persona?;
            std::fs::copy(
                persona.path(),
                folder.path().join("personas").join(persona.file_name()),
            )?;
        }
        std::fs::write(folder.path().join("profiles/custom.yaml"), profile)?;
        let path = folder.path().to_owned();
        Server::launch("custom", &path, Some(folder), &[], false)
    }

    fn launch(
        profile: &str,
        configs: &Path,
        keep: Option<tempfile::TempDir>,
        env: &[(&str, &str)],
        record: bool,
    ) -> Result<Server> {
        let mut command = Command::new(binary()?);
        command.current_dir(root()).args([
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--profile",
            profile,
        ]);
        command.arg("--config").arg(configs);
        if let Some(folder) = std::env::var_os("TTH_COMPONENTS_DIR") {
            command.env("TTH__RUNTIME__COMPONENTS_DIR", folder);
        }
        // Tests break one provider many times in a row, and each time want to see that it was asked, once,
        // and what becomes of the turn. What is done about a row of failures has tests of its own.
        command
            .env("TTH__RUNTIME__CIRCUIT__FAILURES", "0")
            .env("TTH__RUNTIME__RETRIES__ATTEMPTS", "0")
            .envs(env.iter().copied())
            .stdout(Stdio::piped())
            .stderr(if record {
                Stdio::piped()
            } else {
                Stdio::inherit()
            });
        let mut child = command.spawn().context("starting the server")?;
        let stdout = child.stdout.take().context("the server's output")?;
        let log = Arc::<Mutex<String>>::default();
        if let Some(stderr) = child.stderr.take() {
            let log = log.clone();
            std::thread::spawn(move || {
                for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                    eprintln!("{line}");
                    let mut log = log.lock().unwrap_or_else(PoisonError::into_inner);
                    log.push_str(&line);
                    log.push('\n');
                }
            });
        }
        let (sender, lines) = mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        let address = loop {
            match lines.recv_timeout(START) {
                Ok(line) => {
                    if let Some(address) = line.strip_prefix("listening on http://") {
                        break address.trim().to_owned();
                    }
                }
                Err(error) => {
                    let _gone = child.kill();
                    bail!("the server did not come up: {error}");
                }
            }
        };
        Ok(Server {
            child,
            address,
            log,
            _config: keep,
        })
    }

    /// Host and port.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// A request; the answer's status and JSON (null where there is none).
    ///
    /// # Errors
    /// If there is no answer, or one that is no JSON.
    pub fn call(&self, method: &str, path: &str, body: Option<&Value>) -> Result<(u16, Value)> {
        let (status, bytes) = self.raw(method, path, body)?;
        let json = if bytes.is_empty() {
            Value::Null
        } else {
            serde_json::from_slice(&bytes)?
        };
        Ok((status, json))
    }

    /// A request; the answer's status and bytes.
    ///
    /// # Errors
    /// If there is no answer.
    pub fn raw(&self, method: &str, path: &str, body: Option<&Value>) -> Result<(u16, Vec<u8>)> {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .allow_non_standard_methods(true)
            .timeout_global(Some(Duration::from_secs(120)));
        let agent = config.build().new_agent();
        let request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("http://{}{path}", self.address))
            .header("content-type", "application/json");
        let body = body.map(Value::to_string).unwrap_or_default();
        let mut answer = agent.run(request.body(body)?)?;
        let bytes = answer
            .body_mut()
            .with_config()
            .limit(256 << 20)
            .read_to_vec()?;
        Ok((answer.status().as_u16(), bytes))
    }

    /// The process, as the system knows it.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Ask the process to stop, as a service manager does.
    ///
    /// # Errors
    /// If it cannot be asked.
    pub fn terminate(&self) -> Result<()> {
        let pid = self.child.id().to_string();
        let asked = Command::new("kill").args(["-TERM", &pid]).status()?;
        ensure!(asked.success(), "kill: {asked}");
        Ok(())
    }

    /// How the process ends.
    ///
    /// # Errors
    /// If it does not within `limit`.
    pub fn wait(&mut self, limit: Duration) -> Result<ExitStatus> {
        let until = Instant::now() + limit;
        while Instant::now() < until {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        bail!("the server still runs after {limit:?}")
    }

    /// Send it SIGHUP.
    ///
    /// # Errors
    /// If the signal cannot be sent.
    pub fn hang_up(&self) -> Result<()> {
        let kill = format!("kill -HUP {}", self.child.id());
        let sent = Command::new("sh").args(["-c", &kill]).status()?;
        ensure!(sent.success(), "{kill}: {sent}");
        Ok(())
    }

    /// Wait until `words` have been logged `times` times; all that was logged.
    ///
    /// # Errors
    /// If they are not within `limit`, or nothing is recorded.
    pub fn logged(&self, words: &str, times: usize, limit: Duration) -> Result<String> {
        let until = Instant::now() + limit;
        loop {
            let log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
            if log.matches(words).count() >= times {
                return Ok(log.clone());
            }
            ensure!(
                Instant::now() < until,
                "no {times} times {words:?} in {limit:?}, but:\n{log}"
            );
            drop(log);
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Whether the process still runs.
    pub fn alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _reaped = self.child.wait();
    }
}
