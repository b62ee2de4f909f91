//! Files around a reload: its time, the test before it, its marker, copies of what was read.

use evervip_lab::wait_until;
use nix::sys::signal::Signal;

use crate::{
    cluster::{CONFIG, Cluster, PATIENCE, with_single},
    conf::{Conf, Mode, V3_MULTICAST, VIP},
    ensure,
    plan::Plan,
    verdict::Verdict,
};

/// Adds the cases.
pub fn add(plan: &mut Plan) {
    plan.single("reload-files::time", |program| with_single(program, time));
    plan.single("reload-files::daily", |program| with_single(program, daily));
    plan.single("reload-files::schedule", |program| {
        with_single(program, schedule)
    });
    plan.single("reload-files::check", |program| with_single(program, check));
    plan.single("reload-files::marker", |program| {
        with_single(program, marker)
    });
    plan.single("reload-files::copies", |program| {
        with_single(program, copies)
    });
}

const MODE: Mode = V3_MULTICAST;
const TIME: &str = "/etc/keepalived/when";
const LOG: &str = "/etc/keepalived/test.log";
const MARKER: &str = "/etc/keepalived/reading";

fn start(cluster: &mut Cluster, globals: &str) -> Verdict {
    let text = Conf::new(MODE, 0).with_globals(globals);
    cluster.members[0].start(&text)?;
    cluster.settle(0, VIP.into())
}

fn shell(cluster: &Cluster, line: &str) -> Verdict {
    let output = cluster.members[0].node.exec(&["sh", "-c", line])?;
    ensure!(output.status.success(), "{line}: {}", output.stderr);
    Ok(())
}

fn exists(cluster: &Cluster, path: &str) -> bool {
    cluster.members[0].node.metadata(path).is_some()
}

/// Waits for a line of the log behind `mark`, and gives the mark behind it.
fn hear(cluster: &Cluster, mark: usize, line: &str) -> Verdict<usize> {
    cluster.log(0).wait_after(mark, line, PATIENCE)?;
    Ok(cluster.log(0).mark())
}

/// At the time there is a reload, and the file is gone.
fn time(cluster: &mut Cluster) -> Verdict {
    start(cluster, &format!(" reload_time_file {TIME}"))?;
    let mark = cluster.log(0).mark();
    shell(cluster, &format!("date -d '+2 seconds' '+%F %T' > {TIME}"))?;
    hear(cluster, mark, "Scheduling reload for 20")?;
    hear(cluster, mark, "Reload complete")?;
    ensure!(!exists(cluster, TIME), "the file is still there");
    cluster.owned_by(0, VIP.into())
}

/// With `reload_repeat` a time without a day stays for the next one.
fn daily(cluster: &mut Cluster) -> Verdict {
    let globals = format!(" reload_repeat\n reload_time_file {TIME}");
    start(cluster, &globals)?;
    let mark = cluster.log(0).mark();
    shell(cluster, &format!("date -d '+2 seconds' '+%T' > {TIME}"))?;
    hear(cluster, mark, "Reloading ...")?;
    let log = cluster.log(0);
    wait_until(PATIENCE, "scheduled again", || {
        log.text_after(mark)
            .matches("Scheduling reload for")
            .count()
            == 2
    })?;
    ensure!(exists(cluster, TIME), "the file is gone");
    Ok(())
}

/// What is said about times that come, change, go or are none.
fn schedule(cluster: &mut Cluster) -> Verdict {
    start(cluster, &format!(" reload_time_file {TIME}"))?;
    let mark = cluster.log(0).mark();
    shell(cluster, &format!("echo 2098-01-02 03:04:05 > {TIME}"))?;
    let mark = hear(cluster, mark, "Scheduling reload for 2098-01-02 03:04:05")?;
    shell(
        cluster,
        &format!("echo 2099-01-02 03:04:05 > {TIME}.new; mv {TIME}.new {TIME}"),
    )?;
    let updated = "Reload time updated from 2098-01-02 03:04:05 to 2099-01-02 03:04:05";
    let mark = hear(cluster, mark, updated)?;
    shell(cluster, &format!("rm {TIME}"))?;
    let cancelled = "Cancelling reload scheduled for 2099-01-02 03:04:05";
    let mut mark = hear(cluster, mark, cancelled)?;
    for (text, complaint) in [
        ("soon", "Reload time soon format is incorrect - ignoring"),
        ("25:00:00", "Reload date/time 25:00:00 invalid - ignoring"),
        (
            "2020-01-01 10:00:00",
            "Reload time 2020-01-01 10:00:00 is in the past - ignoring",
        ),
    ] {
        shell(cluster, &format!("echo {text} > {TIME}"))?;
        mark = hear(cluster, mark, complaint)?;
    }
    let text = cluster.log(0).text_after(0);
    ensure!(!text.contains("Reloading"), "it reloads");
    Ok(())
}

/// Only what `-t` finds nothing wrong with is reloaded.
fn check(cluster: &mut Cluster) -> Verdict {
    let globals = format!(" reload_check_config {LOG}");
    start(cluster, &globals)?;
    let conf = Conf::new(MODE, 0);
    let node = &cluster.members[0].node;
    let wrong = conf.with_globals(&format!("{globals}\n no_such_keyword"));
    node.write_file(CONFIG, wrong.replace(&VIP.to_string(), "192.0.2.77"), 0o644)?;
    let mark = cluster.log(0).mark();
    cluster.daemon(0).signal(Signal::SIGHUP)?;
    let line = format!("New config failed validation, see {LOG} for details");
    hear(cluster, mark, &line)?;
    let complaints = node.read_file(LOG)?;
    ensure!(
        complaints.contains("Unknown keyword 'no_such_keyword'"),
        "complaints: {complaints}"
    );
    cluster.owned_by(0, VIP.into())?;
    cluster.reload(0, &conf.with_globals(&globals))?;
    let complaints = cluster.members[0].node.read_file(LOG)?;
    ensure!(complaints.is_empty(), "complaints: {complaints}");
    Ok(())
}

/// Who has put the file there sees it go when everything is read.
fn marker(cluster: &mut Cluster) -> Verdict {
    cluster.members[0].node.write_file(MARKER, "", 0o644)?;
    let globals = format!(" reload_file {MARKER}");
    start(cluster, &globals)?;
    ensure!(!exists(cluster, MARKER), "there after the start");
    cluster.members[0].node.write_file(MARKER, "", 0o644)?;
    cluster.reload(0, &Conf::new(MODE, 0).with_globals(&globals))?;
    wait_until(PATIENCE, "file gone", || !exists(cluster, MARKER))
}

/// The text before each start and reload, the state before and after each reload.
fn copies(cluster: &mut Cluster) -> Verdict {
    const DIRECTORY: &str = "/run/kept";
    let globals = format!(" config_save_dir {DIRECTORY}");
    start(cluster, &globals)?;
    cluster.reload(0, &Conf::new(MODE, 0).with_globals(&globals))?;
    let (parent, child) = (cluster.daemon(0).pid(), cluster.daemon(0).children()[0]);
    for (name, content) in [
        (format!("keepalived.conf.{parent}.0"), "virtual_router_id"),
        (format!("keepalived.conf.{parent}.1"), "virtual_router_id"),
        (format!("keepalived_vrrp.{child}.1.pre"), "VRRP Instance = "),
        (
            format!("keepalived_vrrp.{child}.1.post"),
            "VRRP Instance = ",
        ),
    ] {
        let path = format!("{DIRECTORY}/{name}");
        let node = &cluster.members[0].node;
        wait_until(PATIENCE, &path, || {
            node.read_file(&path)
                .is_ok_and(|text| text.contains(content))
        })?;
    }
    Ok(())
}
