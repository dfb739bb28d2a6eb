//! The listener's clock: how fast it runs against ours, from what the client reports it has played.
//!
//! A sound card keeps its own time. One that runs fast plays faster than media is let out, until its
//! buffer is empty; for one that runs slow media piles up. So the media clock is locked to it, by a
//! phase-locked loop: a detector of the offset and the [PI controller](crate::pi).
//!
//! **The detector.** A report was right when it was written and is late by its way here: a constant part
//! and up to 200 ms of jitter. Neither the constant part nor the listener's own buffer is anything to
//! correct; they are learnt at the beginning of a turn, and only what is gained or lost since then counts.
//! Jitter only ever makes a report late, so in a plot of position against time of arrival all reports lie on or
//! below the line of a report without delay. Of all lines that none lies above, that one is taken whose
//! distance to all of them is least. It is an edge of their upper hull, the one over their mean time
//! (Moon, Skelly, Towsley: Estimation and Removal of Clock Skew from Network Delay Measurements, 1999).
//! Its slope is the listener's speed; of few reports regression says more, and is mixed in. A few reports
//! say more of the jitter than of the clock, so the slope is weighed against what is known already, each by
//! how sure it is.
//!
//! **The loop** steers by the offset at that line's end, 5 % at most, with hysteresis: beyond 15 ms until
//! below 5 ms. Otherwise the clock runs at the speed that was learnt, also between turns and in the next
//! one. It never steps. What a PI controller integrates is an estimate of the skew, of offsets alone; with
//! errors of 60 ms, which jitter makes of the first reports, it would be 1 % off after a second. The line's
//! slope is the better estimate, so the integral is set to that.
//!
//! **How fast it settles** is a matter of the reports, not of the loop. Of simulated clients (up to 2 % off,
//! 1 to 10 reports a second) with 20 ms of jitter three of four stay within +40/-60 ms from the first report
//! on and all are after 7 s; with 200 ms half are after 10 s, nine of ten after 200 reports, and all after 500. What
//! was learnt is kept for the session, so later turns start settled.
//!
//! **A client's own clock.** Where reports tell what the client's own clock showed when they were written,
//! differences of those times take the place of the times of arrival, and there is no jitter: of the
//! simulated clients above nine of ten are never out of bounds, and all are in them after 5 s, whatever their
//! reports' ways take.
//!
//! **What clients may say.** A position that cannot be is not followed ([`Ignored`]), one that leads far away
//! from the others begins the learning anew, and a clock that is more than 3 % off is taken for one of 3 %. So the
//! worst a client gets by lying is its own media up to 5 % faster or slower.

mod line;

use crate::media::{Micros, SECOND};
use crate::pi::{OMEGA, Pi};
use line::{Line, MAX_SKEW, STRANGER, Skew};
use std::ops::RangeInclusive;

/// How far the media clock is steered from real time at most.
pub(super) const MAX_STEER: f64 = 0.05;
/// The loop steps in when the offset is this large, in seconds: a quarter of what EBU R37 allows.
const ENGAGE: f64 = 0.015;
/// And lets go when it is no more than this.
const RELEASE: f64 = 0.005;
/// Natural frequency times the time between two reports, at most. The loop acts once a report; with
/// `Kp T = 2 ω T = 1` a report takes back all of the offset, and beyond 2 it would swing up.
const OMEGA_T: f64 = 0.5;
/// What a report asks for holds for this long. Without another one the clock runs as it has learnt.
const HOLD_US: Micros = 2 * SECOND;
/// A report this far from where the others lead is no jitter: the client has jumped.
const JUMP: f64 = 300_000.0;
/// Reports that stay behind for this long are no delay either.
const PATIENCE_US: Micros = 2 * SECOND;
/// A position so close to the end of what was sent is where a client waits, not where its clock is.
const WAITING_US: Micros = 1_000;

/// Why a report was not followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ignored {
    /// Media time stands still, or does not follow real time.
    Still,
    /// So far nothing was sent.
    Unsent,
    /// It is before the turn's first sound.
    Unheard,
    /// It is the end of what was sent: the client waits for more.
    Waiting,
    /// It is far behind the others: held up on its way, or the client has stepped back.
    Late,
    /// It is far ahead of the others: what was learnt of the turn's offset is learnt anew.
    Jumped,
}

/// Learns the listener's clock.
#[derive(Clone, Debug)]
pub(super) struct Listener {
    pi: Pi,
    engaged: bool,
    /// What earlier turns say of the clock.
    known: Skew,
    /// The turn that is reported of, by the media time of its first sound.
    turn: Micros,
    line: Line,
    /// Real and media time of the turn's first report.
    began: Option<(Micros, f64)>,
    /// Our clock less the client's, by the first report that told of it.
    apart: Option<i64>,
    /// When the last report came.
    reported: Option<Micros>,
    /// Since when reports have been far behind.
    behind: Option<Micros>,
}

impl Default for Listener {
    fn default() -> Self {
        Listener {
            pi: Pi::new(-MAX_SKEW..=MAX_SKEW, -MAX_STEER..=MAX_STEER),
            engaged: false,
            known: Skew {
                mean: 0.0,
                deviation: STRANGER,
            },
            turn: 0,
            line: Line::default(),
            began: None,
            apart: None,
            reported: None,
            behind: None,
        }
    }
}

impl Listener {
    /// When a report that came at `now` was written, by our clock: where the client tells what its own clock
    /// showed, all reports are as late as the first that told so, whatever their way took. (Two crystals are
    /// less than 0.01 % apart, which is no matter within a turn.)
    ///
    /// # Errors
    /// If the client's clock has jumped, or the report was held up for long.
    pub(super) fn read_at(
        &mut self,
        now: Micros,
        client: Option<Micros>,
    ) -> Result<Micros, Ignored> {
        let Some(client) = client.and_then(|client| i64::try_from(client).ok()) else {
            return Ok(now);
        };
        let ours = i64::try_from(now).unwrap_or(i64::MAX);
        let apart = *self.apart.get_or_insert(ours.saturating_sub(client));
        let at = Micros::try_from(client.saturating_add(apart)).unwrap_or(0);
        if at.abs_diff(now) > PATIENCE_US {
            self.apart = None;
            self.forget();
            return Err(Ignored::Late);
        }
        Ok(at)
    }

    /// The client had played up to `position` of a turn's sound that was `sent`; the report came at
    /// `now`, when `media` was heard by our clock. By how much the clock is to be faster.
    ///
    /// # Errors
    /// Why the report is not followed.
    pub(super) fn report(
        &mut self,
        now: Micros,
        media: Micros,
        position: Micros,
        sent: &RangeInclusive<Micros>,
    ) -> Result<f64, Ignored> {
        if position > *sent.end() {
            return Err(Ignored::Unsent);
        }
        if position < *sent.start() {
            return Err(Ignored::Unheard);
        }
        if position + WAITING_US >= *sent.end() {
            return Err(Ignored::Waiting);
        }
        if self.turn != *sent.start() {
            self.turn = *sent.start();
            self.forget();
        }
        // Relative to the turn, so that a float has room for a microsecond of it.
        let media = media as f64 - self.turn as f64;
        let position = (position - self.turn) as f64;
        let jumped = self.check(now, position)?;
        let (began, media_then) = *self.began.get_or_insert((now, media));
        let at = now.saturating_sub(began);
        self.line.add(at, position, self.known.mean);
        let fit = self.line.fit(self.known);
        // What was ahead or behind at the turn's first report already is constant.
        let offset = (fit.position(at) - media) - (fit.position(0) - media_then);
        self.pi.learn(fit.skew.mean);
        let passed = self.reported.replace(now);
        let passed = passed.map(|last| now.saturating_sub(last));
        if jumped {
            return Err(Ignored::Jumped);
        }
        Ok(self.steer(offset / 1e6, passed))
    }

    /// How much faster than real time the listener's clock runs, as far as it is known.
    pub(super) fn skew(&self) -> f64 {
        self.pi.skew()
    }

    /// Time passes: how much faster the clock is to be without another report, if that has changed.
    pub(super) fn rest(&mut self, now: Micros) -> Option<f64> {
        let over = |last: Micros| now >= last + HOLD_US;
        (self.engaged && self.reported.is_none_or(over)).then(|| {
            self.engaged = false;
            self.pi.skew()
        })
    }

    /// The offset is another one from here on; the clock's speed is not.
    pub(super) fn forget(&mut self) {
        self.known = self.line.fit(self.known).skew;
        self.line = Line::default();
        self.began = None;
        self.reported = None;
        self.behind = None;
    }

    /// Whether the client has jumped ahead, so that this is its first report.
    fn check(&mut self, now: Micros, position: f64) -> Result<bool, Ignored> {
        let Some((began, _)) = self.began else {
            return Ok(false);
        };
        let at = now.saturating_sub(began);
        let ahead = position - self.line.fit(self.known).position(at);
        if ahead > JUMP {
            self.forget();
            return Ok(true);
        }
        if ahead >= -JUMP {
            self.behind = None;
            return Ok(false);
        }
        let since = *self.behind.get_or_insert(now);
        if now.saturating_sub(since) < PATIENCE_US {
            return Err(Ignored::Late);
        }
        self.forget();
        Ok(false)
    }

    fn steer(&mut self, offset: f64, passed: Option<Micros>) -> f64 {
        self.engaged = offset.abs() > ENGAGE || (self.engaged && offset.abs() > RELEASE);
        let omega = match passed {
            Some(passed) => OMEGA.min(OMEGA_T * 1e6 / passed.clamp(1, HOLD_US) as f64),
            None => OMEGA,
        };
        if self.engaged {
            self.pi.output(offset, omega)
        } else {
            self.pi.skew()
        }
    }
}
