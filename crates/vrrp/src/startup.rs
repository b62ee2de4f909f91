//! A start that is delayed: nobody becomes MASTER before its end (spec vrrp-runtime 3).
//!
//! On a machine that has just booted, links and switches may need a while until adverts get through;
//! who counts from the start of the daemon would take over from a healthy peer.

use std::time::Duration;

use crate::{Engine, LogLine, Timestamp};

impl Engine {
    /// Tells how long the machine has been up (`vrrp_delay_after_boot`). Call it before
    /// [`Event::Started`](crate::Event::Started); without it the machine counts as just booted.
    pub fn set_uptime(&mut self, uptime: Duration) {
        self.uptime = uptime;
    }

    /// Sets the end of the delay, if one is configured: the later of both kinds.
    pub(crate) fn begin_startup_delay(&mut self, now: Timestamp) {
        let after_boot = self.globals.vrrp.delay_after_boot;
        let delay = self
            .globals
            .vrrp
            .startup_delay
            .max(after_boot.saturating_sub(self.uptime));
        if !delay.is_zero() {
            self.startup_ends = now + delay;
            self.log(LogLine::StartupDelayed { delay });
        }
    }

    /// When the waiting of a backup that begins now begins to count.
    pub(crate) fn waits_from(&self, now: Timestamp) -> Timestamp {
        now.max(self.startup_ends)
    }

    pub(crate) fn is_startup_delayed(&self, now: Timestamp) -> bool {
        now < self.startup_ends
    }
}
