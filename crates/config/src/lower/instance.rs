//! `vrrp_instance` (spec vrrp-keywords 4 and 5.1).

use std::collections::HashSet;

use evervip_model::{Family, InitialState, Priority, Version, Vrid};

use super::Lower;
use super::draft::{AuthType, InstanceDraft, NotifyDraft, Trackers};
use super::global::SWITCH_HELP;
use crate::diagnostic::Code;
use crate::keyword::Block;
use crate::read::Number;
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
        let mut draft = self.new_instance(&name.text, node);
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
        self.instances.push(draft);
    }

    /// With the defaults that are copied at the opening line.
    fn new_instance(&self, name: &str, node: &Node) -> InstanceDraft {
        let globals = &self.globals;
        InstanceDraft {
            name: name.to_owned(),
            span: node.args().first().map_or(node.span(), |t| t.span),
            state: None,
            interface: None,
            vrid: None,
            priority: None,
            version: None,
            family: None,
            advert_interval: 1_000_000,
            nopreempt: false,
            preempt_delay: 0,
            down_timer_adverts: globals.down_timer_adverts,
            skip_check_adv_addr: globals.skip_check_adv_addr,
            strict: None,
            lower_prio_no_advert: None,
            higher_prio_send_advert: None,
            source: None,
            track_source: false,
            multicast_group: None,
            unicast_wanted: false,
            fault_no_peer: false,
            peers: Vec::new(),
            ttl: None,
            check_unicast_source: globals.check_unicast_source,
            auth_type: None,
            auth_pass: None,
            accept: false,
            addresses: Vec::new(),
            seen_addresses: HashSet::new(),
            seen_peers: HashSet::new(),
            excluded: Vec::new(),
            trackers: Trackers::default(),
            track_primary: true,
            promotes_for_vmac: false,
            garp: super::draft::GarpDraft {
                lower_delay: None,
                lower_repeat: None,
                ..globals.garp
            },
            notify: NotifyDraft::default(),
        }
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

    fn state(&mut self, draft: &mut InstanceDraft, node: &Node) {
        let word = &node.args()[0];
        let name = &draft.name;
        let state = match word.text.as_str() {
            "MASTER" => InitialState::Master,
            "BACKUP" => InitialState::Backup,
            other => {
                let text = format!("({name}) unknown state '{other}', defaulting to BACKUP");
                self.complain(Code::InvalidValue, word.span, text).help =
                    Some("use MASTER or BACKUP, in capitals".to_owned());
                InitialState::Backup
            }
        };
        if state == InitialState::Backup && draft.state == Some(InitialState::Master) {
            let text = format!("({name}) state previously set as MASTER - ignoring BACKUP");
            self.complain(Code::Duplicate, word.span, text);
            return;
        }
        draft.state = Some(state);
    }

    fn interface(&mut self, draft: &mut InstanceDraft, node: &Node) {
        let word = &node.args()[0];
        let name = draft.name.clone();
        if word.bytes.len() > LONGEST_INTERFACE_NAME {
            let text = format!("Interface name '{}' too long - ignoring", word.text);
            self.complain(Code::InvalidValue, word.span, text);
            return;
        }
        if !self.interface_usable(&word.text) {
            let text = format!(
                "WARNING - interface {} for vrrp_instance {name} doesn't exist",
                word.text
            );
            let help = self.interface_help(&word.text);
            self.complain(Code::MissingInterface, word.span, text).help = Some(help);
            return;
        }
        if self.host.interface(&word.text).is_some_and(|i| i.loopback) {
            let text = format!(
                "({name}) cannot use a loopback interface ({}) for vrrp - ignoring",
                word.text
            );
            self.complain(Code::InvalidValue, word.span, text);
            return;
        }
        draft.interface = Some(word.text.clone());
    }

    fn virtual_router_id(&mut self, draft: &mut InstanceDraft, node: &Node) {
        let word = &node.args()[0];
        let number = self.number(word, Number::whole(1, 255));
        let vrid = number.and_then(|n| u8::try_from(n).ok());
        match vrid.and_then(|n| Vrid::new(n).ok()) {
            Some(vrid) => draft.vrid = Some(vrid),
            None => {
                let text = format!(
                    "({}): VRID '{}' not valid - must be between 1 & 255",
                    draft.name, word.text
                );
                self.complain(Code::OutOfRange, word.span, text);
            }
        }
    }

    fn priority(&mut self, draft: &mut InstanceDraft, node: &Node) {
        let word = &node.args()[0];
        let number = self.number(word, Number::whole(1, 255));
        let priority = number.and_then(|n| u8::try_from(n).ok());
        draft.priority = match priority.and_then(|n| Priority::new(n).ok()) {
            Some(priority) => Some(priority),
            None => {
                let text = format!(
                    "({}) Priority not valid! must be between 1 & 255. Using default 100",
                    draft.name
                );
                self.complain(Code::OutOfRange, word.span, text);
                Some(Priority::DEFAULT)
            }
        };
    }

    fn advert_int(&mut self, draft: &mut InstanceDraft, node: &Node) {
        let word = &node.args()[0];
        let number = self.number(word, Number::micros(10_000, 255_000_000).lenient());
        match number.and_then(|n| u64::try_from(n).ok()) {
            Some(micros) => draft.advert_interval = micros,
            None => {
                let text = format!(
                    "({}) Advert interval ({}) not valid! Must be > 0 - ignoring",
                    draft.name, word.text
                );
                self.complain(Code::OutOfRange, word.span, text).help =
                    Some("use seconds from 0.01 to 255, the same on all members".to_owned());
            }
        }
    }

    fn version(&mut self, draft: &mut InstanceDraft, node: &Node) {
        let word = &node.args()[0];
        let version = match self.number(word, Number::whole(2, 3).lenient()) {
            Some(2) => Version::V2,
            Some(_) => Version::V3,
            None => {
                let text = format!("({}): Version must be either 2 or 3", draft.name);
                self.complain(Code::OutOfRange, word.span, text);
                return;
            }
        };
        let deduced = draft
            .version
            .or((draft.family == Some(Family::Inet6)).then_some(Version::V3));
        match deduced {
            Some(known) if known != version => {
                let text = format!(
                    "({}) vrrp_version {} conflicts with configured or deduced version {}; ignoring.",
                    draft.name,
                    version.number(),
                    known.number()
                );
                self.complain(Code::Conflict, word.span, text);
            }
            _ => draft.version = Some(version),
        }
    }

    /// `preempt off` turns preemption on: worth a hint.
    fn preempt(&mut self, draft: &mut InstanceDraft, node: &Node) {
        draft.nopreempt = false;
        if let Some(word) = node
            .args()
            .first()
            .filter(|w| crate::read::switch(&w.text) == Some(false))
        {
            let text = format!(
                "({}) 'preempt {}' means preempt: its word is ignored",
                draft.name, word.text
            );
            self.log(Code::Suspicious, word.span, text).help = Some("write nopreempt".to_owned());
        }
    }

    fn accept(&mut self, draft: &mut InstanceDraft, node: &Node) {
        draft.accept = true;
        if let Some(word) = node
            .args()
            .first()
            .filter(|w| crate::read::switch(&w.text) == Some(false))
        {
            let text = format!(
                "({}) 'accept {}' means accept: its word is ignored",
                draft.name, word.text
            );
            self.log(Code::Suspicious, word.span, text).help = Some("write no_accept".to_owned());
        }
    }

    fn preempt_delay(&mut self, draft: &mut InstanceDraft, node: &Node) {
        let word = &node.args()[0];
        let number = self.number(word, Number::micros(0, 1_000_000_000).lenient());
        draft.preempt_delay = match number.and_then(|n| u64::try_from(n).ok()) {
            Some(micros) => micros,
            None => {
                let text = format!(
                    "({}) Preempt_delay not valid! must be between 0-1000",
                    draft.name
                );
                self.complain(Code::OutOfRange, word.span, text);
                0
            }
        };
    }

    fn down_timer_adverts(&mut self, draft: &mut InstanceDraft, node: &Node) {
        let word = &node.args()[0];
        let number = self.number(word, Number::whole(1, 100).lenient());
        match number.and_then(|n| u8::try_from(n).ok()) {
            Some(n) => draft.down_timer_adverts = n,
            None => {
                let text = format!(
                    "({}): Invalid down_timer_adverts [1:100] '{}'",
                    draft.name, word.text
                );
                self.complain(Code::OutOfRange, word.span, text);
            }
        }
    }

    fn debug(&mut self, draft: &InstanceDraft, node: &Node) {
        let word = &node.args()[0];
        if self.number(word, Number::whole(0, 4).lenient()).is_none() {
            let text = format!(
                "({}) Debug value '{}' not valid; must be between 0-4",
                draft.name, word.text
            );
            self.complain(Code::OutOfRange, word.span, text);
        }
    }

    fn instance_switch(&mut self, draft: &mut InstanceDraft, node: &Node) {
        let word = node.keyword().text.as_str();
        let Some(on) = Self::optional_switch(node) else {
            let value = node.args().first().map_or("", |t| t.text.as_str());
            let text = format!("({}) invalid {word} {value} specified", draft.name);
            self.complain(Code::InvalidValue, node.span(), text).help =
                Some(SWITCH_HELP.to_owned());
            return;
        };
        match word {
            // Any valid word switches it on (spec vrrp-keywords 4.1).
            "skip_check_adv_addr" => {
                draft.skip_check_adv_addr = true;
                if !on {
                    let text = format!(
                        "({}) skip_check_adv_addr is switched on by any word",
                        draft.name
                    );
                    self.log(Code::Suspicious, node.span(), text).help =
                        Some("remove the line".to_owned());
                }
            }
            "strict_mode" => draft.strict = Some(on),
            "lower_prio_no_advert" => draft.lower_prio_no_advert = Some(on),
            "higher_prio_send_advert" => draft.higher_prio_send_advert = Some(on),
            _ => {}
        }
    }

    fn instance_garp(&mut self, draft: &mut InstanceDraft, node: &Node) {
        let word = node.keyword().text.clone();
        let who = format!("({}): {word}", draft.name);
        let mut garp = draft.garp;
        let otherwise = format!("({}): {word} '{{}}' invalid - ignoring", draft.name);
        match word.as_str() {
            "garp_master_delay" => self.garp_delay(node, &who, |v| garp.delay = v),
            "garp_lower_prio_delay" => self.garp_delay(node, &who, |v| garp.lower_delay = Some(v)),
            "garp_master_repeat" => self.garp_repeat(node, &who, &otherwise, |v| garp.repeat = v),
            "garp_master_refresh_repeat" => {
                self.garp_repeat(node, &who, &otherwise, |v| garp.refresh_repeat = v);
            }
            "garp_master_refresh" => {
                garp.refresh = 0;
                self.garp_refresh(node, &who, |v| garp.refresh = v);
            }
            "garp_lower_prio_repeat" => {
                self.garp_lower_repeat(node, &who, |v| garp.lower_repeat = Some(v));
            }
            _ => {}
        }
        draft.garp = garp;
    }

    fn authentication(&mut self, draft: &mut InstanceDraft, node: &Node) {
        let word = &node.args()[0];
        if node.keyword().text == "auth_type" {
            draft.auth_type = match word.text.as_str() {
                "PASS" => Some(AuthType::Pass),
                "AH" => Some(AuthType::Header),
                other => {
                    let text = format!("({}) unknown authentication type '{other}'", draft.name);
                    self.complain(Code::InvalidValue, word.span, text).help = Some(
                        "use PASS, in capitals; until then there is no authentication".to_owned(),
                    );
                    None
                }
            };
            return;
        }
        if word.bytes.len() > 8 {
            self.complain(
                Code::InvalidValue,
                word.span,
                "Truncating auth_pass to 8 characters",
            )
            .help = Some("shorten it; only the first 8 count".to_owned());
        }
        let mut pass = [0; 8];
        for (to, from) in pass.iter_mut().zip(&word.bytes) {
            *to = *from;
        }
        draft.auth_pass = Some(pass);
    }
}

/// IFNAMSIZ without its terminating zero.
const LONGEST_INTERFACE_NAME: usize = 15;
