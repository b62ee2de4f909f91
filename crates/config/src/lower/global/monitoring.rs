//! Dumps, SNMP and D-Bus (spec config-language 11.5 and 11.6).

use super::path;
use crate::diagnostic::Code;
use crate::lower::Lower;
use crate::read::Number;
use crate::tree::Node;

impl Lower<'_> {
    pub(super) fn monitoring_keyword(&mut self, node: &Node) -> bool {
        match node.keyword().text.as_str() {
            "data_use_instance" => {
                if let Some(on) = self.named_switch(node) {
                    self.globals.model.dumps.use_instance = on;
                }
            }
            "state_dump_file" | "stats_dump_file" | "json_dump_file" => self.dump_file(node),
            "json_version" => self.json_version(node),
            "snmp_socket" => self.snmp_socket(node),
            "dbus_service_name" => {
                if let Some(name) = self.argument(node, "dbus_service_name missing - ignoring") {
                    self.globals.model.dbus.service_name = Some(name.text.clone());
                }
            }
            "dbus_no_interface_name" => {
                let missing = "dbus_no_interface_name missing - ignoring";
                if let Some(name) = self.argument(node, missing) {
                    self.globals.model.dbus.no_interface_name = Some(name.text.clone());
                }
            }
            name => return self.monitoring_flag(name),
        }
        true
    }

    fn monitoring_flag(&mut self, name: &str) -> bool {
        let snmp = &mut self.globals.model.snmp;
        match name {
            "enable_snmp_vrrp" | "enable_snmp_keepalived" => snmp.vrrp = true,
            "enable_snmp_rfc" => (snmp.rfc_v2, snmp.rfc_v3) = (true, true),
            "enable_snmp_rfcv2" => snmp.rfc_v2 = true,
            "enable_snmp_rfcv3" => snmp.rfc_v3 = true,
            "enable_traps" => snmp.traps = true,
            "enable_dbus" => self.globals.model.dbus.enabled = true,
            _ => return false,
        }
        true
    }

    fn dump_file(&mut self, node: &Node) {
        let name = &node.keyword().text;
        let Some(word) = self.argument(node, &format!("{name} missing - ignoring")) else {
            return;
        };
        let dumps = &mut self.globals.model.dumps;
        let slot = match name.as_str() {
            "state_dump_file" => &mut dumps.state,
            "stats_dump_file" => &mut dumps.statistics,
            _ => &mut dumps.json,
        };
        *slot = Some(path(word));
    }

    fn json_version(&mut self, node: &Node) {
        let Some(word) = self.argument(node, "json_version missing version") else {
            return;
        };
        let invalid = |text: &str| format!("json_version '{text}' invalid - ignoring");
        if let Some(version) = self.checked_number(word, Number::whole(1, 2).lenient(), invalid) {
            self.globals.model.dumps.json_version = version;
        }
    }

    fn snmp_socket(&mut self, node: &Node) {
        let Some(word) = self.argument(node, "SNMP error : snmp socket name missing") else {
            return;
        };
        let (text, help) = if let Some(surplus) = node.args().get(1) {
            (
                "Too many parameters specified for snmp_socket - ignoring".to_owned(),
                format!("remove '{}'", surplus.text),
            )
        } else if let Some(socket) = &self.globals.model.snmp.socket {
            (
                format!("SNMP socket already set to {socket} - ignoring"),
                "keep one".to_owned(),
            )
        } else {
            self.globals.model.snmp.socket = Some(word.text.clone());
            return;
        };
        self.complain(Code::InvalidValue, node.span(), text).help = Some(help);
    }
}
