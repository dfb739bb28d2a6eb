//! First sound and first picture of the embedded voice and face, as a client sees them.

use crate::client::Session;
use crate::report::{Report, Target};
use crate::server::Start;
use crate::stats::{median, ms, quantile};
use crate::wire::Mode;
use anyhow::{Context, Result};
use serde_json::json;
use std::time::{Duration, Instant};

const TURNS: usize = 9;
/// Ten words.
const TEXT: &str = "I just got some wonderful news from my sister today.";
/// Between turns.
const PAUSE: Duration = Duration::from_millis(300);

pub(super) async fn run(report: &Report) -> Result<()> {
    let server = Start::profile("local_embedded").run()?;
    for (mode, name) in [(Mode::Say, "say"), (Mode::Chat, "chat")] {
        let mut session = Session::open(server.address, &json!({})).await?;
        session.turn("Hello there.", mode).await?;
        let (mut ttfa, mut ttfv) = (Vec::new(), Vec::new());
        let mut late = Vec::new();
        for _ in 0..TURNS {
            session.listen_until(Instant::now() + PAUSE).await?;
            let seen = session.turn(TEXT, mode).await?;
            ttfa.push(ms(seen.ttfa.context("a turn without sound")?));
            ttfv.push(ms(seen.ttfv.context("a turn without a picture")?));
            late.push(seen.audio.needed_ms());
        }
        report.note(&format!(
            "{name}: {TURNS} turns; TTFA max {:.0} ms, TTFV max {:.0} ms, play-out buffer needed {:.0} ms",
            quantile(&ttfa, 1.0),
            quantile(&ttfv, 1.0),
            quantile(&late, 1.0)
        ));
        let result = |what: &str, samples: &[f64], limit: f64| {
            let name = format!("embedded {what} p50, {name}");
            report.result(&name, median(samples), "ms", Target::AtMost(limit));
        };
        result("TTFA", &ttfa, 150.0);
        result("TTFV", &ttfv, 200.0);
    }
    Ok(())
}
