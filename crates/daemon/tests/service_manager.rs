//! What the daemon tells the service manager (`sd_notify`; spec cli-and-process 7), heard by a socket
//! of the kind that the manager has. Needs root; without it every test says SKIPPED.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::cell::RefCell;
use std::collections::VecDeque;
use std::os::unix::net::UnixDatagram;
use std::process::Command;
use std::time::{Duration, Instant};

use evervip_lab::{Interface, Lab, Node, Process, wait_until};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

const PROGRAM: &str = "/opt/evervip/keepalived";
const CONFIGURATION: &str = "/etc/keepalived/keepalived.conf";
const SOCKET: &str = "/run/notify";
const LONG: Duration = Duration::from_secs(30);

/// Instances that are MASTER at once, and one whose interface does not exist.
fn configuration(masters: u8) -> String {
    let instance = |vrid: u8, interface: &str| {
        format!(
            "vrrp_instance VI_{vrid} {{\n interface {interface}\n virtual_router_id {vrid}\n \
             priority 255\n virtual_ipaddress {{ 198.51.100.{vrid} }}\n}}\n"
        )
    };
    let masters: String = (1..=masters).map(|vrid| instance(vrid, "eth0")).collect();
    let faulty = instance(200, "missing");
    format!("global_defs {{\n dynamic_interfaces\n}}\n{masters}{faulty}")
}

/// The manager's end.
struct Manager {
    socket: UnixDatagram,
    heard: RefCell<VecDeque<String>>,
}

impl Manager {
    fn of(node: &Node) -> Self {
        let socket = node.enter(|| UnixDatagram::bind(SOCKET)).unwrap().unwrap();
        socket.set_nonblocking(true).unwrap();
        Self {
            socket,
            heard: RefCell::default(),
        }
    }

    /// Takes in what has come.
    fn listen(&self) {
        let mut buffer = [0; 512];
        while let Ok(length) = self.socket.recv(&mut buffer) {
            let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
            self.heard.borrow_mut().push_back(text);
        }
    }

    /// Waits for a message that begins so; those before it are dropped.
    #[track_caller]
    fn wait_for(&self, start: &str) -> String {
        let mut found = None;
        wait_until(LONG, start, || {
            self.listen();
            let mut heard = self.heard.borrow_mut();
            let place = heard.iter().position(|text| text.starts_with(start));
            found = place.and_then(|place| heard.drain(..=place).next_back());
            found.is_some()
        })
        .unwrap();
        found.unwrap()
    }

    /// How many such messages come within a time.
    fn count_within(&self, text: &str, time: Duration) -> usize {
        self.listen();
        self.heard.borrow_mut().clear();
        std::thread::sleep(time);
        self.listen();
        let heard = self.heard.borrow();
        heard.iter().filter(|heard| *heard == text).count()
    }
}

/// A node with a manager, or the reason why there is none.
#[allow(
    clippy::print_stdout,
    reason = "so that nobody takes a skipped test for a passed one"
)]
fn with_a_manager(configuration: &str, test: impl FnOnce(&Node, &Manager)) {
    if let Err(reason) = Lab::available() {
        println!("SKIPPED: {reason}");
        return;
    }
    let lab = Lab::new("service").unwrap();
    let node = lab
        .node("a")
        .interface(Interface::new("eth0").address("192.0.2.1/24"))
        .bind(env!("CARGO_BIN_EXE_keepalived"), PROGRAM)
        .file(CONFIGURATION, configuration, 0o644)
        .start()
        .unwrap();
    test(&node, &Manager::of(&node));
}

/// Runs a daemon under a manager.
fn under_a_manager(
    configuration: &str,
    watchdog: Option<Duration>,
    test: impl FnOnce(&Node, &Manager, &Process),
) {
    with_a_manager(configuration, |node, manager| {
        let mut command = Command::new(PROGRAM);
        command.args(["-n", "-l"]).env("NOTIFY_SOCKET", SOCKET);
        if let Some(limit) = watchdog {
            command.env("WATCHDOG_USEC", limit.as_micros().to_string());
        }
        let daemon = node.spawn("keepalived", command).unwrap();
        test(node, manager, &daemon);
        daemon.signal(Signal::SIGTERM).unwrap();
        assert!(daemon.wait(LONG).unwrap().success());
        manager.wait_for("STOPPING=1");
    });
}

/// The VRRP process.
fn child_of(daemon: &Process) -> Pid {
    let pid = daemon.pid();
    let path = format!("/proc/{pid}/task/{pid}/children");
    let text = std::fs::read_to_string(path).unwrap();
    Pid::from_raw(text.split_whitespace().next().unwrap().parse().unwrap())
}

#[test]
fn the_states_of_the_routers_are_shown_as_they_change() {
    under_a_manager(&configuration(2), None, |node, manager, daemon| {
        manager.wait_for("READY=1");
        manager.wait_for("STATUS=2 MASTER, 0 BACKUP, 1 FAULT");
        node.write_file(CONFIGURATION, configuration(1), 0o644)
            .unwrap();
        daemon.signal(Signal::SIGHUP).unwrap();
        manager.wait_for("RELOADING=1\nMONOTONIC_USEC=");
        manager.wait_for("READY=1");
        manager.wait_for("STATUS=1 MASTER, 0 BACKUP, 1 FAULT");
        node.remove_file(CONFIGURATION).unwrap();
        daemon.signal(Signal::SIGHUP).unwrap();
        let status = manager.wait_for("STATUS=");
        assert!(
            status.starts_with("STATUS=Reload refused")
                && status.ends_with("(1 MASTER, 0 BACKUP, 1 FAULT)"),
            "{status}"
        );
        kill(child_of(daemon), Signal::SIGKILL).unwrap();
        manager.wait_for("STATUS=Reload refused");
        node.write_file(CONFIGURATION, configuration(2), 0o644)
            .unwrap();
        daemon.signal(Signal::SIGHUP).unwrap();
        manager.wait_for("STATUS=2 MASTER, 0 BACKUP, 1 FAULT");
    });
}

#[test]
fn the_watchdog_is_fed_while_the_engine_goes_round_and_not_when_it_hangs() {
    const LIMIT: Duration = Duration::from_secs(2);
    under_a_manager(&configuration(1), Some(LIMIT), |_, manager, daemon| {
        for _ in 0..4 {
            manager.wait_for("WATCHDOG=1");
        }
        let child = child_of(daemon);
        kill(child, Signal::SIGSTOP).unwrap();
        // What it had said before may still be on its way.
        std::thread::sleep(LIMIT / 4);
        assert_eq!(manager.count_within("WATCHDOG=1", 2 * LIMIT), 0);
        kill(child, Signal::SIGCONT).unwrap();
        manager.wait_for("WATCHDOG=1");
        kill(child, Signal::SIGKILL).unwrap();
        manager.wait_for("STATUS=the VRRP process has died");
        manager.wait_for("WATCHDOG=1");
        manager.wait_for("STATUS=1 MASTER");
        manager.wait_for("WATCHDOG=1");
    });
}

/// A unit of type forking: the manager names the process that it has started, which ends.
#[test]
fn the_watchdog_is_fed_from_the_background() {
    with_a_manager(&configuration(1), |node, manager| {
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", &format!("WATCHDOG_PID=$$ exec {PROGRAM}")])
            .env("NOTIFY_SOCKET", SOCKET)
            .env("WATCHDOG_USEC", "2000000");
        let starter = node.spawn("starter", command).unwrap();
        assert!(starter.wait(LONG).unwrap().success());
        for _ in 0..4 {
            manager.wait_for("WATCHDOG=1");
        }
        let text = node.read_file("/run/keepalived.pid").unwrap();
        let daemon = Pid::from_raw(text.trim().parse().unwrap());
        kill(daemon, Signal::SIGTERM).unwrap();
        manager.wait_for("STOPPING=1");
    });
}

#[test]
fn without_routers_the_guardian_speaks_for_itself() {
    const LIMIT: Duration = Duration::from_millis(400);
    under_a_manager("", Some(LIMIT), |_, manager, _| {
        manager.wait_for("READY=1");
        manager.wait_for("STATUS=no virtual routers");
        let begun = Instant::now();
        for _ in 0..8 {
            manager.wait_for("WATCHDOG=1");
        }
        // At a quarter of the limit, and not at every turn.
        assert!(begun.elapsed() > LIMIT, "{:?}", begun.elapsed());
    });
}

#[test]
fn scripts_do_not_hear_of_the_manager() {
    let script = "#!/bin/sh\nenv >/run/environment.new\nmv /run/environment.new /run/environment\n";
    let configuration = configuration(1).replace(
        "priority 255",
        "priority 255\n notify_master /etc/keepalived/note.sh root",
    );
    let configuration = configuration.replace("global_defs {", "global_defs {\n umask 022");
    if let Ok(()) = Lab::available() {
        under_a_manager("", Some(LONG), |node, manager, daemon| {
            manager.wait_for("STATUS=no virtual routers");
            node.write_file("/etc/keepalived/note.sh", script, 0o755)
                .unwrap();
            node.write_file(CONFIGURATION, &configuration, 0o644)
                .unwrap();
            daemon.signal(Signal::SIGHUP).unwrap();
            wait_until(LONG, "the script", || {
                node.read_file("/run/environment").is_ok()
            })
            .unwrap();
            let environment = node.read_file("/run/environment").unwrap();
            assert!(environment.contains("PATH="), "{environment}");
            for name in ["NOTIFY_SOCKET", "WATCHDOG_USEC"] {
                assert!(!environment.contains(name), "{environment}");
            }
        });
    }
}
