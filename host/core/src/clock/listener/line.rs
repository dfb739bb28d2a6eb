//! The line of a report without delay: see [the listener](super).

use crate::media::{Micros, SECOND};

/// Of the reports of each stretch of this length the least late one is kept.
const STRETCH_US: Micros = SECOND / 4;
/// More than this many are not kept: stretches get twice as long then.
const KEPT: usize = 128;
/// The worst clock that is believed. Sound cards are within 0.1 %; the rest is room.
pub(super) const MAX_SKEW: f64 = 0.03;
/// What is known of a clock that nobody has heard of yet: anything within 2 % is as likely, which has a
/// standard deviation of 2 % / √3.
pub(super) const STRANGER: f64 = 0.02 / 1.732;
/// Nothing is known better than this: a crystal's speed moves with its temperature.
const BEST_KNOWN: f64 = 0.000_1;
/// Of so few reports the hull's edge and the line of regression are worth the same. The error of the first
/// falls with the number of reports, that of the other with its root only.
const FEW: f64 = 20.0;
/// The standard deviation of the slope is this many times the jitter, by the reports and by the time that
/// they span (found by simulation, for 10 to 200 reports with uniform jitter).
const SPREAD: f64 = 4.5;
/// Jitter that is assumed in any case, in microseconds.
const LEAST_JITTER: f64 = 20_000.0;

#[derive(Clone, Copy, Debug)]
struct Point {
    /// Microseconds since the first report.
    at: Micros,
    /// Microseconds since the turn's first sound.
    position: f64,
}

/// How much faster than ours a clock runs, and the standard deviation of that.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Skew {
    pub(super) mean: f64,
    pub(super) deviation: f64,
}

/// Where a report without delay would lie.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fit {
    /// Its position at the time of the first report.
    pub(super) start: f64,
    /// Its slope is 1 more than this.
    pub(super) skew: Skew,
}

impl Fit {
    /// Its position `at` microseconds after the first report.
    pub(super) fn position(&self, at: Micros) -> f64 {
        self.start + (1.0 + self.skew.mean) * at as f64
    }
}

/// The reports of a turn.
#[derive(Clone, Debug, Default)]
pub(super) struct Line {
    points: Vec<Point>,
    /// How often the stretches have been doubled.
    doubled: u32,
}

impl Line {
    /// A report. Which one of a stretch is the least late is judged by the `skew` that is known.
    pub(super) fn add(&mut self, at: Micros, position: f64, skew: f64) {
        self.put(Point { at, position }, skew);
        if self.points.len() > KEPT {
            self.doubled += 1;
            for point in std::mem::take(&mut self.points) {
                self.put(point, skew);
            }
        }
    }

    fn put(&mut self, next: Point, skew: f64) {
        let stretch = STRETCH_US << self.doubled;
        let gain = |point: &Point| point.position - (1.0 + skew) * point.at as f64;
        match self.points.last_mut() {
            Some(last) if last.at / stretch == next.at / stretch => {
                if gain(&next) > gain(last) {
                    *last = next;
                }
            }
            _ => self.points.push(next),
        }
    }

    /// The line, where so much of its slope is `known` without it.
    pub(super) fn fit(&self, known: Skew) -> Fit {
        let skew = match self.told() {
            Some(told) => mix(known, told),
            None => known,
        };
        let start = self.over(1.0 + skew.mean);
        Fit { start, skew }
    }

    /// Where the lowest line of this slope begins that no report lies above.
    fn over(&self, slope: f64) -> f64 {
        let starts = self.points.iter();
        let starts = starts.map(|point| point.position - slope * point.at as f64);
        starts.reduce(f64::max).unwrap_or(0.0)
    }

    /// What the reports alone say: the slope of their upper hull over the mean time, if there are many.
    fn told(&self) -> Option<Skew> {
        let (first, last) = (self.points.first()?, self.points.last()?);
        let count = self.points.len() as f64;
        // Two of them are always on the line.
        let free = count - 2.0;
        if free < 1.0 {
            return None;
        }
        let mean = self.points.iter().map(|point| point.at as f64).sum::<f64>() / count;
        let edge = slope_over(&self.points, mean)?;
        let few = FEW / (FEW + count);
        let slope = edge + few * (regression(&self.points, mean) - edge);
        let start = self.over(slope);
        let below = |point: &Point| start + slope * point.at as f64 - point.position;
        // Jitter that is spread evenly is half of what it may be on average.
        let jitter = 2.0 * self.points.iter().map(below).sum::<f64>() / free + LEAST_JITTER;
        let span = last.at.saturating_sub(first.at) as f64;
        Some(Skew {
            mean: (slope - 1.0).clamp(-MAX_SKEW, MAX_SKEW),
            deviation: SPREAD * jitter / (count * span),
        })
    }
}

/// Two opinions of one clock, each weighed by how sure it is (the inverse of its variance).
fn mix(one: Skew, other: Skew) -> Skew {
    let weights = [one, other].map(|skew| skew.deviation.powi(-2));
    let sum: f64 = weights.iter().sum();
    let [of_one, of_other] = weights;
    Skew {
        mean: (of_one * one.mean + of_other * other.mean) / sum,
        deviation: sum.powf(-0.5).max(BEST_KNOWN),
    }
}

/// The slope of the upper hull's edge over the time `mean`.
fn slope_over(points: &[Point], mean: f64) -> Option<f64> {
    let mut hull: Vec<(f64, f64)> = Vec::new();
    for point in points {
        let next = (point.at as f64, point.position);
        // The last corner is none if it lies below the way from the one before it to here.
        while let [.., before, last] = hull.as_slice()
            && slope(*before, *last) <= slope(*before, next)
        {
            hull.pop();
        }
        hull.push(next);
    }
    let mut edges = hull.iter().zip(hull.iter().skip(1));
    let (from, to) = edges.find(|(_, to)| to.0 >= mean)?;
    Some(slope(*from, *to))
}

/// The slope of the line with the least squared distances to all points.
fn regression(points: &[Point], mean: f64) -> f64 {
    let (mut both, mut square) = (0.0, 0.0);
    for point in points {
        let at = point.at as f64 - mean;
        both += at * point.position;
        square += at * at;
    }
    both / square
}

/// Points of different stretches are never at one time.
fn slope(from: (f64, f64), to: (f64, f64)) -> f64 {
    (to.1 - from.1) / (to.0 - from.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const STRANGE: Skew = Skew {
        mean: 0.0,
        deviation: STRANGER,
    };

    /// Reports each 250 ms of a clock with a skew, late by what `late` says of the n-th.
    fn line(skew: f64, count: u64, late: impl Fn(u64) -> f64) -> Line {
        let mut line = Line::default();
        for n in 0..count {
            let at = n * 250_000;
            line.add(at, (1.0 + skew) * (at as f64 - late(n)) + 5_000.0, 0.0);
        }
        line
    }

    #[test]
    fn reports_that_are_late_do_not_move_the_line() {
        // Every fifth is in time.
        let late = |n: u64| {
            (n % 5) as f64 * 20_000.0
                + if n.is_multiple_of(5) {
                    0.0
                } else {
                    n as f64 * 500.0
                }
        };
        let fit = line(0.02, 100, late).fit(STRANGE);
        assert!((fit.skew.mean - 0.02).abs() < 0.0005, "{fit:?}");
        assert!((fit.start - 5_000.0).abs() < 10_000.0, "{fit:?}");
        assert!(fit.skew.deviation < STRANGER / 5.0, "{fit:?}");
    }

    #[test]
    fn a_few_reports_say_little_against_what_is_known() {
        let late = |n: u64| (n % 3) as f64 * 70_000.0;
        let fit = line(0.02, 5, late).fit(STRANGE);
        assert!(fit.skew.mean.abs() < 0.005, "{fit:?}");
        let known = Skew {
            mean: 0.02,
            deviation: 0.001,
        };
        let fit = line(0.0, 5, late).fit(known);
        assert!((fit.skew.mean - 0.02).abs() < 0.001, "{fit:?}");
        assert_eq!(
            line(0.5, 2, late).fit(known).skew,
            known,
            "two have any slope"
        );
    }

    #[test]
    fn what_is_kept_is_bounded_and_so_is_what_is_believed() {
        let long = line(0.01, 20_000, |n| (n % 7) as f64 * 30_000.0);
        assert!(long.points.len() <= KEPT, "{}", long.points.len());
        let fit = long.fit(STRANGE);
        assert!((fit.skew.mean - 0.01).abs() < 0.0001, "{fit:?}");
        assert_eq!(fit.skew.deviation, BEST_KNOWN);
        assert!(line(0.5, 400, |_| 0.0).fit(STRANGE).skew.mean <= MAX_SKEW);
    }
}
