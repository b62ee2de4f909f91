//! `vrrp_instance` (spec vrrp-keywords 4 and 5.1).

mod authentication;
mod election;
mod garp;
mod hmac;
mod ipvlan;
mod lvs_sync;
mod notify;
mod switch;
mod unicast;
mod virtual_mac;

use super::Lower;
use super::draft::InstanceDraft;
use crate::diagnostic::{Class, Code, Diagnostic};
use crate::keyword::Block;
use crate::tree::Node;

impl Lower<'_> {
    pub(super) fn instance(&mut self, node: &Node) {
        self.has_vrrp = true;
        let [name] = node.args() else {
            self.complain(
                Code::MissingParameter,
                node.span(),
                "vrrp_instance must have a name",
            )
            .help = Some("write vrrp_instance NAME {".to_owned());
            return;
        };
        if !self.instance_names.insert(name.text.clone()) {
            let text = format!("vrrp instance {} already defined", name.text);
            self.complain(Code::Duplicate, name.span, text).help =
                Some("give it another name; this block is skipped".to_owned());
            return;
        }
        self.owner.clone_from(&name.text);
        let mut draft = InstanceDraft::new(&name.text, name.span, &self.globals);
        self.keywords(node.nodes(), Block::Instance, |lower, node| {
            lower.instance_keyword(&mut draft, node);
        });
        self.instance_end(&mut draft, node);
        draft.close();
        self.instances.push(draft);
    }

    fn instance_keyword(&mut self, draft: &mut InstanceDraft, node: &Node) {
        let name = draft.name.clone();
        match node.keyword().text.as_str() {
            "state"
            | "interface"
            | "vrf"
            | "virtual_router_id"
            | "priority"
            | "advert_int"
            | "version"
            | "native_ipv6"
            | "nopreempt"
            | "preempt"
            | "preempt_delay"
            | "down_timer_adverts"
            | "timer_expired_backup"
            | "thread_timer_expired"
            | "debug" => {
                self.election_keyword(draft, node);
            }
            "mcast_src_ip"
            | "unicast_src_ip"
            | "mcast_dst_ip"
            | "unicast_peer"
            | "unicast_fault_no_peer"
            | "unicast_ttl"
            | "check_unicast_src"
            | "old_unicast_checksum"
            | "kernel_rx_buf_size" => self.delivery_keyword(draft, node),
            "use_vmac" | "use_ipvlan" | "use_vmac_addr" | "vmac_xmit_base" => {
                self.virtual_interface_keyword(draft, node);
            }
            "track_src_ip" => draft.track_source = true,
            "virtual_ipaddress" => self.virtual_addresses(draft, node, false),
            "virtual_ipaddress_excluded" => self.virtual_addresses(draft, node, true),
            "no_virtual_ipaddress" => draft.no_addresses = true,
            "promote_secondaries" => draft.promote_secondaries = true,
            "accept" => self.accept(draft, node),
            "no_accept" => draft.accept = Some(false),
            "track_interface" => self.track_interfaces(&mut draft.trackers, &name, node),
            "track_script" => self.track_scripts(&mut draft.trackers, &name, node),
            "virtual_routes" => {
                let routes = self.virtual_routes(node);
                draft.routes.extend(routes);
            }
            "virtual_rules" => {
                let rules = self.virtual_rules(node);
                draft.rules.extend(rules);
            }
            "track_file" => self.track_files(&mut draft.trackers, &name, node),
            "track_process" => self.track_processes(&mut draft.trackers, &name, node),
            "track_bfd" => self.track_bfd(&mut draft.trackers, &name, node),
            "dont_track_primary" => draft.track_primary = false,
            "linkbeat_use_polling" => self.linkbeat_polling(draft, node),
            "authentication" => {
                self.keywords(node.nodes(), Block::Authentication, |lower, node| {
                    lower.authentication(draft, node);
                });
            }
            "auth_hmac" => self.auth_hmac(draft, node),
            "lvs_sync_daemon_interface" => self.lvs_sync_interface(draft, node),
            "notify_priority_changes" => self.instance_switch(draft, node),
            "notify_deleted" => self.notify_deleted(draft, node),
            "fault_latch" => self.fault_latch(draft, node),
            word if word.starts_with("garp_") || word == "vmac_garp_intvl" => {
                self.instance_garp(draft, node);
            }
            word if word.starts_with("notify") => {
                self.notify(&mut draft.notify, &format!("({name})"), node);
            }
            _ => self.instance_switch(draft, node),
        }
    }

    /// What the original says at the closing brace.
    fn instance_end(&mut self, draft: &mut InstanceDraft, node: &Node) {
        let name = draft.name.clone();
        let end = node.end();
        if draft.ttl.is_some() && draft.peers.is_empty() {
            let text =
                format!("({name}): Cannot use unicast_ttl without unicast peers - resetting");
            self.complain(Code::Conflict, end, text).help =
                Some("remove it, or add unicast_peer { ADDRESS }".to_owned());
            draft.ttl = Some(0);
        }
        if !draft.unicast_wanted || (draft.virtual_mac.is_none() && draft.ipvlan.is_none()) {
            return;
        }
        if draft.interface.is_none() {
            let text = format!(
                "({name}): Cannot use VMAC/ipvlan with unicast and no interface - clearing use_vmac"
            );
            self.complain(Code::Conflict, end, text).help =
                Some("write interface IFNAME".to_owned());
            draft.virtual_mac = None;
            draft.ipvlan = None;
        } else if !draft.transmit_on_base {
            let text = format!("({name}) unicast with use_vmac requires vmac_xmit_base - setting");
            self.complain(Code::Conflict, end, text).help = Some("write vmac_xmit_base".to_owned());
            draft.transmit_on_base = true;
        }
    }

    /// `accept no` accepts: worth a hint.
    fn accept(&mut self, draft: &mut InstanceDraft, node: &Node) {
        draft.accept = Some(true);
        if let Some(word) = node
            .args()
            .first()
            .filter(|w| crate::read::switch(&w.text) == Some(false))
        {
            let text = format!(
                "({}) 'accept {}' means accept: its word is ignored",
                draft.name, word.text
            );
            self.log(Code::OffMeansOn, word.span, text).help = Some("write no_accept".to_owned());
        }
    }

    fn linkbeat_polling(&mut self, draft: &mut InstanceDraft, node: &Node) {
        draft.linkbeat_polling = true;
        let text = format!(
            "({}) 'linkbeat_use_polling' in vrrp instance deprecated - use linkbeat_interfaces block",
            draft.name
        );
        self.deprecated(node, text).help =
            Some("write linkbeat_interfaces { IFNAME } outside the instance".to_owned());
    }

    fn deprecated(&mut self, node: &Node, text: impl Into<String>) -> &mut Diagnostic {
        self.say(Diagnostic::new(Code::Deprecated, Class::Deprecated, text).at(node.span()))
    }
}
