//! ElevenLabs' WebSockets: text in pieces, sound of one context or of several.

use super::refusal::{frame, frame_of, wrong};
use super::{check, is_voice, query, sound, takes_tags};
use crate::call::{Call, Refused};
use crate::record::Watch;
use crate::script::{Fault, Mishap};
use crate::serve::Shared;
use crate::socket::{Gone, Socket};
use crate::speech::Speech;
use axum::extract::ws::WebSocket;
use axum::response::Response;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// The most contexts at once.
const CONTEXTS: usize = 5;
/// Characters that are gathered before any is spoken, unless the client says otherwise.
const GATHERED: usize = 120;
/// Seconds without a message after which the connection is closed: usually, and at most.
const IDLE_S: u64 = 20;
const LONGEST_IDLE_S: u64 = 180;
/// What a message may hold.
const KNOWN: [&str; 10] = [
    "text",
    "context_id",
    "voice_settings",
    "generation_config",
    "pronunciation_dictionary_locators",
    "try_trigger_generation",
    "flush",
    "close_context",
    "close_socket",
    "xi-api-key",
];
/// The code of a farewell for whatever the client did wrong.
const POLICY: u16 = 1008;

/// What the address says.
pub(super) struct Options {
    many: bool,
    voice: bool,
    /// A newer model, which has no WebSocket.
    unsupported: bool,
    rate: u32,
    auto: bool,
    aligned: bool,
    idle: Duration,
}

impl Options {
    pub(super) fn read(call: &Call, many: bool) -> Result<Self, Box<Response>> {
        let model = query(call, "model_id").unwrap_or("eleven_multilingual_v2");
        check::most_characters(model)?;
        let is = |name: &str| query(call, name) == Some("true");
        let idle = query(call, "inactivity_timeout").map_or(Ok(IDLE_S), str::parse);
        let idle = idle.ok().filter(|s| (1..=LONGEST_IDLE_S).contains(s));
        let wrong_idle = || Box::new(wrong(400, "invalid_inactivity_timeout", "1 to 180."));
        Ok(Options {
            many,
            voice: is_voice(call.path.split('/').nth(3).unwrap_or_default()),
            unsupported: takes_tags(model),
            rate: super::rate(call)?,
            auto: is("auto_mode"),
            aligned: is("sync_alignment"),
            idle: Duration::from_secs(idle.ok_or_else(wrong_idle)?),
        })
    }
}

/// One of the things that are being spoken.
#[derive(Debug, Default)]
struct Context {
    /// What was not spoken yet.
    text: String,
    /// Speeches that are being made or sent.
    busy: usize,
    /// Nothing more will be said to it.
    closing: bool,
    /// Its number on the connection.
    number: usize,
}

/// What comes of a speech.
enum Made {
    Piece(Value),
    Done,
    Mishap(Mishap),
    Refused(Refused),
}

/// Why a connection is over.
enum Over {
    /// The client left.
    Gone,
    /// The client did something wrong; the vendor's word for it, and where.
    Wrong(&'static str, Option<String>),
    /// It is refused in the middle.
    Refused(Refused, String),
    /// It breaks without a word.
    Cut,
    /// The client wants it so.
    Done,
}

impl From<Gone> for Over {
    fn from(_: Gone) -> Self {
        Over::Gone
    }
}

struct Connection {
    socket: Socket,
    shared: Arc<Shared>,
    options: Options,
    contexts: BTreeMap<String, Context>,
    /// Contexts so far.
    count: usize,
    made: mpsc::UnboundedSender<(String, Made)>,
    /// Ends what is being made when the connection does.
    tasks: JoinSet<()>,
}

/// Serve a connection until it is over.
pub(super) async fn serve(socket: WebSocket, watch: Watch, shared: Arc<Shared>, options: Options) {
    let (made, mut comes) = mpsc::unbounded_channel();
    let mut connection = Connection {
        socket: Socket::new(socket, watch),
        shared,
        options,
        contexts: BTreeMap::new(),
        count: 0,
        made,
        tasks: JoinSet::new(),
    };
    let over = connection.talk(&mut comes).await;
    let Connection { mut socket, .. } = connection;
    let (error, code) = match over {
        Over::Gone | Over::Cut => return,
        Over::Done => (None, 1000),
        Over::Wrong(word, context) => (Some(frame_of(word, context.as_deref())), POLICY),
        Over::Refused(why, context) => (Some(frame(&why, Some(&context))), POLICY),
    };
    if let Some(error) = error
        && socket.send(&error).await.is_err()
    {
        return;
    }
    socket.close(code, "").await;
}

impl Connection {
    async fn talk(&mut self, comes: &mut mpsc::UnboundedReceiver<(String, Made)>) -> Over {
        if !self.options.voice {
            return Over::Wrong("voice_id_does_not_exist", None);
        }
        if self.options.unsupported {
            return Over::Wrong("unsupported_model", None);
        }
        loop {
            let busy = self.contexts.values().any(|context| context.busy > 0);
            // Leaving loses nothing while nothing is owed.
            self.socket.watch.whole = !busy;
            let step = tokio::select! {
                biased;
                heard = self.socket.hear() => match heard {
                    None => Err(Over::Gone),
                    Some(message) => self.heard(&message).await,
                },
                Some((context, made)) = comes.recv() => self.made(context, made).await,
                () = tokio::time::sleep(self.options.idle), if !busy => {
                    Err(Over::Wrong("input_timeout_exceeded", None))
                }
            };
            if let Err(over) = step {
                return over;
            }
        }
    }

    async fn heard(&mut self, message: &Value) -> Result<(), Over> {
        let Some(fields) = message.as_object() else {
            return Err(Over::Wrong("invalid_message", None));
        };
        if fields.keys().any(|name| !KNOWN.contains(&name.as_str())) {
            return Err(Over::Wrong("invalid_message", None));
        }
        let is = |name: &str| fields.get(name) == Some(&Value::Bool(true));
        if is("close_socket") {
            return Err(Over::Done);
        }
        let id = fields.get("context_id").and_then(Value::as_str);
        let id = match (self.options.many, id) {
            (true, Some(id)) => id.to_owned(),
            (false, None) => String::new(),
            _ => return Err(Over::Wrong("invalid_message", None)),
        };
        let text = fields.get("text").and_then(Value::as_str);
        if !self.contexts.contains_key(&id) {
            if is("close_context") {
                // It is over already.
                return Ok(());
            }
            return self.open(id, text, fields.get("voice_settings"));
        }
        let auto = self.options.auto;
        let Some(context) = self.contexts.get_mut(&id) else {
            return Ok(());
        };
        if context.closing {
            return Ok(());
        }
        context.text += text.unwrap_or_default();
        let enough = context.text.chars().count() >= GATHERED;
        let ends = !self.options.many && text == Some("");
        if is("flush") || is("try_trigger_generation") || ends || auto || enough {
            self.speak(&id);
        }
        if is("close_context") || ends {
            // What was flushed is still spoken, what was not is forgotten.
            if let Some(context) = self.contexts.get_mut(&id) {
                context.closing = true;
                context.text.clear();
            }
            self.finish(&id).await?;
        }
        Ok(())
    }

    fn open(
        &mut self,
        id: String,
        text: Option<&str>,
        settings: Option<&Value>,
    ) -> Result<(), Over> {
        if text != Some(" ") {
            return Err(Over::Wrong("invalid_message", Some(id)));
        }
        if self.contexts.len() >= CONTEXTS {
            return Err(Over::Wrong("max_active_contexts", Some(id)));
        }
        if settings.is_some_and(|it| check::voice_settings(it, "voice_settings", &[]).is_err()) {
            return Err(Over::Wrong("invalid_voice_settings", Some(id)));
        }
        self.count += 1;
        let context = Context {
            number: self.count,
            ..Context::default()
        };
        self.contexts.insert(id, context);
        Ok(())
    }

    /// Speak what was gathered.
    fn speak(&mut self, id: &str) {
        let Some(context) = self.contexts.get_mut(id) else {
            return;
        };
        let text = std::mem::take(&mut context.text);
        if text.trim().is_empty() {
            return;
        }
        context.busy += 1;
        let snake = context.number.is_multiple_of(2);
        let fault = self.shared.faults.next();
        let delay = Duration::from_millis(self.shared.script.delay_ms);
        let (rate, aligned, many) = (self.options.rate, self.options.aligned, self.options.many);
        let (made, id) = (self.made.clone(), id.to_owned());
        self.tasks.spawn(async move {
            // It fails only when the connection is over, and then this task is too.
            let tell = |what: Made| made.send((id.clone(), what)).is_ok();
            if let Some(refused) = head(fault.as_ref()).await {
                tell(refused);
                return;
            }
            let speech = Speech::spoken(&text).await;
            let pieces = sound::pieces(&text, false, &speech, rate);
            let mishap = |said: usize| fault.as_ref().and_then(|fault| fault.after(said));
            let mut said = 0;
            for piece in pieces {
                if let Some(mishap) = mishap(said) {
                    tell(Made::Mishap(mishap));
                    return;
                }
                tokio::time::sleep(delay).await;
                let mut message = piece.message(many.then_some(id.as_str()), snake);
                if let (false, Some(message)) = (aligned, message.as_object_mut()) {
                    message.insert("alignment".into(), Value::Null);
                    message.insert("normalizedAlignment".into(), Value::Null);
                }
                tell(Made::Piece(message));
                said += 1;
            }
            tell(mishap(said).map_or(Made::Done, Made::Mishap));
        });
    }

    async fn made(&mut self, id: String, made: Made) -> Result<(), Over> {
        match made {
            Made::Piece(message) => self.socket.say(&message).await?,
            Made::Done => {
                if let Some(context) = self.contexts.get_mut(&id) {
                    context.busy -= 1;
                }
                self.finish(&id).await?;
            }
            // Busy for ever.
            Made::Mishap(Mishap::Stall) => {}
            Made::Mishap(Mishap::Cut) => return Err(Over::Cut),
            Made::Mishap(Mishap::Malformed) => {
                self.socket.send_text("{\"audio\": [".into()).await?;
            }
            Made::Mishap(Mishap::Error(status)) => {
                return Err(Over::Refused(Refused::Status(status), id));
            }
            Made::Refused(why) => return Err(Over::Refused(why, id)),
        }
        Ok(())
    }

    /// Say that a context is over, if it is.
    async fn finish(&mut self, id: &str) -> Result<(), Over> {
        let over = |context: &&mut Context| context.closing && context.busy == 0;
        let Some(context) = self.contexts.get_mut(id).filter(over) else {
            return Ok(());
        };
        let snake = context.number.is_multiple_of(2);
        self.contexts.remove(id);
        let mut last = json!({"audio": null, "isFinal": true});
        if let (true, Some(last)) = (self.options.many, last.as_object_mut()) {
            last.insert(sound::context_name(snake).into(), id.into());
        }
        self.socket.send(&last).await?;
        match self.options.many {
            true => Ok(()),
            false => Err(Over::Done),
        }
    }
}

/// What goes wrong before there is any sound.
async fn head(fault: Option<&Fault>) -> Option<Made> {
    match fault? {
        Fault::Status(status) => Some(Made::Refused(Refused::Status(*status))),
        Fault::Quota => Some(Made::Refused(Refused::Quota)),
        Fault::RateLimited(_) => Some(Made::Refused(Refused::RateLimited)),
        // There are no pages in a WebSocket: something else that is no JSON.
        Fault::WebPage => Some(Made::Mishap(Mishap::Malformed)),
        Fault::SlowHead(ms) => {
            tokio::time::sleep(Duration::from_millis(*ms)).await;
            None
        }
        _ => None,
    }
}
