//! The forecast of elections against simulated engines: on random groups of nodes both must end
//! with the same masters, at start, after a failure, and after recovery.

use std::net::IpAddr;
use std::time::Duration;

use evervip_lint::outcome::{Contest, Failures, Outcome, Place, Role, Seat};
use evervip_model::{Config, Instance, ScriptIndex, State, Version};
use evervip_testkit::lan::schedule::CALM;
use evervip_testkit::lan::{Disturbance, Lan};
use evervip_testkit::{Rng, sample};

/// Longer than any takeover of the configurations below.
const SETTLE: Duration = Duration::from_secs(60);

#[test]
fn a_forecast_is_what_the_engines_come_to() {
    let seeds = std::env::var("EVERVIP_SEEDS").ok();
    let seeds = seeds.and_then(|n| n.parse().ok()).unwrap_or(1000);
    let (mut compared, mut faults) = (0_u64, Vec::new());
    for seed in 0..seeds {
        match Trial::new(seed).run() {
            Ok(steps) => compared += steps,
            Err(fault) => faults.push(format!("seed {seed}: {fault}")),
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(compared > seeds, "only {compared} steps of {seeds} runs");
}

/// A group of nodes on a LAN, and one failure.
struct Trial {
    configs: Vec<Config>,
    lan: Lan,
    rng: Rng,
}

impl Trial {
    fn new(seed: u64) -> Self {
        let mut rng = Rng::new(seed);
        let nodes = 2 + rng.below(2);
        let style = Style::random(&mut rng);
        let configs: Vec<Config> = (0..nodes)
            .map(|node| style.config(node, nodes, &mut rng))
            .collect();
        let mut lan = evervip_testkit::lan::of(seed ^ 0xf0e, configs.clone());
        lan.set_weather(CALM);
        Self { configs, lan, rng }
    }

    /// Gives how many outcomes were compared, or where the two differ.
    fn run(mut self) -> Result<u64, String> {
        let configs = std::mem::take(&mut self.configs);
        let nodes: Vec<&Config> = configs.iter().collect();
        let contest = Contest::new(&nodes, &seats(&nodes));
        for node in 0..nodes.len() {
            self.lan.disturb(Disturbance::Start(node));
        }
        self.lan.run(SETTLE);
        let none = Failures::default();
        let start = contest.start(&none);
        let describe = || describe(&configs);
        if !self.agree(&start, "start").map_err(|e| e + &describe())? {
            return Ok(0);
        }
        let (broken, failures) = self.failure(&configs);
        self.lan.disturb(broken.0);
        self.lan.run(SETTLE);
        let after = contest.change(&start, &none, &failures);
        let when = format!("{failures:?}");
        if !self.agree(&after, &when).map_err(|e| e + &describe())? {
            return Ok(1);
        }
        self.lan.disturb(broken.1);
        self.lan.run(SETTLE);
        let healed = contest.change(&after, &failures, &none);
        let when = format!("recovery of {failures:?}");
        let last = self.agree(&healed, &when).map_err(|e| e + &describe())?;
        Ok(2 + u64::from(last))
    }

    /// Whether the outcome is certain; an error when it is another one than the engines'.
    fn agree(&self, forecast: &Outcome, when: &str) -> Result<bool, String> {
        if forecast.unstable || !forecast.tied.is_empty() {
            return Ok(false);
        }
        for (place, role, _) in &forecast.places {
            let expected = match role {
                Role::Gone => None,
                Role::Fault => Some(State::Fault),
                Role::Backup => Some(State::Backup),
                Role::Master => Some(State::Master),
            };
            let got = self.lan.state(place.node, place.instance);
            if got != expected {
                return Err(format!("{when}: {place:?} is {got:?}, not {expected:?}\n"));
            }
        }
        Ok(true)
    }

    /// What breaks and how it is mended, and the same for the forecast.
    fn failure(&mut self, configs: &[Config]) -> ((Disturbance, Disturbance), Failures) {
        let node = self.rng.below(configs.len());
        let mut failures = Failures::default();
        let broken = match self.rng.below(5) {
            0 => {
                failures.dead.insert(node);
                (Disturbance::Crash(node), Disturbance::Start(node))
            }
            1 => {
                failures.stopped.insert(node);
                (Disturbance::Stop(node), Disturbance::Start(node))
            }
            2 => {
                let scripts = 0..configs[node].scripts.len();
                failures
                    .scripts
                    .extend(scripts.map(|s| (node, ScriptIndex(s))));
                (
                    Disturbance::Script(node, false),
                    Disturbance::Script(node, true),
                )
            }
            _ => {
                let (index, name) = self
                    .rng
                    .pick(&[(sample::ETH0, "eth0"), (sample::ETH1, "eth1")]);
                failures.interfaces.insert((node, name.to_owned()));
                (
                    Disturbance::Link(node, index, false),
                    Disturbance::Link(node, index, true),
                )
            }
        };
        (broken, failures)
    }
}

/// All instances with the same VRID are one virtual router.
fn seats(nodes: &[&Config]) -> Vec<Vec<Seat>> {
    let count = nodes.iter().map(|n| n.instances.len()).max().unwrap_or(0);
    let seat = |node: usize, instance: usize| {
        let config = nodes[node];
        let mut groups = config.sync_groups.iter();
        Some(Seat {
            place: Place { node, instance },
            group: groups.position(|g| g.members.iter().any(|m| m.0 == instance)),
            source: config.instances.get(instance)?.source,
        })
    };
    (0..count)
        .map(|instance| {
            let of_node = |node| seat(node, instance);
            (0..nodes.len()).filter_map(of_node).collect()
        })
        .collect()
}

/// What the instances of all nodes have in common.
struct Style {
    version: Version,
    instances: usize,
    grouped: bool,
    unicast: bool,
    twins: bool,
}

impl Style {
    fn random(rng: &mut Rng) -> Self {
        let grouped = rng.permille(400);
        Self {
            version: rng.pick(&[Version::V2, Version::V3]),
            instances: if grouped { 2 } else { 1 + rng.below(2) },
            grouped,
            // The LAN has unicast addresses on `eth0` only.
            unicast: !grouped && rng.permille(300),
            twins: rng.permille(150),
        }
    }

    fn config(&self, node: usize, nodes: usize, rng: &mut Rng) -> Config {
        let priority = if self.twins {
            100
        } else {
            rng.pick(&[50, 90, 100, 101, 120, 150, 254, 255])
        };
        let nopreempt = rng.permille(300);
        let instances: Vec<Instance> = (0..self.instances)
            .map(|number| {
                let mut instance = self.instance((node, nodes), number, priority, rng);
                instance.nopreempt = nopreempt;
                instance
            })
            .collect();
        let mut config = sample::config(instances);
        config.scripts = vec![sample::script("chk")];
        if self.grouped {
            config.sync_groups = vec![sample::group("G", 0..self.instances)];
        }
        config
    }

    fn instance(
        &self,
        (node, nodes): (usize, usize),
        number: usize,
        priority: u8,
        rng: &mut Rng,
    ) -> Instance {
        let vrid = u8::try_from(number + 1).unwrap_or(1);
        let mut instance = sample::instance(&format!("I{number}"), vrid, priority);
        let net = u8::from(self.grouped && number == 1);
        if net == 1 {
            instance.interface = Some("eth1".to_owned());
            instance.addresses = vec![sample::vip("10.0.1.102")].into();
        }
        instance.version = self.version;
        instance.source = Some(address(net, node));
        if self.version == Version::V3 && rng.permille(300) {
            instance.advert_interval = rng.pick(&[200, 500, 2000]) * Duration::from_millis(1);
        }
        if self.unicast {
            let peers = (0..nodes).filter(|other| *other != node);
            instance.delivery =
                sample::unicast(&peers.map(|other| address(net, other)).collect::<Vec<_>>());
        }
        self.trackers(&mut instance, number, rng);
        if rng.permille(200) {
            instance.preempt_delay = Duration::from_secs(7);
        }
        if rng.permille(150) {
            instance.down_timer_adverts = rng.pick(&[2, 6]);
        }
        instance.track_primary = !rng.permille(150);
        instance.lower_prio_no_advert = rng.permille(100);
        instance.higher_prio_send_advert = rng.permille(100);
        instance
    }

    fn trackers(&self, instance: &mut Instance, number: usize, rng: &mut Rng) {
        if rng.permille(500) && number == 0 {
            let weight = if self.grouped {
                0
            } else {
                rng.pick(&[0, -30, 20, -254, 2])
            };
            instance.track_scripts = vec![sample::track(0, weight)].into();
        }
        if rng.permille(300) {
            let weight = if self.grouped {
                0
            } else {
                rng.pick(&[0, -30, 20])
            };
            let mut track = sample::track_interface("eth1", weight);
            track.reverse = weight != 0 && rng.permille(200);
            instance.track_interfaces = vec![track].into();
        }
    }
}

/// What matters of the configurations, for failures of the test.
fn describe(configs: &[Config]) -> String {
    let nodes = configs.iter().enumerate();
    let instances = nodes.flat_map(|(node, c)| c.instances.iter().map(move |i| (node, i)));
    let lines = instances.map(|(node, i)| {
        format!(
            "node {node} {} {:?} priority {} on {:?}, {:?} x {}, nopreempt {}, delay {:?}, {:?}, {:?}, own interface {}\n",
            i.name,
            i.version,
            i.priority,
            i.interface,
            i.advert_interval,
            i.down_timer_adverts,
            i.nopreempt,
            i.preempt_delay,
            i.track_scripts,
            i.track_interfaces,
            i.track_primary,
        )
    });
    lines.collect()
}

/// The address of a node on one of the two segments.
fn address(net: u8, node: usize) -> IpAddr {
    let last = u8::try_from(node + 1).unwrap_or(u8::MAX);
    IpAddr::from([10, 0, net, last])
}
