//! Choosing among turns of phrase: always the same way for the same seed, turn and purpose.

/// The choices of one turn.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pick {
    seed: u64,
    turn: u64,
}

impl Pick {
    pub(crate) fn new(seed: u64, turn: u64) -> Self {
        Pick { seed, turn }
    }

    /// One of the options. Turn by turn it walks through all of them before one comes again; where
    /// the walk starts depends on seed and purpose.
    pub(crate) fn one<'a>(&self, purpose: &str, options: &[&'a str]) -> &'a str {
        // FNV-1a, then a finaliser: short purposes must not give neighbouring starts.
        let hash = purpose
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325 ^ self.seed, |hash, byte| {
                (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
            });
        let start = (hash ^ (hash >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 33;
        let count = options.len().max(1) as u64;
        let index = (start % count + self.turn % count) % count;
        options.get(index as usize).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn walks_through_all_before_one_comes_again() {
        let options = ["a", "b", "c", "d"];
        for seed in 0..20 {
            let seen: BTreeSet<&str> = (5..9)
                .map(|turn| Pick::new(seed, turn).one("open", &options))
                .collect();
            assert_eq!(seen.len(), 4);
        }
    }

    #[test]
    fn seeds_differ() {
        let options = ["a", "b", "c", "d"];
        let starts: BTreeSet<&str> = (0..20)
            .map(|seed| Pick::new(seed, 0).one("open", &options))
            .collect();
        assert!(starts.len() > 1);
        assert_eq!(Pick::new(0, 0).one("open", &[]), "");
    }
}
