//! Random groups of hosts: what their configurations have in common, and in what they differ.

use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use evervip_model::{
    AntiReplay, Authentication, Config, Delivery, Family, FileIndex, HmacAuthentication, HmacKey,
    HmacMode, Instance, ProcessIndex, TrackFile, TrackProcess, TrackedFile, TrackedProcess,
    Version, Weight,
};

use super::{FIRST_INDEX, SEGMENTS, link_local, link_name};
use crate::{Rng, routed, sample, tracked};

/// What all hosts have in common.
#[derive(Debug, Clone)]
pub struct Design {
    /// How many there are.
    pub hosts: usize,
    /// Every instance's.
    pub version: Version,
    /// Every instance's.
    pub family: Family,
    /// Instances of each host.
    pub instances: usize,
    /// All of them are one sync group.
    pub grouped: bool,
    /// Adverts go to every peer.
    pub unicast: bool,
    /// How adverts are proved.
    pub proof: Proof,
    /// `vrrp_startup_delay`.
    pub startup_delay: Duration,
    /// The longest time between two adverts of an instance.
    pub longest_interval: Duration,
    /// `down_timer_adverts`.
    pub down_adverts: u8,
    own_intervals: bool,
    nopreempt: u32,
    delayed: u32,
    scripts: bool,
    twins: bool,
    tracks_link: bool,
    tracks_file: bool,
    tracks_process: bool,
    routes: bool,
    process_delay: Duration,
}

/// How adverts are proved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// Not at all.
    None,
    /// By a password in clear.
    Password,
    /// By an authentication header.
    Header,
    /// By a signature.
    Signature(AntiReplay),
}

impl Design {
    /// A random one.
    #[must_use]
    pub fn random(rng: &mut Rng) -> Self {
        let family = rng.pick(&[Family::Inet, Family::Inet, Family::Inet6]);
        let version = rng.pick(&[Version::V2, Version::V3]);
        let grouped = rng.permille(400);
        Self {
            hosts: rng.pick(&[2, 2, 3, 3, 4, 5]),
            version,
            family,
            instances: if grouped {
                2 + rng.below(2)
            } else {
                1 + rng.below(2)
            },
            grouped,
            unicast: rng.permille(300),
            proof: random_proof(rng, version, family),
            startup_delay: rng.pick(&[0, 0, 0, 0, 0, 0, 0, 2]) * Duration::from_secs(1),
            longest_interval: Duration::from_secs(1),
            down_adverts: rng.pick(&[2, 3, 3, 3, 3]),
            own_intervals: version == Version::V3 && rng.permille(300),
            nopreempt: rng.pick(&[0, 0, 500, 1000]),
            delayed: rng.pick(&[0, 0, 300, 1000]),
            scripts: rng.permille(400),
            twins: rng.permille(200),
            tracks_link: rng.permille(200),
            tracks_file: rng.permille(200),
            tracks_process: rng.permille(200),
            routes: rng.permille(200),
            process_delay: rng.pick(&[0, 0, 500]) * Duration::from_millis(1),
        }
    }

    /// The configuration of a host.
    #[must_use]
    pub fn config(&self, host: usize, rng: &mut Rng) -> Config {
        let habits = Habits::random(self, host, rng);
        let instances = (0..self.instances).map(|number| self.instance(host, number, &habits, rng));
        let mut config = sample::config(instances.collect::<Vec<Instance>>());
        config.globals.vrrp.startup_delay = self.startup_delay;
        let mut script = sample::script("chk");
        (script.rise, script.fall) = (rng.pick(&[1, 1, 2]), rng.pick(&[1, 1, 3]));
        config.scripts = vec![script];
        config.files = vec![file()];
        config.processes = vec![self.process()];
        if self.grouped {
            config.sync_groups = vec![sample::group("G", 0..self.instances)];
        }
        config
    }

    fn instance(&self, host: usize, number: usize, habits: &Habits, rng: &mut Rng) -> Instance {
        let vrid = u8::try_from(number + 1).unwrap_or(1);
        let segment = usize::from(self.grouped && number == 1);
        let mut instance = Instance {
            interface: Some(link_name(segment).to_owned()),
            version: self.version,
            family: self.family,
            advert_interval: self.longest_interval,
            down_timer_adverts: self.down_adverts,
            nopreempt: habits.nopreempt,
            // Judges want to hear of it.
            notify_priority_changes: true,
            preempt_delay: habits.preempt_delay,
            timer_expired_backup: habits.expires,
            addresses: vec![sample::vip(&address(self.family, segment, 100 + vrid))].into(),
            delivery: self.delivery(host, segment),
            // Two headers with one number may cross each other for ever, if nobody answers.
            lower_prio_no_advert: self.proof != Proof::Header && rng.permille(100),
            higher_prio_send_advert: rng.permille(100),
            ..sample::instance(&format!("I{number}"), vrid, habits.priority)
        };
        if self.own_intervals {
            instance.advert_interval = rng.pick(&[200, 500, 1000]) * Duration::from_millis(1);
        }
        self.prove(&mut instance);
        if self.scripts && (number == 0 || habits.weight != 0) {
            instance.track_scripts = vec![sample::track(0, habits.weight)].into();
        }
        if self.tracks_link && (number == self.instances - 1 || habits.weight != 0) {
            instance.track_interfaces = vec![sample::track_interface("eth1", habits.weight)].into();
        }
        self.track(&mut instance, number, habits);
        if self.routes {
            // The second one is tracked with another interface than the instance's own.
            let interfaces = [link_name(segment), link_name(SEGMENTS - 1)];
            instance.routes = (0..)
                .zip(interfaces)
                .map(|(place, interface)| routed::route(20 * (place + 1) + vrid, interface))
                .collect();
        }
        instance
    }

    /// Files and processes: one instance alone has faults of them, priorities are all instances'.
    fn track(&self, instance: &mut Instance, number: usize, habits: &Habits) {
        if self.tracks_file && (number == 0 || habits.file_weight != 0) {
            instance.track_files = vec![TrackedFile {
                file: FileIndex(0),
                weight: habits.file_weight,
                reverse: habits.reverse,
            }]
            .into();
        }
        if self.tracks_process && (number == 0 || habits.weight != 0) {
            instance.track_processes = vec![TrackedProcess {
                process: ProcessIndex(0),
                weight: habits.weight,
                reverse: false,
            }]
            .into();
        }
    }

    fn process(&self) -> TrackProcess {
        TrackProcess {
            quorum_max: Some(2),
            fork_delay: self.process_delay,
            terminate_delay: self.process_delay * 2,
            ..tracked::process("daemon")
        }
    }

    fn delivery(&self, host: usize, segment: usize) -> Delivery {
        if self.unicast {
            let others = (0..self.hosts).filter(|other| *other != host);
            let peers: Vec<IpAddr> = others
                .map(|other| own_address(self.family, other, segment))
                .collect();
            return sample::unicast(&peers);
        }
        Delivery::Multicast {
            group: group(self.family),
        }
    }

    fn prove(&self, instance: &mut Instance) {
        match self.proof {
            Proof::None => {}
            Proof::Password => instance.authentication = Authentication::Pass(*b"secret\0\0"),
            Proof::Header => instance.authentication = Authentication::Header(*b"secret\0\0"),
            Proof::Signature(anti_replay) => {
                instance.hmac = Some(Box::new(HmacAuthentication {
                    keys: vec![HmacKey {
                        id: 1,
                        secret: vec![7; 32],
                    }],
                    active_key: 1,
                    time_window: Duration::from_secs(30),
                    anti_replay,
                    mode: HmacMode::Enforce,
                }));
            }
        }
    }
}

/// What the instances of one host have in common: members of a sync group are to be alike.
struct Habits {
    priority: u8,
    nopreempt: bool,
    preempt_delay: Duration,
    /// Of what is tracked.
    weight: Weight,
    /// Of a tracked file, and whether its sign is changed.
    file_weight: Weight,
    reverse: bool,
    /// `timer_expired_backup`.
    expires: Option<u8>,
}

impl Habits {
    fn random(design: &Design, host: usize, rng: &mut Rng) -> Self {
        let priority = if design.twins {
            rng.pick(&[100, 100, 255])
        } else {
            rng.pick(&[50, 90, 100, 101, 150, 254, 255])
        };
        // Two owners give way for each instance alone, so that a group with several of them may end
        // with its members' priorities crossed: nothing that an election can mend.
        let limit = if design.grouped && host > 0 { 254 } else { 255 };
        let nopreempt = rng.permille(design.nopreempt);
        let delayed = !nopreempt && rng.permille(design.delayed);
        Self {
            priority: priority.min(limit),
            nopreempt,
            preempt_delay: Duration::from_secs(if delayed { 2 } else { 0 }),
            weight: rng.pick(&[0, 0, -30, 20]),
            file_weight: rng.pick(&[0, 1, 7, -2]),
            reverse: rng.permille(300),
            expires: (nopreempt && rng.permille(400)).then(|| rng.pick(&[100, 254])),
        }
    }
}

fn random_proof(rng: &mut Rng, version: Version, family: Family) -> Proof {
    match (rng.below(10), version, family) {
        (0..=1, Version::V2, Family::Inet) => Proof::Header,
        (2, Version::V2, Family::Inet) => Proof::Password,
        (3, ..) => Proof::Signature(AntiReplay::Time),
        (4, ..) => Proof::Signature(AntiReplay::Monotonic),
        _ => Proof::None,
    }
}

/// A file that the instances may track.
pub(super) fn file() -> TrackFile {
    TrackFile {
        name: "file".into(),
        path: "file".into(),
        weight: 1,
        reverse: false,
        initial: None,
    }
}

/// A virtual address of a segment.
pub(super) fn address(family: Family, segment: usize, last: u8) -> String {
    match family {
        Family::Inet => format!("10.0.{segment}.{last}"),
        Family::Inet6 => format!("2001:db8:{segment}::{last}"),
    }
}

/// A host's own address on a segment.
pub(super) fn own_address(family: Family, host: usize, segment: usize) -> IpAddr {
    let last = u8::try_from(host + 1).unwrap_or(u8::MAX);
    let index = FIRST_INDEX + u32::from(segment > 0);
    match family {
        Family::Inet => {
            let own = sample::addresses(last).into_iter();
            own.filter(|(on, _)| *on == index)
                .map(|(_, address)| address)
                .next()
                .unwrap_or(sample::OWN)
        }
        Family::Inet6 => link_local(host, segment),
    }
}

fn group(family: Family) -> IpAddr {
    match family {
        Family::Inet => sample::GROUP,
        Family::Inet6 => IpAddr::V6(Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0x12)),
    }
}
