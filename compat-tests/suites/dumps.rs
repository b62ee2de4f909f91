//! The files that signals ask for, line by line beside the original's, and how they come to be.

use std::{
    fmt::Write as _,
    thread,
    time::{Duration, Instant},
};

use evervip_lab::{Error, Node, wait_until};

use crate::{
    cluster::{CONFIG, Cluster, FOREGROUND, PATIENCE, with_single},
    conf::VIP,
    ensure,
    plan::{Combo, Plan},
    program::Program,
    verdict::Verdict,
    vmac::with_second_interface,
};

/// The state.
pub const DATA: &str = "/tmp/keepalived.data";
/// What the guardian says.
pub const PARENT: &str = "/tmp/keepalived_parent.data";
/// The counters.
pub const STATISTICS: &str = "/tmp/keepalived.stats";
/// State and counters for programs.
pub const JSON: &str = "/tmp/keepalived.json";
/// SIGRTMIN+2.
pub const JSON_SIGNAL: &str = "36";
/// What is compared of a line.
const LONGEST: usize = 240;
/// Bytes of date and time before a line of the log.
const DATE: usize = "Thu Jan  1 00:00:00 1970: ".len();
/// SIGRTMAX-1.
const CLEAR_SIGNAL: &str = "63";

/// Adds the cases.
pub fn add(plan: &mut Plan) {
    for (name, text) in CONFIGURATIONS {
        plan.compare(&format!("dumps::{name}"), |combo| {
            compare(combo, |cluster| dumps(cluster, text))
        });
        // With sessions two processes write to the log at the same time.
        if !text.contains("bfd_instance") {
            plan.compare(&format!("dumps::log-{name}"), |combo| {
                compare(combo, |cluster| logged(cluster, text))
            });
        }
    }
    plan.single("dumps::modes", |program| with_single(program, modes));
    plan.single("dumps::clear", |program| with_single(program, clear));
    plan.single("dumps::planted", |program| with_single(program, planted));
    plan.single("dumps::unwritable", |program| {
        with_single(program, unwritable)
    });
    plan.single("dumps::instance", |program| {
        with_single(program, instance_names)
    });
    plan.ours_only("dumps::many", |program| with_single(program, many));
}

const CONFIGURATIONS: &[(&str, &str)] = &[
    ("pair", include_str!("dumps/pair.conf")),
    ("ipv6", include_str!("dumps/ipv6.conf")),
    ("trackers", include_str!("dumps/trackers.conf")),
    ("globals", include_str!("dumps/globals.conf")),
    ("defaults", include_str!("dumps/defaults.conf")),
    ("groups", include_str!("dumps/groups.conf")),
    ("routing", include_str!("dumps/routing.conf")),
    ("fixed", include_str!("dumps/fixed.conf")),
    ("fault", include_str!("dumps/fault.conf")),
    ("vmac", include_str!("dumps/vmac.conf")),
];

/// Texts and what they are of.
type Texts = Vec<(&'static str, String)>;

fn compare(combo: &Combo, texts: impl Fn(&mut Cluster) -> Verdict<Texts> + Sync) -> Verdict {
    let record = |program: &Program| -> Verdict<Texts> {
        let mut recorded = Vec::new();
        with_single(program, |cluster| {
            recorded = texts(cluster)?;
            Ok(())
        })?;
        Ok(recorded)
    };
    let (subject, peer) = thread::scope(|scope| {
        let other = scope.spawn(|| record(&combo.peer));
        (record(&combo.subject), other.join())
    });
    let peer = peer.map_err(|_| Error::new("recording panicked"))??;
    let mut differences = String::new();
    for ((file, ours), (_, theirs)) in subject?.iter().zip(&peer) {
        for change in changes(&normalised(ours), &normalised(theirs)) {
            let _ = writeln!(differences, "{file} {change}");
        }
    }
    ensure!(differences.is_empty(), "{differences}");
    Ok(())
}

/// Starts a configuration, waits until it has settled and asks for every file.
fn dumps(cluster: &mut Cluster, text: &str) -> Verdict<Texts> {
    start(cluster, text)?;
    // All instances have their state: address detection takes its time.
    let deadline = Instant::now() + PATIENCE;
    while ask(cluster, "10", DATA)?.contains("   State = BACKUP\n") && Instant::now() < deadline {
        thread::sleep(Duration::from_millis(100));
    }
    let wanted = [
        (DATA, "10"),
        (PARENT, "10"),
        (STATISTICS, "12"),
        (JSON, JSON_SIGNAL),
    ];
    wanted
        .into_iter()
        .map(|(file, signal)| Ok((file, ask(cluster, signal, file)?)))
        .collect()
}

/// What has to be taken away from the subject's lines (`-`) and added (`+`) to make the peer's.
pub fn changes(subject: &[String], peer: &[String]) -> Vec<String> {
    // How many lines the ends that begin here have in common.
    let mut common = vec![vec![0_usize; peer.len() + 1]; subject.len() + 1];
    for (i, ours) in subject.iter().enumerate().rev() {
        for (j, theirs) in peer.iter().enumerate().rev() {
            common[i][j] = if ours == theirs {
                common[i + 1][j + 1] + 1
            } else {
                common[i + 1][j].max(common[i][j + 1])
            };
        }
    }
    let (mut i, mut j, mut changes) = (0, 0, Vec::new());
    while i < subject.len() || j < peer.len() {
        if i < subject.len() && j < peer.len() && subject[i] == peer[j] {
            (i, j) = (i + 1, j + 1);
        } else if j == peer.len() || i < subject.len() && common[i + 1][j] >= common[i][j + 1] {
            changes.push(format!("{i}: - {}", subject[i]));
            i += 1;
        } else {
            changes.push(format!("{i}: + {}", peer[j]));
            j += 1;
        }
    }
    changes
}

/// What `-d` writes to the log at the start, among other lines.
fn logged(cluster: &mut Cluster, text: &str) -> Verdict<Texts> {
    with_second_interface(cluster)?;
    let member = &mut cluster.members[0];
    wait_until(PATIENCE, "usable addresses of both links", || {
        let list = |state| {
            member
                .node
                .ip(&["-6", "addr", "show", "scope", "link", state])
        };
        let (usable, others) = (list("permanent"), list("tentative"));
        usable.is_ok_and(|text| text.matches("fe80::").count() == 2)
            && others.is_ok_and(|text| text.is_empty())
    })?;
    member.node.write_file(CONFIG, text, 0o644)?;
    member.start_with(&[&FOREGROUND[..], &["-d"]].concat())?;
    cluster.lab.wait_owner(VIP.into(), "a", PATIENCE)?;
    let log = cluster.log(0).text();
    // After the date.
    let lines = log.lines().filter_map(|line| line.get(DATE..));
    let lines = lines.skip_while(|line| !line.contains("Global definitions"));
    let dump = lines.filter(|line| line.starts_with(' ') || line.starts_with("------<"));
    // The end of what is very long stands there once more.
    let dump = dump.filter(|line| !line.starts_with("       "));
    let mut texts = String::new();
    for line in dump {
        let _ = writeln!(texts, "{line}");
    }
    Ok(vec![("log", texts)])
}

fn start(cluster: &mut Cluster, text: &str) -> Verdict {
    with_second_interface(cluster)?;
    cluster.members[0].start(text)?;
    cluster.lab.wait_owner(VIP.into(), "a", PATIENCE)?;
    cluster.wait_advert(0, cluster.capture.mark())?;
    // The first results of scripts.
    let deadline = Instant::now() + PATIENCE;
    while ask(cluster, "10", DATA)?.contains("   Init state = INIT\n") && Instant::now() < deadline
    {
        thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

fn ask(cluster: &Cluster, signal: &str, file: &str) -> Verdict<String> {
    ask_member(cluster, 0, signal, file)
}

/// Sends a signal to the parent and waits for the whole file.
pub fn ask_member(cluster: &Cluster, member: usize, signal: &str, file: &str) -> Verdict<String> {
    let node = &cluster.members[member].node;
    let _ = node.exec(&["rm", "-f", file])?;
    let pid = cluster.daemon(member).pid().to_string();
    node.exec(&["kill", "-s", signal, &pid])?;
    // The original makes the file first and fills it then.
    let mut before = String::new();
    let whole = || {
        let text = node.read_file(file).unwrap_or_default();
        let settled = !text.is_empty() && text == before;
        before = text;
        settled
    };
    wait_until(PATIENCE, file, whole)?;
    node.read_file(file)
}

/// Lines of a file, or of JSON its members, without times, descriptors and secrets.
pub fn normalised(text: &str) -> Vec<String> {
    let text = text.replace(",\"", "\n\"").replace("},{", "}\n{");
    text.lines().filter_map(line).collect()
}

fn line(line: &str) -> Option<String> {
    // What evervip does not have (IPv6 forwarding and the filter of sources are looked at when they
    // are needed, and the packet filter needs no library).
    let absent = [
        "   Not IPv6 forwarding.",
        " libnftnl version",
        "   rp_filter ",
    ];
    if absent.iter().any(|start| line.starts_with(start)) {
        return None;
    }
    let cut = [
        "   Last transition = ",
        "   Read timeout = 1",
        "   Master router = ",
        "   fd_in ",
        " fd_in ",
        "   Password = ",
        "\"auth_data\":",
        "\"last_transition\":",
        "\"advert_sent\":",
        "    Sent: ",
        " GARP next time ",
        "   Original promote_secondaries ",
        "   Reset ARP config counter ",
        "   Original arp_ignore ",
        "   Original arp_filter ",
        "   Reset promote_secondaries counter ",
    ];
    let start = cut.iter().find(|start| line.starts_with(**start));
    // The original cuts what one entry of an array in JSON says after 255 bytes.
    let line = start.map_or(line, |start| start);
    // Where a route of a name stays what it is, this says nothing.
    let line = line.trim_end_matches(" [installed ifindex 0]");
    Some(line.chars().take(LONGEST).collect())
}

/// Modes follow the umask, and files are made anew.
fn modes(cluster: &mut Cluster) -> Verdict {
    start(cluster, CONFIGURATIONS[0].1)?;
    for (file, signal) in [(DATA, "10"), (STATISTICS, "12"), (JSON, JSON_SIGNAL)] {
        ask(cluster, signal, file)?;
        let node = &cluster.members[0].node;
        ensure!(
            stat(node, "%a %U %F", file)? == "600 root regular file",
            "{file}"
        );
        let first = stat(node, "%i", file)?;
        node.exec(&["kill", "-s", signal, &cluster.daemon(0).pid().to_string()])?;
        let renewed = || stat(node, "%i", file).is_ok_and(|now| now != first);
        wait_until(PATIENCE, "a new file", renewed)?;
    }
    cluster.stop(0)
}

fn stat(node: &Node, format: &str, file: &str) -> Verdict<String> {
    let output = node.exec(&["stat", "-c", format, file])?;
    Ok(output.stdout.trim().to_owned())
}

/// Counters are written, then cleared.
fn clear(cluster: &mut Cluster) -> Verdict {
    start(cluster, CONFIGURATIONS[0].1)?;
    let first = ask(cluster, CLEAR_SIGNAL, STATISTICS)?;
    ensure!(first.contains("  Became master: 1\n"), "{first}");
    let second = ask(cluster, "12", STATISTICS)?;
    ensure!(!second.contains("  Became master: 1\n"), "{second}");
    cluster.stop(0)
}

/// Links and pipes in the place of files are replaced, and what they lead to is left alone.
fn planted(cluster: &mut Cluster) -> Verdict {
    start(cluster, CONFIGURATIONS[0].1)?;
    let node = &cluster.members[0].node;
    node.write_file("/tmp/victim", "precious", 0o644)?;
    node.exec(&["ln", "-s", "/tmp/victim", STATISTICS])?;
    node.exec(&["ln", "-s", "/tmp/nothing", JSON])?;
    node.exec(&["mkfifo", DATA])?;
    let pid = cluster.daemon(0).pid().to_string();
    for (file, signal) in [(DATA, "10"), (STATISTICS, "12"), (JSON, JSON_SIGNAL)] {
        node.exec(&["kill", "-s", signal, &pid])?;
        let replaced = || {
            stat(node, "%F", file).is_ok_and(|kind| kind == "regular file")
                && node.read_file(file).is_ok_and(|text| !text.is_empty())
        };
        wait_until(PATIENCE, &format!("{file} is replaced"), replaced)?;
    }
    ensure!(
        node.read_file("/tmp/victim")? == "precious",
        "the link was followed"
    );
    let made = node.exec(&["test", "-e", "/tmp/nothing"])?;
    ensure!(!made.status.success(), "the dangling link was followed");
    cluster.stop(0)
}

/// A file that cannot be replaced is one line in the log, and adverts go on.
fn unwritable(cluster: &mut Cluster) -> Verdict {
    start(cluster, CONFIGURATIONS[0].1)?;
    let node = &cluster.members[0].node;
    node.exec(&["mkdir", STATISTICS])?;
    let mark = cluster.log(0).mark();
    let pid = cluster.daemon(0).pid().to_string();
    node.exec(&["kill", "-s", "12", &pid])?;
    cluster
        .log(0)
        .wait_after(mark, "/tmp/keepalived.stats", PATIENCE)?;
    cluster.wait_advert(0, cluster.capture.mark())?;
    node.exec(&["rmdir", STATISTICS])?;
    ask(cluster, "12", STATISTICS)?;
    cluster.stop(0)
}

/// `data_use_instance` concerns the state alone.
fn instance_names(cluster: &mut Cluster) -> Verdict {
    let text = "global_defs {\n data_use_instance\n}\n".to_owned() + CONFIGURATIONS[0].1;
    start(cluster, &text)?;
    // Without an instance name there is nothing to use.
    ask(cluster, "10", DATA)?;
    ask(cluster, "12", STATISTICS)?;
    cluster.stop(0)
}

/// A thousand instances in 100 ms, as clients that sleep so long expect it.
fn many(cluster: &mut Cluster) -> Verdict {
    let mut text = CONFIGURATIONS[0].1.to_owned();
    for number in (2..=250).filter(|number| *number != 51) {
        let _ = write!(
            text,
            "vrrp_instance M{number} {{\n interface {}\n virtual_router_id {number}\n priority 9\n \
             advert_int 60\n virtual_ipaddress {{\n 10.77.0.{number}/32\n }}\n}}\n",
            crate::conf::INTERFACE
        );
    }
    start(cluster, &text)?;
    ask(cluster, JSON_SIGNAL, JSON)?;
    // The best of some attempts: other cases run at the same time.
    let times = (0..5).map(|_| -> Verdict<Duration> {
        let node = &cluster.members[0].node;
        let before = stat(node, "%i", JSON)?;
        let pid = cluster.daemon(0).pid().to_string();
        let begin = Instant::now();
        node.exec(&["kill", "-s", JSON_SIGNAL, &pid])?;
        let renewed = || stat(node, "%i", JSON).is_ok_and(|now| now != before);
        wait_until(PATIENCE, "a new file", renewed)?;
        Ok(begin.elapsed())
    });
    let best = times.collect::<Verdict<Vec<_>>>()?.into_iter().min();
    ensure!(
        best.is_some_and(|best| best < Duration::from_millis(400)),
        "too slow: {best:?}"
    );
    cluster.stop(0)
}
