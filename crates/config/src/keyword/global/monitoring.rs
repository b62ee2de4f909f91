//! SNMP and D-Bus (spec config-language 11.6).

use crate::keyword::{Keyword, flag, word};

pub(super) const MONITORING: &[Keyword] = &[
    word("snmp_socket", "SOCKET", "Address of the AgentX master.")
        .lenient()
        .default("unix:/var/agentx/master")
        .yes(),
    flag("enable_snmp_vrrp", "Serve the keepalived MIB for VRRP.").yes(),
    flag(
        "enable_snmp_keepalived",
        "Old spelling of enable_snmp_vrrp.",
    )
    .yes(),
    flag("enable_snmp_rfc", "Serve both standard MIBs.").yes(),
    flag("enable_snmp_rfcv2", "Serve the MIB of version 2.").yes(),
    flag("enable_snmp_rfcv3", "Serve the MIB of version 3.").yes(),
    flag("enable_traps", "Send traps.").yes(),
    flag("enable_snmp_checker", "Serve the keepalived MIB for LVS.").lvs(),
    word(
        "snmp_vs_stats_update_interval",
        "0.001 to 30 seconds",
        "Age of virtual server statistics.",
    )
    .since("2.3.0")
    .lvs(),
    word(
        "snmp_rs_stats_update_interval",
        "0.001 to 30 seconds",
        "Age of real server statistics.",
    )
    .since("2.3.0")
    .lvs(),
    flag("enable_dbus", "Offer the D-Bus interface.").yes(),
    word("dbus_service_name", "NAME", "Its bus name.")
        .lenient()
        .default("org.keepalived.Vrrp1")
        .yes()
        .since("1.3.7"),
    word(
        "dbus_no_interface_name",
        "NAME",
        "Path element of instances without interface.",
    )
    .lenient()
    .default("none")
    .yes()
    .since("2.3.0"),
];
