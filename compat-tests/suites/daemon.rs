//! What the file says of the daemon itself: names and umask of its processes, scripts at start and
//! stop, hooks of instances that a reload removes.

use std::fs;

use evervip_lab::wait_until;

use crate::{
    cluster::{Cluster, PATIENCE, with_single},
    conf::{Conf, Mode, V2_MULTICAST},
    ensure,
    plan::Plan,
    program::Side,
    verdict::Verdict,
};

/// Adds the cases.
pub fn add(plan: &mut Plan) {
    plan.single("daemon::names", |program| with_single(program, names));
    plan.single("daemon::umask", |program| {
        let ours = program.side == Side::Ours;
        with_single(program, move |cluster| umask(cluster, ours))
    });
    plan.single("daemon::scripts", |program| with_single(program, scripts));
    plan.single("daemon::slow-scripts", |program| {
        with_single(program, slow_scripts)
    });
    plan.single("daemon::deleted", |program| with_single(program, deleted));
    plan.single("daemon::removed", |program| with_single(program, removed));
}

const MODE: Mode = V2_MULTICAST;
const SCRIPT: &str = "/etc/keepalived/note.sh";
const CALLS: &str = "/run/calls";

/// A configuration with these lines in `global_defs`.
fn with_globals(lines: &str, conf: &Conf) -> String {
    conf.with_globals(&format!(" script_user root\n{lines}"))
}

/// Waits until a line of `/proc` reads so for the parent and its child.
fn expect_of_both(cluster: &Cluster, file: &str, prefix: &str, wanted: [&str; 2]) -> Verdict {
    let read = || {
        let daemon = cluster.daemon(0);
        let pids = [Some(daemon.pid()), daemon.children().first().copied()];
        pids.map(|pid| {
            let path = format!("/proc/{}/{file}", pid.unwrap_or_default());
            let text = fs::read_to_string(path).unwrap_or_default();
            let line = text.lines().find_map(|line| line.strip_prefix(prefix));
            line.unwrap_or_default().trim().to_owned()
        })
    };
    let waited = wait_until(PATIENCE, file, || read() == wanted);
    ensure!(waited.is_ok(), "{file}: {:?}, expected {wanted:?}", read());
    Ok(())
}

/// A child without a name has that of its parent; a reload names anew.
fn names(cluster: &mut Cluster) -> Verdict {
    let conf = Conf::new(MODE, 0);
    cluster.members[0].start(&with_globals(" process_name papa", &conf))?;
    expect_of_both(cluster, "comm", "", ["papa", "papa"])?;
    cluster.log(0).wait_for("Entering BACKUP STATE", PATIENCE)?;
    cluster.reload(0, &with_globals(" process_names", &conf))?;
    expect_of_both(cluster, "comm", "", ["keepalived", "keepalived_vrrp"])?;
    let both = " process_name papa\n vrrp_process_name vip";
    cluster.reload(0, &with_globals(both, &conf))?;
    expect_of_both(cluster, "comm", "", ["papa", "vip"])?;
    cluster.reload(0, &conf.text())?;
    expect_of_both(cluster, "comm", "", ["keepalived", "keepalived"])
}

/// Of both processes, as soon as the file has been read; with us it is the default again when the
/// file says nothing any more.
fn umask(cluster: &mut Cluster, ours: bool) -> Verdict {
    let conf = Conf::new(MODE, 0);
    cluster.members[0].start(&with_globals(" umask 077", &conf))?;
    expect_of_both(cluster, "status", "Umask:", ["0077", "0077"])?;
    cluster.log(0).wait_for("Entering BACKUP STATE", PATIENCE)?;
    let words = with_globals(" umask IWGRP|IWOTH", &conf);
    cluster.reload(0, &words)?;
    expect_of_both(cluster, "status", "Umask:", ["0022", "0022"])?;
    cluster.reload(0, &conf.text())?;
    let left = if ours { "0177" } else { "0022" };
    expect_of_both(cluster, "status", "Umask:", [left, left])
}

/// Appends its arguments to a file.
const NOTE: &str = "#!/bin/sh\necho \"$*\" >>/run/calls\n";

/// The first call of all, and the last; a reload is neither a start nor a stop.
fn scripts(cluster: &mut Cluster) -> Verdict {
    cluster.members[0].node.write_file(SCRIPT, NOTE, 0o755)?;
    let conf = Conf::new(MODE, 0).extra(&format!("    notify {SCRIPT}\n"));
    let globals =
        format!(" startup_script \"{SCRIPT} start\"\n shutdown_script \"{SCRIPT} stop now\"");
    let text = with_globals(&globals, &conf);
    cluster.members[0].start(&text)?;
    let mut calls = vec!["start", "INSTANCE LB_VIP BACKUP 150"];
    cluster.wait_lines(0, CALLS, &calls)?;
    calls.push("INSTANCE LB_VIP MASTER 150");
    cluster.wait_lines(0, CALLS, &calls)?;
    cluster.reload(0, &text)?;
    cluster.stop(0)?;
    calls.extend(["INSTANCE LB_VIP STOP 150", "stop now"]);
    cluster.wait_lines(0, CALLS, &calls)
}

/// One that fails or does not end is told of and holds nothing up for longer than its time.
fn slow_scripts(cluster: &mut Cluster) -> Verdict {
    let slow = "#!/bin/sh\necho \"$*\" >>/run/calls\nexec sleep 100\n";
    cluster.members[0].node.write_file(SCRIPT, slow, 0o755)?;
    let globals = format!(
        " startup_script \"{SCRIPT} start\"\n startup_script_timeout 1\n shutdown_script /bin/false"
    );
    cluster.members[0].start(&with_globals(&globals, &Conf::new(MODE, 0)))?;
    cluster
        .log(0)
        .wait_for("startup script timed out", PATIENCE)?;
    cluster.log(0).wait_for("Entering MASTER STATE", PATIENCE)?;
    cluster.wait_lines(0, CALLS, &["start"])?;
    cluster.stop(0)?;
    cluster
        .log(0)
        .wait_for("shutdown script script failed, status 1", PATIENCE)?;
    Ok(())
}

/// All hooks, and what replaces the instance when it is removed.
fn hooks(more: &str) -> (Conf, String) {
    let specific = ["master", "backup", "fault"]
        .map(|word| format!("    notify_{word} \"{SCRIPT} {word}\"\n"))
        .concat();
    let conf = Conf::new(MODE, 0).extra(&format!("{specific}    notify {SCRIPT}\n{more}"));
    let other = Conf::new(MODE, 0).text();
    let other = other.replace("virtual_router_id 50", "virtual_router_id 51");
    (conf, other)
}

/// Starts, waits for MASTER, removes the instance; gives the calls of the removal, sorted.
fn calls_of_removal(cluster: &mut Cluster, more: &str, count: usize) -> Verdict<Vec<String>> {
    cluster.members[0].node.write_file(SCRIPT, NOTE, 0o755)?;
    let (conf, other) = hooks(more);
    cluster.members[0].start(&with_globals("", &conf))?;
    let calls = |cluster: &Cluster| {
        let text = cluster.members[0].node.read_file(CALLS).unwrap_or_default();
        text.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    wait_until(PATIENCE, "calls of BACKUP and MASTER", || {
        calls(cluster).len() == 4
    })?;
    cluster.reload(0, &other)?;
    wait_until(PATIENCE, "calls of the removal", || {
        calls(cluster).len() >= 4 + count
    })?;
    let mut last = calls(cluster).split_off(4);
    last.sort_unstable();
    Ok(last)
}

/// With `notify_deleted` the state is DELETED, and no hook of FAULT is called.
fn deleted(cluster: &mut Cluster) -> Verdict {
    let calls = calls_of_removal(cluster, "    notify_deleted\n", 1)?;
    ensure!(calls == ["INSTANCE LB_VIP DELETED 150"], "calls: {calls:?}");
    Ok(())
}

/// Without it the state is FAULT, for the hook of all states alone.
fn removed(cluster: &mut Cluster) -> Verdict {
    let calls = calls_of_removal(cluster, "", 1)?;
    ensure!(calls == ["INSTANCE LB_VIP FAULT 150"], "calls: {calls:?}");
    Ok(())
}
