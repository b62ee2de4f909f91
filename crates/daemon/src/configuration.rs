//! Reading the configuration from this machine.

use std::path::Path;

use evervip_config::{Config, Loaded, Mode};
use evervip_host::{SystemFiles, SystemHost};

/// Reads and checks the file; see [`Loaded`] for what came of it.
pub(crate) fn load(path: &Path, mode: Mode) -> Loaded {
    evervip_config::load(path, &SystemFiles, &SystemHost::default(), mode)
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
