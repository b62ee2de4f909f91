//! Gratuitous ARPs: defaults of instances (spec config-language 11.4), and the readers that serve
//! instances too.

use std::time::Duration;

use evervip_model::{ExtraAnnouncements, GarpDefaults};

use crate::diagnostic::{Class, Code, Diagnostic};
use crate::lower::Lower;
use crate::read::Number;
use crate::tree::Node;

impl Lower<'_> {
    pub(super) fn garp_keyword(&mut self, node: &Node) -> bool {
        match node.keyword().text.as_str() {
            "vrrp_min_garp" => self.min_garp(node),
            "vrrp_garp_extra_if" | "vrrp_vmac_garp_intvl" => self.extra_announcements(node),
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
            _ => return false,
        }
        true
    }

    /// Changes only what still has its default, as the original does.
    fn min_garp(&mut self, node: &Node) {
        if self.global_switch(node) != Some(true) {
            return;
        }
        let garp = &mut self.globals.instances.garp;
        let defaults = GarpDefaults::default();
        if garp.repeat == defaults.repeat {
            garp.repeat = 1;
        }
        if garp.refresh_repeat == defaults.refresh_repeat {
            garp.refresh_repeat = 0;
        }
        if garp.delay == defaults.delay {
            garp.delay = 0;
        }
    }

    /// `vrrp_garp_extra_if`, and `vrrp_vmac_garp_intvl` as it was once called.
    fn extra_announcements(&mut self, node: &Node) {
        let name = &node.keyword().text;
        if name == "vrrp_vmac_garp_intvl" {
            let text = "Keyword \"vrrp_vmac_garp_intvl\" is deprecated - please use \"vrrp_garp_extra_if\"";
            self.say(Diagnostic::new(Code::Deprecated, Class::Deprecated, text).at(node.span()));
        }
        let all = node.args().first().is_some_and(|w| w.text == "all");
        let Some(word) = node.args().get(usize::from(all)) else {
            let text = format!("{name} specified without time - ignoring");
            self.complain(Code::MissingParameter, node.span(), text)
                .help = Some(format!("write '{name} [all] SECONDS'"));
            return;
        };
        let number = Number::whole(1, 86400).lenient();
        let invalid = |text: &str| format!("{name} '{text}' invalid - ignoring");
        if let Some(seconds) = self.checked_number(word, number, invalid) {
            self.globals.model.vrrp.extra_announcements = Some(ExtraAnnouncements {
                interval: Duration::from_secs(seconds),
                all,
            });
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
        let mut garp = self.globals.instances.garp;
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
        self.globals.instances.garp = garp;
    }

    // `who` begins the keyword's own message.

    pub(in crate::lower) fn garp_delay(&mut self, node: &Node, who: &str, set: impl FnOnce(u32)) {
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
    pub(in crate::lower) fn garp_repeat(
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

    pub(in crate::lower) fn garp_refresh(&mut self, node: &Node, who: &str, set: impl FnOnce(u32)) {
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

    pub(in crate::lower) fn garp_lower_repeat(
        &mut self,
        node: &Node,
        who: &str,
        set: impl FnOnce(u32),
    ) {
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
