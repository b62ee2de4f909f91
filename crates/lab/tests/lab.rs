//! The laboratory tested on itself.

#![expect(clippy::unwrap_used, reason = "a failed step of a test shall end it")]

use std::{
    env, fs,
    net::{IpAddr, Ipv4Addr, UdpSocket},
    os::unix::process::ExitStatusExt,
    process::{Command, Stdio},
    time::{Duration, Instant, SystemTime},
};

use evervip_lab::{Interface, Lab, Node, checksum, ethernet, ipv4, wait_until};
use nix::sys::signal::Signal;

const SOON: Duration = Duration::from_secs(5);
const VIP: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 100));

/// The laboratory, or `None` with a printed reason where none can be made.
fn lab(name: &str) -> Option<Lab> {
    match Lab::available() {
        Ok(()) => Some(Lab::new(name).unwrap()),
        Err(reason) if env::var_os("EVERVIP_REQUIRE_NETNS").is_some() => panic!("{reason}"),
        Err(reason) => {
            eprintln!("SKIPPED {name}: {reason}");
            None
        }
    }
}

fn pair(lab: &Lab) -> (Node, Node) {
    let node = |name: &str, n: u8| {
        let interface = Interface::new("ens192")
            .mac(&format!("02:00:00:00:00:0{n}"))
            .address(&format!("192.0.2.{n}/24"));
        lab.node(name).interface(interface).start().unwrap()
    };
    (node("a", 1), node("b", 2))
}

fn ping(from: &Node) -> bool {
    let reply = from.enter(|| {
        let socket = UdpSocket::bind("192.0.2.1:0").unwrap();
        socket
            .set_read_timeout(Some(Duration::from_millis(500)))
            .unwrap();
        socket.connect("192.0.2.2:9").unwrap();
        // Nobody listens: a refusal is the proof that the packet has been there.
        (0..3).any(|_| {
            let _ = socket.send(b"x");
            socket
                .recv(&mut [0])
                .is_err_and(|e| e.kind() == std::io::ErrorKind::ConnectionRefused)
        })
    });
    reply.unwrap()
}

#[test]
fn nodes_talk_until_the_link_is_cut_or_loses_carrier() {
    let Some(lab) = lab("links") else { return };
    let (a, b) = pair(&lab);
    assert!(ping(&a));
    b.set_cut("ens192", true).unwrap();
    assert!(!ping(&a));
    b.set_cut("ens192", false).unwrap();
    assert!(ping(&a));
    b.set_carrier("ens192", false).unwrap();
    assert!(
        b.ip(&["link", "show", "ens192"])
            .unwrap()
            .contains("NO-CARRIER")
    );
    assert!(!ping(&a));
    b.set_carrier("ens192", true).unwrap();
    assert!(ping(&a));
    b.set_admin("ens192", false).unwrap();
    assert!(!ping(&a));
}

#[test]
fn addresses_are_seen_come_and_go() {
    let Some(lab) = lab("addresses") else { return };
    let (a, b) = pair(&lab);
    let watch = b.watch_addresses().unwrap();
    let mut reports = b.address_reports().unwrap();
    assert_eq!(reports.take(), []);
    assert_eq!(lab.owners(VIP), Vec::<String>::new());
    b.ip(&["addr", "add", "192.0.2.100/32", "dev", "ens192"])
        .unwrap();
    let seen = reports.take();
    assert!(seen.iter().any(|e| e.added && e.ip == VIP), "{seen:?}");
    assert_eq!(reports.take(), []);
    lab.wait_owner(VIP, "b", SOON).unwrap();
    assert!(
        watch
            .wait_for(SOON, |e| e.added && e.ip == VIP && e.prefix == 32)
            .is_ok()
    );
    a.ip(&["addr", "add", "192.0.2.100/32", "dev", "ens192"])
        .unwrap();
    assert_eq!(lab.owners(VIP), ["a", "b"]);
    assert!(lab.wait_owner(VIP, "b", Duration::from_millis(50)).is_err());
    b.ip(&["addr", "del", "192.0.2.100/32", "dev", "ens192"])
        .unwrap();
    assert_eq!(lab.wait_single_owner(VIP, SOON).unwrap(), "a");
    assert!(watch.wait_for(SOON, |e| !e.added && e.ip == VIP).is_ok());
}

#[test]
fn files_belong_to_one_node_and_not_to_the_host() {
    let Some(lab) = lab("files") else { return };
    let source = tempdir();
    fs::write(format!("{source}/tool"), "#!/bin/sh\necho tool\n").unwrap();
    let node = lab
        .node("a")
        .file("/etc/evervip-lab/nested/file", "one", 0o600)
        .file("/etc/hostname", "lab-host\n", 0o644)
        .dir("/run/haproxy")
        .dir("/tmp/empty")
        .bind(format!("{source}/tool"), "/usr/sbin/evervip-lab-tool")
        .start()
        .unwrap();
    let host_name = fs::read_to_string("/etc/hostname").ok();
    assert_eq!(
        node.read_file("/etc/evervip-lab/nested/file").unwrap(),
        "one"
    );
    assert_eq!(
        node.exec(&["cat", "/etc/hostname"]).unwrap().stdout,
        "lab-host\n"
    );
    assert_eq!(
        node.exec(&["sh", "/usr/sbin/evervip-lab-tool"])
            .unwrap()
            .stdout,
        "tool\n"
    );
    assert!(
        node.exec(&["ls", "/etc/passwd", "/run/haproxy", "/tmp/empty"])
            .unwrap()
            .status
            .success()
    );
    node.write_file("/etc/hostname", "again\n", 0o644).unwrap();
    assert_eq!(node.read_file("/etc/hostname").unwrap(), "again\n");
    node.remove_file("/etc/evervip-lab/nested/file").unwrap();
    assert!(node.metadata("/etc/evervip-lab/nested/file").is_none());
    assert!(!fs::exists("/etc/evervip-lab").unwrap());
    assert!(!fs::exists("/usr/sbin/evervip-lab-tool").unwrap());
    assert_eq!(fs::read_to_string("/etc/hostname").ok(), host_name);
    fs::remove_dir_all(source).unwrap();
}

fn tempdir() -> String {
    let dir = format!("/tmp/evervip-lab-test-{}", std::process::id());
    fs::create_dir_all(&dir).unwrap();
    dir
}

#[test]
fn processes_are_followed_signalled_and_killed_with_their_children() {
    let Some(lab) = lab("processes") else { return };
    let node = lab.node("a").start().unwrap();
    let mut shell = Command::new("sh");
    shell.args([
        "-c",
        "trap 'echo got usr1' USR1; sleep 60 & echo up >&2; while :; do wait; done",
    ]);
    let process = node.spawn("shell", shell).unwrap();
    process.log().wait_for("up", SOON).unwrap();
    assert_eq!(process.children().len(), 1);
    let mark = process.log().mark();
    process.signal(Signal::SIGUSR1).unwrap();
    process.log().wait_after(mark, "got usr1", SOON).unwrap();
    assert_eq!(node.pids().len(), 2);
    process.kill_tree();
    assert_eq!(process.try_status().and_then(|s| s.signal()), Some(9));
    wait_until(SOON, "grandchild gone", || node.pids().is_empty()).unwrap();
    assert!(
        process
            .log()
            .wait_for("never", SOON)
            .unwrap_err()
            .to_string()
            .contains("output ended")
    );
    assert!(process.signal(Signal::SIGTERM).is_err());
}

#[test]
fn dropping_the_lab_kills_what_escaped() {
    let Some(lab) = lab("drop") else { return };
    let node = lab.node("a").start().unwrap();
    let script = "setsid sleep 61 >/dev/null 2>&1 & echo $!";
    let pid = node
        .exec(&["sh", "-c", script])
        .unwrap()
        .stdout
        .trim()
        .to_owned();
    assert!(fs::exists(format!("/proc/{pid}")).unwrap());
    drop((node, lab));
    wait_until(SOON, "process gone", || !is_live(&pid)).unwrap();
}

fn is_live(pid: &str) -> bool {
    fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
}

/// Not a test by itself: what the next test runs and kills.
#[test]
fn crash_target() {
    if env::var_os("EVERVIP_LAB_CRASH").is_none() {
        return;
    }
    let lab = Lab::new("crash").unwrap();
    let node = lab.node("a").start().unwrap();
    let pid = node
        .exec(&["sh", "-c", "setsid sleep 62 >/dev/null 2>&1 & echo $!"])
        .unwrap()
        .stdout;
    println!("pid={}", pid.trim());
    std::thread::sleep(Duration::from_secs(60));
}

#[test]
fn nothing_stays_when_the_test_process_is_killed() {
    use std::io::{BufRead, BufReader};
    if lab("killed").is_none() {
        return;
    }
    let mut command = Command::new(env::current_exe().unwrap());
    command
        .args(["--exact", "crash_target", "--nocapture"])
        .env("EVERVIP_LAB_CRASH", "1");
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap())
        .lines()
        .map_while(Result::ok);
    let pid = lines
        .find_map(|line| Some(line.split_once("pid=")?.1.to_owned()))
        .unwrap();
    assert!(is_live(&pid));
    child.kill().unwrap();
    child.wait().unwrap();
    wait_until(SOON, "process gone", || !is_live(&pid)).unwrap();
}

#[test]
fn captures_injected_adverts_and_arps_with_kernel_time() {
    let Some(lab) = lab("capture") else { return };
    let (a, _) = pair(&lab);
    let capture = lab.capture().unwrap();
    let injector = a.injector("ens192").unwrap();
    assert_eq!(injector.mac(), [2, 0, 0, 0, 0, 1]);
    let vrrp = |ck: [u8; 2]| [&[0x31, 51, 200, 1, 0, 10], &ck[..], &[192, 0, 2, 100]].concat();
    let sum = checksum(&[&vrrp([0, 0])]);
    let (source, group) = (Ipv4Addr::new(192, 0, 2, 1), Ipv4Addr::new(224, 0, 0, 18));
    let packet = ipv4(source, group, 112, 255, &vrrp(sum.to_be_bytes()));
    let before = SystemTime::now();
    injector
        .send(&ethernet(
            [1, 0, 0x5e, 0, 0, 0x12],
            injector.mac(),
            0x0800,
            &packet,
        ))
        .unwrap();
    let advert = capture.wait_advert(0, SOON, |_| true).unwrap();
    assert_eq!(
        (advert.version, advert.vrid, advert.priority, advert.ttl),
        (3, 51, 200, 255)
    );
    assert_eq!(
        (advert.source, advert.destination),
        (source.into(), group.into())
    );
    assert_eq!(advert.interval, Duration::from_millis(100));
    assert_eq!(advert.addresses, [Ipv4Addr::new(192, 0, 2, 100)]);
    assert_eq!(advert.packet, packet);
    assert!(advert.at >= before && advert.at <= SystemTime::now());
    let mark = capture.mark();
    assert!(ping(&a));
    let wanted = Ipv4Addr::new(192, 0, 2, 2);
    assert!(
        capture
            .arps_after(mark)
            .iter()
            .any(|arp| arp.target == wanted && arp.operation == 1)
    );
    // Unicast between two nodes is seen as well.
    let udp = |f: &evervip_lab::Frame| {
        f.destination_mac() == [2, 0, 0, 0, 0, 2] && f.bytes.get(23) == Some(&17)
    };
    capture.wait_for(mark, SOON, udp).unwrap();
    assert_eq!(
        capture.frames_after(mark).iter().filter(|f| udp(f)).count(),
        1,
        "each frame once"
    );
}

#[test]
fn waiting_ends_at_the_deadline() {
    let start = Instant::now();
    let error = wait_until(Duration::from_millis(30), "the moon", || false).unwrap_err();
    assert!(error.to_string().contains("the moon"));
    assert!(start.elapsed() >= Duration::from_millis(30));
}
