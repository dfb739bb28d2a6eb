//! `cargo xtask up --simulate`: doubles of the vendors' servers, on this machine, in place of the
//! vendors. Nothing else changes: the same adapters speak to them over real sockets.
//!
//! The doubles end with the server, however it ends. `up` becomes the server, so it cannot end them;
//! a small process of their own does ([`keep`]), which sees the server's end of a pipe close.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::sh::Sh;
use crate::workspace::Workspace;

const PACKAGE: &str = "tth-simulators";
/// Any free port: several of these may run at once.
const LISTEN: &str = "127.0.0.1:0";
/// What the doubles say when they can be reached.
const READY: &str = "ready";
/// The key that the doubles want where their vendors are never without one.
const KEY: &str = "simulated-key";
/// The variables that the configuration takes such keys from.
const KEYS: [&str; 2] = ["OPENAI_API_KEY", "ELEVENLABS_API_KEY"];
/// A provider of `configs/base.yaml`, the double that answers it, and what follows in its base URL.
const LED: [(&str, &str, &str); 7] = [
    ("openai_realtime", "openai", "/v1"),
    ("openai_responses", "openai", "/v1"),
    ("openai_tts", "openai", "/v1"),
    ("elevenlabs_stream", "elevenlabs", ""),
    ("local_vllm", "vllm", "/v1"),
    ("local_cosyvoice", "cosyvoice", ""),
    ("local_glmtts", "glmtts", ""),
];

/// Doubles that run until `leash` is closed.
pub(super) struct Doubles {
    /// What leads the providers to them.
    pub(super) variables: Vec<(String, String)>,
    /// To be the server's stdin.
    pub(super) leash: Stdio,
}

/// Builds and starts them.
pub(super) fn start(workspace: &Workspace) -> Result<Doubles> {
    Sh::cargo()
        .args(["build", "--release", "--package", PACKAGE, "--bin", PACKAGE])
        .dir(&workspace.root)
        .run()?;
    let base = workspace.root.join("configs/base.yaml");
    let base = fs::read_to_string(&base).with_context(|| format!("reading {}", base.display()))?;
    let own = std::env::current_exe().context("finding this program")?;
    let mut keeper = Command::new(own)
        .args(["up", "--keep-doubles"])
        .arg(workspace.bin("release", PACKAGE))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("starting the doubles")?;
    let (leash, output) = (keeper.stdin.take(), keeper.stdout.take());
    let leash = leash.context("the doubles have no stdin")?;
    let bases = bases(BufReader::new(
        output.context("the doubles have no stdout")?,
    ))?;
    for (name, url) in &bases {
        eprintln!("  simulated: {name:<12}{url}");
    }
    Ok(Doubles {
        variables: variables(&base, &bases),
        leash: leash.into(),
    })
}

/// The lines up to the one that says that they are ready: names and base URLs.
fn bases(output: impl BufRead) -> Result<Vec<(String, String)>> {
    let mut bases = Vec::new();
    for line in output.lines() {
        let line = line.context("reading what the doubles say")?;
        if line == READY {
            return Ok(bases);
        }
        if let Some((name, url)) = line.split_once(' ') {
            bases.push((name.to_owned(), url.to_owned()));
        }
    }
    bail!("the doubles did not start; what they said stands above");
}

/// What leads every provider of the configuration that has a double to it, and keys that are none.
fn variables(configuration: &str, bases: &[(String, String)]) -> Vec<(String, String)> {
    let mut variables: Vec<_> = KEYS.map(|name| (name.to_owned(), KEY.to_owned())).into();
    for (provider, vendor, path) in LED {
        let block = format!("  {provider}:");
        let configured = configuration.lines().any(|line| line.trim_end() == block);
        let Some((_, base)) = bases.iter().find(|(name, _)| name == vendor) else {
            continue;
        };
        // A variable for a block that is not there would make half of one.
        let Some(host) = base.split('/').nth(2).filter(|_| configured) else {
            continue;
        };
        let prefix = format!("TTH__PROVIDERS__{}__", provider.to_uppercase());
        let hosts = format!("[\"http://{host}\", \"ws://{host}\"]");
        variables.push((
            format!("{prefix}SETTINGS__BASE_URL"),
            format!("{base}{path}"),
        ));
        variables.push((format!("{prefix}ALLOW__HOSTS"), hosts));
    }
    variables
}

/// The hidden part of `up`: runs the doubles until stdin is closed.
pub(super) fn keep(program: &Path) -> Result<()> {
    let doubles = Command::new(program)
        .args(["--listen", LISTEN])
        .stdin(Stdio::null())
        .spawn()
        .with_context(|| format!("could not start {}", program.display()))?;
    guard(doubles, std::io::stdin())
}

/// Ends `child` when `leash` is closed.
///
/// # Errors
/// When it ends before that.
fn guard(mut child: Child, mut leash: impl Read + Send + 'static) -> Result<()> {
    let closed = Arc::new(AtomicBool::new(false));
    let told = closed.clone();
    std::thread::spawn(move || {
        // An end that cannot be read is closed as well.
        let _nothing = std::io::copy(&mut leash, &mut std::io::sink());
        told.store(true, Ordering::Relaxed);
    });
    loop {
        if let Some(status) = child.try_wait().context("watching the doubles")? {
            bail!("the doubles ended ({status})");
        }
        if closed.load(Ordering::Relaxed) {
            child.kill().context("ending the doubles")?;
            child.wait().context("ending the doubles")?;
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bases_of(text: &str) -> Vec<(String, String)> {
        bases(text.as_bytes()).unwrap()
    }

    #[test]
    fn the_doubles_are_there_once_they_say_so() {
        let said =
            "vllm http://127.0.0.1:7/vllm\nopenai http://127.0.0.1:7/openai\nready\nmore x\n";
        let names: Vec<_> = bases_of(said).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["vllm", "openai"]);
        let error = bases(&b"vllm http://127.0.0.1:7/vllm\n"[..]).unwrap_err();
        assert!(error.to_string().contains("did not start"), "{error}");
    }

    #[test]
    fn only_providers_that_are_configured_are_led() {
        let bases = bases_of(
            "vllm http://127.0.0.1:7/vllm\nelevenlabs http://127.0.0.1:7/elevenlabs\nready\n",
        );
        let configuration = "providers:\n  local_vllm:\n    role: llm\n  openai_tts:\n";
        let variables = variables(configuration, &bases);
        let expected = [
            ("OPENAI_API_KEY", KEY),
            ("ELEVENLABS_API_KEY", KEY),
            (
                "TTH__PROVIDERS__LOCAL_VLLM__SETTINGS__BASE_URL",
                "http://127.0.0.1:7/vllm/v1",
            ),
            (
                "TTH__PROVIDERS__LOCAL_VLLM__ALLOW__HOSTS",
                r#"["http://127.0.0.1:7", "ws://127.0.0.1:7"]"#,
            ),
        ];
        let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(variables, expected);
    }

    #[test]
    fn every_double_has_its_provider_in_the_configuration() {
        let base = Path::new(env!("CARGO_MANIFEST_DIR")).join("../configs/base.yaml");
        let base = fs::read_to_string(base).unwrap();
        let bases: Vec<_> = ["vllm", "openai", "elevenlabs", "cosyvoice", "glmtts"]
            .map(|name| (name.to_owned(), format!("http://127.0.0.1:7/{name}")))
            .into();
        assert_eq!(variables(&base, &bases).len(), KEYS.len() + 2 * LED.len());
    }

    #[test]
    fn a_closed_leash_ends_the_doubles() {
        let child = Command::new("sleep").arg("600").spawn().unwrap();
        let id = child.id();
        guard(child, std::io::empty()).unwrap();
        assert!(!Path::new(&format!("/proc/{id}")).exists(), "it was reaped");
    }

    #[test]
    fn doubles_that_end_by_themselves_are_missed() {
        let (leash, _held) = std::io::pipe().unwrap();
        let child = Command::new("false").spawn().unwrap();
        let error = guard(child, leash).unwrap_err().to_string();
        assert!(error.contains("ended (exit status: 1)"), "{error}");
    }
}
