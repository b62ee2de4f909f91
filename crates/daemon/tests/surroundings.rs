//! What the daemon finds around itself at its start and later: signals that its starter ignored, no
//! room for another process.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use evervip_lab::{Interface, Lab, Node, wait_until};
use nix::sys::signal::Signal;

const LONG: Duration = Duration::from_secs(60);
const PROGRAM: &str = "/usr/sbin/keepalived";
const ADDRESS: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 100));

fn node(lab: &Lab, configuration: &str) -> Node {
    lab.node("a")
        .interface(Interface::new("eth0").address("192.0.2.1/24"))
        .bind(env!("CARGO_BIN_EXE_keepalived"), PROGRAM)
        .file("/etc/keepalived/keepalived.conf", configuration, 0o644)
        .start()
        .unwrap()
}

#[allow(
    clippy::print_stdout,
    reason = "so that nobody takes a skipped test for a passed one"
)]
fn skip(reason: &str) {
    println!("SKIPPED: {reason}");
}

/// Seen with `nohup`, and where a program of another language starts the daemon.
#[test]
fn signals_that_the_starter_ignored_are_heard_and_scripts_do_not_inherit_that() {
    if let Err(reason) = Lab::available() {
        return skip(&reason);
    }
    let configuration = "vrrp_script chk {
    script \"/bin/sh -c 'grep SigIgn /proc/self/status >> /run/seen; exit 1'\"
    interval 1
}
vrrp_instance VI_1 {
    interface eth0
    virtual_router_id 51
    priority 100
    virtual_ipaddress { 192.0.2.100/24 }
    track_script { chk weight -1 }
}
";
    let lab = Lab::new("ignored").unwrap();
    let node = node(&lab, configuration);
    let mut command = Command::new("sh");
    let ignoring = "trap '' HUP INT QUIT USR1 ALRM TERM CHLD; exec /usr/sbin/keepalived -n -l -D";
    command.args(["-c", ignoring]);
    let daemon = node.spawn("keepalived", command).unwrap();
    let log = daemon.log();
    // Of a process whose ends go unheard no status would be known.
    log.wait_for("VRRP_Script(chk) failed (exited with status 1)", LONG)
        .unwrap();
    let seen = node.read_file("/run/seen").unwrap();
    for line in seen.lines() {
        let mask = line.strip_prefix("SigIgn:\t").unwrap();
        // The two behind these are the C library's own.
        let named = u64::from_str_radix(mask, 16).unwrap() & 0x7fff_ffff;
        assert_eq!(named, 0, "{seen}");
    }
    daemon.signal(Signal::SIGHUP).unwrap();
    log.wait_for("Reload complete", LONG).unwrap();
    daemon.signal(Signal::SIGTERM).unwrap();
    assert!(daemon.wait(LONG).unwrap().success());
}

/// A group of processes of which the kernel counts the members.
struct Group(PathBuf);

impl Group {
    fn make() -> Result<Self, String> {
        let v1 = Path::new("/sys/fs/cgroup/pids");
        let unified = Path::new("/sys/fs/cgroup");
        let has_controller = fs::read_to_string(unified.join("cgroup.subtree_control"))
            .is_ok_and(|names| names.split_whitespace().any(|name| name == "pids"));
        let parent = if v1.join("cgroup.procs").exists() {
            v1
        } else if has_controller {
            unified
        } else {
            return Err("no control group that counts processes".to_owned());
        };
        let path = parent.join(format!("evervip-test-{}", std::process::id()));
        fs::create_dir(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(Self(path))
    }

    fn write(&self, file: &str, value: &str) {
        fs::write(self.0.join(file), value).unwrap();
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // It goes when its last process has gone, which may take a moment.
        let _ = wait_until(LONG, "empty group", || fs::remove_dir(&self.0).is_ok());
    }
}

#[test]
fn a_child_for_which_there_is_no_room_is_started_when_there_is() {
    let group = match Lab::available().and_then(|()| Group::make()) {
        Ok(group) => group,
        Err(reason) => return skip(&reason),
    };
    let configuration = "vrrp_instance VI_1 {
    interface eth0
    virtual_router_id 51
    priority 255
    virtual_ipaddress { 192.0.2.100/24 }
}
";
    let lab = Lab::new("no-room").unwrap();
    let node = node(&lab, configuration);
    let mut command = Command::new(PROGRAM);
    command.args(["-n", "-l", "-D"]);
    let daemon = node.spawn("keepalived", command).unwrap();
    let has_address = |what: &str| wait_until(LONG, what, || node.has_address(ADDRESS)).unwrap();
    has_address("address at first");
    group.write("cgroup.procs", &daemon.pid().to_string());
    group.write("pids.max", "1");
    let log = daemon.log();
    let mark = log.mark();
    daemon.signal_children(Signal::SIGKILL).unwrap();
    log.wait_after(mark, "Cannot start the VRRP child process", LONG)
        .unwrap();
    assert!(daemon.try_status().is_none(), "the daemon goes on");
    group.write("pids.max", "max");
    log.wait_after(mark, "Entering MASTER STATE", LONG).unwrap();
    has_address("address of the new child");
    daemon.signal(Signal::SIGTERM).unwrap();
    assert!(daemon.wait(LONG).unwrap().success());
}
