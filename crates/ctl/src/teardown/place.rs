//! Where the daemon of a configuration lives, and whether it does.

use std::fs;
use std::os::unix::fs::FileTypeExt as _;
use std::path::PathBuf;
use std::time::Duration;

use evervip_config::{Config, Mode, Options, load_with, network_namespace};
use evervip_host::{SystemFiles, SystemHost};
use evervip_model::Daemon;
use evervip_os::network_namespace as system;
use evervip_os::occupant::{Occupant, daemon_after};

use super::{RUNS, Teardown, UNKNOWN};

/// Name of the daemon's program.
const DAEMON: &str = "keepalived";

/// Longest wait for the child of a guardian that has died: it hands its addresses over and leaves, as
/// the daemon's next start waits for it.
const LAST_OF_CHILD: Duration = Duration::from_secs(3);

/// The files of the daemon, as this process sees them.
#[derive(Debug)]
pub(super) struct Place {
    /// Pid files of guardian, VRRP and BFD process.
    pub(super) pid_files: [PathBuf; 3],
    socket: PathBuf,
    /// Where changed kernel settings are noted down.
    pub(super) ledger: PathBuf,
}

/// Why nothing is done.
#[derive(Debug)]
pub(super) struct Refusal {
    /// The exit code.
    pub(super) code: u8,
    /// What to say.
    pub(super) lines: Vec<String>,
}

impl Refusal {
    fn unknown(line: String) -> Self {
        let lines = vec![line];
        Self {
            code: UNKNOWN,
            lines,
        }
    }
}

impl Place {
    /// Finds the place and enters the daemon's network namespace, so that the machine which this
    /// process sees from then on is the daemon's. Gives the configuration, too.
    pub(super) fn find(wanted: &Teardown) -> Result<(Self, Config), Refusal> {
        let host = SystemHost::default();
        let options = Options {
            config_id: wanted.config_id.clone(),
            ..Options::default()
        };
        let configured = network_namespace(&wanted.file, &SystemFiles, &host, &options);
        let namespace = wanted.namespace.clone().or(configured);
        if let Some(name) = &namespace {
            system::enter(name).map_err(|error| {
                Refusal::unknown(format!("cannot enter network namespace {name}: {error}"))
            })?;
        }
        // Its interfaces are those of the namespace.
        let host = SystemHost::default();
        let loaded = load_with(&wanted.file, &SystemFiles, &host, Mode::Start, &options);
        if loaded.start_failure().is_some() {
            return Err(Refusal {
                code: UNKNOWN,
                lines: loaded.log_lines().collect(),
            });
        }
        let Some(mut config) = loaded.config else {
            let line = format!("{} holds no configuration", wanted.file.display());
            return Err(Refusal::unknown(line));
        };
        config.globals.daemon.net_namespace = namespace;
        let place = Self::of(wanted, &config.globals.daemon);
        place.refuse_beside_daemon()?;
        Ok((place, config))
    }

    fn of(wanted: &Teardown, daemon: &Daemon) -> Self {
        let path = |given: &Option<PathBuf>, process| {
            let usual = || daemon.pid_file_seen_from_outside(process);
            given.clone().unwrap_or_else(usual)
        };
        let vrrp = path(&wanted.vrrp_pid_file, "vrrp");
        let parent = path(&wanted.parent_pid_file, DAEMON);
        Self {
            ledger: vrrp.with_extension("settings"),
            socket: evervip_api::socket_of(&parent),
            pid_files: [parent, vrrp, path(&None, "bfd")],
        }
    }

    /// What belongs to a daemon that runs is not left over.
    fn refuse_beside_daemon(&self) -> Result<(), Refusal> {
        let patience = [Duration::ZERO, LAST_OF_CHILD, LAST_OF_CHILD];
        for (file, patience) in self.pid_files.iter().zip(patience) {
            if let Occupant::Running(pid) = daemon_after(file, DAEMON, patience) {
                let file = file.display();
                return Err(Refusal {
                    code: RUNS,
                    lines: vec![format!(
                        "a daemon of this configuration runs (pid {pid} according to {file}): \
                         stop it, it removes everything itself"
                    )],
                });
            }
        }
        Ok(())
    }

    /// The pid files whose processes have gone.
    pub(super) fn stale_pid_files(&self) -> impl Iterator<Item = &PathBuf> {
        let stale = |file: &&PathBuf| daemon_after(file, DAEMON, Duration::ZERO) == Occupant::Gone;
        self.pid_files.iter().filter(stale)
    }

    /// The socket of the daemon that is gone; something else in its place is not its own.
    pub(super) fn stale_socket(&self) -> Option<&PathBuf> {
        let found = fs::symlink_metadata(&self.socket).ok()?;
        found.file_type().is_socket().then_some(&self.socket)
    }
}
