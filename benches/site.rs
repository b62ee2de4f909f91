//! Small networks with daemons.

use std::{
    fmt::Write, net::Ipv4Addr, os::unix::process::CommandExt, path::Path, process::Command,
    time::Duration,
};

use anyhow::{Result, anyhow};
use evervip_lab::{Advert, Capture, Interface, Lab, Node, Process, wait_until};

/// What the daemons run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Routers {
    /// Number of instances, VRIDs from 1.
    pub(crate) count: u8,
    /// VRRP version, 2 or 3.
    pub(crate) version: u8,
    /// Time between two adverts; whole seconds in version 2.
    pub(crate) interval: Duration,
}

impl Routers {
    /// Time from a master's last advert until the backup must take over: three intervals and
    /// the skew time (RFC 9568 6.1; in version 2 the skew counts in seconds).
    pub(crate) fn patience(&self, priority: u8) -> Duration {
        let unit = if self.version == 2 {
            Duration::from_secs(1)
        } else {
            self.interval
        };
        3 * self.interval + unit * (256 - u32::from(priority)) / 256
    }

    fn config(&self, priority: u8) -> String {
        let mut text = format!("global_defs {{\n vrrp_version {}\n}}\n", self.version);
        for vrid in 1..=self.count {
            // Writing to a string does not fail.
            let _ = write!(
                text,
                "vrrp_instance VI_{vrid} {{\n state BACKUP\n interface eth0\n \
                 virtual_router_id {vrid}\n priority {priority}\n advert_int {}\n",
                self.interval.as_secs_f64()
            );
            if self.version == 2 {
                text.push_str(" authentication {\n auth_type PASS\n auth_pass secret\n }\n");
            }
            let _ = write!(
                text,
                " virtual_ipaddress {{\n {}/32\n }}\n}}\n",
                Self::address(vrid)
            );
        }
        text
    }

    fn address(vrid: u8) -> Ipv4Addr {
        Ipv4Addr::new(10, 77, 200, vrid)
    }
}

/// A node that runs, or could run, a daemon.
#[derive(Debug)]
pub(crate) struct Station {
    pub(crate) node: Node,
    pub(crate) address: Ipv4Addr,
    daemon: Option<Process>,
}

/// A network with a capture and any number of stations.
#[derive(Debug)]
pub(crate) struct Site {
    pub(crate) capture: Capture,
    pub(crate) lab: Lab,
    pub(crate) routers: Routers,
}

/// Priority of the station that is to be master first.
pub(crate) const HIGH: u8 = 150;

/// Priority of the other.
pub(crate) const LOW: u8 = 100;

impl Site {
    pub(crate) fn new(routers: Routers) -> Result<Self> {
        let lab = Lab::new("bench").map_err(|e| anyhow!("{e}"))?;
        let capture = lab.capture().map_err(|e| anyhow!("{e}"))?;
        Ok(Self {
            capture,
            lab,
            routers,
        })
    }

    /// Adds a node with the given program and priority; nothing runs yet.
    pub(crate) fn station(&self, program: &Path, priority: u8) -> Result<Station> {
        let address = Ipv4Addr::new(10, 77, 0, priority);
        let config = self.routers.config(priority);
        let node = self
            .lab
            .node(&format!("p{priority}"))
            .interface(Interface::new("eth0").address(&format!("{address}/16")))
            .file("/etc/keepalived/keepalived.conf", config, 0o644)
            .bind(program, DAEMON)
            .start()
            .map_err(|e| anyhow!("{e}"))?;
        Ok(Station {
            node,
            address,
            daemon: None,
        })
    }

    /// Waits until `station` has sent `count` adverts from now on.
    pub(crate) fn wait_adverts(&self, station: &Station, count: usize) -> Result<Vec<Advert>> {
        let limit = self.routers.patience(1) + 4 * self.routers.interval + Duration::from_secs(10);
        self.capture
            .wait_adverts(self.capture.mark(), count, limit, |advert| {
                advert.source == station.address && advert.priority != 0
            })
            .map_err(|e| anyhow!("adverts of {}: {e}\n{}", station.address, station.log()))
    }

    /// Waits until `station` is master of all routers.
    pub(crate) fn wait_master(&self, station: &Station) -> Result<()> {
        let limit = self.routers.patience(1) + Duration::from_secs(20);
        let wanted = usize::from(self.routers.count);
        let what = format!("{} has {wanted} virtual addresses", station.address);
        wait_until(limit, &what, || {
            // The own address and 127.0.0.1 are not virtual.
            let addresses = station.node.addresses().unwrap_or_default();
            let virtual_ones = addresses.iter().filter(|address| {
                (1..=self.routers.count).any(|vrid| address.ip == Routers::address(vrid))
            });
            virtual_ones.count() == wanted
        })
        .map_err(|e| anyhow!("{e}\n{}", station.log()))
    }
}

impl Station {
    /// Starts the daemon with its log on the console.
    pub(crate) fn start(&mut self) -> Result<()> {
        self.start_with(&["-n", "-l"])
    }

    /// Starts the daemon with options of choice.
    pub(crate) fn start_with(&mut self, options: &[&str]) -> Result<()> {
        let mut command = Command::new(DAEMON);
        command.arg0("keepalived").args(options).current_dir("/");
        let process = self.node.spawn("keepalived", command);
        self.daemon = Some(process.map_err(|e| anyhow!("{e}"))?);
        Ok(())
    }

    /// The running daemon.
    pub(crate) fn daemon(&self) -> Result<&Process> {
        self.daemon
            .as_ref()
            .ok_or_else(|| anyhow!("the daemon was not started"))
    }

    /// `kill -9` for all processes of the daemon.
    pub(crate) fn kill(&mut self) {
        if let Some(daemon) = self.daemon.take() {
            daemon.kill_tree();
        }
        // The killed may wait to be reaped by init for a moment, and the original takes the
        // number of a dead process in a pid file for a running daemon until then.
        for file in ["/run/keepalived.pid", "/run/vrrp.pid"] {
            let _ = self.node.remove_file(file);
        }
    }

    fn log(&self) -> String {
        let log = self.daemon.as_ref().map(|daemon| daemon.log().text());
        log.unwrap_or_default()
    }
}

pub(crate) const DAEMON: &str = "/usr/local/sbin/keepalived";
