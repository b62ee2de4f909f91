//! The last deed of a schedule: a master is asked to end, and the best one left must take over
//! within the skew time.

use std::time::Duration;

use evervip_model::{Config, State, skew_time};
use evervip_simulation::{Disturbance, Lan, Weather};

use super::schedule::CALM;
use super::{SEGMENTS, facts};
use crate::Rng;

/// Who is to take over a VRID, and when at the latest.
struct Succession {
    vrid: u8,
    after: Duration,
    /// The priority of whoever may.
    priority: u8,
}

/// Stops a host that is MASTER, if there is one that is followed by others, on a LAN that has settled;
/// gives what is wrong.
pub(super) fn stop_a_master(lan: &mut Lan, rng: &mut Rng) -> Vec<String> {
    let hosts = 0..lan.size();
    let leads = |host: &usize| lan.status(*host).iter().any(|s| s.state == State::Master);
    let masters: Vec<usize> = hosts.filter(leads).collect();
    if masters.is_empty() {
        return Vec::new();
    }
    let old = rng.pick(&masters);
    // The farewell must not overtake an advert that was sent a moment before.
    let way = CALM.delay;
    lan.set_weather(Weather {
        jitter: Duration::ZERO,
        ..CALM
    });
    lan.run(way + CALM.jitter);
    let mut successions = successions(lan, old);
    successions.sort_by_key(|succession| succession.after);
    lan.disturb(Disturbance::Stop(old));
    let mut faults = Vec::new();
    let mut passed = Duration::ZERO;
    for succession in successions {
        let after = succession.after + way + SLACK;
        lan.run(after.saturating_sub(passed));
        passed = passed.max(after);
        let masters = masters_of(lan, old, succession.vrid);
        if !masters.contains(&succession.priority) {
            faults.push(format!(
                "{after:?} after host {old} was stopped VRID {} has masters of priorities {masters:?}, not of {}",
                succession.vrid, succession.priority
            ));
        }
    }
    // What came later helps whoever reads the trace.
    lan.run(Duration::from_secs(1));
    faults
}

/// Engines round to microseconds, and more than one timer may be due at once.
const SLACK: Duration = Duration::from_millis(1);

/// Whether two hosts hear each other on every segment.
fn hear_each_other(lan: &Lan, one: usize, other: usize) -> bool {
    (0..SEGMENTS).all(|segment| same_side(lan, one, other, segment))
}

fn same_side(lan: &Lan, one: usize, other: usize, segment: usize) -> bool {
    lan.side(one, segment) == lan.side(other, segment)
}

/// Priorities of the masters of a VRID that heard this host.
fn masters_of(lan: &Lan, old: usize, vrid: u8) -> Vec<u8> {
    let hosts = (0..lan.size()).filter(|host| hear_each_other(lan, *host, old));
    hosts
        .flat_map(|host| lan.status(host).into_iter().zip(vrids(lan.config(host))))
        .filter(|(status, of)| *of == vrid && status.state == State::Master)
        .map(|(status, _)| status.priority)
        .collect()
}

fn vrids(config: &Config) -> Vec<u8> {
    config.instances.iter().map(|i| i.vrid.value()).collect()
}

/// What the end of a host leads to, for every instance of which that is clear: its group is the same
/// everywhere, and its members are all alike.
fn successions(lan: &Lan, old: usize) -> Vec<Succession> {
    let config = lan.config(old);
    let statuses = lan.status(old);
    let masters = (0..statuses.len()).filter(|index| statuses[*index].state == State::Master);
    masters
        .filter_map(|index| succession(lan, old, config, index))
        .collect()
}

fn succession(lan: &Lan, old: usize, config: &Config, index: usize) -> Option<Succession> {
    let group = company(config, index);
    let vrid = config.instances[index].vrid.value();
    let mut best: Option<u8> = None;
    for heir in (0..lan.size()).filter(|heir| *heir != old) {
        let elsewhere = (0..SEGMENTS).all(|segment| !same_side(lan, heir, old, segment));
        if elsewhere || !lan.is_running(heir) {
            continue;
        }
        // On one segment alone, others may have a say.
        if !hear_each_other(lan, heir, old) {
            return None;
        }
        let theirs = lan.config(heir);
        let Some(place) = vrids(theirs).iter().position(|of| *of == vrid) else {
            continue;
        };
        let statuses = lan.status(heir);
        let members = facts::members(theirs, place);
        let priority = statuses[place].priority;
        if company(theirs, place) != group
            || members
                .iter()
                .any(|member| statuses[*member].priority != priority)
        {
            return None;
        }
        if statuses[place].state == State::Backup {
            // Two address owners that take over at once give way to each other.
            if best == Some(255) && priority == 255 {
                return None;
            }
            best = best.max(Some(priority));
        }
    }
    let priority = best?;
    // The slowest member decides. Backups have learned the master's interval.
    let skews = facts::members(config, index).into_iter().map(|member| {
        let instance = &config.instances[member];
        skew_time(instance.version, priority, instance.advert_interval)
    });
    Some(Succession {
        vrid,
        after: skews.max()?,
        priority,
    })
}

/// The VRIDs of the sync group of an instance, sorted.
fn company(config: &Config, index: usize) -> Vec<u8> {
    let members = facts::members(config, index).into_iter();
    let mut vrids: Vec<u8> = members
        .map(|member| config.instances[member].vrid.value())
        .collect();
    vrids.sort_unstable();
    vrids
}
