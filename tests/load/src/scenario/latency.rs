//! First sound and first picture of a turn with doubles that wait for nothing: what the machinery
//! itself costs, from the text's sending to the media's arrival at the client.

use crate::client::Session;
use crate::report::{Report, Target};
use crate::server::Start;
use crate::stats::{median, ms, quantile};
use crate::wire::Mode;
use anyhow::{Context, Result};
use serde_json::json;
use std::time::{Duration, Instant};

const TURNS: u32 = 100;
/// Not measured: caches and branch predictors are cold, and the first frames are being made.
const WARM_UP: u32 = 5;

pub(super) async fn run(report: &Report) -> Result<()> {
    // An answer of a quarter of a second, so that a hundred turns take half a minute.
    let server = Start::mock()
        .set(
            "PROVIDERS__MOCK_LLM__SETTINGS__ANSWER",
            "Here is one short answer.",
        )
        .set("PROVIDERS__MOCK_TTS__SETTINGS__MS_PER_CHAR", "8")
        .run()?;
    let mut session = Session::open(server.address, &json!({})).await?;
    let (mut ttfa, mut ttfv) = (Vec::new(), Vec::new());
    let (mut reported_ttfa, mut reported_ttfv) = (Vec::new(), Vec::new());
    for n in 0..WARM_UP + TURNS {
        // Pauses of many lengths: a turn may start anywhere between two idle frames.
        let pause = Duration::from_micros(20_000 + u64::from(n) * 7_919 % 40_000);
        session.listen_until(Instant::now() + pause).await?;
        let seen = session.turn("Tell me something.", Mode::Chat).await?;
        if n < WARM_UP {
            continue;
        }
        ttfa.push(ms(seen.ttfa.context("a turn without sound")?));
        ttfv.push(ms(seen.ttfv.context("a turn without a picture")?));
        reported_ttfa.extend(seen.reported_ttfa_ms);
        reported_ttfv.extend(seen.reported_ttfv_ms);
    }
    report.note(&format!("{TURNS} turns, one session, doubles through wasm"));
    let of = Target::AtMost;
    report.result("mock TTFA p50", median(&ttfa), "ms", of(2.0));
    report.result("mock TTFA p95", quantile(&ttfa, 0.95), "ms", Target::None);
    report.result("mock TTFV p50", median(&ttfv), "ms", of(3.0));
    report.result("mock TTFV p95", quantile(&ttfv, 0.95), "ms", Target::None);
    report.note(&format!(
        "as turn_metrics has it: TTFA p50 {:.3} ms, TTFV p50 {:.3} ms",
        median(&reported_ttfa),
        median(&reported_ttfv)
    ));
    Ok(())
}
