//! One turn without a session that a client keeps, as fast as it goes.

use super::lifecycle::HubReader;
use super::{Hub, secret};
use crate::clock::Pacing;
use crate::driver::Command;
use crate::engine::{GenerateRequest, OpenError, Reader};
use crate::events::{ClientEvent, Envelope, ServerEvent};
use crate::ids::SessionId;
use crate::outbox::{Outbox, OutboxLimits};
use crate::text;
use futures::StreamExt;
use futures::channel::mpsc;
use futures::stream::{self, BoxStream};
use std::sync::atomic::Ordering;

/// Ends a session when it is dropped.
struct Abandoned(mpsc::Sender<Command>);

impl Drop for Abandoned {
    fn drop(&mut self) {
        let _over_already = self.0.try_send(Command::Close);
    }
}

impl Hub {
    pub(super) fn generate_now(
        &self,
        request: GenerateRequest,
    ) -> Result<BoxStream<'static, Envelope>, OpenError> {
        let shared = &self.0;
        if shared.closing.load(Ordering::Relaxed) {
            return Err(OpenError::ShuttingDown);
        }
        let text =
            text::accept(&request.text).map_err(|error| OpenError::Text(error.to_string()))?;
        let id = SessionId::new(secret(&*shared.host));
        let roster = shared.roster();
        let pacing = Pacing {
            realtime: false,
            ..roster.config.pacing
        };
        let (session, _) =
            shared.session(&roster, &id, &request.session, pacing, Some(request.codecs))?;
        let limits = OutboxLimits {
            lossless: true,
            replay_us: 0,
            ..roster.config.outbox
        };
        let outbox = Outbox::new(id, limits);
        let ticket = outbox.attach(None);
        let (mut commands, status) = shared.start(&roster, session, &outbox);
        shared.counters.generated.fetch_add(1, Ordering::Relaxed);
        let said = ClientEvent::UserText {
            text,
            mode: request.mode,
            end_turn: true,
        };
        for command in [Command::Attached, Command::Client(said)] {
            let _over_already = commands.try_send(command);
        }
        let reader = HubReader {
            outbox,
            ticket,
            host: shared.host.clone(),
            commands: commands.clone(),
            status,
            resume_us: 0,
            left: false,
        };
        // Who stops listening wants nothing more of it.
        let abandoned = Abandoned(commands);
        let envelopes = stream::unfold(Some((reader, abandoned)), |listening| async move {
            let (mut reader, abandoned) = listening?;
            let envelope = reader.next().await.ok()?;
            let over = matches!(envelope.event, ServerEvent::TurnEnded { .. });
            Some((envelope, (!over).then_some((reader, abandoned))))
        });
        Ok(envelopes.boxed())
    }
}
