//! Running other programs: the command line is shown, its output inherited, a failure explained.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// A program about to be run.
pub(crate) struct Sh {
    command: Command,
    shown: String,
}

impl Sh {
    /// A command for `program`, looked up in `PATH`.
    pub(crate) fn new(program: impl AsRef<OsStr>) -> Self {
        let shown = Path::new(program.as_ref())
            .file_stem()
            .map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        Self {
            command: Command::new(program),
            shown,
        }
    }

    /// The cargo that runs this task (`CARGO`), so that a `+toolchain` choice is kept.
    pub(crate) fn cargo() -> Self {
        Self::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
    }

    /// Adds one argument.
    pub(crate) fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        // Writing to a String cannot fail.
        let _ = write!(self.shown, " {}", arg.as_ref().to_string_lossy());
        self.command.arg(arg);
        self
    }

    /// Adds arguments.
    pub(crate) fn args<I: IntoIterator<Item: AsRef<OsStr>>>(self, args: I) -> Self {
        args.into_iter().fold(self, Self::arg)
    }

    /// Sets one environment variable; it is not shown (it may be a secret).
    pub(crate) fn env(mut self, key: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.command.env(key, value);
        self
    }

    /// Sets environment variables.
    pub(crate) fn envs<K: AsRef<OsStr>, V: AsRef<OsStr>>(
        self,
        envs: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        envs.into_iter()
            .fold(self, |sh, (key, value)| sh.env(key, value))
    }

    /// Reads from there.
    pub(crate) fn stdin(mut self, from: impl Into<Stdio>) -> Self {
        self.command.stdin(from);
        self
    }

    /// Runs in `dir`.
    pub(crate) fn dir(mut self, dir: &Path) -> Self {
        self.command.current_dir(dir);
        self
    }

    /// Runs with the output shown; an error names the command and its exit status.
    pub(crate) fn run(mut self) -> Result<()> {
        eprintln!("$ {}", self.shown);
        let status = self
            .command
            .status()
            .with_context(|| format!("could not start `{}`", self.shown))?;
        if !status.success() {
            bail!("`{}` failed ({status})", self.shown);
        }
        Ok(())
    }

    /// Runs quietly, at most for `limit`; what it wrote to stderr becomes part of the error.
    pub(crate) fn run_within(mut self, limit: Duration) -> Result<()> {
        let mut child = self
            .command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("could not start `{}`", self.shown))?;
        // Read aside: a full pipe would otherwise block the program for ever.
        let stderr = child.stderr.take();
        let reader = std::thread::spawn(move || {
            stderr.map_or_else(String::new, |pipe| {
                std::io::read_to_string(pipe).unwrap_or_default()
            })
        });
        let deadline = Instant::now() + limit;
        let status = loop {
            if let Some(status) = child.try_wait().context("waiting for a program")? {
                break status;
            }
            if Instant::now() >= deadline {
                child.kill().ok();
                child.wait().ok();
                bail!("`{}` took longer than {} s", self.shown, limit.as_secs());
            }
            std::thread::sleep(Duration::from_millis(50));
        };
        if !status.success() {
            let stderr = reader.join().unwrap_or_default();
            bail!(
                "`{}` failed ({status}): {}",
                self.shown,
                last_lines(&stderr, 3)
            );
        }
        Ok(())
    }

    /// Runs quietly and returns stdout; what it wrote to stderr becomes part of the error.
    pub(crate) fn output(mut self) -> Result<String> {
        let output = self
            .command
            .output()
            .with_context(|| format!("could not start `{}`", self.shown))?;
        if !output.status.success() {
            let stderr = String::from_utf8_lossy(&output.stderr);
            bail!(
                "`{}` failed ({}): {}",
                self.shown,
                output.status,
                last_lines(&stderr, 3)
            );
        }
        String::from_utf8(output.stdout)
            .with_context(|| format!("`{}` printed something that is not UTF-8", self.shown))
    }

    /// Runs with the output shown and hands every line of stdout to `each` as well.
    pub(crate) fn run_watched(mut self, mut each: impl FnMut(&str)) -> Result<()> {
        eprintln!("$ {}", self.shown);
        let mut child = self
            .command
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("could not start `{}`", self.shown))?;
        if let Some(stdout) = child.stdout.take() {
            for line in BufReader::new(stdout).lines() {
                let line = line.with_context(|| format!("reading from `{}`", self.shown))?;
                println!("{line}");
                each(&line);
            }
        }
        let status = child
            .wait()
            .with_context(|| format!("waiting for `{}`", self.shown))?;
        if !status.success() {
            bail!("`{}` failed ({status})", self.shown);
        }
        Ok(())
    }

    /// Whether it could be started and succeeded; shows nothing.
    pub(crate) fn succeeds(mut self) -> bool {
        self.command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    }

    /// Becomes the program: returns only if it could not be started (on Unix), else its exit code.
    pub(crate) fn replace_process(mut self) -> Result<()> {
        eprintln!("$ {}", self.shown);
        let shown = self.shown.clone();
        #[cfg(unix)]
        let error = std::os::unix::process::CommandExt::exec(&mut self.command);
        #[cfg(not(unix))]
        let error = match self.command.status() {
            Ok(status) => std::process::exit(status.code().unwrap_or(1)),
            Err(error) => error,
        };
        Err(error).with_context(|| format!("could not start `{shown}`"))
    }
}

/// Where `PATH` has `program`, if anywhere.
pub(crate) fn find_program(program: &str) -> Option<PathBuf> {
    std::env::split_paths(&std::env::var_os("PATH")?)
        .map(|dir| dir.join(format!("{program}{}", std::env::consts::EXE_SUFFIX)))
        .find(|path| path.is_file())
}

/// A directory for scratch work, removed when dropped.
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    /// Makes an empty one whose name says what for.
    pub(crate) fn new(purpose: &str) -> Result<Self> {
        let path = std::env::temp_dir().join(format!("tth-{purpose}-{}", std::process::id()));
        std::fs::create_dir_all(&path)
            .with_context(|| format!("creating the scratch directory {}", path.display()))?;
        Ok(Self(path))
    }

    /// Its path.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}

fn last_lines(text: &str, count: usize) -> String {
    let lines: Vec<&str> = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    lines
        .get(lines.len().saturating_sub(count)..)
        .unwrap_or_default()
        .join(" | ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_names_the_command_and_what_it_said() {
        let error = Sh::new("sh")
            .args(["-c", "echo one >&2; echo two >&2; exit 3"])
            .output();
        let text = error.unwrap_err().to_string();
        assert!(text.contains("exit status: 3"), "{text}");
        assert!(text.ends_with("one | two"), "{text}");
    }

    #[test]
    fn a_missing_program_is_an_error_not_a_panic() {
        let error = Sh::new("tth-no-such-program").run().unwrap_err();
        assert!(
            error
                .to_string()
                .contains("could not start `tth-no-such-program`")
        );
        assert!(!Sh::new("tth-no-such-program").succeeds());
    }

    #[test]
    fn a_program_that_outlives_its_limit_is_stopped() {
        let error = Sh::new("sleep")
            .arg("30")
            .run_within(Duration::from_millis(80))
            .unwrap_err();
        assert!(error.to_string().contains("took longer"), "{error}");
    }

    #[test]
    fn watched_lines_arrive_in_order() {
        let mut lines = Vec::new();
        Sh::new("sh")
            .args(["-c", "echo a; echo b"])
            .run_watched(|l| lines.push(l.to_owned()))
            .unwrap();
        assert_eq!(lines, ["a", "b"]);
    }
}
