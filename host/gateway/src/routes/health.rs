//! `/v1/health`: whether turns can be served, and by whom. Open to everyone: probes have no keys.
//!
//! It lists the providers of the chains; `/v1/models` has the others, too.

use crate::app::App;
use crate::routes::json;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde_json::{Value, json};
use tth_core::engine::ProviderStatus;
use tth_core::provider::{Readiness, Stage};

/// `GET /v1/health`.
pub(crate) async fn health(State(app): State<App>) -> Response {
    let mut providers = app.engine.health().await;
    // Who is in no chain serves nobody and is not asked: it is neither well nor down.
    providers.retain(|provider| provider.active);
    let status = judge(&providers);
    let code = if status == Readiness::Down {
        StatusCode::SERVICE_UNAVAILABLE
    } else {
        StatusCode::OK
    };
    let details: Vec<Value> = providers
        .iter()
        .map(|p| {
            json!({
                "id": p.id,
                "role": p.role.name(),
                "status": name(p.health.readiness),
                "detail": p.health.detail,
                "latency_ms": p.latency_ms,
                "circuit": p.circuit,
            })
        })
        .collect();
    let body = json!({
        "status": name(status),
        "version": env!("CARGO_PKG_VERSION"),
        "uptime_ms": app.started.elapsed().as_millis() as u64,
        "providers": details,
    });
    json(code, body.to_string())
}

fn name(readiness: Readiness) -> &'static str {
    match readiness {
        Readiness::Ready => "ok",
        Readiness::Degraded => "degraded",
        Readiness::Down => "down",
    }
}

/// Ready: the first of every chain serves well. Degraded: a turn is served, but not as configured.
/// Down: there would be no words or no voice. A chain that is configured empty is not asked for.
fn judge(providers: &[ProviderStatus]) -> Readiness {
    let usable = |p: &ProviderStatus| p.health.readiness != Readiness::Down && p.circuit != "open";
    let mut worst = if providers.iter().any(|p| p.active) {
        Readiness::Ready
    } else {
        Readiness::Down
    };
    for stage in [Stage::Llm, Stage::Tts, Stage::Avatar] {
        let chain = || providers.iter().filter(|p| p.active && p.role == stage);
        if chain().all(|p| !p.primary || (usable(p) && p.health.readiness == Readiness::Ready)) {
            continue;
        }
        if !chain().any(usable) && stage != Stage::Avatar {
            return Readiness::Down;
        }
        worst = if worst == Readiness::Down {
            worst
        } else {
            Readiness::Degraded
        };
    }
    worst
}

#[cfg(test)]
mod tests {
    use super::judge;
    use tth_core::engine::ProviderStatus;
    use tth_core::provider::Readiness::{Degraded, Down, Ready};
    use tth_core::provider::{Health, Readiness, Stage};

    fn provider(role: Stage, primary: bool, readiness: Readiness) -> ProviderStatus {
        ProviderStatus {
            id: "p".into(),
            role,
            mode: "mock".into(),
            active: true,
            primary,
            info: None,
            health: Health {
                readiness,
                detail: String::new(),
            },
            latency_ms: None,
            circuit: "closed",
        }
    }

    #[test]
    fn health_is_that_of_the_chains() {
        let all = |llm, tts, avatar| {
            vec![
                provider(Stage::Llm, true, llm),
                provider(Stage::Tts, true, tts),
                provider(Stage::Avatar, true, avatar),
            ]
        };
        assert_eq!(judge(&all(Ready, Ready, Ready)), Ready);
        assert_eq!(judge(&all(Ready, Degraded, Ready)), Degraded);
        assert_eq!(judge(&all(Ready, Ready, Down)), Degraded);
        assert_eq!(judge(&all(Down, Ready, Ready)), Down);
        assert_eq!(judge(&[]), Down);

        let mut with_fallback = all(Down, Ready, Ready);
        with_fallback.push(provider(Stage::Llm, false, Ready));
        assert_eq!(judge(&with_fallback), Degraded);
        with_fallback[3].circuit = "open";
        assert_eq!(judge(&with_fallback), Down);

        // Who serves no chain does not count.
        let mut spare = all(Ready, Ready, Ready);
        spare.push(ProviderStatus {
            active: false,
            ..provider(Stage::Tts, false, Down)
        });
        assert_eq!(judge(&spare), Ready);
    }
}
