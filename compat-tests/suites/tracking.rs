//! Tracked files, processes and interfaces: what a change of them does to states, to the priority on
//! the wire and to the log.

use std::{process::Command, time::Duration};

use evervip_lab::{Interface, Log};

use crate::{
    cluster::{Cluster, PATIENCE, SLACK, elapsed, with_pair, with_single},
    conf::{Conf, INTERFACE, V2_MULTICAST, V3_MULTICAST, VIP},
    ensure,
    plan::Plan,
    verdict::{Verdict, in_order},
};

/// The tracked file in each node.
const FILE: &str = "/run/track/number";
/// A second interface of the first node.
const OTHER: &str = "ens224";
/// What the tracked process runs as, where it is to be found.
const PROCESS: &str = "/run/bin/evvtracked";

/// Adds the cases.
pub fn add(plan: &mut Plan) {
    plan.pair("tracking::file-weight", |combo| {
        with_pair(combo, file_weight)
    });
    plan.pair("tracking::file-fault", |combo| with_pair(combo, file_fault));
    plan.pair("tracking::interface-weight", |combo| {
        with_pair(combo, interface_weight)
    });
    plan.single("tracking::file-numbers", |program| {
        with_single(program, file_numbers)
    });
    plan.single("tracking::file-first", |program| {
        with_single(program, file_first)
    });
    plan.single("tracking::file-initialised", |program| {
        with_single(program, file_initialised)
    });
    plan.single("tracking::file-group", |program| {
        with_single(program, file_group)
    });
    plan.single("tracking::process-first", |program| {
        with_single(program, process_first)
    });
    plan.single("tracking::link-delays", |program| {
        with_single(program, link_delays)
    });
    plan.single("tracking::linkbeat", |program| {
        with_single(program, linkbeat)
    });
    // Without the process connector, which no network namespace but the first has, the original
    // notices nothing.
    plan.ours_only("tracking::process", |program| {
        with_single(program, process_comes_and_goes)
    });
    plan.ours_only("tracking::file-caught-empty", |program| {
        with_single(program, file_caught_empty)
    });
}

/// The usual file of a node, with a block before it and lines in the instance.
fn text(conf: &Conf, block: &str, lines: &str) -> String {
    let mut conf = conf.clone();
    conf.extra += lines;
    let text = conf.text();
    // The blocks of tracked objects stand before their users.
    text.replacen("vrrp_instance", &format!("{block}\nvrrp_instance"), 1)
}

/// The file is tracked with this weight.
fn with_file(conf: &Conf, weight: i32) -> String {
    let block = format!("track_file number {{\n file {FILE}\n}}\n");
    text(
        conf,
        &block,
        &format!("track_file {{\n number weight {weight}\n}}\n"),
    )
}

fn write(cluster: &Cluster, number: &str) -> Verdict {
    cluster.members[0].node.write_file(FILE, number, 0o644)
}

/// Starts the first member with the file and the second as usual.
fn start_with_file(cluster: &mut Cluster, weight: i32, number: &str) -> Verdict {
    cluster.members[0].node.create_dir("/run/track")?;
    write(cluster, number)?;
    let text = with_file(&Conf::new(V3_MULTICAST, 0), weight);
    cluster.members[0].start(&text)?;
    cluster.start(&Conf::new(V3_MULTICAST, 1))?;
    cluster.log(1).wait_for("Entering BACKUP STATE", PATIENCE)?;
    cluster.settle(0, VIP.into())
}

/// The first member must come to advertise this priority.
fn advertises(cluster: &Cluster, mark: usize, priority: u8) -> Verdict {
    let own = crate::cluster::mac(0);
    let wanted =
        |advert: &evervip_lab::Advert| advert.source_mac == own && advert.priority == priority;
    cluster
        .capture
        .wait_advert(mark, PATIENCE, wanted)
        .map(drop)
}

/// The number moves the priority; the address follows.
fn file_weight(cluster: &mut Cluster) -> Verdict {
    start_with_file(cluster, 2, "5\n")?;
    let log = cluster.log(0);
    log.wait_for(
        "(LB_VIP) Changing effective priority from 150 to 160",
        PATIENCE,
    )?;
    let frames = cluster.capture.mark();
    advertises(cluster, frames, 160)?;
    write(cluster, "20\n")?;
    advertises(cluster, frames, 190)?;
    let mark = cluster.log(0).mark();
    write(cluster, "-30\n")?;
    cluster.settle(1, VIP.into())?;
    in_order(
        cluster.log(0),
        mark,
        &[
            "(LB_VIP) Changing effective priority from 190 to 90",
            "(LB_VIP) Master received advert from",
            "(LB_VIP) Entering BACKUP STATE",
        ],
    )?;
    let mark = cluster.log(0).mark();
    cluster.members[0].node.remove_file(FILE)?;
    cluster.settle(0, VIP.into())?;
    in_order(
        cluster.log(0),
        mark,
        &[
            "(LB_VIP) Changing effective priority from 90 to 150",
            "(LB_VIP) Entering MASTER STATE",
        ],
    )
}

/// A number that is not 0 is a fault.
fn file_fault(cluster: &mut Cluster) -> Verdict {
    start_with_file(cluster, 0, "0\n")?;
    let (frames, mark) = cluster.marks_of(0);
    write(cluster, "1\n")?;
    cluster.wait_resignation(0, frames)?;
    cluster.settle(1, VIP.into())?;
    in_order(
        cluster.log(0),
        mark,
        &[
            "(LB_VIP): tracked file number now FAULT state",
            "(LB_VIP) Entering FAULT STATE",
            "(LB_VIP) sent 0 priority",
            "(LB_VIP) removing VIPs.",
        ],
    )?;
    let mark = cluster.log(0).mark();
    cluster.members[0].node.remove_file(FILE)?;
    cluster.settle(0, VIP.into())?;
    in_order(
        cluster.log(0),
        mark,
        &[
            "(LB_VIP): tracked file number leaving FAULT state",
            "(LB_VIP) Entering BACKUP STATE",
            "(LB_VIP) Entering MASTER STATE",
        ],
    )
}

/// A second interface goes and comes back.
fn interface_weight(cluster: &mut Cluster) -> Verdict {
    let other = Interface::new(OTHER).segment("other");
    cluster.members[0].node.attach(&other)?;
    let conf = Conf::new(V3_MULTICAST, 0);
    let lines = format!("track_interface {{\n {OTHER} weight 60\n}}\n");
    let mut conf = Conf {
        priority: 90,
        ..conf
    };
    conf.extra += &lines;
    cluster.start(&conf)?;
    cluster.start(&Conf::new(V3_MULTICAST, 1))?;
    cluster.settle(0, VIP.into())?;
    let log = cluster.log(0);
    log.wait_for(
        "(LB_VIP) Changing effective priority from 90 to 150",
        PATIENCE,
    )?;
    let mark = log.mark();
    cluster.members[0].node.set_admin(OTHER, false)?;
    cluster.settle(1, VIP.into())?;
    in_order(
        cluster.log(0),
        mark,
        &[
            "Netlink reports ens224 down",
            "(LB_VIP) Changing effective priority from 150 to 90",
            "(LB_VIP) Entering BACKUP STATE",
        ],
    )?;
    let mark = cluster.log(0).mark();
    cluster.members[0].node.set_admin(OTHER, true)?;
    cluster.settle(0, VIP.into())?;
    in_order(
        cluster.log(0),
        mark,
        &[
            "Netlink reports ens224 up",
            "(LB_VIP) Changing effective priority from 90 to 150",
        ],
    )
}

/// What is a number, and which priority it makes of 150.
fn file_numbers(cluster: &mut Cluster) -> Verdict {
    cluster.members[0].node.create_dir("/run/track")?;
    let text = with_file(&Conf::new(V3_MULTICAST, 0), 1);
    cluster.members[0].start(&text)?;
    cluster.settle(0, VIP.into())?;
    let mut before = 150;
    for (number, after) in [
        ("5\n", 155),
        ("0x10\n", 166),
        ("010\n", 158),
        (" -7abc\n", 143),
        ("xyz\n", 150),
        ("\n\t 9\n", 159),
        ("08\n", 150),
        ("+12.9\n", 162),
        ("1000\n", 254),
        ("-149\n", 1),
        ("-200\n", 1),
        ("0\n", 150),
    ] {
        let mark = cluster.log(0).mark();
        write(cluster, number)?;
        if before != after {
            let line = format!("Changing effective priority from {before} to {after}");
            cluster.log(0).wait_after(mark, &line, PATIENCE)?;
        }
        before = after;
    }
    let mark = cluster.log(0).mark();
    write(cluster, "99999999999\n")?;
    let line = format!("Invalid number 99999999999 read from {FILE} - ignoring");
    cluster.log(0).wait_after(mark, &line, PATIENCE).map(drop)
}

/// The first state follows from what the file holds.
fn file_first(cluster: &mut Cluster) -> Verdict {
    cluster.members[0].node.create_dir("/run/track")?;
    write(cluster, "-254\n")?;
    let text = with_file(&Conf::new(V3_MULTICAST, 0), 1);
    cluster.members[0].start(&text)?;
    let log = cluster.log(0);
    log.wait_for("(LB_VIP) entering FAULT state", PATIENCE)?;
    let fault = [
        "(LB_VIP): entering FAULT state (tracked file number has status -254)",
        "(LB_VIP) entering FAULT state",
    ];
    in_order(log, 0, &fault)?;
    let mark = log.mark();
    write(cluster, "-100\n")?;
    cluster.settle(0, VIP.into())?;
    in_order(
        cluster.log(0),
        mark,
        &[
            "(LB_VIP): tracked file number leaving FAULT state",
            "(LB_VIP) Setting effective priority to 50",
            "(LB_VIP) Entering BACKUP STATE",
            "(LB_VIP) Entering MASTER STATE",
        ],
    )
}

/// `init_file` makes the file when it is missing.
fn file_initialised(cluster: &mut Cluster) -> Verdict {
    cluster.members[0].node.create_dir("/run/track")?;
    let text = with_file(&Conf::new(V3_MULTICAST, 0), 1).replace(
        &format!("file {FILE}\n"),
        &format!("file {FILE}\n init_file 7\n"),
    );
    cluster.members[0].start(&text)?;
    cluster.settle(0, VIP.into())?;
    let line = "(LB_VIP) Changing effective priority from 150 to 157";
    cluster.log(0).wait_for(line, PATIENCE)?;
    let content = cluster.members[0].node.read_file(FILE)?;
    ensure!(content == "7\n", "the file holds {content:?}");
    Ok(())
}

/// A group's file is every member's.
fn file_group(cluster: &mut Cluster) -> Verdict {
    cluster.members[0].node.create_dir("/run/track")?;
    let conf = Conf::new(V3_MULTICAST, 0);
    let first = conf.text();
    let at = first.find("vrrp_instance").unwrap_or(0);
    let twin = first[at..]
        .replace("LB_VIP", "TWIN")
        .replace("virtual_router_id 50", "virtual_router_id 51")
        .replace(&VIP.to_string(), "10.150.160.33");
    let block = format!("track_file number {{\n file {FILE}\n}}\n");
    let group = "vrrp_sync_group G {\n group {\n LB_VIP\n TWIN\n }\n track_file {\n number weight 0\n }\n}\n";
    let text = format!("{}\n{twin}\n{group}", text(&conf, &block, ""));
    cluster.members[0].start(&text)?;
    cluster.settle(0, VIP.into())?;
    cluster
        .log(0)
        .wait_for("(TWIN) Entering MASTER STATE", PATIENCE)?;
    let mark = cluster.log(0).mark();
    write(cluster, "1\n")?;
    let log = cluster.log(0);
    log.wait_after(
        mark,
        "(TWIN): tracked file number now FAULT state",
        PATIENCE,
    )?;
    in_order(
        log,
        mark,
        &[
            "(LB_VIP): tracked file number now FAULT state",
            "(LB_VIP) Entering FAULT STATE",
            "VRRP_Group(G) Syncing instances to FAULT state",
            "(TWIN) Entering FAULT STATE",
            "(TWIN): tracked file number now FAULT state",
        ],
    )?;
    let mark = log.mark();
    write(cluster, "0\n")?;
    cluster.settle(0, VIP.into())?;
    in_order(
        cluster.log(0),
        mark,
        &[
            "(LB_VIP): tracked file number leaving FAULT state",
            "(TWIN): tracked file number leaving FAULT state",
            "(TWIN) Entering BACKUP STATE",
            "VRRP_Group(G) Syncing instances to BACKUP state",
            "(LB_VIP) Entering BACKUP STATE",
        ],
    )
}

fn process_block() -> String {
    format!("vrrp_track_process p {{\n process {PROCESS} 1000\n}}\n")
}

/// A process that is missing at the start.
fn process_first(cluster: &mut Cluster) -> Verdict {
    let conf = Conf::new(V3_MULTICAST, 0);
    let text = text(&conf, &process_block(), "track_process {\n p\n}\n");
    cluster.members[0].start(&text)?;
    let log = cluster.log(0);
    log.wait_for(
        "(LB_VIP) entering FAULT state (tracked process p quorum not achieved)",
        PATIENCE,
    )?;
    log.wait_for(
        "Failed to set/clear process event listen - errno 111",
        PATIENCE,
    )?;
    Ok(())
}

/// A process that starts, ends, and starts again, without the kernel's events.
fn process_comes_and_goes(cluster: &mut Cluster) -> Verdict {
    let conf = Conf::new(V3_MULTICAST, 0);
    let block = process_block().replace("}\n", " weight 20\n}\n");
    cluster.members[0].node.bind("/bin/sleep", PROCESS)?;
    cluster.members[0].start(&text(&conf, &block, "track_process {\n p\n}\n"))?;
    cluster.settle(0, VIP.into())?;
    for _ in 0..2 {
        let frames = cluster.capture.mark();
        let mark = cluster.log(0).mark();
        let mut sleep = Command::new(PROCESS);
        sleep.arg("1000");
        let process = cluster.members[0].node.spawn("tracked", sleep)?;
        advertises(cluster, frames, 170)?;
        in_order(
            cluster.log(0),
            mark,
            &["Quorum gained for tracked process p"],
        )?;
        let frames = cluster.capture.mark();
        process.kill_tree();
        advertises(cluster, frames, 150)?;
        in_order(cluster.log(0), mark, &["Quorum lost for tracked process p"])?;
    }
    Ok(())
}

/// Whoever truncates the file before writing it loses nothing.
fn file_caught_empty(cluster: &mut Cluster) -> Verdict {
    cluster.members[0].node.create_dir("/run/track")?;
    write(cluster, "20\n")?;
    cluster.members[0].start(&with_file(&Conf::new(V3_MULTICAST, 0), 1))?;
    cluster.settle(0, VIP.into())?;
    let mark = cluster.log(0).mark();
    for _ in 0..20 {
        write(cluster, "")?;
        write(cluster, "20\n")?;
    }
    write(cluster, "21\n")?;
    let log = cluster.log(0);
    log.wait_after(mark, "priority from 170 to 171", PATIENCE)?;
    let lines = log.count_after(mark, "Changing effective priority");
    ensure!(lines == 1, "{lines} changes of the priority");
    Ok(())
}

/// A link state has to last before it counts.
fn link_delays(cluster: &mut Cluster) -> Verdict {
    let conf = Conf::new(V2_MULTICAST, 0);
    let block = format!("interface_up_down_delays {{\n {INTERFACE} 0.4 0.8\n}}\n");
    cluster.members[0].start(&text(&conf, &block, ""))?;
    cluster.settle(0, VIP.into())?;
    let node = &cluster.members[0].node;
    let log = cluster.log(0);
    let mark = log.mark();
    node.set_carrier(INTERFACE, false)?;
    let delayed = Duration::from_millis(400);
    waits(
        log,
        mark,
        "0x11043 to 0x1003 delay by 400000",
        "down",
        delayed,
    )?;
    log.wait_after(mark, "(LB_VIP) Entering FAULT STATE", PATIENCE)?;
    let mark = log.mark();
    node.set_carrier(INTERFACE, true)?;
    let delayed = Duration::from_millis(800);
    waits(
        log,
        mark,
        "0x1003 to 0x11043 delay by 800000",
        "up",
        delayed,
    )?;
    log.wait_after(mark, "(LB_VIP) Entering BACKUP STATE", PATIENCE)?;
    Ok(())
}

/// A link whose state is asked for.
fn linkbeat(cluster: &mut Cluster) -> Verdict {
    let conf = Conf::new(V2_MULTICAST, 0);
    let block = format!("linkbeat_interfaces {{\n {INTERFACE}\n}}\n");
    cluster.members[0].start(&text(&conf, &block, ""))?;
    cluster.settle(0, VIP.into())?;
    let node = &cluster.members[0].node;
    let log = cluster.log(0);
    log.wait_for("Using MII-BMSR/ETHTOOL NIC polling thread(s)...", PATIENCE)?;
    for (up, line, state) in [
        (
            false,
            "Linkbeat reports ens192 down",
            "(LB_VIP) Entering FAULT STATE",
        ),
        (
            true,
            "Linkbeat reports ens192 up",
            "(LB_VIP) Entering BACKUP STATE",
        ),
    ] {
        let mark = log.mark();
        node.set_carrier(INTERFACE, up)?;
        log.wait_after(mark, state, PATIENCE)?;
        in_order(log, mark, &[line, state])?;
        ensure!(
            log.count_after(mark, "Netlink reports") == 0,
            "netlink was heeded"
        );
    }
    Ok(())
}

/// The change is announced, and counts so much later.
fn waits(log: &Log, mark: usize, flags: &str, state: &str, delay: Duration) -> Verdict {
    let line = format!("{INTERFACE}: Adding flags change from {flags}");
    let announced = log.wait_after(mark, &line, PATIENCE)?;
    let line = format!("Netlink reports {INTERFACE} {state}");
    let counted = log.wait_after(mark, &line, PATIENCE)?;
    let waited = elapsed(announced.at, counted.at);
    let least = delay.saturating_sub(Duration::from_millis(50));
    ensure!(
        waited >= least && waited <= delay + SLACK,
        "{state} counted after {waited:?} instead of {delay:?}"
    );
    Ok(())
}
