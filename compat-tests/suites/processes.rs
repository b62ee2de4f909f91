//! Pid files, the two processes and what becomes of one when the other dies.

use std::{fs, os::unix::fs::PermissionsExt, time::Duration};

use evervip_lab::{poll_for, wait_until};
use nix::sys::signal::Signal;

use crate::{
    cluster::{
        CONFIG, Cluster, FOREGROUND, PATIENCE, PID_FILE, PROGRAM, SLACK, VRRP_PID_FILE, elapsed,
        with_pair, with_single, within,
    },
    conf::{Conf, V2_MULTICAST, V3_MULTICAST, VIP},
    ensure,
    plan::Plan,
    verdict::{Verdict, in_order},
};

/// Adds the cases.
pub fn add(plan: &mut Plan) {
    plan.single("processes::pid-files", |program| {
        with_single(program, pid_files)
    });
    plan.single("processes::names", |program| with_single(program, names));
    plan.single("processes::already-running", |program| {
        with_single(program, already_running)
    });
    plan.single("processes::stale-pid-file", |program| {
        with_single(program, stale_pid_file)
    });
    plan.single("processes::unwritable-pid-file", |program| {
        with_single(program, unwritable_pid_file)
    });
    plan.single("processes::daemonises", |program| {
        with_single(program, daemonises)
    });
    plan.single("processes::interrupt", |program| {
        with_single(program, interrupt)
    });
    plan.single("processes::child-stopped", |program| {
        with_single(program, child_stopped)
    });
    plan.pair("processes::child-killed", |combo| {
        with_pair(combo, child_killed)
    });
    plan.pair("processes::parent-killed", |combo| {
        with_pair(combo, parent_killed)
    });
}

/// Content, mode and removal.
fn pid_files(cluster: &mut Cluster) -> Verdict {
    cluster.start(&Conf::new(V2_MULTICAST, 0))?;
    cluster.log(0).wait_for("Entering BACKUP STATE", PATIENCE)?;
    let children = cluster.daemon(0).children();
    ensure!(children.len() == 1, "children: {children:?}");
    let node = &cluster.members[0].node;
    for (path, pid) in [
        (PID_FILE, cluster.daemon(0).pid()),
        (VRRP_PID_FILE, children[0]),
    ] {
        let content = node.read_file(path)?;
        ensure!(
            content == format!("{pid}\n"),
            "{path}: `{content}`, expected {pid}"
        );
        let mode = node
            .metadata(path)
            .map(|meta| meta.permissions().mode() & 0o777);
        ensure!(mode == Some(0o644), "{path}: mode {mode:?}");
    }
    cluster.daemon(0).signal(Signal::SIGTERM)?;
    cluster.daemon(0).wait(PATIENCE)?;
    for path in [PID_FILE, VRRP_PID_FILE] {
        ensure!(
            cluster.members[0].node.metadata(path).is_none(),
            "{path} is still there"
        );
    }
    Ok(())
}

/// Clients look for processes by name, by argv, and want two of them.
fn names(cluster: &mut Cluster) -> Verdict {
    cluster.start(&Conf::new(V2_MULTICAST, 0))?;
    cluster.log(0).wait_for("Entering BACKUP STATE", PATIENCE)?;
    let (parent, children) = (cluster.daemon(0).pid(), cluster.daemon(0).children());
    let argv = [&[PROGRAM], &FOREGROUND[..]].concat().join(" ");
    for pid in [&[parent], &children[..]].concat() {
        let comm = fs::read_to_string(format!("/proc/{pid}/comm"))?;
        ensure!(comm.trim_end() == "keepalived", "comm of {pid}: {comm}");
        let cmdline = fs::read_to_string(format!("/proc/{pid}/cmdline"))?;
        let cmdline = cmdline.trim_end_matches('\0').replace('\0', " ");
        ensure!(cmdline == argv, "argv of {pid}: {cmdline}");
    }
    let pgids: Vec<_> = [parent, children[0]]
        .iter()
        .map(|pid| stat_field(*pid, 5))
        .collect();
    ensure!(pgids[0] == pgids[1], "process groups: {pgids:?}");
    Ok(())
}

/// Field of `/proc/PID/stat`, counted from 1 as in the manual; names without blanks only.
fn stat_field(pid: i32, field: usize) -> Option<String> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.split_whitespace().nth(field - 1).map(str::to_owned)
}

fn already_running(cluster: &mut Cluster) -> Verdict {
    cluster.start(&Conf::new(V2_MULTICAST, 0))?;
    cluster.log(0).wait_for("Entering BACKUP STATE", PATIENCE)?;
    let second = cluster.members[0]
        .node
        .exec(&[&["timeout", "20", PROGRAM], &FOREGROUND[..]].concat())?;
    ensure!(second.status.code() == Some(0), "{}", second.status);
    ensure!(
        second.stderr.contains("daemon is already running"),
        "{}",
        second.stderr
    );
    ensure!(
        cluster.daemon(0).try_status().is_none(),
        "the first one has ended"
    );
    let content = cluster.members[0].node.read_file(PID_FILE)?;
    ensure!(
        content == format!("{}\n", cluster.daemon(0).pid()),
        "pid file: {content}"
    );
    cluster.stop(0)
}

/// The file of a process that is gone is no obstacle.
fn stale_pid_file(cluster: &mut Cluster) -> Verdict {
    // Above the highest possible process id.
    cluster.members[0]
        .node
        .write_file(PID_FILE, "4194999\n", 0o644)?;
    cluster.start(&Conf::new(V2_MULTICAST, 0))?;
    cluster.log(0).wait_for("Entering BACKUP STATE", PATIENCE)?;
    let content = cluster.members[0].node.read_file(PID_FILE)?;
    ensure!(
        content == format!("{}\n", cluster.daemon(0).pid()),
        "pid file: {content}"
    );
    cluster.stop(0)
}

/// Deviation: exit 1, so that service managers notice; the original says 0.
fn unwritable_pid_file(cluster: &mut Cluster) -> Verdict {
    let member = &mut cluster.members[0];
    let wanted = i32::from(member.program.is_ours());
    member
        .node
        .write_file(CONFIG, Conf::new(V2_MULTICAST, 0).text(), 0o644)?;
    member.start_with(&[
        "-n",
        "-l",
        "-P",
        "-p",
        "/run/no/such/dir.pid",
        "-r",
        VRRP_PID_FILE,
    ])?;
    let status = cluster.daemon(0).wait(PATIENCE)?;
    ensure!(
        status.code() == Some(wanted),
        "{status}, expected exit {wanted}"
    );
    cluster
        .log(0)
        .wait_for("/run/no/such/dir.pid", Duration::from_secs(1))
        .map(drop)
}

/// Without `-n` the starter ends at once with success and the daemon is a session leader in `/`.
fn daemonises(cluster: &mut Cluster) -> Verdict {
    let node = &cluster.members[0].node;
    node.write_file(CONFIG, Conf::new(V3_MULTICAST, 0).text(), 0o644)?;
    let arguments = [
        "-D",
        "-P",
        "-f",
        CONFIG,
        "-p",
        PID_FILE,
        "-r",
        VRRP_PID_FILE,
    ];
    let output = node.exec(&[&["timeout", "20", PROGRAM], &arguments[..]].concat())?;
    ensure!(
        output.status.code() == Some(0),
        "{}: {}",
        output.status,
        output.stderr
    );
    let pid: i32 = poll_for(PATIENCE, "pid file", || {
        node.read_file(PID_FILE).ok()?.trim().parse().ok()
    })?;
    wait_until(PATIENCE, "child", || node.pids().len() == 2)?;
    ensure!(
        stat_field(pid, 6) == Some(pid.to_string()),
        "no session of its own"
    );
    ensure!(
        fs::read_link(format!("/proc/{pid}/cwd"))?.as_os_str() == "/",
        "working directory"
    );
    for fd in 0..3 {
        let target = fs::read_link(format!("/proc/{pid}/fd/{fd}"))?;
        ensure!(
            target.as_os_str() == "/dev/null",
            "descriptor {fd}: {}",
            target.display()
        );
    }
    cluster.settle(0, VIP.into())?;
    let node = &cluster.members[0].node;
    node.exec(&["kill", &pid.to_string()])?;
    wait_until(PATIENCE, "all ended", || node.pids().is_empty())?;
    ensure!(cluster.resignations(0, 0) == 1, "no resignation");
    ensure!(
        !cluster.members[0].node.has_address(VIP.into()),
        "the address is still there"
    );
    Ok(())
}

/// SIGINT is as good as SIGTERM.
fn interrupt(cluster: &mut Cluster) -> Verdict {
    cluster.start(&Conf::new(V3_MULTICAST, 0))?;
    cluster.settle(0, VIP.into())?;
    cluster.daemon(0).signal(Signal::SIGINT)?;
    let status = cluster.daemon(0).wait(PATIENCE)?;
    ensure!(status.code() == Some(0), "{status}");
    ensure!(cluster.resignations(0, 0) == 1, "no resignation");
    ensure!(
        !cluster.members[0].node.has_address(VIP.into()),
        "the address is still there"
    );
    Ok(())
}

/// SIGTERM for the child alone: it stops cleanly and is started again.
fn child_stopped(cluster: &mut Cluster) -> Verdict {
    cluster.start(&Conf::new(V3_MULTICAST, 0))?;
    cluster.settle(0, VIP.into())?;
    let (old, mark, log) = (
        cluster.daemon(0).children(),
        cluster.capture.mark(),
        cluster.log(0).mark(),
    );
    cluster.daemon(0).signal_children(Signal::SIGTERM)?;
    cluster.wait_resignation(0, mark)?;
    let died = format!("VRRP child process({}) died: Respawning", old[0]);
    in_time(
        cluster,
        log,
        &[
            &died,
            "Starting VRRP child process, pid=",
            "Entering MASTER STATE",
        ],
    )?;
    ensure!(cluster.daemon(0).children() != old, "the same child");
    cluster.settle(0, VIP.into())
}

fn in_time(cluster: &Cluster, mark: usize, lines: &[&str]) -> Verdict {
    for line in lines {
        cluster.log(0).wait_after(mark, line, PATIENCE)?;
    }
    in_order(cluster.log(0), mark, lines)
}

/// The child of the master dies: there is a new one at once, and the address has one owner
/// again. (The original loses the address meanwhile; adopting it would be as right.)
fn child_killed(cluster: &mut Cluster) -> Verdict {
    cluster.start_settled(&Conf::new(V3_MULTICAST, 0), &Conf::new(V3_MULTICAST, 1))?;
    let (old, mark, log) = (
        cluster.daemon(0).children(),
        cluster.capture.mark(),
        cluster.log(0).mark(),
    );
    cluster.daemon(0).signal_children(Signal::SIGKILL)?;
    let died = format!("VRRP child process({}) died: Respawning", old[0]);
    let signal = format!("pid {} exited due to signal 9", old[0]);
    in_time(
        cluster,
        log,
        &[
            &signal,
            &died,
            "Starting VRRP child process, pid=",
            "Entering MASTER STATE",
        ],
    )?;
    let new = cluster.daemon(0).children();
    ensure!(
        new.len() == 1 && new != old,
        "children {old:?}, then {new:?}"
    );
    let content = cluster.members[0].node.read_file(VRRP_PID_FILE)?;
    ensure!(
        content == format!("{}\n", new[0]),
        "pid file: {content}, child {}",
        new[0]
    );
    ensure!(
        cluster.resignations(0, mark) == 0,
        "a killed process cannot resign"
    );
    cluster.settle(0, VIP.into())
}

/// The parent of the master dies: the child resigns and leaves, the peer takes over fast.
fn parent_killed(cluster: &mut Cluster) -> Verdict {
    let mode = V3_MULTICAST;
    cluster.start_settled(&Conf::new(mode, 0), &Conf::new(mode, 1))?;
    let mark = cluster.capture.mark();
    cluster.daemon(0).signal(Signal::SIGKILL)?;
    let resigned = cluster.wait_resignation(0, mark)?;
    let takeover = cluster.wait_advert(1, mark)?;
    within(
        "hand-over",
        elapsed(resigned.at, takeover.at),
        mode.skew(100),
        mode.skew(100),
    )?;
    cluster.settle(1, VIP.into())?;
    wait_until(PATIENCE, "the child has left", || {
        cluster.members[0].node.pids().is_empty()
    })?;
    let late = cluster
        .adverts(0, mark)
        .iter()
        .any(|advert| elapsed(resigned.at, advert.at) > SLACK);
    ensure!(!late, "adverts after the resignation");
    Ok(())
}
