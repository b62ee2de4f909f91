//! Notify FIFOs: which lines a reader gets, and a FIFO script.

use std::{net::Ipv4Addr, process::Command};

use evervip_lab::{Advert, Process, checksum, ethernet, ipv4, wait_until};

use crate::{
    cluster::{Cluster, PATIENCE, with_single},
    conf::{Conf, INTERFACE, Mode, NODES, V2_MULTICAST, VRID},
    ensure,
    plan::Plan,
    program::Side,
    verdict::Verdict,
};

/// Adds the cases.
pub fn add(plan: &mut Plan) {
    plan.single("fifo::lifecycle", |program| with_single(program, lifecycle));
    plan.single("fifo::group", |program| with_single(program, group));
    plan.single("fifo::reload", |program| with_single(program, reload));
    plan.single("fifo::states-on-reload", |program| {
        with_single(program, states_on_reload)
    });
    plan.single("fifo::script", |program| {
        let ours = program.side == Side::Ours;
        with_single(program, move |cluster| script(cluster, ours))
    });
    plan.single("fifo::made-and-removed", |program| {
        let ours = program.side == Side::Ours;
        with_single(program, move |cluster| made_and_removed(cluster, ours))
    });
    plan.single("fifo::lower-priority", |program| {
        with_single(program, lower_priority)
    });
    plan.single("fifo::made-for-owner", |program| {
        with_single(program, made_for_owner)
    });
}

const MODE: Mode = V2_MULTICAST;
const GROUP: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 18);
pub const FIFO: &str = "/run/notify.fifo";
pub const LINES: &str = "/run/lines";

/// A reader that is there before the daemon and stays: the FIFO is the test's.
pub fn reader(cluster: &Cluster) -> Verdict<Process> {
    reader_of(cluster, FIFO, LINES)
}

/// A reader of another FIFO, which writes to a file.
pub fn reader_of(cluster: &Cluster, fifo: &str, lines: &str) -> Verdict<Process> {
    let mut command = Command::new("sh");
    command.args([
        "-c",
        &format!("mkfifo {fifo} && exec 3<>{fifo} && cat <&3 >{lines}"),
    ]);
    let node = &cluster.members[0].node;
    let process = node.spawn("reader", command)?;
    wait_until(PATIENCE, "the reader is there", || {
        node.read_file(lines).is_ok()
    })?;
    Ok(process)
}

fn globals() -> String {
    format!(" notify_fifo {FIFO}")
}

/// Start, takeover, weights, fault, recovery, stop.
fn lifecycle(cluster: &mut Cluster) -> Verdict {
    let _reader = reader(cluster)?;
    let conf = Conf::new(MODE, 0).check();
    let text = conf.with_globals(&format!("{}\n vrrp_notify_priority_changes", globals()));
    let text = text.replace("vrrp_instance", WEIGHTED_SCRIPT);
    let text = text.replace("track_script {", "track_script {\n weighted weight 20\n");
    cluster.members[0].start(&text)?;
    let mut lines = vec![
        "INSTANCE \"LB_VIP\" BACKUP 150",
        "INSTANCE \"LB_VIP\" MASTER 150",
    ];
    cluster.wait_lines(0, LINES, &lines)?;
    cluster.members[0].node.write_file("/run/good", "", 0o644)?;
    lines.push("INSTANCE \"LB_VIP\" MASTER_PRIORITY 170");
    cluster.wait_lines(0, LINES, &lines)?;
    cluster.members[0].set_check(false)?;
    lines.push("INSTANCE \"LB_VIP\" FAULT 170");
    cluster.wait_lines(0, LINES, &lines)?;
    cluster.members[0].node.remove_file("/run/good")?;
    lines.push("INSTANCE \"LB_VIP\" BACKUP_PRIORITY 150");
    cluster.wait_lines(0, LINES, &lines)?;
    cluster.members[0].set_check(true)?;
    lines.extend([
        "INSTANCE \"LB_VIP\" BACKUP 150",
        "INSTANCE \"LB_VIP\" MASTER 150",
    ]);
    cluster.wait_lines(0, LINES, &lines)?;
    cluster.stop(0)?;
    lines.push("INSTANCE \"LB_VIP\" STOP 150");
    cluster.wait_lines(0, LINES, &lines)
}

/// A second script before the instance.
const WEIGHTED_SCRIPT: &str =
    "vrrp_script weighted {\n script \"/usr/bin/test -e /run/good\"\n interval 1\n}\nvrrp_instance";

/// The group comes first at the start and last after that.
fn group(cluster: &mut Cluster) -> Verdict {
    let _reader = reader(cluster)?;
    let conf = Conf::new(MODE, 0).check();
    let text = conf.with_globals(&globals()) + "vrrp_sync_group G {\n group {\n LB_VIP\n }\n}\n";
    cluster.members[0].start(&text)?;
    let mut lines = vec![
        "INSTANCE \"LB_VIP\" BACKUP 150",
        "GROUP \"G\" BACKUP 0",
        "INSTANCE \"LB_VIP\" MASTER 150",
        "GROUP \"G\" MASTER 0",
    ];
    cluster.wait_lines(0, LINES, &lines)?;
    cluster.members[0].set_check(false)?;
    lines.extend(["INSTANCE \"LB_VIP\" FAULT 150", "GROUP \"G\" FAULT 0"]);
    cluster.wait_lines(0, LINES, &lines)?;
    cluster.stop(0)?;
    lines.extend(["INSTANCE \"LB_VIP\" STOP 150", "GROUP \"G\" STOP 0"]);
    cluster.wait_lines(0, LINES, &lines)
}

/// A reload that changes nothing writes nothing; one that removes the instance says so.
fn reload(cluster: &mut Cluster) -> Verdict {
    let _reader = reader(cluster)?;
    let conf = Conf::new(MODE, 0).extra("    notify_deleted\n");
    cluster.members[0].start(&conf.with_globals(&globals()))?;
    let mut lines = vec![
        "INSTANCE \"LB_VIP\" BACKUP 150",
        "INSTANCE \"LB_VIP\" MASTER 150",
    ];
    cluster.wait_lines(0, LINES, &lines)?;
    cluster.reload(0, &conf.with_globals(&globals()))?;
    let other = conf
        .text()
        .replace("virtual_router_id 50", "virtual_router_id 51");
    let other = other
        .replace("    notify_deleted\n", "")
        .replace("LB_VIP", "OTHER");
    let text = format!("global_defs {{\n{}\n}}\n{other}", globals());
    cluster.reload(0, &text)?;
    lines.extend([
        "INSTANCE \"LB_VIP\" DELETED 150",
        "INSTANCE \"OTHER\" BACKUP 150",
        "INSTANCE \"OTHER\" MASTER 150",
    ]);
    cluster.wait_lines(0, LINES, &lines)
}

/// `fifo_write_vrrp_states_on_reload`: everything but masters.
fn states_on_reload(cluster: &mut Cluster) -> Verdict {
    let _reader = reader(cluster)?;
    let conf = Conf::new(MODE, 0).check();
    cluster.members[0].set_check(false)?;
    let text = conf.with_globals(&format!("{}\n fifo_write_vrrp_states_on_reload", globals()));
    cluster.members[0].start(&text)?;
    let mut lines = vec!["INSTANCE \"LB_VIP\" FAULT 150"];
    cluster.wait_lines(0, LINES, &lines)?;
    cluster.reload(0, &text)?;
    lines.push("INSTANCE \"LB_VIP\" FAULT 150");
    cluster.wait_lines(0, LINES, &lines)
}

/// A FIFO script gets the path and every line; with us the last one, too.
fn script(cluster: &mut Cluster, ours: bool) -> Verdict {
    let node = &cluster.members[0].node;
    let text = format!(
        "#!/bin/sh\necho \"$@\" >{LINES}\nwhile read line; do echo \"$line\" >>{LINES}; done <\"$1\"\n"
    );
    node.write_file("/etc/keepalived/listen.sh", &text, 0o755)?;
    let globals = format!(
        " script_user root\n vrrp_notify_fifo {FIFO}\n vrrp_notify_fifo_script /etc/keepalived/listen.sh"
    );
    cluster.members[0].start(&Conf::new(MODE, 0).with_globals(&globals))?;
    let mut lines = vec![
        FIFO,
        "INSTANCE \"LB_VIP\" BACKUP 150",
        "INSTANCE \"LB_VIP\" MASTER 150",
    ];
    cluster.wait_lines(0, LINES, &lines)?;
    cluster.stop(0)?;
    if ours {
        lines.push("INSTANCE \"LB_VIP\" STOP 150");
    }
    cluster.wait_lines(0, LINES, &lines)
}

/// A FIFO that was not there is made for its owner alone.
fn made_for_owner(cluster: &mut Cluster) -> Verdict {
    cluster.members[0].start(&Conf::new(MODE, 0).with_globals(&format!("{} nobody", globals())))?;
    cluster.log(0).wait_for("Entering BACKUP STATE", PATIENCE)?;
    let node = &cluster.members[0].node;
    let listing = node.exec(&["ls", "-l", FIFO])?.stdout;
    ensure!(
        listing.starts_with("prw-------") && listing.contains("nobody"),
        "{listing}"
    );
    Ok(())
}

/// One that was made is removed at the end; the original leaves some behind.
fn made_and_removed(cluster: &mut Cluster, ours: bool) -> Verdict {
    cluster.members[0].start(&Conf::new(MODE, 0).with_globals(&globals()))?;
    cluster.log(0).wait_for("Entering BACKUP STATE", PATIENCE)?;
    let there = |cluster: &Cluster| cluster.members[0].node.metadata(FIFO).is_some();
    ensure!(there(cluster), "{FIFO} is not there");
    cluster.stop(0)?;
    ensure!(!ours || !there(cluster), "{FIFO} is still there");
    Ok(())
}

/// A master that hears of a lower one says so each time.
fn lower_priority(cluster: &mut Cluster) -> Verdict {
    let _reader = reader(cluster)?;
    let conf = Conf::new(MODE, 0);
    cluster.members[0].start(&conf.with_globals(&globals()))?;
    let mut lines = vec![
        "INSTANCE \"LB_VIP\" BACKUP 150",
        "INSTANCE \"LB_VIP\" MASTER 150",
    ];
    cluster.wait_lines(0, LINES, &lines)?;
    let mark = cluster.capture.mark();
    let genuine = cluster
        .capture
        .wait_advert(mark, PATIENCE, |advert| advert.vrid == VRID)?;
    let injector = cluster.members[1].node.injector(INTERFACE)?;
    for _ in 0..2 {
        injector.send(&lower(&genuine, injector.mac()))?;
        lines.push("INSTANCE \"LB_VIP\" MASTER_RX_LOWER_PRI 150");
        cluster.wait_lines(0, LINES, &lines)?;
    }
    Ok(())
}

/// The same advert from the other node, with a lower priority.
pub fn lower(genuine: &Advert, mac: [u8; 6]) -> Vec<u8> {
    let mut vrrp = genuine.packet[20..].to_vec();
    vrrp[2] = 90;
    vrrp[6..8].fill(0);
    // Version 3 counts addresses, protocol and length, too.
    let length = u8::try_from(vrrp.len()).unwrap_or(0);
    let pseudo = [
        &NODES[1].octets()[..],
        &GROUP.octets(),
        &[0, 112, 0, length],
    ]
    .concat();
    let counted: &[u8] = if genuine.version == 3 { &pseudo } else { &[] };
    let sum = checksum(&[counted, &vrrp]);
    vrrp[6..8].copy_from_slice(&sum.to_be_bytes());
    let packet = ipv4(NODES[1], GROUP, 112, 255, &vrrp);
    ethernet(genuine.destination_mac, mac, 0x0800, &packet)
}
