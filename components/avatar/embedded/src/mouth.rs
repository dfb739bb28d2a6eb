//! The mouth in time: viseme marks in, lip weights out.
//!
//! Neighbouring visemes overlap and compete by dominance (Cohen and Massaro, "Modeling coarticulation in
//! synthetic visual speech", 1993): each mark raises a bell around its middle, 55 ms wider than the sound on
//! both sides, and the weights are the dominance-weighted mean. Sounds that need the lips to touch are not
//! up for negotiation: while a p, b or m sounds, the lips are closed whatever stands beside it.

mod visemes;

use crate::weights::Weights;
use std::{collections::VecDeque, f64::consts::PI};
use tth_sdk::{Viseme, VisemeMark};
use visemes::{dominance, pose};

/// How far a viseme reaches into its neighbours on either side, in microseconds.
const OVERLAP_US: f64 = 55_000.0;
/// Lips move before the sound is heard.
const LEAD_US: u64 = 20_000;
/// How quickly a forced contact is made and released, in microseconds.
const CONTACT_US: f64 = 42_000.0;
/// The pull of the resting mouth, which lets the last viseme before a silence fade instead of breaking off.
const REST_PULL: f64 = 0.16;
/// How long an interrupted mouth takes to come to rest, in microseconds.
const RELEASE_US: f64 = 110_000.0;
/// Marks held at once. An utterance of five minutes has about four thousand.
const MOST_MARKS: usize = 16_384;

/// The mouth at one media time.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Speech {
    /// The lips, jaw and tongue.
    pub weights: Weights,
    /// How much is being said, 0 (silence) to 1.
    pub activity: f64,
}

/// The marks that are still of interest, in the order of their times.
#[derive(Clone, Debug, Default)]
pub struct Mouth {
    marks: VecDeque<VisemeMark>,
    release: Option<(u64, Speech)>,
    last: Speech,
}

impl Mouth {
    /// Adds a mark. A weight that is not a number counts as 1; marks beyond the capacity are dropped.
    pub fn push(&mut self, mark: VisemeMark) {
        if self.marks.len() >= MOST_MARKS {
            return;
        }
        let weight = if mark.weight.is_finite() {
            mark.weight.clamp(0.0, 1.5)
        } else {
            1.0
        };
        let place = self.marks.partition_point(|other| other.at <= mark.at);
        self.marks.insert(place, VisemeMark { weight, ..mark });
    }

    /// Forgets every mark; the mouth comes to rest from what it did in the last frame, at `now`.
    pub fn interrupt(&mut self, now: u64) {
        self.marks.clear();
        self.release = Some((now, self.last));
    }

    /// The mouth of the frame at `at`. Times must not go backwards.
    pub fn pose(&mut self, at: u64) -> Speech {
        let time = at.saturating_add(LEAD_US);
        while self
            .marks
            .front()
            .is_some_and(|m| (end(m) + OVERLAP_US + CONTACT_US) < time as f64)
        {
            self.marks.pop_front();
        }
        let mut speech = self.blend(time as f64);
        if let Some((since, from)) = self.release {
            let share = at.saturating_sub(since) as f64 / RELEASE_US;
            if share < 1.0 {
                let left = 1.0 - share * share * (3.0 - 2.0 * share);
                speech.weights = speech.weights.plus(&from.weights.times(left));
                speech.activity = speech.activity.max(from.activity * left);
            } else {
                self.release = None;
            }
        }
        self.last = speech;
        speech
    }

    fn blend(&self, time: f64) -> Speech {
        let mut sum = Weights::REST;
        let (mut total, mut voiced) = (REST_PULL, 0.0f64);
        let (mut sealed, mut bitten) = (0.0f64, 0.0f64);
        for mark in self
            .marks
            .iter()
            .take_while(|m| m.at as f64 - OVERLAP_US <= time)
        {
            let half = f64::from(mark.duration_us) / 2.0 + OVERLAP_US;
            let away = (time - mark.at as f64 - f64::from(mark.duration_us) / 2.0).abs() / half;
            if away >= 1.0 {
                continue;
            }
            let bell = 0.5 + 0.5 * (away * PI).cos();
            let pull = bell * dominance(mark.shape);
            sum = sum.plus(&pose(mark.shape).times(pull * f64::from(mark.weight)));
            total += pull;
            match mark.shape {
                Viseme::Sil => {}
                Viseme::Pp => sealed = sealed.max(contact(mark, time)),
                Viseme::Ff => bitten = bitten.max(contact(mark, time)),
                _ => {}
            }
            if mark.shape != Viseme::Sil {
                voiced = voiced.max((bell * 2.0).min(1.0));
            }
        }
        let mut weights = sum.times(1.0 / total);
        weights = weights.toward(&pose(Viseme::Ff), bitten * 0.85);
        weights = weights.toward(&pose(Viseme::Pp), sealed);
        Speech {
            weights,
            activity: voiced,
        }
    }
}

fn end(mark: &VisemeMark) -> f64 {
    mark.at as f64 + f64::from(mark.duration_us)
}

/// 1 while the sound lasts, falling to 0 within [`CONTACT_US`] around it.
fn contact(mark: &VisemeMark, time: f64) -> f64 {
    let outside = (mark.at as f64 - time).max(time - end(mark)).max(0.0);
    let left = (1.0 - outside / CONTACT_US).max(0.0);
    left * left * (3.0 - 2.0 * left)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(at_ms: u64, ms: u32, shape: Viseme) -> VisemeMark {
        VisemeMark {
            at: at_ms * 1000,
            duration_us: ms * 1000,
            shape,
            weight: 1.0,
        }
    }

    const VOWELS: [Viseme; 5] = [Viseme::Aa, Viseme::E, Viseme::Ih, Viseme::Oh, Viseme::Ou];

    #[test]
    fn a_bilabial_closes_the_lips_whatever_surrounds_it() {
        for before in VOWELS {
            for after in VOWELS {
                for (beside, ms) in [(40, 30), (60, 40), (90, 60), (250, 50)] {
                    let mut mouth = Mouth::default();
                    mouth.push(mark(500 - u64::from(beside), beside, before));
                    mouth.push(mark(500, ms, Viseme::Pp));
                    mouth.push(mark(500 + u64::from(ms), beside, after));
                    let closed = (480..480 + u64::from(ms))
                        .step_by(5)
                        .all(|t| mouth.pose(t * 1000).weights.aperture() < 1.0);
                    assert!(closed, "{before:?} p {after:?}, {beside} ms beside {ms} ms");
                }
            }
        }
    }

    #[test]
    fn vowels_differ_and_open_the_mouth() {
        let shown = VOWELS.map(|vowel| {
            let mut mouth = Mouth::default();
            mouth.push(mark(100, 150, vowel));
            mouth.pose(155_000).weights
        });
        for (i, a) in shown.iter().enumerate() {
            assert!(a.aperture() > 4.0, "{:?}", VOWELS[i]);
            for (j, b) in shown.iter().enumerate().skip(i + 1) {
                assert!(a.distance(b) > 0.15, "{:?} and {:?}", VOWELS[i], VOWELS[j]);
            }
        }
    }

    #[test]
    fn the_mouth_is_widest_within_40_ms_of_the_vowel() {
        let mut mouth = Mouth::default();
        mouth.push(mark(300, 80, Viseme::Pp));
        mouth.push(mark(380, 160, Viseme::Aa));
        mouth.push(mark(540, 80, Viseme::Pp));
        let widest = (0..1000u64)
            .map(|ms| (ms, mouth.pose(ms * 1000).weights.aperture()))
            .max_by(|a, b| a.1.total_cmp(&b.1))
            .map(|(ms, _)| ms);
        assert!(
            widest.is_some_and(|ms| ms.abs_diff(460) <= 40),
            "{widest:?}"
        );
    }

    #[test]
    fn movement_has_no_jumps() {
        let mut mouth = Mouth::default();
        let sounds = [
            Viseme::Dd,
            Viseme::Aa,
            Viseme::Pp,
            Viseme::Ih,
            Viseme::Ss,
            Viseme::Oh,
            Viseme::Ff,
            Viseme::E,
        ];
        for (i, shape) in sounds.into_iter().enumerate() {
            mouth.push(mark(200 + 70 * i as u64, 70, shape));
        }
        let mut last = mouth.pose(0).weights;
        for ms in 1..1200u64 {
            let next = mouth.pose(ms * 1000).weights;
            assert!(
                next.distance(&last) < 0.06,
                "{} at {ms} ms",
                next.distance(&last)
            );
            last = next;
        }
        assert!(
            last.distance(&Weights::REST) < 1e-9,
            "at rest after the last sound"
        );
    }

    #[test]
    fn an_interrupt_comes_to_rest_within_150_ms() {
        let mut mouth = Mouth::default();
        mouth.push(mark(0, 400, Viseme::Aa));
        mouth.push(mark(400, 400, Viseme::Oh));
        let open = mouth.pose(200_000).weights.aperture();
        mouth.interrupt(200_000);
        let soon = mouth.pose(240_000).weights.aperture();
        assert!(
            open > 15.0 && soon < open && soon > 1.0,
            "smoothly: {open} {soon}"
        );
        assert!(mouth.pose(350_000).weights.aperture() < 0.01);
        assert_eq!(mouth.pose(500_000).activity, 0.0);
    }

    #[test]
    fn marks_may_arrive_out_of_order_and_with_wild_weights() {
        let (mut a, mut b) = (Mouth::default(), Mouth::default());
        a.push(mark(100, 100, Viseme::Aa));
        a.push(mark(200, 100, Viseme::Ss));
        b.push(mark(200, 100, Viseme::Ss));
        b.push(VisemeMark {
            weight: f32::NAN,
            ..mark(100, 100, Viseme::Aa)
        });
        assert_eq!(a.pose(180_000), b.pose(180_000));
    }
}
