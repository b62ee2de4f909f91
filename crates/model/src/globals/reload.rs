//! Reading the configuration again (spec config-language 11.5).

use std::path::PathBuf;

/// `reload_check_config`: the new configuration is tested first.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub enum ReloadCheck {
    /// Not asked for.
    #[default]
    Off,
    /// What is wrong is not kept.
    Quiet,
    /// What is wrong is written there.
    LogTo(PathBuf),
}

/// `reload_file`: exists while a configuration is read.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub enum MarkerFile {
    /// None.
    #[default]
    Off,
    /// `keepalived.reload` in the pid directory.
    Default,
    /// This one.
    At(PathBuf),
}

/// When and how the configuration is read again.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reload {
    /// `reload_check_config`.
    pub check: ReloadCheck,
    /// `reload_time_file`: names the time of a reload.
    pub time_file: Option<PathBuf>,
    /// `reload_repeat`: that file stays.
    pub repeat: bool,
    /// `reload_file`.
    pub marker: MarkerFile,
    /// `config_save_dir`: gets a copy of each configuration.
    pub save_directory: Option<PathBuf>,
    /// `tmp_config_directory`: where the original keeps the text for its children.
    pub temporary_directory: Option<PathBuf>,
    /// `random_seed` of `${_RANDOM}`.
    pub random_seed: Option<u32>,
}
