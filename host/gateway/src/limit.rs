//! How much a client may send: bytes of a body, time for it, events a second.

use crate::app::App;
use crate::error::ApiError;
use axum::body::Body;
use bytes::{Bytes, BytesMut};
use futures::StreamExt;
use http::StatusCode;
use std::time::Instant;

/// A request's whole body.
pub(crate) async fn body(app: &App, body: Body) -> Result<Bytes, ApiError> {
    let limit = app.config.max_body_bytes;
    let read = async {
        let mut chunks = body.into_data_stream();
        let mut whole = BytesMut::new();
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk
                .map_err(|_| ApiError::bad_request("incomplete_body", "the body broke off"))?;
            if whole.len() + chunk.len() > limit {
                let message = format!("the body is larger than {limit} bytes");
                return Err(ApiError::new(
                    StatusCode::PAYLOAD_TOO_LARGE,
                    "body_too_large",
                    message,
                ));
            }
            whole.extend_from_slice(&chunk);
        }
        Ok(whole.freeze())
    };
    match tokio::time::timeout(app.config.body_timeout, read).await {
        Ok(result) => result,
        Err(_) => Err(ApiError::new(
            StatusCode::REQUEST_TIMEOUT,
            "body_timeout",
            "the body took too long",
        )),
    }
}

/// A bucket of permits that fills steadily.
pub(crate) struct Rate {
    per_second: f64,
    burst: f64,
    permits: f64,
    at: Instant,
}

impl Rate {
    /// Full.
    pub(crate) fn new(per_second: u32, burst: u32, now: Instant) -> Self {
        Rate {
            per_second: per_second.into(),
            burst: burst.into(),
            permits: burst.into(),
            at: now,
        }
    }

    /// Whether one more may pass now.
    pub(crate) fn take(&mut self, now: Instant) -> bool {
        let waited = now.saturating_duration_since(self.at).as_secs_f64();
        self.at = now;
        self.permits = (self.permits + waited * self.per_second).min(self.burst);
        let passes = self.permits >= 1.0;
        if passes {
            self.permits -= 1.0;
        }
        passes
    }
}

#[cfg(test)]
mod tests {
    use super::Rate;
    use std::time::{Duration, Instant};

    #[test]
    fn a_burst_passes_then_the_rate_holds() {
        let start = Instant::now();
        let mut rate = Rate::new(10, 3, start);
        let passed = |rate: &mut Rate, ms: u64| rate.take(start + Duration::from_millis(ms));
        assert!((0..3).all(|_| passed(&mut rate, 0)));
        assert!(!passed(&mut rate, 0));
        assert!(!passed(&mut rate, 99));
        assert!(passed(&mut rate, 101));
        assert!(!passed(&mut rate, 102));
        // Rest fills it, but never above the burst.
        assert_eq!((0..10).filter(|_| passed(&mut rate, 60_000)).count(), 3);
    }
}
