//! The machines of the example: two nodes, and the place where the provider's fabric, the remote end
//! of the circuits and the client of both are.
//!
//! | segment | who | what for |
//! |---|---|---|
//! | `bond` | 10.0.9.1 (node 01), 10.0.9.2 (node 02), 10.0.9.9 (fabric) | VRRP, and the provider's API |
//! | `circuits1` | 10.0.1.1 (node 01), 10.0.1.9 (fabric) | the circuits of node 01 |
//! | `circuits2` | 10.0.2.2 (node 02), 10.0.2.9 (fabric) | the circuits of node 02 |
//!
//! Behind both nodes are the same two addresses, one for each connection; the fabric has the route to
//! each through the node that has the live VLAN.

use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow};
use evervip_lab::{Interface, Lab, Node, Process};

use crate::probe::{ECHO_PORT, service};
use crate::provider::{Api, CONNECTIONS, Change, Delays, Fabric, serve};

/// Where the daemon is found on a node.
const DAEMON: &str = "/usr/local/sbin/keepalived";
const TOOL: &str = "/usr/local/sbin/evervip";
/// The path that systemd gives to services.
const SERVICE_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// A way to do it: files of both nodes, and of the remote end.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Way {
    pub(crate) title: &'static str,
    configurations: [&'static str; 2],
    switcher: &'static str,
    /// The remote end takes part.
    remote: Option<&'static str>,
}

/// As it was posted.
pub(crate) const AS_POSTED: Way = Way {
    title: "as posted",
    configurations: [
        include_str!("../as-posted/node01.conf"),
        include_str!("../as-posted/node02.conf"),
    ],
    switcher: include_str!("../as-posted/switcher.sh"),
    remote: None,
};

/// With what evervip has for it.
pub(crate) const BETTER: Way = Way {
    title: "better",
    configurations: [
        include_str!("../better/node01.conf"),
        include_str!("../better/node02.conf"),
    ],
    switcher: include_str!("../better/switcher.sh"),
    remote: Some(include_str!("../better/remote.conf")),
};

const PINGCHECK: &str = include_str!("../pingcheck.sh");
const ENVIRONMENT: &str = include_str!("../provider.env");

/// The programs that take part.
#[derive(Debug)]
pub(crate) struct Programs {
    pub(crate) daemon: PathBuf,
    pub(crate) tool: PathBuf,
    /// This program, which also pings.
    pub(crate) own: PathBuf,
}

/// A node and its daemon.
#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) node: Node,
    pub(crate) daemon: Option<Process>,
}

/// Everything.
#[derive(Debug)]
pub(crate) struct Site {
    pub(crate) members: [Member; 2],
    pub(crate) fabric: Node,
    pub(crate) api: Api,
    _remote: Option<Process>,
    // Last, so that the processes above end before their namespaces.
    _lab: Lab,
}

impl Site {
    /// Builds the machines. `hurry` divides all times of the provider.
    pub(crate) fn build(way: &Way, programs: &Programs, hurry: u32) -> Result<Self> {
        let lab = Lab::new("circuit").map_err(|e| anyhow!("{e}"))?;
        let first = Member::build(&lab, 1, way, programs, hurry)?;
        let second = Member::build(&lab, 2, way, programs, hurry)?;
        let fabric = lab
            .node("fabric")
            .interface(on("bond0", "bond", "10.0.9.9/24"))
            .interface(on("port1", "circuits1", "10.0.1.9/24"))
            .interface(on("port2", "circuits2", "10.0.2.9/24"))
            .bind(&programs.daemon, DAEMON)
            .file(CONFIGURATION, way.remote.unwrap_or_default(), 0o644)
            .start()
            .map_err(|e| anyhow!("the fabric: {e}"))?;
        let remote = way.remote.map(|_| start_daemon(&fabric)).transpose()?;
        let api = Api::new(Fabric::new(Delays::REAL / hurry));
        open_for_customers(&fabric, &api)?;
        Ok(Self {
            members: [first, second],
            fabric,
            api,
            _remote: remote,
            _lab: lab,
        })
    }

    /// Cuts the circuits of the first node, in the fabric: no interface goes down.
    pub(crate) fn cut(&self) -> Result<()> {
        let [first, _] = &self.members;
        first.node.set_cut("port", true).map_err(|e| anyhow!("{e}"))
    }

    /// The fault is mended.
    pub(crate) fn mend(&self) -> Result<()> {
        let [first, _] = &self.members;
        first
            .node
            .set_cut("port", false)
            .map_err(|e| anyhow!("{e}"))
    }
}

const CONFIGURATION: &str = "/etc/keepalived/keepalived.conf";

fn on(name: &str, segment: &str, address: &str) -> Interface {
    Interface::new(name).segment(segment).address(address)
}

/// The API, and the routes that it brings about.
fn open_for_customers(fabric: &Node, api: &Api) -> Result<()> {
    let listener = fabric.enter(|| TcpListener::bind("10.0.9.9:8080"));
    let listener = listener.map_err(|e| anyhow!("{e}"))?.context("the API")?;
    let served = api.clone();
    thread::spawn(move || serve(&listener, &served));
    let (running, node) = (api.clone(), fabric.clone());
    thread::spawn(move || {
        running.run(|change| {
            // When the example ends the machine goes away first.
            let _ = lead(&node, change);
        });
    });
    Ok(())
}

/// Leads the traffic of a connection to a node, or nowhere.
fn lead(fabric: &Node, change: Change) -> Result<()> {
    let service = service(change.connection).to_string();
    let route = match change.node {
        Some(node) => vec!["via".to_owned(), format!("10.0.{node}.{node}")],
        None => Vec::new(),
    };
    let kind = if route.is_empty() {
        vec!["blackhole"]
    } else {
        Vec::new()
    };
    let mut words = vec!["route", "replace"];
    words.extend(kind);
    words.push(&service);
    words.extend(route.iter().map(String::as_str));
    fabric.ip(&words).map_err(|e| anyhow!("{e}"))?;
    Ok(())
}

impl Member {
    fn build(lab: &Lab, number: u8, way: &Way, programs: &Programs, hurry: u32) -> Result<Self> {
        let configuration = way.configurations[usize::from(number) - 1];
        let poll = f64::from(hurry).recip() * POLL;
        let environment = ENVIRONMENT.replace("POLL=1", &format!("POLL={poll}"));
        let node = lab
            .node(&format!("node0{number}"))
            .interface(on("bond0", "bond", &format!("10.0.9.{number}/24")))
            .interface(on(
                "port",
                &format!("circuits{number}"),
                &format!("10.0.{number}.{number}/24"),
            ))
            .dir("/run/virtual-circuit")
            .file(CONFIGURATION, configuration, 0o644)
            .file("/etc/virtual-circuit/provider.env", environment, 0o644)
            .file("/etc/passwd", USERS, 0o644)
            .file("/etc/group", GROUPS, 0o644)
            .file("/usr/local/sbin/pingcheck", PINGCHECK, 0o755)
            .file("/usr/local/sbin/switcher", way.switcher, 0o755)
            .file("/run/virtual-circuit/armed", "", 0o644)
            .bind(&programs.own, "/usr/local/sbin/fping")
            .bind(&programs.daemon, DAEMON)
            .bind(&programs.tool, TOOL)
            .start()
            .map_err(|e| anyhow!("node 0{number}: {e}"))?;
        // Anybody may ping, as on most machines.
        let ping = "/proc/sys/net/ipv4/ping_group_range";
        let allowed = node.enter(|| std::fs::write(ping, "0 2147483647"));
        allowed.map_err(|e| anyhow!("{e}"))?.context(ping)?;
        for connection in CONNECTIONS {
            let address = format!("{}/32", service(connection));
            node.ip(&["address", "add", &address, "dev", "lo"])
                .map_err(|e| anyhow!("{e}"))?;
            answer(&node, service(connection))?;
        }
        let member = Self { node, daemon: None };
        member.arm(-500)?;
        Ok(member)
    }

    /// Writes the number of both track files: -500 takes the node out of service, 0 arms it.
    pub(crate) fn arm(&self, number: i32) -> Result<()> {
        for connection in CONNECTIONS {
            let path = track_file(connection);
            let text = format!("{number}\n");
            let written = self.node.write_file(&path, text, 0o666);
            written.map_err(|e| anyhow!("{}: {e}", path.display()))?;
        }
        Ok(())
    }

    /// Starts the daemon as a service would.
    pub(crate) fn start(&mut self) -> Result<()> {
        self.daemon = Some(start_daemon(&self.node)?);
        Ok(())
    }

    /// Runs the operator's tool; gives what it says.
    pub(crate) fn evervip(&self, words: &[&str]) -> Result<String> {
        let output = self.node.exec(&[&[TOOL], words].concat());
        let output = output.map_err(|e| anyhow!("{e}"))?;
        Ok(format!("{}{}", output.stdout, output.stderr)
            .trim()
            .to_owned())
    }

    /// The daemon's log; nothing before its start.
    pub(crate) fn log(&self) -> String {
        self.daemon
            .as_ref()
            .map_or_else(String::new, |daemon| daemon.log().text())
    }
}

pub(crate) fn track_file(connection: u8) -> PathBuf {
    Path::new("/run/virtual-circuit").join(format!("circuit-{connection}.track"))
}

fn start_daemon(node: &Node) -> Result<Process> {
    let mut command = Command::new(DAEMON);
    command
        .args([
            "--dont-fork",
            "--log-console",
            "--log-detail",
            "-f",
            CONFIGURATION,
        ])
        .env_clear()
        .env("PATH", SERVICE_PATH)
        .current_dir("/");
    node.spawn("keepalived", command)
        .map_err(|e| anyhow!("{e}"))
}

/// A customer's machine: sends back what comes.
fn answer(node: &Node, address: Ipv4Addr) -> Result<()> {
    let socket = node.enter(|| UdpSocket::bind((address, ECHO_PORT)));
    let socket = socket.map_err(|e| anyhow!("{e}"))?.context("echo")?;
    thread::spawn(move || {
        let mut packet = [0; 64];
        loop {
            match socket.recv_from(&mut packet) {
                Ok((length, client)) => {
                    let _ = socket.send_to(&packet[..length], client);
                }
                Err(_) => thread::sleep(Duration::from_millis(10)),
            }
        }
    });
    Ok(())
}

/// Seconds between two questions of a switcher.
const POLL: f64 = 1.0;
const USERS: &str = "root:x:0:0:root:/root:/bin/sh\nadminuser:x:1200:1200::/:/bin/sh\n";
const GROUPS: &str = "root:x:0:\nadminuser:x:1200:\n";
