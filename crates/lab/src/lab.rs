//! The laboratory as a whole: switch, list of nodes, questions about all of them.

use std::{
    collections::BTreeSet,
    fs,
    net::IpAddr,
    process,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use nix::unistd::geteuid;

use crate::{Capture, Error, Node, NodeBuilder, Result, poll_for, space::Space, wait_until};

static COUNTER: AtomicU32 = AtomicU32::new(0);

/// A switch with nodes. Dropping it kills everything that runs in it and removes it.
#[derive(Debug)]
pub struct Lab {
    name: String,
    switch: Arc<Switch>,
    nodes: Mutex<Vec<Node>>,
}

/// The namespace with the bridges, one per segment.
#[derive(Debug)]
pub(crate) struct Switch {
    pub(crate) space: Space,
    segments: Mutex<BTreeSet<String>>,
    next_port: AtomicU32,
}

impl Lab {
    /// A laboratory with an empty switch. `name` helps to find it in the process list; it need
    /// not be unique.
    ///
    /// # Errors
    /// When namespaces or bridges cannot be made, see [`Lab::available`].
    pub fn new(name: &str) -> Result<Self> {
        let name = format!(
            "evervip-lab:{}:{}:{name}",
            process::id(),
            COUNTER.fetch_add(1, Ordering::Relaxed)
        );
        let switch = Switch {
            space: Space::create(&format!("{name}:switch"))?,
            segments: Mutex::default(),
            next_port: AtomicU32::new(0),
        };
        switch.space.run(disable_ipv6)?;
        switch.space.command(&["ip", "link", "set", "lo", "up"])?;
        switch.segment(Self::SEGMENT)?;
        Ok(Self {
            name,
            switch: Arc::new(switch),
            nodes: Mutex::default(),
        })
    }

    /// Name of the segment that exists from the start.
    pub const SEGMENT: &'static str = "br0";

    /// Whether laboratories can be made here; the error says what is missing. Tried once per
    /// process.
    ///
    /// # Errors
    /// The reason why tests that need a laboratory must be skipped.
    pub fn available() -> std::result::Result<(), String> {
        static RESULT: OnceLock<std::result::Result<(), String>> = OnceLock::new();
        RESULT.get_or_init(try_out).clone()
    }

    /// Starts the description of a node.
    pub fn node(&self, name: &str) -> NodeBuilder<'_> {
        NodeBuilder::new(self, name)
    }

    /// All nodes in the order of their start.
    pub fn nodes(&self) -> Vec<Node> {
        self.nodes
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Captures on the switch: every frame that any node sends on the first segment, in order,
    /// also unicast between two others.
    ///
    /// # Errors
    /// When the packet socket cannot be made.
    pub fn capture(&self) -> Result<Capture> {
        self.capture_segment(Self::SEGMENT)
    }

    /// Like [`Lab::capture`] for a named segment.
    ///
    /// # Errors
    /// When the packet socket cannot be made.
    pub fn capture_segment(&self, segment: &str) -> Result<Capture> {
        self.switch.segment(segment)?;
        Capture::start(&self.switch.space, segment)
    }

    /// Names of the nodes that have `address` on an interface, in the order of their start.
    pub fn owners(&self, address: IpAddr) -> Vec<String> {
        let nodes = self.nodes();
        nodes
            .iter()
            .filter(|node| node.has_address(address))
            .map(|node| node.name().to_owned())
            .collect()
    }

    /// Waits until exactly the node named `owner` has `address`.
    ///
    /// # Errors
    /// After `timeout`, with the owners at that time.
    pub fn wait_owner(&self, address: IpAddr, owner: &str, timeout: Duration) -> Result<()> {
        let what = format!("{owner} has {address} alone");
        wait_until(timeout, &what, || self.owners(address) == [owner])
            .map_err(|e| Error::new(format!("{e}; owners now: {:?}", self.owners(address))))
    }

    /// Waits until exactly one node has `address` and returns its name.
    ///
    /// # Errors
    /// After `timeout`.
    pub fn wait_single_owner(&self, address: IpAddr, timeout: Duration) -> Result<String> {
        poll_for(timeout, &format!("one owner of {address}"), || {
            let mut owners = self.owners(address);
            if owners.len() == 1 {
                owners.pop()
            } else {
                None
            }
        })
    }

    /// Name with process id and running number, unique on this machine.
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn switch(&self) -> &Arc<Switch> {
        &self.switch
    }

    pub(crate) fn register(&self, node: Node) {
        self.nodes
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(node);
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        for node in self.nodes() {
            node.kill_all();
        }
    }
}

impl Switch {
    /// Makes the bridge of a segment unless it exists.
    pub(crate) fn segment(&self, name: &str) -> Result<()> {
        let mut segments = self.segments.lock().unwrap_or_else(PoisonError::into_inner);
        if segments.contains(name) {
            return Ok(());
        }
        let space = &self.space;
        // No snooping: with it the bridge would hold multicast back until it has seen reports.
        space.command(&[
            "ip",
            "link",
            "add",
            name,
            "type",
            "bridge",
            "stp_state",
            "0",
            "forward_delay",
            "0",
            "mcast_snooping",
            "0",
        ])?;
        // Promiscuous: the capture shall also see unicast between two nodes.
        space.command(&["ip", "link", "set", name, "up", "promisc", "on"])?;
        segments.insert(name.to_owned());
        Ok(())
    }

    /// A fresh name for the switch side of a link.
    pub(crate) fn port(&self) -> String {
        format!("port{}", self.next_port.fetch_add(1, Ordering::Relaxed))
    }
}

/// The switch itself has nothing to say on the network.
fn disable_ipv6() {
    for conf in ["all", "default"] {
        // Absent on kernels without IPv6, which is as good.
        let _ = fs::write(format!("/proc/sys/net/ipv6/conf/{conf}/disable_ipv6"), "1");
    }
}

fn try_out() -> std::result::Result<(), String> {
    if !geteuid().is_root() {
        return Err("not root: network namespaces cannot be made".into());
    }
    let lab = Lab::new("probe").map_err(|e| format!("no network namespace with a bridge: {e}"))?;
    let node = lab
        .node("probe")
        .interface(crate::Interface::new("eth0"))
        .start();
    node.map(drop)
        .map_err(|e| format!("no namespace node with a veth link: {e}"))
}
