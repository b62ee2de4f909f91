//! The set-up that the example is about, with its two configurations byte for byte and stubs for its
//! scripts: does it come up in FAULT, arm, move, and take itself out of service as it always has?
//!
//! The files are not part of this project. Where they are is said by `EVERVIP_EVKD`, a directory with
//! `node01.conf` and `node02.conf`; else they are looked for beside the project.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, ensure};
use evervip_lab::{Interface, Lab, Node, Process, wait_until};

use crate::failover::wait_logged;

const PATIENCE: Duration = Duration::from_secs(60);

/// In the place of the set-up's check: the ping always succeeds.
const PINGCHECK: &str = "#!/bin/sh\n";
/// In the place of its switchers: no provider, but the end is the same.
const SWITCHER: &str = "#!/bin/sh
id -un >> /tmp/moved
echo -500 > /tmp/vrrp_VC_@_VI_@.trackfile
";

/// Where the files are, if they are there.
pub(crate) fn directory() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/seeds/evkd");
    let directory = std::env::var_os("EVERVIP_EVKD").map_or(beside, PathBuf::from);
    directory.join("node01.conf").is_file().then_some(directory)
}

struct Machine {
    node: Node,
    daemon: Process,
}

/// Runs it; an error says what was not as it has to be.
pub(crate) fn run(directory: &Path, daemon: &Path) -> Result<()> {
    let lab = Lab::new("evkd").map_err(|e| anyhow!("{e}"))?;
    let machine = |name: &str, last: u8| Machine::start(&lab, directory, daemon, name, last);
    let first = machine("node01", 131)?;
    let second = machine("node02", 129)?;
    for machine in [&first, &second] {
        for circuit in [1, 2] {
            machine.wait(&format!("(VC_{circuit}_VI_{circuit}) entering FAULT state"))?;
        }
    }
    first.arm(0)?;
    for circuit in [1, 2] {
        first.wait(&format!(
            "(VC_{circuit}_VI_{circuit}) Entering MASTER STATE"
        ))?;
    }
    second.arm(0)?;
    for circuit in [1, 2] {
        second.wait(&format!(
            "(VC_{circuit}_VI_{circuit}) Entering BACKUP STATE"
        ))?;
    }
    ensure!(
        second.node.metadata("/tmp/moved").is_none(),
        "moved without a reason"
    );
    first.arm(-500)?;
    for circuit in [1, 2] {
        let instance = format!("(VC_{circuit}_VI_{circuit})");
        second.wait(&format!("{instance} Entering MASTER STATE"))?;
        // By its own script.
        second.wait(&format!("{instance} Entering FAULT STATE"))?;
    }
    let moved = || second.node.read_file("/tmp/moved").unwrap_or_default();
    wait_until(PATIENCE, "both switchers have run as adminuser", || {
        moved() == "adminuser\nadminuser\n"
    })
    .map_err(|e| anyhow!("{e}: {:?}", moved()))
}

impl Machine {
    fn start(lab: &Lab, directory: &Path, daemon: &Path, name: &str, last: u8) -> Result<Self> {
        let configuration = directory.join(name).with_extension("conf");
        let own = format!("10.66.59.{last}/24");
        let mut node = lab
            .node(name)
            .interface(Interface::new("bond0").address(&own))
            .bind(&configuration, "/etc/keepalived/keepalived.conf")
            .bind(daemon, "/usr/local/sbin/keepalived")
            .file("/usr/local/sbin/pingcheck", PINGCHECK, 0o755)
            .file("/etc/passwd", USERS, 0o644)
            .file("/etc/group", GROUPS, 0o644);
        for circuit in ["1", "2"] {
            let switcher = format!("/tmp/vrrp_02_vc_{circuit}_vi_{circuit}_vc_switcher.sh");
            let text = SWITCHER.replace('@', circuit);
            node = node
                .file(switcher, text, 0o755)
                .file(track_file(circuit), "-500\n", 0o666);
        }
        let node = node.start().map_err(|e| anyhow!("{name}: {e}"))?;
        // Who writes to a file in /tmp has to own it (fs.protected_regular).
        for circuit in ["1", "2"] {
            let owned = node.enter(|| chown(track_file(circuit), Some(ADMIN), Some(ADMIN)));
            owned.map_err(|e| anyhow!("{e}"))??;
        }
        let mut command = Command::new("/usr/local/sbin/keepalived");
        command.args(["--dont-fork", "--log-console", "--log-detail", "--vrrp"]);
        let daemon = node.spawn("keepalived", command);
        Ok(Self {
            node,
            daemon: daemon.map_err(|e| anyhow!("{e}"))?,
        })
    }

    fn arm(&self, number: i32) -> Result<()> {
        for circuit in ["1", "2"] {
            let write = || -> std::io::Result<()> {
                // It is there, and must not be made: see above.
                let mut file = OpenOptions::new()
                    .write(true)
                    .truncate(true)
                    .open(track_file(circuit))?;
                writeln!(file, "{number}")
            };
            self.node.enter(write).map_err(|e| anyhow!("{e}"))??;
        }
        Ok(())
    }

    fn wait(&self, line: &str) -> Result<()> {
        wait_logged(Some(&self.daemon), line).with_context(|| self.daemon.log().text())
    }
}

fn track_file(circuit: &str) -> PathBuf {
    format!("/tmp/vrrp_VC_{circuit}_VI_{circuit}.trackfile").into()
}

/// Number of the user that runs the scripts.
const ADMIN: u32 = 1200;
const USERS: &str = "root:x:0:0:root:/root:/bin/sh\nadminuser:x:1200:1200::/:/bin/sh\n";
const GROUPS: &str = "root:x:0:\nadminuser:x:1200:\n";
