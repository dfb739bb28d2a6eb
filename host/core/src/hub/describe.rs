//! What a hub says of its sessions and providers.

use super::{Entry, Hub, secret};
use crate::engine::{ProviderStatus, SessionDescription, SessionState};
use crate::ids::SessionId;
use crate::media::{AudioFormat, VideoCodec};
use crate::session::{Session, SessionConfig};
use std::sync::atomic::Ordering;

/// What a session is said to sound like before a voice has said so.
const USUAL_AUDIO: AudioFormat = AudioFormat {
    sample_rate: 24_000,
    channels: 1,
};

impl Hub {
    pub(super) fn described(
        &self,
        id: &SessionId,
        config: &SessionConfig,
        session: &Session,
    ) -> SessionDescription {
        let host = &self.0.host;
        let voice = config
            .tts
            .first()
            .and_then(|candidate| candidate.info.audio);
        let made = config
            .avatar
            .first()
            .map(|c| c.info.video.as_slice())
            .unwrap_or_default();
        let codec = config
            .codecs
            .iter()
            .copied()
            .find(|codec| made.contains(codec));
        SessionDescription {
            id: id.clone(),
            token: secret(&**host),
            state: SessionState::Waiting,
            persona_id: config.persona.id.clone(),
            audio: voice.unwrap_or(USUAL_AUDIO),
            delivery: Hub::delivery(&config.avatar),
            codec: codec.unwrap_or(VideoCodec::Jpeg),
            render: config.render,
            providers: session.providers(),
            turns: 0,
            expires_at_ms: host.unix_ms() + self.0.roster().config.lifetimes.idle_us / 1_000,
        }
    }

    pub(super) fn describe_now(&self, id: &str) -> Option<SessionDescription> {
        let sessions = self.0.lock();
        let Entry {
            description,
            status,
            outbox,
            ..
        } = sessions.get(id)?;
        let mut description = description.clone();
        description.turns = status.turns.load(Ordering::Relaxed);
        let attached = outbox.attached();
        description.state = match (attached, status.busy.load(Ordering::Relaxed)) {
            (false, _) => SessionState::Waiting,
            (true, false) => SessionState::Idle,
            (true, true) => SessionState::Busy,
        };
        let now = self.0.host.now();
        let lifetimes = self.0.roster().config.lifetimes;
        let end = lifetimes.end(status, attached).map(|(at, _)| at);
        // One that would live for ever lives on for a while if its client goes now.
        let left = end.map_or(lifetimes.idle_us, |at| at.saturating_sub(now));
        description.expires_at_ms = self.0.host.unix_ms() + left / 1_000;
        Some(description)
    }

    pub(super) fn statuses(&self) -> Vec<ProviderStatus> {
        let shared = &self.0;
        let roster = shared.roster();
        let each = roster.config.configured.iter().map(|configured| {
            let (mut health, latency_ms) = shared.last_heard(configured);
            let (circuit, why) = shared.circuits.status(&configured.id, shared.host.now());
            // What turns saw of it counts for more than what it says of itself.
            if !why.is_empty() {
                health.detail = match (latency_ms, health.detail.as_str()) {
                    (None, _) | (_, "") => why,
                    (_, said) => format!("{why}; it says: {said}"),
                };
            }
            ProviderStatus {
                id: configured.id.clone(),
                role: configured.role,
                mode: configured.mode.clone(),
                active: configured.place.is_some(),
                primary: configured.place == Some(0),
                info: roster.provider(configured).map(|p| p.info().clone()),
                health,
                latency_ms,
                circuit: circuit.name(),
            }
        });
        each.collect()
    }
}
