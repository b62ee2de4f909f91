//! The network: two nodes, and a client that asks the virtual address for an answer.

use std::{
    fs, io,
    net::{IpAddr, Ipv4Addr, UdpSocket},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use anyhow::{Result, anyhow};
use evervip_lab::{Asker, Interface, Lab, Node, Output, Process};

use crate::programs::{CONFIGURATION, DAEMON, Program};

/// The address that everything is about.
pub(crate) const VIRTUAL_ADDRESS: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 100);

const CONFIGURATION_A: &str = include_str!("../a.json");
const CONFIGURATION_B: &str = include_str!("../b.json");

/// Where the tool is found on a node.
const TOOL: &str = "/usr/local/sbin/evervip";

/// The only interface.
const INTERFACE: &str = "eth0";
const PORT: u16 = 7000;

/// Time between two requests.
const PERIOD: Duration = Duration::from_millis(10);
/// How long an answer may take; the network is inside of this machine.
const PATIENCE: Duration = Duration::from_millis(50);

/// The whole.
#[derive(Debug)]
pub(crate) struct Site {
    pub(crate) client: Asker,
    pub(crate) a: Member,
    pub(crate) b: Member,
    // Last, so that the processes above end before their namespaces.
    _lab: Lab,
}

/// A node of the pair.
#[derive(Debug)]
pub(crate) struct Member {
    node: Node,
    daemon: Option<Process>,
    _service: Service,
    cut: bool,
}

impl Site {
    pub(crate) fn build(program: &Program) -> Result<Self> {
        let lab = Lab::new("failover-json").map_err(|e| anyhow!("{e}"))?;
        let a = Member::build(&lab, program, "a", CONFIGURATION_A, 1)?;
        let b = Member::build(&lab, program, "b", CONFIGURATION_B, 2)?;
        let node = lab
            .node("client")
            .interface(Interface::new(INTERFACE).address("192.0.2.50/24"))
            .start()
            .map_err(|e| anyhow!("{e}"))?;
        let client = Asker::start(node, PERIOD, ask).map_err(|e| anyhow!("{e}"))?;
        let _lab = lab;
        Ok(Self { client, a, b, _lab })
    }

    /// Names of the nodes in the network that have the address.
    pub(crate) fn owners(&self) -> Vec<&str> {
        let members = [&self.a, &self.b].into_iter();
        let owners = members.filter(|member| !member.cut && member.has_address());
        owners.map(|member| member.node.name()).collect()
    }
}

impl Member {
    fn build(lab: &Lab, program: &Program, name: &str, json: &str, last: u8) -> Result<Self> {
        let interface = Interface::new(INTERFACE).address(&format!("192.0.2.{last}/24"));
        let mut node = lab
            .node(name)
            .interface(interface)
            .file(CONFIGURATION, json, 0o644)
            .bind(program.daemon(), DAEMON);
        if let Program::Evervip { tool, .. } = program {
            node = node.bind(tool, TOOL);
        }
        let node = node.start().map_err(|e| anyhow!("node {name}: {e}"))?;
        Ok(Self {
            _service: Service::start(node.clone())?,
            node,
            daemon: None,
            cut: false,
        })
    }

    pub(crate) fn has_address(&self) -> bool {
        self.node.has_address(IpAddr::V4(VIRTUAL_ADDRESS))
    }

    pub(crate) fn start_daemon(&mut self, program: &Program) -> Result<()> {
        let process = self.node.spawn("daemon", program.command());
        self.daemon = Some(process.map_err(|e| anyhow!("{e}"))?);
        Ok(())
    }

    /// The daemon that was started last.
    pub(crate) fn daemon(&self) -> Result<&Process> {
        self.daemon.as_ref().ok_or_else(|| anyhow!("no daemon"))
    }

    /// The node loses its link and its daemon at once.
    pub(crate) fn die(&mut self) -> Result<()> {
        self.cut = true;
        let cut = self.node.set_cut(INTERFACE, true);
        self.daemon()?.kill_tree();
        cut.map_err(|e| anyhow!("{e}"))
    }

    /// `evervip teardown` on this node.
    pub(crate) fn teardown(&self) -> Result<Output> {
        let words = [TOOL, "teardown", "-f", CONFIGURATION];
        self.node.exec(&words).map_err(|e| anyhow!("{e}"))
    }

    /// Processor time that all threads of the node's processes have had.
    pub(crate) fn processor_time(&self) -> Duration {
        let of_process = |pid: i32| {
            let tasks = fs::read_dir(format!("/proc/{pid}/task"));
            tasks.into_iter().flatten().flatten()
        };
        let nanos = |path: std::path::PathBuf| {
            let text = fs::read_to_string(path.join("schedstat")).ok()?;
            text.split(' ').next()?.parse::<u64>().ok()
        };
        let pids = self.node.pids().into_iter();
        let tasks = pids.flat_map(of_process);
        Duration::from_nanos(tasks.filter_map(|task| nanos(task.path())).sum())
    }
}

/// What the pair is there for: tells who it is, by UDP, on every address of its node. Ends when
/// dropped.
#[derive(Debug)]
struct Service(Arc<AtomicBool>);

impl Service {
    fn start(node: Node) -> Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let socket = node.enter(|| UdpSocket::bind((Ipv4Addr::UNSPECIFIED, PORT)));
        let socket = socket.map_err(|e| anyhow!("{e}"))??;
        socket.set_read_timeout(Some(PATIENCE))?;
        let stopped = Arc::clone(&stop);
        thread::Builder::new()
            .name("service".into())
            .spawn(move || {
                while !stopped.load(Ordering::Relaxed) {
                    let mut request = [0; 16];
                    if let Ok((_, client)) = socket.recv_from(&mut request) {
                        // Who asks again anyway need not be sure of each answer.
                        let _ = socket.send_to(node.name().as_bytes(), client);
                    }
                }
            })?;
        Ok(Self(stop))
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// One request; a socket for each, so that no late answer is taken for that to the next.
fn ask() -> io::Result<String> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
    socket.set_read_timeout(Some(PATIENCE))?;
    socket.send_to(b"who?", (VIRTUAL_ADDRESS, PORT))?;
    let mut answer = [0; 16];
    // A node may answer from its own address.
    let (length, _) = socket.recv_from(&mut answer)?;
    Ok(String::from_utf8_lossy(answer.get(..length).unwrap_or_default()).into_owned())
}
