//! Defaults of instances and what concerns VRRP as a whole (spec config-language 11.4).

use std::net::IpAddr;
use std::time::Duration;

use evervip_model::Version;

use super::path;
use crate::diagnostic::Code;
use crate::lower::Lower;
use crate::read::{Number, plain_address};
use crate::tree::Node;

impl Lower<'_> {
    pub(super) fn vrrp_keyword(&mut self, node: &Node) -> bool {
        match node.keyword().text.as_str() {
            "vrrp_version" => self.global_version(node),
            "vrrp_mcast_group4" => self.multicast_group4(node),
            "vrrp_mcast_group6" => self.multicast_group6(node),
            "vrrp_down_timer_adverts" => self.global_down_timer_adverts(node),
            "default_interface" => {
                let missing = "default_interface requires interface name";
                if let Some(name) = self.argument(node, missing) {
                    self.globals.model.vrrp.default_interface = Some(name.text.clone());
                }
            }
            "dynamic_interfaces" => self.dynamic_interfaces(node),
            "vrrp_startup_delay" => {
                if let Some(delay) = self.start_delay(node) {
                    self.globals.model.vrrp.startup_delay = delay;
                }
            }
            "vrrp_delay_after_boot" => {
                if let Some(delay) = self.start_delay(node) {
                    self.globals.model.vrrp.delay_after_boot = delay;
                }
            }
            "vmac_prefix" => self.vmac_prefix(node),
            "vmac_addr_prefix" => self.vmac_addr_prefix(node),
            "iproute_usr_dir" => {
                if let Some(word) = self.argument(node, "iproute_usr_dir requires a parameter") {
                    self.globals.model.vrrp.iproute_usr_dir = Some(path(word));
                }
            }
            "iproute_etc_dir" => {
                if let Some(word) = self.argument(node, "iproute_etc_dir requires a parameter") {
                    self.globals.model.vrrp.iproute_etc_dir = Some(path(word));
                }
            }
            _ => return self.vrrp_switch(node),
        }
        true
    }

    fn vrrp_switch(&mut self, node: &Node) -> bool {
        match node.keyword().text.as_str() {
            "vrrp_strict" => {
                self.flag_despite_word(node);
                self.globals.instances.strict = true;
            }
            "vrrp_skip_check_adv_addr" => {
                self.flag_despite_word(node);
                self.globals.instances.skip_check_adv_addr = true;
            }
            "vrrp_check_unicast_src" => {
                self.flag_despite_word(node);
                self.globals.instances.check_unicast_source = true;
            }
            "vrrp_lower_prio_no_advert" => {
                if let Some(on) = self.global_switch(node) {
                    self.globals.instances.lower_prio_no_advert = on;
                }
            }
            "vrrp_higher_prio_send_advert" => {
                if let Some(on) = self.global_switch(node) {
                    self.globals.instances.higher_prio_send_advert = on;
                }
            }
            "vrrp_owner_ignore_adverts" => {
                if let Some(on) = self.global_switch(node) {
                    self.globals.model.vrrp.owner_ignore_adverts = on;
                }
            }
            "v3_checksum_as_v2" => self.globals.model.vrrp.v3_checksum_as_v2 = true,
            "log_unknown_vrids" => self.globals.model.log_unknown_vrids = true,
            "disable_local_igmp" => self.globals.model.vrrp.disable_local_igmp = true,
            _ => return false,
        }
        true
    }

    fn global_version(&mut self, node: &Node) {
        let number = Number::whole(2, 3).signed().lenient();
        let version = self.checked_number::<u8>(&node.args()[0], number, |_| {
            "VRRP Error: Version must be either 2 or 3".to_owned()
        });
        match version {
            Some(2) => self.globals.instances.version = Version::V2,
            Some(_) => self.globals.instances.version = Version::V3,
            None => {}
        }
    }

    fn multicast_group4(&mut self, node: &Node) {
        let (name, word) = (&node.keyword().text, &node.args()[0]);
        let text = match plain_address(&word.text) {
            Some(IpAddr::V4(group)) if group.is_multicast() => {
                self.globals.multicast_group = IpAddr::V4(group);
                self.globals.model.vrrp.multicast_group4 = group;
                return;
            }
            Some(IpAddr::V4(_)) => format!("{name} [{}] is not multicast. Skipping", word.text),
            Some(IpAddr::V6(_)) => format!("{name} [{}] is not IPv4. Skipping", word.text),
            None => format!("Can't parse {name} [{}]. Skipping", word.text),
        };
        self.complain(Code::InvalidValue, word.span, text).help =
            Some("use an address from 224.0.0.0 to 239.255.255.255".to_owned());
    }

    fn multicast_group6(&mut self, node: &Node) {
        let (name, word) = (&node.keyword().text, &node.args()[0]);
        let text = match plain_address(&word.text) {
            Some(IpAddr::V6(group)) if group.is_multicast() => {
                self.globals.instances.multicast_group6 = IpAddr::V6(group);
                if group.segments()[0] & 0x0f == 2 {
                    return;
                }
                format!("{name} [{}] should be link-local multicast.", word.text)
            }
            Some(IpAddr::V6(_)) => format!("{name} [{}] is not multicast. Skipping", word.text),
            Some(IpAddr::V4(_)) => format!("{name} [{}] is not IPv6. Skipping", word.text),
            None => format!("Can't parse {name} [{}]. Skipping", word.text),
        };
        self.complain(Code::InvalidValue, word.span, text).help =
            Some("use an address that begins with ff02:".to_owned());
    }

    fn global_down_timer_adverts(&mut self, node: &Node) {
        let number = Number::whole(1, 100).lenient();
        let count = self.checked_number(&node.args()[0], number, |text| {
            format!("Invalid vrrp_down_timer_adverts [1:100] '{text}'")
        });
        if let Some(count) = count {
            self.globals.instances.down_timer_adverts = count;
        }
    }

    fn dynamic_interfaces(&mut self, node: &Node) {
        self.globals.model.dynamic_interfaces = true;
        match node.args().first() {
            Some(word) if word.text == "allow_if_changes" => {
                self.globals.model.vrrp.allow_interface_changes = true;
            }
            Some(word) => {
                let text = format!("Unknown dynamic_interfaces option '{}'", word.text);
                self.complain(Code::InvalidValue, word.span, text).help = Some(
                    "dynamic_interfaces is on all the same; the only option is allow_if_changes"
                        .to_owned(),
                );
            }
            None => {}
        }
    }

    fn start_delay(&mut self, node: &Node) -> Option<Duration> {
        let name = &node.keyword().text;
        let number = Number::micros(1000, i64::from(u32::MAX)).lenient();
        let invalid = |text: &str| format!("{name} '{text}' is invalid");
        let micros = self.checked_number(&node.args()[0], number, invalid);
        micros.map(Duration::from_micros)
    }

    fn vmac_prefix(&mut self, node: &Node) {
        let word = &node.args()[0];
        if self.globals.has_vmac_prefix {
            self.second_prefix("vmac", node);
            return;
        }
        self.globals.has_vmac_prefix = true;
        self.globals.model.vrrp.vmac_prefix = word.text.clone();
    }

    fn vmac_addr_prefix(&mut self, node: &Node) {
        if self.globals.model.vrrp.vmac_addr_prefix.is_some() {
            self.second_prefix("vmac_addr", node);
            return;
        }
        self.globals.model.vrrp.vmac_addr_prefix = Some(node.args()[0].text.clone());
    }

    fn second_prefix(&mut self, what: &str, node: &Node) {
        let word = &node.args()[0];
        let text = format!(
            "{what} prefix has already been specified - ignoring {}",
            word.text
        );
        self.complain(Code::Duplicate, word.span, text).help = Some("keep one".to_owned());
    }
}
