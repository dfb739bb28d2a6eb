//! How far the mouth is open at a place of the media timeline.

use std::collections::VecDeque;
use tth_sdk::{Viseme, VisemeMark};

/// From wide open to closed when nothing is left to say, in microseconds.
const CLOSING_US: f32 = 120_000.0;

/// The mouth and the shapes that it still has to make.
pub(crate) struct Mouth {
    marks: VecDeque<VisemeMark>,
    frame_us: u64,
    shown: f32,
    shown_at: u64,
}

impl Mouth {
    /// A closed mouth, seen in frames that stand for `frame_us` microseconds each.
    pub(crate) fn new(frame_us: u32) -> Self {
        Mouth {
            marks: VecDeque::new(),
            frame_us: u64::from(frame_us),
            shown: 0.0,
            shown_at: 0,
        }
    }

    /// A shape to make.
    pub(crate) fn expect(&mut self, mark: VisemeMark) {
        self.marks.push_back(mark);
    }

    /// Forget what was to come after `now`; a shape that is being made ends.
    pub(crate) fn hush(&mut self, now: u64) {
        self.marks.retain(|mark| mark.at <= now);
        for mark in &mut self.marks {
            let left = u32::try_from(now - mark.at).unwrap_or(u32::MAX);
            mark.duration_us = mark.duration_us.min(left);
        }
    }

    /// How far open the mouth is in the frame at `at`, 0 to 1. It opens at once and closes smoothly.
    pub(crate) fn opening(&mut self, at: u64) -> f32 {
        self.forget(at);
        let middle = at + self.frame_us / 2;
        let wanted = self
            .marks
            .iter()
            .filter(|mark| mark.at <= middle && middle < end(mark))
            .map(|mark| openness(mark.shape) * mark.weight.clamp(0.0, 1.0))
            .fold(0.0, f32::max);
        let fall = at.saturating_sub(self.shown_at) as f32 / CLOSING_US;
        self.shown = wanted.max(self.shown - fall).max(0.0);
        self.shown_at = at;
        self.shown
    }

    /// Whether the frame at `at` belongs to an `aa` of full weight: the frame nearest to its start
    /// does, and each one whose middle it covers.
    pub(crate) fn claps(&mut self, at: u64) -> bool {
        self.forget(at);
        let middle = at + self.frame_us / 2;
        self.marks.iter().any(|mark| {
            let length = u64::from(mark.duration_us).max(self.frame_us);
            let full = mark.shape == Viseme::Aa && mark.weight >= 1.0 && mark.duration_us > 0;
            full && mark.at <= middle && middle < mark.at + length
        })
    }

    fn forget(&mut self, at: u64) {
        let past = |mark: &VisemeMark| end(mark).max(mark.at + self.frame_us) <= at;
        while self.marks.front().is_some_and(past) {
            self.marks.pop_front();
        }
    }
}

fn end(mark: &VisemeMark) -> u64 {
    mark.at + u64::from(mark.duration_us)
}

/// How far a shape opens the mouth, 0 to 1.
fn openness(shape: Viseme) -> f32 {
    match shape {
        Viseme::Sil | Viseme::Pp => 0.0,
        Viseme::Ff | Viseme::Ss | Viseme::Th => 0.2,
        Viseme::Dd | Viseme::Kk | Viseme::Ch | Viseme::Nn | Viseme::Rr => 0.35,
        Viseme::Ih | Viseme::Ou => 0.55,
        Viseme::E | Viseme::Oh => 0.75,
        Viseme::Aa => 1.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(at: u64, duration_us: u32, shape: Viseme) -> VisemeMark {
        VisemeMark {
            at,
            duration_us,
            shape,
            weight: 1.0,
        }
    }

    #[test]
    fn opens_with_the_viseme_and_closes_smoothly() {
        let mut mouth = Mouth::new(40_000);
        mouth.expect(mark(80_000, 80_000, Viseme::Aa));
        let openings: Vec<f32> = (0..8).map(|n| mouth.opening(n * 40_000)).collect();
        assert_eq!(openings[..4], [0.0, 0.0, 1.0, 1.0]);
        assert!(openings[4] < 1.0 && openings[4] > openings[5] && openings[5] > openings[6]);
        assert_eq!(openings[7], 0.0);
    }

    #[test]
    fn the_flash_starts_in_the_frame_nearest_to_the_beep_and_is_one_frame_long() {
        for offset in (0..40_000).step_by(1_000) {
            let beep = 400_000 + offset;
            let mut mouth = Mouth::new(40_000);
            mouth.expect(mark(beep, 40_000, Viseme::Aa));
            let white: Vec<u64> = (0..30)
                .map(|n| n * 40_000)
                .filter(|at| mouth.claps(*at))
                .collect();
            assert_eq!(white.len(), 1, "{offset}: {white:?}");
            assert!(white[0].abs_diff(beep) <= 20_000, "{offset}: {white:?}");
        }
    }

    #[test]
    fn a_beep_shorter_than_a_frame_is_still_seen() {
        let mut mouth = Mouth::new(100_000);
        mouth.expect(mark(1_020_000, 40_000, Viseme::Aa));
        let white: Vec<u64> = (0..20)
            .map(|n| n * 100_000)
            .filter(|at| mouth.claps(*at))
            .collect();
        assert_eq!(white, [1_000_000]);
    }

    #[test]
    fn only_a_full_aa_claps() {
        let mut mouth = Mouth::new(40_000);
        mouth.expect(mark(0, 40_000, Viseme::Oh));
        mouth.expect(VisemeMark {
            weight: 0.9,
            ..mark(0, 40_000, Viseme::Aa)
        });
        assert!(!mouth.claps(0));
    }

    #[test]
    fn hush_forgets_the_future_and_keeps_no_past() {
        let mut mouth = Mouth::new(40_000);
        mouth.expect(mark(0, 400_000, Viseme::Aa));
        mouth.expect(mark(400_000, 400_000, Viseme::Aa));
        assert_eq!(mouth.opening(0), 1.0);
        mouth.hush(40_000);
        let openings: Vec<f32> = (1..12).map(|n| mouth.opening(n * 40_000)).collect();
        assert!(
            openings[0] > 0.0 && openings[0] < 1.0,
            "not torn shut: {openings:?}"
        );
        assert!(openings[3..].iter().all(|o| *o == 0.0), "{openings:?}");
        assert!(mouth.marks.is_empty());
    }
}
