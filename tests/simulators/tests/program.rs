//! All doubles as the program that people start.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

struct Program {
    child: Child,
    /// Vendor and base.
    bases: Vec<(String, String)>,
}

impl Drop for Program {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _ended = self.child.wait();
    }
}

fn start(more: &[&str]) -> Program {
    let mut child = Command::new(env!("CARGO_BIN_EXE_tth-simulators"))
        .args(["--listen", "127.0.0.1:0", "--delay-ms", "0"])
        .args(more)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let lines = lines.map(|line| line.unwrap());
    let bases = lines
        .take_while(|line| line != "ready")
        .map(|line| {
            let (vendor, base) = line.split_once(' ').unwrap();
            (vendor.to_owned(), base.to_owned())
        })
        .collect();
    Program { child, bases }
}

impl Program {
    fn base(&self, vendor: &str) -> &str {
        let found = self.bases.iter().find(|(name, _)| name == vendor);
        &found.unwrap().1
    }

    /// What vLLM's double answers to a sentence, with this key.
    fn chat(&self, said: &str, key: &str) -> (u16, Value) {
        let body = json!({"messages": [{"role": "user", "content": said}]});
        let config = ureq::Agent::config_builder().http_status_as_error(false);
        let limit = Some(Duration::from_secs(20));
        let agent = config.timeout_global(limit).build().new_agent();
        let mut answer = agent
            .post(format!("{}/v1/chat/completions", self.base("vllm")))
            .header("authorization", format!("Bearer {key}"))
            .send(body.to_string())
            .unwrap();
        let text = answer.body_mut().read_to_string().unwrap();
        let body = serde_json::from_str(&text).unwrap();
        (answer.status().as_u16(), body)
    }
}

#[test]
fn all_vendors_are_below_their_names_and_answer_what_they_were_told() {
    let program = start(&[]);
    let names: Vec<&str> = program.bases.iter().map(|one| one.0.as_str()).collect();
    assert_eq!(
        names,
        ["vllm", "openai", "elevenlabs", "cosyvoice", "glmtts"]
    );
    assert!(
        program
            .bases
            .iter()
            .all(|(name, base)| base.ends_with(&format!("/{name}")))
    );
    let answers = ["The moon is full.", "The cat sleeps."].map(|said| {
        let (status, body) = program.chat(said, "any");
        assert_eq!(status, 200, "it wants no key");
        let content = &body["choices"][0]["message"]["content"];
        let content = content.as_str().unwrap().to_owned();
        assert!(content.contains(said.trim_end_matches('.')), "{content}");
        content
    });
    assert_ne!(
        answers[0].replace("The moon is full", ""),
        answers[1].replace("The cat sleeps", ""),
        "two answers in two ways"
    );
}

#[test]
fn a_key_an_answer_and_a_model_can_be_chosen() {
    let program = start(&["--key", "k-9", "--answer", "Only this.", "--model", "m-9"]);
    assert_eq!(program.chat("Hello", "another").0, 401);
    let (status, body) = program.chat("Hello", "k-9");
    assert_eq!((status, &body["model"]), (200, &json!("m-9")));
    assert_eq!(body["choices"][0]["message"]["content"], "Only this.");
}
