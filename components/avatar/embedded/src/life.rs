//! What a living face does without being told: blinks, breath, glances, a head that is never quite still, and
//! everything that goes with speaking or listening. Seeded: the same seed and times give the same life.

mod blink;
mod gaze;

use crate::{
    chance::{Dice, drift},
    weights::Weights,
};
use blink::Blink;
use gaze::Gaze;
use std::f64::consts::{PI, TAU};

/// What the person is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Doing {
    /// Loudness of the own voice, 0 to 1.
    pub level: f64,
    /// How much is being said, 0 to 1.
    pub activity: f64,
    /// A turn has begun, but nothing is being said yet.
    pub thinking: bool,
    /// Drowsy (-1) to agitated (1).
    pub arousal: f64,
    /// How often the eyes blink; 1 is usual.
    pub blinks: f64,
    /// How much head and body move, 0 to 2; 1 is usual.
    pub motion: f64,
    /// How much the face shows, 0.6 to 1.3; 1 is usual.
    pub scale: f64,
}

/// The state that carries over from frame to frame.
#[derive(Clone, Debug)]
pub struct Life {
    seed: u64,
    blink: Blink,
    gaze: Gaze,
    breath: f64,
    /// Loudness, averaged over about a third of a second and over two seconds.
    quick: f64,
    slow: f64,
    /// Stress that brows and head follow.
    stress: f64,
    speaking: f64,
    nods: Nods,
}

impl Life {
    /// The life of this seed.
    pub fn new(seed: u64) -> Life {
        let mut dice = Dice::new(seed);
        let breath = dice.unit();
        Life {
            seed,
            blink: Blink::new(Dice::new(seed ^ 0xB11)),
            gaze: Gaze::new(Dice::new(seed ^ 0x6A2E)),
            breath,
            quick: 0.0,
            slow: 0.0,
            stress: 0.0,
            speaking: 0.0,
            nods: Nods {
                dice: Dice::new(seed ^ 0x0D5),
                next: 3.0,
            },
        }
    }

    /// What life adds to the face at `time`, `step` seconds after the last frame.
    pub fn advance(&mut self, time: f64, step: f64, doing: &Doing) -> Weights {
        let follow = |seconds: f64| 1.0 - (-step.max(0.0) / seconds).exp();
        self.quick += (doing.level - self.quick) * follow(0.06);
        self.slow += (doing.level - self.slow) * follow(1.2);
        self.speaking += (doing.activity - self.speaking) * follow(0.25);
        let peak = ((self.quick - self.slow * 1.15) * 2.2).clamp(0.0, 1.0);
        // Up at once, down slowly, as brows do on a stressed syllable.
        self.stress += (peak - self.stress) * follow(if peak > self.stress { 0.05 } else { 0.22 });

        let mut w = self.head(time, doing);
        w.pitch += self.nods.at(time, doing.activity > 0.0) * doing.motion;
        self.breathe(step, doing, &mut w);
        w.brow_outer += self.stress * 0.42 * doing.scale;
        w.brow_inner +=
            self.stress * 0.18 * doing.scale + 0.03 * drift(self.seed, 11, time * 0.4).max(0.0);
        w.smile += 0.04 * drift(self.seed, 12, time * 0.25);
        w.squint += 0.05 * drift(self.seed, 13, time * 0.5).max(0.0);
        if doing.thinking {
            w.brow_inner += 0.12;
            w.brow_skew += 0.2;
        }
        let lid = self.blink.at(time, doing.blinks);
        w.blink_left = lid;
        w.blink_right = lid;
        let (x, y) = self.gaze.at(time, step, doing);
        // The eyes stay on their goal while the head moves under them.
        w.look_x += x - w.yaw * 2.0;
        w.look_y += y - w.pitch * 2.4;
        w
    }

    /// Slow drift at rest, larger and quicker in speech, a small nod on every stress.
    fn head(&self, time: f64, doing: &Doing) -> Weights {
        let lively = 1.0 + 0.3 * doing.arousal;
        let noise = |channel: u64, pace: f64| drift(self.seed, channel, time * pace * lively);
        let said = self.speaking;
        Weights {
            yaw: doing.motion * (0.055 * noise(1, 0.33) + said * 0.07 * noise(2, 0.85)),
            pitch: doing.motion
                * (0.022 * noise(3, 0.3) + said * 0.028 * noise(4, 1.1) + self.stress * 0.06),
            roll: doing.motion * (0.024 * noise(5, 0.27) + said * 0.034 * noise(6, 0.7)),
            ..Weights::REST
        }
    }

    /// About fifteen breaths a minute, quicker when agitated.
    fn breathe(&mut self, step: f64, doing: &Doing, w: &mut Weights) {
        self.breath = (self.breath + step.max(0.0) * (0.25 + 0.1 * doing.arousal)).fract();
        let phase = self.breath;
        // In takes two fifths of a breath, out takes the rest.
        let air = if phase < 0.4 {
            -(phase / 0.4 * PI).cos()
        } else {
            ((phase - 0.4) / 0.6 * PI).cos()
        };
        w.breath = air * (0.9 + 0.2 * doing.arousal);
        w.pitch -= 0.004 * air;
        w.roll += 0.002 * (phase * TAU).sin();
    }
}

/// Small nods of a listener, every few seconds; a speaker has none.
#[derive(Clone, Debug)]
struct Nods {
    dice: Dice,
    next: f64,
}

impl Nods {
    const LENGTH: f64 = 0.9;

    fn at(&mut self, time: f64, speaking: bool) -> f64 {
        if speaking && time < self.next {
            // Not before the own words are over.
            self.next = self.next.max(time + 1.2);
        }
        while time > self.next + Self::LENGTH {
            self.next += self.dice.between(5.0, 11.0);
        }
        let share = (time - self.next) / Self::LENGTH;
        if (0.0..1.0).contains(&share) {
            0.032 * (share * TAU).sin().max(-0.3) * (share * PI).sin()
        } else {
            0.0
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn live(seed: u64, seconds: u32, doing: &Doing) -> Vec<Weights> {
        let mut life = Life::new(seed);
        (0..seconds * 25)
            .map(|i| life.advance(f64::from(i) / 25.0, 0.04, doing))
            .collect()
    }

    const QUIET: Doing = Doing {
        level: 0.0,
        activity: 0.0,
        thinking: false,
        arousal: 0.0,
        blinks: 1.0,
        motion: 1.0,
        scale: 1.0,
    };

    #[test]
    fn the_same_seed_lives_the_same_life() {
        assert_eq!(live(5, 20, &QUIET), live(5, 20, &QUIET));
        assert_ne!(live(5, 20, &QUIET), live(6, 20, &QUIET));
    }

    #[test]
    fn a_silent_face_is_alive() {
        let frames = live(9, 30, &QUIET);
        for (name, of) in [
            ("yaw", (|w: &Weights| w.yaw) as fn(&Weights) -> f64),
            ("breath", |w| w.breath),
            ("gaze", |w| w.look_x),
        ] {
            let (low, high) = frames
                .iter()
                .map(of)
                .fold((f64::MAX, f64::MIN), |(l, h), v| (l.min(v), h.max(v)));
            assert!(high - low > 0.03, "{name} spans {low} to {high}");
        }
        for pair in frames.windows(2) {
            assert_ne!(pair[0], pair[1], "no two frames are the same");
        }
    }

    #[test]
    fn speech_moves_the_head_and_motion_scales_it() {
        let spread = |frames: &[Weights]| {
            frames
                .windows(2)
                .map(|p| (p[1].yaw - p[0].yaw).abs() + (p[1].pitch - p[0].pitch).abs())
                .sum::<f64>()
        };
        let speaking = Doing {
            level: 0.5,
            activity: 1.0,
            ..QUIET
        };
        let (still, moving) = (
            spread(&live(3, 60, &QUIET)),
            spread(&live(3, 60, &speaking)),
        );
        assert!(moving > still * 1.5, "{still} {moving}");
        let frozen = spread(&live(
            3,
            60,
            &Doing {
                motion: 0.0,
                ..speaking
            },
        ));
        assert!(frozen < still * 0.5, "{frozen}");
    }

    #[test]
    fn a_stressed_syllable_raises_the_brows() {
        let mut life = Life::new(1);
        let mut highest = [0.0f64; 2];
        for i in 0..100 {
            let level = if i >= 50 { 0.9 } else { 0.1 };
            let w = life.advance(
                f64::from(i) * 0.04,
                0.04,
                &Doing {
                    level,
                    activity: 1.0,
                    ..QUIET
                },
            );
            let half = usize::from(i >= 50);
            highest[half] = highest[half].max(w.brow_outer);
        }
        assert!(highest[1] > highest[0] + 0.15, "{highest:?}");
    }
}
