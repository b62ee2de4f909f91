//! Small networks with daemons.

use std::{
    collections::HashSet,
    fmt::Write,
    net::{IpAddr, Ipv4Addr},
    os::unix::process::CommandExt,
    path::Path,
    process::Command,
    time::Duration,
};

use anyhow::{Result, anyhow};
use evervip_lab::{Advert, Capture, Interface, Lab, Node, Process, wait_until};

/// What the daemons run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Routers {
    /// Number of instances; each interface has up to [`PER_LINK`], with VRIDs from 1.
    pub(crate) count: u16,
    /// VRRP version, 2 or 3.
    pub(crate) version: u8,
    /// Time between two adverts; whole seconds in version 2.
    pub(crate) interval: Duration,
    /// Whether each instance has a virtual MAC address.
    pub(crate) use_vmac: bool,
}

/// Most instances on an interface.
pub(crate) const PER_LINK: u16 = 250;

/// Where an instance lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    /// Number of the interface.
    pub(crate) link: u8,
    /// Its VRID there.
    pub(crate) vrid: u8,
}

impl Place {
    /// The virtual address.
    fn address(self) -> Ipv4Addr {
        Ipv4Addr::new(10, 77 + self.link, 200, self.vrid)
    }
}

impl Routers {
    /// Plain instances.
    pub(crate) const fn new(count: u16, version: u8, interval: Duration) -> Self {
        Self {
            count,
            version,
            interval,
            use_vmac: false,
        }
    }

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

    /// Number of interfaces.
    pub(crate) fn links(&self) -> u8 {
        u8::try_from(self.count.div_ceil(PER_LINK)).unwrap_or(u8::MAX)
    }

    /// Every instance.
    pub(crate) fn places(&self) -> impl Iterator<Item = Place> {
        (0..self.count).map(|number| Place {
            link: u8::try_from(number / PER_LINK).unwrap_or(u8::MAX),
            vrid: u8::try_from(number % PER_LINK + 1).unwrap_or(u8::MAX),
        })
    }

    /// The configuration of a node, with `more` at the end of its first address block.
    pub(crate) fn config(&self, priority: u8, more: &str) -> String {
        let mut text = format!("global_defs {{\n vrrp_version {}\n}}\n", self.version);
        for place in self.places() {
            let Place { link, vrid } = place;
            // Writing to a string does not fail.
            let _ = write!(
                text,
                "vrrp_instance VI_{link}_{vrid} {{\n state BACKUP\n interface eth{link}\n \
                 virtual_router_id {vrid}\n priority {priority}\n advert_int {}\n",
                self.interval.as_secs_f64()
            );
            if self.version == 2 {
                text.push_str(" authentication {\n auth_type PASS\n auth_pass secret\n }\n");
            }
            if self.use_vmac {
                text.push_str(" use_vmac\n");
            }
            let more = if (link, vrid) == (0, 1) { more } else { "" };
            let address = place.address();
            let _ = write!(
                text,
                " virtual_ipaddress {{\n {address}/32\n{more} }}\n}}\n"
            );
        }
        text
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
        let config = self.routers.config(priority, "");
        let mut node = self.lab.node(&format!("p{priority}"));
        for link in 0..self.routers.links() {
            let own = Ipv4Addr::new(10, 77 + link, 0, priority);
            let interface = Interface::new(&format!("eth{link}"))
                .address(&format!("{own}/16"))
                .segment(&segment(link));
            node = node.interface(interface);
        }
        let node = node
            .file(CONFIGURATION, config, 0o644)
            .bind(program, DAEMON)
            .start()
            .map_err(|e| anyhow!("{e}"))?;
        Ok(Station {
            node,
            address,
            daemon: None,
        })
    }

    /// Captures on the segments of all interfaces but the first, which [`Site::capture`] watches.
    pub(crate) fn more_captures(&self) -> Result<Vec<Capture>> {
        (1..self.routers.links())
            .map(|link| {
                let capture = self.lab.capture_segment(&segment(link));
                capture.map_err(|e| anyhow!("{e}"))
            })
            .collect()
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
            // The own addresses and 127.0.0.1 are not virtual.
            let addresses = station.node.addresses().unwrap_or_default();
            let expected: HashSet<IpAddr> = self
                .routers
                .places()
                .map(|place| place.address().into())
                .collect();
            let there = addresses.iter().filter(|a| expected.contains(&a.ip));
            there.count() == wanted
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

/// The segment of the interface with this number.
fn segment(link: u8) -> String {
    format!("br{link}")
}

/// Where the daemons read their configuration.
pub(crate) const CONFIGURATION: &str = "/etc/keepalived/keepalived.conf";

pub(crate) const DAEMON: &str = "/usr/local/sbin/keepalived";
