//! SNMP: the tables and notifications beside the original's, with Debian's `snmpd`.

mod life;

use std::{path::Path, process::Command, time::Instant};

use evervip_lab::{Error, Node, Process, wait_until};
use nix::sys::signal::Signal;

use crate::{
    cluster::{Cluster, PATIENCE, with_single},
    conf::{INTERFACE, VIP},
    ensure,
    plan::{Combo, Plan},
    program::Program,
    verdict::Verdict,
};

/// Adds the cases.
pub fn add(plan: &mut Plan) {
    if let Err(reason) = tools() {
        eprintln!("SKIPPED: snmp: {reason}");
        return;
    }
    plan.compare("snmp::tables", |combo| tables(combo, TABLES));
    plan.compare("snmp::static-entries", |combo| tables(combo, STATIC));
    plan.compare("snmp::trackers", |combo| tables(combo, TRACKERS));
    plan.single("snmp::notifications", |program| {
        with_single(program, notifications)
    });
    life::add(plan);
    plan.ours_only("snmp::agent-comes-and-goes", |program| {
        with_single(program, agent_comes_and_goes)
    });
    plan.ours_only("snmp::agent-hangs", |program| {
        with_single(program, agent_hangs)
    });
    plan.ours_only("snmp::nothing-can-be-set", |program| {
        with_single(program, nothing_can_be_set)
    });
}

/// Whether Debian's programs are there; the error says which is not.
pub fn tools() -> Result<(), String> {
    let missing = TOOLS.iter().find(|tool| !Path::new(tool).exists());
    missing.map_or(Ok(()), |tool| Err(format!("{tool} is not installed")))
}

const TOOLS: [&str; 4] = [
    "/usr/sbin/snmpd",
    "/usr/bin/snmpwalk",
    "/usr/bin/snmpset",
    "/usr/sbin/snmptrapd",
];
/// Three instances, the third in no group.
pub const TABLES: &str = include_str!("snmp/tables.conf");
const STATIC: &str = include_str!("snmp/static.conf");
const TRACKERS: &str = include_str!("snmp/trackers.conf");
const AGENT: &str = "agentAddress udp:127.0.0.1:161\nrocommunity public\nrwcommunity private\n\
                     master agentx\nagentXSocket unix:/run/agentx\ntrap2sink 127.0.0.1:162 public\n";
/// KEEPALIVED-MIB.
pub const KEEPALIVED: &str = ".1.3.6.1.4.1.9586.100.5";
const ROOTS: [&str; 3] = [KEEPALIVED, ".1.3.6.1.2.1.68", ".1.3.6.1.2.1.207"];
/// What differs from moment to moment, or on purpose (docs/deviations.md): addresses of masters and
/// times of VRRP-MIB, the time of VRRPv3-MIB.
const MASKED: [&str; 3] = [
    ".1.3.6.1.2.1.68.1.3.1.7.",
    ".1.3.6.1.2.1.68.1.3.1.13.",
    ".1.3.6.1.2.1.207.1.1.1.1.12.",
];

/// An SNMP agent and a receiver of notifications, which vanish with their node.
pub struct Station {
    agent: Process,
    traps: Process,
}

impl Station {
    fn start(node: &Node) -> Verdict<Self> {
        node.exec(&["ip", "link", "set", "lo", "up"])?;
        node.write_file("/run/snmpd.conf", AGENT, 0o644)?;
        node.write_file("/run/snmptrapd.conf", "disableAuthorization yes\n", 0o644)?;
        let traps = node.spawn(
            "snmptrapd",
            command("/usr/sbin/snmptrapd -f -Lo -On -C -c /run/snmptrapd.conf udp:127.0.0.1:162"),
        )?;
        traps.log().wait_for("NET-SNMP version", PATIENCE)?;
        let agent = node.spawn(
            "snmpd",
            command("/usr/sbin/snmpd -f -Lo -C -c /run/snmpd.conf"),
        )?;
        agent.log().wait_for("NET-SNMP version", PATIENCE)?;
        Ok(Self { agent, traps })
    }
}

fn command(line: &str) -> Command {
    let mut words = line.split(' ');
    let mut command = Command::new(words.next().unwrap_or_default());
    command
        .args(words)
        .env("MIBS", "")
        .env("SNMP_PERSISTENT_DIR", "/run/snmp");
    command
}

fn start(cluster: &mut Cluster, text: &str) -> Verdict<Station> {
    let station = Station::start(&cluster.members[0].node)?;
    cluster.members[0].start(text)?;
    cluster
        .log(0)
        .wait_for("AgentX subagent connected", PATIENCE)?;
    Ok(station)
}

/// Starts an agent and a daemon, and waits until three instances are master.
pub fn settled(cluster: &mut Cluster, text: &str) -> Verdict<Station> {
    let station = start(cluster, text)?;
    cluster.lab.wait_owner(VIP.into(), "a", PATIENCE)?;
    // Each instance is master, and the scripts have told that they are good.
    for instance in ["1", "2", "3"] {
        let state = format!("{KEEPALIVED}.2.3.1.4.{instance} = INTEGER: 2");
        let node = &cluster.members[0].node;
        let is_master = || walk(node, &format!("{KEEPALIVED}.2.3.1.4")).contains(&state);
        wait_until(PATIENCE, &state, is_master)?;
    }
    let node = &cluster.members[0].node;
    let results = format!("{KEEPALIVED}.2.9.1.6");
    let are_good = || {
        let walked = walk(node, &results);
        walked.contains("INTEGER: 3") && walked.lines().all(|line| line.ends_with("INTEGER: 3"))
    };
    wait_until(PATIENCE, "good scripts", are_good)?;
    Ok(station)
}

/// What `snmpwalk` prints of a subtree.
pub fn walk(node: &Node, root: &str) -> String {
    let walk = command(&format!(
        "/usr/bin/snmpwalk -On -v2c -t 5 -c public 127.0.0.1 {root}"
    ));
    node.output(walk)
        .map_or_else(|error| error.to_string(), |output| output.stdout)
}

fn tables(combo: &Combo, text: &str) -> Verdict {
    let record = |program: &Program| -> Verdict<Vec<String>> {
        let mut lines = Vec::new();
        with_single(program, |cluster| {
            let _station = settled(cluster, text)?;
            let node = &cluster.members[0].node;
            for root in ROOTS {
                lines.extend(walk(node, root).lines().map(masked));
            }
            cluster.stop(0)
        })?;
        Ok(lines)
    };
    let (ours, theirs) = (record(&combo.subject)?, record(&combo.peer)?);
    ensure!(theirs.len() > 150, "the original serves {theirs:#?}");
    let beside = |a: &[String], b: &[String]| -> Vec<String> {
        a.iter().filter(|line| !b.contains(line)).cloned().collect()
    };
    let (more, less) = (beside(&ours, &theirs), beside(&theirs, &ours));
    ensure!(
        more.is_empty() && less.is_empty(),
        "evervip alone: {more:#?}\nkeepalived alone: {less:#?}"
    );
    Ok(())
}

fn masked(line: &str) -> String {
    let (name, value) = line.split_once(" = ").unwrap_or((line, ""));
    let is_masked = MASKED.iter().any(|start| name.starts_with(start));
    format!("{name} = {}", if is_masked { "..." } else { value })
}

/// Those of an instance of version 2 that becomes master, in their order.
fn notifications(cluster: &mut Cluster) -> Verdict {
    let station = settled(cluster, TABLES)?;
    let of_instance = format!(
        "{KEEPALIVED}.2.10.0.2\t{KEEPALIVED}.2.3.1.2 = STRING: \"LB_VIP\"\t{KEEPALIVED}.2.3.1.4 = INTEGER: "
    );
    let router =
        format!("\t{KEEPALIVED}.2.3.1.5 = INTEGER: 1\t{KEEPALIVED}.1.2.0 = STRING: \"LB_1\"");
    let wanted = [
        format!("{of_instance}1{router}"),
        format!("{of_instance}2{router}"),
        "OID: .1.3.6.1.2.1.68.0.1\t.1.3.6.1.2.1.68.1.3.1.7.".to_owned(),
        "OID: .1.3.6.1.2.1.207.0.1\t.1.3.6.1.2.1.207.1.1.1.1.3.".to_owned(),
    ];
    cluster.stop(0)?;
    let stopped = format!("{of_instance}5{router}");
    station.traps.log().wait_for(&stopped, PATIENCE)?;
    let text = station.traps.log().text();
    let mut lines = text.lines();
    for part in &wanted {
        if !lines.any(|line| line.contains(part)) {
            return Err(Error::new(format!(
                "`{part}` missing or out of order:\n{text}"
            )));
        }
    }
    Ok(())
}

/// The agent is started later than the daemon, and again after it has ended.
fn agent_comes_and_goes(cluster: &mut Cluster) -> Verdict {
    const CONNECTED: &str = "AgentX subagent connected";
    cluster.members[0].start(TABLES)?;
    let log = cluster.log(0);
    log.wait_for("Failed to connect to the agentx master agent", PATIENCE)?;
    let station = Station::start(&cluster.members[0].node)?;
    log.wait_for(CONNECTED, PATIENCE)?;
    let mark = log.mark();
    drop(station);
    log.wait_after(
        mark,
        "AgentX master disconnected us, reconnecting in 1 ",
        PATIENCE,
    )?;
    let _station = Station::start(&cluster.members[0].node)?;
    log.wait_after(mark, CONNECTED, PATIENCE)?;
    let name = format!("{KEEPALIVED}.1.2.0");
    let node = &cluster.members[0].node;
    let is_served = || walk(node, &name).contains("\"LB_1\"");
    wait_until(PATIENCE, &name, is_served)?;
    cluster.stop(0)
}

/// An agent that does not answer holds nobody up, not even at the end.
fn agent_hangs(cluster: &mut Cluster) -> Verdict {
    let station = start(cluster, TABLES)?;
    cluster.lab.wait_owner(VIP.into(), "a", PATIENCE)?;
    station.agent.signal(Signal::SIGSTOP)?;
    for up in [false, true, false, true] {
        let mark = cluster.log(0).mark();
        cluster.members[0].node.set_admin(INTERFACE, up)?;
        let state = if up { "MASTER" } else { "FAULT" };
        let line = format!("(LB_VIP) Entering {state} STATE");
        cluster.log(0).wait_after(mark, &line, PATIENCE)?;
    }
    let mark = cluster.capture.mark();
    for _ in 0..3 {
        cluster.wait_advert(0, cluster.capture.mark())?;
    }
    let asked = Instant::now();
    cluster.stop(0)?;
    let took = asked.elapsed();
    ensure!(took < PATIENCE / 3, "the end took {took:?}");
    ensure!(cluster.resignations(0, mark) > 0, "no resignation");
    Ok(())
}

fn nothing_can_be_set(cluster: &mut Cluster) -> Verdict {
    let _station = start(cluster, TABLES)?;
    let node = &cluster.members[0].node;
    let set = command(&format!(
        "/usr/bin/snmpset -On -v2c -t 5 -c private 127.0.0.1 {KEEPALIVED}.2.3.1.7.1 i 150"
    ));
    let output = node.output(set)?;
    ensure!(
        output.stderr.contains("notWritable"),
        "snmpset: {} {}",
        output.stdout,
        output.stderr
    );
    let priority = walk(node, &format!("{KEEPALIVED}.2.3.1.7.1"));
    ensure!(priority.contains("INTEGER: 120"), "{priority}");
    cluster.stop(0)
}
