//! Settings of LVS (spec config-language 11.7): checked as the original does, because its verdict
//! depends on it, and kept as far as its dump shows them.

use std::net::IpAddr;

use evervip_model::FlushOnStop;

use crate::diagnostic::Code;
use crate::lex::Token;
use crate::lower::Lower;
use crate::read::{Number, plain_address};
use crate::tree::Node;

impl Lower<'_> {
    pub(super) fn lvs_setting(&mut self, node: &Node) -> bool {
        match node.keyword().text.as_str() {
            "smtp_alert_checker" | "no_checker_emails" | "rs_init_notifies" => {
                if let Some(on) = self.named_switch(node) {
                    self.checker_switch(node, on);
                }
            }
            "checker_log_all_failures" => {
                if let Some(on) = self.global_switch(node) {
                    self.globals.checkers.log_all_failures = on;
                }
            }
            "lvs_flush" => self.globals.checkers.flush = true,
            "enable_snmp_checker" => self.globals.checkers.snmp = true,
            "lvs_timeouts" => self.lvs_timeouts(node),
            "lvs_flush_on_stop" | "lvs_flush_onstop" => self.lvs_flush_on_stop(node),
            "lvs_sync_daemon" => self.lvs_sync_daemon(node),
            "snmp_vs_stats_update_interval" | "snmp_rs_stats_update_interval" => {
                let name = &node.keyword().text;
                let number = Number::micros(1000, 30_000_000).lenient();
                self.checked_number::<u64>(&node.args()[0], number, |text| {
                    format!("{name} '{text}' is invalid")
                });
            }
            _ => return false,
        }
        true
    }

    fn checker_switch(&mut self, node: &Node, on: bool) {
        let checkers = &mut self.globals.checkers;
        match node.keyword().text.as_str() {
            "smtp_alert_checker" => checkers.alerts = Some(on),
            "no_checker_emails" => checkers.no_mails = on,
            _ => checkers.first_notifies = on,
        }
    }

    fn lvs_timeouts(&mut self, node: &Node) {
        if node.args().len() < 2 {
            let text = "lvs_timeouts requires at least one option";
            self.complain(Code::MissingParameter, node.span(), text)
                .help = Some("write tcp, tcpfin or udp, and seconds behind it".to_owned());
            return;
        }
        let mut words = node.args().iter();
        while let Some(word) = words.next() {
            let name = &word.text;
            let Some(place) = TIMEOUTS.iter().position(|known| known == name) else {
                let text = format!("Unknown option {name} specified for lvs_timeouts");
                self.unknown_option(word, text, &TIMEOUTS);
                continue;
            };
            let Some(value) = words.next() else {
                let text = format!("No value specified for lvs_timeout {name} - ignoring");
                self.complain(Code::MissingParameter, word.span, text).help =
                    Some(format!("write '{name} SECONDS'"));
                return;
            };
            let number = Number::whole(0, 2_678_400);
            let seconds = self.checked_number::<u32>(value, number, |text| {
                format!("Invalid lvs_timeout {name} ({text}) - ignoring")
            });
            if let (Some(seconds), Some(slot)) =
                (seconds, self.globals.checkers.timeouts.get_mut(place))
            {
                *slot = seconds;
            }
        }
    }

    fn unknown_option(&mut self, word: &Token, text: String, known: &[&str]) {
        let help = match self.closest_name(&word.text, known.iter().copied()) {
            Some(meant) => format!("did you mean '{meant}'?"),
            None => format!("use {}", known.join(", ")),
        };
        self.complain(Code::InvalidValue, word.span, text).help = Some(help);
    }

    fn lvs_flush_on_stop(&mut self, node: &Node) {
        let word = node.args().first();
        match word.map(|word| word.text.as_str()) {
            None => self.globals.checkers.flush_on_stop = FlushOnStop::Full,
            Some("VS") => self.globals.checkers.flush_on_stop = FlushOnStop::VirtualServers,
            Some(_) => {}
        }
        if let Some(word) = word.filter(|w| w.text != "VS") {
            let text = format!("Unknown lvs_flush_on_stop type {}", word.text);
            self.complain(Code::InvalidValue, word.span, text).help =
                Some("write VS, or nothing".to_owned());
        }
    }

    /// `IFNAME [INSTANCE [ID]] [OPTION VALUE]…`.
    fn lvs_sync_daemon(&mut self, node: &Node) {
        let Some(interface) = self.argument(node, "lvs_sync_daemon requires interface") else {
            return;
        };
        if let Some(first) = self.globals.sync_daemon.clone() {
            let text = format!("lvs_sync_daemon has already been specified as {first} - ignoring");
            self.complain(Code::Duplicate, node.span(), text).help = Some("keep one".to_owned());
            return;
        }
        let mut rest = &node.args()[1..];
        let mut instance = None;
        let plain = |words: &[Token]| {
            words
                .first()
                .filter(|w| !SYNC_OPTIONS.contains(&w.text.as_str()))
                .cloned()
        };
        if let Some(name) = plain(rest) {
            instance = Some(name.text);
            rest = &rest[1..];
            if let Some(id) = plain(rest) {
                self.bare_sync_id(&id);
                rest = &rest[1..];
            }
        }
        while let Some((word, behind)) = rest.split_first() {
            let Some(taken) = self.sync_option(node, word, behind.first(), &mut instance) else {
                return;
            };
            rest = &behind[taken.min(behind.len())..];
        }
        let shown = [Some(interface.text.clone()), instance];
        self.globals.sync_daemon = Some(shown.into_iter().flatten().collect::<Vec<_>>().join(" "));
    }

    fn bare_sync_id(&mut self, word: &Token) {
        let invalid = |text: &str| format!("Invalid syncid ({text}) - defaulting to vrid");
        if self
            .checked_number::<u8>(word, Number::whole(0, 255), invalid)
            .is_some()
        {
            let text = "Please use keyword \"id\" before lvs_sync_daemon SYNCID";
            self.complain(Code::Deprecated, word.span, text).help =
                Some(format!("write 'id {}'", word.text));
        }
    }

    /// Gives how many words behind the option belong to it; `None` when the line ends the run.
    fn sync_option(
        &mut self,
        node: &Node,
        word: &Token,
        value: Option<&Token>,
        instance: &mut Option<String>,
    ) -> Option<usize> {
        let name = word.text.as_str();
        if !SYNC_OPTIONS.contains(&name) {
            let text = format!("Unknown option {name} specified for lvs_sync_daemon");
            self.unknown_option(word, text, SYNC_OPTIONS);
            return Some(0);
        }
        if name == "inst" {
            if let Some(first) = instance {
                let text = format!(
                    "lvs_sync_daemon vrrp instance has already been specified as {first} - ignoring"
                );
                self.complain(Code::Duplicate, word.span, text).help =
                    Some("name one instance".to_owned());
            } else if let Some(value) = value {
                *instance = Some(value.text.clone());
            } else {
                self.missing_parameter_at(node, node.args().len() + 2);
                return None;
            }
            return Some(1);
        }
        let Some(value) = value else {
            let end = if name == "id" {
                ", defaulting to vrid"
            } else {
                " - ignoring"
            };
            let text = format!("No value specified for lvs_sync_daemon {name}{end}");
            self.complain(Code::MissingParameter, word.span, text).help =
                Some(format!("write '{name} VALUE'"));
            return Some(0);
        };
        if name == "group" {
            self.sync_group_address(value);
        } else {
            self.sync_number(name, value);
        }
        Some(1)
    }

    fn sync_number(&mut self, name: &str, value: &Token) {
        let number = match name {
            "id" => Number::whole(0, 255),
            "maxlen" => Number::whole(1, 65507),
            "port" => Number::whole(1, 65535),
            _ => Number::whole(1, 255),
        };
        self.checked_number::<u32>(value, number, |text| {
            if name == "id" {
                format!("Invalid syncid ({text}) - defaulting to vrid")
            } else {
                format!("Invalid lvs_sync_daemon {name} ({text}) - ignoring")
            }
        });
    }

    fn sync_group_address(&mut self, value: &Token) {
        let text = match plain_address(&value.text)
            .as_ref()
            .map(IpAddr::is_multicast)
        {
            Some(true) => return,
            Some(false) => format!(
                "lvs_sync_daemon group address {} is not multicast - ignoring",
                value.text
            ),
            None => format!("Invalid lvs_sync_daemon group ({}) - ignoring", value.text),
        };
        self.complain(Code::InvalidValue, value.span, text).help =
            Some("use a multicast address".to_owned());
    }
}

/// In the order of [`CheckerSettings::timeouts`](evervip_model::CheckerSettings::timeouts).
const TIMEOUTS: [&str; 3] = ["tcp", "tcpfin", "udp"];
const SYNC_OPTIONS: &[&str] = &["inst", "id", "maxlen", "port", "ttl", "group"];
