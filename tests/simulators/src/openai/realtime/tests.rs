//! The double's sessions, talked to over a socket as any client would.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

use crate::{Fault, Script, Simulator, Vendor};
use serde_json::{Value, json};
use std::net::TcpStream;
use std::time::Duration;
use tungstenite::stream::MaybeTlsStream;
use tungstenite::{ClientRequestBuilder, Error, Message, WebSocket};

type Client = WebSocket<MaybeTlsStream<TcpStream>>;

const LIMIT: Duration = Duration::from_secs(20);

fn start() -> Simulator {
    let script = Script {
        key: Some("k".into()),
        answer: "One two three.".into(),
        ..Script::default()
    };
    Simulator::start(Vendor::OpenAi, script).unwrap()
}

fn connect(double: &Simulator, query: &str, headers: &[(&str, &str)]) -> Result<Client, Error> {
    let url = format!("ws://{}/v1/realtime{query}", double.address());
    let mut request = ClientRequestBuilder::new(url.parse().unwrap());
    for (name, value) in headers {
        request = request.with_header(*name, *value);
    }
    let (client, _) = tungstenite::connect(request)?;
    if let MaybeTlsStream::Plain(stream) = client.get_ref() {
        stream.set_read_timeout(Some(LIMIT)).unwrap();
    }
    Ok(client)
}

const KEY: (&str, &str) = ("authorization", "Bearer k");
const MODEL: &str = "?model=gpt-realtime-2.1-mini";

fn session(double: &Simulator) -> Client {
    let mut client = connect(double, MODEL, &[KEY]).unwrap();
    let created = hear(&mut client);
    assert_eq!(created["type"], "session.created");
    assert_eq!(created["session"]["model"], "gpt-realtime-2.1-mini");
    let update = json!({"type": "realtime", "output_modalities": ["text"]});
    say(
        &mut client,
        &json!({"type": "session.update", "session": update}),
    );
    let updated = hear(&mut client);
    assert_eq!(updated["type"], "session.updated");
    assert_eq!(updated["session"]["output_modalities"], json!(["text"]));
    client
}

fn hear(client: &mut Client) -> Value {
    let heard = client.read().unwrap();
    serde_json::from_str(heard.to_text().unwrap()).unwrap()
}

fn say(client: &mut Client, event: &Value) {
    client.send(Message::text(event.to_string())).unwrap();
}

/// Every event up to one of this type.
fn until(client: &mut Client, kind: &str) -> Vec<Value> {
    let mut events = Vec::new();
    loop {
        let event = hear(client);
        let found = event["type"] == kind;
        events.push(event);
        if found {
            return events;
        }
    }
}

fn refused(double: &Simulator, query: &str, headers: &[(&str, &str)]) -> (u16, Value) {
    match connect(double, query, headers) {
        Err(Error::Http(answer)) => {
            let body = serde_json::from_slice(answer.body().as_deref().unwrap()).unwrap();
            (answer.status().as_u16(), body)
        }
        other => panic!("{:?}", other.map(|_| ())),
    }
}

#[test]
fn it_opens_for_whoever_has_the_key_and_names_a_model() {
    let double = start();
    let (status, body) = refused(&double, MODEL, &[]);
    assert_eq!(
        (status, &body["error"]["code"]),
        (401, &json!("invalid_api_key"))
    );
    let (status, body) = refused(&double, "", &[KEY]);
    assert_eq!((status, &body["error"]["param"]), (400, &json!("model")));
    let (status, body) = refused(&double, "?model=other", &[KEY]);
    assert_eq!(
        (status, &body["error"]["code"]),
        (404, &json!("model_not_found"))
    );
    double.once(Fault::Quota);
    let (status, body) = refused(&double, MODEL, &[KEY]);
    assert_eq!(
        (status, &body["error"]["code"]),
        (429, &json!("insufficient_quota"))
    );
    session(&double);
}

#[test]
fn a_client_of_the_beta_is_turned_away() {
    let double = start();
    let beta = [KEY, ("openai-beta", "realtime=v1")];
    let mut client = connect(&double, MODEL, &beta).unwrap();
    assert_eq!(
        hear(&mut client)["error"]["code"],
        "beta_api_shape_disabled"
    );
    let Message::Close(Some(farewell)) = client.read().unwrap() else {
        panic!("no farewell");
    };
    assert_eq!(u16::from(farewell.code), 4000);
}

#[test]
fn a_conversation_has_one_response_at_a_time_and_others_beside_it() {
    let double = start();
    let mut client = session(&double);
    let part = json!([{"type": "input_text", "text": "Hello"}]);
    let item = json!({"type": "message", "role": "user", "content": part});
    say(
        &mut client,
        &json!({"type": "conversation.item.create", "item": item}),
    );
    until(&mut client, "conversation.item.done");
    double.once(Fault::Stall(2));
    say(&mut client, &json!({"type": "response.create"}));
    let own = until(&mut client, "response.output_text.delta");
    let own = own.last().unwrap()["response_id"].clone();
    say(
        &mut client,
        &json!({"type": "response.create", "event_id": "e-2"}),
    );
    let error = until(&mut client, "error").pop().unwrap();
    assert_eq!(
        (&error["error"]["code"], &error["error"]["event_id"]),
        (
            &json!("conversation_already_has_active_response"),
            &json!("e-2")
        )
    );
    let aside = json!({"conversation": "none", "input": [item], "metadata": {"a": "b"}});
    say(
        &mut client,
        &json!({"type": "response.create", "response": aside}),
    );
    let events = until(&mut client, "response.done");
    let said: String = events
        .iter()
        .filter_map(|event| event["delta"].as_str())
        .collect();
    assert_eq!(said, "One two three.");
    let done = &events.last().unwrap()["response"];
    assert_eq!(
        (&done["status"], &done["metadata"]),
        (&json!("completed"), &json!({"a": "b"}))
    );
    assert_eq!(done["conversation_id"], Value::Null);
    let cancel = json!({"type": "response.cancel", "response_id": own});
    say(&mut client, &cancel);
    let done = until(&mut client, "response.done").pop().unwrap();
    let done = &done["response"];
    assert_eq!((&done["id"], &done["status"]), (&own, &json!("cancelled")));
    say(&mut client, &cancel);
    let error = hear(&mut client);
    assert_eq!(error["error"]["code"], "response_cancel_not_active");
    let heard = double.asked().pop().unwrap().messages;
    assert_eq!(heard.len(), 7);
}

#[test]
fn who_leaves_in_the_middle_is_noticed_and_who_leaves_after_it_misses_nothing() {
    let double = start();
    drop(session(&double));
    let over = |all: &[crate::Received]| all.iter().all(|one| one.ended.is_some());
    assert!(double.wait(LIMIT, over));
    assert_eq!(double.aborted(), 0);
    double.once(Fault::Stall(1));
    let mut client = session(&double);
    let ask = json!({"conversation": "none", "input": []});
    say(
        &mut client,
        &json!({"type": "response.create", "response": ask}),
    );
    until(&mut client, "response.output_text.delta");
    drop(client);
    assert!(double.wait(LIMIT, over));
    assert_eq!(double.aborted(), 1);
}
