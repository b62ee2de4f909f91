//! The real binary in a network of its own: starts, signals, crashes and ends. Needs root; without
//! it every test says SKIPPED.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::fmt::Write as _;
use std::net::IpAddr;
use std::os::unix::net::UnixDatagram;
use std::process::{Command, ExitStatus};
use std::time::{Duration, Instant};

use evervip_lab::{Interface, Lab, Node, NodeBuilder, Process, wait_until};
use nix::sys::signal::Signal;

const PROGRAM: &str = "/opt/evervip/keepalived";
const CONFIGURATION: &str = "/etc/keepalived/keepalived.conf";
const LONG: Duration = Duration::from_secs(20);

/// An instance that is MASTER at once.
const OWNER: &str = "vrrp_instance VI_1 {
    interface eth0
    virtual_router_id 51
    priority 255
    virtual_ipaddress { 192.0.2.100/24 }
}
";

/// The same with a further line.
fn owner_with(line: &str) -> String {
    OWNER.replacen("priority", &format!("{line}\n    priority"), 1)
}

fn virtual_address() -> IpAddr {
    IpAddr::from([192, 0, 2, 100])
}

/// Runs a test in a laboratory, or says why not.
#[allow(
    clippy::print_stdout,
    reason = "so that nobody takes a skipped test for a passed one"
)]
fn in_lab(name: &str, test: impl FnOnce(&Lab)) {
    match Lab::available() {
        Ok(()) => test(&Lab::new(name).unwrap()),
        Err(reason) => println!("SKIPPED: {reason}"),
    }
}

fn host<'l>(lab: &'l Lab, configuration: &str) -> NodeBuilder<'l> {
    lab.node("a")
        .interface(Interface::new("eth0").address("192.0.2.1/24"))
        .bind(env!("CARGO_BIN_EXE_keepalived"), PROGRAM)
        .file(CONFIGURATION, configuration, 0o644)
}

fn daemon(node: &Node) -> Process {
    let mut command = Command::new(PROGRAM);
    command.args(["-n", "-l", "-D"]);
    node.spawn("keepalived", command).unwrap()
}

#[track_caller]
fn has_address(node: &Node, expected: bool) {
    wait_until(LONG, &format!("virtual address there: {expected}"), || {
        node.has_address(virtual_address()) == expected
    })
    .unwrap();
}

fn end(daemon: &Process) -> (ExitStatus, Duration) {
    let start = Instant::now();
    daemon.signal(Signal::SIGTERM).unwrap();
    (daemon.wait(LONG).unwrap(), start.elapsed())
}

#[test]
fn signals_during_the_start_do_not_end_the_daemon() {
    // Large, so that reading it takes a while.
    let comment = "# a line that means nothing\n".repeat(100_000);
    in_lab("early", |lab| {
        let node = host(lab, &format!("{comment}{OWNER}")).start().unwrap();
        let daemon = daemon(&node);
        daemon.log().wait_for("Command line", LONG).unwrap();
        for signal in [Signal::SIGHUP, Signal::SIGUSR1, Signal::SIGUSR2] {
            daemon.signal(signal).unwrap();
        }
        has_address(&node, true);
        daemon.log().wait_for("Reload complete", LONG).unwrap();
        assert!(end(&daemon).0.success());
    });
}

#[test]
fn a_child_that_was_killed_leaves_no_address_and_is_replaced() {
    let configuration = OWNER.replace("255", "100");
    in_lab("killed", |lab| {
        let node = host(lab, &configuration).start().unwrap();
        let daemon = daemon(&node);
        has_address(&node, true);
        let mark = daemon.log().mark();
        daemon.signal_children(Signal::SIGKILL).unwrap();
        let log = daemon.log();
        log.wait_after(mark, "died: Respawning", LONG).unwrap();
        log.wait_after(mark, "Entering BACKUP STATE", LONG).unwrap();
        assert!(!node.has_address(virtual_address()));
        has_address(&node, true);
        assert!(end(&daemon).0.success());
    });
}

#[test]
fn a_new_child_runs_what_was_accepted_although_the_file_is_broken_by_now() {
    in_lab("broken", |lab| {
        let node = host(lab, OWNER).start().unwrap();
        let daemon = daemon(&node);
        has_address(&node, true);
        node.write_file(CONFIGURATION, "vrrp_instance {", 0o644)
            .unwrap();
        let mark = daemon.log().mark();
        daemon.signal_children(Signal::SIGKILL).unwrap();
        let log = daemon.log();
        log.wait_after(mark, "Entering MASTER STATE", LONG).unwrap();
        has_address(&node, true);
        assert!(end(&daemon).0.success());
    });
}

#[test]
fn who_removes_an_address_is_named_and_it_is_put_back() {
    in_lab("culprit", |lab| {
        let node = host(lab, OWNER).start().unwrap();
        let daemon = daemon(&node);
        has_address(&node, true);
        let mark = daemon.log().mark();
        node.ip(&["addr", "del", "192.0.2.100/24", "dev", "eth0"])
            .unwrap();
        let log = daemon.log();
        let line = "192.0.2.100 was removed by process ";
        log.wait_after(mark, line, LONG).unwrap();
        let line = "(VI_1) put 192.0.2.100 back on eth0";
        log.wait_after(mark, line, LONG).unwrap();
        has_address(&node, true);
        assert!(end(&daemon).0.success());
    });
}

#[test]
fn a_daemon_that_starts_after_a_crash_waits_for_the_old_child() {
    let configuration = owner_with("notify_stop /opt/slow");
    in_lab("crash", |lab| {
        let node = host(lab, &configuration)
            .file("/opt/slow", "#!/bin/sh\nexec sleep 10\n", 0o755)
            .start()
            .unwrap();
        let first = daemon(&node);
        has_address(&node, true);
        first.signal(Signal::SIGKILL).unwrap();
        first.wait(LONG).unwrap();
        let second = daemon(&node);
        second
            .log()
            .wait_for("Entering MASTER STATE", LONG)
            .unwrap();
        has_address(&node, true);
        assert_eq!(second.log().count("already running"), 0);
        assert!(end(&second).0.success());
    });
}

#[test]
fn a_daemon_in_the_background_finds_its_files_again() {
    in_lab("background", |lab| {
        let node = host(lab, OWNER).start().unwrap();
        let script = format!("cd /etc/keepalived && {PROGRAM} -f keepalived.conf -p ../x.pid");
        assert!(
            node.exec(&["/bin/sh", "-c", &script])
                .unwrap()
                .status
                .success()
        );
        has_address(&node, true);
        let pid = node.read_file("/etc/x.pid").unwrap();
        let configuration = OWNER.replace("192.0.2.100/24", "192.0.2.101/24");
        node.write_file(CONFIGURATION, configuration, 0o644)
            .unwrap();
        node.exec(&["kill", "-HUP", pid.trim()]).unwrap();
        has_address(&node, false);
        assert!(node.has_address(IpAddr::from([192, 0, 2, 101])));
        node.exec(&["kill", pid.trim()]).unwrap();
        wait_until(LONG, "nothing is left", || {
            node.pids().is_empty() && node.metadata("/etc/x.pid").is_none()
        })
        .unwrap();
    });
}

#[test]
fn a_second_daemon_leaves_the_first_alone() {
    in_lab("second", |lab| {
        let node = host(lab, OWNER).start().unwrap();
        let first = daemon(&node);
        has_address(&node, true);
        let second = daemon(&node);
        assert!(second.wait(LONG).unwrap().success());
        let log = second.log();
        log.wait_for("daemon is already running", LONG).unwrap();
        assert!(node.has_address(virtual_address()));
        assert!(end(&first).0.success());
        assert!(node.metadata("/run/keepalived.pid").is_none());
        assert!(node.metadata("/run/vrrp.pid").is_none());
    });
}

#[test]
fn a_stop_script_delays_the_end_by_a_second_at_most() {
    let configuration = owner_with("notify_stop /opt/slow");
    in_lab("stop", |lab| {
        let node = host(lab, &configuration)
            .file("/opt/slow", "#!/bin/sh\nexec sleep 100\n", 0o755)
            .start()
            .unwrap();
        let daemon = daemon(&node);
        has_address(&node, true);
        let (status, took) = end(&daemon);
        assert!(status.success());
        assert!(took < Duration::from_millis(2500), "{took:?}");
        wait_until(LONG, "the script is gone", || node.pids().is_empty()).unwrap();
    });
}

#[test]
fn missing_permission_is_named_and_ends_the_daemon_with_4() {
    in_lab("permission", |lab| {
        let node = host(lab, OWNER).start().unwrap();
        for capability in ["-net_raw", "-net_admin"] {
            let mut command = Command::new("setpriv");
            command.args(["--bounding-set", capability, "--inh-caps", capability]);
            command.args([PROGRAM, "-n", "-l"]);
            let daemon = node.spawn("keepalived", command).unwrap();
            let status = daemon.wait(LONG).unwrap();
            assert_eq!(
                status.code(),
                Some(4),
                "{capability}: {}",
                daemon.log().text()
            );
            let log = daemon.log();
            log.wait_for("CAP_NET_RAW and CAP_NET_ADMIN", LONG).unwrap();
        }
    });
}

#[test]
fn a_low_limit_of_descriptors_costs_no_socket() {
    let mut configuration = String::new();
    for number in 1..=12 {
        write!(
            configuration,
            "vrrp_instance VI_{number} {{\n interface eth{number}\n virtual_router_id {number}\n \
             priority 255\n virtual_ipaddress {{ 198.51.100.{number} }}\n}}\n"
        )
        .unwrap();
    }
    in_lab("descriptors", |lab| {
        let mut builder = host(lab, &configuration);
        for number in 1..=12 {
            let interface = Interface::new(&format!("eth{number}"));
            builder = builder.interface(interface.address(&format!("10.0.{number}.1/24")));
        }
        let node = builder.start().unwrap();
        let mut command = Command::new("/bin/sh");
        command.args(["-c", &format!("ulimit -S -n 20; exec {PROGRAM} -n -l -D")]);
        let daemon = node.spawn("keepalived", command).unwrap();
        wait_until(LONG, "all sockets are open", || {
            daemon.log().count("VRRP sockpool") == 12
        })
        .unwrap_or_else(|error| panic!("{error}\n{}", daemon.log().text()));
        assert_eq!(daemon.log().count("Too many open files"), 0);
        assert!(end(&daemon).0.success());
    });
}

#[test]
fn no_line_is_lost_when_hundreds_of_instances_start_together() {
    let mut configuration = String::new();
    for number in 1..=250 {
        write!(
            configuration,
            "vrrp_instance VI_{number} {{\n interface eth0\n virtual_router_id {number}\n \
             priority 255\n virtual_ipaddress {{ 198.51.100.{number} }}\n}}\n"
        )
        .unwrap();
    }
    in_lab("lines", |lab| {
        let node = host(lab, &configuration).start().unwrap();
        let mut command = Command::new(PROGRAM);
        command.args(["-n", "-l", "-D", "-d"]);
        let daemon = node.spawn("keepalived", command).unwrap();
        let log = daemon.log();
        wait_until(LONG, "250 masters in the log", || {
            log.count("Entering MASTER STATE") == 250
        })
        .unwrap();
        assert_eq!(log.count("log lines dropped"), 0);
        wait_until(LONG, "250 instances in the log", || {
            log.count("Virtual Router ID") == 250
        })
        .unwrap();
        assert!(end(&daemon).0.success());
    });
}

#[test]
fn the_service_manager_hears_of_refused_and_accepted_reloads() {
    in_lab("notify", |lab| {
        let node = host(lab, OWNER).start().unwrap();
        let socket = node
            .enter(|| UnixDatagram::bind("/run/notify"))
            .unwrap()
            .unwrap();
        socket.set_read_timeout(Some(LONG)).unwrap();
        let any = || {
            let mut buffer = [0; 256];
            let length = socket.recv(&mut buffer).unwrap();
            String::from_utf8_lossy(&buffer[..length]).into_owned()
        };
        // States of routers come at their own time.
        let next = || {
            std::iter::repeat_with(any)
                .find(|text| !text.contains("MASTER"))
                .unwrap()
        };
        let mut command = Command::new(PROGRAM);
        command
            .args(["-n", "-l"])
            .env("NOTIFY_SOCKET", "/run/notify");
        let daemon = node.spawn("keepalived", command).unwrap();
        let ready = format!("READY=1\nMAINPID={}", daemon.pid());
        assert_eq!(next(), ready);
        has_address(&node, true);
        node.remove_file(CONFIGURATION).unwrap();
        daemon.signal(Signal::SIGHUP).unwrap();
        assert!(next().starts_with("RELOADING=1\nMONOTONIC_USEC="));
        assert_eq!(next(), ready);
        while !any().starts_with("STATUS=Reload refused") {}
        assert!(node.has_address(virtual_address()));
        node.write_file(CONFIGURATION, OWNER, 0o644).unwrap();
        daemon.signal(Signal::SIGHUP).unwrap();
        assert!(next().starts_with("RELOADING=1\nMONOTONIC_USEC="));
        assert_eq!(next(), ready);
        assert!(end(&daemon).0.success());
        assert_eq!(next(), "STOPPING=1");
        // With nothing to run the manager must not wait in vain.
        node.write_file(CONFIGURATION, "", 0o644).unwrap();
        let mut command = Command::new(PROGRAM);
        command
            .args(["-n", "-l"])
            .env("NOTIFY_SOCKET", "/run/notify");
        let daemon = node.spawn("keepalived", command).unwrap();
        assert_eq!(next(), format!("READY=1\nMAINPID={}", daemon.pid()));
        assert!(end(&daemon).0.success());
    });
}

#[test]
fn serial_notify_commands_are_told_everything_in_order_before_the_end() {
    const SCRIPT: &str = "/etc/keepalived/notify.sh";
    let script = "#!/bin/sh\n[ $3 = MASTER ] && sleep 1.5\necho $3 >> /run/told\n";
    let configuration = format!(
        "global_defs {{\n script_user root\n}}\n@evervip notify_order serial\n{}",
        owner_with(&format!("notify {SCRIPT}"))
    );
    in_lab("serial", |lab| {
        let node = host(lab, &configuration)
            .file(SCRIPT, script, 0o755)
            .start()
            .unwrap();
        let daemon = daemon(&node);
        has_address(&node, true);
        assert!(end(&daemon).0.success());
        let told = node.read_file("/run/told").unwrap();
        assert!(told.ends_with("MASTER\nSTOP\n"), "{told}");
    });
}

#[test]
fn a_virtual_mac_gets_another_name_without_a_fault() {
    const SCRIPT: &str = "/etc/keepalived/notify.sh";
    let named = |name: &str| {
        let lines = format!("use_vmac {name}\n    notify {SCRIPT}");
        let instance = owner_with(&lines).replace("255", "100");
        format!("global_defs {{\n script_user root\n}}\n@evervip notify_order serial\n{instance}")
    };
    in_lab("renamed", |lab| {
        let node = host(lab, &named("first"))
            .file(SCRIPT, "#!/bin/sh\necho $3 >> /run/told\n", 0o755)
            .start()
            .unwrap();
        let daemon = daemon(&node);
        has_address(&node, true);
        node.write_file(CONFIGURATION, named("second"), 0o644)
            .unwrap();
        let mark = daemon.log().mark();
        daemon.signal(Signal::SIGHUP).unwrap();
        let log = daemon.log();
        log.wait_after(mark, "Reload complete", LONG).unwrap();
        log.wait_after(mark, "Entering MASTER STATE", LONG).unwrap();
        has_address(&node, true);
        assert!(node.ip(&["link", "show", "second"]).is_ok());
        assert!(node.ip(&["link", "show", "first"]).is_err());
        let text = log.text_after(mark);
        assert!(!text.contains("FAULT"), "{text}");
        assert!(end(&daemon).0.success());
        let told = node.read_file("/run/told").unwrap();
        assert!(!told.contains("FAULT"), "{told}");
        assert!(told.contains("MASTER\nBACKUP\nMASTER\n"), "{told}");
    });
}

/// A test of the configuration that hangs, because nobody reads its complaints.
#[test]
fn a_reload_that_is_tested_for_long_keeps_nothing_else_waiting() {
    const COMPLAINTS: &str = "/run/complaints";
    const FAILED: &str = "New config failed validation";
    let tested = format!("global_defs {{\n reload_check_config {COMPLAINTS}\n}}\n{OWNER}");
    let wrong = tested.replace("global_defs {", "global_defs {\n no_such_keyword");
    in_lab("tested", |lab| {
        let node = host(lab, &tested).start().unwrap();
        node.exec(&["mkfifo", COMPLAINTS]).unwrap();
        let mut full = Command::new("sh");
        let fill = "dd if=/dev/zero of=$0 bs=4096 oflag=nonblock 2>/dev/null";
        let script = format!("exec 3<>$0; {fill}; echo full; exec sleep 1000");
        full.args(["-c", &script, COMPLAINTS]);
        let full = node.spawn("full", full).unwrap();
        full.log().wait_for("full", LONG).unwrap();
        let begun = || {
            node.write_file(CONFIGURATION, &tested, 0o644).unwrap();
            let daemon = daemon(&node);
            has_address(&node, true);
            node.write_file(CONFIGURATION, &wrong, 0o644).unwrap();
            daemon.signal(Signal::SIGHUP).unwrap();
            let log = daemon.log();
            log.wait_for("validate conf before Reload", LONG).unwrap();
            daemon
        };
        let ended = begun();
        assert!(end(&ended).0.success());
        let text = ended.log().text_after(0);
        assert!(!text.contains("takes too long"), "{text}");
        // Asked once more while it is tested, it is tested once more.
        let asked = begun();
        asked.signal(Signal::SIGHUP).unwrap();
        let mut reader = Command::new("cat");
        reader.arg(COMPLAINTS);
        let _reader = node.spawn("reader", reader).unwrap();
        wait_until(LONG, "tested twice", || {
            asked.log().text_after(0).matches(FAILED).count() == 2
        })
        .unwrap();
        assert!(end(&asked).0.success());
    });
}

/// Sockets, pipes and files of the daemon are its own: a script that left a daemon behind would keep
/// them open.
#[test]
fn scripts_get_no_descriptor_of_the_daemon() {
    const SCRIPT: &str = "/etc/keepalived/list.sh";
    const LIST: &str = "exec ls /proc/self/fd";
    let script = format!("#!/bin/sh\n{LIST} >/run/list.$1\n");
    let configuration = format!(
        "global_defs {{\n script_user root\n startup_script \"{SCRIPT} startup\"\n \
         vrrp_notify_fifo /run/fifo\n}}\n\
         vrrp_script chk {{\n script \"{SCRIPT} check\"\n interval 1\n}}\n{}",
        owner_with(&format!(
            "track_script {{\n chk\n }}\n notify_master \"{SCRIPT} master\""
        ))
    );
    in_lab("descriptors", |lab| {
        let node = host(lab, &configuration)
            .file(SCRIPT, &script, 0o755)
            .start()
            .unwrap();
        let daemon = daemon(&node);
        has_address(&node, true);
        // What this process itself inherits to all others.
        let usual = node.exec(&["/bin/sh", "-c", LIST]).unwrap().stdout;
        for which in ["startup", "check", "master"] {
            let path = format!("/run/list.{which}");
            let listed = || node.read_file(&path).unwrap_or_default();
            let waited = wait_until(LONG, which, || listed() == usual);
            assert!(waited.is_ok(), "{which}: {:?}, not {usual:?}", listed());
        }
        assert!(end(&daemon).0.success());
    });
}
