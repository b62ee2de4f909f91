//! Arbitrary bytes read as a configuration and a list of events: the body of the fuzzer.
//!
//! Every sequence of bytes means something, so that nothing is wasted on refusal. What is checked
//! are the promises of the engine's documentation; a broken one panics.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::path::Path;
use std::time::Duration;

use evervip_model::{
    AntiReplay, Authentication, Config, Delivery, HmacAuthentication, HmacKey, HmacMode,
    ProcessPattern, State, Version,
};
use evervip_vrrp::{
    Action, CheckOutcome, Engine, Event, LinkState, RouterId, RunId, SocketKey, SocketKind,
    Timestamp,
};

use evervip_wire::{AH_PROTOCOL, PROTOCOL, Proof};

use crate::craft::Craft;
use crate::{routed, sample, tracked};

/// Runs the events that `bytes` describe, twice, and checks what the engine promises.
///
/// Gives all actions, so that a caller can see how far the events got.
///
/// # Panics
/// When a promise is broken.
pub fn engine_events(bytes: &[u8]) -> Vec<Action> {
    let first = Run::of(bytes);
    let second = Run::of(bytes);
    assert_eq!(
        first.record, second.record,
        "the same events gave other actions"
    );
    first.record
}

/// Bytes that are taken one after another; when they are used up there come zeros.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else {
            return 0;
        };
        self.0 = rest;
        *first
    }

    fn flag(&mut self) -> bool {
        self.byte() & 1 == 1
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::from(self.byte()) % bound
    }

    fn take(&mut self, length: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(length.min(self.0.len()));
        self.0 = rest;
        taken
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// An engine, and what the outside knows of it.
struct Run {
    engine: Engine,
    config: Config,
    now: Timestamp,
    started: bool,
    stopped: bool,
    /// Addresses that were added and not removed since, with their interface.
    held: BTreeSet<(u32, IpAddr)>,
    /// Rules that were added and not removed since; static ones have no router.
    rules: BTreeSet<(Option<RouterId>, u32)>,
    /// Names of the interfaces.
    links: BTreeMap<u32, String>,
    runs: Vec<RunId>,
    record: Vec<Action>,
}

impl Run {
    fn of(bytes: &[u8]) -> Self {
        let mut bytes = Bytes(bytes);
        let config = config(&mut bytes);
        let mut run = Self {
            engine: Engine::new(config.clone(), sample::links(), &sample::addresses(1)),
            config,
            now: Timestamp::from_nanos(u64::from(bytes.byte()) * 1_000_000),
            started: false,
            stopped: false,
            held: BTreeSet::new(),
            rules: BTreeSet::new(),
            links: sample::links()
                .into_iter()
                .map(|link| (link.index, link.name))
                .collect(),
            runs: Vec::new(),
            record: Vec::new(),
        };
        while !bytes.is_empty() {
            run.step(&mut bytes);
        }
        run
    }

    fn step(&mut self, bytes: &mut Bytes<'_>) {
        match bytes.below(19) {
            0 | 1 => self.start(),
            2..=4 => self.wait(bytes),
            5..=7 => self.advert(bytes),
            8 => self.hostile(bytes),
            9 => self.link(bytes),
            10 => self.address(bytes),
            11 | 12 => self.check_ended(bytes),
            13 => self.reload(bytes),
            14 => {
                // The clock may stand still or be read late; it may even go back.
                let back = Duration::from_millis(u64::from(bytes.byte()));
                self.now = self.now - back;
            }
            15 | 16 => self.observed(bytes),
            17 => {
                let unix_nanos = u64::from(bytes.byte()) << 30;
                self.event(Event::WallClockSet { unix_nanos });
            }
            _ => match bytes.byte() {
                255 => {
                    self.engine.handle(self.now, Event::StopRequested);
                    self.drain();
                    self.stopped = true;
                    self.check_rules();
                }
                choice => self.event(routed::event(choice)),
            },
        }
    }

    fn start(&mut self) {
        self.started |= !self.stopped;
        self.event(Event::Started);
    }

    fn wait(&mut self, bytes: &mut Bytes<'_>) {
        match (bytes.below(3), self.engine.next_deadline()) {
            (0, Some(at)) => self.now = self.now.max(at),
            (1, Some(at)) => {
                self.now = self.now.max(at) + Duration::from_millis(u64::from(bytes.byte()) * 50);
            }
            _ => self.now = self.now + Duration::from_millis(u64::from(bytes.byte()) * 7),
        }
        if bytes.flag() {
            self.event(Event::Awake);
            assert!(
                self.engine.vigil().is_none_or(|at| at > self.now),
                "a vigil was not kept"
            );
        }
        self.event(Event::DeadlineReached);
        assert!(
            self.engine.next_deadline().is_none_or(|at| at > self.now),
            "a deadline was not handled"
        );
    }

    /// An advert that is right but for what is changed in it.
    fn advert(&mut self, bytes: &mut Bytes<'_>) {
        let Some(instance) = pick(&self.config.instances, bytes) else {
            return;
        };
        let mut craft = Craft::of(instance)
            .priority(bytes.byte())
            .from(1 + bytes.byte() % 4);
        if craft.proof != Proof::None {
            // For a signature seconds, near the engine's own.
            craft = craft.sequence(u64::from(bytes.byte()) << 32 | u64::from(bytes.byte()));
        }
        let kind = match instance.delivery {
            Delivery::Unicast { .. } => SocketKind::Unicast(sample::OWN),
            _ => SocketKind::Multicast(sample::GROUP),
        };
        if bytes.flag() {
            craft.ttl = bytes.byte();
        }
        let mut packet = craft.bytes();
        if bytes.flag() {
            let position = bytes.below(packet.len());
            packet[position] ^= bytes.byte();
        }
        self.packet(sample::ETH0 + u32::from(bytes.byte() & 1), kind, &packet);
    }

    fn hostile(&mut self, bytes: &mut Bytes<'_>) {
        let length = bytes.below(64);
        let packet = bytes.take(length);
        let kind = if bytes.flag() {
            SocketKind::Unicast(sample::OWN)
        } else {
            SocketKind::Multicast(sample::GROUP)
        };
        self.packet(sample::ETH0, kind, packet);
    }

    /// A packet that was not accepted changes counters and the log, nothing else.
    fn packet(&mut self, interface: u32, kind: SocketKind, packet: &[u8]) {
        let facts = |engine: &Engine| -> Vec<(State, u8, u64)> {
            let of =
                |s: evervip_vrrp::RouterStatus| (s.state, s.priority, s.statistics.advert_rcvd);
            engine.status().into_iter().map(of).collect()
        };
        let before = (facts(&self.engine), self.engine.next_deadline());
        let first = self.record.len();
        self.event(Event::PacketReceived {
            socket: SocketKey {
                interface,
                kind,
                protocol: protocol_of(packet),
            },
            bytes: packet,
        });
        let accepted =
            |facts: &[(State, u8, u64)]| -> Vec<u64> { facts.iter().map(|f| f.2).collect() };
        let after = (facts(&self.engine), self.engine.next_deadline());
        let peer_failed = accepted(&before.0) != accepted(&after.0);
        if !peer_failed {
            assert_eq!(before, after, "a dropped packet changed something");
            assert!(
                self.record[first..]
                    .iter()
                    .all(|action| matches!(action, Action::Log(_))),
                "a dropped packet had an effect"
            );
        }
    }

    fn link(&mut self, bytes: &mut Bytes<'_>) {
        let index = sample::ETH0 + u32::from(bytes.byte() % 3);
        if bytes.byte() % 4 == 0 {
            // The kernel takes the addresses along.
            self.held.retain(|(interface, _)| *interface != index);
            self.links.remove(&index);
            self.event(Event::LinkRemoved { index });
        } else {
            let names = ["eth0", "eth1", "lan0", "eth0", "eth1"];
            let name = names[bytes.below(names.len())].to_owned();
            self.links.insert(index, name.clone());
            self.event(Event::LinkChanged(LinkState {
                index,
                name,
                up: bytes.byte() % 4 != 0,
                flags: 0,
            }));
        }
    }

    /// Something that is tracked, or was, or never will be.
    fn observed(&mut self, bytes: &mut Bytes<'_>) {
        let name = ["t0", "t1", "gone"][bytes.below(3)];
        match bytes.below(4) {
            0 => {
                let length = bytes.below(8);
                let text = bytes.take(length);
                let path = Path::new(name);
                self.event(Event::FileRead { path, text });
            }
            1 => {
                let pattern = &ProcessPattern::of(&tracked::process(name));
                let count = u32::from(bytes.byte() % 4);
                self.event(Event::ProcessesCounted { pattern, count });
            }
            2 => self.event(Event::BfdReported {
                session: name,
                up: bytes.flag(),
            }),
            _ => self.event(Event::LinkPolled {
                interface: "eth1",
                up: bytes.flag(),
            }),
        }
    }

    fn address(&mut self, bytes: &mut Bytes<'_>) {
        let index = sample::ETH0 + u32::from(bytes.byte() & 1);
        let last = [1, 2, 101, 102, 103, 150][bytes.below(6)];
        let address = sample::lan(last);
        match bytes.below(3) {
            0 => self.event(Event::AddressAdded { index, address }),
            1 => {
                let by_us = bytes.flag();
                if !by_us {
                    self.held.remove(&(index, address));
                }
                self.event(Event::AddressRemoved {
                    index,
                    address,
                    by_us,
                });
            }
            _ => {
                let address = sample::addresses(1)[0].1;
                self.event(Event::AddressAdded {
                    index: sample::ETH0,
                    address,
                });
            }
        }
    }

    fn check_ended(&mut self, bytes: &mut Bytes<'_>) {
        let run = if bytes.byte() % 8 == 0 || self.runs.is_empty() {
            RunId(u64::from(bytes.byte()))
        } else {
            let position = bytes.below(self.runs.len());
            self.runs.swap_remove(position)
        };
        let outcome = match bytes.below(6) {
            0..=2 => CheckOutcome::Exited(0),
            3 => CheckOutcome::Exited(i32::from(bytes.byte())),
            4 => CheckOutcome::TimedOut,
            _ if bytes.flag() => CheckOutcome::Signalled(9),
            _ => CheckOutcome::CannotRun("permission denied".to_owned()),
        };
        self.event(Event::CheckEnded { run, outcome });
    }

    fn reload(&mut self, bytes: &mut Bytes<'_>) {
        self.config = config(bytes);
        self.engine.reload(self.now, self.config.clone());
        self.drain();
        self.check_rules();
    }

    fn event(&mut self, event: Event<'_>) {
        self.engine.handle(self.now, event);
        self.drain();
        self.check_rules();
    }

    /// Takes the actions out and follows the addresses.
    fn drain(&mut self) {
        while let Some(action) = self.engine.poll_action() {
            match &action {
                Action::AddAddresses(change) => {
                    for placed in change.addresses.iter() {
                        self.held.insert((placed.interface, placed.address.address));
                    }
                }
                Action::RemoveAddresses(change) => {
                    for placed in change.addresses.iter() {
                        self.held
                            .remove(&(placed.interface, placed.address.address));
                    }
                }
                Action::AddRules(change) => {
                    let rules = change.rules.iter();
                    self.rules
                        .extend(rules.map(|rule| (change.router, rule.preference)));
                }
                Action::RemoveRules(change) => {
                    for rule in &change.rules {
                        self.rules.remove(&(change.router, rule.preference));
                    }
                }
                Action::StartCheck { run, .. } => self.runs.push(*run),
                Action::SendAdvert { router, .. } => {
                    assert!(
                        self.started && !self.stopped,
                        "an advert before start or after stop"
                    );
                    assert!(
                        self.engine.advert_spec(*router).is_some(),
                        "an advert that cannot be made"
                    );
                }
                Action::Log(line) => assert!(!line.to_string().contains("secret")),
                _ => {}
            }
            self.record.push(action);
        }
        self.check_addresses();
    }

    /// MASTER and nobody else has rules, and the static ones are there from start to end.
    fn check_rules(&self) {
        let statuses = self.engine.status();
        for (router, preference) in &self.rules {
            let master = |id: &RouterId| {
                let mut statuses = statuses.iter();
                statuses.any(|status| status.id == *id && status.state == State::Master)
            };
            assert!(
                router.as_ref().is_none_or(master),
                "rule {preference} of a router that is not MASTER"
            );
        }
        for (status, instance) in statuses.iter().zip(&self.config.instances) {
            for rule in &instance.rules {
                assert!(
                    status.state != State::Master
                        || self.rules.contains(&(Some(status.id), rule.preference)),
                    "{} is MASTER without its rule",
                    status.name
                );
            }
        }
        for fixture in &self.config.fixtures.rules {
            assert_eq!(
                self.rules.contains(&(None, fixture.entry.preference)),
                self.started && !self.stopped,
                "a static rule"
            );
        }
    }

    /// The addresses of MASTERs and no others are there.
    fn check_addresses(&self) {
        let statuses = self.engine.status();
        for (_, address) in &self.held {
            let instances = statuses.iter().zip(&self.config.instances);
            let mut masters = instances.filter(|(status, _)| status.state == State::Master);
            let lists = |instance: &evervip_model::Instance| {
                let excluded = &instance.excluded_addresses;
                let mut all = instance.addresses.iter().chain(excluded);
                all.any(|own| own.address == *address)
            };
            assert!(
                masters.any(|(_, instance)| lists(instance)),
                "{address} is there, and none of its routers is MASTER"
            );
        }
        for status in statuses {
            assert!(
                status.state != State::Master || self.started && !self.stopped,
                "a MASTER before start or after stop"
            );
            assert!(status.priority != 0);
        }
        let masters = self.engine.status().into_iter().zip(&self.config.instances);
        for (status, instance) in masters.filter(|(status, _)| status.state == State::Master) {
            for address in &instance.addresses {
                let others = self.config.instances.iter();
                let lists = others.filter(|i| i.addresses.contains(address)).count();
                let named = self.links.iter();
                let mut named =
                    named.filter(|(_, name)| Some(*name) == instance.interface.as_ref());
                // Who puts an address back that two instances list is nobody's promise.
                if let (1, Some((index, _)), None) = (lists, named.next(), named.next()) {
                    assert!(
                        self.held.contains(&(*index, address.address)),
                        "{} is MASTER without {}",
                        status.name,
                        address.address
                    );
                }
            }
        }
    }
}

fn pick<'a, T>(list: &'a [T], bytes: &mut Bytes<'_>) -> Option<&'a T> {
    let position = bytes.below(list.len().max(1));
    list.get(position)
}

/// A configuration that satisfies the invariants of the model: up to four instances, two scripts
/// and one group.
fn config(bytes: &mut Bytes<'_>) -> Config {
    let count = 1 + bytes.below(4);
    let scripts = vec![sample::script("one"), {
        let mut script = sample::script("two");
        (script.rise, script.fall) = (2, 3);
        script
    }];
    let mut config = Config {
        instances: (0..count).map(|n| instance(n, bytes)).collect(),
        scripts,
        ..Config::default()
    };
    let flags = bytes.byte();
    if flags & 1 != 0 {
        config.scripts.truncate(1);
        for instance in &mut config.instances {
            instance.track_scripts.retain(|track| track.script.0 == 0);
        }
    }
    if flags & 2 != 0 && count > 1 {
        config.sync_groups = vec![sample::group("G", 0..count.min(3))];
    }
    if flags & 4 != 0 {
        config.globals.garp_interval = Duration::from_millis(200);
    }
    config.globals.log_unknown_vrids = flags & 8 != 0;
    // Not too often: what is in FAULT does nothing else.
    if flags & 48 == 48 {
        tracked::add(&mut config, flags & 64 != 0);
    }
    if flags & 128 != 0 {
        routed::add(&mut config);
    }
    config
}

/// The protocol that the IP header names: sockets for others do not see the packet.
fn protocol_of(packet: &[u8]) -> u8 {
    match packet.get(9) {
        Some(&AH_PROTOCOL) => AH_PROTOCOL,
        _ => PROTOCOL,
    }
}

fn signed(bytes: &mut Bytes<'_>) -> HmacAuthentication {
    let choice = bytes.byte();
    HmacAuthentication {
        keys: vec![HmacKey {
            id: 1,
            secret: vec![7; 32],
        }],
        active_key: 1,
        time_window: Duration::from_secs(u64::from(choice >> 4) + 1),
        anti_replay: if choice & 1 == 0 {
            AntiReplay::Time
        } else {
            AntiReplay::Monotonic
        },
        mode: match choice >> 1 & 3 {
            0 => HmacMode::Permissive,
            1 => HmacMode::ReceiveOnly,
            _ => HmacMode::Enforce,
        },
    }
}

fn instance(number: usize, bytes: &mut Bytes<'_>) -> evervip_model::Instance {
    let number = u8::try_from(number).unwrap_or(0);
    let vrid = 1 + number + bytes.byte() / 200;
    let priorities = [1, 90, 100, 100, 150, 254, 255, 255];
    let priority = priorities[bytes.below(priorities.len())];
    let names = ["A", "B", "C", "D"];
    let mut instance = sample::instance(names[usize::from(number) % 4], vrid, priority);
    let flags = bytes.byte();
    if flags & 1 != 0 {
        instance.version = Version::V3;
        instance.advert_interval = Duration::from_millis(10 * (1 + u64::from(bytes.byte())));
    } else if flags & 2 != 0 {
        instance.authentication = match bytes.byte() % 8 {
            0 => Authentication::Header(*b"secret\0\0"),
            _ => Authentication::Pass(*b"secret\0\0"),
        };
    } else if flags & 12 == 12 {
        // Not too often: random sequences are seldom acceptable.
        instance.hmac = Some(Box::new(signed(bytes)));
    }
    instance.nopreempt = flags & 4 != 0;
    if flags & 8 != 0 {
        instance.preempt_delay = Duration::from_secs(2);
    }
    if flags & 16 != 0 {
        instance.delivery = sample::unicast(&[sample::lan(2), sample::lan(3)]);
    }
    if flags & 32 != 0 {
        instance.track_scripts = vec![
            sample::track(0, 0),
            sample::track(1, i32::from(bytes.byte()) - 128),
        ]
        .into();
    }
    if flags & 64 != 0 {
        let weight = i32::from(bytes.byte()) - 128;
        instance.track_interfaces = vec![sample::track_interface("eth1", weight)].into();
    }
    if flags & 128 != 0 {
        let mut other = sample::vip("10.0.0.150");
        other.dev = Some("eth1".into());
        other.no_track = bytes.flag();
        instance.excluded_addresses = vec![other, sample::vip("2001:db8::1")].into();
    }
    let more = bytes.byte();
    instance.skip_check_adv_addr = more & 1 != 0;
    instance.lower_prio_no_advert = more & 2 != 0;
    instance.higher_prio_send_advert = more & 4 != 0;
    instance.track_primary = more & 8 == 0;
    if more & 16 != 0 {
        instance.garp.refresh = Duration::from_secs(3);
    }
    if more & 32 != 0 {
        instance.source = Some(sample::OWN);
        instance.track_source = more & 64 != 0;
    }
    if more & 128 != 0 {
        instance.interface = Some("eth1".to_owned());
    }
    instance
}
