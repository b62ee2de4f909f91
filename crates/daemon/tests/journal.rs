//! Lines in the journal of systemd, taken by a socket in its place. Needs root; without it the test
//! says SKIPPED.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use evervip_lab::{Interface, Lab, wait_until};
use nix::sys::signal::Signal;

const PROGRAM: &str = "/opt/evervip/keepalived";
const SOCKET: &str = "/run/systemd/journal/socket";
const LONG: Duration = Duration::from_secs(30);

const CONFIGURATION: &str = "vrrp_instance VI_1 {
    interface eth0
    virtual_router_id 51
    priority 100
    virtual_ipaddress { 192.0.2.100/24 }
}
";

/// What stands in the way of the test.
fn obstacle() -> Option<String> {
    let is_taken = Path::new("/dev/log").canonicalize().is_ok();
    let taken = is_taken.then(|| "/dev/log of this machine can be seen in nodes".to_owned());
    Lab::available().err().or(taken)
}

#[test]
#[allow(
    clippy::print_stdout,
    reason = "so that nobody takes a skipped test for a passed one"
)]
fn lines_have_the_name_that_they_have_in_syslog_and_fields_by_which_they_are_found() {
    if let Some(reason) = obstacle() {
        println!("SKIPPED: {reason}");
        return;
    }
    let lab = Lab::new("journal").unwrap();
    let node = lab
        .node("a")
        .interface(Interface::new("eth0").address("192.0.2.1/24"))
        .bind(env!("CARGO_BIN_EXE_keepalived"), PROGRAM)
        .file("/etc/keepalived/keepalived.conf", CONFIGURATION, 0o644)
        .file("/run/systemd/journal/mark", "", 0o644)
        .start()
        .unwrap();
    let journal = node.enter(|| UnixDatagram::bind(SOCKET)).unwrap().unwrap();
    journal.set_nonblocking(true).unwrap();
    let mut command = Command::new(PROGRAM);
    command.arg("-n").env("JOURNAL_STREAM", "8:12345");
    let daemon = node.spawn("keepalived", command).unwrap();
    let mut entries = Vec::new();
    wait_until(LONG, "MASTER in the journal", || {
        let mut buffer = [0; 4096];
        while let Ok(length) = journal.recv(&mut buffer) {
            entries.push(String::from_utf8_lossy(&buffer[..length]).into_owned());
        }
        entries.iter().any(|entry| entry.contains("MASTER STATE"))
    })
    .unwrap();
    let entry = |text: &str| {
        let line = format!("MESSAGE={text}\n");
        let mut entries = entries.iter();
        let found = entries.find(|entry| entry.starts_with(&line));
        found.unwrap_or_else(|| panic!("no `{text}`"))
    };
    let master = entry("(VI_1) Entering MASTER STATE");
    let expected = "PRIORITY=6\nSYSLOG_FACILITY=3\nSYSLOG_IDENTIFIER=Keepalived_vrrp\nSYSLOG_PID=";
    assert!(master.contains(expected), "{master}");
    // Of a line that is written with `-D` alone.
    let fields = "EVERVIP_INSTANCE=VI_1\nEVERVIP_STATE=MASTER\nEVERVIP_REASON=advert-timeout\n";
    assert!(master.ends_with(fields), "{master}");
    let complete = entry("Startup complete");
    assert!(
        complete.contains("SYSLOG_IDENTIFIER=Keepalived\n") && !complete.contains("EVERVIP"),
        "{complete}"
    );
    daemon.signal(Signal::SIGTERM).unwrap();
    assert!(daemon.wait(LONG).unwrap().success());
}
