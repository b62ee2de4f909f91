//! The four things that happen to the pair, and what must follow.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};
use evervip_lab::Asker;
use nix::sys::signal::Signal;

use crate::{
    site::Site,
    timeline::{Timeline, Tone},
};

/// How a step went.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) title: &'static str,
    /// Who has the address at the end.
    pub(crate) owner: String,
    /// From the event until the address was there.
    pub(crate) moved: Duration,
    /// Longest time without an answer.
    pub(crate) gap: Duration,
    /// What is accepted.
    pub(crate) bound: Duration,
    /// What is wrong; empty: passed.
    pub(crate) faults: Vec<String>,
}

impl Outcome {
    /// Compares the gap with what is accepted, to which `EVERVIP_DEMO_SLACK` adds seconds: a machine
    /// that does other things at the same time is late.
    pub(crate) fn judged(
        title: &'static str,
        owner: String,
        moved: Duration,
        gap: Duration,
        bound: Duration,
    ) -> Self {
        let slack = std::env::var("EVERVIP_DEMO_SLACK");
        let slack = slack.ok().and_then(|text| text.parse().ok());
        let bound = bound + Duration::from_secs(slack.unwrap_or(0));
        let mut faults = Vec::new();
        if gap > bound {
            faults.push("the client waited too long".to_owned());
        }
        Self {
            title,
            owner,
            moved,
            gap,
            bound,
            faults,
        }
    }
}

/// Everything a step needs.
#[derive(Debug)]
pub(crate) struct Stage<'s> {
    pub(crate) site: &'s mut Site,
    pub(crate) client: &'s Asker,
    pub(crate) timeline: &'s mut Timeline,
}

/// A step as planned.
struct Plan {
    title: &'static str,
    /// What is done, for the timeline.
    event: &'static str,
    owner: &'static str,
    bound: Duration,
    /// Longest wait for the address to arrive.
    patience: Duration,
}

impl Stage<'_> {
    /// Starts the daemons and waits until the first owner is there.
    pub(crate) fn open(&mut self) -> Result<()> {
        self.site.master.start_daemon()?;
        self.site.backup.start_daemon()?;
        self.timeline.event(
            Tone::Plain,
            "demo",
            "HAProxy answers on both nodes, daemons started",
        );
        let (client, site) = (self.client, &*self.site);
        let there = self
            .timeline
            .follow(site, client, Duration::from_secs(20), |owners| {
                owners == ["master"] && client.answered_by().as_deref() == Some("master")
            });
        if there {
            self.timeline.linger(site, client, CALM);
            return Ok(());
        }
        let log = |member: &crate::site::Member| {
            member
                .daemon()
                .map_or_else(String::new, |daemon| daemon.log().text())
        };
        Err(anyhow!(
            "the address did not get to the master\nlog of the master:\n{}log of the backup:\n{}",
            log(&site.master),
            log(&site.backup)
        ))
    }

    /// (a) The check fails twice, two seconds apart; then FAULT, and the backup waits its skew.
    pub(crate) fn haproxy_stops(&mut self) -> Result<Outcome> {
        let plan = Plan {
            title: "(a) HAProxy stopped on the master",
            event: "HAProxy of the master gets SIGTERM and ends",
            owner: "backup",
            bound: Duration::from_millis(6500),
            patience: Duration::from_secs(20),
        };
        self.heading(&plan);
        let mark = self.master_log_mark();
        let mut outcome = self.play(&plan, |site| site.master.stop_haproxy())?;
        if !self.master_logged(mark, "Entering FAULT STATE") {
            outcome
                .faults
                .push("the master did not log FAULT".to_owned());
        }
        self.note("a check without weight does not lower the priority: the master is in FAULT");
        Ok(outcome)
    }

    /// (b) One success ends the FAULT; the master hears nobody better and takes over.
    pub(crate) fn haproxy_returns(&mut self) -> Result<Outcome> {
        let plan = Plan {
            title: "(b) HAProxy back on the master",
            event: "HAProxy of the master is started",
            owner: "master",
            bound: Duration::from_millis(500),
            patience: Duration::from_secs(20),
        };
        self.heading(&plan);
        let outcome = self.play(&plan, |site| site.master.start_haproxy())?;
        self.note(
            "the address moves back: nopreempt binds the node that has it, the backup; the \
             master has the higher priority",
        );
        Ok(outcome)
    }

    /// (c) The daemon resigns with priority 0 and leaves.
    pub(crate) fn daemon_stops(&mut self) -> Result<Outcome> {
        let plan = Plan {
            title: "(c) SIGTERM to the master's daemon",
            event: "the master's daemon gets SIGTERM",
            owner: "backup",
            bound: Duration::from_secs(2),
            patience: Duration::from_secs(20),
        };
        self.heading(&plan);
        let mut outcome = self.play(&plan, |site| {
            let daemon = site.master.daemon().context("no daemon")?;
            daemon.signal(Signal::SIGTERM).map_err(|e| anyhow!("{e}"))
        })?;
        let daemon = self.site.master.daemon().context("no daemon")?;
        match daemon.wait(Duration::from_secs(20)) {
            Ok(status) if status.success() => {}
            Ok(status) => outcome
                .faults
                .push(format!("the daemon ended with {status}")),
            Err(_) => outcome.faults.push("the daemon did not end".to_owned()),
        }
        Ok(outcome)
    }

    /// (c, continued) The daemon comes back and takes over again.
    pub(crate) fn daemon_returns(&mut self) -> Result<Outcome> {
        let plan = Plan {
            title: "(c) the daemon started again",
            event: "the master's daemon is started",
            owner: "master",
            bound: Duration::from_millis(500),
            patience: Duration::from_secs(20),
        };
        self.heading(&plan);
        self.play(&plan, |site| site.master.start_daemon())
    }

    /// (d) Silence: the backup waits three intervals and its skew, 3.61 s.
    pub(crate) fn node_dies(&mut self) -> Result<Outcome> {
        let plan = Plan {
            title: "(d) master dies: link cut, kill -9",
            event: "the master's link is cut, its daemon gets SIGKILL",
            owner: "backup",
            bound: Duration::from_millis(5500),
            patience: Duration::from_secs(20),
        };
        self.heading(&plan);
        self.play(&plan, |site| site.master.die())
    }

    fn heading(&self, plan: &Plan) {
        self.timeline
            .say(Tone::Heading, &format!("\n{}", plan.title));
    }

    fn note(&self, text: &str) {
        self.timeline.event(Tone::Note, "note", text);
    }

    /// Does something to the site and watches what follows.
    fn play(
        &mut self,
        plan: &Plan,
        event: impl FnOnce(&mut Site) -> Result<()>,
    ) -> Result<Outcome> {
        self.client.reset_gap();
        let start = Instant::now();
        self.timeline.event(Tone::Plain, "demo", plan.event);
        event(self.site)?;
        let (site, client) = (&*self.site, self.client);
        let mut moved = None;
        let there = self.timeline.follow(site, client, plan.patience, |owners| {
            let arrived = owners == [plan.owner];
            if arrived && moved.is_none() {
                moved = Some(start.elapsed());
            }
            arrived && client.answered_by().as_deref() == Some(plan.owner)
        });
        self.timeline.linger(site, client, CALM);
        let owners = site.owners();
        let mut outcome = Outcome::judged(
            plan.title,
            owners.join(" and "),
            moved.unwrap_or_else(|| start.elapsed()),
            client.longest_gap(),
            plan.bound,
        );
        if !there || owners != [plan.owner] {
            let fault = format!("the address is not on {} alone", plan.owner);
            outcome.faults.push(fault);
        }
        if client.answered_by().as_deref() != Some(plan.owner) {
            let fault = format!("the client is not answered by {}", plan.owner);
            outcome.faults.push(fault);
        }
        Ok(outcome)
    }

    fn master_log_mark(&self) -> usize {
        let daemon = self.site.master.daemon();
        daemon.map_or(0, |daemon| daemon.log().mark())
    }

    fn master_logged(&self, mark: usize, text: &str) -> bool {
        let daemon = self.site.master.daemon();
        daemon.is_some_and(|daemon| daemon.log().count_after(mark, text) > 0)
    }
}

/// Time after a step in which nothing may happen any more.
const CALM: Duration = Duration::from_millis(1200);
