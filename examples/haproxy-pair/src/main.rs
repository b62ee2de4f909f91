//! The main job, live: an unchanged keepalived pair for HAProxy fails over.
//!
//! Two nodes and a client in network namespaces; on both nodes Debian's HAProxy and the daemon
//! with the files beside this program, byte for byte. While a client asks the virtual address
//! for an answer every 20 ms, things break, and the timeline shows who has the address and how
//! long the client had to wait. Exit status 0: every step went as it must.
//!
//! Nothing on the host changes, and nothing stays behind when the program is killed.

mod active_active;
mod client;
mod site;
mod steps;
mod timeline;

use std::{
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

use anyhow::{Result, anyhow, bail};
use evervip_lab::{Lab, Totals};

use crate::{
    site::{Site, VIRTUAL_ADDRESS},
    steps::{Outcome, Stage},
    timeline::{Timeline, Tone},
};

fn main() -> ExitCode {
    let parts: Vec<String> = std::env::args().skip(1).collect();
    let wants = |part: &str| parts.is_empty() || parts.iter().any(|word| word == part);
    if parts
        .iter()
        .any(|word| word != UNCHANGED && word != ACTIVE_ACTIVE)
    {
        eprintln!("usage: evervip-demo [{UNCHANGED}] [{ACTIVE_ACTIVE}]");
        return ExitCode::from(2);
    }
    match run(wants(UNCHANGED), wants(ACTIVE_ACTIVE)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("demo: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The parts, as arguments name them; without any both are played.
const UNCHANGED: &str = "unchanged";
const ACTIVE_ACTIVE: &str = "active-active";

/// Plays what is wanted; says whether all passed.
fn run(unchanged: bool, active_active: bool) -> Result<bool> {
    let daemon = daemon()?;
    Lab::available().map_err(|reason| anyhow!("the demo cannot run here: {reason}"))?;
    let mut timeline = Timeline::start();
    timeline.say(Tone::Plain, &format!("daemon   {}", daemon.display()));
    timeline.say(Tone::Plain, &format!("version  {}", version(&daemon)));
    let mut passed = true;
    if unchanged {
        passed &= play_unchanged(&daemon, &mut timeline)?;
    }
    if active_active {
        let title = "\nTwo HAProxy nodes that both work, IPv4 and IPv6, with a check that asks";
        timeline.say(Tone::Heading, title);
        let (outcomes, totals) = active_active::play(&daemon, &timeline)?;
        passed &= conclude(&timeline, totals, &outcomes);
    }
    Ok(passed)
}

/// The main job; says whether all steps passed.
fn play_unchanged(daemon: &Path, timeline: &mut Timeline) -> Result<bool> {
    timeline.say(
        Tone::Heading,
        "\nAn unchanged keepalived configuration for two HAProxy nodes",
    );
    timeline.say(
        Tone::Plain,
        &format!(
            "network  master 10.150.160.30, backup 10.150.160.31, client 10.150.160.50; \
             virtual address {VIRTUAL_ADDRESS}\n"
        ),
    );
    let mut site = Site::build(daemon)?;
    let client = client::start(site.client.clone(), VIRTUAL_ADDRESS.into())?;
    let mut stage = Stage {
        site: &mut site,
        client: &client,
        timeline,
    };
    stage.open()?;
    let outcomes = [
        stage.haproxy_stops()?,
        stage.haproxy_returns()?,
        stage.daemon_stops()?,
        stage.daemon_returns()?,
        stage.node_dies()?,
    ];
    Ok(conclude(timeline, client.totals(), &outcomes))
}

/// Prints the table; says whether all passed.
fn conclude(timeline: &Timeline, totals: Totals, outcomes: &[Outcome]) -> bool {
    timeline.say(
        Tone::Heading,
        &format!(
            "\n{:<36} {:<14} {:>8} {:>13} {:>8}",
            "step", "address is on", "after", "client's gap", "allowed"
        ),
    );
    for outcome in outcomes {
        let (tone, verdict) = if outcome.faults.is_empty() {
            (Tone::Good, "PASS".to_owned())
        } else {
            (Tone::Bad, format!("FAIL: {}", outcome.faults.join("; ")))
        };
        timeline.say(
            tone,
            &format!(
                "{:<36} {:<14} {:>6.2} s {:>11.2} s {:>6.1} s  {verdict}",
                outcome.title,
                outcome.owner,
                outcome.moved.as_secs_f64(),
                outcome.gap.as_secs_f64(),
                outcome.bound.as_secs_f64(),
            ),
        );
    }
    let failed = outcomes
        .iter()
        .filter(|outcome| !outcome.faults.is_empty())
        .count();
    timeline.say(
        Tone::Plain,
        &format!(
            "\n{} requests answered, {} not; {} steps passed, {failed} failed",
            totals.answers,
            totals.failures,
            outcomes.len() - failed
        ),
    );
    failed == 0
}

/// The daemon to show: `EVERVIP_DEMO_DAEMON`, else the release build of this tree.
fn daemon() -> Result<PathBuf> {
    if let Some(path) = std::env::var_os("EVERVIP_DEMO_DAEMON") {
        return Ok(std::path::absolute(path)?);
    }
    let own = std::env::current_exe()?;
    let profiles = own.parent().and_then(Path::parent);
    let Some(found) = profiles
        .map(|dir| dir.join("release/keepalived"))
        .filter(|path| path.is_file())
    else {
        bail!("no release build of the daemon; `make demo` makes one");
    };
    Ok(found)
}

/// First line of what the daemon says about itself.
fn version(daemon: &Path) -> String {
    let output = Command::new(daemon).arg("-v").output();
    let text = output.map_or_else(
        |error| error.to_string(),
        |output| {
            let both = [output.stdout, output.stderr].concat();
            String::from_utf8_lossy(&both).into_owned()
        },
    );
    text.lines().next().unwrap_or("unknown").to_owned()
}
