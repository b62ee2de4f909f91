//! Numbers that neighbours cannot foresee and a test can repeat.

/// A sequence of numbers (the `SplitMix64` generator).
#[derive(Debug, Clone)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from `least` to `most`, which is not smaller.
    pub(crate) const fn between(&mut self, least: u64, most: u64) -> u64 {
        let span = most.saturating_sub(least).saturating_add(1);
        least + self.next() % span
    }

    /// A number for a session, never 0.
    pub(crate) const fn discriminator(&mut self) -> u32 {
        loop {
            let [a, b, c, d, ..] = self.next().to_be_bytes();
            let number = u32::from_be_bytes([a, b, c, d]);
            if number != 0 {
                return number;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stay_in_their_range_and_reach_its_ends() {
        let mut random = Random::new(1);
        let numbers: Vec<u64> = (0..200).map(|_| random.between(5, 8)).collect();
        assert!(numbers.iter().all(|n| (5..=8).contains(n)));
        assert!([5, 6, 7, 8].iter().all(|n| numbers.contains(n)));
        assert_eq!(random.between(3, 3), 3);
    }
}
