//! `@evervip fault_latch` with the real binary in a network of its own: an instance that has failed
//! stays in FAULT over reload, crash and restart until an operator clears it. Needs root; without it
//! the test says SKIPPED.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::process::Command;
use std::time::Duration;

use evervip_api::{Answer, Cleared, Problem, Request};
use evervip_lab::{Interface, Lab, Node, Process, wait_until};
use nix::sys::signal::Signal;

const PROGRAM: &str = "/opt/evervip/keepalived";
const SOCKET: &str = "/run/keepalived.sock";
const NOTED: &str = "/run/vrrp.latched";
const LONG: Duration = Duration::from_secs(30);

const CONFIGURATION: &str = "track_file arm {
    file /tmp/arm
}
vrrp_instance VI_1 {
    interface eth0
    virtual_router_id 51
    priority 200
    @evervip fault_latch
    track_file {
        arm weight 1
    }
}
vrrp_instance VI_2 {
    interface eth0
    virtual_router_id 52
    priority 200
}
";

fn daemon(node: &Node) -> Process {
    let mut command = Command::new(PROGRAM);
    command.args(["-n", "-l", "-D"]);
    node.spawn("keepalived", command).unwrap()
}

fn arm(node: &Node, number: &str) {
    node.write_file("/tmp/arm", number, 0o644).unwrap();
}

fn clear(node: &Node, instance: &str) -> Answer {
    let instance = instance.to_owned();
    let line = Request::ClearFault { instance }.to_line().unwrap();
    let text = node.enter(|| {
        let mut stream = UnixStream::connect(SOCKET)?;
        stream.set_read_timeout(Some(LONG))?;
        stream.write_all(line.as_bytes())?;
        let mut text = String::new();
        stream.read_to_string(&mut text)?;
        Ok::<_, std::io::Error>(text)
    });
    Answer::parse(&text.unwrap().unwrap()).unwrap()
}

#[test]
fn a_failed_instance_waits_for_its_operator() {
    if let Err(reason) = Lab::available() {
        println!("SKIPPED: {reason}");
        return;
    }
    let lab = Lab::new("latch").unwrap();
    let node = lab
        .node("a")
        .interface(Interface::new("eth0").address("192.0.2.1/24"))
        .bind(env!("CARGO_BIN_EXE_keepalived"), PROGRAM)
        .file("/etc/keepalived/keepalived.conf", CONFIGURATION, 0o644)
        .start()
        .unwrap();
    arm(&node, "0");
    let first = daemon(&node);
    let log = first.log();
    log.wait_for("(VI_1) Entering MASTER STATE", LONG).unwrap();
    let refused = |instance| clear(&node, instance);
    assert_eq!(refused("VI_1"), Answer::Refused(Problem::NotLatched));
    assert_eq!(refused("VI_2"), Answer::Refused(Problem::NoLatch));
    assert_eq!(refused("VI_3"), Answer::Refused(Problem::UnknownInstance));

    arm(&node, "-500");
    log.wait_for("evervip clear-fault VI_1", LONG).unwrap();
    arm(&node, "0");
    log.wait_for("(VI_1) has no other fault left", LONG)
        .unwrap();
    assert_eq!(node.read_file(NOTED).unwrap(), "VI_1\n");
    first.signal(Signal::SIGHUP).unwrap();
    log.wait_for("Reload complete", LONG).unwrap();
    let back = |log: &evervip_lab::Log| log.count_after(0, "(VI_1) Entering BACKUP STATE");
    assert_eq!(back(log), 1, "the reload has not brought it back");

    // The machine goes on, the daemon is killed.
    first.kill_tree();
    let second = daemon(&node);
    let log = second.log();
    log.wait_for("(VI_2) Entering MASTER STATE", LONG).unwrap();
    assert_eq!(back(log), 0, "the restart has not brought it back");
    assert_eq!(log.count_after(0, "(VI_1) entering FAULT state"), 1);
    arm(&node, "-500");
    log.wait_for("tracked file arm now FAULT state", LONG)
        .unwrap();
    let cleared = |state: &str, reasons: &[&str]| {
        let reasons = reasons.iter().map(|reason| (*reason).to_owned()).collect();
        Answer::Cleared(vec![Cleared {
            instance: "VI_1".to_owned(),
            state: state.to_owned(),
            reasons,
        }])
    };
    let reason = "(tracked file arm has status -254)";
    assert_eq!(clear(&node, "VI_1"), cleared("FAULT", &[reason]));
    wait_until(LONG, "nothing is noted down", || {
        node.metadata(NOTED).is_none()
    })
    .unwrap();
    arm(&node, "0");
    log.wait_for("(VI_1) Entering MASTER STATE", LONG).unwrap();
    second.signal(Signal::SIGTERM).unwrap();
    assert!(second.wait(LONG).unwrap().success());
    assert!(node.metadata(SOCKET).is_none(), "the socket goes with it");
}
