//! Reading the configuration from this machine.

use std::path::PathBuf;

use evervip_config::{Config, Files, Loaded, Mode, load_with};
use evervip_host::{Remembered, SystemFiles, SystemHost};
use evervip_model::Globals;

/// This machine, asked each question once: loading again with the same one gives the same
/// configuration.
pub(crate) type Machine = Remembered<SystemFiles, SystemHost>;

/// Which configuration it is, and how it is to be understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Source {
    /// The main file.
    pub(crate) path: PathBuf,
    /// What the command line says about its text.
    pub(crate) options: evervip_config::Options,
    /// `-s`, which beats the file's keyword.
    pub(crate) namespace: Option<String>,
    /// `-u`, which beats the file's keyword.
    pub(crate) umask: Option<u16>,
    /// `-x`: every table of SNMP is served.
    pub(crate) all_snmp: bool,
}

/// Reads and checks the file; see [`Loaded`] for what came of it. The machine remembers the text,
/// too.
pub(crate) fn load(source: &Source, machine: &Machine, mode: Mode) -> Loaded {
    load_from(machine, machine, source, mode)
}

/// The same for those who will not load it again.
pub(crate) fn load_once(source: &Source, mode: Mode) -> Loaded {
    load_from(&SystemFiles, &Machine::default(), source, mode)
}

fn load_from(files: &impl Files, machine: &Machine, source: &Source, mode: Mode) -> Loaded {
    let mut loaded = load_with(&source.path, files, machine, mode, &source.options);
    if let Some(config) = &mut loaded.config {
        let Globals {
            processes,
            daemon,
            snmp,
            ..
        } = &mut config.globals;
        if let Some(umask) = source.umask {
            processes.umask = umask;
        }
        if let Some(namespace) = &source.namespace {
            daemon.net_namespace = Some(namespace.clone());
        }
        if source.all_snmp {
            (snmp.vrrp, snmp.rfc_v2, snmp.rfc_v3) = (true, true, true);
        }
    }
    loaded
}

/// A configuration that was accepted, in a form that takes little memory.
///
/// The guardian keeps it for the case that it has to start another child, whatever has become of the
/// files until then.
#[derive(Debug)]
pub(crate) struct Accepted {
    source: Source,
    machine: Machine,
    config: Option<Config>,
    is_empty: bool,
    has_bfd: bool,
}

impl Accepted {
    /// What was loaded from `source` on `machine`.
    pub(crate) fn new(source: Source, machine: Machine, config: Config) -> Self {
        Self {
            source,
            machine,
            is_empty: config.is_idle(),
            has_bfd: !config.bfd_instances.is_empty(),
            config: Some(config),
        }
    }

    /// What holds for the whole daemon; `None` when it was forgotten.
    pub(crate) fn globals(&self) -> Option<&Globals> {
        self.config.as_ref().map(|config| &config.globals)
    }

    /// Whether there are BFD sessions.
    pub(crate) const fn has_bfd(&self) -> bool {
        self.has_bfd
    }

    /// Whether there is nothing of VRRP to run.
    pub(crate) const fn is_empty(&self) -> bool {
        self.is_empty
    }

    /// Makes the configuration anew if it was forgotten; gives whether it is there.
    pub(crate) fn recall(&mut self) -> bool {
        if self.config.is_none() {
            self.config = load(&self.source, &self.machine, Mode::Start).config;
        }
        self.config.is_some()
    }

    /// Takes the configuration out; `None` when it was not recalled.
    pub(crate) fn take(&mut self) -> Option<Config> {
        self.machine = Machine::default();
        self.config.take()
    }

    /// Keeps only what the configuration can be made from.
    pub(crate) fn forget(&mut self) {
        self.config = None;
        self.machine.pack();
    }
}

/// Writes everything the loader has to say to the log.
pub(crate) fn log(loaded: &Loaded) {
    for line in loaded.log_lines() {
        tracing::info!("{line}");
    }
}
