//! Asking the same provider once more, after a pause that differs from session to session.
//!
//! Many sessions lose their provider in the same moment; without jitter they would all come back in the
//! same moment too. The numbers come from the session's name, so a session can be run again exactly.

use crate::media::Micros;

/// How often a provider is asked again, of which nothing has been said or heard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retries {
    /// Times in a turn; 0: never.
    pub attempts: u32,
    /// The shortest pause before that, in microseconds; the longest is twice as long.
    pub pause_us: Micros,
}

/// SplitMix64 (Steele, Lea and Flood, 2014): eight bytes of state are plenty for a few pauses.
#[derive(Debug)]
pub(crate) struct Jitter(u64);

impl Jitter {
    /// As the name has it, by FNV-1a.
    pub(crate) fn new(name: &str) -> Self {
        let mix = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        Jitter(name.bytes().fold(0xcbf2_9ce4_8422_2325, mix))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From `base` to twice as much.
    pub(crate) fn pause(&mut self, base: Micros) -> Micros {
        base + self.next() % (base + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::Jitter;

    #[test]
    fn pauses_spread_over_their_range_and_differ_between_sessions() {
        let mut seen = Vec::new();
        for session in 0..200 {
            let mut jitter = Jitter::new(&format!("session-{session}"));
            seen.extend((0..5).map(|_| jitter.pause(1_000)));
        }
        assert!(seen.iter().all(|pause| (1_000..=2_000).contains(pause)));
        for tenth in 0..10 {
            let range = 1_000 + tenth * 100..1_100 + tenth * 100;
            let share = seen.iter().filter(|pause| range.contains(*pause)).count();
            assert!((50..=150).contains(&share), "{share} of 1000 in {range:?}");
        }
    }

    #[test]
    fn a_session_is_the_same_when_it_is_run_again() {
        let pauses = |name| {
            let mut jitter = Jitter::new(name);
            [jitter.pause(1_000), jitter.pause(1_000)]
        };
        assert_eq!(pauses("a"), pauses("a"));
        assert_ne!(pauses("a"), pauses("b"));
        assert_eq!(Jitter::new("a").pause(0), 0);
    }
}
