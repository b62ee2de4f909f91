//! `global_defs` (spec config-language 11).

use std::net::IpAddr;
use std::time::Duration;

use evervip_model::Version;

use super::Lower;
use super::draft::ScriptUser;
use crate::diagnostic::Code;
use crate::load::Mode;
use crate::read::{Number, address, switch};
use crate::tree::Node;

impl Lower<'_> {
    pub(super) fn global_keyword(&mut self, node: &Node) {
        match node.keyword().text.as_str() {
            "router_id" => self.router_id(node),
            "notification_email" => self.mail_recipients(node),
            "notification_email_from" => self.mail_sender(node),
            "smtp_server" => self.smtp_server(node),
            "smtp_connect_timeout" => self.smtp_connect_timeout(node),
            "script_user" => self.script_user(node),
            "enable_script_security" => self.globals.model.script_security = true,
            "dynamic_interfaces" => self.dynamic_interfaces(node),
            "log_unknown_vrids" => self.globals.model.log_unknown_vrids = true,
            "vrrp_check_unicast_src" => self.globals.check_unicast_source = true,
            "include_check" => self.include_check(node),
            "default_interface" if node.args().is_empty() => {
                self.complain(
                    Code::MissingParameter,
                    node.span(),
                    "default_interface requires interface name",
                );
            }
            _ => self.global_vrrp_keyword(node),
        }
    }

    fn global_vrrp_keyword(&mut self, node: &Node) {
        match node.keyword().text.as_str() {
            "vrrp_version" => self.global_version(node),
            "vrrp_mcast_group4" => self.multicast_group4(node),
            "vrrp_strict" => {
                if let Some(on) = Self::optional_switch(node) {
                    self.globals.strict = on;
                }
            }
            "vrrp_skip_check_adv_addr" => {
                if let Some(on) = Self::optional_switch(node) {
                    self.globals.skip_check_adv_addr = on;
                }
            }
            "vrrp_lower_prio_no_advert" => {
                if let Some(on) = self.global_switch(node) {
                    self.globals.lower_prio_no_advert = on;
                }
            }
            "vrrp_higher_prio_send_advert" => {
                if let Some(on) = self.global_switch(node) {
                    self.globals.higher_prio_send_advert = on;
                }
            }
            "vrrp_down_timer_adverts" => self.global_down_timer_adverts(node),
            "vrrp_min_garp" => self.min_garp(node),
            "vrrp_garp_interval" => {
                if let Some(gap) = self.garp_gap(node) {
                    self.globals.model.garp_interval = gap;
                }
            }
            "vrrp_gna_interval" => {
                if let Some(gap) = self.garp_gap(node) {
                    self.globals.model.gna_interval = gap;
                }
            }
            name if name.starts_with("vrrp_garp_") => self.global_garp(node),
            _ => {}
        }
    }

    fn router_id(&mut self, node: &Node) {
        match node.args().first() {
            Some(name) => self.globals.model.router_id = Some(name.text.clone()),
            None => {
                self.complain(
                    Code::MissingParameter,
                    node.span(),
                    "routerid name missing - ignoring",
                );
            }
        }
    }

    fn mail_recipients(&mut self, node: &Node) {
        let words = node.nodes().iter().flat_map(|n| &n.line.tokens);
        let recipients: Vec<_> = words.map(|t| t.text.clone()).collect();
        if recipients.is_empty() {
            self.complain(
                Code::Suspicious,
                node.end(),
                "Warning - empty notification_email block",
            );
        }
        self.globals.model.mail.recipients.extend(recipients);
    }

    fn mail_sender(&mut self, node: &Node) {
        match node.args().first() {
            Some(from) => self.globals.model.mail.from = Some(from.text.clone()),
            None => {
                self.complain(
                    Code::MissingParameter,
                    node.span(),
                    "emailfrom missing - ignoring",
                );
            }
        }
    }

    /// Names are looked up in a configuration test only: this version sends no mail, and a start
    /// must not wait for a name service.
    fn smtp_server(&mut self, node: &Node) {
        let host = node.args()[0].text.clone();
        let port = match node.args().get(1) {
            None => Some(25),
            Some(word) => self
                .number(word, Number::whole(1, 65535))
                .and_then(|n| u16::try_from(n).ok()),
        };
        let known =
            address(&host).is_some() || self.mode == Mode::Start || self.host.resolves(&host);
        match port {
            Some(port) if known => self.globals.model.mail.server = Some((host, port)),
            _ => {
                let port = node.args().get(1).map_or("25", |t| t.text.as_str());
                let text = format!("Invalid smtp server {host} {port}");
                self.complain(Code::InvalidValue, node.span(), text).help =
                    Some("name a host that has an address, and a port from 1 to 65535".to_owned());
            }
        }
    }

    fn smtp_connect_timeout(&mut self, node: &Node) {
        let word = &node.args()[0];
        match self.number(word, Number::whole(0, 4294).lenient()) {
            Some(0) => {
                self.complain(
                    Code::OutOfRange,
                    word.span,
                    "smtp_conect_timeout must be greater than 0, setting to 1",
                );
            }
            Some(_) => {}
            None => {
                let text = format!(
                    "smtp_connect_timeout '{}' must be in [0, 4294] - ignoring",
                    word.text
                );
                self.complain(Code::OutOfRange, word.span, text);
            }
        }
    }

    fn script_user(&mut self, node: &Node) {
        if node.args().is_empty() {
            self.complain(
                Code::MissingParameter,
                node.span(),
                "No script username specified",
            );
            return;
        }
        let (user, group) = (&node.args()[0], node.args().get(1));
        self.globals.script_user = match self.credentials(user, group) {
            Some(credentials) => ScriptUser::Set(credentials),
            None => {
                self.complain(Code::UnknownUser, user.span, "Error setting global script uid/gid").help =
                    Some("name an existing user and group; scripts that name no user of their own are dropped".to_owned());
                ScriptUser::Invalid
            }
        };
    }

    fn dynamic_interfaces(&mut self, node: &Node) {
        self.globals.model.dynamic_interfaces = true;
        if let Some(word) = node.args().first().filter(|w| w.text != "allow_if_changes") {
            let text = format!("Unknown dynamic_interfaces option '{}'", word.text);
            self.complain(Code::InvalidValue, word.span, text);
        }
    }

    fn include_check(&mut self, node: &Node) {
        for word in node.args() {
            let name = word.text.trim_start_matches(['+', '-']);
            if crate::include::Checks::named(name).is_none() {
                let text = format!("Unknown include_check type '{}' - ignoring", word.text);
                self.complain(Code::InvalidValue, word.span, text).help =
                    Some("use read, match, wildcard_match, brace_match".to_owned());
            }
        }
    }

    fn global_version(&mut self, node: &Node) {
        let word = &node.args()[0];
        match self.number(word, Number::whole(2, 3).lenient()) {
            Some(2) => self.globals.version = Version::V2,
            Some(_) => self.globals.version = Version::V3,
            None => {
                self.complain(
                    Code::OutOfRange,
                    word.span,
                    "VRRP Error: Version must be either 2 or 3",
                );
            }
        }
    }

    fn multicast_group4(&mut self, node: &Node) {
        let word = &node.args()[0];
        let name = &node.keyword().text;
        match word.text.parse() {
            Ok(IpAddr::V4(group)) if group.is_multicast() => {
                self.globals.multicast_group = IpAddr::V4(group);
            }
            Ok(IpAddr::V4(_)) => {
                let text = format!("{name} [{}] is not multicast. Skipping", word.text);
                self.complain(Code::InvalidValue, word.span, text);
            }
            _ => {
                let text = format!("Can't parse {name} [{}]. Skipping", word.text);
                self.complain(Code::InvalidValue, word.span, text);
            }
        }
    }

    fn global_switch(&mut self, node: &Node) -> Option<bool> {
        let on = Self::optional_switch(node);
        if on.is_none() {
            let text = format!("Invalid value for {} specified", node.keyword().text);
            self.complain(Code::InvalidValue, node.span(), text).help =
                Some(SWITCH_HELP.to_owned());
        }
        on
    }

    fn global_down_timer_adverts(&mut self, node: &Node) {
        let word = &node.args()[0];
        let number = self.number(word, Number::whole(1, 100).lenient());
        match number.and_then(|n| u8::try_from(n).ok()) {
            Some(n) => self.globals.down_timer_adverts = n,
            None => {
                let text = format!("Invalid vrrp_down_timer_adverts [1:100] '{}'", word.text);
                self.complain(Code::OutOfRange, word.span, text);
            }
        }
    }

    /// Changes only what still has its default, as the original does.
    fn min_garp(&mut self, node: &Node) {
        let on = node.args().first().map_or(Some(true), |w| switch(&w.text));
        match on {
            Some(true) => {
                let garp = &mut self.globals.garp;
                let defaults = super::GlobalDraft::default().garp;
                if garp.repeat == defaults.repeat {
                    garp.repeat = 1;
                }
                if garp.refresh_repeat == defaults.refresh_repeat {
                    garp.refresh_repeat = 1;
                }
                if garp.delay == defaults.delay {
                    garp.delay = 0;
                }
            }
            Some(false) => {}
            None => {
                self.complain(
                    Code::InvalidValue,
                    node.span(),
                    "Invalid value for vrrp_min_garp specified",
                )
                .help = Some(SWITCH_HELP.to_owned());
            }
        }
    }

    fn garp_gap(&mut self, node: &Node) -> Option<Duration> {
        let word = &node.args()[0];
        let name = &node.keyword().text;
        let gap = self.number(word, Number::micros(1, 4_294_967_295).lenient());
        let Some(micros) = gap.and_then(|n| u64::try_from(n).ok()) else {
            let text = format!("{name} '{}' is invalid", word.text);
            self.complain(Code::OutOfRange, word.span, text).help =
                Some("leave the line out for no gap".to_owned());
            return None;
        };
        if micros >= 1_000_000 {
            let text = format!("The {name} is very large - {} seconds", word.text);
            self.log(Code::Suspicious, word.span, text);
        }
        Some(Duration::from_micros(micros))
    }

    fn global_garp(&mut self, node: &Node) {
        let name = node.keyword().text.clone();
        let mut garp = self.globals.garp;
        match name.as_str() {
            "vrrp_garp_master_delay" => self.garp_delay(node, &name, |v| garp.delay = v),
            "vrrp_garp_lower_prio_delay" => {
                self.garp_delay(node, &name, |v| garp.lower_delay = Some(v));
            }
            "vrrp_garp_master_repeat" => {
                self.garp_repeat(
                    node,
                    &name,
                    &format!("{name} '{{}}' invalid - ignoring"),
                    |v| garp.repeat = v,
                );
            }
            "vrrp_garp_master_refresh_repeat" => {
                self.garp_repeat(
                    node,
                    &name,
                    &format!("{name} '{{}}' invalid - ignoring"),
                    |v| {
                        garp.refresh_repeat = v;
                    },
                );
            }
            "vrrp_garp_master_refresh" => self.garp_refresh(node, &name, |v| garp.refresh = v),
            "vrrp_garp_lower_prio_repeat" => {
                self.garp_lower_repeat(node, &name, |v| garp.lower_repeat = Some(v));
            }
            _ => {}
        }
        self.globals.garp = garp;
    }

    // The readers below serve instances too; `who` begins the keyword's own message.

    pub(super) fn garp_delay(&mut self, node: &Node, who: &str, set: impl FnOnce(u32)) {
        let word = &node.args()[0];
        let value = self.number(word, Number::whole(0, 4294).lenient());
        match value.and_then(|n| u32::try_from(n).ok()) {
            Some(n) => set(n),
            None => {
                let text = format!("{who} '{}' invalid - ignoring", word.text);
                self.complain(Code::OutOfRange, word.span, text).help =
                    Some("use whole seconds from 0 to 4294".to_owned());
            }
        }
    }

    /// `otherwise` is the message for a word that is no number, `{}` standing for it.
    pub(super) fn garp_repeat(
        &mut self,
        node: &Node,
        who: &str,
        otherwise: &str,
        set: impl FnOnce(u32),
    ) {
        let word = &node.args()[0];
        let value = self.number(word, Number::whole(0, i64::from(u32::MAX)).lenient());
        match value.and_then(|n| u32::try_from(n).ok()) {
            Some(0) => {
                let text = format!("{who} must be greater than 0, setting to 1");
                self.complain(Code::OutOfRange, word.span, text);
                set(1);
            }
            Some(n) => set(n),
            None => {
                let text = otherwise.replace("{}", &word.text);
                self.complain(Code::OutOfRange, word.span, text);
            }
        }
    }

    pub(super) fn garp_refresh(&mut self, node: &Node, who: &str, set: impl FnOnce(u32)) {
        let word = &node.args()[0];
        let value = self.number(word, Number::whole(0, i64::from(u32::MAX)).lenient());
        match value.and_then(|n| u32::try_from(n).ok()) {
            Some(n) => set(n),
            None => {
                let text = invalid_before(who, &word.text, " - ignoring");
                self.complain(Code::OutOfRange, word.span, text);
            }
        }
    }

    pub(super) fn garp_lower_repeat(&mut self, node: &Node, who: &str, set: impl FnOnce(u32)) {
        let word = &node.args()[0];
        let value = self.number(word, Number::whole(0, i64::from(i32::MAX)).lenient());
        match value.and_then(|n| u32::try_from(n).ok()) {
            Some(n) => set(n),
            None => {
                let text = invalid_before(who, &word.text, "");
                self.complain(Code::OutOfRange, word.span, text);
            }
        }
    }
}

/// `Invalid KEYWORD 'WORD'`, behind the instance's name when there is one.
fn invalid_before(who: &str, word: &str, end: &str) -> String {
    match who.split_once(": ") {
        Some((instance, keyword)) => format!("{instance}: Invalid {keyword} '{word}'{end}"),
        None => format!("Invalid {who} '{word}'{end}"),
    }
}

pub(super) const SWITCH_HELP: &str = "use on, yes, true, off, no or false, in lower case";
