//! One failover, timed: the circuits of node 01 go dark, node 02 has them moved to itself.

use std::time::{Duration, Instant, SystemTime};

use anyhow::{Result, anyhow};
use evervip_lab::{Process, wait_until};

use crate::probe::Probe;
use crate::provider::{CONNECTIONS, Delays};
use crate::site::{Programs, Site, Way};

/// How a connection fared.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Timeline {
    /// From the cut until node 01 was in FAULT.
    pub(crate) noticed: Duration,
    /// From the cut until node 02 was MASTER.
    pub(crate) detected: Duration,
    /// From the cut until the client was answered again.
    pub(crate) gap: Duration,
}

impl Timeline {
    /// What is left when detection and the provider's own work are taken off: questions and answers.
    pub(crate) fn rest(&self, delays: Delays) -> Duration {
        self.gap.saturating_sub(self.detected + delays.total())
    }
}

/// Longest wait for anything; the machine may be busy.
const PATIENCE: Duration = Duration::from_secs(90);
/// The first node has to be settled for so long before anything is done to it.
const CALM: Duration = Duration::from_secs(2);

/// A site whose first node serves.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) site: Site,
    probes: Vec<Probe>,
}

impl Running {
    /// Builds the site, starts both daemons out of service, arms them, and waits until the first node
    /// is MASTER of both connections and clients are answered.
    pub(crate) fn start(way: &Way, programs: &Programs, hurry: u32) -> Result<Self> {
        let mut site = Site::build(way, programs, hurry)?;
        let probes = CONNECTIONS.map(|connection| Probe::start(&site.fabric, connection));
        let probes = probes.into_iter().collect::<Result<_>>()?;
        for member in &mut site.members {
            member.start()?;
        }
        for member in &site.members {
            wait_logged(member.daemon.as_ref(), "CIRCUIT_2) entering FAULT state")?;
        }
        let [first, second] = &site.members;
        first.arm(0)?;
        for connection in CONNECTIONS {
            let line = format!("(CIRCUIT_{connection}) Entering MASTER STATE");
            wait_logged(first.daemon.as_ref(), &line)?;
        }
        second.arm(0)?;
        for connection in CONNECTIONS {
            let line = format!("(CIRCUIT_{connection}) Entering BACKUP STATE");
            wait_logged(second.daemon.as_ref(), &line)?;
        }
        let running = Self { site, probes };
        running.wait_answered()?;
        std::thread::sleep(CALM);
        Ok(running)
    }

    fn wait_answered(&self) -> Result<()> {
        let fresh = Duration::from_millis(200);
        let all = || {
            self.probes
                .iter()
                .all(|probe| probe.is_answered_within(fresh))
        };
        wait_until(PATIENCE, "clients of both connections are answered", all)
            .map_err(|e| anyhow!("{e}{}", self.logs()))
    }

    /// Cuts the circuits of node 01 and waits until clients are answered by node 02.
    pub(crate) fn fail_over(&self) -> Result<Vec<Timeline>> {
        let [first, second] = &self.site.members;
        let marks = [first, second].map(|m| m.daemon.as_ref().map_or(0, |d| d.log().mark()));
        self.probes.iter().for_each(Probe::forget);
        let (cut, cut_at) = (Instant::now(), SystemTime::now());
        self.site.cut()?;
        let mut timelines = Vec::new();
        for connection in CONNECTIONS {
            let name = format!("(CIRCUIT_{connection})");
            let noticed = self.when(
                first.daemon.as_ref(),
                marks[0],
                &format!("{name} Entering FAULT STATE"),
                cut_at,
            )?;
            let detected = self.when(
                second.daemon.as_ref(),
                marks[1],
                &format!("{name} Entering MASTER STATE"),
                cut_at,
            )?;
            timelines.push((noticed, detected));
        }
        self.wait_answered_after_silence()?;
        let silences = self.probes.iter().map(Probe::longest_silence);
        let all = timelines.into_iter().zip(silences);
        Ok(all
            .map(|((noticed, detected), (end, _))| Timeline {
                noticed,
                detected,
                gap: end - cut,
            })
            .collect())
    }

    /// A silence is over that is longer than any that a busy machine makes.
    fn wait_answered_after_silence(&self) -> Result<()> {
        let long = Duration::from_millis(500);
        let over = || {
            self.probes
                .iter()
                .all(|probe| probe.longest_silence().1 >= long)
        };
        wait_until(PATIENCE, "clients are answered by the other node", over)
            .map_err(|e| anyhow!("{e}{}", self.logs()))
    }

    /// How long after the cut a line was logged.
    fn when(
        &self,
        daemon: Option<&Process>,
        mark: usize,
        line: &str,
        cut: SystemTime,
    ) -> Result<Duration> {
        let daemon = daemon.ok_or_else(|| anyhow!("a daemon was not started"))?;
        let found = daemon.log().wait_after(mark, line, PATIENCE);
        let found = found.map_err(|e| anyhow!("{e}{}", self.logs()))?;
        Ok(found.at.duration_since(cut).unwrap_or_default())
    }

    fn logs(&self) -> String {
        let [first, second] = &self.site.members;
        format!(
            "\nlog of node 01:\n{}log of node 02:\n{}",
            first.log(),
            second.log()
        )
    }
}

pub(crate) fn wait_logged(daemon: Option<&Process>, line: &str) -> Result<()> {
    let daemon = daemon.ok_or_else(|| anyhow!("a daemon was not started"))?;
    daemon
        .log()
        .wait_for(line, PATIENCE)
        .map_err(|e| anyhow!("{e}"))?;
    Ok(())
}
