//! The command `plugin inspect`: what a component is, what it can do, and what it would be given.
//!
//! Its file is read without being run; then it is asked what it can do, which needs neither settings nor
//! a network: it is not loaded for that.

mod json;

use anyhow::{Context, Result};
use std::fmt::{self, Write as _};
use std::path::{Path, PathBuf};
use tth_core::provider::{ParamDomain, ProviderInfo};
use tth_runtime::check::CONTRACT;
use tth_runtime::{
    ComponentRole, EngineLimits, Inspection, InstanceLimits, ProviderSpec, Runtime, RuntimeError,
    RuntimeOptions,
};

/// What a component may use while it is asked; as much as the largest of ours is configured for.
const MEMORY_MB: u32 = 512;
/// Nothing is served here.
const INSTANCES: u32 = 4;

/// What was found out about a component.
struct Findings {
    file: PathBuf,
    inspection: Inspection,
    /// None for a mapper, which has nothing to declare.
    capabilities: Result<Option<ProviderInfo>, Unknown>,
}

/// Why nothing is known of what it can do.
enum Unknown {
    /// This host does not load it.
    Refused(String),
    /// It broke when it was asked.
    Silent(RuntimeError),
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unknown::Refused(reason) => write!(f, "it {reason}"),
            Unknown::Silent(error) => write!(f, "it does not say what it can do ({error})"),
        }
    }
}

/// Everything about a component, as text or as JSON.
///
/// # Errors
/// When the file cannot be read or is no component of the contract: what it is instead.
pub(crate) async fn inspect(file: &Path, as_json: bool) -> Result<String> {
    let found = examine(file).await?;
    if as_json {
        return Ok(serde_json::to_string_pretty(&json::of(&found))?);
    }
    let mut text = String::new();
    row(&mut text, "file", &found.file.display().to_string());
    described(&mut text, &found.inspection);
    let loadable = match &found.capabilities {
        Err(refused @ Unknown::Refused(_)) => format!("no: {refused}"),
        _ => "yes".into(),
    };
    row(&mut text, "loadable", &loadable);
    match &found.capabilities {
        Ok(Some(info)) => capabilities(&mut text, info),
        Ok(None) => row(
            &mut text,
            "capabilities",
            "none to declare, it maps controls",
        ),
        Err(Unknown::Refused(_)) => {}
        Err(why) => row(&mut text, "capabilities", &format!("unknown: {why}")),
    }
    Ok(text.trim_end().to_owned())
}

async fn examine(file: &Path) -> Result<Findings> {
    let bytes = std::fs::read(file).with_context(|| format!("reading {}", file.display()))?;
    let inspection = tth_runtime::inspect(&bytes).with_context(|| file.display().to_string())?;
    drop(bytes);
    let capabilities = match inspection.loadable() {
        Err(reason) => Err(Unknown::Refused(reason.to_string())),
        Ok(()) => ask(file, inspection.role).await.map_err(Unknown::Silent),
    };
    Ok(Findings {
        file: file.to_owned(),
        inspection,
        capabilities,
    })
}

/// Asks it; none for a mapper, which is only loaded.
async fn ask(file: &Path, role: ComponentRole) -> Result<Option<ProviderInfo>, RuntimeError> {
    let runtime = Runtime::new(RuntimeOptions {
        cache_dir: None,
        limits: EngineLimits {
            total_instances: INSTANCES,
            max_memory_mb: MEMORY_MB,
            ..EngineLimits::default()
        },
    })?;
    let spec = ProviderSpec {
        id: "inspected".into(),
        component: file.to_owned(),
        limits: InstanceLimits {
            memory_mb: MEMORY_MB,
            max_instances: 1,
            ..InstanceLimits::default()
        },
        ..ProviderSpec::default()
    };
    runtime.describe(spec, role).await
}

fn row(text: &mut String, name: &str, value: &str) {
    // Writing to a string cannot fail.
    let _infallible = writeln!(text, "{name:<14}{value}");
}

/// Several values, one below the other.
fn rows<'a>(text: &mut String, name: &str, values: impl IntoIterator<Item = &'a str>) {
    let mut name = name;
    for value in values {
        row(text, name, value);
        name = "";
    }
    if !name.is_empty() {
        row(text, name, "none");
    }
}

fn described(text: &mut String, found: &Inspection) {
    row(text, "role", found.role.name());
    let contract = format!("{} (this host speaks {CONTRACT})", found.contract);
    row(text, "contract", &contract);
    let size = format!("{:.1} KiB", found.size as f64 / 1024.0);
    row(text, "size", &size);
    row(text, "sha256", &found.sha256);
    rows(text, "imports", found.imports.iter().map(String::as_str));
    let mut grants = Vec::new();
    if found.needs_http {
        grants.push(
            "HTTP requests: allow: { hosts: [\"https://...\"] }, and secrets for their headers",
        );
    }
    if found.needs_websocket {
        grants.push("WebSockets: allow: { hosts: [\"wss://...\"] }, and secrets for their headers");
    }
    // Whatever WASI it imports besides, the sandbox gives clocks and randomness, and no more.
    if grants.is_empty() {
        grants.push("nothing: it reaches neither files nor network");
    }
    rows(text, "to be granted", grants);
}

fn capabilities(text: &mut String, info: &ProviderInfo) {
    row(text, "name", &format!("{} {}", info.name, info.version));
    rows(text, "models", info.models.iter().map(String::as_str));
    if let Some(audio) = info.audio {
        let plural = if audio.channels == 1 { "" } else { "s" };
        let (rate, channels) = (audio.sample_rate, audio.channels);
        let audio = format!("{rate} Hz, {channels} channel{plural}");
        row(text, "audio", &audio);
    }
    if !info.video.is_empty() {
        let codecs: Vec<&str> = info.video.iter().map(|codec| codec.name()).collect();
        row(text, "video", &codecs.join(", "));
    }
    if !info.features.is_empty() {
        row(text, "features", &info.features.join(", "));
    }
    let parameters: Vec<String> = info
        .params
        .iter()
        .map(|param| {
            let domain = match &param.domain {
                ParamDomain::Text => "text".into(),
                ParamDomain::Flag => "true or false".into(),
                ParamDomain::Number { min, max, default } => {
                    format!("{min} to {max}, usually {default}")
                }
                ParamDomain::Choice(choices) => format!("one of {}", choices.join(", ")),
            };
            let follows = param
                .follows
                .as_ref()
                .map_or_else(String::new, |control| format!("; follows {control}"));
            let live = if param.live { "; at once" } else { "" };
            format!("{}: {domain}{follows}{live}", param.name)
        })
        .collect();
    rows(text, "parameters", parameters.iter().map(String::as_str));
}

#[cfg(test)]
mod tests {
    use super::*;
    use tth_core::media::{AudioFormat, VideoCodec};
    use tth_core::provider::ParamSpec;

    #[test]
    fn what_it_is_and_would_be_granted() {
        let mut found = Inspection {
            role: ComponentRole::Tts,
            contract: CONTRACT.into(),
            imports: vec![
                "wasi:clocks/x@0.3.0".into(),
                "wasi:http/client@0.3.0".into(),
            ],
            needs_http: true,
            needs_websocket: false,
            size: 2_048,
            sha256: "ab".into(),
        };
        let mut text = String::new();
        described(&mut text, &found);
        let expected = format!(
            "\
role          tts
contract      {CONTRACT} (this host speaks {CONTRACT})
size          2.0 KiB
sha256        ab
imports       wasi:clocks/x@0.3.0
              wasi:http/client@0.3.0
to be granted HTTP requests: allow: {{ hosts: [\"https://...\"] }}, and secrets for their headers
"
        );
        assert_eq!(text, expected);

        (found.needs_http, found.needs_websocket) = (false, true);
        found.imports = vec!["tth:host/websocket@0.1.0".into()];
        let mut text = String::new();
        described(&mut text, &found);
        let granted = "to be granted WebSockets: allow: { hosts: [\"wss://...\"] }, and secrets";
        assert!(text.contains(granted), "{text}");

        (found.needs_websocket, found.imports) = (false, Vec::new());
        let mut text = String::new();
        described(&mut text, &found);
        assert!(text.contains("imports       none"), "{text}");
        assert!(text.contains("to be granted nothing"), "{text}");
    }

    /// A voice with a parameter of two kinds.
    pub(super) fn voice() -> ProviderInfo {
        let param = |name: &str, domain, follows: Option<&str>, live| ParamSpec {
            name: name.into(),
            domain,
            follows: follows.map(str::to_owned),
            live,
        };
        let number = ParamDomain::Number {
            min: 0.5,
            max: 2.0,
            default: 1.0,
        };
        let choice = ParamDomain::Choice(vec!["a".into(), "b".into()]);
        ProviderInfo {
            name: "voice".into(),
            version: "1.2".into(),
            models: vec!["one".into()],
            params: vec![
                param("rate", number, Some("character.speech_rate"), true),
                param("kind", choice, None, false),
            ],
            audio: Some(AudioFormat {
                sample_rate: 24_000,
                channels: 1,
            }),
            video: vec![VideoCodec::Jpeg],
            features: vec!["visemes".into()],
        }
    }

    #[test]
    fn what_it_can_do() {
        let info = voice();
        let mut text = String::new();
        capabilities(&mut text, &info);
        let expected = "\
name          voice 1.2
models        one
audio         24000 Hz, 1 channel
video         jpeg
features      visemes
parameters    rate: 0.5 to 2, usually 1; follows character.speech_rate; at once
              kind: one of a, b
";
        assert_eq!(text, expected);
    }

    #[tokio::test]
    async fn what_is_no_component_says_what_it_is() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("a.wasm");
        let error = inspect(&file, false).await.unwrap_err();
        assert!(format!("{error:#}").contains("reading"), "{error:#}");
        std::fs::write(&file, b"#!/bin/sh\n").unwrap();
        let error = inspect(&file, false).await.unwrap_err();
        assert!(format!("{error:#}").contains("no WebAssembly"), "{error:#}");
    }
}
