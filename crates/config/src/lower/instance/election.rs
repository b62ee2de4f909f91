//! Which state, how urgent, how often (spec vrrp-keywords 4.1).

use evervip_model::{Family, InitialState, Priority, Version, Vrid};

use crate::diagnostic::Code;
use crate::keyword;
use crate::lower::Lower;
use crate::lower::draft::InstanceDraft;
use crate::read::Number;
use crate::tree::Node;

impl Lower<'_> {
    pub(super) fn election_keyword(&mut self, draft: &mut InstanceDraft, node: &Node) {
        match node.keyword().text.as_str() {
            "state" => self.state(draft, node),
            "interface" => self.interface(draft, node),
            "vrf" => self.vrf(draft, node),
            "virtual_router_id" => self.virtual_router_id(draft, node),
            "priority" => self.priority(draft, node),
            "advert_int" => self.advert_int(draft, node),
            "version" => self.version(draft, node),
            "native_ipv6" => self.native_inet6(draft, node),
            "nopreempt" => draft.nopreempt = true,
            "preempt" => self.preempt(draft, node),
            "preempt_delay" => self.preempt_delay(draft, node),
            "down_timer_adverts" => self.down_timer_adverts(draft, node),
            "timer_expired_backup" => self.timer_expired_backup(draft, node),
            "thread_timer_expired" => {
                let text = format!(
                    "({}) thread_timer_expired - replace with timer_expired_backup",
                    draft.name
                );
                self.deprecated(node, text);
                self.timer_expired_backup(draft, node);
            }
            _ => self.debug(draft, node),
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
                self.complain(Code::UnknownState, word.span, text).help =
                    Some(state_help(other).to_owned());
                draft.state = Some(InitialState::Backup);
                return;
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
        if word.bytes().len() > LONGEST_INTERFACE_NAME {
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
            self.complain(Code::InvalidValue, word.span, text).help =
                Some("name the interface that the machines share".to_owned());
            // An earlier one is forgotten, too.
            draft.interface = None;
            return;
        }
        draft.interface = Some(word.text.clone());
    }

    /// Only for instances without interface, which is looked at again after the file.
    fn vrf(&mut self, draft: &mut InstanceDraft, node: &Node) {
        let word = &node.args()[0];
        let name = draft.name.clone();
        let problem = if draft.interface.is_some() {
            "Cannot specify VRF interface and interface - ignoring".to_owned()
        } else if let Some(earlier) = &draft.vrf {
            format!("VRF interface already specified as '{earlier}' - ignoring")
        } else if word.bytes().len() > LONGEST_INTERFACE_NAME {
            format!("VRF interface name '{}' too long - ignoring", word.text)
        } else if !self.interface_usable(&word.text) {
            let text = format!(
                "({name}) WARNING - VRF interface {} doesn't exist",
                word.text
            );
            let help = self.interface_help(&word.text);
            self.complain(Code::MissingInterface, word.span, text).help = Some(help);
            return;
        } else if self.host.interface(&word.text).is_some_and(|i| i.loopback) {
            format!(
                "cannot use a loopback interface ({}) for VRF - ignoring",
                word.text
            )
        } else {
            draft.vrf = Some(word.text.clone());
            return;
        };
        self.complain(Code::Conflict, word.span, format!("({name}) {problem}"))
            .help = Some("write one vrf IFNAME, and no interface".to_owned());
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
        let version = match self.number(word, Number::whole(2, 3).lenient().signed()) {
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
        if deduced.is_some_and(|known| known != version) {
            let text = format!(
                "({}) vrrp_version {} conflicts with configured or deduced version {}; ignoring.",
                draft.name,
                version.number(),
                // The original has no number for what follows from the addresses.
                draft.version.map_or(0, Version::number)
            );
            self.complain(Code::Conflict, word.span, text).help =
                Some("write version once; IPv6 needs version 3".to_owned());
            return;
        }
        draft.version = Some(version);
    }

    fn native_inet6(&mut self, draft: &mut InstanceDraft, node: &Node) {
        if draft.family == Some(Family::Inet) {
            let text = format!(
                "({}) Cannot specify native_ipv6 with IPv4 addresses",
                draft.name
            );
            self.complain(Code::Conflict, node.span(), text).help =
                Some("remove the line".to_owned());
            return;
        }
        draft.family = Some(Family::Inet6);
        draft.version = Some(Version::V3);
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
            self.log(Code::OffMeansOn, word.span, text).help = Some("write nopreempt".to_owned());
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

    fn timer_expired_backup(&mut self, draft: &mut InstanceDraft, node: &Node) {
        let Some(word) = node.args().first() else {
            draft.timer_expired_backup = Some(254);
            return;
        };
        let number = self.number(word, Number::whole(1, 254));
        match number.and_then(|n| u8::try_from(n).ok()) {
            Some(n) => draft.timer_expired_backup = Some(n),
            None => {
                let text = format!(
                    "({}) {} '{}' must be between 1 and 254 - ignoring",
                    draft.name,
                    node.keyword().text,
                    word.text
                );
                self.complain(Code::OutOfRange, word.span, text).help =
                    Some("write the highest priority of the other machines".to_owned());
            }
        }
    }

    fn debug(&mut self, draft: &mut InstanceDraft, node: &Node) {
        let word = &node.args()[0];
        let number = self.number(word, Number::whole(0, 4).lenient());
        match number.and_then(|n| u8::try_from(n).ok()) {
            Some(level) => draft.debug = level,
            None => {
                let text = format!(
                    "({}) Debug value '{}' not valid; must be between 0-4",
                    draft.name, word.text
                );
                self.complain(Code::OutOfRange, word.span, text).help =
                    Some("remove the line: it has no effect".to_owned());
            }
        }
    }
}

/// What a word in the place of MASTER or BACKUP was probably meant to be.
fn state_help(word: &str) -> &'static str {
    let states = ["MASTER", "BACKUP"].into_iter();
    let lower: Vec<_> = states.clone().map(str::to_lowercase).collect();
    match keyword::closest(word, lower.iter().map(String::as_str)) {
        Some("master") => "did you mean 'MASTER'?",
        Some("backup") => "did you mean 'BACKUP'?",
        _ => {
            "write BACKUP, or MASTER on the node that shall begin; the priority decides in the end"
        }
    }
}

/// IFNAMSIZ without its terminating zero.
pub(super) const LONGEST_INTERFACE_NAME: usize = 15;
