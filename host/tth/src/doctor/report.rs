//! What was found out about the providers, as a table with advice.

#[cfg(test)]
mod tests;

use crate::config::Provider;
use crate::table::table;
use std::time::Duration;
use tth_core::provider::{ErrorCode, Health, ProviderError, Readiness, Stage};
use tth_runtime::RuntimeError;

/// What was found out about one provider.
pub(super) struct Finding<'a> {
    pub(super) provider: &'a Provider,
    pub(super) role: Stage,
    /// Its place in its chain: 0 is the primary.
    pub(super) place: usize,
    /// Variables of its secrets that are not set; then it was not loaded.
    pub(super) missing: Vec<String>,
    /// Why it did not load.
    pub(super) unloaded: Option<anyhow::Error>,
    /// What it said of itself.
    pub(super) health: Option<Health>,
    /// How long its first output took.
    pub(super) trip: Option<Result<Duration, ProviderError>>,
}

impl<'a> Finding<'a> {
    /// One of which nothing is known yet.
    pub(super) fn new(provider: &'a Provider, role: Stage, place: usize) -> Self {
        Finding {
            provider,
            role,
            place,
            missing: Vec::new(),
            unloaded: None,
            health: None,
            trip: None,
        }
    }

    /// Whether it would not serve.
    pub(super) fn failed(&self) -> bool {
        !matches!(self.trip, Some(Ok(_)))
    }

    fn cells(&self) -> Vec<String> {
        let place = match self.place {
            0 => "primary".to_owned(),
            place => format!("fallback {place}"),
        };
        let health = match &self.health {
            Some(health) => match health.readiness {
                Readiness::Ready => "ok",
                Readiness::Degraded => "degraded",
                Readiness::Down => "down",
            },
            None if self.unloaded.is_some() => "not loaded",
            None => "-",
        };
        let trip = match &self.trip {
            Some(Ok(time)) => format!("{:.0} ms", time.as_secs_f64() * 1_000.0),
            Some(Err(_)) => "failed".into(),
            None => "-".into(),
        };
        let id = self.provider.id.clone();
        let role = self.role.name().to_owned();
        vec![
            id,
            role,
            place,
            self.key(),
            health.into(),
            trip,
            self.advice(),
        ]
    }

    /// The names of its keys; never what they are.
    fn key(&self) -> String {
        let names: Vec<&str> = self.keys().collect();
        match (names.is_empty(), self.missing.is_empty()) {
            (true, _) => "none needed".into(),
            (false, true) => names.join(", "),
            (false, false) => format!("{} missing", self.missing.join(", ")),
        }
    }

    fn keys(&self) -> impl Iterator<Item = &str> {
        let secrets = self.provider.secrets.iter();
        secrets.map(|secret| secret.variable.value.as_str())
    }

    /// What to do; empty where all is well.
    fn advice(&self) -> String {
        if !self.missing.is_empty() {
            let names = self.missing.join(" and ");
            return format!("set {names} in the environment or in .env");
        }
        if let Some(error) = &self.unloaded {
            return match error.downcast_ref::<RuntimeError>() {
                Some(RuntimeError::Load { reason, .. }) => self.about(reason),
                _ => format!("{error:#}"),
            };
        }
        let budget_ms = self.provider.budgets.first_output_ms;
        match (&self.trip, &self.health) {
            (Some(Err(error)), _) => self.about(error),
            (Some(Ok(_)), Some(health)) if health.readiness != Readiness::Ready => {
                format!("it serves, but says: {}", health.detail)
            }
            (Some(Ok(time)), _) if time.as_millis() > u128::from(budget_ms) => format!(
                "slower than its first_output_ms of {budget_ms}: in a turn the next of its chain \
                 would have taken over"
            ),
            _ => String::new(),
        }
    }

    /// What to do about an error. What a provider says of it is meant for operators.
    fn about(&self, error: &ProviderError) -> String {
        let id = &self.provider.id;
        let keys: Vec<&str> = self.keys().collect();
        let hosts: Vec<&str> = self
            .provider
            .hosts
            .iter()
            .map(|h| h.value.as_str())
            .collect();
        let advice = match error.code {
            ErrorCode::Unauthenticated if keys.is_empty() => {
                format!("it wants a key: give providers.{id} `secrets`")
            }
            ErrorCode::Unauthenticated => format!("check {}: it was refused", keys.join(", ")),
            ErrorCode::QuotaExceeded => "no credit is left, or the plan does not cover this".into(),
            ErrorCode::RateLimited => match error.retry_after_ms {
                Some(ms) => format!("too many requests: try again in {} s", ms.div_ceil(1_000)),
                None => "too many requests: try again later".into(),
            },
            ErrorCode::Unavailable | ErrorCode::Timeout if !hosts.is_empty() => {
                format!("does it run at {}?", hosts.join(", "))
            }
            ErrorCode::InvalidConfig => format!("correct providers.{id}"),
            _ => return error.to_string(),
        };
        format!("{advice} ({error})")
    }
}

/// The table, and one line that sums it up.
pub(super) fn of(profile: &str, findings: &[Finding<'_>]) -> String {
    let heads = [
        "provider",
        "role",
        "place",
        "key",
        "health",
        "round trip",
        "what to do",
    ];
    let mut rows = vec![heads.map(str::to_owned).to_vec()];
    rows.extend(findings.iter().map(Finding::cells));
    let failed = |primary: bool| {
        let failed = findings.iter().filter(|finding| finding.failed());
        let failed = failed.filter(|finding| (finding.place == 0) == primary);
        let ids: Vec<&str> = failed.map(|finding| finding.provider.id.as_str()).collect();
        ids.join(", ")
    };
    let verdict = match (failed(true).as_str(), failed(false).as_str()) {
        ("", "") => "all of them answer".to_owned(),
        ("", others) => format!("every primary answers; not these fallbacks: {others}"),
        (primaries, _) => format!("these primaries do not answer: {primaries}"),
    };
    format!("profile {profile}\n\n{}\n{verdict}", table(&rows))
}
