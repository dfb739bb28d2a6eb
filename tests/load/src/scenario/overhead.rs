//! What an adapter and the host add to a vendor's own time until the first output: from the user's
//! text to the request at the vendor's server, and from that server's first piece to the client. The
//! server is a double in this process, so that both ends read one clock; what it does in between is
//! not counted.

use crate::client::Session;
use crate::report::{Report, Target};
use crate::server::Start;
use crate::stats::{median, ms, quantile};
use crate::wire::{Kind, Mode, Said};
use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tth_simulators::speech::Speech;
use tth_simulators::{Received, Script, Simulator, Vendor};

const TURNS: u32 = 60;
/// Not measured: connections are opened, caches are cold.
const WARM_UP: u32 = 5;
const KEY: &str = "simulated-key";
/// From one of a vendor's pieces to the next, in milliseconds.
const DELAY_MS: u64 = 2;
const LIMIT_MS: f64 = 2.0;

/// A provider and how it is reached.
struct Case {
    /// What the results are called after.
    name: &'static str,
    role: &'static str,
    provider: &'static str,
    vendor: Vendor,
    /// What its `base_url` has after the origin.
    base: &'static str,
    /// The variable with its key.
    key: &'static str,
    /// The first output at the client.
    wanted: Kind,
    mode: Mode,
    /// What is answered, or spoken: one short utterance.
    text: &'static str,
    /// Whether a message over a WebSocket asks for an answer; without, the request does.
    asks: Option<fn(&Value) -> bool>,
}

const RESPONSES: Case = Case {
    name: "openai_responses (SSE): first text",
    role: "LLM",
    provider: "OPENAI_RESPONSES",
    vendor: Vendor::OpenAi,
    base: "/v1",
    key: "OPENAI_API_KEY",
    wanted: Kind::TextDelta,
    mode: Mode::Chat,
    text: "Here is one short answer.",
    asks: None,
};

const CASES: [Case; 3] = [
    RESPONSES,
    Case {
        name: "openai_realtime (WebSocket): first text",
        provider: "OPENAI_REALTIME",
        asks: Some(|body| body["type"] == "response.create"),
        ..RESPONSES
    },
    Case {
        name: "elevenlabs_stream (WebSocket): first sound",
        role: "TTS",
        provider: "ELEVENLABS_STREAM",
        vendor: Vendor::ElevenLabs,
        base: "",
        key: "ELEVENLABS_API_KEY",
        wanted: Kind::AudioChunk,
        mode: Mode::Say,
        text: "Hello.",
        asks: Some(|body| {
            body["text"]
                .as_str()
                .is_some_and(|text| !text.trim().is_empty())
        }),
    },
];

pub(super) async fn run(report: &Report) -> Result<()> {
    report.note(&format!(
        "{TURNS} turns each, one session, kept connections; the other stages are scripted"
    ));
    for case in &CASES {
        measure(report, case).await.context(case.provider)?;
    }
    Ok(())
}

async fn measure(report: &Report, case: &Case) -> Result<()> {
    // The double's voice is not to be waited for: it is no vendor's.
    let _remembered = Speech::of(case.text);
    let script = Script {
        answer: case.text.to_owned(),
        key: Some(KEY.to_owned()),
        delay_ms: DELAY_MS,
        ..Script::default()
    };
    let double = Simulator::start(case.vendor, script)?;
    let origin = double.origin();
    let allow = format!("[\"{origin}\", \"{}\"]", origin.replace("http", "ws"));
    let block = format!("PROVIDERS__{}", case.provider);
    let server = Start::mock()
        .set(&format!("COMPONENTS__{}__MODE", case.role), "api")
        .set(
            &format!("COMPONENTS__{}__PRIMARY", case.role),
            &case.provider.to_lowercase(),
        )
        .set(&format!("COMPONENTS__{}__FALLBACK", case.role), "[]")
        .set(
            &format!("{block}__SETTINGS__BASE_URL"),
            &format!("{origin}{}", case.base),
        )
        .set(&format!("{block}__ALLOW__HOSTS"), &allow)
        .set("PROVIDERS__MOCK_TTS__SETTINGS__MS_PER_CHAR", "8")
        .env(case.key, KEY)
        .run()?;
    let mut session = Session::open(server.address, &json!({})).await?;
    let mut turns = Vec::new();
    for n in 0..WARM_UP + TURNS {
        // Pauses of many lengths: a turn may start anywhere between two idle frames.
        let pause = Duration::from_micros(20_000 + u64::from(n) * 7_919 % 40_000);
        session.listen_until(Instant::now() + pause).await?;
        let turn = turn(&mut session, case).await?;
        if n >= WARM_UP {
            turns.push(turn);
        }
    }
    let seen = At::of(&double.asked(), case.asks);
    let (mut to, mut back, mut sums) = (Vec::new(), Vec::new(), Vec::new());
    for turn in turns {
        let (asked, said) = seen.of_turn(&turn)?;
        to.push(ms(asked - turn.sent));
        back.push(ms(turn.first - said));
        sums.push(ms(asked - turn.sent) + ms(turn.first - said));
    }
    let name = format!("{}, added p50", case.name);
    report.result(&name, median(&sums), "ms", Target::AtMost(LIMIT_MS));
    let name = format!("{}, added p95", case.name);
    report.result(&name, quantile(&sums, 0.95), "ms", Target::None);
    report.note(&format!(
        "p50 on the way to the vendor {:.3} ms, on the way back {:.3} ms",
        median(&to),
        median(&back)
    ));
    Ok(())
}

/// A turn as its client saw it.
struct Turn {
    sent: Instant,
    first: Instant,
}

async fn turn(session: &mut Session, case: &Case) -> Result<Turn> {
    let (text, mode) = (case.text, case.mode);
    let sent = session.say(&Said::UserText { text, mode }).await?;
    let mut first = None;
    loop {
        let (at, event) = session.next().await?;
        if event.kind == case.wanted {
            first.get_or_insert(at);
        } else if event.kind == Kind::TurnEnded {
            if event.reason.as_deref() != Some("completed") {
                bail!("the turn was {}", event.reason.unwrap_or_default());
            }
            let first = first.context("a turn without what is measured")?;
            return Ok(Turn { sent, first });
        }
    }
}

/// When the double was asked for answers, and when it sent their pieces, in order.
struct At {
    asked: Vec<Instant>,
    said: Vec<Instant>,
}

impl At {
    fn of(received: &[Received], asks: Option<fn(&Value) -> bool>) -> At {
        let mut at = At {
            asked: Vec::new(),
            said: Vec::new(),
        };
        for one in received {
            at.said.extend(&one.said_at);
            match asks {
                None => at.asked.push(one.at),
                Some(asks) => {
                    let asking = one.messages.iter().filter(|heard| asks(&heard.body));
                    at.asked.extend(asking.map(|heard| heard.at));
                }
            }
        }
        at.asked.sort();
        at.said.sort();
        at
    }

    /// When the double was asked for this turn's answer, and when it sent its first piece.
    fn of_turn(&self, turn: &Turn) -> Result<(Instant, Instant)> {
        let after = |times: &[Instant], from: Instant| {
            let next = times.partition_point(|at| *at < from);
            times.get(next).copied().filter(|at| *at <= turn.first)
        };
        let asked = after(&self.asked, turn.sent).context("the double was not asked")?;
        let said = after(&self.said, asked).context("the double had not answered yet")?;
        Ok((asked, said))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turn_is_found_among_others() {
        let start = Instant::now();
        let at = |ms: u64| start + Duration::from_millis(ms);
        let seen = At {
            asked: vec![at(5), at(105)],
            said: vec![at(10), at(12), at(110), at(112)],
        };
        let turn = |sent, first| Turn {
            sent: at(sent),
            first: at(first),
        };
        assert_eq!(seen.of_turn(&turn(3, 14)).unwrap(), (at(5), at(10)));
        assert_eq!(seen.of_turn(&turn(100, 111)).unwrap(), (at(105), at(110)));
        assert!(
            seen.of_turn(&turn(100, 107)).is_err(),
            "heard before it was said"
        );
        assert!(seen.of_turn(&turn(200, 300)).is_err());
    }
}
