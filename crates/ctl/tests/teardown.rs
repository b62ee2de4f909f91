//! `evervip teardown` after `kill -9` of a daemon, on nodes of their own: what the daemon has put there
//! is gone, and everything else is as it was.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use evervip_lab::{Interface, Lab, Node, Output, Process, wait_until};

/// Long enough for a busy machine; nothing here waits without a condition.
const PATIENCE: Duration = Duration::from_secs(30);

const CONFIGURATION: &str = "/etc/keepalived/keepalived.conf";

/// A node with the daemon and the tool; `None`, with the reason printed, where there can be none.
#[allow(clippy::print_stdout, reason = "the harness shows it with the test")]
fn lab_and_node(file: &str, configuration: &str) -> Option<(Lab, Node)> {
    let skip = |reason: &str| println!("SKIPPED: {reason}");
    if let Err(reason) = Lab::available() {
        skip(&reason);
        return None;
    }
    let tool = Path::new(env!("CARGO_BIN_EXE_evervip"));
    let Some(daemon) = daemon(tool) else {
        skip("there is no daemon beside the tool; `cargo build -p evervip-daemon` makes it");
        return None;
    };
    let lab = Lab::new("teardown").unwrap();
    let e0 = Interface::new("e0").address("192.0.2.1/24");
    let node = lab
        .node("n")
        .interface(e0.address("2001:db8::1/64"))
        .file(file, configuration, 0o644)
        .bind(daemon, "/usr/local/sbin/keepalived")
        .bind(tool, "/usr/local/sbin/evervip")
        .start()
        .unwrap();
    Some((lab, node))
}

fn daemon(tool: &Path) -> Option<PathBuf> {
    let beside = tool.with_file_name("keepalived");
    let daemon = std::env::var_os("EVERVIP_KEEPALIVED").map_or(beside, PathBuf::from);
    daemon.is_file().then_some(daemon)
}

fn start(node: &Node, file: &str) -> Process {
    let mut command = Command::new("/usr/local/sbin/keepalived");
    command
        .args(["-n", "-l", "-D", "-f", file])
        .current_dir("/");
    node.spawn("keepalived", command).unwrap()
}

fn teardown(node: &Node, arguments: &[&str]) -> Output {
    let words = [&["/usr/local/sbin/evervip", "teardown"], arguments].concat();
    node.exec(&words).unwrap()
}

#[track_caller]
fn shell(node: &Node, line: &str) -> String {
    let output = node.exec(&["sh", "-ec", line]).unwrap();
    assert!(output.status.success(), "{line}: {}", output.stderr);
    output.stdout
}

/// Addresses, routes, rules, interfaces, packet filter and settings, as lines without what changes by
/// itself.
fn state(node: &Node) -> String {
    shell(
        node,
        "ip -o addr | awk '{print $2, $3, $4}'
         ip -4 route show table all; ip -6 route show table all | sed 's/ metric.*//'
         ip -4 rule; ip -6 rule
         ip -o link | cut -d: -f2
         ! command -v nft >/dev/null || nft list ruleset
         for s in arp_ignore arp_filter rp_filter; do
             for i in all default e0; do echo $i $s $(cat /proc/sys/net/ipv4/conf/$i/$s); done
         done
         ls /run",
    )
}

/// Waits until duplicate address detection and link-up are over, so that nothing changes by itself.
fn settle(node: &Node) {
    wait_until(PATIENCE, "addresses are settled", || {
        !shell(node, "ip -6 addr").contains("tentative")
            && shell(node, "ip -6 addr show dev e0").contains("fe80:")
    })
    .unwrap();
}

const EVERYTHING: &str = "
global_defs {
    vrrp_version 3
}
static_ipaddress {
    192.0.2.60/24 dev e0
}
static_routes {
    198.51.100.64/26 via 192.0.2.254 dev e0
}
static_rules {
    from 192.0.2.60 lookup 160
}
vrrp_instance PLAIN {
    interface e0
    virtual_router_id 51
    priority 200
    advert_int 0.1
    virtual_ipaddress {
        192.0.2.100/24
        192.0.2.101/32
    }
    virtual_ipaddress_excluded {
        2001:db8::101/64
    }
    virtual_routes {
        198.51.100.0/26 via 192.0.2.254 dev e0
        203.0.113.0/24 via 192.0.2.254 dev e0 table 100
    }
    virtual_rules {
        from 192.0.2.100 lookup 100
    }
}
vrrp_instance OWN_MAC {
    interface e0
    use_vmac
    virtual_router_id 52
    priority 200
    advert_int 0.1
    virtual_ipaddress {
        192.0.2.102/32
    }
}
vrrp_instance CLOSED {
    interface e0
    virtual_router_id 53
    priority 200
    advert_int 0.1
    no_accept
    virtual_ipaddress {
        2001:db8::100/64
    }
}
";

/// What others have put on the machine.
const FOREIGN: &str = "
ip addr add 192.0.2.200/24 dev e0
ip -6 addr add 2001:db8::200/64 dev e0 nodad
ip route add 203.0.113.128/25 via 192.0.2.253 dev e0
ip route add 198.51.100.128/26 via 192.0.2.253 dev e0 proto 18
ip rule add from 192.0.2.200 lookup 101 priority 500
ip link add vrrp.99 link e0 type macvlan mode private
! command -v nft >/dev/null || nft add table ip foreign
";

#[test]
fn everything_of_a_killed_daemon_goes_and_nothing_else() {
    let Some((_lab, node)) = lab_and_node(CONFIGURATION, EVERYTHING) else {
        return;
    };
    shell(&node, FOREIGN);
    settle(&node);
    let before = state(&node);
    let daemon = start(&node, CONFIGURATION);
    for name in ["PLAIN", "OWN_MAC", "CLOSED"] {
        let line = format!("({name}) Entering MASTER STATE");
        daemon.log().wait_for(&line, PATIENCE).unwrap();
    }
    wait_until(PATIENCE, "everything is there", || {
        let now = state(&node);
        [
            "192.0.2.102/32",
            "2001:db8::100/64",
            "table 100",
            "lookup 100",
        ]
        .iter()
        .all(|what| now.contains(what))
    })
    .unwrap();

    let refused = teardown(&node, &["-f", CONFIGURATION]);
    assert_eq!(refused.status.code(), Some(3), "{}", refused.stderr);
    assert!(refused.stderr.contains("runs (pid"), "{}", refused.stderr);

    daemon.kill_tree();
    let left = state(&node);
    assert_ne!(left, before);
    let planned = teardown(&node, &["-f", CONFIGURATION, "--dry-run"]);
    assert_eq!(planned.status.code(), Some(0), "{}", planned.stderr);
    assert_eq!(state(&node), left, "--dry-run changes nothing");
    let done = teardown(&node, &["-f", CONFIGURATION]);
    assert_eq!(
        done.status.code(),
        Some(0),
        "{}{}",
        done.stdout,
        done.stderr
    );
    assert_eq!(state(&node), before, "{}", done.stdout);
    let promised = planned.stdout.replace("would remove ", "removed ");
    let promised = promised.replace("would restore ", "restored ");
    assert_eq!(promised, done.stdout);
    for line in [
        "removed address 192.0.2.100/24 from e0",
        "removed address 192.0.2.60/24 from e0",
        "removed route 203.0.113.0/24 via 192.0.2.254 dev e0 table 100",
        "removed interface vrrp.52 (macvlan)",
        "restored arp_ignore of e0 from 1 to 0",
        "removed pid file /run/keepalived.pid",
    ] {
        assert!(
            done.stdout.contains(line),
            "{line} is not in\n{}",
            done.stdout
        );
    }
    let again = teardown(&node, &["-f", CONFIGURATION]);
    assert_eq!(again.stdout, "nothing is left\n");
}

#[test]
fn an_address_of_the_administrator_stays_although_the_file_names_it() {
    let Some((_lab, node)) = lab_and_node(CONFIGURATION, EVERYTHING) else {
        return;
    };
    if shell(&node, "ip -d addr show dev lo").contains("proto kernel_lo") {
        shell(&node, "ip addr add 192.0.2.100/24 dev e0");
        let done = teardown(&node, &["-f", CONFIGURATION]);
        let kept = "keeping address 192.0.2.100/24 on e0: somebody else has put it there\n";
        assert_eq!(done.stdout, format!("{kept}nothing is left\n"));
        assert!(shell(&node, "ip addr").contains("192.0.2.100/24"));
    }
}

#[test]
fn the_json_of_failover_is_torn_down_as_well() {
    const JSON: &str = r#"[
        {"name": "VR_1", "vrid": 51, "interface_name": "e0", "ip_addresses": ["192.0.2.100/24"],
         "priority": 255},
        {"vrid": 52, "interface_name": "e0", "ip_addresses": ["192.0.2.101/24", "2001:db8::51/64"],
         "priority": 255}
    ]"#;
    let file = "/etc/failover/vrrp-config.json";
    let Some((_lab, node)) = lab_and_node(file, JSON) else {
        return;
    };
    settle(&node);
    let before = state(&node);
    let daemon = start(&node, file);
    for address in ["192.0.2.100", "192.0.2.101", "2001:db8::51"] {
        wait_until(PATIENCE, "the addresses are there", || {
            node.has_address(address.parse().unwrap())
        })
        .unwrap();
    }
    daemon.kill_tree();
    let done = teardown(&node, &["-f", file]);
    assert_eq!(
        done.status.code(),
        Some(0),
        "{}{}",
        done.stdout,
        done.stderr
    );
    assert_eq!(state(&node), before, "{}", done.stdout);
    assert!(
        done.stdout.contains("removed interface vrrp.51 (macvlan)"),
        "{}",
        done.stdout
    );
}

#[test]
fn a_daemon_with_names_of_its_own_is_found() {
    const NAMED: &str = "
net_namespace blue
instance a
vrrp_instance V {
    interface b0
    virtual_router_id 51
    priority 255
    virtual_ipaddress {
        198.51.100.1/24
    }
}
";
    let Some((_lab, node)) = lab_and_node(CONFIGURATION, NAMED) else {
        return;
    };
    shell(
        &node,
        "ip netns add blue
         ip -n blue link add b0 type veth peer name b1
         ip -n blue link set b1 up; ip -n blue link set b0 up
         ip -n blue addr add 198.51.100.2/24 dev b0",
    );
    let daemon = start(&node, CONFIGURATION);
    let has_address = || shell(&node, "ip -n blue addr").contains("198.51.100.1/24");
    wait_until(PATIENCE, "the address is there", has_address).unwrap();
    let refused = teardown(&node, &["-f", CONFIGURATION]);
    assert_eq!(refused.status.code(), Some(3), "{}", refused.stderr);
    daemon.kill_tree();
    let done = teardown(&node, &["-f", CONFIGURATION]);
    assert_eq!(
        done.status.code(),
        Some(0),
        "{}{}",
        done.stdout,
        done.stderr
    );
    assert!(!has_address(), "{}", done.stdout);
    let pid_file = "removed pid file /run/keepalived/blue/keepalived_a.pid\n";
    assert!(done.stdout.contains(pid_file), "{}", done.stdout);
}

#[test]
fn pid_files_of_the_command_line_are_looked_at() {
    let Some((_lab, node)) = lab_and_node(CONFIGURATION, EVERYTHING) else {
        return;
    };
    let mut command = Command::new("/usr/local/sbin/keepalived");
    let arguments = [
        "-n",
        "-l",
        "-f",
        CONFIGURATION,
        "-p",
        "/run/x.pid",
        "-r",
        "/run/y.pid",
    ];
    command.args(arguments).current_dir("/");
    let daemon = node.spawn("keepalived", command).unwrap();
    wait_until(PATIENCE, "both pid files are there", || {
        ["/run/x.pid", "/run/y.pid"]
            .iter()
            .all(|file| node.read_file(file).is_ok_and(|text| text.ends_with('\n')))
    })
    .unwrap();
    for option in ["-p/run/x.pid", "-r/run/y.pid"] {
        let refused = teardown(&node, &["-f", CONFIGURATION, option]);
        assert_eq!(
            refused.status.code(),
            Some(3),
            "{option}: {}",
            refused.stderr
        );
    }
    daemon.kill_tree();
    let done = teardown(
        &node,
        &["-f", CONFIGURATION, "-p/run/x.pid", "-r/run/y.pid"],
    );
    assert!(
        done.stdout.contains("removed pid file /run/y.pid"),
        "{}",
        done.stdout
    );
}

#[test]
fn a_file_that_cannot_be_read_is_an_error() {
    let tool = Command::new(env!("CARGO_BIN_EXE_evervip"))
        .args(["teardown", "-f", "/nonexistent/x.conf"])
        .output()
        .unwrap();
    assert_eq!(tool.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&tool.stderr).contains("/nonexistent/x.conf"));
}
