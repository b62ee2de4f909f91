//! The D-Bus interface, on a system bus of its own in each node.

mod tree;

use std::{fs, thread};

use evervip_lab::{Error, Node, wait_until};
use nix::sys::signal::Signal;

use crate::{
    cluster::{Cluster, PATIENCE, with_single},
    conf::{Conf, INTERFACE, V3_MULTICAST},
    ensure,
    plan::{Combo, Plan},
    program::Program,
    system_bus::{NAME, SystemBus, call, send},
    verdict::Verdict,
};

/// Adds the cases.
pub fn add(plan: &mut Plan) {
    if let Some(program) = SystemBus::missing() {
        eprintln!("SKIPPED: dbus: no {program} here (Debian package dbus)");
        return;
    }
    plan.compare("dbus::calls", calls);
    plan.compare("dbus::tree", tree::tree);
    plan.single("dbus::life", |program| with_single(program, life));
    plan.single("dbus::reload", |program| with_single(program, reload));
    plan.single("dbus::garp", |program| with_single(program, garp));
    plan.single("dbus::print", |program| with_single(program, print));
    plan.single("dbus::names", |program| with_single(program, names));
    plan.single("dbus::policy", |program| with_single(program, policy));
    plan.single("dbus::off", |program| with_single(program, off));
    plan.ours_only("dbus::switched", |program| with_single(program, switched));
    plan.ours_only("dbus::bus-comes-back", |program| {
        with_single(program, bus_comes_back)
    });
    plan.ours_only("dbus::bus-hangs", |program| with_single(program, bus_hangs));
}

const DAEMON: &str = "/org/keepalived/Vrrp1/Vrrp";
const INSTANCE: &str = "/org/keepalived/Vrrp1/Instance/ens192/50/IPv4";
const OF_DAEMON: &str = "org.keepalived.Vrrp1.Vrrp";
const OF_INSTANCE: &str = "org.keepalived.Vrrp1.Instance";
const PROPERTIES: &str = "org.freedesktop.DBus.Properties";
const DATA: &str = "/tmp/keepalived.data";
const STATISTICS: &str = "/tmp/keepalived.stats";

/// Another instance.
fn second(name: &str, vrid: u8, lines: &str) -> String {
    format!(
        "vrrp_instance {name} {{\n state BACKUP\n interface {INTERFACE}\n virtual_router_id {vrid}\n \
         priority 90\n version 3\n advert_int 0.1\n {lines}\n virtual_ipaddress {{\n 10.150.160.{vrid}/32\n }}\n}}\n"
    )
}

fn conf() -> Conf {
    Conf::new(V3_MULTICAST, 0)
}

fn start(cluster: &mut Cluster, text: &str) -> Verdict<SystemBus> {
    let bus = SystemBus::start(&cluster.members[0].node)?;
    cluster.members[0].start(text)?;
    cluster
        .log(0)
        .wait_for("Acquired the name org.", PATIENCE)?;
    Ok(bus)
}

/// A daemon with one instance that is MASTER.
fn start_master(cluster: &mut Cluster) -> Verdict<SystemBus> {
    let bus = start(cluster, &conf().with_globals("enable_dbus"))?;
    bus.wait_for("VrrpStatusChange /Instance/ens192/50/IPv4 2")?;
    Ok(bus)
}

/// What calls are answered, right and wrong ones, word for word.
fn calls(combo: &Combo) -> Verdict {
    let record = |program: &Program| -> Verdict<Vec<String>> {
        let mut answers = Vec::new();
        with_single(program, |cluster| {
            let _bus = start_master(cluster)?;
            answers = ask_everything(&cluster.members[0].node)?;
            Ok(())
        })?;
        Ok(answers)
    };
    let (subject, peer) = thread::scope(|scope| {
        let other = scope.spawn(|| record(&combo.peer));
        (record(&combo.subject), other.join())
    });
    let peer = peer.map_err(|_| Error::new("recording panicked"))??;
    for (subject, peer) in subject?.iter().zip(&peer) {
        ensure!(subject == peer, "subject {subject}\npeer    {peer}");
    }
    Ok(())
}

fn ask_everything(node: &Node) -> Verdict<Vec<String>> {
    let mut answers = Vec::new();
    let mut ask = |path: &str, interface: &str, arguments: &[&str]| -> Verdict {
        let answer = call(node, path, interface, arguments)?;
        let answer = if arguments == ["Introspect"] {
            described(&answer)
        } else {
            answer
        };
        answers.push(format!("{path} {interface} {arguments:?}: {answer}"));
        Ok(())
    };
    let paths = INSTANCE.match_indices('/').map(|(at, _)| &INSTANCE[..at]);
    for path in paths.skip(1).chain(["/", INSTANCE, DAEMON, "/no/such"]) {
        ask(path, "org.freedesktop.DBus.Introspectable", &["Introspect"])?;
        ask(path, "org.freedesktop.DBus.Peer", &["Ping"])?;
        ask(path, OF_INSTANCE, &["SendGarp"])?;
        ask(path, OF_INSTANCE, &["Nothing"])?;
        ask(path, "org.foo.Bar", &["Baz"])?;
        for interface in [OF_INSTANCE, OF_DAEMON, "org.foo.Bar", ""] {
            let word = format!("string:{interface}");
            ask(path, PROPERTIES, &["GetAll", &word])?;
            ask(path, PROPERTIES, &["Get", &word, "string:Name"])?;
            ask(path, PROPERTIES, &["Get", &word, "string:State"])?;
            ask(path, PROPERTIES, &["Get", &word, "string:Nothing"])?;
            let value = "variant:string:x";
            ask(path, PROPERTIES, &["Set", &word, "string:Name", value])?;
            ask(path, PROPERTIES, &["Set", &word, "string:Nothing", value])?;
        }
    }
    ask(DAEMON, OF_DAEMON, &["PrintData", "string:x"])?;
    ask(INSTANCE, OF_INSTANCE, &["SendGarp", "uint32:1", "uint32:2"])?;
    for path in [DAEMON, "/org"] {
        ask(path, PROPERTIES, &["GetAll"])?;
        ask(path, PROPERTIES, &["Nothing"])?;
        ask(path, "org.freedesktop.DBus.Peer", &["Ping", "string:x"])?;
        ask(path, "org.freedesktop.DBus.Peer", &["Nothing"])?;
        let introspectable = "org.freedesktop.DBus.Introspectable";
        ask(path, introspectable, &["Introspect", "string:x"])?;
        ask(path, introspectable, &["Nothing"])?;
    }
    ask(DAEMON, "org.freedesktop.DBus.Peer", &["GetMachineId"])?;
    ask(DAEMON, OF_DAEMON, &["CreateInstance", "string:x"])?;
    Ok(answers)
}

/// A description without what means nothing: spaces, comments, the order of what stands side by
/// side.
fn described(xml: &str) -> String {
    let mut tags: Vec<String> = Vec::new();
    for part in xml.split('<').skip(1) {
        let tag = part.split('>').next().unwrap_or_default();
        let tag = tag.split_whitespace().collect::<Vec<_>>().join(" ");
        let closes = tag.starts_with('/');
        if !tag.starts_with('!') && !closes {
            tags.push(tag.trim_end_matches('/').trim_end().to_owned());
        }
    }
    // Nodes are leaves here, except for the first.
    let first = tags.iter().position(|tag| tag.starts_with("node name"));
    if let Some(first) = first {
        tags[first..].sort();
    }
    tags.join("\n")
}

/// Start, a fault and the end.
fn life(cluster: &mut Cluster) -> Verdict {
    let bus = start_master(cluster)?;
    let node = &cluster.members[0].node;
    let begun = bus.heard();
    let is_original = !cluster.members[0].program.is_ours();
    ensure!(is_beginning(&begun, is_original), "heard {begun:#?}");
    let mut wanted: Vec<&str> = begun.iter().map(String::as_str).collect();
    node.set_admin(INTERFACE, false)?;
    wanted.push("VrrpStatusChange /Instance/ens192/50/IPv4 3");
    bus.wait_heard(&wanted)?;
    let state = call(node, INSTANCE, PROPERTIES, &refs(&get("State")))?;
    ensure!(
        state.contains("uint32 3") && state.contains("\"Fault\""),
        "{state}"
    );
    cluster.stop(0)?;
    wanted.extend([
        "VrrpStatusChange /Instance/ens192/50/IPv4 98",
        "VrrpStopped /Vrrp",
        "ReleaseName /org/freedesktop/DBus org.keepalived.Vrrp1",
    ]);
    bus.wait_heard(&wanted)?;
    let log = cluster.log(0);
    ensure!(
        log.count("Acquired DBus bus org.keepalived.Vrrp1") == 1,
        "bus"
    );
    ensure!(log.count("Released DBus") == 1, "{}", log.text());
    Ok(())
}

/// Whether this is what is told of an instance that becomes MASTER. Of the original's two threads
/// either may be the first on a busy machine, and its first state may be told twice.
fn is_beginning(heard: &[String], is_original: bool) -> bool {
    let expected = [
        "VrrpStarted /Vrrp",
        "VrrpStatusChange /Instance/ens192/50/IPv4 1",
        "RequestName /org/freedesktop/DBus org.keepalived.Vrrp1",
        "VrrpStatusChange /Instance/ens192/50/IPv4 2",
    ];
    if !is_original {
        return heard == expected;
    }
    let is_told = |line: &&str| heard.iter().any(|told| told == line);
    let is_expected = |told: &String| expected.contains(&told.as_str());
    expected.iter().all(is_told)
        && heard.iter().all(is_expected)
        && heard.last().is_some_and(|last| last == expected[3])
}

fn get(property: &str) -> [String; 3] {
    [
        "Get".to_owned(),
        format!("string:{OF_INSTANCE}"),
        format!("string:{property}"),
    ]
}

/// A reload that removes two instances and brings another.
fn reload(cluster: &mut Cluster) -> Verdict {
    let one = conf().with_globals("enable_dbus");
    let old = format!(
        "{one}{}{}",
        second("GOES", 60, ""),
        second("ENDS", 61, "notify_deleted")
    );
    let bus = start(cluster, &old)?;
    for vrid in [50, 60, 61] {
        bus.wait_for(&format!("VrrpStatusChange /Instance/ens192/{vrid}/IPv4 2"))?;
    }
    let before = bus.heard().len();
    let new = format!("{one}{}", second("COMES", 62, ""));
    cluster.members[0]
        .node
        .write_file(crate::cluster::CONFIG, new, 0o644)?;
    let mark = cluster.log(0).mark();
    let node = &cluster.members[0].node;
    let answer = call(node, DAEMON, OF_DAEMON, &["ReloadConfig"])?;
    ensure!(answer.is_empty(), "{answer}");
    cluster
        .log(0)
        .wait_after(mark, "Reload complete", PATIENCE)?;
    bus.wait_for("VrrpStatusChange /Instance/ens192/62/IPv4 2")?;
    let heard = bus.heard();
    let wanted = [
        "VrrpStatusChange /Instance/ens192/60/IPv4 3",
        "VrrpStatusChange /Instance/ens192/61/IPv4 97",
        "VrrpReloaded /Vrrp",
        "VrrpStatusChange /Instance/ens192/62/IPv4 1",
        "VrrpStatusChange /Instance/ens192/62/IPv4 2",
    ];
    ensure!(heard[before..] == wanted, "{:#?}", &heard[before..]);
    let gone = "/org/keepalived/Vrrp1/Instance/ens192/60/IPv4";
    let answer = call(node, gone, OF_INSTANCE, &["SendGarp"])?;
    ensure!(answer.contains("Object does not exist at path"), "{answer}");
    Ok(())
}

/// One gratuitous ARP for each address of a master; none of anybody else.
fn garp(cluster: &mut Cluster) -> Verdict {
    let other = second("OTHER", 60, "track_interface {\n lo0 \n}");
    let text = format!(
        "{}{other}",
        conf().with_globals("enable_dbus\ndynamic_interfaces")
    );
    let bus = start(cluster, &text)?;
    bus.wait_for("VrrpStatusChange /Instance/ens192/50/IPv4 2")?;
    bus.wait_for("VrrpStatusChange /Instance/ens192/60/IPv4 3")?;
    let node = &cluster.members[0].node;
    let sent = || cluster.capture.arps_after(0).len();
    // The second burst comes 5 seconds later.
    wait_until(PATIENCE, "both bursts", || sent() >= 10)?;
    let mark = cluster.capture.mark();
    call(node, INSTANCE, OF_INSTANCE, &["SendGarp"])?;
    let fault = INSTANCE.replace("50", "60");
    call(node, &fault, OF_INSTANCE, &["SendGarp"])?;
    wait_until(PATIENCE, "a gratuitous ARP", || {
        !cluster.capture.arps_after(mark).is_empty()
    })?;
    cluster.wait_advert(0, cluster.capture.mark())?;
    let arps = cluster.capture.arps_after(mark);
    ensure!(arps.len() == 1 && arps[0].is_gratuitous(), "{arps:?}");
    for name in ["LB_VIP", "OTHER"] {
        let line = format!("Sending garps on {name} on DBus request");
        cluster.log(0).wait_for(&line, PATIENCE)?;
    }
    Ok(())
}

/// Files are there when the call is answered.
fn print(cluster: &mut Cluster) -> Verdict {
    let _bus = start_master(cluster)?;
    let node = &cluster.members[0].node;
    let ask = |method: &str| call(node, DAEMON, OF_DAEMON, &[method]);
    let sent = || -> Verdict<u64> {
        let text = node.read_file(STATISTICS)?;
        let number = text
            .lines()
            .find_map(|line| line.strip_prefix("    Sent: "));
        let number = number.and_then(|number| number.parse().ok());
        number.ok_or_else(|| Error::new(text.clone()))
    };
    cluster.wait_advert(0, cluster.capture.mark())?;
    ask("PrintData")?;
    wait_until(PATIENCE, DATA, || node.read_file(DATA).is_ok())?;
    ensure!(
        node.read_file(DATA)?.contains("   State = MASTER\n"),
        "state"
    );
    ask("PrintStatsClear")?;
    wait_until(PATIENCE, STATISTICS, || sent().is_ok())?;
    let before = sent()?;
    ensure!(before > 0, "no adverts were counted");
    node.remove_file(STATISTICS)?;
    ask("PrintStats")?;
    wait_until(PATIENCE, STATISTICS, || sent().is_ok())?;
    for line in [
        "Printing VRRP data on DBus request",
        "Printing VRRP stats on DBus request",
        "Printing and clearing VRRP stats on DBus request",
    ] {
        cluster.log(0).wait_for(line, PATIENCE)?;
    }
    ensure!(cluster.log(0).count("on signal") == 0, "a signal");
    Ok(())
}

/// Another bus name, an instance of the daemon, and an interface whose name is no path element.
fn names(cluster: &mut Cluster) -> Verdict {
    let node = &cluster.members[0].node;
    let bus = SystemBus::start_for(node, "org.example.Thing")?;
    node.ip(&["link", "add", "x-y.1", "type", "bridge"])?;
    let globals = "enable_dbus\ndbus_service_name org.example.Thing\ndynamic_interfaces";
    let other = second("OTHER", 60, "").replace(INTERFACE, "x-y.1");
    let text = format!("instance inst1\n{}{other}", conf().with_globals(globals));
    cluster.members[0].start(&text)?;
    bus.wait_for("VrrpStatusChange /inst1/Instance/ens192/50/IPv4 2")?;
    bus.wait_for("VrrpStatusChange /inst1/Instance/x_y_1/60/IPv4 3")?;
    bus.wait_for("VrrpStarted /inst1/Vrrp")?;
    let line = "Acquired the name org.example.Thing on the session bus";
    cluster.log(0).wait_for(line, PATIENCE)?;
    let path = INSTANCE.replace("Vrrp1", "Vrrp1/inst1");
    let node = &cluster.members[0].node;
    let name = send(
        node,
        "org.example.Thing",
        &path,
        PROPERTIES,
        &refs(&get("Name")),
    )?;
    ensure!(name.contains("\"LB_VIP\""), "{name}");
    Ok(())
}

fn refs(words: &[String]) -> Vec<&str> {
    words.iter().map(String::as_str).collect()
}

/// With the policy of the packages everybody may look, and root alone may do anything.
fn policy(cluster: &mut Cluster) -> Verdict {
    let _bus = start_master(cluster)?;
    let node = &cluster.members[0].node;
    let nobody = |path: &str, method: &str, words: &[&str]| -> Verdict<String> {
        let program = [
            "setpriv",
            "--reuid=65534",
            "--regid=65534",
            "--clear-groups",
        ];
        let destination = format!("--dest={NAME}");
        let call = [
            "dbus-send",
            "--system",
            "--print-reply",
            &destination,
            path,
            method,
        ];
        let output = node.exec(&[&program[..], &call, words].concat())?;
        Ok(output.stdout + &output.stderr)
    };
    let words = get("Name");
    let name = nobody(INSTANCE, &format!("{PROPERTIES}.Get"), &refs(&words)[1..])?;
    ensure!(name.contains("\"LB_VIP\""), "{name}");
    let text = nobody(
        DAEMON,
        "org.freedesktop.DBus.Introspectable.Introspect",
        &[],
    )?;
    ensure!(text.contains("PrintStatsClear"), "{text}");
    let denied = "org.freedesktop.DBus.Error.AccessDenied";
    for method in ["PrintData", "PrintStats", "PrintStatsClear", "ReloadConfig"] {
        let answer = nobody(DAEMON, &format!("{OF_DAEMON}.{method}"), &[])?;
        ensure!(answer.contains(denied), "{method}: {answer}");
    }
    let answer = nobody(INSTANCE, &format!("{OF_INSTANCE}.SendGarp"), &[])?;
    ensure!(answer.contains(denied), "SendGarp: {answer}");
    Ok(())
}

/// Without the keyword there is neither a name nor a thread.
fn off(cluster: &mut Cluster) -> Verdict {
    let node = &cluster.members[0].node;
    let bus = SystemBus::start(node)?;
    cluster.start(&conf())?;
    cluster.wait_advert(0, 0)?;
    let answer = call(&cluster.members[0].node, DAEMON, OF_DAEMON, &["PrintData"])?;
    ensure!(answer.contains("ServiceUnknown"), "{answer}");
    bus.wait_heard(&[])?;
    let threads = threads(cluster)?;
    ensure!(!threads.contains(&"dbus".to_owned()), "{threads:?}");
    Ok(())
}

/// Names of the threads of the VRRP process.
fn threads(cluster: &Cluster) -> Verdict<Vec<String>> {
    let children = cluster.daemon(0).children();
    let child = children.first().ok_or_else(|| Error::new("no child"))?;
    let names = fs::read_dir(format!("/proc/{child}/task"))?
        .flatten()
        .filter_map(|task| fs::read_to_string(task.path().join("comm")).ok());
    Ok(names.map(|name| name.trim().to_owned()).collect())
}

/// Reloads that want the bus, another name, and no bus. The original keeps the first name, and
/// never comes back to a bus that it has left.
fn switched(cluster: &mut Cluster) -> Verdict {
    let node = &cluster.members[0].node;
    let bus = SystemBus::start(node)?;
    cluster.start(&conf())?;
    cluster.wait_advert(0, 0)?;
    for _ in 0..2 {
        let mark = cluster.log(0).mark();
        cluster.reload(0, &conf().with_globals("enable_dbus"))?;
        let line = "Acquired the name org.keepalived.Vrrp1 on the session bus";
        cluster.log(0).wait_after(mark, line, PATIENCE)?;
        cluster.reload(0, &conf().text())?;
        cluster.log(0).wait_after(mark, "Released DBus", PATIENCE)?;
    }
    cluster.reload(0, &conf().with_globals("enable_dbus"))?;
    let mark = cluster.log(0).mark();
    cluster.reload(
        0,
        &conf().with_globals("enable_dbus\ndbus_service_name org.example.K"),
    )?;
    cluster
        .log(0)
        .wait_after(mark, "Acquired DBus bus org.example.K", PATIENCE)?;
    // The policy knows no such name.
    cluster
        .log(0)
        .wait_after(mark, "Lost the name org.example.K", PATIENCE)?;
    bus.wait_for("ReleaseName /org/freedesktop/DBus org.keepalived.Vrrp1")
}

/// A bus that is not there at the start, comes, goes and comes again.
fn bus_comes_back(cluster: &mut Cluster) -> Verdict {
    cluster.members[0].start(&conf().with_globals("enable_dbus"))?;
    let lost = "Lost the name org.keepalived.Vrrp1 on the session bus: ";
    cluster.log(0).wait_for(lost, PATIENCE)?;
    cluster.wait_advert(0, cluster.capture.mark())?;
    for times in 1..=2 {
        let mark = cluster.log(0).mark();
        let bus = SystemBus::start(&cluster.members[0].node)?;
        let found = "Acquired the name org.keepalived.Vrrp1";
        cluster.log(0).wait_after(mark, found, PATIENCE)?;
        bus.wait_for("VrrpStarted /Vrrp")?;
        bus.wait_for("VrrpStatusChange /Instance/ens192/50/IPv4 2")?;
        ensure!(
            cluster.log(0).count(lost) == times,
            "{}",
            cluster.log(0).text()
        );
        drop(bus);
        cluster.log(0).wait_after(mark, lost, PATIENCE)?;
    }
    Ok(())
}

/// A bus that does not answer holds nobody up, not even at the end.
fn bus_hangs(cluster: &mut Cluster) -> Verdict {
    let bus = start_master(cluster)?;
    bus.signal(Signal::SIGSTOP)?;
    for up in [false, true, false, true] {
        let mark = cluster.log(0).mark();
        cluster.members[0].node.set_admin(INTERFACE, up)?;
        let state = if up { "MASTER" } else { "FAULT" };
        cluster
            .log(0)
            .wait_after(mark, &format!("Entering {state} STATE"), PATIENCE)?;
    }
    cluster.stop(0)?;
    let found = cluster.log(0).text();
    ensure!(found.contains("Stopped"), "{found}");
    Ok(())
}
