//! Reading the configuration from this machine.

use std::path::PathBuf;

use evervip_config::{Config, Loaded, Mode, load_with};
use evervip_host::{SystemFiles, SystemHost};

/// Which configuration it is, and how it is to be understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Source {
    /// The main file.
    pub(crate) path: PathBuf,
    /// What the command line says about its text.
    pub(crate) options: evervip_config::Options,
}

/// Reads and checks the file; see [`Loaded`] for what came of it.
pub(crate) fn load(source: &Source, mode: Mode) -> Loaded {
    let host = SystemHost::default();
    load_with(&source.path, &SystemFiles, &host, mode, &source.options)
}

/// Writes everything the loader has to say to the log.
pub(crate) fn log(loaded: &Loaded) {
    for line in loaded.log_lines() {
        tracing::info!("{line}");
    }
}

/// Whether there is anything to run.
pub(crate) fn is_empty(config: &Config) -> bool {
    config.instances.is_empty()
}
