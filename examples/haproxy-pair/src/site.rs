//! The network of the demo: two nodes with HAProxy and the daemon, and a client.

use std::{
    cell::Cell,
    net::{IpAddr, Ipv4Addr},
    os::unix::process::CommandExt,
    path::Path,
    process::Command,
    time::Duration,
};

use anyhow::{Context, Result, anyhow};
use evervip_lab::{Interface, Lab, Node, Process, poll_for};
use nix::sys::signal::Signal;

use crate::client;

/// The address that everything is about (from the configuration files).
pub(crate) const VIRTUAL_ADDRESS: Ipv4Addr = Ipv4Addr::new(10, 150, 160, 32);

const MASTER_CONF: &str = include_str!("../master.conf");
const BACKUP_CONF: &str = include_str!("../backup.conf");
const CHECK_SCRIPT: &str = include_str!("../chk_haproxy.sh");
const HAPROXY_CFG: &str = include_str!("../haproxy.cfg");
const SYSTEMCTL: &str = include_str!("../systemctl.sh");

/// The path that systemd gives to services.
const SERVICE_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Where the daemon under test is found on a node.
const DAEMON: &str = "/usr/local/sbin/keepalived";

const INTERFACE: &str = "ens192";

/// What a node gets beyond HAProxy.
pub(crate) struct SetUp<'a> {
    /// Its keepalived.conf.
    pub(crate) configuration: &'a str,
    /// Scripts, by their paths.
    pub(crate) files: &'a [(&'a str, &'a str)],
    /// The program on this machine.
    pub(crate) daemon: &'a Path,
}

/// A node of the pair and what runs on it.
#[derive(Debug)]
pub(crate) struct Member {
    node: Node,
    address: Ipv4Addr,
    haproxy: Option<Process>,
    daemon: Option<Process>,
    dead: Cell<bool>,
}

/// The pair and its client.
#[derive(Debug)]
pub(crate) struct Site {
    pub(crate) master: Member,
    pub(crate) backup: Member,
    pub(crate) client: Node,
    // Last, so that the processes above end before their namespaces.
    _lab: Lab,
}

impl Site {
    /// Builds the network and starts HAProxy on both nodes.
    pub(crate) fn build(daemon: &Path) -> Result<Self> {
        let lab = Lab::new("demo").map_err(|e| anyhow!("{e}"))?;
        let member = |name, configuration, last| {
            let files = &[
                ("/etc/keepalived/chk_haproxy.sh", CHECK_SCRIPT),
                ("/usr/local/sbin/systemctl", SYSTEMCTL),
            ];
            let set_up = SetUp {
                configuration,
                files,
                daemon,
            };
            Member::build(&lab, name, last, &set_up)
        };
        let mut master = member("master", MASTER_CONF, 30)?;
        let mut backup = member("backup", BACKUP_CONF, 31)?;
        let client = lab
            .node("client")
            .interface(Interface::new("eth0").address("10.150.160.50/24"))
            .start()
            .map_err(|e| anyhow!("{e}"))?;
        for member in [&mut master, &mut backup] {
            member.start_haproxy()?;
            member.wait_for_haproxy(&client)?;
        }
        Ok(Self {
            master,
            backup,
            client,
            _lab: lab,
        })
    }

    /// Names of the living nodes that have the virtual address.
    pub(crate) fn owners(&self) -> Vec<&str> {
        [&self.master, &self.backup]
            .into_iter()
            .filter(|member| !member.dead.get())
            .filter(|member| member.node.has_address(IpAddr::V4(VIRTUAL_ADDRESS)))
            .map(Member::name)
            .collect()
    }
}

impl Member {
    pub(crate) fn build(lab: &Lab, name: &str, last: u8, set_up: &SetUp<'_>) -> Result<Self> {
        let address = Ipv4Addr::new(10, 150, 160, last);
        let interface = Interface::new(INTERFACE)
            .address(&format!("{address}/24"))
            .address(&format!("2001:db8:160::{last}/64"));
        let mut node = lab
            .node(name)
            .interface(interface)
            .file(
                "/etc/keepalived/keepalived.conf",
                set_up.configuration,
                0o644,
            )
            .file("/etc/haproxy/haproxy.cfg", HAPROXY_CFG, 0o644)
            .bind(set_up.daemon, DAEMON);
        for (path, script) in set_up.files {
            node = node.file(path, script, 0o755);
        }
        let node = node.start().map_err(|e| anyhow!("node {name}: {e}"))?;
        Ok(Self {
            node,
            address,
            haproxy: None,
            daemon: None,
            dead: Cell::new(false),
        })
    }

    /// Name of the node.
    pub(crate) fn name(&self) -> &str {
        self.node.name()
    }

    /// The daemon, if it was started.
    pub(crate) fn daemon(&self) -> Option<&Process> {
        self.daemon.as_ref()
    }

    /// Starts HAProxy as the node's service would.
    pub(crate) fn start_haproxy(&mut self) -> Result<()> {
        let mut command = Command::new("haproxy");
        command
            .args(["-db", "-f", "/etc/haproxy/haproxy.cfg"])
            .env("PATH", SERVICE_PATH)
            .env("NODE_NAME", self.name());
        let process = self.node.spawn("haproxy", command);
        let process = process.map_err(|e| anyhow!("{e}"))?;
        let pid = format!("{}\n", process.pid());
        let written = self.node.write_file("/run/haproxy.pid", pid, 0o644);
        written.map_err(|e| anyhow!("{e}"))?;
        self.haproxy = Some(process);
        Ok(())
    }

    /// Waits until HAProxy answers under the node's own address.
    pub(crate) fn wait_for_haproxy(&self, client: &Node) -> Result<()> {
        let server = (self.address, 80).into();
        let what = format!("HAProxy of {} answers", self.name());
        let answer = poll_for(Duration::from_secs(5), &what, || {
            client.enter(|| client::request(server)).ok()?.ok()
        });
        let answer = answer.map_err(|e| anyhow!("{e}{}", self.haproxy_log()))?;
        if answer != self.name() {
            return Err(anyhow!("{} answers as {answer}", self.name()));
        }
        Ok(())
    }

    fn haproxy_log(&self) -> String {
        self.haproxy.as_ref().map_or_else(String::new, |process| {
            format!("; its output:\n{}", process.log().text())
        })
    }

    /// Stops HAProxy as `systemctl stop haproxy` would, and waits for its end.
    pub(crate) fn stop_haproxy(&mut self) -> Result<()> {
        let process = self.haproxy.take().context("HAProxy was not started")?;
        process
            .signal(Signal::SIGTERM)
            .and_then(|()| process.wait(Duration::from_secs(5)))
            .map_err(|e| anyhow!("{e}"))?;
        Ok(())
    }

    /// Sends HAProxy a signal.
    pub(crate) fn signal_haproxy(&self, signal: Signal) -> Result<()> {
        let process = self.haproxy.as_ref().context("HAProxy was not started")?;
        process.signal(signal).map_err(|e| anyhow!("{e}"))
    }

    /// Whether HAProxy has not ended.
    pub(crate) fn has_haproxy_process(&self) -> Result<bool> {
        let process = self.haproxy.as_ref().context("HAProxy was not started")?;
        Ok(process.try_status().is_none())
    }

    /// What the notify script has written down.
    pub(crate) fn notifications(&self) -> Result<String> {
        let text = self.node.read_file("/run/notify.log");
        text.map_err(|e| anyhow!("{e}"))
    }

    /// Starts the daemon as an operator would.
    pub(crate) fn start_daemon(&mut self) -> Result<()> {
        let mut command = Command::new(DAEMON);
        command
            .arg0("keepalived")
            .args(["-n", "-l", "-D", "-f", "/etc/keepalived/keepalived.conf"])
            .env_clear()
            .env("PATH", SERVICE_PATH)
            .current_dir("/");
        let process = self.node.spawn("keepalived", command);
        self.daemon = Some(process.map_err(|e| anyhow!("{e}"))?);
        Ok(())
    }

    /// The node dies: its link is cut, its daemon gets no chance to say goodbye.
    pub(crate) fn die(&self) -> Result<()> {
        self.dead.set(true);
        let cut = self.node.set_cut(INTERFACE, true);
        if let Some(daemon) = &self.daemon {
            daemon.kill_tree();
        }
        cut.map_err(|e| anyhow!("{e}"))
    }
}
