//! A reader of the log that does not read: adverts and reloads go on, and what it has missed is told.

use std::{
    fs::{File, OpenOptions},
    io::{Read as _, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    process::Command,
};

use evervip_lab::wait_until;
use nix::{fcntl::OFlag, sys::signal::Signal};

use crate::{
    adverts_go_on::{MODE, beside},
    cluster::{CONFIG, Cluster, FOREGROUND, PATIENCE, PROGRAM, with_single},
    conf::{Conf, VIP},
    ensure,
    plan::Plan,
    verdict::Verdict,
};

/// Adds the cases.
pub fn add(plan: &mut Plan) {
    // The original waits for the reader, for ever.
    plan.ours_only("bad-input::log-unread", |program| {
        with_single(program, unread)
    });
}

const CONSOLE: &str = "/run/console";

/// A pipe without room for a single line.
fn full_pipe(cluster: &Cluster) -> Verdict<File> {
    let node = &cluster.members[0].node;
    let made = node.exec(&["mkfifo", CONSOLE])?;
    ensure!(made.status.success(), "{}", made.stderr);
    let open = || {
        OpenOptions::new()
            .read(true)
            .write(true)
            .custom_flags(OFlag::O_NONBLOCK.bits())
            .open(CONSOLE)
    };
    let mut pipe = node.enter(open)??;
    let full = (0..10_000).any(|_| pipe.write(&[b'\n'; 4096]).is_err());
    ensure!(full, "the pipe does not fill");
    Ok(pipe)
}

fn unread(cluster: &mut Cluster) -> Verdict {
    let mut pipe = full_pipe(cluster)?;
    let conf = Conf::new(MODE, 0);
    let node = cluster.members[0].node.clone();
    node.write_file(CONFIG, conf.text(), 0o644)?;
    let mut command = Command::new("sh");
    let line = format!("exec {PROGRAM} {} 2>{CONSOLE}", FOREGROUND.join(" "));
    command.args(["-c", &line]);
    cluster.members[0].start_by(command)?;
    cluster.settle(0, VIP.into())?;
    beside(cluster, || {
        let changed = conf.clone().priority(140).text();
        node.write_file(CONFIG, changed, 0o644)?;
        let mark = cluster.capture.mark();
        cluster.daemon(0).signal(Signal::SIGHUP)?;
        let is_new = |advert: &evervip_lab::Advert| advert.priority == 140;
        cluster.capture.wait_advert(mark, PATIENCE, is_new)?;
        Ok(())
    })?;
    let mut text = Vec::new();
    wait_until(PATIENCE, "what was missed is told", || {
        let mut bytes = [0; 65_536];
        while let Ok(length @ 1..) = pipe.read(&mut bytes) {
            text.extend_from_slice(&bytes[..length]);
        }
        let _ = cluster.daemon(0).signal(Signal::SIGUSR1);
        String::from_utf8_lossy(&text)
            .contains(" log lines dropped because their reader is too slow")
    })?;
    cluster.stop(0)
}
