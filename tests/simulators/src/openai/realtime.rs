//! OpenAI's realtime sessions over a WebSocket, as far as they write: text in, text out.

mod check;
mod run;

use super::refusal::{refuse, wrong};
use super::responses::{known, no_model};
use super::talk::{Talk, Wrong, item};
use crate::call::{Call, Key, Over};
use crate::serve::Shared;
use crate::socket::{Gone, Socket};
use axum::Router;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::response::Response;
use axum::routing::get;
use run::{Run, Step};
use serde_json::{Value, json};
use std::sync::Arc;

/// The close code for the shape of the interface that was switched off.
const SHAPE_GONE: u16 = 4000;

pub(crate) fn routes(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/v1/realtime", get(open))
        .with_state(shared)
}

type Upgrade = Result<WebSocketUpgrade, WebSocketUpgradeRejection>;

async fn open(upgrade: Upgrade, mut call: Call) -> Result<Response, Over> {
    call.key(Key::Bearer, refuse)?;
    let upgrade = match upgrade {
        Ok(upgrade) => upgrade,
        Err(no_socket) => return Err(call.over(no_socket)),
    };
    let model = call.query.iter().find(|(name, _)| name == "model");
    let Some((_, model)) = model.cloned() else {
        let message = "You must provide a model parameter.";
        let code = Some("missing_required_parameter");
        let refused = wrong(400, "invalid_request_error", code, Some("model"), message);
        return Err(call.over(refused));
    };
    if !known(&model) {
        return Err(call.over(no_model()));
    }
    call.handshake(refuse).await?;
    let beta = call.headers.contains_key("openai-beta");
    Ok(upgrade.on_upgrade(move |socket| async move {
        let shared = call.shared.clone();
        let socket = Socket::new(socket, call.watch);
        let session = Session::new(socket, shared, &model);
        let _client_left = match beta {
            true => session.turn_away().await,
            false => session.serve().await,
        };
    }))
}

struct Session {
    socket: Socket,
    shared: Arc<Shared>,
    state: Value,
    /// The session's own conversation.
    own: Talk,
    running: Vec<Run>,
    responses: usize,
    events: usize,
}

impl Session {
    fn new(socket: Socket, shared: Arc<Shared>, model: &str) -> Self {
        Session {
            socket,
            shared,
            state: check::session(model),
            own: Talk::default(),
            running: Vec::new(),
            responses: 0,
            events: 0,
        }
    }

    /// What every event has.
    fn named(&mut self, mut event: Value) -> Value {
        self.events += 1;
        if let Some(event) = event.as_object_mut() {
            event.insert("event_id".into(), format!("event_{}", self.events).into());
        }
        event
    }

    async fn send(&mut self, event: Value) -> Result<(), Gone> {
        let event = self.named(event);
        self.socket.send(&event).await
    }

    /// For a client of the beta.
    async fn turn_away(mut self) -> Result<(), Gone> {
        let error = json!({
            "message": "The Realtime Beta API is no longer supported.", "param": null,
            "type": "invalid_request_error", "code": "beta_api_shape_disabled",
        });
        self.send(json!({"type": "error", "error": error})).await?;
        self.socket
            .close(SHAPE_GONE, "beta_api_shape_disabled")
            .await;
        Ok(())
    }

    async fn serve(mut self) -> Result<(), Gone> {
        let state = self.state.clone();
        self.send(json!({"type": "session.created", "session": state}))
            .await?;
        loop {
            // Who leaves between two responses misses nothing.
            self.socket.watch.whole = self.running.is_empty();
            let next = self
                .running
                .iter()
                .enumerate()
                .filter_map(|(index, run)| Some((run.due?, index)))
                .min();
            let due = async {
                match next {
                    Some((at, index)) => {
                        tokio::time::sleep_until(at).await;
                        index
                    }
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                heard = self.socket.hear() => self.told(&heard.ok_or(Gone)?).await?,
                index = due => self.step(index).await?,
            }
        }
    }

    async fn step(&mut self, index: usize) -> Result<(), Gone> {
        let step = self.running.get_mut(index).and_then(Run::next);
        // Before the last event is sent: what follows it is another response.
        self.running.retain(|run| !run.over());
        self.socket.watch.whole = self.running.is_empty();
        match step {
            Some(Step::Send(event)) => self.send(event).await,
            Some(Step::Say(event)) => {
                let event = self.named(event);
                self.socket.say(&event).await
            }
            Some(Step::Garble) => self.socket.send_text("{\"type\": [{".into()).await,
            Some(Step::Cut) => {
                self.socket.watch.whole = false;
                Err(Gone)
            }
            Some(Step::Wait(_) | Step::Hang) | None => Ok(()),
        }
    }

    async fn told(&mut self, event: &Value) -> Result<(), Gone> {
        let answer = match event.get("type").and_then(Value::as_str) {
            Some("session.update") => check::update(&mut self.state, event)
                .map(|()| vec![json!({"type": "session.updated", "session": self.state})]),
            Some("conversation.item.create") => self.item(event),
            Some("response.create") => self.create(event),
            Some("response.cancel") => self.cancel(event),
            Some(_) => Err(Wrong::new(
                "simulated_unknown_event",
                "type",
                "This double does not know the event.",
            )),
            None => Err(Wrong::missing("type")),
        };
        match answer {
            Ok(events) => {
                for event in events {
                    self.send(event).await?;
                }
                Ok(())
            }
            Err(wrong) => {
                let mut error = wrong.error();
                if let Some(error) = error.as_object_mut() {
                    let of = event.get("event_id").cloned().unwrap_or_default();
                    error.insert("event_id".into(), of);
                }
                self.send(json!({"type": "error", "error": error})).await
            }
        }
    }

    fn item(&mut self, event: &Value) -> Result<Vec<Value>, Wrong> {
        let found = event.get("item").ok_or_else(|| Wrong::missing("item"))?;
        item(found, "item", &mut self.own)?;
        let happened = |kind: &str| json!({"type": kind, "item": found, "previous_item_id": null});
        Ok(vec![
            happened("conversation.item.added"),
            happened("conversation.item.done"),
        ])
    }

    fn create(&mut self, event: &Value) -> Result<Vec<Value>, Wrong> {
        let asked = check::response(&self.state, &self.own, event)?;
        if !asked.aside && self.running.iter().any(|run| !run.aside) {
            return Err(Wrong::new(
                "conversation_already_has_active_response",
                "response",
                "Conversation already has an active response.",
            ));
        }
        let fault = self.shared.faults.next();
        let answer = self.shared.answer(&asked.talk.said);
        self.responses += 1;
        self.running.push(Run::new(
            self.responses,
            asked,
            &answer,
            self.shared.script.delay_ms,
            fault.as_ref(),
        ));
        Ok(Vec::new())
    }

    fn cancel(&mut self, event: &Value) -> Result<Vec<Value>, Wrong> {
        let id = event.get("response_id").and_then(Value::as_str);
        let meant = |run: &Run| id.map_or(!run.aside, |id| id == run.id);
        let Some(index) = self.running.iter().position(meant) else {
            let message = "Cancellation failed: no active response found.";
            let code = "response_cancel_not_active";
            return Err(Wrong::new(code, "response_id", message));
        };
        let run = self.running.remove(index);
        self.socket.watch.whole = self.running.is_empty();
        Ok(vec![run.cancelled()])
    }
}

#[cfg(test)]
mod tests;
