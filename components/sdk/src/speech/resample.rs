//! Another sample rate for a stream of sound.

use std::f64::consts::PI;

/// Samples of the slower side that a sample is made of, on either side of it.
const REACH: usize = 16;
/// Where the filter ends, as a share of what the slower rate can carry.
const EDGE: f64 = 0.94;
/// Input that is kept before the used part of it is dropped.
const KEEP: usize = 1 << 14;

/// Signed 16-bit little-endian mono at one rate into the same at another: a windowed sinc for each
/// of the places that an output sample can have between two of the input.
#[derive(Debug)]
pub(super) struct Resampler {
    /// So many output samples for so many input samples.
    up: usize,
    down: usize,
    /// Weights for each place, `2 * reach` of them.
    weights: Vec<f32>,
    reach: usize,
    /// Begins with silence of `reach` samples.
    input: Vec<f32>,
    /// The next output sample, counted from the start of `input`.
    next: usize,
    /// Half a sample.
    odd: Option<u8>,
}

impl Resampler {
    pub(super) fn new(from: u32, to: u32) -> Self {
        let (from, to) = (from.max(1) as usize, to.max(1) as usize);
        let common = gcd(from, to);
        let (up, down) = (to / common, from / common);
        let narrow = (up as f64 / down as f64).min(1.0);
        let reach = (REACH as f64 / narrow).ceil() as usize;
        let cutoff = narrow * EDGE;
        let weight = |place: usize, tap: usize| {
            let away = tap as f64 + 1.0 - reach as f64 - place as f64 / up as f64;
            let window = 0.5 + 0.5 * (PI * away / reach as f64).cos();
            let angle = PI * cutoff * away;
            let sinc = if angle.abs() < 1e-9 {
                1.0
            } else {
                angle.sin() / angle
            };
            cutoff
                * sinc
                * if away.abs() < reach as f64 {
                    window
                } else {
                    0.0
                }
        };
        let mut weights = Vec::with_capacity(up * 2 * reach);
        for place in 0..up {
            let row: Vec<f64> = (0..2 * reach).map(|tap| weight(place, tap)).collect();
            // Equal loudness at every place, or there would be a tone of their own.
            let whole: f64 = row.iter().sum();
            weights.extend(row.iter().map(|one| (one / whole) as f32));
        }
        Resampler {
            up,
            down,
            weights,
            reach,
            input: vec![0.0; reach],
            next: 0,
            odd: None,
        }
    }

    /// The next bytes; what they give.
    pub(super) fn feed(&mut self, bytes: &[u8]) -> Vec<u8> {
        for byte in bytes {
            match self.odd.take() {
                None => self.odd = Some(*byte),
                Some(low) => {
                    let sample = i16::from_le_bytes([low, *byte]);
                    self.input.push(f32::from(sample));
                }
            }
        }
        let ready = self.make(usize::MAX);
        self.forget();
        ready
    }

    /// Nothing follows: the rest. The next bytes are another sound.
    pub(super) fn end(&mut self) -> Vec<u8> {
        self.odd = None;
        let heard = self.input.len().saturating_sub(self.reach);
        self.input.resize(self.input.len() + 2 * self.reach, 0.0);
        let rest = self.make((heard * self.up).div_ceil(self.down));
        self.input = vec![0.0; self.reach];
        self.next = 0;
        rest
    }

    fn make(&mut self, until: usize) -> Vec<u8> {
        let mut out = Vec::new();
        let width = 2 * self.reach;
        while self.next < until {
            let (base, place) = (
                self.next * self.down / self.up,
                self.next * self.down % self.up,
            );
            let samples = self.input.get(base + 1..base + 1 + width);
            let weights = self.weights.get(place * width..(place + 1) * width);
            let (Some(samples), Some(weights)) = (samples, weights) else {
                break;
            };
            let sum: f32 = samples.iter().zip(weights).map(|(a, b)| a * b).sum();
            // As casts do: what is too large is the largest.
            out.extend((sum.round() as i16).to_le_bytes());
            self.next += 1;
        }
        out
    }

    /// Drop input that is not needed any more, in whole turns of the places.
    fn forget(&mut self) {
        let turns = self.next / self.up;
        if turns * self.down >= KEEP {
            self.input.drain(..turns * self.down);
            self.next -= turns * self.up;
        }
    }
}

fn gcd(a: usize, b: usize) -> usize {
    match b {
        0 => a,
        _ => gcd(b, a % b),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(hz: f64, rate: u32, samples: usize) -> Vec<u8> {
        let sample = |n: usize| (n as f64 * hz / f64::from(rate) * 2.0 * PI).sin() * 10_000.0;
        (0..samples)
            .flat_map(|n| (sample(n) as i16).to_le_bytes())
            .collect()
    }

    fn convert(sound: &[u8], from: u32, to: u32, cut: usize) -> Vec<i16> {
        let mut resampler = Resampler::new(from, to);
        let mut out: Vec<u8> = sound
            .chunks(cut)
            .flat_map(|part| resampler.feed(part))
            .collect();
        out.extend(resampler.end());
        out.chunks_exact(2)
            .map(|pair| i16::from_le_bytes([pair[0], pair[1]]))
            .collect()
    }

    #[test]
    fn a_tone_stays_the_same_tone() {
        for (from, to) in [(22_050, 24_000), (24_000, 22_050), (32_000, 24_000)] {
            let out = convert(&tone(440.0, from, from as usize), from, to, 777);
            assert_eq!(out.len(), to as usize, "a second stays a second");
            let wanted = tone(440.0, to, to as usize);
            let wanted = wanted.chunks_exact(2);
            let wrong = out
                .iter()
                .zip(wanted)
                .map(|(out, pair)| {
                    i32::from(*out) - i32::from(i16::from_le_bytes([pair[0], pair[1]]))
                })
                // The edges stand against silence.
                .skip(50)
                .take(to as usize - 100)
                .map(i32::abs)
                .max();
            assert!(wrong < Some(60), "{from} to {to}: {wrong:?}");
        }
    }

    #[test]
    fn what_the_lower_rate_cannot_carry_is_gone() {
        let out = convert(&tone(14_000.0, 32_000, 32_000), 32_000, 24_000, 1_000);
        let loudest = out
            .iter()
            .skip(100)
            .take(23_800)
            .map(|one| one.unsigned_abs())
            .max();
        assert!(loudest < Some(200), "{loudest:?}");
    }

    #[test]
    fn any_cut_gives_the_same() {
        let sound = tone(300.0, 22_050, 30_000);
        let whole = convert(&sound, 22_050, 24_000, usize::MAX);
        assert_eq!(whole.len(), (30_000_usize * 160).div_ceil(147));
        for cut in [1, 3, 1_001, 40_000] {
            assert_eq!(convert(&sound, 22_050, 24_000, cut), whole, "{cut}");
        }
        assert!(
            convert(&[7], 22_050, 24_000, 9).is_empty(),
            "half a sample is none"
        );
    }
}
