//! What was found out about a component, for programs.

use super::Findings;
use serde_json::{Value, json};
use tth_core::provider::{ParamDomain, ParamSpec, ProviderInfo};

/// One object; `capabilities` is null for a mapper and for what could not be asked, and `problem` says
/// why it could not.
pub(super) fn of(found: &Findings) -> Value {
    let Findings {
        file,
        inspection,
        capabilities,
    } = found;
    let (info, problem) = match capabilities {
        Ok(info) => (info.as_ref(), None),
        Err(problem) => (None, Some(problem)),
    };
    json!({
        "file": file,
        "role": inspection.role.name(),
        "contract": inspection.contract,
        "size": inspection.size,
        "sha256": inspection.sha256,
        "imports": inspection.imports,
        "needs": { "http": inspection.needs_http, "websocket": inspection.needs_websocket },
        "problem": problem.map(ToString::to_string),
        "capabilities": info.map(capability),
    })
}

fn capability(info: &ProviderInfo) -> Value {
    let audio = info
        .audio
        .map(|audio| json!({ "sample_rate": audio.sample_rate, "channels": audio.channels }));
    let video: Vec<&str> = info.video.iter().map(|codec| codec.name()).collect();
    json!({
        "name": info.name,
        "version": info.version,
        "models": info.models,
        "audio": audio,
        "video": video,
        "features": info.features,
        "params": info.params.iter().map(parameter).collect::<Vec<_>>(),
    })
}

fn parameter(param: &ParamSpec) -> Value {
    let domain = match &param.domain {
        ParamDomain::Text => json!({ "kind": "text" }),
        ParamDomain::Flag => json!({ "kind": "flag" }),
        ParamDomain::Number { min, max, default } => {
            json!({ "kind": "number", "min": min, "max": max, "default": default })
        }
        ParamDomain::Choice(choices) => json!({ "kind": "choice", "choices": choices }),
    };
    json!({
        "name": param.name,
        "domain": domain,
        "follows": param.follows,
        "live": param.live,
    })
}

#[cfg(test)]
mod tests {
    use super::super::{Unknown, tests::voice};
    use super::*;
    use std::path::PathBuf;
    use tth_runtime::{ComponentRole, Inspection};

    fn findings(capabilities: Result<Option<ProviderInfo>, Unknown>) -> Findings {
        Findings {
            file: PathBuf::from("a.wasm"),
            inspection: Inspection {
                role: ComponentRole::Tts,
                contract: "0.1.0".into(),
                imports: vec!["wasi:http/client@0.3.0".into()],
                needs_http: true,
                needs_websocket: false,
                size: 2_048,
                sha256: "ab".into(),
            },
            capabilities,
        }
    }

    #[test]
    fn a_program_reads_the_same_as_a_person() {
        let value = of(&findings(Ok(Some(voice()))));
        assert_eq!(value["role"], "tts");
        assert_eq!(value["needs"], json!({ "http": true, "websocket": false }));
        assert_eq!(value["problem"], Value::Null);
        let info = &value["capabilities"];
        assert_eq!(info["audio"]["sample_rate"], 24_000);
        assert_eq!(
            info["params"],
            json!([
                {
                    "name": "rate",
                    "domain": { "kind": "number", "min": 0.5, "max": 2.0, "default": 1.0 },
                    "follows": "character.speech_rate",
                    "live": true,
                },
                {
                    "name": "kind",
                    "domain": { "kind": "choice", "choices": ["a", "b"] },
                    "follows": null,
                    "live": false,
                },
            ])
        );
    }

    #[test]
    fn what_does_not_load_has_no_capabilities_but_a_reason() {
        let value = of(&findings(Err(Unknown::Refused("it is too new".into()))));
        assert_eq!(value["capabilities"], Value::Null);
        assert!(value["problem"].as_str().unwrap().contains("too new"));
    }
}
