//! The second set-up: both nodes work, each with an IPv4 and an IPv6 address that the other takes over.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, anyhow, ensure};
use evervip_lab::{Asker, Interface, Lab, Totals, poll_for, wait_until};
use nix::sys::signal::Signal;

use crate::{
    client,
    site::{Member, SetUp},
    steps::Outcome,
    timeline::{Timeline, Tone},
};

const LB1_CONF: &str = include_str!("../active-active/lb1.conf");
const LB2_CONF: &str = include_str!("../active-active/lb2.conf");
const CHECK_SCRIPT: &str = include_str!("../active-active/check-haproxy.sh");
const NOTIFY_SCRIPT: &str = include_str!("../active-active/notify.sh");

/// What clients ask, and which node has it while both are well.
const ADDRESSES: [(IpAddr, &str); 3] = [
    (IpAddr::V4(Ipv4Addr::new(10, 150, 160, 33)), "lb1"),
    (
        IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0x160, 0, 0, 0, 0, 0x33)),
        "lb1",
    ),
    (IpAddr::V4(Ipv4Addr::new(10, 150, 160, 34)), "lb2"),
];

/// Longest wait for anything.
const PATIENCE: Duration = Duration::from_secs(30);

/// Two nodes, and a client for each address.
pub(crate) struct Pair<'t> {
    one: Member,
    two: Member,
    clients: Vec<Asker>,
    timeline: &'t Timeline,
    outcomes: Vec<Outcome>,
    // Last, so that the processes above end before their namespaces.
    _lab: Lab,
}

/// Plays all steps.
pub(crate) fn play(daemon: &Path, timeline: &Timeline) -> Result<(Vec<Outcome>, Totals)> {
    let mut pair = Pair::build(daemon, timeline)?;
    pair.open()?;
    pair.haproxy_hangs()?;
    pair.haproxy_goes_on()?;
    pair.node_dies()?;
    pair.show_notifications()?;
    let totals = pair.clients.iter().map(Asker::totals);
    let totals = totals.fold(Totals::default(), |sum, more| Totals {
        answers: sum.answers + more.answers,
        failures: sum.failures + more.failures,
    });
    Ok((pair.outcomes, totals))
}

impl<'t> Pair<'t> {
    fn build(daemon: &Path, timeline: &'t Timeline) -> Result<Self> {
        let lab = Lab::new("demo-active").map_err(|e| anyhow!("{e}"))?;
        let member = |name, configuration, last| {
            let files = &[
                ("/etc/keepalived/check-haproxy.sh", CHECK_SCRIPT),
                ("/etc/keepalived/notify.sh", NOTIFY_SCRIPT),
            ];
            let set_up = SetUp {
                configuration,
                files,
                daemon,
            };
            Member::build(&lab, name, last, &set_up)
        };
        let mut one = member("lb1", LB1_CONF, 30)?;
        let mut two = member("lb2", LB2_CONF, 31)?;
        let client = lab
            .node("client")
            .interface(
                Interface::new("eth0")
                    .address("10.150.160.50/24")
                    .address("2001:db8:160::50/64"),
            )
            .start()
            .map_err(|e| anyhow!("{e}"))?;
        for member in [&mut one, &mut two] {
            member.start_haproxy()?;
            member.wait_for_haproxy(&client)?;
        }
        let clients = ADDRESSES.map(|(address, _)| client::start(client.clone(), address));
        Ok(Self {
            one,
            two,
            clients: clients.into_iter().collect::<Result<_>>()?,
            timeline,
            outcomes: Vec::new(),
            _lab: lab,
        })
    }

    fn open(&mut self) -> Result<()> {
        self.one.start_daemon()?;
        self.two.start_daemon()?;
        self.wait_for(ADDRESSES.map(|(_, owner)| owner))?;
        let text = "10.150.160.33 and 2001:db8:160::33 are on lb1, 10.150.160.34 is on lb2";
        self.timeline.event(Tone::Address, "address", text);
        Ok(())
    }

    /// (e) The process is there and does nothing, which only a check that asks for an answer sees.
    fn haproxy_hangs(&mut self) -> Result<()> {
        self.step(
            "(e) HAProxy of lb1 hangs (SIGSTOP)",
            ["lb2"; 3],
            Duration::from_millis(5500),
            |pair| {
                pair.one.signal_haproxy(Signal::SIGSTOP)?;
                ensure!(pair.one.has_haproxy_process()?, "HAProxy has ended");
                let text = "`killall -0 haproxy` would be content: the process is there";
                pair.timeline.event(Tone::Note, "note", text);
                Ok(())
            },
        )
    }

    /// (f) Three good checks, then three missing adverts: nobody notices.
    fn haproxy_goes_on(&mut self) -> Result<()> {
        self.step(
            "(f) it goes on (SIGCONT)",
            ADDRESSES.map(|(_, owner)| owner),
            Duration::from_millis(500),
            |pair| pair.one.signal_haproxy(Signal::SIGCONT),
        )
    }

    /// (g) Half of the addresses has to move.
    fn node_dies(&mut self) -> Result<()> {
        self.step(
            "(g) lb2 dies: link cut, kill -9",
            ["lb1"; 3],
            Duration::from_millis(5500),
            |pair| pair.two.die(),
        )
    }

    /// Does something, and waits until all addresses answer from where they belong.
    fn step(
        &mut self,
        title: &'static str,
        owners: [&'static str; 3],
        bound: Duration,
        event: impl FnOnce(&Self) -> Result<()>,
    ) -> Result<()> {
        self.timeline.say(Tone::Heading, &format!("\n{title}"));
        for client in &self.clients {
            client.reset_gap();
        }
        let start = Instant::now();
        event(self)?;
        self.wait_for(owners)?;
        let moved = start.elapsed();
        let mut longest = Duration::ZERO;
        for (client, (address, _)) in self.clients.iter().zip(ADDRESSES) {
            let (gap, by) = (client.longest_gap(), client.answered_by());
            longest = longest.max(gap);
            let text = format!(
                "{address} answered by {}; longest time without an answer {:.2} s",
                by.unwrap_or_default(),
                gap.as_secs_f64()
            );
            self.timeline.event(Tone::Good, "client", &text);
        }
        let mut owner: Vec<&str> = owners.to_vec();
        owner.dedup();
        self.outcomes.push(Outcome::judged(
            title,
            owner.join(" and "),
            moved,
            longest,
            bound,
        ));
        Ok(())
    }

    fn wait_for(&self, owners: [&str; 3]) -> Result<()> {
        let waited = wait_until(
            PATIENCE,
            "the addresses answer from where they belong",
            || {
                let answers = self.clients.iter().map(Asker::answered_by);
                answers
                    .zip(owners)
                    .all(|(by, owner)| by.as_deref() == Some(owner))
            },
        );
        waited.map_err(|error| {
            let log = |member: &Member| {
                let daemon = member.daemon();
                daemon.map_or_else(String::new, |daemon| daemon.log().text())
            };
            let (one, two) = (log(&self.one), log(&self.two));
            anyhow!("{error}\nlog of lb1:\n{one}\nlog of lb2:\n{two}")
        })
    }

    /// What the notify script of lb1 was called with.
    fn show_notifications(&self) -> Result<()> {
        const LAST: &str = "INSTANCE WEB_2 MASTER 100";
        let calls = poll_for(PATIENCE, "the notify script was called", || {
            let calls = self.one.notifications().ok()?;
            calls.lines().any(|line| line == LAST).then_some(calls)
        });
        let calls = calls.map_err(|e| anyhow!("{e}"))?;
        self.timeline
            .say(Tone::Heading, "\nnotify.sh on lb1 was called with");
        for call in calls.lines() {
            self.timeline.say(Tone::Plain, &format!("    {call}"));
        }
        let fault = calls.lines().position(|l| l == "INSTANCE WEB_1 FAULT 150");
        fault.context("it was not told of the FAULT")?;
        Ok(())
    }
}
