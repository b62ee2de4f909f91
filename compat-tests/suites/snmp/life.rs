//! What SNMP tells as time goes by, beside the original's: every notification of a life with a fault
//! and a reload, rows of a backup and of faulty instances, counters and notifications of wrong
//! adverts, and what each switch opens.

use std::{net::Ipv4Addr, thread};

use evervip_lab::{Error, Injector, checksum, ethernet, ipv4, wait_until};
use nix::sys::signal::Signal;

use super::{KEEPALIVED, ROOTS, Station, command, masked, start, walk};
use crate::{
    cluster::{CONFIG, Cluster, FOREGROUND, PATIENCE, with_single},
    conf::{INTERFACE, NODES, VIP},
    ensure,
    plan::{Combo, Plan},
    program::Program,
    verdict::Verdict,
};

/// Adds the cases.
pub(super) fn add(plan: &mut Plan) {
    plan.compare("snmp::life", |combo| beside(combo, life));
    plan.compare("snmp::wrong-adverts", |combo| beside(combo, wrong_adverts));
    plan.compare("snmp::backup-and-fault", |combo| {
        beside(combo, backup_and_fault)
    });
    plan.compare("snmp::switches", |combo| beside(combo, switches));
    plan.compare("snmp::questions", |combo| beside(combo, questions));
    plan.ours_only("snmp::reload", |program| with_single(program, reload));
}

/// Both programs are put through the same and must tell the same.
fn beside(combo: &Combo, scenario: fn(&mut Cluster) -> Verdict<Vec<String>>) -> Verdict {
    let record = |program: &Program| -> Verdict<Vec<String>> {
        let mut told = Vec::new();
        with_single(program, |cluster| {
            told = scenario(cluster)?;
            Ok(())
        })?;
        Ok(told)
    };
    let (ours, theirs) = thread::scope(|scope| {
        let other = scope.spawn(|| record(&combo.peer));
        (record(&combo.subject), other.join())
    });
    let theirs = theirs.map_err(|_| Error::new("recording panicked"))??;
    let ours = ours?;
    ensure!(!theirs.is_empty(), "the original has told nothing");
    let alone = |a: &[String], b: &[String]| -> Vec<String> {
        a.iter().filter(|line| !b.contains(line)).cloned().collect()
    };
    let (more, less) = (alone(&ours, &theirs), alone(&theirs, &ours));
    ensure!(
        more.is_empty() && less.is_empty(),
        "evervip alone: {more:#?}\nkeepalived alone: {less:#?}"
    );
    ensure!(
        ours == theirs,
        "evervip: {ours:#?}\nkeepalived: {theirs:#?}"
    );
    Ok(())
}

const SWITCHED_ON: &str = "global_defs {\n router_id LB_1\n snmp_socket unix:/run/agentx\n enable_snmp_vrrp\n \
                           enable_snmp_rfc\n enable_traps\n}\n";

/// An instance in the manner of the other configurations.
fn instance(name: &str, vrid: u8, lines: &str) -> String {
    format!(
        "vrrp_instance {name} {{\n interface {INTERFACE}\n virtual_router_id {vrid}\n {lines}\n \
         virtual_ipaddress {{\n 10.150.160.{vrid}/32\n }}\n}}\n"
    )
}

/// What the receiver has written of a notification, without its time.
fn notification(line: &str) -> Option<String> {
    let (_, told) = line.split_once(".1.3.6.1.6.3.1.1.4.1.0 = OID: ")?;
    Some(told.to_owned())
}

/// All notifications so far, those of each object together and in their order.
fn notifications(cluster: &Cluster, station: &Station) -> Verdict<Vec<String>> {
    // The agent has told the receiver everything before it forgets a subagent that has ended.
    let node = &cluster.members[0].node;
    let is_forgotten = || walk(node, &format!("{KEEPALIVED}.1.1")).contains("No Such Object");
    wait_until(PATIENCE, "the subagent is forgotten", is_forgotten)?;
    let end = command("/usr/bin/snmptrap -v2c -c public 127.0.0.1:162 0 .1.3.6.1.4.1.8072.2.3.0.1");
    node.output(end)?;
    station.traps.log().wait_for(".8072.2.3.0.1", PATIENCE)?;
    let text = station.traps.log().text();
    let mut told: Vec<String> = text.lines().filter_map(notification).collect();
    told.retain(|line| !line.contains(".8072.2.3.0.1"));
    // Of several objects that change at the same moment either may be the first.
    told.sort_by_key(|line| {
        let parts: Vec<&str> = line.split('\t').take(2).collect();
        let parts = parts.join("\t");
        let is_of_rfc = !parts.starts_with(KEEPALIVED);
        let end = parts.rfind(" = ").filter(|_| is_of_rfc);
        parts[..end.unwrap_or(parts.len())].to_owned()
    });
    Ok(told)
}

/// Start, a fault of all, recovery, a reload that removes two instances and brings one, the end.
fn life(cluster: &mut Cluster) -> Verdict<Vec<String>> {
    let group = "vrrp_sync_group G {\n group {\n IN_GROUP\n SIX\n }\n}\n";
    let staying = format!(
        "{SWITCHED_ON}{group}{}{}{}",
        instance("LB_VIP", 50, "state MASTER\npriority 120"),
        instance("IN_GROUP", 51, "version 3\nadvert_int 0.2"),
        "vrrp_instance SIX {\n interface ens192\n virtual_router_id 61\n version 3\n virtual_ipaddress {\n \
         2001:db8::61/64\n }\n}\n"
    );
    let old = format!(
        "{staying}{}{}",
        instance("GOES", 52, "version 3"),
        instance("ENDS", 53, "version 3\nnotify_deleted")
    );
    let new = format!("{staying}{}", instance("COMES", 54, "version 3"));
    cluster.members[0].wait_for_address_of_link()?;
    let station = start(cluster, &old)?;
    let node = &cluster.members[0].node;
    wait_told(&station, [5, 5, 1, 0, 0])?;
    node.set_admin(INTERFACE, false)?;
    wait_told(&station, [5, 5, 1, 5, 1])?;
    node.set_admin(INTERFACE, true)?;
    wait_told(&station, [10, 10, 2, 5, 1])?;
    // The one that goes is told of as faulty.
    cluster.reload(0, &new)?;
    wait_told(&station, [11, 11, 2, 6, 1])?;
    cluster.stop(0)?;
    notifications(cluster, &station)
}

/// Waits until the receiver has so many notifications of masters (of instances, of VRRPv3-MIB, of the
/// group) and of faults (of instances, of the group): the original sends them with the state of that
/// moment, some time after the line in its log.
fn wait_told(station: &Station, wanted: [usize; 5]) -> Verdict {
    let column = |column: &str, state: u8| format!("{KEEPALIVED}.2.{column} = INTEGER: {state}");
    let marks = [
        column("3.1.4", 2),
        ".1.3.6.1.2.1.207.0.1\t".to_owned(),
        column("1.1.3", 2),
        column("3.1.4", 3),
        column("1.1.3", 3),
    ];
    let told = || marks.each_ref().map(|mark| station.traps.log().count(mark));
    let waited = wait_until(PATIENCE, "notifications", || told() == wanted);
    ensure!(waited.is_ok(), "{:?}, expected {wanted:?}", told());
    Ok(())
}

/// Adverts with one mistake each, and at the end a resignation without any.
fn wrong_adverts(cluster: &mut Cluster) -> Verdict<Vec<String>> {
    let text = format!(
        "{SWITCHED_ON}{}{}",
        instance(
            "OLD",
            50,
            "priority 120\nauthentication {\nauth_type PASS\nauth_pass 12345678\n}"
        ),
        instance("NEW", 51, "version 3\nadvert_int 0.2")
    );
    let station = start(cluster, &text)?;
    for name in ["OLD", "NEW"] {
        let line = format!("({name}) Entering MASTER STATE");
        cluster.log(0).wait_for(&line, PATIENCE)?;
    }
    let injector = cluster.members[2].node.injector(INTERFACE)?;
    for mistake in OF_OLD {
        injector.send(&old_advert(mistake, &injector))?;
    }
    for mistake in OF_NEW {
        injector.send(&new_advert(mistake, &injector))?;
    }
    let node = &cluster.members[0].node;
    for counter in [
        // Resignations that each of the two has received.
        ".1.3.6.1.2.1.207.1.2.5.1.7.",
        ".1.3.6.1.2.1.68.2.4.1.6.",
    ] {
        let are_counted = || {
            let walked = walk(node, counter.trim_end_matches('.'));
            !walked.is_empty() && walked.lines().all(|line| line.ends_with(": 1"))
        };
        wait_until(PATIENCE, "the last ones are counted", are_counted)?;
    }
    let mut told = Vec::new();
    for root in [".1.3.6.1.2.1.68.2", ".1.3.6.1.2.1.207.1.2"] {
        told.extend(walk(node, root).lines().map(str::to_owned));
    }
    cluster.stop(0)?;
    told.extend(notifications(cluster, &station)?);
    Ok(told)
}

/// What is done to an advert.
type Mistake = fn(&mut Forged);

/// An advert, open to damage.
struct Forged {
    ttl: u8,
    checksum: Option<u16>,
    message: Vec<u8>,
}

/// Without a wrong interval, which the original does not count (docs/deviations.md).
const OF_OLD: [Mistake; 10] = [
    |f| f.ttl = 254,
    |f| f.checksum = Some(0xdead),
    |f| f.message[0] = 0x11,
    |f| f.message[0] = 0x31,
    |f| f.message[0] = 0x22,
    |f| f.message[4] = 0,
    |f| f.message[4] = 7,
    |f| f.message[12] ^= 1,
    |f| f.message.truncate(12),
    |f| f.message[2] = 0,
];

const OF_NEW: [Mistake; 7] = [
    |f| f.ttl = 254,
    |f| f.checksum = Some(0xdead),
    |f| f.message[0] = 0x21,
    |f| f.message[0] = 0x32,
    |f| f.message[5] = 77,
    |f| f.message.truncate(9),
    |f| f.message[2] = 0,
];

/// Lower than ours: nobody gives way.
const PRIORITY: u8 = 50;
const GROUP: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 18);

fn old_advert(mistake: Mistake, injector: &Injector) -> Vec<u8> {
    let mut message = vec![0x21, 50, PRIORITY, 1, 1, 1, 0, 0, 10, 150, 160, 50];
    message.extend(b"12345678");
    forged(mistake, message, injector, false)
}

fn new_advert(mistake: Mistake, injector: &Injector) -> Vec<u8> {
    let message = vec![0x31, 51, PRIORITY, 1, 0, 20, 0, 0, 10, 150, 160, 51];
    forged(mistake, message, injector, true)
}

fn forged(
    mistake: Mistake,
    message: Vec<u8>,
    injector: &Injector,
    with_addresses: bool,
) -> Vec<u8> {
    let mut forged = Forged {
        ttl: 255,
        checksum: None,
        message,
    };
    mistake(&mut forged);
    let source = NODES[2];
    let length = u16::try_from(forged.message.len()).unwrap_or(0);
    let pseudo = [
        &source.octets()[..],
        &GROUP.octets(),
        &[0, 112],
        &length.to_be_bytes(),
    ]
    .concat();
    let head = if with_addresses { &pseudo[..] } else { &[] };
    let sum = checksum(&[head, &forged.message]);
    let sum = forged.checksum.unwrap_or(sum);
    forged.message[6..8].copy_from_slice(&sum.to_be_bytes());
    let packet = ipv4(source, GROUP, 112, forged.ttl, &forged.message);
    ethernet([1, 0, 0x5e, 0, 0, 0x12], injector.mac(), 0x0800, &packet)
}

/// The tables of a node whose instances are not masters.
fn backup_and_fault(cluster: &mut Cluster) -> Verdict<Vec<String>> {
    let other = format!(
        "{}{}",
        instance("OLD", 50, "priority 200"),
        instance("NEW", 51, "version 3\npriority 200")
    );
    cluster.members[1].start(&other)?;
    cluster.lab.wait_owner(VIP_OF_OLD.into(), "b", PATIENCE)?;
    cluster.lab.wait_owner(VIP_OF_NEW.into(), "b", PATIENCE)?;
    let text = format!(
        "{}{}{}{}",
        SWITCHED_ON.replace("enable_traps", "enable_traps\ndynamic_interfaces"),
        instance("OLD", 50, "priority 120\nnopreempt"),
        instance("NEW", 51, "version 3\npriority 120"),
        instance("LOST", 52, "version 3\ntrack_interface {\nnowhere\n}")
    );
    let _station = start(cluster, &text)?;
    let node = &cluster.members[0].node;
    let states = format!("{KEEPALIVED}.2.3.1.4");
    let are_settled = || {
        let walked = walk(node, &states);
        let states: Vec<&str> = walked
            .lines()
            .filter_map(|line| line.rsplit(' ').next())
            .collect();
        states == ["1", "1", "3"]
    };
    wait_until(PATIENCE, "backups and a fault", are_settled)?;
    let mut told = Vec::new();
    for root in ROOTS {
        told.extend(walk(node, root).lines().map(masked));
    }
    told.sort();
    cluster.stop(0)?;
    Ok(told)
}

const VIP_OF_OLD: Ipv4Addr = Ipv4Addr::new(10, 150, 160, 50);
const VIP_OF_NEW: Ipv4Addr = Ipv4Addr::new(10, 150, 160, 51);

/// Which tables are served with which keywords and options.
fn switches(cluster: &mut Cluster) -> Verdict<Vec<String>> {
    let _station = Station::start(&cluster.members[0].node)?;
    let mut told = Vec::new();
    for (keywords, options) in SWITCHES {
        let socket = if options.contains(&"-A") {
            ""
        } else {
            "snmp_socket unix:/run/agentx"
        };
        let text = format!(
            "global_defs {{\n router_id LB_1\n {socket}\n {keywords}\n}}\n{}",
            instance("LB_VIP", 32, "priority 120")
        );
        let arguments: Vec<&str> = FOREGROUND.iter().chain(options.iter()).copied().collect();
        let member = &mut cluster.members[0];
        member.node.write_file(CONFIG, &text, 0o644)?;
        member.start_with(&arguments)?;
        cluster.lab.wait_owner(VIP.into(), "a", PATIENCE)?;
        cluster
            .log(0)
            .wait_for("AgentX subagent connected", PATIENCE)?;
        let node = &cluster.members[0].node;
        for root in TABLES {
            let served = walk(node, root).lines().count();
            let first = walk(node, root).lines().next().map(masked);
            told.push(format!(
                "{keywords:?} {options:?}: {root}: {served}, {first:?}"
            ));
        }
        cluster.daemon(0).signal(Signal::SIGTERM)?;
        cluster.daemon(0).wait(PATIENCE)?;
    }
    Ok(told)
}

const SWITCHES: [(&str, &[&str]); 8] = [
    ("enable_snmp_vrrp", &[]),
    ("enable_snmp_keepalived", &[]),
    ("enable_snmp_rfc", &[]),
    ("enable_snmp_rfcv2", &[]),
    ("enable_snmp_rfcv3", &[]),
    ("enable_snmp_vrrp\nenable_snmp_rfcv3", &[]),
    ("", &["-x"]),
    ("enable_snmp_rfcv2", &["-x", "-A", "unix:/run/agentx"]),
];

/// Roots of what a switch may open.
const TABLES: [&str; 4] = [
    ".1.3.6.1.4.1.9586.100.5.1",
    ".1.3.6.1.4.1.9586.100.5.2",
    ".1.3.6.1.2.1.68",
    ".1.3.6.1.2.1.207",
];

/// After a reload just what the file says is served. The original goes on with the tables that it has
/// served first (docs/deviations.md).
fn reload(cluster: &mut Cluster) -> Verdict {
    let text = |keywords: &str| {
        let globals = SWITCHED_ON.replace("enable_snmp_vrrp\n enable_snmp_rfc", keywords);
        globals + &instance("LB_VIP", 32, "priority 120")
    };
    let _station = Station::start(&cluster.members[0].node)?;
    cluster.members[0].start(&text(""))?;
    cluster.lab.wait_owner(VIP.into(), "a", PATIENCE)?;
    let node = &cluster.members[0].node;
    let served = || TABLES.map(|root| !walk(node, root).contains("No Such Object"));
    for (keywords, wanted) in [
        ("enable_snmp_vrrp", [true, true, false, false]),
        ("enable_snmp_rfcv3", [false, false, false, true]),
        (
            "enable_snmp_vrrp\nenable_snmp_rfcv2",
            [true, true, true, false],
        ),
        ("", [false; 4]),
        ("enable_snmp_rfc", [false, false, true, true]),
    ] {
        cluster.reload(0, &text(keywords))?;
        let waited = wait_until(PATIENCE, keywords, || served() == wanted);
        ensure!(waited.is_ok(), "{keywords:?}: {:?}", served());
    }
    Ok(())
}

/// What is asked beside walks: single objects that are there or not, successors, many at once.
fn questions(cluster: &mut Cluster) -> Verdict<Vec<String>> {
    let text = format!(
        "{SWITCHED_ON}{}{}",
        instance("LB_VIP", 32, "priority 120"),
        instance("NEW", 51, "version 3\nadvert_int 0.2")
    );
    let _station = start(cluster, &text)?;
    for name in ["LB_VIP", "NEW"] {
        let line = format!("({name}) Entering MASTER STATE");
        cluster.log(0).wait_for(&line, PATIENCE)?;
    }
    let node = &cluster.members[0].node;
    let is_told = || {
        walk(node, &format!("{KEEPALIVED}.2.3.1.4"))
            .matches(": 2")
            .count()
            == 2
    };
    wait_until(PATIENCE, "both are masters in the table", is_told)?;
    if cluster.members[0].program.is_ours() {
        let name = ".1.3.6.1.2.1.68.1.3.1.3.2.32";
        let asked = format!("/usr/bin/snmpget -v2c -t 5 -On -c public 127.0.0.1 {name}");
        let answer = node.output(command(&asked))?.stdout;
        ensure!(answer.contains("INTEGER: 3"), "{answer}");
    }
    let mut told = Vec::new();
    for name in NAMES {
        for program in ["snmpget", "snmpgetnext", "snmpbulkget -Cn1 -Cr4"] {
            let (program, options) = program.split_once(' ').unwrap_or((program, "-On"));
            let asked = command(&format!(
                "/usr/bin/{program} -v2c -t 5 -On -c public {options} 127.0.0.1 {KEEPALIVED}.1.2.0 {name}"
            ));
            let output = node.output(asked)?;
            let answer = output.stdout + &output.stderr;
            told.extend(
                answer
                    .lines()
                    .map(|line| format!("{program} {name}: {}", masked(line))),
            );
        }
    }
    Ok(told)
}

/// Objects, and places between, before and behind them.
/// Nothing of VRRP-MIB: the original finds none of its rows when they are asked for by name.
const NAMES: [&str; 14] = [
    ".1.3.6.1.4.1.9586.100.5",
    ".1.3.6.1.4.1.9586.100.5.1.1.0",
    ".1.3.6.1.4.1.9586.100.5.1.1",
    ".1.3.6.1.4.1.9586.100.5.1.1.1",
    ".1.3.6.1.4.1.9586.100.5.1.99",
    ".1.3.6.1.4.1.9586.100.5.2.3.1.2.1",
    ".1.3.6.1.4.1.9586.100.5.2.3.1.2.2",
    ".1.3.6.1.4.1.9586.100.5.2.3.1.2.3",
    ".1.3.6.1.4.1.9586.100.5.2.3.1.2.0",
    ".1.3.6.1.4.1.9586.100.5.2.3.1.99.1",
    ".1.3.6.1.4.1.9586.100.5.2.6.1.4.1.1",
    ".1.3.6.1.4.1.9586.100.5.2.6.1.4.1",
    ".1.3.6.1.2.1.68.2.4.1.1.4294967295.255",
    ".1.3.6.1.2.1.207.1.1.1.1.6.2.51.1",
];
