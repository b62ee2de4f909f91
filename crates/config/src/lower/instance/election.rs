//! Which state, how urgent, how often (spec vrrp-keywords 4.1).

use evervip_model::{Family, InitialState, Priority, Version, Vrid};

use crate::diagnostic::Code;
use crate::lower::Lower;
use crate::lower::draft::InstanceDraft;
use crate::read::Number;
use crate::tree::Node;

impl Lower<'_> {
    pub(super) fn state(&mut self, draft: &mut InstanceDraft, node: &Node) {
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

    pub(super) fn interface(&mut self, draft: &mut InstanceDraft, node: &Node) {
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
            self.complain(Code::InvalidValue, word.span, text);
            return;
        }
        draft.interface = Some(word.text.clone());
    }

    pub(super) fn virtual_router_id(&mut self, draft: &mut InstanceDraft, node: &Node) {
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

    pub(super) fn priority(&mut self, draft: &mut InstanceDraft, node: &Node) {
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

    pub(super) fn advert_int(&mut self, draft: &mut InstanceDraft, node: &Node) {
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

    pub(super) fn version(&mut self, draft: &mut InstanceDraft, node: &Node) {
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
    pub(super) fn preempt(&mut self, draft: &mut InstanceDraft, node: &Node) {
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

    pub(super) fn accept(&mut self, draft: &mut InstanceDraft, node: &Node) {
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

    pub(super) fn preempt_delay(&mut self, draft: &mut InstanceDraft, node: &Node) {
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

    pub(super) fn down_timer_adverts(&mut self, draft: &mut InstanceDraft, node: &Node) {
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

    pub(super) fn debug(&mut self, draft: &InstanceDraft, node: &Node) {
        let word = &node.args()[0];
        if self.number(word, Number::whole(0, 4).lenient()).is_none() {
            let text = format!(
                "({}) Debug value '{}' not valid; must be between 0-4",
                draft.name, word.text
            );
            self.complain(Code::OutOfRange, word.span, text);
        }
    }
}

/// IFNAMSIZ without its terminating zero.
const LONGEST_INTERFACE_NAME: usize = 15;
