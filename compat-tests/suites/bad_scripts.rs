//! Scripts that do what no script should: none of them holds up adverts, other scripts or the end.

use std::{collections::BTreeSet, fs, process::Command};

use evervip_lab::wait_until;
use nix::sys::signal::Signal;

use crate::{
    adverts_go_on::{MODE, beside},
    cluster::{Cluster, PATIENCE, with_single},
    conf::{CHECK_SCRIPT, Conf, VIP},
    ensure,
    plan::Plan,
    verdict::Verdict,
};

/// Adds the cases.
pub fn add(plan: &mut Plan) {
    for (name, check) in [
        ("ignores-term", ignores_term as fn(&mut Cluster) -> Verdict),
        ("leaves-a-daemon", leaves_a_daemon),
        ("prints-megabytes", prints_megabytes),
        ("opens-every-descriptor", opens_every_descriptor),
    ] {
        plan.single(&format!("bad-input::script-{name}"), move |program| {
            with_single(program, check)
        });
    }
    plan.ours_only("bad-input::no-descriptor-left", |program| {
        with_single(program, no_descriptor_left)
    });
}

/// Where scripts leave their marks.
const RUNS: &str = "/run/runs";

/// Starts a master with this check script, which has succeeded when it is MASTER.
fn start_with_check(cluster: &mut Cluster, script: &str) -> Verdict {
    let text = format!("#!/bin/bash\n{script}\n");
    cluster.members[0]
        .node
        .write_file(CHECK_SCRIPT, text, 0o755)?;
    let conf = Conf::new(MODE, 0).check().with_globals(" script_user root");
    // A failure shall change the priority, not end the adverts.
    let tracked = "track_script {\n        chk_haproxy";
    let conf = conf.replace(tracked, &format!("{tracked} weight -20"));
    cluster.members[0].start(&conf)?;
    cluster.settle(0, VIP.into())
}

fn wait_runs(cluster: &Cluster, count: usize) -> Verdict {
    let node = &cluster.members[0].node;
    let runs = || node.read_file(RUNS).unwrap_or_default().lines().count();
    wait_until(PATIENCE, &format!("{count} runs of the script"), || {
        runs() >= count
    })
}

/// Process ids in the node whose command line has this word.
fn processes(cluster: &Cluster, word: &str) -> Vec<i32> {
    let pids = cluster.members[0].node.pids().into_iter();
    let runs = |pid: &i32| {
        let line = fs::read_to_string(format!("/proc/{pid}/cmdline"));
        line.is_ok_and(|line| line.contains(word))
    };
    pids.filter(runs).collect()
}

/// SIGTERM at its time-out, SIGKILL two seconds later: it counts as failed and leaves nothing behind.
fn ignores_term(cluster: &mut Cluster) -> Verdict {
    let script = format!(
        "echo >>{RUNS}\n[ -e /run/hang ] || exit 0\ntrap '' TERM\nwhile :; do read -t 31.7 <> <(:); done"
    );
    start_with_check(cluster, &script)?;
    beside(cluster, || {
        cluster.members[0].node.write_file("/run/hang", "", 0o644)?;
        cluster
            .log(0)
            .wait_for("VRRP_Script(chk_haproxy) timed_out", PATIENCE)
            .map(drop)
    })?;
    let lowered = "(LB_VIP) Changing effective priority from 150 to 130";
    cluster.log(0).wait_for(lowered, PATIENCE)?;
    cluster.members[0].node.remove_file("/run/hang")?;
    let raised = "(LB_VIP) Changing effective priority from 130 to 150";
    cluster.log(0).wait_for(raised, PATIENCE)?;
    // The original starts several at a time, and loses sight of some.
    if cluster.members[0].program.is_ours() {
        wait_until(PATIENCE, "no script is left", || {
            processes(cluster, CHECK_SCRIPT).len() <= 1
        })?;
    }
    cluster.stop(0)
}

/// A daemon that keeps its standard output: the script is over when it is over itself.
fn leaves_a_daemon(cluster: &mut Cluster) -> Verdict {
    let script = format!(
        "echo >>{RUNS}\nif [ ! -e /run/daemon ]; then : >/run/daemon; setsid sleep 4321 & fi\nexit 0"
    );
    start_with_check(cluster, &script)?;
    beside(cluster, || wait_runs(cluster, 4))?;
    let running = processes(cluster, "4321");
    ensure!(running.len() == 1, "daemons of the script: {running:?}");
    ensure!(
        cluster.log(0).count("timed_out") == 0,
        "the script was waited for too long"
    );
    cluster.stop(0)?;
    ensure!(
        processes(cluster, "4321").len() == 1,
        "the script's daemon was ended"
    );
    Ok(())
}

/// Nobody reads it, nobody keeps it, and no script waits for a reader.
fn prints_megabytes(cluster: &mut Cluster) -> Verdict {
    let script = format!("head -c 20M /dev/zero\nhead -c 20M /dev/zero >&2\necho >>{RUNS}");
    start_with_check(cluster, &script)?;
    beside(cluster, || wait_runs(cluster, 3))?;
    let own = cluster.daemon(0).children();
    for pid in own {
        let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let peak: u32 = peak
            .and_then(|text| text.split_whitespace().next()?.parse().ok())
            .unwrap_or_default();
        ensure!(peak < 40_000, "{peak} KiB were needed");
    }
    cluster.stop(0)
}

/// Its own, not those of the daemon.
fn opens_every_descriptor(cluster: &mut Cluster) -> Verdict {
    let script = format!("while exec {{fd}}</dev/null; do :; done 2>/dev/null\necho $fd >>{RUNS}");
    start_with_check(cluster, &script)?;
    beside(cluster, || wait_runs(cluster, 3))?;
    cluster.stop(0)
}

/// A daemon that cannot open anything goes on with what it has, says what it could not do, and does it
/// again as soon as it can.
fn no_descriptor_left(cluster: &mut Cluster) -> Verdict {
    start_with_check(cluster, &format!("echo >>{RUNS}"))?;
    wait_runs(cluster, 1)?;
    let child = cluster.daemon(0).children();
    let child = child.first().copied().unwrap_or_default();
    limit_descriptors(child, lowest_unused_descriptor(child)?)?;
    let mark = cluster.log(0).mark();
    beside(cluster, || {
        cluster.daemon(0).signal(Signal::SIGUSR2)?;
        let line = "Can't write dump file /tmp/keepalived.stats";
        cluster.log(0).wait_after(mark, line, PATIENCE)?;
        let line = "chk_haproxy";
        cluster.log(0).wait_after(mark, line, PATIENCE).map(drop)
    })?;
    let lines = cluster.log(0).text_after(mark).lines().count();
    ensure!(lines < 10, "{lines} lines in the log");
    limit_descriptors(child, 4096)?;
    let runs = cluster.members[0].node.read_file(RUNS)?.lines().count();
    beside(cluster, || wait_runs(cluster, runs + 1))?;
    cluster.stop(0)
}

fn lowest_unused_descriptor(process: i32) -> Verdict<usize> {
    let entries = fs::read_dir(format!("/proc/{process}/fd"))?;
    let numbers = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    let used: BTreeSet<usize> = numbers.collect();
    Ok((0..).find(|number| !used.contains(number)).unwrap_or(0))
}

fn limit_descriptors(process: i32, count: usize) -> Verdict {
    let limit = format!("--nofile={count}:4096");
    let status = Command::new("prlimit")
        .args(["--pid", &process.to_string(), &limit])
        .status()?;
    ensure!(status.success(), "prlimit: {status}");
    Ok(())
}
