//! Random LANs and random trouble, all of it out of one seed.

use std::fmt;
use std::time::Duration;

use evervip_model::{Config, Instance};
use evervip_vrrp::Timestamp;

use super::probe::stop_a_master;
use super::reloaded::{Permission, Reloaded, judge_reload, unfounded};
use super::trouble::{self, Event};
use super::watch::{Limits, watch};
use super::{Design, Disturbance, Lan, Proof, Trouble, Weather, judge};
use crate::Rng;

/// A LAN, and what happens to it when.
#[derive(Debug, Clone)]
pub struct Schedule {
    /// What determines everything.
    pub seed: u64,
    /// Which kind of trouble it is about.
    pub kind: Kind,
    /// What its hosts have in common.
    pub design: Design,
    /// What each of them runs at first.
    pub configs: Vec<Config>,
    /// How packets fare at first.
    pub weather: Weather,
    /// What happens, in the order of time.
    pub events: Vec<Event>,
}

/// What a schedule is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Everything, at any time.
    Storm,
    /// Reloads of a LAN that has settled: what they do not concern goes on.
    Reloads,
    /// Hosts of a LAN that has settled sleep for a while, one after the other.
    Naps,
}

/// What came out of a schedule.
pub struct Outcome {
    /// What was wrong.
    pub faults: Vec<String>,
    /// The LAN at the end.
    pub lan: Lan,
}

/// Time in which trouble happens.
pub const TROUBLE: Duration = Duration::from_secs(20);
/// After that no packet is lost, and everything must have settled by the end of this.
pub const SETTLE: Duration = Duration::from_secs(20);
/// Then nothing changes any more.
pub const QUIET: Duration = Duration::from_secs(5);
/// By then a LAN that is left alone has settled for the first time.
const SETTLED: Duration = Duration::from_secs(14);

/// Weather without trouble.
pub const CALM: Weather = Weather {
    loss: 0,
    duplicates: 0,
    delay: Duration::from_micros(200),
    jitter: Duration::from_micros(300),
};

/// Runs the schedule of a seed; gives what was wrong.
#[must_use]
pub fn run(seed: u64, record: bool) -> (Vec<String>, Lan) {
    let Outcome { faults, lan } = Schedule::of(seed).run(record);
    (faults, lan)
}

impl Schedule {
    /// The schedule of a seed.
    #[must_use]
    pub fn of(seed: u64) -> Self {
        let mut rng = Rng::new(seed);
        let design = Design::random(&mut rng);
        let configs: Vec<Config> = (0..design.hosts)
            .map(|host| design.config(host, &mut rng))
            .collect();
        let kind = rng.pick(&[
            Kind::Storm,
            Kind::Storm,
            Kind::Storm,
            Kind::Reloads,
            Kind::Naps,
        ]);
        let weather = match kind {
            Kind::Storm => trouble::weather(&mut rng),
            Kind::Reloads | Kind::Naps => Weather {
                duplicates: rng.pick(&[0, 100]),
                jitter: Duration::from_millis(5),
                ..CALM
            },
        };
        let mut events: Vec<Event> = (0..design.hosts)
            .map(|host| {
                let at = rng.between(Duration::ZERO, Duration::from_secs(3));
                (at, Trouble::Disturbance(Disturbance::Start(host)))
            })
            .collect();
        events.extend(kind.events(&mut rng, &design, &configs));
        events.sort_by_key(|(at, _)| *at);
        Self {
            seed,
            kind,
            design,
            configs,
            weather,
            events,
        }
    }

    /// Lets it happen, and judges it.
    #[must_use]
    pub fn run(&self, record: bool) -> Outcome {
        let mut lan = super::of(self.seed ^ 0x5eed, self.configs.clone());
        lan.remember();
        if record {
            lan.record();
        }
        lan.set_weather(self.weather);
        let mut faults = Vec::new();
        let mut permissions: Vec<Permission> = Vec::new();
        for (at, trouble) in &self.events {
            run_to(&mut lan, *at);
            match trouble {
                Trouble::Reload(host, _) => {
                    let concerned = reload(&mut lan, *host, trouble, &mut faults);
                    permissions.push(concerned);
                }
                _ => trouble.strike(&mut lan),
            }
        }
        run_to(&mut lan, self.end_of_trouble());
        lan.set_weather(CALM);
        lan.run(SETTLE);
        self.judge_doubles(&mut lan, &mut faults);
        let settled = lan.history().len();
        lan.run(QUIET);
        if !lan.longest_double().is_zero() {
            faults.push("two masters after quiet time".to_owned());
        }
        faults.extend(unfounded(lan.history(), &[(settled, Vec::new())]));
        if self.kind == Kind::Reloads {
            faults.extend(unfounded(lan.history(), &permissions));
        }
        faults.extend(judge(&lan));
        faults.extend(watch(
            lan.history(),
            self.design.hosts,
            lan.now(),
            self.limits(),
        ));
        if faults.is_empty() {
            faults.extend(stop_a_master(&mut lan, &mut Rng::new(self.seed)));
        }
        faults.extend_from_slice(lan.violations());
        Outcome { faults, lan }
    }

    fn judge_doubles(&self, lan: &mut Lan, faults: &mut Vec<String>) {
        let longest = lan.longest_double();
        if let Some(bound) = self.double_bound().filter(|bound| longest > *bound) {
            faults.push(format!(
                "two masters for {longest:?}, at most {bound:?} allowed"
            ));
        }
        lan.reset_longest_double();
    }

    fn end_of_trouble(&self) -> Duration {
        let last = self.events.last().map_or(Duration::ZERO, |(at, _)| *at);
        match self.kind {
            Kind::Storm => last.max(TROUBLE),
            // Who sleeps wakes up, and says what it has missed.
            Kind::Reloads | Kind::Naps => last + NAP,
        }
    }

    /// Longest time that two hosts may both be MASTER and hear each other; none where adverts do not
    /// arrive, or are not believed because clocks differ.
    fn double_bound(&self) -> Option<Duration> {
        if self.sets_clocks_of_signers() {
            return None;
        }
        // Of two masters with headers one may have to be told more than once, until a number is not
        // used up by the other one meanwhile.
        let rounds = if self.design.proof == Proof::Header {
            3
        } else {
            1
        };
        let round = self.arrival()? + self.longest_way();
        Some(round * rounds)
    }

    fn sets_clocks_of_signers(&self) -> bool {
        let set =
            |(_, trouble): &Event| matches!(trouble, Trouble::Disturbance(Disturbance::Clock(..)));
        matches!(self.design.proof, Proof::Signature(_)) && self.events.iter().any(set)
    }

    /// The longest time from one advert of a master to the arrival of the next.
    fn arrival(&self) -> Option<Duration> {
        let slack = Duration::from_millis(20);
        let lossy = self.weathers().any(|weather| weather.loss > 0);
        (!lossy).then(|| self.design.longest_interval + self.longest_way() + slack)
    }

    fn longest_way(&self) -> Duration {
        let ways = self
            .weathers()
            .map(|weather| weather.delay + weather.jitter);
        ways.max().unwrap_or_default()
    }

    fn weathers(&self) -> impl Iterator<Item = Weather> + '_ {
        let later = self.events.iter().filter_map(|(_, trouble)| match trouble {
            Trouble::Weather(weather) => Some(*weather),
            _ => None,
        });
        std::iter::once(self.weather).chain(later)
    }

    fn limits(&self) -> Limits {
        let design = &self.design;
        let down = design.longest_interval * (u32::from(design.down_adverts) + 1);
        // In a group the first member waits for the last one.
        let groups = if design.grouped { 2 } else { 1 };
        Limits {
            takeover: down * groups + design.startup_delay + Duration::from_millis(50),
            startup: design.startup_delay,
            arrival: self.arrival(),
            way: self.longest_way(),
            jitter: self.weathers().map(|w| w.jitter).max().unwrap_or_default(),
            plain: matches!(design.proof, Proof::None | Proof::Password),
            believed: design.proof != Proof::Header && !self.sets_clocks_of_signers(),
        }
    }
}

/// How long a host sleeps at most.
const NAP: Duration = Duration::from_secs(6);

impl Kind {
    fn events(self, rng: &mut Rng, design: &Design, configs: &[Config]) -> Vec<Event> {
        match self {
            Self::Storm => (0..rng.below(12))
                .flat_map(|_| {
                    let at = rng.between(Duration::ZERO, TROUBLE);
                    trouble::storm(rng, at, design, configs)
                })
                .collect(),
            Self::Reloads => (0..1 + rng.below(5))
                .flat_map(|_| {
                    let at = rng.between(SETTLED, SETTLED + TROUBLE / 2);
                    trouble::reloads(rng, at, design)
                })
                .collect(),
            Self::Naps => (0..3)
                .map(|number| {
                    let at = SETTLED + NAP * 2 * number;
                    let nap = rng.between(Duration::from_millis(1), NAP);
                    let sleeper = rng.below(design.hosts);
                    let pause = Disturbance::Pause(sleeper, nap, trouble::sleep(rng));
                    (at, Trouble::Disturbance(pause))
                })
                .collect(),
        }
    }
}

fn run_to(lan: &mut Lan, at: Duration) {
    let at = Timestamp::default() + at;
    lan.run(at.saturating_since(lan.now()));
}

/// Lets a host reload, and judges what it does at once. Gives whose states may change.
fn reload(lan: &mut Lan, host: usize, trouble: &Trouble, faults: &mut Vec<String>) -> Permission {
    let place = lan.history().len();
    let (old, before) = (lan.config(host).clone(), lan.status(host));
    trouble.strike(lan);
    let after = lan.status(host);
    // One that sleeps, or does not run, reads it later.
    if lan.is_running(host) && lan.history().len() > place {
        faults.extend(judge_reload(&Reloaded {
            host,
            old: &old,
            new: lan.config(host),
            before: &before,
            after: &after,
            deeds: &lan.history()[place..],
        }));
    }
    let Trouble::Reload(_, edit) = trouble else {
        return (place, Vec::new());
    };
    (place, edit.unsettles(&old))
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "seed {}: {:?}, {:?}", self.seed, self.kind, self.weather)?;
        writeln!(f, "{:?}", self.design)?;
        for (host, config) in self.configs.iter().enumerate() {
            for instance in &config.instances {
                writeln!(f, "host {host}: {}", summary(instance))?;
            }
        }
        for (at, trouble) in &self.events {
            writeln!(f, "{:9.6} {trouble}", at.as_secs_f64())?;
        }
        Ok(())
    }
}

/// What an election depends on.
fn summary(instance: &Instance) -> String {
    let mut text = format!(
        "{} VRID {} priority {} every {:?}",
        instance.name, instance.vrid, instance.priority, instance.advert_interval
    );
    for (is_set, word) in [
        (instance.nopreempt, " nopreempt"),
        (!instance.preempt_delay.is_zero(), " preempt_delay"),
        (instance.lower_prio_no_advert, " lower_prio_no_advert"),
        (instance.higher_prio_send_advert, " higher_prio_send_advert"),
    ] {
        if is_set {
            text.push_str(word);
        }
    }
    for track in &instance.track_scripts {
        text.push_str(&format!(" script {}", track.weight));
    }
    for track in &instance.track_interfaces {
        text.push_str(&format!(" {} {}", track.interface, track.weight));
    }
    text
}
