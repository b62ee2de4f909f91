//! `vrrp_instance` (spec vrrp-keywords 4 and 5.1).

mod authentication;
mod election;
mod garp;
mod switch;
mod unicast;

use super::Lower;
use super::draft::InstanceDraft;
use crate::diagnostic::Code;
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
        if draft.ttl.is_some() && draft.peers.is_empty() {
            let end = node.end();
            let text = format!(
                "({}): Cannot use unicast_ttl without unicast peers - resetting",
                draft.name
            );
            self.complain(Code::Conflict, end, text);
            draft.ttl = Some(0);
        }
        let has = |word: &str| node.nodes().iter().any(|n| n.keyword().text == word);
        draft.promotes_for_vmac = has("promote_secondaries") && has("use_vmac");
        draft.close();
        self.instances.push(draft);
    }

    fn instance_keyword(&mut self, draft: &mut InstanceDraft, node: &Node) {
        let name = draft.name.clone();
        match node.keyword().text.as_str() {
            "state" => self.state(draft, node),
            "interface" => self.interface(draft, node),
            "virtual_router_id" => self.virtual_router_id(draft, node),
            "priority" => self.priority(draft, node),
            "advert_int" => self.advert_int(draft, node),
            "version" => self.version(draft, node),
            "nopreempt" => draft.nopreempt = true,
            "preempt" => self.preempt(draft, node),
            "preempt_delay" => self.preempt_delay(draft, node),
            "down_timer_adverts" => self.down_timer_adverts(draft, node),
            "debug" => self.debug(draft, node),
            "mcast_src_ip" => self.source_address(draft, node),
            "unicast_src_ip" => {
                draft.unicast_wanted = true;
                self.source_address(draft, node);
            }
            "mcast_dst_ip" => self.multicast_group(draft, node),
            "unicast_peer" => self.unicast_peers(draft, node),
            "unicast_fault_no_peer" => {
                draft.unicast_wanted = true;
                draft.fault_no_peer = true;
            }
            "unicast_ttl" => self.unicast_ttl(draft, node),
            "check_unicast_src" => {
                draft.unicast_wanted = true;
                draft.check_unicast_source = true;
            }
            "track_src_ip" => draft.track_source = true,
            "virtual_ipaddress" => self.virtual_addresses(draft, node, false),
            "virtual_ipaddress_excluded" => self.virtual_addresses(draft, node, true),
            "accept" => self.accept(draft, node),
            "track_interface" => self.track_interfaces(&mut draft.trackers, &name, node),
            "track_script" => self.track_scripts(&mut draft.trackers, &name, node),
            "dont_track_primary" => draft.track_primary = false,
            "authentication" => {
                self.keywords(node.nodes(), Block::Authentication, |lower, node| {
                    lower.authentication(draft, node);
                });
            }
            word if word.starts_with("garp_") => self.instance_garp(draft, node),
            word if word.starts_with("notify") => {
                self.notify(&mut draft.notify, &format!("({name})"), node);
            }
            _ => self.instance_switch(draft, node),
        }
    }
}
