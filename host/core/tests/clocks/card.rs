//! A client whose sound card keeps its own time and that reports what it has played.

use super::Dice;
use std::collections::VecDeque;
use tth_core::clock::MediaClock;
use tth_core::media::Micros;

/// How long anything travels at least.
const TRAVEL_US: Micros = 35_000;
/// As a session has it: the client's buffer at a turn's begin, and how far ahead sound leaves.
const PLAYOUT_US: Micros = 120_000;
const LEAD_US: Micros = 400_000;
const STEP_US: usize = 40_000;

/// A client.
#[derive(Clone, Copy, Debug)]
pub struct Card {
    /// How much faster than real time it plays.
    pub skew: f64,
    /// Reports a second; none: 0.
    pub reports: f64,
    /// A report takes up to this much longer than the fastest; they stay in order.
    pub jitter_us: Micros,
    /// Its reports tell what its own clock shows, and have a jitter of the client's own up to this much.
    pub clock_us: Option<Micros>,
    pub seed: u64,
}

/// The session against the client at one moment.
#[derive(Clone, Copy, Debug)]
pub struct Heard {
    /// Since the client began to play.
    pub at: Micros,
    /// How far the session is ahead of the client, less what it was when the client began.
    pub ahead: f64,
    /// Sound that the client has and has not played.
    pub buffer: f64,
}

/// A turn of so long, from `now` on.
pub fn listen(clock: &mut MediaClock, now: Micros, card: Card, span: Micros) -> Vec<Heard> {
    let mut dice = Dice::new(card.seed);
    let first = clock.media(now) + PLAYOUT_US;
    let begin = now + PLAYOUT_US + TRAVEL_US;
    let played = |now: Micros| first as f64 + (1.0 + card.skew) * (now - begin) as f64;
    let ahead = |clock: &MediaClock, now: Micros| clock.media(now) as f64 - played(now);
    let constant = ahead(clock, begin);
    let every = (1e6 / card.reports.max(1e-9)) as Micros;
    let mut next = begin + dice.roll(every);
    let mut reports: VecDeque<(Micros, Micros, Option<Micros>)> = VecDeque::new();
    let mut heard = Vec::new();
    let mut before = 0;
    for now in (begin..begin + span).step_by(STEP_US) {
        let sent = clock.media(now) + LEAD_US;
        while card.reports > 0.0 && next <= now {
            let arrives = next + TRAVEL_US + dice.roll(card.jitter_us);
            let arrives = arrives.max(reports.back().map_or(0, |(at, ..)| *at));
            // It has nothing to play beyond what was sent.
            // It began to count some time before; what it reads is a little old.
            let client = card
                .clock_us
                .map(|own| 7_000_000_000 + next - dice.roll(own));
            reports.push_back((arrives, (played(next) as Micros).min(sent), client));
            next += every;
        }
        while let Some((at, position, client)) = reports.pop_front_if(|(at, ..)| *at <= now) {
            let _ignored = clock.played(at.max(now), position, client, first..=sent);
        }
        clock.settle(now);
        let media = clock.media(now);
        assert!(media >= before, "media time went back");
        assert!((0.95..=1.05).contains(&clock.rate()), "{}", clock.rate());
        before = media;
        heard.push(Heard {
            at: now - begin,
            ahead: ahead(clock, now) - constant,
            buffer: (media + LEAD_US) as f64 - TRAVEL_US as f64 - played(now),
        });
    }
    heard
}
