//! Link states that have to last before they count (`interface_up_down_delays`, spec vrrp-runtime
//! 7.2).

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use evervip_model::LinkDelays;

use crate::interface::Interface;
use crate::log::TrackLine;
use crate::timers::TimerKey;
use crate::{Engine, LinkState, LogLine, Timestamp};

/// What is to be done about a report of a link with delays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Report {
    /// It counts now, and nothing waits any more.
    Counts,
    /// It counts when it has lasted so long.
    Waits(Duration),
    /// It is what is waited for already.
    Known,
}

/// `known` is the state in force, `waiting` whether its opposite is waited for, `up` the report. An
/// interface that was never up has no delay: it comes up for the first time.
fn judge(known: &Interface, waiting: bool, up: bool, delays: &LinkDelays) -> Report {
    let delay = if up { delays.up } else { delays.down };
    if up == known.up || delay.is_zero() || !known.seen_up {
        Report::Counts
    } else if waiting {
        Report::Known
    } else {
        Report::Waits(delay)
    }
}

/// The delays, and the reports that wait.
#[derive(Debug, Default)]
pub(crate) struct Debounce {
    delays: HashMap<String, LinkDelays>,
    /// The latest report of each interface whose timer runs.
    waiting: BTreeMap<u32, LinkState>,
}

impl Debounce {
    /// Takes the delays of a configuration. What waits already goes on waiting.
    pub(crate) fn configure(&mut self, delays: &[LinkDelays]) {
        let named = |delays: &LinkDelays| (delays.interface.clone(), delays.clone());
        self.delays = delays.iter().map(named).collect();
    }
}

impl Engine {
    /// Gives a report back when it counts now.
    pub(crate) fn debounce(&mut self, now: Timestamp, link: LinkState) -> Option<LinkState> {
        let key = TimerKey::Link(link.index);
        let known = self.interfaces.get(link.index);
        let delays = self.debounce.delays.get(&link.name);
        let (Some(known), Some(delays)) = (known.filter(|known| known.name == link.name), delays)
        else {
            self.forget_link_delay(link.index);
            return Some(link);
        };
        let waiting = self.debounce.waiting.contains_key(&link.index);
        match judge(known, waiting, link.up, delays) {
            Report::Counts => {
                self.forget_link_delay(link.index);
                return Some(link);
            }
            Report::Known => {}
            Report::Waits(delay) => {
                let line = TrackLine::LinkDelayed {
                    interface: link.name.clone(),
                    from: known.flags,
                    to: link.flags,
                    delay,
                };
                self.timers.set(key, now + delay);
                self.log(LogLine::Track(line));
            }
        }
        self.debounce.waiting.insert(link.index, link);
        None
    }

    /// A report has lasted long enough.
    pub(crate) fn take_delayed_link(&mut self, index: u32) -> Option<LinkState> {
        self.debounce.waiting.remove(&index)
    }

    pub(crate) fn forget_link_delay(&mut self, index: u32) {
        if self.debounce.waiting.remove(&index).is_some() {
            self.timers.clear(TimerKey::Link(index));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_differs_from_the_state_in_force_waits() {
        let (down, up) = (Duration::from_secs(1), Duration::from_secs(2));
        let both = LinkDelays {
            interface: "eth0".to_owned(),
            down,
            up,
        };
        let one = LinkDelays {
            up: Duration::ZERO,
            ..both.clone()
        };
        let judged = |state: (bool, bool), waiting, report, delays: &LinkDelays| {
            let known = Interface {
                name: "eth0".to_owned(),
                up: state.0,
                seen_up: state.1,
                flags: 0,
                addresses: Vec::new(),
            };
            judge(&known, waiting, report, delays)
        };
        let (is_up, was_up, never_up) = ((true, true), (false, true), (false, false));
        for (state, waiting, report, delays, expected) in [
            (is_up, false, false, &both, Report::Waits(down)),
            (is_up, true, false, &both, Report::Known),
            (is_up, true, true, &both, Report::Counts),
            (is_up, false, true, &both, Report::Counts),
            (was_up, false, true, &both, Report::Waits(up)),
            (was_up, true, true, &both, Report::Known),
            (was_up, true, false, &both, Report::Counts),
            (was_up, false, true, &one, Report::Counts),
            (never_up, false, true, &both, Report::Counts),
        ] {
            let found = judged(state, waiting, report, delays);
            assert_eq!(found, expected, "{state:?} {waiting} {report}");
        }
    }
}
