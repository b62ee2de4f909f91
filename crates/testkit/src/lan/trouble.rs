//! What may happen to a LAN, at random.

use std::fmt;
use std::time::Duration;

use evervip_model::{Config, ProcessPattern};
use evervip_simulation::{Disturbance, Lan, Sleep, Weather};

use super::design::file;
use super::{Design, Edit, Proof, SEGMENTS, hostile};
use crate::{Rng, sample};

/// Something that happens to a LAN.
#[derive(Debug, Clone)]
pub enum Trouble {
    /// To a host or to its surroundings.
    Disturbance(Disturbance),
    /// A host reads its configuration with a change in it.
    Reload(usize, Edit),
    /// From now on packets fare like this.
    Weather(Weather),
}

impl Trouble {
    /// Lets it happen.
    pub fn strike(&self, lan: &mut Lan) {
        match self {
            Self::Disturbance(disturbance) => lan.disturb(disturbance.clone()),
            // What a crash has left behind is nobody's if the file changes before the next start.
            Self::Reload(host, _) if !lan.is_running(*host) => {}
            Self::Reload(host, edit) => {
                let config = edit.of(lan.config(*host));
                lan.disturb(Disturbance::Reload(*host, Box::new(config)));
            }
            Self::Weather(weather) => lan.set_weather(*weather),
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Disturbance(disturbance) => disturbance.fmt(f),
            Self::Reload(host, edit) => write!(f, "Reload({host}, {edit:?})"),
            Self::Weather(weather) => write!(f, "{weather:?}"),
        }
    }
}

/// A time within a schedule, and what happens then.
pub type Event = (Duration, Trouble);

/// Weather of any kind.
pub(super) fn weather(rng: &mut Rng) -> Weather {
    Weather {
        loss: rng.pick(&[0, 0, 20, 300]),
        duplicates: rng.pick(&[0, 100]),
        delay: rng.pick(&[1, 10, 50]) * Duration::from_millis(1),
        jitter: rng.pick(&[0, 5, 200]) * Duration::from_millis(1),
    }
}

/// One kind of trouble that begins at this time, and what follows from it later.
pub(super) fn storm(
    rng: &mut Rng,
    at: Duration,
    design: &Design,
    configs: &[Config],
) -> Vec<Event> {
    let host = rng.below(design.hosts);
    let later = at + rng.between(Duration::from_millis(1), Duration::from_secs(6));
    let lasts = rng.permille(300);
    let pair = |first, second| {
        let second = (!lasts).then_some((later, Trouble::Disturbance(second)));
        std::iter::once((at, Trouble::Disturbance(first)))
            .chain(second)
            .collect()
    };
    match rng.below(20) {
        0 => pair(Disturbance::Crash(host), Disturbance::Start(host)),
        1 => pair(Disturbance::Stop(host), Disturbance::Start(host)),
        2 => pair(Disturbance::PowerOff(host), Disturbance::Start(host)),
        3 | 4 => {
            let link = rng.pick(&[sample::ETH0, sample::ETH1]);
            let down = Disturbance::Link(host, link, false);
            pair(down, Disturbance::Link(host, link, true))
        }
        5 => {
            let sides = sides(rng, design);
            let whole = Disturbance::Partition(vec![0; design.hosts]);
            pair(Disturbance::Partition(sides), whole)
        }
        6 | 7 => pair(
            Disturbance::Script(host, false),
            Disturbance::Script(host, true),
        ),
        8 | 9 => only(at, Disturbance::Pause(host, later - at, sleep(rng))),
        10 => only(at, Disturbance::Steal(host)),
        11 => hostile_frames(rng, at, host, &configs[host]),
        12 => only(at, Disturbance::Clock(host, clock(rng, design))),
        13 => vec![(at, Trouble::Weather(weather(rng)))],
        15 => file_changes(rng, at, later, host),
        16 => process_changes(rng, at, later, host, &configs[host]),
        17 => only(at, Disturbance::StealRoutes(host)),
        14 => {
            let segment = rng.below(SEGMENTS);
            let sides = sides(rng, design);
            let whole = Disturbance::Sever(segment, vec![0; design.hosts]);
            pair(Disturbance::Sever(segment, sides), whole)
        }
        _ => vec![(at, Trouble::Reload(host, edit(rng, design)))],
    }
}

fn sides(rng: &mut Rng, design: &Design) -> Vec<u8> {
    let sides = (0..design.hosts).map(|_| u8::from(rng.permille(500)));
    sides.collect()
}

/// A kind of sleep.
pub(super) fn sleep(rng: &mut Rng) -> Sleep {
    rng.pick(&[
        Sleep::Daemon,
        Sleep::Machine,
        Sleep::Machine,
        Sleep::MachineAndClock,
    ])
}

fn only(at: Duration, disturbance: Disturbance) -> Vec<Event> {
    vec![(at, Trouble::Disturbance(disturbance))]
}

/// Somebody writes into the tracked file, twice.
fn file_changes(rng: &mut Rng, at: Duration, later: Duration, host: usize) -> Vec<Event> {
    let mut write = |at| {
        let text = rng.pick(&[
            "", "0", "1\n", "-1", "3", "-20", "40", "-254", "9999", "text",
        ]);
        let write = Disturbance::TrackedFile(host, file().path, text.to_owned());
        (at, Trouble::Disturbance(write))
    };
    vec![write(at), write(later)]
}

/// Processes begin and end; both changes may come within the delay.
fn process_changes(
    rng: &mut Rng,
    at: Duration,
    later: Duration,
    host: usize,
    config: &Config,
) -> Vec<Event> {
    let pattern = ProcessPattern::of(&config.processes[0]);
    let soon = at + rng.between(Duration::ZERO, Duration::from_secs(1));
    let mut change = |at| {
        let count = u32::try_from(rng.below(4)).unwrap_or(0);
        let change = Disturbance::TrackedProcesses(host, pattern.clone(), count);
        (at, Trouble::Disturbance(change))
    };
    vec![change(at), change(soon), change(later)]
}

fn hostile_frames(rng: &mut Rng, at: Duration, host: usize, config: &Config) -> Vec<Event> {
    let frames = (0..10).map(|number| {
        let instance = &config.instances[rng.below(config.instances.len())];
        let at = at + Duration::from_millis(number * 130);
        (at, Trouble::Disturbance(hostile(host, instance, rng)))
    });
    frames.collect()
}

/// Milliseconds by which a clock is wrong: signatures need clocks that agree, nothing else does.
fn clock(rng: &mut Rng, design: &Design) -> i64 {
    if matches!(design.proof, Proof::Signature(_)) {
        rng.pick(&[-2000, -500, 0, 500, 2000])
    } else {
        rng.pick(&[
            -1_000_000_000_000,
            -3_600_000,
            0,
            3_600_000,
            1_000_000_000_000,
        ])
    }
}

/// A change that leaves each virtual router with a configuration that all hosts can agree upon.
fn edit(rng: &mut Rng, design: &Design) -> Edit {
    let vrid = vrid(rng, design);
    match rng.below(7) {
        0 => benign(rng, design),
        1 => Edit::Nopreempt(rng.permille(500)),
        2 => Edit::AddInstance(EXTRA_VRID),
        3 => Edit::RemoveInstance(EXTRA_VRID),
        4 if !design.grouped => Edit::RemoveInstance(vrid),
        _ => Edit::Priority(u8::try_from(50 + rng.below(150)).unwrap_or(100)),
    }
}

/// A change that is no reason for anybody to change a state.
pub(super) fn benign(rng: &mut Rng, design: &Design) -> Edit {
    let vrid = vrid(rng, design);
    let last = u8::try_from(150 + rng.below(4)).unwrap_or(150) + 10 * vrid;
    match rng.below(9) {
        0 => Edit::Nothing,
        1 => Edit::Reverse,
        2 => Edit::Rename(vrid),
        3 => Edit::AddScript,
        4 | 5 => Edit::AddAddress(vrid, last),
        6 | 7 => Edit::RemoveAddress(vrid),
        _ => {
            let millis = rng.pick(&[200, 500, 1000]);
            Edit::Interval(vrid, Duration::from_millis(millis))
        }
    }
}

/// Changes, on one host or on all of them, of which some concern a state.
pub(super) fn reloads(rng: &mut Rng, at: Duration, design: &Design) -> Vec<Event> {
    let host = rng.below(design.hosts);
    let vrid = vrid(rng, design);
    let everywhere = |edit| {
        let hosts = (0..design.hosts).zip(1..);
        let reload = |(host, step)| {
            let at = at + Duration::from_millis(130) * step;
            (at, Trouble::Reload(host, edit))
        };
        hosts.map(reload).collect()
    };
    match rng.below(12) {
        0 => everywhere(Edit::AddInstance(EXTRA_VRID)),
        1 => everywhere(Edit::RemoveInstance(EXTRA_VRID)),
        2 => everywhere(Edit::RemoveInstance(vrid)),
        3 if design.grouped => everywhere(Edit::Leave(vrid)),
        4 if design.grouped => everywhere(Edit::Join(EXTRA_VRID)),
        5 => vec![(at, Trouble::Reload(host, Edit::AddInstance(LONELY_VRID)))],
        _ => vec![(at, Trouble::Reload(host, benign(rng, design)))],
    }
}

/// A VRID that the hosts begin with.
fn vrid(rng: &mut Rng, design: &Design) -> u8 {
    u8::try_from(1 + rng.below(design.instances)).unwrap_or(1)
}

/// A VRID that comes and goes.
const EXTRA_VRID: u8 = 7;
/// One that not all hosts have, and that no group may wait for.
const LONELY_VRID: u8 = 6;
