//! What options of the command line do to a running daemon (spec cli-and-process 1). Needs root;
//! without it tests with a network say SKIPPED.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::net::IpAddr;
use std::process::Command;
use std::time::Duration;

use evervip_lab::{Interface, Lab, Node, Process, wait_until};
use nix::sys::signal::Signal;

const PROGRAM: &str = "/opt/evervip/keepalived";
const LONG: Duration = Duration::from_secs(20);
const ADDRESS: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 100));

/// MASTER at once.
const OWNER: &str = "vrrp_instance VI_1 {
    interface eth0
    virtual_router_id 51
    priority 255
    virtual_ipaddress { 192.0.2.100/24 }
}
";

/// Runs the daemon with options, or says why not.
#[allow(
    clippy::print_stdout,
    reason = "so that nobody takes a skipped test for a passed one"
)]
fn with(options: &[&str], configuration: &str, test: impl FnOnce(&Node, &Process)) {
    if let Err(reason) = Lab::available() {
        println!("SKIPPED: {reason}");
        return;
    }
    let lab = Lab::new("options").unwrap();
    let node = lab
        .node("a")
        .interface(Interface::new("eth0").address("192.0.2.1/24"))
        .bind(env!("CARGO_BIN_EXE_keepalived"), PROGRAM)
        .file("/etc/keepalived/keepalived.conf", configuration, 0o644)
        .start()
        .unwrap();
    let mut command = Command::new(PROGRAM);
    command.args(["-n", "-l", "-D"]).args(options);
    let daemon = node.spawn("keepalived", command).unwrap();
    test(&node, &daemon);
}

#[track_caller]
fn has_address(node: &Node, expected: bool) {
    let what = format!("virtual address there: {expected}");
    wait_until(LONG, &what, || node.has_address(ADDRESS) == expected).unwrap();
}

#[track_caller]
fn ends_well(daemon: &Process) {
    daemon.signal(Signal::SIGTERM).unwrap();
    assert!(daemon.wait(LONG).unwrap().success());
}

#[test]
fn without_release_everything_stays_and_nobody_is_told() {
    with(&["-V"], OWNER, |node, daemon| {
        has_address(node, true);
        ends_well(daemon);
        assert!(node.has_address(ADDRESS));
        assert!(!daemon.log().text().contains("sent 0 priority"));
    });
}

#[test]
fn addresses_of_a_backup_are_released_on_request() {
    let backup = OWNER.replace("255", "1\n    advert_int 20");
    for (options, stays) in [(&["-X"][..], false), (&[][..], true)] {
        with(options, &backup, |node, daemon| {
            daemon
                .log()
                .wait_for("Entering BACKUP STATE", LONG)
                .unwrap();
            node.ip(&["addr", "add", "192.0.2.100/24", "dev", "eth0"])
                .unwrap();
            ends_well(daemon);
            assert_eq!(node.has_address(ADDRESS), stays, "{options:?}");
        });
    }
}

#[test]
fn without_respawn_the_end_of_the_child_is_the_end() {
    with(&["-R"], OWNER, |node, daemon| {
        has_address(node, true);
        daemon.signal_children(Signal::SIGKILL).unwrap();
        assert!(daemon.wait(LONG).unwrap().success());
        let log = daemon.log().text();
        assert!(log.contains("died: Exiting"), "{log}");
        assert!(!log.contains("Respawning"), "{log}");
    });
}

#[test]
fn addresses_that_others_change_are_logged() {
    with(&["-a"], OWNER, |node, daemon| {
        has_address(node, true);
        let log = daemon.log();
        log.wait_for("Netlink reflector reports IP 192.0.2.1 added to eth0", LONG)
            .unwrap();
        node.ip(&["addr", "add", "198.51.100.7/24", "dev", "eth0"])
            .unwrap();
        log.wait_for("reports IP 198.51.100.7 added to eth0", LONG)
            .unwrap();
        node.ip(&["addr", "del", "198.51.100.7/24", "dev", "eth0"])
            .unwrap();
        log.wait_for("reports IP 198.51.100.7 removed from eth0", LONG)
            .unwrap();
        assert!(!log.text().contains("reports IP 192.0.2.100"), "our own");
        ends_well(daemon);
    });
}

#[test]
fn the_child_runs_when_it_is_wanted() {
    with(&["-C"], OWNER, |node, daemon| {
        let log = daemon.log();
        log.wait_for("no configuration to run", LONG).unwrap();
        assert!(!node.has_address(ADDRESS));
        ends_well(daemon);
    });
    with(&["--all"], "! nothing\n", |_, daemon| {
        daemon.log().wait_for("Startup complete", LONG).unwrap();
        ends_well(daemon);
    });
}

#[test]
fn each_process_writes_its_own_log_file() {
    with(&["-g/tmp/kd.log"], OWNER, |node, daemon| {
        has_address(node, true);
        ends_well(daemon);
        let text = |name: &str| node.read_file(format!("/tmp/{name}")).unwrap();
        assert!(text("kd.log").contains("Startup complete"));
        assert!(text("kd_vrrp.log").contains("(VI_1) Entering MASTER STATE"));
    });
}

#[test]
fn a_umask_of_the_command_line_beats_that_of_the_file() {
    let configuration = format!("global_defs {{\n    umask 077\n}}\n{OWNER}");
    with(&["-u", "022"], &configuration, |node, daemon| {
        has_address(node, true);
        let status = std::fs::read_to_string(format!("/proc/{}/status", daemon.pid())).unwrap();
        assert!(status.contains("Umask:\t0022"), "{status}");
        ends_well(daemon);
    });
}

#[test]
fn numbers_of_signals() {
    let ask = |option: &str| {
        let program = env!("CARGO_BIN_EXE_keepalived");
        Command::new(program).args(["-Z", option]).output().unwrap()
    };
    for (name, number) in [
        ("STOP", "15"),
        ("RELOAD", "1"),
        ("DATA", "10"),
        ("STATS", "12"),
        ("STATS_CLEAR", "63"),
        ("JSON", "36"),
    ] {
        let answer = ask(&format!("--signum={name}"));
        assert!(answer.status.success(), "{name}");
        assert_eq!(String::from_utf8_lossy(&answer.stdout).trim(), number);
    }
    let answer = ask("--signum=stop");
    assert_eq!(answer.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&answer.stderr).contains("Unknown sigfunc stop"));
}

#[test]
fn a_facility_that_does_not_exist_fails_a_test_of_the_configuration() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("keepalived.conf");
    std::fs::write(&file, "! nothing\n").unwrap();
    let code = |facility: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_keepalived"));
        command.args(["-t", "-S", facility, "-f"]).arg(&file);
        command.output().unwrap().status.code()
    };
    assert_eq!(code("local3"), Some(0));
    assert_eq!(code("9"), Some(5));
}

#[test]
fn pid_files_are_where_the_file_says() {
    for (words, parent, child) in [
        ("use_pid_dir", "keepalived.pid", "vrrp.pid"),
        ("instance blue", "keepalived_blue.pid", "vrrp_blue.pid"),
    ] {
        with(&[], &format!("{words}\n{OWNER}"), |node, daemon| {
            has_address(node, true);
            let read = |name: &str| node.read_file(format!("/run/keepalived/{name}"));
            assert_eq!(read(parent).unwrap(), format!("{}\n", daemon.pid()));
            assert!(read(child).is_ok());
            ends_well(daemon);
            assert!(node.metadata("/run/keepalived").is_none());
        });
    }
}

#[test]
fn a_daemon_keeps_its_name_over_a_reload() {
    with(&[], &format!("instance blue\n{OWNER}"), |node, daemon| {
        has_address(node, true);
        let other = format!("instance red\n{OWNER}").replace("51", "52");
        node.write_file("/etc/keepalived/keepalived.conf", other, 0o644)
            .unwrap();
        daemon.signal(Signal::SIGHUP).unwrap();
        let log = daemon.log();
        log.wait_for("Cannot change instance name at a reload", LONG)
            .unwrap();
        log.wait_for("Reload refused", LONG).unwrap();
        assert!(node.has_address(ADDRESS));
        ends_well(daemon);
    });
}

#[test]
fn a_child_that_does_not_end_is_waited_for_as_long_as_the_file_says() {
    with(
        &[],
        &format!("child_wait_time 1\n{OWNER}"),
        |node, daemon| {
            has_address(node, true);
            daemon.signal_children(Signal::SIGSTOP).unwrap();
            let start = std::time::Instant::now();
            ends_well(daemon);
            assert!(start.elapsed() >= Duration::from_secs(1));
            assert!(start.elapsed() < Duration::from_secs(4), "not the default");
            let log = daemon.log().text();
            assert!(log.contains("failed to die - forcing termination"), "{log}");
            assert!(node.metadata("/run/vrrp.pid").is_none(), "it is left");
        },
    );
}

/// The limit of core dumps of a process, soft and hard.
fn core_limits(pid: i32) -> Vec<String> {
    let limits = std::fs::read_to_string(format!("/proc/{pid}/limits")).unwrap();
    let line = limits
        .lines()
        .find(|line| line.starts_with("Max core file size"));
    let words = line.unwrap().split_whitespace().skip(4).take(2);
    words.map(str::to_owned).collect()
}

/// A file in the place of the kernel's setting, which is that of the whole machine.
const PATTERN: &str = "/proc/sys/kernel/core_pattern";

#[test]
fn core_dumps_of_any_size_but_not_of_scripts() {
    let script = "#!/bin/sh\nulimit -Sc >/run/limit.new; mv /run/limit.new /run/limit\n";
    let configuration = OWNER.replace("priority", "notify /run/limit.sh root\n    priority");
    if let Err(reason) = Lab::available() {
        println!("SKIPPED: {reason}");
        return;
    }
    let lab = Lab::new("cores").unwrap();
    let node = lab
        .node("a")
        .interface(Interface::new("eth0").address("192.0.2.1/24"))
        .bind(env!("CARGO_BIN_EXE_keepalived"), PROGRAM)
        .file("/etc/keepalived/keepalived.conf", &configuration, 0o644)
        .file("/run/limit.sh", script, 0o755)
        .file("/run/core_pattern", "before\n", 0o644)
        .start()
        .unwrap();
    let bound = node.exec(&["mount", "--bind", "/run/core_pattern", PATTERN]);
    assert!(bound.unwrap().status.success());
    let start = "ulimit -Sc 64; exec \"$@\"";
    let mut command = Command::new("/bin/sh");
    command.args(["-c", start, "sh", PROGRAM, "-nlD", "-M/tmp/core.%p"]);
    let daemon = node.spawn("keepalived", command).unwrap();
    has_address(&node, true);
    assert_eq!(node.read_file(PATTERN).unwrap(), "/tmp/core.%p");
    let pid = daemon.pid();
    let child = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap();
    let child = child.split_whitespace().next().unwrap().parse().unwrap();
    for process in [pid, child] {
        assert_eq!(core_limits(process)[0], "unlimited");
    }
    wait_until(LONG, "the script", || node.read_file("/run/limit").is_ok()).unwrap();
    assert_ne!(node.read_file("/run/limit").unwrap(), "unlimited\n");
    daemon.signal(Signal::SIGTERM).unwrap();
    assert!(daemon.wait(LONG).unwrap().success());
    assert_eq!(node.read_file(PATTERN).unwrap(), "before");
}
