//! What tells others about the daemon (spec config-language 11.5 and 11.6).

use std::path::PathBuf;

/// Files written on demand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dumps {
    /// `data_use_instance`: names of instance and namespace become part of the file names.
    pub use_instance: bool,
    /// `state_dump_file`.
    pub state: Option<PathBuf>,
    /// `stats_dump_file`.
    pub statistics: Option<PathBuf>,
    /// `json_dump_file`.
    pub json: Option<PathBuf>,
    /// `json_version`: layout, 1 or 2.
    pub json_version: u8,
}

impl Default for Dumps {
    fn default() -> Self {
        Self {
            use_instance: false,
            state: None,
            statistics: None,
            json: None,
            json_version: 1,
        }
    }
}

/// SNMP; the MIB of LVS is not served.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Snmp {
    /// `snmp_socket`: address of the SNMP master agent; `None` is `unix:/var/agentx/master`.
    pub socket: Option<String>,
    /// `enable_snmp_vrrp`.
    pub vrrp: bool,
    /// `enable_snmp_rfcv2`, also set by `enable_snmp_rfc`.
    pub rfc_v2: bool,
    /// `enable_snmp_rfcv3`, also set by `enable_snmp_rfc`.
    pub rfc_v3: bool,
    /// `enable_traps`.
    pub traps: bool,
}

/// D-Bus.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Dbus {
    /// `enable_dbus`.
    pub enabled: bool,
    /// `dbus_service_name`; `None` is `org.keepalived.Vrrp1`.
    pub service_name: Option<String>,
    /// `dbus_no_interface_name`: path element of instances without interface.
    pub no_interface_name: Option<String>,
}
