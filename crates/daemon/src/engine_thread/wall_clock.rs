//! The time of day, for signed adverts: the engine is told of it once, and again when it was set.

use evervip_os::clock::wall_nanos;

/// What the engine knows of the wall clock.
#[derive(Default)]
pub(super) struct WallClock {
    /// Wall clock less engine's time, as last told.
    told: Option<u64>,
}

impl WallClock {
    /// What the wall clock shows, if the engine would be wrong about it. `now` is the engine's time.
    pub(super) fn news(&mut self, now: u64) -> Option<u64> {
        let wall = wall_nanos();
        let ahead = wall.wrapping_sub(now);
        let known = self
            .told
            .is_some_and(|told| ahead.wrapping_sub(told).wrapping_add(TOLERANCE) <= 2 * TOLERANCE);
        if known {
            return None;
        }
        self.told = Some(ahead);
        Some(wall)
    }
}

/// Nanoseconds: the two clocks are not read at the same instant, and drift apart a little.
const TOLERANCE: u64 = 5_000_000;
