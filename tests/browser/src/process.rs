//! A child process whose output tells when it is ready, and that dies with its owner.

use anyhow::{Context, Result};
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::time::{Duration, Instant};

/// A running child; its whole process group is ended when this is dropped.
#[derive(Debug)]
pub struct Process {
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts `command` with its output in `target/test-output/<name>.log`, and waits for the first
    /// line for which `ready` answers something.
    ///
    /// # Errors
    /// If it does not start, ends early, or is not ready within `limit`: with the last of its output.
    pub fn start<T>(
        name: &str,
        mut command: Command,
        limit: Duration,
        ready: impl Fn(&str) -> Option<T>,
    ) -> Result<(Self, T)> {
        let log = super::output_dir()?.join(format!("{name}.log"));
        std::fs::write(&log, "")?;
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()
            .with_context(|| format!("starting {command:?}"))?;
        let (sender, lines) = channel();
        follow(child.stdout.take(), &log, sender.clone());
        follow(child.stderr.take(), &log, sender);
        let process = Process { child, log };
        let end = Instant::now() + limit;
        loop {
            match lines.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(line) => {
                    if let Some(found) = ready(&line) {
                        return Ok((process, found));
                    }
                }
                Err(_) => {
                    anyhow::bail!("{name} was not ready within {limit:?}:\n{}", process.tail())
                }
            }
        }
    }

    /// The last lines it printed.
    #[must_use]
    pub fn tail(&self) -> String {
        let text = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<_> = text.lines().collect();
        lines
            .iter()
            .skip(lines.len().saturating_sub(30))
            .copied()
            .collect::<Vec<_>>()
            .join("\n")
    }
}

/// Copies a pipe to the log and, while somebody listens, to `sender`.
fn follow(pipe: Option<impl Read + Send + 'static>, log: &std::path::Path, sender: Sender<String>) {
    let Some(pipe) = pipe else { return };
    let log = std::fs::OpenOptions::new().append(true).open(log);
    std::thread::spawn(move || {
        let mut log = log.ok();
        for line in BufReader::new(pipe).lines().map_while(Result::ok) {
            if let Some(log) = &mut log {
                let _ = writeln!(log, "{line}");
            }
            let _ = sender.send(line);
        }
    });
}

impl Drop for Process {
    fn drop(&mut self) {
        // Politely first: chromedriver closes its browsers, the server its sessions.
        let group = format!("-{}", self.child.id());
        let signal = |name: &str| {
            let _ = Command::new("kill")
                .args([name, "--", &group])
                .stderr(Stdio::null())
                .status();
        };
        signal("-TERM");
        let end = Instant::now() + Duration::from_secs(3);
        while Instant::now() < end && matches!(self.child.try_wait(), Ok(None)) {
            std::thread::sleep(Duration::from_millis(20));
        }
        signal("-KILL");
        let _ = self.child.wait();
    }
}
