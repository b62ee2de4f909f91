//! Random LANs and random trouble, all of it out of one seed.

use std::time::Duration;

use evervip_model::{Config, Instance, Priority, Version};
use evervip_vrrp::Timestamp;

use super::{Disturbance, Lan, Weather, address_of, hostile, judge};
use crate::{Rng, sample};

/// A LAN, and what its judge has to know of it.
pub struct Plan {
    /// The LAN, with its trouble scheduled.
    pub lan: Lan,
    /// Whether a better host takes over from a running worse one.
    pub preempts: bool,
    /// Longest time that two hosts may both be MASTER and hear each other; none where packets are
    /// lost.
    pub bound: Option<Duration>,
}

/// Time in which trouble happens.
pub const TROUBLE: Duration = Duration::from_secs(20);
/// After that no packet is lost, and everything must have settled by the end of this.
pub const SETTLE: Duration = Duration::from_secs(20);
/// Then the masters must stay what they are.
pub const QUIET: Duration = Duration::from_secs(5);

/// Runs the schedule of a seed; gives what was wrong.
#[must_use]
pub fn run(seed: u64, record: bool) -> (Vec<String>, Lan) {
    let Plan {
        mut lan,
        preempts,
        bound,
    } = plan(seed, record);
    lan.run(TROUBLE);
    lan.set_weather(CALM);
    lan.run(SETTLE);
    let mut faults = Vec::new();
    let longest = lan.longest_double();
    if bound.is_some_and(|bound| longest > bound) {
        faults.push(format!(
            "two masters for {longest:?}, at most {bound:?} allowed"
        ));
    }
    lan.reset_longest_double();
    lan.run(QUIET);
    if !lan.longest_double().is_zero() {
        faults.push("two masters after quiet time".to_owned());
    }
    faults.extend(judge(&lan, preempts));
    faults.extend_from_slice(lan.violations());
    (faults, lan)
}

/// Weather without trouble.
pub const CALM: Weather = Weather {
    loss: 0,
    duplicates: 0,
    delay: Duration::from_micros(200),
    jitter: Duration::from_micros(300),
};

/// The LAN of a seed.
#[must_use]
pub fn plan(seed: u64, record: bool) -> Plan {
    let mut rng = Rng::new(seed);
    let hosts = 2 + rng.below(3);
    let style = Style::random(&mut rng, hosts);
    let configs: Vec<Config> = (0..hosts)
        .map(|host| style.config(host, &mut rng))
        .collect();
    let mut lan = super::of(seed ^ 0x5eed, configs.clone());
    if record {
        lan.record();
    }
    let weather = weather(&mut rng);
    lan.set_weather(weather);
    for host in 0..hosts {
        let at = rng.between(Duration::ZERO, Duration::from_secs(3));
        lan.schedule(Timestamp::default() + at, Disturbance::Start(host));
    }
    for _ in 0..rng.below(12) {
        let at = Timestamp::default() + rng.between(Duration::ZERO, TROUBLE);
        for (later, disturbance) in disturbance(&mut rng, &configs) {
            lan.schedule(at + later, disturbance);
        }
    }
    let slack = Duration::from_millis(20);
    let bound = style.longest_interval + (weather.delay + weather.jitter) * 2 + slack;
    Plan {
        lan,
        preempts: !style.nopreempt,
        bound: (weather.loss == 0).then_some(bound),
    }
}

fn weather(rng: &mut Rng) -> Weather {
    Weather {
        loss: rng.pick(&[0, 0, 20, 300]),
        duplicates: rng.pick(&[0, 100]),
        delay: rng.pick(&[1, 10, 50]) * Duration::from_millis(1),
        jitter: rng.pick(&[0, 5, 200]) * Duration::from_millis(1),
    }
}

/// One kind of trouble, and what follows from it later.
fn disturbance(rng: &mut Rng, configs: &[Config]) -> Vec<(Duration, Disturbance)> {
    let hosts = configs.len();
    let host = rng.below(hosts);
    let now = Duration::ZERO;
    let later = rng.between(Duration::from_millis(1), Duration::from_secs(6));
    let lasts = rng.permille(300);
    let pair = |first, second| {
        let mut list = vec![(now, first)];
        if !lasts {
            list.push((later, second));
        }
        list
    };
    match rng.below(10) {
        0 => pair(Disturbance::Crash(host), Disturbance::Start(host)),
        1 => pair(Disturbance::Stop(host), Disturbance::Start(host)),
        2 | 3 => {
            let link = rng.pick(&[sample::ETH0, sample::ETH1]);
            let down = Disturbance::Link(host, link, false);
            pair(down, Disturbance::Link(host, link, true))
        }
        4 => {
            let sides = (0..hosts).map(|_| u8::from(rng.permille(500))).collect();
            let whole = Disturbance::Partition(vec![0; hosts]);
            pair(Disturbance::Partition(sides), whole)
        }
        5 => pair(
            Disturbance::Script(host, false),
            Disturbance::Script(host, true),
        ),
        6 => vec![(now, Disturbance::Pause(host, later))],
        7 => vec![(now, Disturbance::Steal(host))],
        8 => (0..10)
            .map(|n| {
                let instance = &configs[host].instances[rng.below(configs[host].instances.len())];
                (Duration::from_millis(n * 130), hostile(host, instance, rng))
            })
            .collect(),
        _ => {
            let priority = u8::try_from(50 + rng.below(150)).unwrap_or(100);
            let mut config = configs[host].clone();
            for instance in &mut config.instances {
                instance.priority = Priority::new(priority).unwrap_or(Priority::DEFAULT);
            }
            vec![(now, Disturbance::Reload(host, Box::new(config)))]
        }
    }
}

/// What the instances of all hosts have in common.
struct Style {
    version: Version,
    instances: usize,
    grouped: bool,
    unicast: bool,
    nopreempt: bool,
    hosts: usize,
    longest_interval: Duration,
    own_intervals: bool,
    script: bool,
    twins: bool,
}

impl Style {
    fn random(rng: &mut Rng, hosts: usize) -> Self {
        let version = rng.pick(&[Version::V2, Version::V3]);
        let grouped = rng.permille(400);
        Self {
            version,
            instances: if grouped { 2 } else { 1 + rng.below(2) },
            grouped,
            unicast: !grouped && rng.permille(300),
            nopreempt: rng.permille(250),
            hosts,
            longest_interval: Duration::from_secs(1),
            own_intervals: version == Version::V3 && rng.permille(300),
            script: rng.permille(400),
            twins: rng.permille(200),
        }
    }

    fn config(&self, host: usize, rng: &mut Rng) -> Config {
        let priority = if self.twins {
            rng.pick(&[100, 100, 255])
        } else {
            rng.pick(&[50, 90, 100, 101, 150, 254, 255])
        };
        // Two owners give way for each instance alone, so that a group with several of them may end
        // with its members' priorities crossed: nothing that an election can mend.
        let priority = if self.grouped && host > 0 {
            priority.min(254)
        } else {
            priority
        };
        let instances: Vec<Instance> = (0..self.instances)
            .map(|number| self.instance(host, number, priority, rng))
            .collect();
        let mut config = sample::config(instances);
        config.scripts = vec![sample::script("chk")];
        if self.grouped {
            config.sync_groups = vec![sample::group("G", 0..self.instances)];
        }
        config
    }

    fn instance(&self, host: usize, number: usize, priority: u8, rng: &mut Rng) -> Instance {
        let vrid = u8::try_from(number + 1).unwrap_or(1);
        let mut instance = sample::instance(&format!("I{number}"), vrid, priority);
        instance.version = self.version;
        instance.nopreempt = self.nopreempt;
        if self.own_intervals {
            instance.advert_interval = rng.pick(&[200, 500, 1000]) * Duration::from_millis(1);
        }
        if self.grouped && number == 1 {
            instance.interface = Some("eth1".to_owned());
            instance.addresses = vec![sample::vip("10.0.1.102")];
        }
        if self.unicast {
            let others = (0..self.hosts).filter(|other| *other != host);
            instance.delivery = sample::unicast(&others.map(address_of).collect::<Vec<_>>());
        }
        if self.script && number == 0 {
            // Members of a group track without weight.
            let weight = if self.grouped {
                0
            } else {
                rng.pick(&[0, -30, 20])
            };
            instance.track_scripts = vec![sample::track(0, weight)];
        }
        if !self.nopreempt && rng.permille(200) {
            instance.preempt_delay = Duration::from_secs(2);
        }
        instance.lower_prio_no_advert = rng.permille(100);
        instance.higher_prio_send_advert = rng.permille(100);
        instance
    }
}
