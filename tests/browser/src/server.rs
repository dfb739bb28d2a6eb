//! The `tth` server as a child process on a free port.

use crate::process::Process;
use crate::setup::{Need, output_dir, workspace};
use anyhow::{Context, Result};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// Compiling the components for the first time takes a while; with a warm cache it is a second.
const READY_WITHIN: Duration = Duration::from_secs(180);

/// A running server.
#[derive(Debug)]
pub struct Server {
    /// `http://127.0.0.1:PORT`
    pub address: String,
    process: Process,
}

impl Server {
    /// Starts `tth serve` with a profile of the project's own configuration.
    ///
    /// # Errors
    /// If it does not come up: with the last of its output.
    pub fn start(profile: &str) -> Result<Self> {
        Self::start_in(profile, &[])
    }

    /// The same with variables in its environment.
    ///
    /// # Errors
    /// As [`Server::start`].
    pub fn start_in(profile: &str, env: &[(&str, &str)]) -> Result<Self> {
        Self::start_with(profile, "127.0.0.1:0", &workspace().join("configs"), env)
    }

    /// The same at the address of a server that has ended.
    ///
    /// # Errors
    /// As [`Server::start`].
    pub fn start_again(profile: &str, address: &str) -> Result<Self> {
        let listen = address.trim_start_matches("http://");
        Self::start_with(profile, listen, &workspace().join("configs"), &[])
    }

    /// The same with one more profile, given as YAML.
    ///
    /// # Errors
    /// As [`Server::start`], and if the configuration cannot be written.
    pub fn start_with_profile(profile: &str, yaml: &str) -> Result<Self> {
        let configs = extended(profile, yaml).context("writing the test's configuration")?;
        Self::start_with(profile, "127.0.0.1:0", &configs, &[])
    }

    fn start_with(
        profile: &str,
        listen: &str,
        configs: &Path,
        env: &[(&str, &str)],
    ) -> Result<Self> {
        let mut command = Command::new(Need::Tth.find().context("the tth binary is missing")?);
        command
            .args([
                "serve",
                "--listen",
                listen,
                "--profile",
                profile,
                "--config",
            ])
            .arg(configs)
            .env_remove("TTH_API_KEYS")
            .envs(env.iter().copied())
            .current_dir(workspace());
        // Where the build put them, which is elsewhere with a target directory of one's own.
        if let Some(components) = std::env::var_os("TTH_COMPONENTS_DIR") {
            command.env("TTH__RUNTIME__COMPONENTS_DIR", components);
        }
        let (process, address) =
            Process::start(&format!("tth-{profile}"), command, READY_WITHIN, address)?;
        Ok(Server { address, process })
    }

    /// The last lines the server printed.
    #[must_use]
    pub fn log(&self) -> String {
        self.process.tail()
    }
}

/// The address in a line like `listening on http://127.0.0.1:4711`.
fn address(line: &str) -> Option<String> {
    let at = line.split_once("listening on ")?.1;
    let from = at.get(at.find("http://")?..)?;
    let end = from
        .find(|c: char| c.is_whitespace() || c == '"')
        .unwrap_or(from.len());
    from.get(..end)
        .map(|address| address.trim_end_matches('/').to_owned())
}

/// A copy of the project's configuration with one more profile.
fn extended(profile: &str, yaml: &str) -> std::io::Result<PathBuf> {
    let dir = output_dir()?.join(format!("config-{profile}"));
    let from = workspace().join("configs");
    for part in ["profiles", "personas"] {
        std::fs::create_dir_all(dir.join(part))?;
        for entry in std::fs::read_dir(from.join(part))? {
            let entry = entry?;
            std::fs::copy(entry.path(), dir.join(part).join(entry.file_name()))?;
        }
    }
    std::fs::copy(from.join("base.yaml"), dir.join("base.yaml"))?;
    std::fs::write(dir.join("profiles").join(format!("{profile}.yaml")), yaml)?;
    Ok(dir)
}

#[cfg(test)]
mod tests {
    use super::address;

    #[test]
    fn reads_the_address_from_plain_and_structured_lines() {
        let plain = address("tth: listening on http://127.0.0.1:4711/ (console)");
        assert_eq!(plain.as_deref(), Some("http://127.0.0.1:4711"));
        let json = address(r#"{"message":"listening on http://127.0.0.1:80","level":"info"}"#);
        assert_eq!(json.as_deref(), Some("http://127.0.0.1:80"));
        assert_eq!(address("listening soon"), None);
    }
}
