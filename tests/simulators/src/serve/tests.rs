//! A small server of the tests' own behind the common parts, asked by plain clients.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

use super::*;
use crate::answer;
use crate::call::{Call, Key, Over, Refused};
use crate::socket::Socket;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::response::Response;
use axum::routing::{any, post};
use serde_json::{Value, json};
use std::net::TcpStream;
use tungstenite::http::StatusCode;
use tungstenite::stream::MaybeTlsStream;
use tungstenite::{ClientRequestBuilder, Message, WebSocket};

const LIMIT: Duration = Duration::from_secs(20);
const KEY: Key = Key::Header("x-own-key");

fn refuse(why: &Refused) -> Response {
    let status = match why {
        Refused::Key => 401,
        Refused::Quota => 402,
        Refused::RateLimited => 429,
        Refused::Status(status) => *status,
    };
    answer::json(status, &json!({"why": format!("{why:?}")}))
}

async fn form(mut call: Call) -> Result<Response, Over> {
    call.key(KEY, refuse)?;
    call.watch.body(json!({"bytes": call.bytes.len()}));
    Err(call.over(answer::json(
        200,
        &json!({"path": call.path, "query": call.query}),
    )))
}

/// Says every word of what it hears; "bye" ends it, "cut" breaks it.
async fn talk(
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
    mut call: Call,
) -> Result<Response, Over> {
    call.key(KEY, refuse)?;
    call.handshake(refuse).await?;
    let upgrade = upgrade.map_err(|plain| call.over(plain))?;
    Ok(upgrade.on_upgrade(async move |socket| {
        let mut socket = Socket::new(socket, call.watch);
        while let Some(heard) = socket.hear().await {
            let fault = call.shared.faults.next();
            for (said, word) in heard["text"].as_str().unwrap_or("?").split(' ').enumerate() {
                if word == "bye" {
                    return socket.close(4321, "as asked").await;
                }
                if fault.as_ref().and_then(|fault| fault.after(said)).is_some() {
                    return;
                }
                if socket.say(&json!({"said": word})).await.is_err() {
                    return;
                }
            }
        }
    }))
}

struct Double {
    shared: Arc<Shared>,
    server: Server,
}

fn start() -> Double {
    let script = Script {
        key: Some("k".into()),
        ..Script::default()
    };
    let shared = Shared::new(script, Record::default());
    let routes = Router::new()
        .route("/form/{id}", post(form))
        .route("/talk", any(talk))
        .with_state(shared.clone());
    let routes = Router::new().nest("/own", routes);
    let server = Server::listen(routes, SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
    Double { shared, server }
}

type Client = WebSocket<MaybeTlsStream<TcpStream>>;

impl Double {
    fn connect(&self, key: &str) -> Result<Client, (StatusCode, Option<String>)> {
        let uri = format!("ws://{}/own/talk?model=m%201", self.server.address);
        let request = ClientRequestBuilder::new(uri.parse().unwrap()).with_header("x-own-key", key);
        match tungstenite::connect(request) {
            Ok((client, _)) => Ok(client),
            Err(tungstenite::Error::Http(answer)) => {
                let wait = answer.headers().get("retry-after");
                let wait = wait.map(|wait| wait.to_str().unwrap().to_owned());
                Err((answer.status(), wait))
            }
            Err(error) => panic!("{error}"),
        }
    }

    fn last(&self) -> Received {
        self.shared.record.all().pop().unwrap()
    }

    fn wait_for_end(&self) -> Received {
        let over = |all: &[Received]| all.last().is_some_and(|one| one.ended.is_some());
        assert!(self.shared.record.wait(LIMIT, over));
        self.last()
    }
}

fn say(client: &mut Client, text: &str) {
    let text = json!({"text": text}).to_string();
    client.send(Message::text(text)).unwrap();
}

fn hear(client: &mut Client) -> Value {
    let heard = client.read().unwrap();
    serde_json::from_str(heard.to_text().unwrap()).unwrap()
}

#[test]
fn a_conversation_is_noted_both_ways() {
    let double = start();
    let mut client = double.connect("k").unwrap();
    let before = double.last();
    assert_eq!(
        (before.path.as_str(), before.query("model")),
        ("/talk", Some("m 1"))
    );
    assert!(before.ended.is_none() && before.messages.is_empty());
    say(&mut client, "one two");
    assert_eq!(hear(&mut client), json!({"said": "one"}));
    assert_eq!(hear(&mut client), json!({"said": "two"}));
    client.send(Message::text("no json")).unwrap();
    assert_eq!(hear(&mut client), json!({"said": "?"}));
    say(&mut client, "bye");
    let farewell = client.read().unwrap();
    let Message::Close(Some(farewell)) = farewell else {
        panic!("{farewell:?}");
    };
    assert_eq!(
        (u16::from(farewell.code), farewell.reason.as_str()),
        (4321, "as asked")
    );
    while client.read().is_ok() {}
    let noted = double.wait_for_end();
    let heard: Vec<&Value> = noted.messages.iter().map(|one| &one.body).collect();
    let told = [
        json!({"text": "one two"}),
        json!("no json"),
        json!({"text": "bye"}),
    ];
    assert_eq!(heard, told.iter().collect::<Vec<_>>());
    assert!(noted.messages.is_sorted_by_key(|one| one.at));
    assert_eq!((noted.said, noted.said_at.len()), (3, 3));
    let first = noted.messages.first().unwrap();
    assert!(noted.said_at.iter().all(|at| *at >= first.at));
    assert!(noted.ended.unwrap().whole);
}

#[test]
fn a_client_that_leaves_and_a_cut_are_not_whole() {
    let double = start();
    drop(double.connect("k").unwrap());
    assert!(!double.wait_for_end().ended.unwrap().whole);

    double.shared.faults.once(Fault::Cut(1));
    let mut client = double.connect("k").unwrap();
    say(&mut client, "one two");
    assert_eq!(hear(&mut client), json!({"said": "one"}));
    let broken = client.read();
    assert!(broken.is_err(), "no farewell: {broken:?}");
    let noted = double.wait_for_end();
    assert_eq!((noted.said, noted.ended.unwrap().whole), (1, false));
}

#[test]
fn a_handshake_is_refused_for_its_key_or_by_the_script() {
    let double = start();
    let refused = |key: &str| double.connect(key).err();
    assert_eq!(refused("wrong"), Some((StatusCode::UNAUTHORIZED, None)));
    assert!(
        double.wait_for_end().ended.unwrap().whole,
        "a refusal is an answer"
    );
    double
        .shared
        .faults
        .once(Fault::RateLimited(Some("3".into())));
    double.shared.faults.once(Fault::Status(503));
    double.shared.faults.once(Fault::Stall(0));
    let limited = (StatusCode::TOO_MANY_REQUESTS, Some("3".into()));
    assert_eq!(refused("k"), Some(limited));
    assert_eq!(refused("k"), Some((StatusCode::SERVICE_UNAVAILABLE, None)));
    assert!(
        refused("k").is_none(),
        "a fault of an answer is none of a handshake"
    );
    assert_eq!(double.shared.faults.next(), Some(Fault::Stall(0)));
}

#[test]
fn a_form_is_noted_with_its_place_and_query() {
    let double = start();
    let url = format!(
        "http://{}/own/form/v%201?format=pcm&x=",
        double.server.address
    );
    let post = |key: &str| {
        let config = ureq::Agent::config_builder().http_status_as_error(false);
        let agent = config.timeout_global(Some(LIMIT)).build().new_agent();
        let mut answer = agent
            .post(&url)
            .header("x-own-key", key)
            .send("a=b&c=d")
            .unwrap();
        let text = answer.body_mut().read_to_string().unwrap();
        let body: Value = serde_json::from_str(&text).unwrap();
        (answer.status().as_u16(), body)
    };
    let wanted = json!({"path": "/form/v%201", "query": [["format", "pcm"], ["x", ""]]});
    assert_eq!(post("k"), (200, wanted));
    let noted = double.last();
    assert_eq!(
        (noted.body.clone(), noted.query("format")),
        (json!({"bytes": 7}), Some("pcm"))
    );
    assert_eq!(post("").0, 401);
}

#[test]
fn a_script_without_an_answer_echoes_in_turn() {
    let shared = |echo| {
        let script = Script {
            echo,
            ..Script::default()
        };
        Shared::new(script, Record::forgetful())
    };
    let fixed = shared(false);
    assert_eq!(fixed.answer("x"), fixed.answer("y"));
    let echo = shared(true);
    let (first, second) = (echo.answer("Ahoy"), echo.answer("Ahoy"));
    assert!(first.contains("Ahoy") && second.contains("Ahoy") && first != second);
}
