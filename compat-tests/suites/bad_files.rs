//! Places that refuse files, links that somebody planted, and hooks that do what none should.

use evervip_lab::wait_until;
use nix::sys::signal::Signal;

use crate::{
    adverts_go_on::{MODE, beside},
    cluster::{CONFIG, Cluster, PATIENCE, PID_FILE, VRRP_PID_FILE, with_single},
    conf::{Conf, VIP},
    ensure,
    plan::Plan,
    verdict::Verdict,
};

/// Adds the cases.
pub fn add(plan: &mut Plan) {
    plan.single("bad-input::hook-does-everything-wrong", |program| {
        with_single(program, hook)
    });
    for (name, case) in OURS {
        plan.ours_only(&format!("bad-input::{name}"), move |program| {
            with_single(program, case)
        });
    }
}

type Case = fn(&mut Cluster) -> Verdict;

/// What the original does otherwise: it follows the link, and says nothing of dumps that cannot be written.
const OURS: [(&str, Case); 3] = [
    ("pid-file-is-a-link", pid_file_is_a_link),
    ("dump-directory-read-only", dump_directory_read_only),
    ("pid-directory-gone", pid_directory_gone),
];

/// Whatever `name` leads to is left alone, and no daemon runs without its pid file.
fn pid_file_is_a_link(cluster: &mut Cluster) -> Verdict {
    let node = cluster.members[0].node.clone();
    node.write_file("/run/precious", "precious", 0o644)?;
    node.write_file(CONFIG, Conf::new(MODE, 0).text(), 0o644)?;
    for link in [PID_FILE, VRRP_PID_FILE] {
        node.exec(&["ln", "-s", "/run/precious", link])?;
        cluster.members[0].start_with(&["-n", "-l", "-p", PID_FILE, "-r", VRRP_PID_FILE])?;
        let status = cluster.daemon(0).wait(PATIENCE)?;
        ensure!(status.code() == Some(1), "{link}: {status}");
        let line = format!("Cannot write the pid file {link}: ");
        cluster.log(0).wait_for(&line, PATIENCE)?;
        ensure!(cluster.log(0).count(&line) == 1, "not one line `{line}`");
        let content = node.read_file("/run/precious")?;
        ensure!(content == "precious", "{link} was followed");
        node.remove_file(link)?;
    }
    Ok(())
}

/// One line for each file, and the next one is written when that can be done again.
fn dump_directory_read_only(cluster: &mut Cluster) -> Verdict {
    let node = cluster.members[0].node.clone();
    let mount = |options: &str| -> Verdict {
        let done = node.exec(&["mount", "-t", "tmpfs", "-o", options, "none", "/tmp"])?;
        ensure!(done.status.success(), "{}", done.stderr);
        Ok(())
    };
    mount("mode=1777")?;
    cluster.start(&Conf::new(MODE, 0))?;
    cluster.settle(0, VIP.into())?;
    mount("remount,ro")?;
    let dumps = [
        ("/tmp/keepalived.data", Signal::SIGUSR1),
        ("/tmp/keepalived.stats", Signal::SIGUSR2),
    ];
    for (file, signal) in dumps {
        let mark = cluster.log(0).mark();
        beside(cluster, || {
            cluster.daemon(0).signal(signal)?;
            cluster
                .log(0)
                .wait_after(mark, &format!("Can't write dump file {file}: "), PATIENCE)
                .map(drop)
        })?;
        ensure!(cluster.log(0).count(file) == 1, "{file}: not one line");
    }
    mount("remount,rw")?;
    for (file, signal) in dumps {
        cluster.daemon(0).signal(signal)?;
        wait_until(PATIENCE, file, || node.metadata(file).is_some())?;
    }
    cluster.stop(0)
}

/// Neither reload nor end need the pid files.
fn pid_directory_gone(cluster: &mut Cluster) -> Verdict {
    let node = cluster.members[0].node.clone();
    let conf = Conf::new(MODE, 0);
    node.write_file(CONFIG, conf.text(), 0o644)?;
    node.create_dir("/run/own")?;
    let arguments = ["-n", "-l", "-p", "/run/own/a.pid", "-r", "/run/own/b.pid"];
    cluster.members[0].start_with(&arguments)?;
    cluster.settle(0, VIP.into())?;
    node.exec(&["rm", "-r", "/run/own"])?;
    let changed = conf.clone().priority(140).text();
    node.write_file(CONFIG, changed, 0o644)?;
    beside(cluster, || {
        cluster.daemon(0).signal(Signal::SIGHUP)?;
        let mark = cluster.capture.mark();
        let is_changed = |advert: &evervip_lab::Advert| advert.priority == 140;
        cluster
            .capture
            .wait_advert(mark, PATIENCE, is_changed)
            .map(drop)
    })?;
    cluster.stop(0)
}

/// Prints megabytes, leaves a daemon, ignores every signal and does not end.
const HOOK: &str = "#!/bin/bash
trap '' TERM HUP INT
head -c 20M /dev/zero
head -c 20M /dev/zero >&2
setsid sleep 4321 &
echo \"$*\" >>/run/calls
while :; do read -t 31.7 <> <(:); done
";

/// Later hooks, adverts and the end do not wait for it.
fn hook(cluster: &mut Cluster) -> Verdict {
    let node = cluster.members[0].node.clone();
    node.write_file("/etc/keepalived/hook", HOOK, 0o755)?;
    let conf = Conf::new(MODE, 0)
        .check()
        .extra("    notify /etc/keepalived/hook");
    let text = conf.with_globals(" script_user root");
    cluster.members[0].start(&text)?;
    cluster.settle(0, VIP.into())?;
    let calls = ["BACKUP", "MASTER"].map(|state| format!("INSTANCE LB_VIP {state} 150"));
    let calls: Vec<&str> = calls.iter().map(String::as_str).collect();
    beside(cluster, || cluster.wait_lines(0, "/run/calls", &calls))?;
    cluster.members[0].set_check(false)?;
    let calls = [&calls[..], &["INSTANCE LB_VIP FAULT 150"]].concat();
    cluster.wait_lines(0, "/run/calls", &calls)?;
    cluster.stop(0)?;
    let calls = [&calls[..], &["INSTANCE LB_VIP STOP 150"]].concat();
    cluster.wait_lines(0, "/run/calls", &calls)
}
