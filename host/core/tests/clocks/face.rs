//! A face with a pace of its own, whose frames come over a network, and the session that takes them.

use super::Dice;
use bytes::Bytes;
use std::collections::VecDeque;
use tth_core::drift::{Advice, Drift};
use tth_core::media::{Micros, VideoCodec, VideoFrame};

pub const FRAME_US: Micros = 40_000;
/// How far ahead of their time frames are taken: with sound, and without.
const LEAD_US: Micros = 400_000;
const IDLE_LEAD_US: Micros = 40_000;
/// Frames on their way at most; then the face waits.
const ON_THE_WAY: usize = 8;
/// How long what it is asked for takes to reach it.
const TRAVEL_US: Micros = 20_000;

/// How it draws.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// How much slower than real time.
    pub skew: f64,
    /// A frame takes up to so long to arrive; they stay in order.
    pub jitter_us: Micros,
    /// It stops once: when, and for how long.
    pub stall: Option<(Micros, Micros)>,
    /// Sound begins here.
    pub speaks_at: Micros,
    pub seed: u64,
}

/// A frame as the session took it.
#[derive(Clone, Copy, Debug)]
pub struct Shown {
    pub now: Micros,
    pub late: i64,
    pub advice: Advice,
}

impl Shown {
    pub fn corrected(&self) -> bool {
        !self.advice.show || self.advice.skip_us.is_some()
    }
}

/// Every frame until `until`. `drift`: who watches it; nobody: what is taken is shown.
pub fn watch(mut drift: Option<&mut Drift>, pace: Pace, until: Micros) -> Vec<Shown> {
    let mut dice = Dice::new(pace.seed);
    let mut all: Vec<Shown> = Vec::new();
    let (mut drawn, mut arrived, mut shift) = (0, 0, 0);
    let mut asked: VecDeque<(Micros, i64)> = VecDeque::new();
    for n in 0.. {
        if let Some(taken) = all.len().checked_sub(ON_THE_WAY) {
            drawn = drawn.max(all[taken].now);
        }
        if let Some((at, span)) = pace.stall
            && (at..at + span).contains(&drawn)
        {
            drawn = at + span;
        }
        while let Some((_, by)) = asked.pop_front_if(|(at, _)| *at <= drawn) {
            shift += by;
        }
        let at = (n * FRAME_US).saturating_add_signed(shift);
        arrived = arrived.max(drawn + dice.roll(pace.jitter_us));
        let lead = if arrived < pace.speaks_at {
            IDLE_LEAD_US
        } else {
            LEAD_US
        };
        let now = arrived.max(at.saturating_sub(lead));
        arrived = now;
        if now >= until {
            break;
        }
        let frame = VideoFrame {
            at,
            duration_us: FRAME_US as u32,
            codec: VideoCodec::Jpeg,
            width: 2,
            height: 2,
            keyframe: true,
            data: Bytes::new(),
        };
        let speaking = now >= pace.speaks_at;
        let advice = drift.as_mut().map_or(Advice::SHOW, |drift| {
            drift.frame(&frame, now, speaking, true)
        });
        if let Some(by) = advice.skip_us {
            asked.push_back((now + TRAVEL_US, i64::from(by)));
        }
        let late = now as i64 - at as i64;
        all.push(Shown { now, late, advice });
        drawn += (FRAME_US as f64 * (1.0 + pace.skew)) as Micros;
    }
    all
}
