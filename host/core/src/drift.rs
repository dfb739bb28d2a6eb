//! How far the picture is from the sound, and what is asked of the face about it.
//!
//! Audio is the master clock. The error of a frame is when it is shown against the sound of its media
//! time, and EBU R37 allows it to be 40 ms early and 60 ms late. A frame that leaves before it is due
//! is held by the viewer until its time, so it is exactly in step; one that leaves after it was due
//! shows by that much too late. So there is one side to control: a face that draws or delivers late is
//! asked to skip ahead, and one that is ahead is held back by the stream that it writes to.
//!
//! The loop is the [PI controller](crate::pi) with the frames' own period, and three things around it:
//!
//! - *What counts as late* is the worst frame but one of the last 2 s while there is sound, since jitter
//!   only ever makes a frame later and each one is to be in step. Between turns nothing is heard to be
//!   in step with, and pictures leave no more than one frame ahead, which no jitter fits into: there the
//!   best frame counts, so that only a face that stays behind is asked. In both cases what the face was
//!   asked for and has not done yet is taken as done, or it would be asked again.
//! - *Hysteresis.* The loop steps in beyond 20 ms, which is half a frame: a correction by a frame then leads
//!   as far to the other side. It lets go when nothing is late; from there on only the skew that it has
//!   learnt is corrected.
//! - *No visible jump.* A correction is one frame, and at most 5 of any 100 frames are corrected. That is
//!   5 % of the time, more than two clocks need that are 2 % off each.
//!
//! A frame that is more than 60 ms late is not shown while there is sound: the viewer keeps the one before,
//! which is less wrong than a mouth that is late. That is a correction too and counts among the 5 of 100.
//! While the loop is at work it comes first, and while it has far to go late frames are shown: to catch up
//! soon takes them all. So are those shown that others build on.
//!
//! A face that has stopped for more than 200 ms is another matter. The picture has stood still and will
//! jump whatever is done, so it is asked for all of it at once.

mod account;

use crate::events::DriftMetrics;
use crate::media::{Micros, VideoFrame};
use crate::pi::{OMEGA, Pi};
use account::Account;
use std::collections::VecDeque;

/// The controller steps in when frames are this late: half a frame at 25 a second, a third of what EBU R37
/// allows.
const ENGAGE_US: i64 = 20_000;
/// And lets go when they are no more than this.
const RELEASE_US: i64 = 0;
/// A frame later than this is not shown: what EBU R37 allows.
const LATEST_US: i64 = 60_000;
/// A face that is later than this has stopped.
const STALL_US: i64 = 200_000;
/// One frame that late was held up on its way; so many in a row are a stall.
const STALL_FRAMES: usize = 3;
/// How long a frame's lateness is remembered, in media time.
const WINDOW_US: Micros = 2_000_000;
/// And how many at most, whatever times a face invents.
const REMEMBERED: usize = 120;
/// A correction that the face has not followed by then is forgotten, in media time.
const FOLLOW_US: Micros = 500_000;
/// At most so many frames of any [`SHARE_OF`] are corrected.
const SHARE: usize = 5;
const SHARE_OF: u64 = 100;
/// Of these so many are not spent on frames that come too late while the loop is at work: it catches up
/// with 2 % by them alone.
const KEPT_FOR_LOOP: usize = 2;
/// The same as a speed: seconds that are corrected in a second.
const SPEED: f64 = SHARE as f64 / SHARE_OF as f64;

/// What is done about a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Advice {
    /// Whether it is shown.
    pub show: bool,
    /// By how many microseconds the face is asked to skip ahead.
    pub skip_us: Option<i32>,
}

impl Advice {
    /// It is as it should be.
    pub const SHOW: Advice = Advice {
        show: true,
        skip_us: None,
    };
}

/// Watches the frames of a session.
#[derive(Debug)]
pub struct Drift {
    account: Account,
    pi: Pi,
    engaged: bool,
    /// What the controller wants to have corrected and has not, in microseconds.
    credit: f64,
    /// When frames left, and how late they are once the face has done what it was asked for.
    recent: VecDeque<(Micros, i64)>,
    /// What the face was asked for and has not shown yet.
    pending: i64,
    asked_at: Micros,
    /// End of the last frame.
    end: Option<Micros>,
    /// Frames so far, and which of the last [`SHARE_OF`] were corrected.
    frames: u64,
    corrected: VecDeque<u64>,
}

impl Default for Drift {
    fn default() -> Self {
        Drift {
            account: Account::default(),
            // There is nothing to hold back, but what would have to be is unlearnt.
            pi: Pi::new(0.0..=SPEED, -1.0..=SPEED),
            engaged: false,
            credit: 0.0,
            recent: VecDeque::new(),
            pending: 0,
            asked_at: 0,
            end: None,
            frames: 0,
            corrected: VecDeque::new(),
        }
    }
}

impl Drift {
    /// Start a turn's account. What was learnt of the face stays.
    pub fn reset(&mut self) {
        self.account = Account::default();
    }

    /// Another face draws, or the same one begins anew: nothing is known of it. The turn's account goes on.
    pub fn another(&mut self) {
        *self = Drift {
            account: std::mem::take(&mut self.account),
            ..Drift::default()
        };
    }

    /// A frame leaves when `media` is heard; `speaking`: with sound. `alone`: no other frame builds on
    /// it.
    pub fn frame(
        &mut self,
        frame: &VideoFrame,
        media: Micros,
        speaking: bool,
        alone: bool,
    ) -> Advice {
        self.frames += 1;
        let oldest = self.frames.saturating_sub(SHARE_OF);
        while self.corrected.pop_front_if(|at| *at <= oldest).is_some() {}
        let late = signed(media) - signed(frame.at);
        let before = self.level(speaking);
        self.follow(frame, media, late);
        let skip = match self.stalled() {
            Some(behind) => {
                self.start_over();
                Some(behind)
            }
            None => self.control(self.level(speaking), Micros::from(frame.duration_us)),
        };
        if let Some(skip) = skip {
            self.ask(skip, media);
        }
        let far = before.min(self.level(speaking)) > LATEST_US + ENGAGE_US;
        let kept = if self.engaged { KEPT_FOR_LOOP } else { 0 };
        let room = !far && self.corrected.len() + kept < SHARE;
        let hidden = speaking && alone && late > LATEST_US && room;
        if hidden || skip.is_some() {
            self.corrected.push_back(self.frames);
            self.account.corrections += u32::from(speaking);
        }
        if speaking && !hidden {
            self.account.shown(Micros::try_from(late).unwrap_or(0));
        }
        Advice {
            show: !hidden,
            skip_us: skip.map(|skip| i32::try_from(skip).unwrap_or(i32::MAX)),
        }
    }

    /// Times the controller stepped in during this turn: frames skipped, and frames not shown.
    pub fn corrections(&self) -> u32 {
        self.account.corrections
    }

    /// The turn's account in milliseconds; negative: video late.
    pub fn metrics(&self) -> DriftMetrics {
        self.account.metrics()
    }

    /// Remember how late the frame would be if the face had done by now what it was asked for.
    /// Without this the loop would ask again for what is on its way.
    fn follow(&mut self, frame: &VideoFrame, media: Micros, late: i64) {
        let skipped = self
            .end
            .map_or(0, |end| signed(frame.at.saturating_sub(end)));
        self.end = Some(frame.end());
        self.pending = self.pending.saturating_sub(skipped).max(0);
        if self.pending > 0 && media >= self.asked_at.saturating_add(FOLLOW_US) {
            // It does not follow: what was expected of it never was.
            self.pending = 0;
            self.recent.clear();
        }
        let late = late.saturating_sub(self.pending);
        self.recent.push_back((media, late));
        let old = |(at, _): &(Micros, i64)| at.saturating_add(WINDOW_US) < media;
        while self.recent.len() > REMEMBERED || self.recent.front().is_some_and(old) {
            self.recent.pop_front();
        }
    }

    /// What counts as the picture's lateness.
    fn level(&self, speaking: bool) -> i64 {
        let late = self.recent.iter().map(|(_, late)| *late);
        if !speaking {
            return late.min().unwrap_or(0);
        }
        let (mut worst, mut next) = (None, None);
        for late in late {
            if worst.is_none_or(|worst| late > worst) {
                next = worst.replace(late);
            } else {
                next = next.max(Some(late));
            }
        }
        next.or(worst.map(|worst| worst.min(0))).unwrap_or(0)
    }

    /// By how much a face that has stopped is behind.
    fn stalled(&self) -> Option<i64> {
        let last = self.recent.iter().rev().take(STALL_FRAMES);
        let least = last.map(|(_, late)| *late).min()?;
        (self.recent.len() >= STALL_FRAMES && least > STALL_US).then_some(least)
    }

    /// After the jump nothing is as it was before but the face's own pace.
    fn start_over(&mut self) {
        self.recent.clear();
        self.engaged = false;
        self.credit = 0.0;
    }

    /// The loop: by how much the face is to skip ahead, if it is.
    fn control(&mut self, level: i64, frame_us: Micros) -> Option<i64> {
        self.engaged = level > ENGAGE_US || (self.engaged && level > RELEASE_US);
        let passed = frame_us as f64 / 1e6;
        let speed = if self.engaged {
            self.pi.step(level as f64 / 1e6, passed, OMEGA)
        } else if level > 0 {
            self.pi.skew()
        } else {
            // Ahead of its time it needs no help: what was learnt is unlearnt.
            self.pi.step(level as f64 / 1e6, passed, OMEGA);
            self.credit = 0.0;
            0.0
        };
        let frame = frame_us as f64;
        self.credit = (self.credit + speed * frame).min(frame);
        // As much as is wanted on average, so a frame is due when half of it is wanted.
        if frame_us == 0 || self.credit < frame / 2.0 || !self.may_correct() {
            return None;
        }
        self.credit -= frame;
        Some(signed(frame_us))
    }

    fn ask(&mut self, skip: i64, media: Micros) {
        self.pending = self.pending.saturating_add(skip);
        self.asked_at = media;
        for (_, late) in &mut self.recent {
            *late = late.saturating_sub(skip);
        }
    }

    fn may_correct(&self) -> bool {
        self.corrected.len() < SHARE
    }
}

fn signed(at: Micros) -> i64 {
    i64::try_from(at).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
