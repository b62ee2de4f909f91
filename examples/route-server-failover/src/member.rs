//! One of the two nodes: its web server, ExaBGP and, with evervip, the daemon.

use std::{
    net::Ipv4Addr, os::unix::process::CommandExt, path::Path, process::Command, time::Duration,
};

use anyhow::{Context, Result, anyhow};
use evervip_lab::{Interface, Lab, Node, Process, poll_for};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use crate::{client, site::ADDRESS, variant::Files};

/// A node of the pair and what runs on it.
#[derive(Debug)]
pub(crate) struct Member {
    node: Node,
    own_address: Ipv4Addr,
    web: Option<Process>,
    exabgp: Option<Process>,
    daemon: Option<Process>,
    has_daemon: bool,
}

impl Member {
    /// Makes the node with its files. Nothing runs yet.
    pub(crate) fn build(
        lab: &Lab,
        name: &str,
        own_address: Ipv4Addr,
        files: Files,
        daemon: &Path,
    ) -> Result<Self> {
        let mut node = lab
            .node(name)
            .interface(
                Interface::new(INTERFACE)
                    .segment("nodes")
                    .address(&format!("{own_address}/24")),
            )
            .file("/etc/exabgp/exabgp.conf", files.exabgp, 0o644)
            .file("/usr/local/bin/web.py", WEB, 0o755);
        if let Some(keepalived) = files.keepalived {
            node = node
                .file("/etc/exabgp/announce-route.sh", ANNOUNCE_ROUTE, 0o755)
                .file("/etc/keepalived/keepalived.conf", keepalived, 0o644)
                .file("/etc/keepalived/route.sh", ROUTE, 0o755)
                .file("/etc/keepalived/check-web.sh", CHECK_WEB, 0o755)
                .file("/etc/keepalived/check-bgp.sh", CHECK_BGP, 0o755)
                .bind(daemon, DAEMON);
        }
        let node = node.start().map_err(|e| anyhow!("node {name}: {e}"))?;
        let address = format!("{ADDRESS}/32");
        for arguments in [
            ["route", "add", "default", "via", "10.0.0.1"],
            ["addr", "add", &address, "dev", "lo"],
        ] {
            node.ip(&arguments).map_err(|e| anyhow!("{e}"))?;
        }
        Ok(Self {
            node,
            own_address,
            web: None,
            exabgp: None,
            daemon: None,
            has_daemon: files.keepalived.is_some(),
        })
    }

    /// Name of the node.
    pub(crate) fn name(&self) -> &str {
        self.node.name()
    }

    /// Its address in the network of the nodes: the next hop of its route.
    pub(crate) fn own_address(&self) -> Ipv4Addr {
        self.own_address
    }

    /// The daemon, if it was started.
    pub(crate) fn daemon(&self) -> Option<&Process> {
        self.daemon.as_ref()
    }

    /// Starts the web server and waits until it answers.
    pub(crate) fn start_web(&mut self) -> Result<()> {
        let mut command = Command::new("/usr/local/bin/web.py");
        command.arg(self.name());
        self.web = Some(self.spawn("web", command)?);
        let what = format!("the web server of {} answers", self.name());
        let answer = || {
            let answer = self.node.enter(|| client::request((ADDRESS, 80).into()));
            answer.ok()?.ok()
        };
        let answered = poll_for(PATIENCE, &what, answer);
        answered.map(drop).map_err(|e| anyhow!("{e}"))
    }

    /// Starts what announces the route: ExaBGP, and the daemon where there is one.
    pub(crate) fn start_announcing(&mut self) -> Result<()> {
        if !self.exabgp.as_ref().is_some_and(is_alive) {
            // Whoever runs the example in the background of a shell passes an ignored SIGINT on to it,
            // which ExaBGP then never hears.
            let mut command = Command::new("/usr/bin/env");
            command.args(["--default-signal=INT", "/usr/sbin/exabgp"]);
            command.arg("/etc/exabgp/exabgp.conf");
            self.exabgp = Some(self.spawn("exabgp", command)?);
        }
        if self.has_daemon {
            let mut command = Command::new(DAEMON);
            command.arg0("keepalived").args(["-n", "-l", "-D"]);
            self.daemon = Some(self.spawn("keepalived", command)?);
        }
        Ok(())
    }

    /// Whether the daemon is MASTER, and route.sh has written that down. Without daemon: always.
    pub(crate) fn is_master(&self) -> bool {
        self.is_in("MASTER", "master")
    }

    /// Whether the daemon is BACKUP, and route.sh has written that down. Without daemon: always.
    pub(crate) fn is_backup(&self) -> bool {
        self.is_in("BACKUP", "standby")
    }

    /// The log is asked, too: what is written down may be from a daemon that was killed.
    fn is_in(&self, state: &str, written: &str) -> bool {
        if !self.has_daemon {
            return true;
        }
        let lines = self.daemon.as_ref().map(|daemon| daemon.log().lines());
        let lines = lines.unwrap_or_default();
        let last = lines
            .iter()
            .rev()
            .find(|line| line.text.ends_with(" STATE"));
        let route = self.node.read_file("/run/route-failover/route");
        last.is_some_and(|line| line.text.contains(state))
            && route.is_ok_and(|route| route.starts_with(written))
    }

    /// An operator takes the node out of service: Ctrl-C for ExaBGP in the original, a stop of
    /// the daemon else.
    pub(crate) fn stop(&self) -> Result<()> {
        let (process, signal) = match &self.daemon {
            Some(daemon) => (daemon, Signal::SIGTERM),
            None => (self.exabgp()?, Signal::SIGINT),
        };
        process.signal(signal).map_err(|e| anyhow!("{e}"))
    }

    /// Waits until what [`Member::stop`] ends has ended.
    pub(crate) fn wait_stopped(&self) -> Result<()> {
        let process = self.daemon.as_ref().or(self.exabgp.as_ref());
        let process = process.context("nothing was started")?;
        process.wait(PATIENCE).map(drop).map_err(|e| anyhow!("{e}"))
    }

    /// `kill -9` for all that announces.
    pub(crate) fn kill_announcing(&self) -> Result<()> {
        self.exabgp()?.kill_tree();
        if let Some(daemon) = &self.daemon {
            daemon.kill_tree();
        }
        Ok(())
    }

    /// The web server hangs: it takes connections and answers nothing.
    pub(crate) fn stop_web(&self) -> Result<()> {
        let web = self.web.as_ref().context("no web server")?;
        web.signal(Signal::SIGSTOP).map_err(|e| anyhow!("{e}"))
    }

    /// The whole machine stands still, as under a hypervisor that freezes it: no process runs
    /// and its network interface takes nothing.
    pub(crate) fn freeze(&self) -> Result<()> {
        let cut = self.node.set_cut(INTERFACE, true);
        // A second time for those that a process has started meanwhile.
        for _ in 0..2 {
            signal_all(&self.node.pids(), Signal::SIGSTOP);
        }
        cut.map_err(|e| anyhow!("{e}"))
    }

    /// Network and ExaBGP come back, nothing else: the worst order in which a frozen node can
    /// wake up.
    pub(crate) fn thaw_exabgp(&self) -> Result<()> {
        let exabgp = self.exabgp()?;
        let cut = self.node.set_cut(INTERFACE, false);
        signal_all(&[exabgp.pid()], Signal::SIGCONT);
        signal_all(&exabgp.children(), Signal::SIGCONT);
        cut.map_err(|e| anyhow!("{e}"))
    }

    /// All goes on.
    pub(crate) fn thaw(&self) -> Result<()> {
        let cut = self.node.set_cut(INTERFACE, false);
        signal_all(&self.node.pids(), Signal::SIGCONT);
        cut.map_err(|e| anyhow!("{e}"))
    }

    /// What its programs have written, for the report of a failure.
    pub(crate) fn logs(&self) -> String {
        let processes = [&self.exabgp, &self.daemon].into_iter().flatten();
        let logs = processes.map(|process| format!("{}:\n{}", self.name(), process.log().text()));
        logs.collect()
    }

    fn exabgp(&self) -> Result<&Process> {
        self.exabgp.as_ref().context("no ExaBGP")
    }

    fn spawn(&self, label: &str, mut command: Command) -> Result<Process> {
        command
            .env_clear()
            .env("PATH", SERVICE_PATH)
            .current_dir("/");
        let process = self.node.spawn(label, command);
        process.map_err(|e| anyhow!("{e}"))
    }
}

fn is_alive(process: &Process) -> bool {
    process.try_status().is_none()
}

/// One that is gone meanwhile is no fault.
fn signal_all(pids: &[i32], signal: Signal) {
    for pid in pids {
        let _ = kill(Pid::from_raw(*pid), signal);
    }
}

const INTERFACE: &str = "eth0";

/// Where the daemon under test is found on a node.
const DAEMON: &str = "/usr/local/sbin/keepalived";

/// The path that systemd gives to services.
const SERVICE_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

const WEB: &str = include_str!("../web.py");
const ANNOUNCE_ROUTE: &str = include_str!("../announce-route.sh");
const ROUTE: &str = include_str!("../route.sh");
const CHECK_WEB: &str = include_str!("../check-web.sh");
const CHECK_BGP: &str = include_str!("../check-bgp.sh");

/// For a program to come up or to end on a busy machine.
const PATIENCE: Duration = Duration::from_secs(15);
