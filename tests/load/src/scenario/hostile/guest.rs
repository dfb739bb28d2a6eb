//! Who the hostile guests are: one for each thing that a guest may do to its host.

use super::spoil::{self, Spoil};
use crate::guests::Guests;
use crate::server::Start;
use crate::wire::Mode;
use anyhow::Result;
use serde_json::json;
use std::net::TcpListener;

/// What the guest is called in the configuration.
pub(super) const ID: &str = "hostile";

/// What a voice is given before its first sound or between two, in milliseconds.
const BUDGET_MS: u64 = 500;
/// What it may compute in one turn, in milliseconds.
const CPU_MS: u64 = 300;
/// What a voice that computes is given before its first sound, in milliseconds: its budget of CPU is to
/// end first, however busy the machine is.
const LOOPS_MS: u64 = 2_000;

/// A guest and what is expected of meeting it.
pub(super) struct Guest {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    /// What it may spend of its listener's time before it is in the wrong, in milliseconds.
    pub(super) allowed_ms: u64,
    /// Another provider takes over in mid-turn.
    pub(super) replaced: bool,
    /// Its turn comes to an end by itself.
    pub(super) ends: bool,
}

/// What it does.
pub(super) enum Kind {
    /// A voice that shows this habit of the fixture.
    Habit(&'static str),
    /// The same, which shows before it serves.
    AtLoad(&'static str),
    /// A language model that sends a request it may not send.
    Web(Web),
    /// No component at all.
    File(Spoil),
}

/// A request that must not leave.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Web {
    /// To a host that was not granted.
    ForbiddenHost,
    /// To a granted name that leads to this machine.
    Rebinding,
    /// With another one inside of its header.
    Smuggling,
}

const fn habit(name: &'static str, habit: &'static str) -> Guest {
    Guest {
        name,
        kind: Kind::Habit(habit),
        allowed_ms: 0,
        replaced: true,
        ends: true,
    }
}

/// It costs that much of its listener's time before it is replaced.
const fn slow(name: &'static str, habit_: &'static str, allowed_ms: u64) -> Guest {
    Guest {
        allowed_ms,
        ..habit(name, habit_)
    }
}

/// It is odd, but no offence.
const fn carried(name: &'static str, habit_: &'static str) -> Guest {
    Guest {
        replaced: false,
        ..habit(name, habit_)
    }
}

const fn web(name: &'static str, web: Web) -> Guest {
    Guest {
        name,
        kind: Kind::Web(web),
        allowed_ms: 0,
        replaced: true,
        ends: true,
    }
}

/// It never comes to serve.
const fn absent(name: &'static str, kind: Kind) -> Guest {
    Guest {
        name,
        kind,
        allowed_ms: 0,
        replaced: false,
        ends: true,
    }
}

pub(super) const GUESTS: [Guest; 27] = [
    slow("endless loop", "endless-loop", CPU_MS),
    habit("memory bomb", "memory-bomb"),
    Guest {
        ends: false,
        ..carried("stream that never ends", "endless-stream")
    },
    carried("24,000 items of one sample", "one-sample-items"),
    habit("30,000 mouth shapes for a word", "shape-flood"),
    habit("item of 1 byte", "one-byte-item"),
    habit("item of 100 MB", "huge-item"),
    habit("item of 2 MB", "large-item"),
    absent("trap in load", Kind::AtLoad("trap-in-load")),
    habit("trap in mid-stream", "trap-in-stream"),
    habit("trap in drop", "trap-in-drop"),
    slow("silence", "silence", BUDGET_MS),
    slow("blocking sleep", "blocking-sleep", BUDGET_MS),
    web("forbidden host", Web::ForbiddenHost),
    web("DNS rebinding", Web::Rebinding),
    web("header smuggling", Web::Smuggling),
    carried("log flood", "log-flood"),
    habit("media time in half a million years", "far-future"),
    carried("media time that stands still", "same-time"),
    habit("invalid UTF-8", "broken-text"),
    habit("NaN", "not-a-number"),
    habit("10,000 streams", "many-streams"),
    absent("wrong contract version", Kind::File(Spoil::Version)),
    absent("truncated file", Kind::File(Spoil::Truncated)),
    absent("core module", Kind::File(Spoil::CoreModule)),
    absent("200 MB file", Kind::File(Spoil::Large)),
    absent("300 MB file", Kind::File(Spoil::TooLarge)),
];

impl Guest {
    /// What its session says to bring it on.
    pub(super) fn text(&self) -> String {
        match self.kind {
            Kind::Habit(habit) => format!("Now misbehave {habit} please."),
            _ => "Tell me something.".into(),
        }
    }

    pub(super) fn mode(&self) -> Mode {
        match self.kind {
            Kind::Web(_) => Mode::Chat,
            _ => Mode::Say,
        }
    }

    /// Whether it comes to serve.
    pub(super) fn loads(&self) -> bool {
        matches!(self.kind, Kind::Habit(_) | Kind::Web(_))
    }

    /// A server that it must not reach, where it tries to.
    pub(super) fn forbidden(&self) -> Result<Option<TcpListener>> {
        Ok(match self.kind {
            Kind::Web(_) => Some(TcpListener::bind("127.0.0.1:0")?),
            _ => None,
        })
    }

    /// A server of which it is the primary.
    pub(super) fn serve(&self, guests: &Guests, forbidden: Option<&TcpListener>) -> Result<Start> {
        let (role, component) = match self.kind {
            Kind::Habit(_) | Kind::AtLoad(_) => ("TTS", "fixture-bad-manners.wasm"),
            Kind::Web(_) => ("LLM", "fixture-http-get.wasm"),
            Kind::File(_) => ("TTS", "spoilt.wasm"),
        };
        let first_output_ms = match self.kind {
            Kind::Habit("endless-loop") => LOOPS_MS,
            _ => BUDGET_MS,
        };
        let limit = |start: Start, (name, ms): (&str, u64)| {
            start.set(&format!("PROVIDERS__HOSTILE__{name}"), &ms.to_string())
        };
        let limits = [
            ("LIMITS__CPU_MS_PER_TURN", CPU_MS),
            ("BUDGETS__FIRST_OUTPUT_MS", first_output_ms),
            ("BUDGETS__GAP_MS", BUDGET_MS),
        ];
        let start = Start::mock().before_mock(role, ID, component);
        let start = limits
            .into_iter()
            .fold(start, limit)
            .set("PROVIDERS__MOCK_TTS__SETTINGS__MS_PER_CHAR", "20")
            .set("PROVIDERS__MOCK_LLM__SETTINGS__ANSWER", "Here I am.")
            .without_circuit()
            .keep_log();
        let start = match self.kind {
            Kind::Habit(_) => start,
            Kind::AtLoad(habit) => start.set("PROVIDERS__HOSTILE__SETTINGS__HABIT", habit),
            Kind::Web(web) => web.send(start, forbidden)?,
            Kind::File(how) => {
                spoil::write(how, guests)?;
                start
            }
        };
        Ok(guests.serve(start))
    }
}

impl Web {
    fn send(self, start: Start, forbidden: Option<&TcpListener>) -> Result<Start> {
        let port = forbidden.map(|there| there.local_addr()).transpose()?;
        let port = port.map_or(0, |address| address.port());
        let host = match self {
            // The system resolves it to 127.0.0.1, as a hostile name server could any other name.
            Web::Rebinding => "0x7f000001",
            _ => "127.0.0.1",
        };
        let granted = match self {
            Web::ForbiddenHost => "https://granted.example".into(),
            _ => format!("http://{host}:{port}"),
        };
        let headers = match self {
            Web::Smuggling => json!([["x-a", "b\r\n\r\nGET /secret HTTP/1.1\r\nhost: c"]]),
            _ => json!([]),
        };
        let settings = json!({
            "scheme": "http", "authority": format!("{host}:{port}"), "path": "/", "headers": headers,
        });
        Ok(start
            .set("PROVIDERS__HOSTILE__SETTINGS", &settings.to_string())
            .set(
                "PROVIDERS__HOSTILE__ALLOW__HOSTS",
                &json!([granted]).to_string(),
            ))
    }
}
