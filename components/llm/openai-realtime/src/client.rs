//! Calls over a connection that is kept.

use crate::config::Config;
use crate::conversions::{self, Reply};
use crate::line::Line;
use std::cell::{Cell, RefCell};
use tth_sdk::llm::{Event, Message, Usage};
use tth_sdk::{Closed, Control, Error, Sink};

/// One account's access. It serves one call at a time.
pub(crate) struct Client {
    config: Config,
    kept: RefCell<Option<Line>>,
    calls: Cell<u64>,
}

/// How a call ended.
enum End {
    /// The vendor said so.
    Said,
    /// Nobody wants the rest.
    Unwanted,
    /// The connection did.
    Lost,
}

impl Client {
    pub(crate) fn new(config: Config) -> Self {
        Client {
            config,
            kept: RefCell::default(),
            calls: Cell::new(0),
        }
    }

    /// A connection, and whether it is a kept one.
    pub(crate) async fn line(&self) -> Result<(Line, bool), Error> {
        let kept = self.kept.take();
        if let Some(mut line) = kept
            && line.usable().await
        {
            return Ok((line, true));
        }
        Ok((Line::open(&self.config.url).await?, false))
    }

    /// Keep a connection for the next call.
    pub(crate) fn keep(&self, line: Line) {
        self.kept.replace(Some(line));
    }

    /// One answer.
    pub(crate) async fn respond(
        &self,
        messages: &[Message],
        control: &Control,
        out: &mut Sink<Event>,
    ) -> Result<Usage, Error> {
        loop {
            let (mut line, kept) = match out.while_open(self.line()).await {
                Ok(line) => line?,
                Err(Closed) => return Ok(Usage::none("")),
            };
            let number = self.calls.replace(self.calls.get() + 1);
            let mut reply = Reply::new(format!("call-{number}"), &self.config.model);
            let ask = conversions::response(&self.config, reply.call(), messages, control);
            let end = match out.while_open(line.send(&ask)).await {
                Ok(Ok(())) => listen(&mut line, &mut reply, out).await,
                Ok(Err(Closed)) => End::Lost,
                // Whether it was asked for is not known: closing stops it in any case.
                Err(Closed) => return Ok(reply.usage()),
            };
            match end {
                End::Said => {
                    if reply.sound() {
                        self.keep(line);
                    }
                    println!("{}", reply.account_line());
                    return reply.end();
                }
                End::Unwanted => {
                    if line.stop(&mut reply).await {
                        self.keep(line);
                    }
                    return Ok(reply.usage());
                }
                // It had died while it was kept. A fresh one is tried once: that is not kept.
                End::Lost if kept && reply.response().is_none() => {}
                End::Lost => return Err(line.farewell().await),
            }
        }
    }
}

async fn listen(line: &mut Line, reply: &mut Reply, out: &mut Sink<Event>) -> End {
    while !reply.over() {
        match out.while_open(line.next()).await {
            Ok(Some(text)) => {
                if let Some(event) = reply.feed(&text)
                    && out.send(event).await.is_err()
                {
                    return End::Unwanted;
                }
            }
            Ok(None) => return End::Lost,
            Err(Closed) => return End::Unwanted,
        }
    }
    End::Said
}
