//! Exporters and monitors: a signal, a file, a parser.

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    thread,
    time::{Duration, Instant, SystemTime},
};

use evervip_lab::{Error, Node, wait_until};
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};
use serde_json::Value;

use crate::{
    cluster::{CONFIG, Cluster, PATIENCE, PID_FILE, PROGRAM, with_single},
    conf::{Conf, V2_MULTICAST, VIP},
    ensure,
    fifo::{FIFO, LINES, reader},
    plan::Plan,
    verdict::Verdict,
};

type Case = fn(&mut Cluster) -> Verdict;

const CASES: [(&str, Case); 7] = [
    ("exporter-json", exporter_json),
    ("exporter-text", exporter_text),
    ("exporter-of-processes", exporter_of_processes),
    ("close-write", close_write),
    ("status-monitor", status_monitor),
    ("liveness", liveness),
    ("fifo-lines", fifo_lines),
];

pub(super) fn add(plan: &mut Plan) {
    for (name, case) in CASES {
        plan.single(&format!("clients::{name}"), move |program| {
            with_single(program, case)
        });
    }
}

pub(super) const JSON: &str = "/tmp/keepalived.json";
const DATA: &str = "/tmp/keepalived.data";
const STATISTICS: &str = "/tmp/keepalived.stats";

/// A master in a group, with a check.
fn start(cluster: &mut Cluster, globals: &str) -> Verdict {
    let group = "vrrp_sync_group G {\n group {\n LB_VIP\n }\n}\n";
    let conf = Conf::new(V2_MULTICAST, 0)
        .check()
        .with_globals(&format!(" script_user root\n{globals}"));
    cluster.members[0].start(&format!("{conf}{group}"))?;
    cluster.settle(0, VIP.into())
}

pub(super) fn shell(node: &Node, line: &str) -> Verdict<String> {
    let output = node.exec(&["sh", "-c", line])?;
    ensure!(output.status.success(), "{line}: {}", output.stderr);
    Ok(output.stdout.trim().to_owned())
}

/// The way of an exporter that asks the program for signal numbers, and the pid file for the process.
fn signal_by_name(node: &Node, name: &str) -> Verdict {
    let line = format!("kill -$({PROGRAM} --signum={name}) $(cat {PID_FILE})");
    shell(node, &line).map(drop)
}

fn text_of(node: &Node, file: &str) -> String {
    node.read_file(file).unwrap_or_default()
}

fn wait_json(node: &Node) -> Verdict<Value> {
    let mut parsed = Value::Null;
    wait_until(PATIENCE, JSON, || {
        serde_json::from_str(&text_of(node, JSON)).is_ok_and(|value| {
            parsed = value;
            true
        })
    })?;
    Ok(parsed)
}

/// Every field that it decodes, in the type that it decodes it to.
fn exporter_json(cluster: &mut Cluster) -> Verdict {
    start(cluster, "")?;
    let node = &cluster.members[0].node;
    let version = shell(node, &format!("{PROGRAM} -v 2>&1"))?;
    ensure!(version.contains("--enable-json"), "{version}");
    let number = version.split_whitespace().nth(1).unwrap_or_default();
    ensure!(number == "v2.2.7", "version {number}");
    signal_by_name(node, "JSON")?;
    let parsed = wait_json(node)?;
    let raw = text_of(node, JSON);
    ensure!(raw.lines().count() == 1, "more than one line: {raw}");
    let instance = &parsed[0];
    let (data, stats) = (&instance["data"], &instance["stats"]);
    for (field, wanted) in [("iname", "LB_VIP"), ("ifp_ifname", "ens192")] {
        ensure!(data[field] == wanted, "{field}: {}", data[field]);
    }
    for (field, wanted) in [("state", 2), ("wantstate", 2), ("vrid", 50)] {
        ensure!(data[field] == wanted, "{field}: {}", data[field]);
    }
    ensure!(data["garp_delay"].is_u64(), "{}", data["garp_delay"]);
    let vips = data["vips"].as_array().cloned().unwrap_or_default();
    let words: Vec<Vec<&str>> = vips
        .iter()
        .filter_map(|vip| Some(vip.as_str()?.split(' ').collect()))
        .collect();
    let fits = words.len() == 1 && words[0].len() >= 3 && words[0][1] == "dev";
    ensure!(fits, "vips: {vips:?}");
    for field in COUNTERS {
        ensure!(stats[field].is_u64(), "{field}: {}", stats[field]);
    }
    ensure!(stats["become_master"] == 1, "{}", stats["become_master"]);
    Ok(())
}

pub(super) const COUNTERS: [&str; 14] = [
    "advert_rcvd",
    "advert_sent",
    "become_master",
    "release_master",
    "packet_len_err",
    "advert_interval_err",
    "ip_ttl_err",
    "invalid_type_rcvd",
    "addr_list_err",
    "invalid_authtype",
    "authtype_mismatch",
    "auth_failure",
    "pri_zero_rcvd",
    "pri_zero_sent",
];

/// The same without JSON: indented `key = value`, and counters below headings.
fn exporter_text(cluster: &mut Cluster) -> Verdict {
    start(cluster, "")?;
    let node = &cluster.members[0].node;
    cluster
        .log(0)
        .wait_for("VRRP_Script(chk_haproxy) succeeded", PATIENCE)?;
    signal_by_name(node, "DATA")?;
    signal_by_name(node, "STATS")?;
    let complete =
        || text_of(node, STATISTICS).contains("  Priority Zero:\n    Received: 0\n    Sent: 0\n");
    wait_until(PATIENCE, STATISTICS, complete)?;
    let whole = || text_of(node, DATA).contains(" VRRP Script = chk_haproxy\n");
    wait_until(PATIENCE, DATA, whole)?;
    let data = text_of(node, DATA);
    let instance = values_below(&data, " VRRP Instance = LB_VIP");
    for (key, wanted) in [
        ("State", "MASTER"),
        ("Wantstate", "MASTER"),
        ("Interface", "ens192"),
        ("Virtual Router ID", "50"),
        ("Gratuitous ARP delay", "5"),
    ] {
        let got = instance.get(key).map(String::as_str);
        ensure!(got == Some(wanted), "{key} = {got:?}");
    }
    let addresses = data.split_once("   Virtual IP (1):\n");
    let address = addresses.and_then(|(_, rest)| rest.lines().next());
    let wanted = "     10.150.160.32 dev ens192";
    ensure!(
        address.is_some_and(|line| line.starts_with(wanted)),
        "{address:?}"
    );
    let script = values_below(&data, " VRRP Script = chk_haproxy");
    let status = script.get("Status").map(String::as_str);
    ensure!(status == Some("GOOD"), "Status = {status:?}");
    let state = script.get("State").map(String::as_str);
    ensure!(
        matches!(state, Some("idle" | "running")),
        "State = {state:?}"
    );
    let statistics = text_of(node, STATISTICS);
    let header = "VRRP Instance: LB_VIP\n  Advertisements:\n    Received: 0\n    Sent: ";
    ensure!(statistics.starts_with(header), "{statistics}");
    ensure!(
        statistics.contains("\n  Became master: 1\n"),
        "{statistics}"
    );
    Ok(())
}

/// The lines `   key = value` below a heading, until the next one.
fn values_below(text: &str, heading: &str) -> BTreeMap<String, String> {
    let mut lines = text.lines().skip_while(|line| *line != heading).skip(1);
    let mut values = BTreeMap::new();
    for line in lines.by_ref().take_while(|line| line.starts_with("   ")) {
        if let Some((key, value)) = line.trim().split_once(" = ") {
            values
                .entry(key.to_owned())
                .or_insert_with(|| value.to_owned());
        }
    }
    values
}

/// Finds the parent in the list of processes, knows the signal by heart and waits a tenth of a second.
fn exporter_of_processes(cluster: &mut Cluster) -> Verdict {
    start(cluster, "")?;
    let node = &cluster.members[0].node;
    let list = shell(node, "ps -axwwo pid,args")?;
    let own = node.pids();
    let parent = list.lines().find_map(|line| {
        let (pid, args) = line.trim().split_once(' ')?;
        let program = Path::new(args.split_whitespace().next()?);
        let pid: i32 = pid.parse().ok()?;
        (own.contains(&pid) && program.file_name()? == "keepalived").then_some(pid)
    });
    let daemon = cluster.daemon(0).pid();
    ensure!(parent == Some(daemon), "found {parent:?}, not {daemon}");
    // The best of some attempts: other cases run at the same time.
    for _ in 0..10 {
        let _ = node.remove_file(JSON);
        shell(node, &format!("kill -36 {daemon}"))?;
        thread::sleep(Duration::from_millis(100));
        let parsed: Option<Value> = serde_json::from_str(&text_of(node, JSON)).ok();
        // It removes whatever else begins like that.
        let names = shell(node, "ls /tmp")?;
        let strange = names
            .lines()
            .find(|name| name.starts_with("keepalived.json") && *name != "keepalived.json");
        ensure!(strange.is_none(), "{strange:?} would be removed");
        if let Some(parsed) = parsed {
            let transition = &parsed[0]["data"]["last_transition"];
            ensure!(transition.is_number(), "last_transition: {transition}");
            return Ok(());
        }
    }
    Err(Error::new("no file within a tenth of a second"))
}

/// Waits until somebody who has written the file closes it, reads it and removes it.
fn close_write(cluster: &mut Cluster) -> Verdict {
    let member = &mut cluster.members[0];
    let text = Conf::new(V2_MULTICAST, 0).text();
    member.node.write_file(CONFIG, text, 0o644)?;
    member.start_with(&["--use-file", CONFIG, "--pid", PID_FILE, "--dont-fork"])?;
    cluster.settle(0, VIP.into())?;
    let node = &cluster.members[0].node;
    for (file, signal, wanted) in [
        (JSON, 36, "\"effective_priority\":150"),
        (DATA, 10, " VRRP Instance = LB_VIP"),
        (STATISTICS, 12, "VRRP Instance: LB_VIP"),
    ] {
        for _ in 0..2 {
            let text = after_close_write(node, file, || {
                shell(node, &format!("kill -{signal} $(cat {PID_FILE})")).map(drop)
            })?;
            ensure!(
                text.contains(wanted),
                "{file} at the end of writing: {text}"
            );
            node.remove_file(file)?;
        }
    }
    Ok(())
}

fn after_close_write(node: &Node, file: &str, ask: impl FnOnce() -> Verdict) -> Verdict<String> {
    let watch = node.enter(|| -> nix::Result<Inotify> {
        let watch = Inotify::init(InitFlags::IN_NONBLOCK)?;
        watch.add_watch("/tmp", AddWatchFlags::IN_CLOSE_WRITE)?;
        Ok(watch)
    })??;
    ask()?;
    let name = Path::new(file).file_name();
    wait_until(PATIENCE, &format!("IN_CLOSE_WRITE of {file}"), || {
        let events = watch.read_events().unwrap_or_default();
        events.iter().any(|event| event.name.as_deref() == name)
    })?;
    node.read_file(file)
}

/// Looks into the daemon's own /tmp and at the bytes of its program, and takes a file when it is new and
/// does not grow any more.
fn status_monitor(cluster: &mut Cluster) -> Verdict {
    start(cluster, "")?;
    let pid = cluster.daemon(0).pid();
    let program = fs::read(format!("/proc/{pid}/exe"))?;
    let wanted = b"Keepalived v2.2.7";
    ensure!(
        program.windows(wanted.len()).any(|bytes| bytes == wanted),
        "no version in the program"
    );
    let file = |path: &str| format!("/proc/{pid}/root{path}");
    let begin = SystemTime::now() - Duration::from_secs(1);
    shell(
        &cluster.members[0].node,
        &format!("kill -10 {pid}; kill -12 {pid}"),
    )?;
    for path in [DATA, STATISTICS] {
        let state = || {
            let meta = fs::metadata(file(path)).ok()?;
            (meta.modified().ok()? > begin && meta.len() > 0).then_some(meta.len())
        };
        let mut before = None;
        wait_until(PATIENCE, path, || {
            thread::sleep(Duration::from_millis(50));
            let now = state();
            let settled = now.is_some() && now == before;
            before = now;
            settled
        })?;
    }
    let data = fs::read_to_string(file(DATA))?;
    ensure!(data.contains("\n VRRP Sync Group = G, MASTER\n"), "{data}");
    for key in [
        "   Priority = 150",
        "   Effective priority = 150",
        "   Advert interval = 1 sec",
        "   Last transition = ",
    ] {
        ensure!(data.contains(key), "no `{key}`");
    }
    Ok(())
}

/// Writes what it fears into the file, and has the daemon write it anew within five seconds.
fn liveness(cluster: &mut Cluster) -> Verdict {
    start(cluster, "")?;
    let node = &cluster.members[0].node;
    shell(node, &format!("echo 'State = FAULT' >{DATA}"))?;
    shell(node, &format!("kill -USR1 $(cat {PID_FILE})"))?;
    let begin = Instant::now();
    let alive = || {
        let text = text_of(node, DATA);
        !text.is_empty() && !text.contains("State = FAULT")
    };
    wait_until(Duration::from_secs(5), "liveness", alive)?;
    ensure!(begin.elapsed() < Duration::from_secs(5), "too late");
    Ok(())
}

/// `^(\w+) "([\w-]+)" (\w+) (\d+)$`
fn fifo_lines(cluster: &mut Cluster) -> Verdict {
    let _reader = reader(cluster)?;
    start(cluster, &format!(" notify_fifo {FIFO}\n"))?;
    let node = &cluster.members[0].node;
    wait_until(PATIENCE, "lines", || {
        text_of(node, LINES).contains("GROUP \"G\" MASTER 0\n")
    })?;
    let is_word = |text: &str, more: &str| {
        let fits = |c: char| c.is_ascii_alphanumeric() || c == '_' || more.contains(c);
        !text.is_empty() && text.chars().all(fits)
    };
    for line in text_of(node, LINES).lines() {
        let words: Vec<&str> = line.split(' ').collect();
        let [kind, name, state, priority] = words[..] else {
            return Err(Error::new(format!("strange line `{line}`")));
        };
        let name = name
            .strip_prefix('"')
            .and_then(|name| name.strip_suffix('"'));
        let fits = is_word(kind, "")
            && name.is_some_and(|name| is_word(name, "-"))
            && is_word(state, "")
            && priority.parse::<u8>().is_ok();
        ensure!(fits, "strange line `{line}`");
    }
    Ok(())
}
