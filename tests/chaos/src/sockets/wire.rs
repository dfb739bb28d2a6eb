//! What must hold of the events of one stream.

use crate::tag::{Word, words};
use anyhow::{Context, Result, ensure};
use serde_json::Value;

/// What rounding to microseconds may take from a chunk's length.
const ROUNDING_US: u64 = 1;

/// What came over one session's streams so far.
#[derive(Debug)]
pub struct Check {
    session: u32,
    seq: u64,
    /// The turn that is going on, as far as this stream knows.
    turn: Option<String>,
    last_turn: Option<String>,
    interrupted: bool,
    accounts: u32,
    /// The stream has not had an event yet.
    fresh: bool,
    /// It may have come in the middle of a turn, and has seen none begin or end.
    joined: bool,
    audio_end: u64,
    video_at: u64,
    shown: Vec<Word>,
}

impl Check {
    /// For the session of this number, which says only words of its own.
    pub fn new(session: u32) -> Self {
        Check {
            session,
            seq: 0,
            turn: None,
            last_turn: None,
            interrupted: false,
            accounts: 0,
            fresh: true,
            joined: true,
            audio_end: 0,
            video_at: 0,
            shown: Vec::new(),
        }
    }

    /// Another stream of the session: what was under way with the last one may be lost.
    pub fn reconnected(&mut self) {
        self.turn = None;
        self.interrupted = false;
        (self.fresh, self.joined) = (true, true);
        self.shown.clear();
    }

    /// Whether a turn is going on.
    pub fn busy(&self) -> bool {
        self.turn.is_some()
    }

    /// The next event.
    ///
    /// # Errors
    /// If a rule is broken.
    pub fn see(&mut self, event: &Value) -> Result<()> {
        self.look(event).with_context(|| {
            let mut event = event.to_string();
            event.truncate(event.floor_char_boundary(300));
            format!("{event} while {:?} is going on", self.turn)
        })
    }

    fn look(&mut self, event: &Value) -> Result<()> {
        let seq = event["seq"].as_u64().context("no seq")?;
        // Between two streams some may be lost on the way.
        let fresh = std::mem::take(&mut self.fresh) && seq > self.seq;
        ensure!(fresh || seq == self.seq + 1, "{seq} after {}", self.seq);
        self.seq = seq;
        let kind = event["type"].as_str().context("no type")?;
        let turn = event["turn_id"].as_str();
        if self.joined && self.turn.is_none() && kind != "turn_started" {
            self.turn = turn.map(str::to_owned);
        }
        self.order(kind, turn)?;
        match kind {
            "text_delta" => self.text(event)?,
            "interrupted" => self.heard(event)?,
            "audio_chunk" => {
                let (at, length) = (number(event, "pts_us")?, number(event, "duration_us")?);
                ensure!(
                    at + ROUNDING_US >= self.audio_end,
                    "sound behind {}",
                    self.audio_end
                );
                self.audio_end = at + length;
            }
            "video_frame" => {
                let at = number(event, "pts_us")?;
                ensure!(at >= self.video_at, "a frame behind {}", self.video_at);
                self.video_at = at;
            }
            _ => {}
        }
        Ok(())
    }

    fn order(&mut self, kind: &str, turn: Option<&str>) -> Result<()> {
        if let (Some(turn), true) = (turn, kind != "turn_started") {
            ensure!(
                self.turn.as_deref() == Some(turn),
                "an event of another turn"
            );
            let account = matches!(kind, "turn_metrics" | "turn_ended");
            ensure!(!self.interrupted || account, "an event after the interrupt");
        }
        match kind {
            "turn_started" => {
                ensure!(self.turn.is_none(), "a turn inside another");
                ensure!(
                    turn.is_some() && turn != self.last_turn.as_deref(),
                    "a turn again"
                );
                self.turn = turn.map(str::to_owned);
                (self.interrupted, self.joined, self.accounts) = (false, false, 0);
                self.shown.clear();
            }
            "interrupted" => self.interrupted = true,
            "turn_metrics" => self.accounts += 1,
            "turn_ended" => {
                ensure!(self.turn.is_some(), "an end of no turn");
                ensure!(
                    self.joined || self.accounts == 1,
                    "{} accounts",
                    self.accounts
                );
                self.last_turn = self.turn.take();
                (self.interrupted, self.joined, self.accounts) = (false, false, 0);
            }
            _ => {}
        }
        Ok(())
    }

    fn text(&mut self, event: &Value) -> Result<()> {
        let text = event["text"].as_str().context("no text")?;
        for word in words(text) {
            ensure!(
                word.session == self.session,
                "a word of another session: {word}"
            );
            self.shown.push(word);
        }
        Ok(())
    }

    /// What was heard is how the answer begins, as far as this stream saw it.
    fn heard(&self, event: &Value) -> Result<()> {
        let heard = words(event["text_heard"].as_str().context("no text_heard")?);
        let own = heard.iter().all(|word| word.session == self.session);
        ensure!(own, "words of another session");
        ensure!(
            self.joined || self.shown.starts_with(&heard),
            "shown was {:?}",
            self.shown
        );
        Ok(())
    }
}

fn number(event: &Value, name: &str) -> Result<u64> {
    event[name].as_u64().with_context(|| format!("no {name}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn all(events: &[Value]) -> Result<()> {
        let mut check = Check::new(3);
        for (n, event) in events.iter().enumerate() {
            let mut event = event.clone();
            event["seq"] = json!(n + 1);
            check.see(&event)?;
        }
        Ok(())
    }

    fn of(turn: &str, kind: &str) -> Value {
        json!({"type": kind, "turn_id": turn})
    }

    fn said(turn: &str, text: &str) -> Value {
        json!({"type": "text_delta", "turn_id": turn, "text": text})
    }

    fn sound(at: u64) -> Value {
        json!({"type": "audio_chunk", "turn_id": "t1", "pts_us": at, "duration_us": 20_000})
    }

    #[test]
    fn a_sound_stream_passes_and_every_fault_is_seen() {
        let ready = json!({"type": "session_ready", "turn_id": null});
        let (begun, metrics, ended) = (
            of("t1", "turn_started"),
            of("t1", "turn_metrics"),
            of("t1", "turn_ended"),
        );
        let stopped =
            |heard: &str| json!({"type": "interrupted", "turn_id": "t1", "text_heard": heard});
        let own = said("t1", "u3x0x0z u3x0x1z");
        let good = [
            &ready,
            &begun,
            &own,
            &sound(0),
            &sound(20_000),
            &stopped("u3x0x0z"),
            &metrics,
        ];
        let good: Vec<Value> = good.into_iter().chain([&ended]).cloned().collect();
        all(&good).unwrap();
        for bad in [
            &[&begun, &ended][..],
            &[&begun, &metrics, &ended, &ended],
            &[&begun, &metrics, &ended, &begun],
            &[&begun, &begun],
            &[&begun, &metrics, &ended, &own],
            &[&begun, &stopped(""), &own],
            &[&begun, &own, &stopped("u3x0x1z")],
            &[&begun, &said("t1", "u4x0x0z")],
        ] {
            let events: Vec<Value> = [&ready]
                .into_iter()
                .chain(bad.iter().copied())
                .cloned()
                .collect();
            assert!(all(&events).is_err(), "{events:?}");
        }
        assert!(all(&[ready, begun, sound(20_000), sound(0)]).is_err());
    }

    #[test]
    fn numbers_have_no_gap() {
        let mut check = Check::new(0);
        let event = |seq: u64| json!({"type": "pong", "turn_id": null, "seq": seq});
        check.see(&event(1)).unwrap();
        assert!(check.see(&event(3)).is_err());
        check.reconnected();
        assert!(check.see(&event(9)).is_ok(), "some are lost with a stream");
    }
}
