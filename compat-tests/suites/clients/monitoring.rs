//! Monitoring systems: Zabbix' template for keepalived, and Checkmk's plug-in and SNMP check.

use std::{
    process::Command,
    thread,
    time::{Duration, Instant},
};

use evervip_lab::{Error, Node, Process, wait_until};
use serde_json::Value;

use super::readers::{COUNTERS, JSON, shell};
use crate::{
    cluster::{CONFIG, Cluster, PATIENCE, PID_FILE, PROGRAM, with_single},
    conf::{Conf, V2_MULTICAST, VIP},
    ensure,
    plan::Plan,
    snmp,
    verdict::Verdict,
};

pub(super) fn add(plan: &mut Plan) {
    plan.single("clients::zabbix", |program| with_single(program, zabbix));
    plan.single("clients::checkmk-plugin", |program| {
        with_single(program, checkmk_plugin)
    });
    plan.single_if("clients::checkmk-snmp", snmp::tools(), |program| {
        with_single(program, checkmk_snmp)
    });
}

/// The pid file of the distribution's unit.
const SERVICE_PID: &str = "/run/keepalived/keepalived.pid";
/// Where systemd puts the `/tmp` of a service that has one of its own.
const PRIVATE: &str = "/tmp/systemd-private-0123456789abcdef-keepalived.service-AbCdEf";

/// Asks by the numbers that the program tells and finds the file in the service's own `/tmp`, which it
/// looks for by name; every item of its discovery has the type that the template gives it.
fn zabbix(cluster: &mut Cluster) -> Verdict {
    let node = cluster.members[0].node.clone();
    let service = start_as_service(&node)?;
    cluster.lab.wait_owner(VIP.into(), "a", PATIENCE)?;
    shell(
        &node,
        &format!("kill -s $({PROGRAM} --signum=JSON) $(cat {SERVICE_PID})"),
    )?;
    let look = "echo /tmp/$(ls /tmp | grep keepalived)/tmp/keepalived.json";
    let mut items = Value::Null;
    wait_until(PATIENCE, "the file in the service's own /tmp", || {
        let found = shell(&node, look).and_then(|path| node.read_file(&path));
        found.is_ok_and(|text| {
            serde_json::from_str(&text).is_ok_and(|parsed| {
                items = parsed;
                true
            })
        })
    })?;
    let (data, stats) = (&items[0]["data"], &items[0]["stats"]);
    for item in TEXTS {
        ensure!(data[item].is_string(), "{item}: {}", data[item]);
    }
    for item in NUMBERS {
        ensure!(data[item].is_number(), "{item}: {}", data[item]);
    }
    for item in SWITCHES {
        ensure!(data[item].is_boolean(), "{item}: {}", data[item]);
    }
    for item in COUNTERS {
        ensure!(stats[item].is_u64(), "{item}: {}", stats[item]);
    }
    ensure!(data["vmac_ifname"] == "", "{}", data["vmac_ifname"]);
    shell(&node, &format!("kill $(cat {SERVICE_PID})"))?;
    let status = service.wait(PATIENCE)?;
    ensure!(status.success(), "SIGTERM: ended with {status}");
    Ok(())
}

const TEXTS: [&str; 3] = ["iname", "vmac_ifname", "ifp_ifname"];
const NUMBERS: [&str; 22] = [
    "dont_track_primary",
    "skip_check_adv_addr",
    "strict_mode",
    "master_priority",
    "last_transition",
    "garp_delay",
    "garp_refresh",
    "garp_rep",
    "garp_refresh_rep",
    "garp_lower_prio_delay",
    "garp_lower_prio_rep",
    "lower_prio_no_advert",
    "higher_prio_send_advert",
    "vrid",
    "base_priority",
    "effective_priority",
    "adver_int",
    "master_adver_int",
    "accept",
    "preempt_delay",
    "state",
    "wantstate",
];
const SWITCHES: [&str; 5] = [
    "vipset",
    "promote_secondaries",
    "nopreempt",
    "smtp_alert",
    "notify_deleted",
];

/// The daemon with `PrivateTmp=yes`.
fn start_as_service(node: &Node) -> Verdict<Process> {
    node.write_file(CONFIG, Conf::new(V2_MULTICAST, 0).text(), 0o644)?;
    shell(node, &format!("mkdir -p /run/keepalived {PRIVATE}/tmp"))?;
    let line = format!(
        "mount --bind {PRIVATE}/tmp /tmp && exec {PROGRAM} --dont-fork -l -D -f {CONFIG} -p {SERVICE_PID}"
    );
    let mut command = Command::new("unshare");
    command.args(["--mount", "--propagation", "private", "sh", "-c", &line]);
    node.spawn("keepalived", command)
}

/// Each time it is called: the pid file, the number of the signal, at most a second for the file, which
/// it takes away. The states are those of its table.
fn checkmk_plugin(cluster: &mut Cluster) -> Verdict {
    let conf = Conf::new(V2_MULTICAST, 0).check();
    cluster.start(&conf)?;
    cluster.settle(0, VIP.into())?;
    let member = &cluster.members[0];
    ensure!(
        section(&member.node)? == [("LB_VIP".to_owned(), "MASTER")],
        "not MASTER"
    );
    member.set_check(false)?;
    wait_until(PATIENCE, "another state", || {
        section(&member.node)
            .is_ok_and(|section| section == [("LB_VIP".to_owned(), STATES[FALLEN])])
    })
}

const STATES: [&str; 4] = ["INIT", "BACKUP", "MASTER", "FAULT"];
/// The state of an instance whose check fails.
const FALLEN: usize = 3;

/// What the plug-in prints: instances with their states. The best of some attempts, since other cases
/// run at the same time.
fn section(node: &Node) -> Verdict<Vec<(String, &'static str)>> {
    let mut parsed = None;
    for _ in 0..10 {
        let pid = node.read_file(PID_FILE)?;
        let pid = pid.trim();
        ensure!(pid.parse::<u32>().is_ok(), "no pid: `{pid}`");
        let signal = shell(node, &format!("{PROGRAM} --signum=JSON"))?;
        shell(node, &format!("kill -{signal} {pid}"))?;
        let begin = Instant::now();
        while parsed.is_none() && begin.elapsed() < Duration::from_secs(1) {
            thread::sleep(Duration::from_millis(100));
            parsed = serde_json::from_str::<Value>(&node.read_file(JSON).unwrap_or_default()).ok();
        }
        let _ = node.remove_file(JSON);
        if parsed.is_some() {
            break;
        }
    }
    let instances = parsed.as_ref().and_then(Value::as_array);
    let instances = instances.map(Vec::as_slice).unwrap_or_default();
    ensure!(!instances.is_empty(), "no file within a second");
    let state = |data: &Value| {
        let number = usize::try_from(data["state"].as_u64()?).ok()?;
        Some((data["iname"].as_str()?.to_owned(), *STATES.get(number)?))
    };
    let states = instances.iter().map(|one| state(&one["data"]));
    states
        .collect::<Option<Vec<_>>>()
        .ok_or_else(|| Error::new(format!("{instances:?}")))
}

/// The check over SNMP joins names and states with addresses by the first number of their rows.
fn checkmk_snmp(cluster: &mut Cluster) -> Verdict {
    let _station = snmp::settled(cluster, snmp::TABLES)?;
    let node = &cluster.members[0].node;
    let version = column(node, "1.1.0");
    ensure!(
        version.len() == 1 && version[0].1.contains("Keepalived v2.2.7"),
        "{version:?}"
    );
    let names = column(node, "2.3.1.2");
    let states = column(node, "2.3.1.4");
    let rows = |column: &[(String, String)]| -> Vec<String> {
        column.iter().map(|(row, _)| row.clone()).collect()
    };
    ensure!(rows(&names) == rows(&states), "{names:?}, {states:?}");
    let row_of = |name: &str| {
        let found = names.iter().find(|(_, value)| value.contains(name));
        found.map(|(row, _)| row.clone()).unwrap_or_default()
    };
    let addresses = column(node, "2.6.1.3");
    let joined: Vec<(&str, &str)> = addresses
        .iter()
        .filter_map(|(row, value)| Some((row.split_once('.')?.0, value.as_str())))
        .collect();
    ensure!(joined.len() == addresses.len(), "{addresses:?}");
    // 10.150.160.32 and 10.150.160.40, as octets.
    for (name, octets) in [("LB_VIP", "0A 96 A0 20"), ("ALONE", "0A 96 A0 28")] {
        let row = row_of(name);
        ensure!(
            joined
                .iter()
                .any(|(instance, value)| *instance == row && value.contains(octets)),
            "{name}, row {row}: {joined:?}"
        );
    }
    cluster.stop(0)
}

/// Rows and values of a column of KEEPALIVED-MIB.
fn column(node: &Node, column: &str) -> Vec<(String, String)> {
    let root = format!("{}.{column}", snmp::KEEPALIVED);
    let text = snmp::walk(node, &root);
    let rows = text.lines().filter_map(|line| {
        let (name, value) = line.split_once(" = ")?;
        let row = name.strip_prefix(&root)?.trim_start_matches('.');
        Some((row.to_owned(), value.to_owned()))
    });
    rows.collect()
}
