//! What an option does to the [`Options`].

use std::ffi::OsString;
use std::path::PathBuf;

use evervip_vrrp::AtStop;

use super::options::{ChildRuns, CoreDumps, Options, Task};
use super::table::Effect;
use crate::logging::UnknownFacility;

impl Options {
    /// Applies an option that was found in the table; `notices` takes what is wrong with its value.
    pub(super) fn apply(
        &mut self,
        effect: Effect,
        value: Option<OsString>,
        notices: &mut Vec<String>,
    ) {
        let text = || value.clone().unwrap_or_default();
        let path = || PathBuf::from(text());
        let word = || text().to_string_lossy().into_owned();
        match effect {
            Effect::UseFile => self.configuration.path = path(),
            Effect::AllConfig => self.configuration.options.all_includes_required = true,
            Effect::ConfigId => self.configuration.options.config_id = Some(word()),
            Effect::ConfigTest => self.task = Task::Test(value.map(PathBuf::from)),
            Effect::DontFork => self.foreground = true,
            Effect::DumpConf => self.dump = true,
            Effect::LogConsole => self.log.console = true,
            Effect::LogDetail => {
                self.log.extra_detail = self.log.detail;
                self.log.detail = true;
            }
            Effect::LogFacility => match word().parse() {
                Ok(facility) => self.log.facility = facility,
                Err(UnknownFacility) => {
                    notices.push(format!("Invalid log facility '{}'", word()));
                    self.is_doubtful = true;
                }
            },
            Effect::LogFile => {
                let named = value
                    .map(PathBuf::from)
                    .filter(|path| path.as_os_str() != "");
                self.log.file = Some(named.unwrap_or_else(default_log_file));
            }
            Effect::NoSyslog => self.log.syslog = false,
            Effect::ParentPid => self.parent_pid_file = Some(path()),
            Effect::VrrpPid => self.vrrp_pid_file = Some(path()),
            Effect::BfdPid => self.bfd_pid_file = Some(path()),
            Effect::NoVrrp => self.vrrp = ChildRuns::Never,
            Effect::NoBfd => self.bfd = ChildRuns::Never,
            Effect::All => {
                self.vrrp = ChildRuns::Always;
                self.bfd = ChildRuns::Always;
            }
            Effect::DontRespawn => self.respawn = false,
            // Beside -V it means nothing, wherever it stands.
            Effect::ReleaseAll if self.at_stop == AtStop::Keep => {}
            Effect::ReleaseAll => self.at_stop = AtStop::ReleaseAll,
            Effect::KeepAll => self.at_stop = AtStop::Keep,
            Effect::AddressMonitoring => self.address_monitoring = true,
            Effect::Namespace => self.configuration.namespace = Some(word()),
            Effect::Umask => match parse_umask(&word()) {
                Some(umask) => self.configuration.umask = Some(umask),
                None => notices.push(format!("Invalid --umask option {}", word())),
            },
            Effect::Snmp => self.configuration.all_snmp = true,
            Effect::SnmpSocket => self.configuration.options.snmp_socket = Some(word()),
            Effect::CoreDump => {
                if self.core_dumps == CoreDumps::AsInherited {
                    self.core_dumps = CoreDumps::Allowed;
                }
            }
            Effect::CorePattern => {
                let pattern = Some(word()).filter(|pattern| !pattern.is_empty());
                self.core_dumps = CoreDumps::To(pattern.unwrap_or_else(|| "core".to_owned()));
            }
            Effect::SignalNumber => self.task = Task::SignalNumber(word()),
            Effect::Version => self.task = Task::Version,
            Effect::Help => self.task = Task::Help,
            // Every line is written at once anyhow.
            Effect::FlushLogFile | Effect::Nothing | Effect::Refused(_) => {}
        }
    }
}

/// `keepalived.log` where the environment wants temporary files.
fn default_log_file() -> PathBuf {
    std::env::temp_dir().join("keepalived.log")
}

/// Decimal, `0` and octal, or `0x` and hexadecimal; at most 0777.
fn parse_umask(word: &str) -> Option<u16> {
    let (digits, radix) = match word.strip_prefix("0x").or(word.strip_prefix("0X")) {
        Some(digits) => (digits, 16),
        None if word.starts_with('0') => (word, 8),
        None => (word, 10),
    };
    // A sign would pass for part of the number.
    let plain = digits.chars().all(|digit| digit.is_digit(radix));
    let umask = u16::from_str_radix(digits, radix).ok()?;
    (plain && umask <= 0o777).then_some(umask)
}
