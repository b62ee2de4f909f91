//! The programs that are shown.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Result, bail};

/// Where a node finds the configuration, as failover does.
pub(crate) const CONFIGURATION: &str = "/etc/failover/vrrp-config.json";

/// Where a node finds the daemon of either program.
pub(crate) const DAEMON: &str = "/usr/local/sbin/keepalived";

/// A daemon.
#[derive(Debug)]
pub(crate) enum Program {
    /// Ours, with the operator's tool.
    Evervip { daemon: PathBuf, tool: PathBuf },
    /// The one that the configuration was written for.
    Failover { daemon: PathBuf },
}

/// What is there.
#[derive(Debug)]
pub(crate) struct Programs {
    pub(crate) evervip: Program,
    pub(crate) failover: Option<Program>,
}

impl Programs {
    /// Ours is `EVERVIP_KEEPALIVED`, else the release build of this tree, else what was built beside
    /// this program; failover is `EVERVIP_EXAMPLE_FAILOVER`, else what cargo has installed.
    pub(crate) fn find() -> Result<Self> {
        let Some(daemon) = our_daemon()? else {
            bail!("no daemon was built; `make example-failover` builds it");
        };
        let tool = daemon.with_file_name("evervip");
        if !tool.is_file() {
            bail!("there is no {}", tool.display());
        }
        let failover = failover().map(|daemon| Program::Failover { daemon });
        Ok(Self {
            evervip: Program::Evervip { daemon, tool },
            failover,
        })
    }
}

fn our_daemon() -> Result<Option<PathBuf>> {
    if let Some(path) = std::env::var_os("EVERVIP_KEEPALIVED") {
        return Ok(Some(std::path::absolute(path)?));
    }
    let own = std::env::current_exe()?;
    let directory = own.parent();
    let release = directory.and_then(Path::parent).map(|d| d.join("release"));
    let places = [release.as_deref(), directory].into_iter().flatten();
    Ok(places
        .map(|place| place.join("keepalived"))
        .find(|path| path.is_file()))
}

fn failover() -> Option<PathBuf> {
    let given = std::env::var_os("EVERVIP_EXAMPLE_FAILOVER").map(PathBuf::from);
    let home = std::env::var_os("HOME").map(PathBuf::from);
    let installed = home.map(|home| home.join(".cargo/bin/failover"));
    let found = given.or(installed)?;
    found.is_file().then_some(found)
}

impl Program {
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Evervip { .. } => "evervip",
            Self::Failover { .. } => "failover",
        }
    }

    pub(crate) fn daemon(&self) -> &Path {
        match self {
            Self::Evervip { daemon, .. } | Self::Failover { daemon } => daemon,
        }
    }

    /// How it is started on a node.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(DAEMON);
        match self {
            Self::Evervip { .. } => command.args(["-n", "-l", "-D", "-f", CONFIGURATION]),
            Self::Failover { .. } => command.args([
                "run",
                "file-mode",
                "--filename",
                CONFIGURATION,
                "--log-file-path",
                "/run/failover.log",
            ]),
        };
        command.current_dir("/");
        command
    }
}
