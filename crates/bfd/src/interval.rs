//! Intervals: microseconds on the wire, jitter, detection time.

use std::time::Duration;

use crate::random::Random;

/// A duration as it stands in a packet.
pub(crate) fn micros(duration: Duration) -> u32 {
    u32::try_from(duration.as_micros()).unwrap_or(u32::MAX)
}

/// The time until the next packet: 75 to 100 percent of the interval, or 75 to 90 when the other end
/// may not miss a single packet (RFC 5880 6.8.7).
pub(crate) fn jittered(interval: u32, multiplier: u8, random: &mut Random) -> Duration {
    let interval = u64::from(interval);
    let most = if multiplier == 1 { 90 } else { 100 };
    Duration::from_micros(random.between(interval * 75 / 100, interval * most / 100))
}

/// After how many microseconds of silence a session is down (RFC 5880 6.8.4).
pub(crate) fn detection_time(multiplier: u8, min_rx: u32, remote_min_tx: u32) -> u64 {
    u64::from(multiplier) * u64::from(min_rx.max(remote_min_tx))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_are_sent_early_but_never_late() {
        let mut random = Random::new(7);
        for _ in 0..1000 {
            let ordinary = jittered(100_000, 3, &mut random).as_micros();
            assert!((75_000..=100_000).contains(&ordinary), "{ordinary}");
            let single = jittered(100_000, 1, &mut random).as_micros();
            assert!((75_000..=90_000).contains(&single), "{single}");
        }
        assert_eq!(jittered(0, 3, &mut random), Duration::ZERO);
        assert!(jittered(u32::MAX, 3, &mut random) <= Duration::from_micros(u64::from(u32::MAX)));
    }

    #[test]
    fn the_slower_of_both_ends_counts_for_the_detection_time() {
        assert_eq!(detection_time(4, 50_000, 60_000), 240_000);
        assert_eq!(detection_time(5, 80_000, 60_000), 400_000);
        assert_eq!(detection_time(0, 80_000, 60_000), 0);
        assert_eq!(detection_time(255, u32::MAX, 0), 255 * u64::from(u32::MAX));
    }
}
