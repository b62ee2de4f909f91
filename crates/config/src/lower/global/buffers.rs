//! Sizes of receive buffers (spec config-language 11.4).

use evervip_model::{NetlinkBuffer, ReceivePolicy};

use crate::diagnostic::Code;
use crate::lower::Lower;
use crate::read::Number;
use crate::tree::Node;

impl Lower<'_> {
    pub(super) fn buffer_keyword(&mut self, node: &Node) -> bool {
        let name = node.keyword().text.as_str();
        match name {
            "vrrp_rx_bufs_policy" => self.receive_policy(node),
            "vrrp_rx_bufs_multiplier" => self.receive_multiplier(node),
            _ if name.ends_with("_rcv_bufs") => self.netlink_bytes(node),
            _ if name.ends_with("_rcv_bufs_force") => self.netlink_force(node),
            _ => return false,
        }
        true
    }

    fn netlink_buffer(&mut self, name: &str) -> &mut NetlinkBuffer {
        let buffers = &mut self.globals.model.buffers;
        if name.starts_with("vrrp_netlink_cmd_") {
            &mut buffers.netlink_commands
        } else if name.starts_with("vrrp_netlink_monitor_") {
            &mut buffers.netlink_monitor
        } else if name.starts_with("process_monitor_") {
            &mut buffers.process_monitor
        } else if name.starts_with("lvs_netlink_cmd_") {
            &mut self.globals.checkers.netlink_commands
        } else {
            &mut self.globals.checkers.netlink_monitor
        }
    }

    fn netlink_bytes(&mut self, node: &Node) {
        let name = &node.keyword().text;
        let Some(word) = self.argument(node, &format!("{name} size missing")) else {
            return;
        };
        let number = Number::whole(0, i64::from(u32::MAX));
        let invalid = |text: &str| format!("{name} size ({text}) invalid");
        let bytes = self.checked_number(word, number, invalid);
        if let Some(bytes) = bytes {
            self.netlink_buffer(name).bytes = bytes;
        }
    }

    fn netlink_force(&mut self, node: &Node) {
        let on = self.named_switch(node);
        if let Some(on) = on {
            self.netlink_buffer(&node.keyword().text).force = on;
        }
    }

    /// MTU goes before ADVERT, and a number before both.
    fn receive_policy(&mut self, node: &Node) {
        if self.argument(node, "vrrp_rx_bufs_policy missing").is_none() {
            return;
        }
        for word in node.args() {
            let policy = &mut self.globals.receive_policy;
            if word.text.eq_ignore_ascii_case("MTU") {
                policy.mtu = true;
            } else if word.text.eq_ignore_ascii_case("ADVERT") {
                policy.advert = true;
            } else {
                let number = Number::whole(0, i64::from(u32::MAX));
                let invalid = |text: &str| format!("Invalid vrrp_rx_bufs_policy {text}");
                let bytes = self.checked_number(word, number, invalid);
                let policy = &mut self.globals.receive_policy;
                policy.bytes = bytes.or(policy.bytes);
            }
        }
        let policy = &mut self.globals.receive_policy;
        let mut conflict = None;
        if policy.bytes.is_some() && (policy.mtu || policy.advert) {
            (policy.mtu, policy.advert) = (false, false);
            conflict = Some("Cannot set vrrp_rx_bufs_policy size and policy, ignoring policy");
        } else if policy.mtu && policy.advert {
            policy.advert = false;
            conflict = Some("Cannot set both vrrp_rx_bufs_policy MTU and ADVERT, ignoring ADVERT");
        }
        self.globals.model.buffers.policy = match (policy.bytes, policy.mtu, policy.advert) {
            (Some(bytes), ..) => ReceivePolicy::Bytes(bytes),
            (None, true, _) => ReceivePolicy::Mtu,
            (None, false, true) => ReceivePolicy::Advert,
            (None, false, false) => ReceivePolicy::System,
        };
        if let Some(text) = conflict {
            self.complain(Code::Conflict, node.span(), text).help =
                Some("write one of MTU, ADVERT and a number of bytes".to_owned());
        }
    }

    /// Exactly one word.
    fn receive_multiplier(&mut self, node: &Node) {
        let [word] = node.args() else {
            self.complain(
                Code::InvalidValue,
                node.span(),
                "Invalid vrrp_rx_bufs_multiplier",
            )
            .help = Some("write one number, at least 1".to_owned());
            return;
        };
        let number = Number::whole(1, i64::from(u32::MAX));
        let invalid = |text: &str| format!("Invalid vrrp_rx_bufs_multiplier {text}");
        if let Some(multiplier) = self.checked_number(word, number, invalid) {
            self.globals.model.buffers.multiplier = multiplier;
        }
    }
}
