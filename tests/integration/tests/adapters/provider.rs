//! What every provider behind a server is tested with, whatever its role and its vendor.

use crate::{ANSWER, LIMIT, chat, minds, of, open, start, text, voices};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tth_simulators::speech::Speech;
use tth_simulators::{Fault, Received, Script, Simulator, Vendor};
use tth_tests::{Server, Stream};

pub(crate) type Env = Vec<(String, String)>;

/// What only a vendor may see.
pub(crate) const KEY: &str = "sk-simulated-that-nobody-may-see";
/// What the scripted mind says where it has to stand in.
const STAND_IN: &str = "The stand-in speaks.";
/// Budgets that outlast a test: what is over sooner was ended by something else.
pub(crate) const PATIENT: [(&str, &str); 2] = [
    ("BUDGETS__GAP_MS", "50000"),
    ("BUDGETS__FIRST_OUTPUT_MS", "50000"),
];
/// Short ones, for what is found out only when they have run down.
pub(crate) const FIRST: (&str, &str) = ("BUDGETS__FIRST_OUTPUT_MS", "1500");
pub(crate) const GAP: (&str, &str) = ("BUDGETS__GAP_MS", "1500");

#[derive(Clone, Copy)]
pub(crate) enum Role {
    Llm,
    Tts,
}

/// A provider of `configs/base.yaml`, and the double of its server.
#[derive(Clone, Copy)]
pub(crate) struct Provider {
    pub(crate) role: Role,
    pub(crate) id: &'static str,
    pub(crate) mode: &'static str,
    pub(crate) vendor: Vendor,
    /// What `base_url` has behind the double's origin.
    pub(crate) below: &'static str,
    /// The schemes by which it may reach the double; without any it may reach what is configured.
    pub(crate) schemes: &'static [&'static str],
    /// The variable with its key, where the double wants one.
    pub(crate) key: Option<&'static str>,
    /// Parts of its block.
    pub(crate) block: &'static [(&'static str, &'static str)],
}

impl Provider {
    pub(crate) fn script(&self) -> Script {
        Script {
            answer: ANSWER.into(),
            key: self.key.map(|_| KEY.to_owned()),
            ..Script::default()
        }
    }

    pub(crate) fn double(&self) -> Simulator {
        self.double_with(self.script())
    }

    pub(crate) fn double_with(&self, script: Script) -> Simulator {
        if let Role::Tts = self.role {
            // Loads the voice of the doubles: nobody's budget is to run for that.
            Speech::of("Hello.");
        }
        Simulator::start(self.vendor, script).unwrap()
    }

    /// A part of its block, as a variable.
    fn part(&self, name: &str, value: &str) -> (String, String) {
        let id = self.id.to_uppercase();
        (format!("TTH__PROVIDERS__{id}__{name}"), value.to_owned())
    }

    /// The variables that lead it to a double.
    pub(crate) fn lead(&self, origin: &str) -> Env {
        let mut env = vec![self.part("SETTINGS__BASE_URL", &format!("{origin}{}", self.below))];
        if !self.schemes.is_empty() {
            let host = |scheme: &&str| json!(origin.replacen("http", scheme, 1));
            let hosts: Vec<Value> = self.schemes.iter().map(host).collect();
            env.push(self.part("ALLOW__HOSTS", &json!(hosts).to_string()));
        }
        env.extend(
            self.block
                .iter()
                .map(|(name, value)| self.part(name, value)),
        );
        env
    }

    /// The role's name in variables, and who stands by.
    fn names(&self) -> (&'static str, &'static str) {
        match self.role {
            Role::Llm => ("LLM", "mock_llm"),
            Role::Tts => ("TTS", "mock_tts"),
        }
    }

    /// The double in this role, scripted providers in all others; the scripted one of this role stands
    /// by. `more` are parts of the provider's block.
    pub(crate) fn env(&self, double: &Simulator, more: &[(&str, &str)]) -> Env {
        let (role, stand_in) = self.names();
        let chain = |name: &str, value: &str| {
            let name = format!("TTH__COMPONENTS__{role}__{name}");
            (name, value.to_owned())
        };
        let mut env = self.lead(&double.origin());
        env.extend(more.iter().map(|(name, value)| self.part(name, value)));
        env.extend([
            chain("MODE", self.mode),
            chain("PRIMARY", self.id),
            chain("FALLBACK", &format!("[{stand_in}]")),
        ]);
        env.extend(self.key.map(|name| (name.to_owned(), KEY.to_owned())));
        if let Role::Llm = self.role {
            let answer = "TTH__PROVIDERS__MOCK_LLM__SETTINGS__ANSWER";
            env.push((answer.to_owned(), STAND_IN.to_owned()));
        }
        env
    }

    pub(crate) fn server(&self, double: &Simulator, more: &[(&str, &str)]) -> Server {
        start("mock", &self.env(double, more))
    }

    /// A turn that is this provider's: all its events. A language model answers the text, a voice says it.
    pub(crate) fn turn(&self, stream: &mut Stream, text: &str) -> Vec<Value> {
        match self.role {
            Role::Llm => chat(stream, text),
            Role::Tts => voices::said(stream, text),
        }
    }

    /// It was this provider's turn, and from beginning to end.
    pub(crate) fn did_it(&self, events: &[Value]) {
        assert_eq!(events.last().unwrap()["reason"], "completed");
        assert!(of(events, "provider_switched").is_empty(), "{events:?}");
        match self.role {
            Role::Llm => minds::is_the_answer(events),
            Role::Tts => voices::is_heard(events),
        }
    }

    pub(crate) fn is_well(&self, stream: &mut Stream) {
        self.did_it(&self.turn(stream, "And now it works again."));
    }

    /// The stand-in had to do all of the turn: why.
    pub(crate) fn replaced(&self, events: &[Value]) -> String {
        assert_eq!(events.last().unwrap()["reason"], "completed");
        let switched = of(events, "provider_switched");
        assert_eq!(switched.len(), 1, "{switched:?}");
        assert_eq!(
            (&switched[0]["from"], &switched[0]["to"]),
            (&json!(self.id), &json!(self.names().1))
        );
        if let Role::Llm = self.role {
            assert_eq!(text(events).trim(), STAND_IN);
        }
        let reason = switched[0]["reason"].as_str().unwrap().to_owned();
        assert!(
            !reason.contains("scripted") && !reason.contains("of the double"),
            "not the vendor's words: {reason}"
        );
        reason
    }

    /// What was told of it in a turn that it began.
    pub(crate) fn told(&self, events: &[Value]) -> String {
        let stage = self.names().0.to_lowercase();
        let told = events.iter().find(|event| {
            let kind = &event["type"];
            event["stage"] == stage && (kind == "error" || kind == "provider_switched")
        });
        let told = told.unwrap_or_else(|| panic!("nothing was told: {events:?}"));
        told.to_string()
    }

    /// Each fault before the first word or sound has its code, and the next turn works. These are some
    /// statuses, what goes wrong at any server, and `more`.
    pub(crate) fn what_fails_early_is_replaced(&self, statuses: &[u16], more: &[Fault]) {
        let any = [
            Fault::WebPage,
            Fault::Cut(0),
            Fault::Stall(0),
            Fault::SlowHead(40_000),
        ];
        let statuses = statuses.iter().map(|status| Fault::Status(*status));
        let double = self.double();
        let server = self.server(&double, &[FIRST]);
        let mut stream = open(&server, &json!({}));
        for fault in statuses.chain(any).chain(more.iter().cloned()) {
            double.once(fault.clone());
            let reason = self.replaced(&self.turn(&mut stream, "Hello?"));
            assert!(reason.contains(code(&fault)), "{fault:?}: {reason}");
        }
        self.is_well(&mut stream);
    }

    /// What fails after some words or sound keeps them, and tells.
    pub(crate) fn what_fails_late_is_told(&self, text: &str, faults: &[Fault]) {
        let double = self.double();
        let server = self.server(&double, &[GAP]);
        let mut stream = open(&server, &json!({}));
        for fault in faults {
            double.once(fault.clone());
            let events = self.turn(&mut stream, text);
            match self.role {
                Role::Llm => minds::is_begun(&events),
                Role::Tts => assert!(of(&events, "audio_chunk").len() > 5, "{fault:?}"),
            }
            let told = self.told(&events);
            assert!(told.contains(code(fault)), "{fault:?}: {told}");
        }
        self.is_well(&mut stream);
    }

    /// An interrupt closes the request, whether its head and so many `pieces` have come or not.
    pub(crate) fn an_interrupt_is_seen(&self, more: &[(&str, &str)], text: &str, pieces: usize) {
        let double = self.double();
        let server = self.server(&double, &[&PATIENT[..], more].concat());
        let mut stream = open(&server, &json!({}));
        for (fault, said) in [(Fault::Stall(pieces), pieces), (Fault::SlowHead(50_000), 0)] {
            let before = double.aborted();
            double.once(fault.clone());
            match self.role {
                Role::Llm => stream.chat(text).unwrap(),
                Role::Tts => voices::say(&mut stream, text),
            }
            let silent =
                |one: &Received| one.body != Value::Null && one.said == said && one.ended.is_none();
            assert!(
                double.wait(LIMIT, |all| all.iter().any(silent)),
                "{fault:?}"
            );
            // By then the adapter, too, has nothing to do but to wait.
            stream.send(&json!({"type": "ping"})).unwrap();
            stream.until("pong", LIMIT).unwrap();
            let since = Instant::now();
            stream.send(&json!({"type": "interrupt"})).unwrap();
            let events = stream.until("turn_ended", LIMIT).unwrap();
            assert_eq!(events.last().unwrap()["reason"], "interrupted");
            let over = |all: &[Received]| all.iter().all(|one| one.ended.is_some());
            assert!(double.wait(LIMIT, over), "{fault:?}: it was never closed");
            let ended = double.asked().last().unwrap().ended.unwrap().at;
            let took = ended
                .checked_duration_since(since)
                .expect("not before it was asked to");
            let id = self.id;
            eprintln!("{id}: {fault:?}: the double saw its client leave after {took:?}");
            assert!(took < Duration::from_secs(5), "{fault:?}: {took:?}");
            assert_eq!(double.aborted(), before + 1);
            self.is_well(&mut stream);
        }
    }

    /// A host that is not allowed is never asked.
    pub(crate) fn is_not_let_out(&self) {
        let double = self.double();
        let server = self.server(&double, &[]);
        let reason = self.replaced(&self.turn(&mut open(&server, &json!({})), "Hello?"));
        assert!(reason.contains("invalid_config"), "{reason}");
        assert!(reason.contains("allow.hosts"), "{reason}");
        assert!(double.requests().is_empty(), "not even its models");
    }
}

/// The contract's code for what went wrong.
pub(crate) fn code(fault: &Fault) -> &'static str {
    match fault {
        Fault::Status(status) | Fault::ErrorInStream(_, status) => match status {
            401 | 403 => "unauthenticated",
            429 => "rate_limited",
            400..=499 => "invalid_input",
            501 => "unsupported",
            504 => "timeout",
            _ => "unavailable",
        },
        Fault::Quota => "quota_exceeded",
        Fault::RateLimited(_) => "rate_limited",
        Fault::Stall(_) | Fault::SlowHead(_) => "timeout",
        Fault::Malformed(_) => "internal",
        Fault::Cut(_) | Fault::WebPage => "unavailable",
    }
}
