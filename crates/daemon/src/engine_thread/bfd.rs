//! What the BFD process tells of its sessions.

use std::time::Duration;

use evervip_os::clock::monotonic_nanos;
use evervip_vrrp::Event;

use super::EngineThread;

/// Reports that are taken at once: a process that floods us must not hold up our adverts.
const REPORTS_AT_ONCE: usize = 256;

impl EngineThread {
    pub(super) fn bfd_reports(&mut self) {
        for _ in 0..REPORTS_AT_ONCE {
            let Some(report) = self.bfd.next() else {
                return;
            };
            let (session, up) = (&*report.session, report.up);
            let late = Duration::from_nanos(monotonic_nanos().saturating_sub(report.sent_at));
            tracing::debug!(
                "Received BFD event: instance {session} is in state {} (delivered in {} usec)",
                if up { "Up" } else { "Down" },
                late.as_micros()
            );
            self.handle(Event::BfdReported { session, up });
        }
    }
}
