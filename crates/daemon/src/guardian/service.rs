//! What the service manager is told while the daemon runs: how its routers fare, and for its watchdog
//! that the VRRP process does its work.
//!
//! The watchdog hears something only when the engine thread has said that it goes round. The guardian
//! speaks for itself alone while there is no such thread: a daemon without virtual routers, or one
//! whose VRRP process is being started.

use std::time::{Duration, Instant};

use evervip_vrrp::Census;

use crate::service_manager;

/// Pings in the time after which the watchdog bites.
const PINGS: u32 = 4;

const REFUSED: &str = "Reload refused: the running configuration stays in force";

/// What is known of the virtual routers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Routers {
    /// Nothing yet.
    Unknown,
    /// There are none to run.
    None,
    /// The process that runs them has died.
    Lost,
    Counted(Census),
}

/// What was told, and when.
#[derive(Debug)]
pub(super) struct Service {
    watchdog: Option<Duration>,
    pinged: Instant,
    routers: Routers,
    /// The last reload was refused.
    refused: bool,
    shown: String,
}

impl Service {
    pub(super) fn new(watchdog: Option<Duration>) -> Self {
        Self {
            watchdog,
            pinged: Instant::now(),
            routers: Routers::Unknown,
            refused: false,
            shown: String::new(),
        }
    }

    /// How often the engine thread is to say that it goes round.
    pub(super) fn pulse(&self) -> Option<Duration> {
        self.watchdog.map(|limit| limit / PINGS)
    }

    /// The engine thread has said so.
    pub(super) fn alive(&mut self) {
        if self.watchdog.is_some() {
            service_manager::notify("WATCHDOG=1");
            self.pinged = Instant::now();
        }
    }

    /// When the guardian is to speak for itself, where the VRRP process was started then and has said
    /// nothing yet, or there is none. One that is silent for too long is not spoken for.
    pub(super) fn due(&self, silent_since: Option<Instant>) -> Option<Instant> {
        let limit = self.watchdog?;
        let next = self.pinged + limit / PINGS;
        let in_time = silent_since.is_none_or(|since| next < since + limit);
        in_time.then_some(next)
    }

    /// The states of the routers.
    pub(super) fn states(&mut self, census: Census) {
        self.routers = Routers::Counted(census);
        self.show();
    }

    /// There is no VRRP process, and none is wanted.
    pub(super) fn idle(&mut self) {
        self.routers = Routers::None;
        self.show();
    }

    /// The VRRP process has died.
    pub(super) fn lost(&mut self) {
        self.routers = Routers::Lost;
        self.show();
    }

    pub(super) fn reload_refused(&mut self) {
        tracing::warn!("{REFUSED}");
        service_manager::ready();
        self.refused = true;
        self.show();
    }

    /// Everything has started, or has been reloaded.
    pub(super) fn ready(&mut self) {
        service_manager::ready();
        self.refused = false;
        self.show();
    }

    fn show(&mut self) {
        let text = text(self.routers, self.refused);
        if text != self.shown {
            service_manager::notify(&format!("STATUS={text}"));
            self.shown = text;
        }
    }
}

fn text(routers: Routers, refused: bool) -> String {
    let routers = match routers {
        Routers::Unknown => String::new(),
        Routers::None => "no virtual routers".to_owned(),
        Routers::Lost => "the VRRP process has died and is started again".to_owned(),
        Routers::Counted(census) => census.to_string(),
    };
    match (refused, routers.is_empty()) {
        (false, _) => routers,
        (true, true) => REFUSED.to_owned(),
        (true, false) => format!("{REFUSED} ({routers})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_guardian_speaks_for_a_silent_process_no_longer_than_the_watchdog_waits() {
        const LIMIT: Duration = Duration::from_secs(8);
        let service = Service::new(Some(LIMIT));
        let next = service.pinged + Duration::from_secs(2);
        assert_eq!(service.pulse(), Some(Duration::from_secs(2)));
        assert_eq!(service.due(None), Some(next), "there is no process");
        assert_eq!(service.due(Some(service.pinged)), Some(next));
        let long_ago = next.checked_sub(LIMIT).unwrap();
        assert_eq!(service.due(Some(long_ago)), None);
        assert_eq!(Service::new(None).due(None), None);
    }

    #[test]
    fn a_refusal_is_shown_beside_the_states() {
        let routers = Routers::Counted(Census::default());
        assert_eq!(text(routers, false), "0 MASTER, 0 BACKUP, 0 FAULT");
        assert_eq!(
            text(routers, true),
            format!("{REFUSED} (0 MASTER, 0 BACKUP, 0 FAULT)")
        );
        assert_eq!(text(Routers::Unknown, true), REFUSED);
        assert_eq!(
            text(Routers::Unknown, false),
            "",
            "which is what is shown at first"
        );
    }
}
