//! Where the eyes look: mostly at the viewer, with small jumps, now and then aside.

use super::Doing;
use crate::chance::Dice;

/// How quickly a jump is made, in seconds: eyes are the fastest thing in a face.
const JUMP: f64 = 0.018;

#[derive(Clone, Debug)]
pub(super) struct Gaze {
    dice: Dice,
    goal: (f64, f64),
    shown: (f64, f64),
    next: f64,
}

impl Gaze {
    pub(super) fn new(dice: Dice) -> Gaze {
        Gaze {
            dice,
            goal: (0.0, 0.0),
            shown: (0.0, 0.0),
            next: 0.9,
        }
    }

    /// Where the eyes look at `time`: x and y, each -1 to 1.
    pub(super) fn at(&mut self, time: f64, step: f64, doing: &Doing) -> (f64, f64) {
        // After a long gap only the last glance matters.
        if time > self.next + 10.0 {
            self.next = time;
        }
        while time >= self.next {
            let aside = self.dice.unit() < if doing.activity > 0.0 { 0.22 } else { 0.3 };
            let reach = if aside { 1.0 } else { 0.22 };
            self.goal = (
                self.dice.between(-0.34, 0.34) * reach,
                self.dice.between(-0.2, 0.16) * reach,
            );
            self.next += if aside {
                self.dice.between(0.35, 0.9)
            } else {
                self.dice.between(0.7, 2.6)
            };
        }
        let goal = if doing.thinking {
            (-0.34 + self.goal.0 * 0.3, -0.42)
        } else {
            self.goal
        };
        let share = 1.0 - (-step.max(0.0) / JUMP).exp();
        self.shown.0 += (goal.0 - self.shown.0) * share;
        self.shown.1 += (goal.1 - self.shown.1) * share;
        self.shown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_eyes_meet_the_viewer_most_of_the_time_and_wander_sometimes() {
        let mut gaze = Gaze::new(Dice::new(4));
        let doing = Doing {
            motion: 1.0,
            scale: 1.0,
            ..Doing::default()
        };
        let looks: Vec<f64> = (0..25 * 120)
            .map(|i| gaze.at(f64::from(i) * 0.04, 0.04, &doing))
            .map(|(x, y)| x.hypot(y))
            .collect();
        let contact = looks.iter().filter(|d| **d < 0.12).count() as f64 / looks.len() as f64;
        assert!(contact > 0.6 && contact < 0.98, "{contact}");
        assert!(looks.iter().any(|d| *d > 0.2));
        assert!(looks.iter().all(|d| *d < 0.5));
    }

    #[test]
    fn a_thinking_face_looks_up_and_aside() {
        let mut gaze = Gaze::new(Dice::new(4));
        let doing = Doing {
            thinking: true,
            ..Doing::default()
        };
        let (x, y) = (0..10)
            .map(|i| gaze.at(f64::from(i) * 0.04, 0.04, &doing))
            .last()
            .unwrap();
        assert!(x < -0.2 && y < -0.3);
    }
}
