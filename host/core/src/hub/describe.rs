//! What a hub says of its sessions and providers.

use super::{Entry, Hub, secret};
use crate::engine::{ProviderStatus, SessionDescription, SessionState};
use crate::ids::SessionId;
use crate::media::{AudioFormat, VideoCodec};
use crate::provider::{Health, Provider, Readiness, Stage};
use crate::session::{Candidate, Session, SessionConfig};
use futures::future::{Either, join_all, select};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// A provider that takes longer to say how it is counts as degraded.
const HEALTH_US: u64 = 1_000_000;
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
            delivery: Hub::delivery(config),
            codec: codec.unwrap_or(VideoCodec::Jpeg),
            render: config.render,
            providers: session.providers(),
            turns: 0,
            expires_at_ms: host.unix_ms() + self.0.config.idle_us / 1_000,
        }
    }

    pub(super) fn describe_now(&self, id: &str) -> Option<SessionDescription> {
        let sessions = self.0.lock();
        let Entry {
            description,
            status,
            ..
        } = sessions.get(id)?;
        let mut description = description.clone();
        description.turns = status.turns.load(Ordering::Relaxed);
        description.state = match (
            status.attached.load(Ordering::Relaxed),
            status.busy.load(Ordering::Relaxed),
        ) {
            (false, _) => SessionState::Waiting,
            (true, false) => SessionState::Idle,
            (true, true) => SessionState::Busy,
        };
        let now = self.0.host.now();
        let idle = match description.state {
            SessionState::Waiting => now.saturating_sub(status.touched.load(Ordering::Relaxed)),
            _ => 0,
        };
        let left = self.0.config.idle_us.saturating_sub(idle);
        description.expires_at_ms = self.0.host.unix_ms() + left / 1_000;
        Some(description)
    }

    pub(super) async fn statuses(&self) -> Vec<ProviderStatus> {
        let (config, providers) = (&self.0.config, &self.0.providers);
        let each = config.configured.iter().map(|configured| async {
            let (chain, provider): (&[Candidate], Option<&dyn Provider>) = match configured.role {
                Stage::Llm => (
                    &config.llm,
                    find(&providers.llm, &configured.id).map(|p| p as _),
                ),
                Stage::Tts => (
                    &config.tts,
                    find(&providers.tts, &configured.id).map(|p| p as _),
                ),
                Stage::Avatar => (
                    &config.avatar,
                    find(&providers.avatar, &configured.id).map(|p| p as _),
                ),
            };
            let place = chain
                .iter()
                .position(|candidate| candidate.id == configured.id);
            let (health, latency_ms) = self.ask(provider).await;
            ProviderStatus {
                id: configured.id.clone(),
                role: configured.role,
                mode: configured.mode.clone(),
                active: place.is_some(),
                primary: place == Some(0),
                info: provider.map(|provider| provider.info().clone()),
                health,
                latency_ms,
                circuit: "closed",
            }
        });
        join_all(each).await
    }

    async fn ask(&self, provider: Option<&dyn Provider>) -> (Health, Option<f64>) {
        let Some(provider) = provider else {
            let detail = "not in use: no chain of this profile names it".into();
            return (
                Health {
                    readiness: Readiness::Down,
                    detail,
                },
                None,
            );
        };
        let host = &self.0.host;
        let asked = host.now();
        let late = host.sleep_until(asked + HEALTH_US);
        let health = match select(provider.health(), late).await {
            Either::Left((health, _)) => health,
            Either::Right(_) => Health {
                readiness: Readiness::Degraded,
                detail: "did not say how it is within a second".into(),
            },
        };
        (
            health,
            Some(host.now().saturating_sub(asked) as f64 / 1_000.0),
        )
    }
}

fn find<'a, P: Provider + ?Sized>(providers: &'a [Arc<P>], id: &str) -> Option<&'a P> {
    providers
        .iter()
        .find(|provider| provider.id() == id)
        .map(|provider| &**provider)
}
