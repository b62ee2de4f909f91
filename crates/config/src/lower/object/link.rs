//! `garp_group`, `interface_up_down_delays` and `linkbeat_interfaces` (spec vrrp-keywords 16).

use std::time::Duration;

use evervip_model::{Config, GarpGroup, LinkDelays, Linkbeat, LinkbeatMethod};

use crate::diagnostic::{Class, Code, Diagnostic};
use crate::keyword::{self, Block};
use crate::lex::Token;
use crate::lower::Lower;
use crate::read::Number;
use crate::source::Span;
use crate::tree::Node;

impl Lower<'_> {
    pub(in crate::lower) fn garp_group(&mut self, node: &Node) {
        let mut group = GarpGroup::default();
        self.keywords(node.nodes(), Block::GarpGroup, |lower, node| {
            match node.keyword().text.as_str() {
                "garp_interval" => {
                    let gap = lower.group_gap(node);
                    group.garp_interval = gap.or(group.garp_interval);
                }
                "gna_interval" => {
                    let gap = lower.group_gap(node);
                    group.gna_interval = gap.or(group.gna_interval);
                }
                "interface" => {
                    let word = &node.args()[0];
                    lower.group_interface(&mut group, word, word.span);
                }
                _ => lower.group_interfaces(&mut group, node),
            }
        });
        if group.garp_interval.is_none() && group.gna_interval.is_none() {
            let text = "garp group 0 does not have any delay set - removing";
            self.complain(Code::MissingParameter, node.end(), text).help =
                Some("write garp_interval SECONDS or gna_interval SECONDS".to_owned());
            return;
        }
        self.objects.garp_groups.push(group);
    }

    fn group_gap(&mut self, node: &Node) -> Option<Duration> {
        let (word, what) = (&node.args()[0], &node.keyword().text);
        let number = self.number(word, Number::micros(0, 2_147_483_647).lenient());
        let Some(micros) = number.and_then(|n| u64::try_from(n).ok()) else {
            let text = format!("garp_group {what} '{}' invalid", word.text);
            self.complain(Code::OutOfRange, word.span, text);
            return None;
        };
        if micros >= 1_000_000 {
            let text = format!("The {what} is very large - {} seconds", word.text);
            self.log(Code::Suspicious, word.span, text);
        }
        Some(Duration::from_micros(micros))
    }

    fn group_interfaces(&mut self, group: &mut GarpGroup, node: &Node) {
        let words: Vec<_> = node.nodes().iter().flat_map(|n| &n.line.tokens).collect();
        if words.is_empty() {
            let text = "Warning - empty garp_group interfaces block";
            self.complain(Code::Suspicious, node.end(), text);
        }
        for word in words {
            self.group_interface(group, word, node.end());
        }
    }

    /// A member; an interface is in one group only.
    fn group_interface(&mut self, group: &mut GarpGroup, word: &Token, at: Span) {
        let name = &word.text;
        if !self.interface_usable(name) {
            let text = format!("WARNING - interface {name} specified for garp_group doesn't exist");
            let help = self.interface_help(name);
            self.complain(Code::MissingInterface, at, text).help = Some(help);
        } else if !self.objects.grouped.insert(name.clone()) {
            let text = format!("garp_group already specified for {name} - ignoring");
            self.complain(Code::Duplicate, at, text);
        } else {
            group.interfaces.push(name.clone());
        }
    }

    /// Lines `IFNAME DOWN [UP]`.
    pub(in crate::lower) fn link_delays(&mut self, node: &Node) {
        for entry in node.nodes() {
            let name = entry.keyword();
            if self.host.interface(&name.text).is_none() {
                self.unknown_link(name, "up/down delay");
                continue;
            }
            let words = entry.args();
            if words.is_empty() || words.len() > 2 {
                let text = if words.is_empty() {
                    format!("No timeouts specified for {} up/down delays", name.text)
                } else {
                    format!(
                        "Too many parameters specified for {} up/down delays",
                        name.text
                    )
                };
                self.log(Code::InvalidValue, name.span, text).help =
                    Some("write IFNAME DOWN [UP] in seconds; the line is left out".to_owned());
                continue;
            }
            let delays: Option<Vec<Duration>> = words
                .iter()
                .map(|word| self.number(word, Number::micros(0, 255_000_000).lenient()))
                .map(|number| number.and_then(|n| u64::try_from(n).ok()))
                .map(|micros| micros.map(Duration::from_micros))
                .collect();
            let Some(delays) = delays else { continue };
            self.objects
                .link_delays
                .retain(|d| d.interface != name.text);
            self.objects.link_delays.push(LinkDelays {
                interface: name.text.clone(),
                down: delays[0],
                // The manual says "the same as DOWN"; the program takes none.
                up: delays.get(1).copied().unwrap_or_default(),
            });
        }
    }

    /// Lines `IFNAME [MII|ETHTOOL|IOCTL]`.
    pub(in crate::lower) fn linkbeat(&mut self, node: &Node) {
        for entry in node.nodes() {
            let name = entry.keyword();
            if self.host.interface(&name.text).is_none() {
                self.unknown_link(name, "linkbeat interface");
                continue;
            }
            let words = entry.args();
            let (method, known) = match words.first().map(|w| w.text.as_str()) {
                None => (LinkbeatMethod::Any, 0),
                Some("MII") => (LinkbeatMethod::Mii, 1),
                Some("ETHTOOL") => (LinkbeatMethod::Ethtool, 1),
                Some("IOCTL") => (LinkbeatMethod::Ioctl, 1),
                Some(_) => (LinkbeatMethod::Any, 0),
            };
            if let Some(word) = words.get(known) {
                let text = format!("extra characters {} in linkbeat interface", words[0].text);
                let help = match keyword::suggest(Block::LinkbeatEntry, &word.text) {
                    Some(better) if known == 0 => format!("did you mean '{better}'?"),
                    _ => "write MII, ETHTOOL or IOCTL, or nothing".to_owned(),
                };
                self.complain(Code::InvalidValue, word.span, text).help = Some(help);
            }
            self.objects.linkbeat.retain(|l| l.interface != name.text);
            self.objects.linkbeat.push(Linkbeat {
                interface: name.text.clone(),
                method,
            });
        }
    }

    /// The daemon runs on, but `-t` says that it cannot.
    fn unknown_link(&mut self, name: &Token, what: &str) {
        let text = format!("unknown interface {} specified for {what}", name.text);
        let help = self.interface_help(&name.text);
        self.say(
            Diagnostic::new(Code::MissingInterface, Class::Fatal, text)
                .at(name.span)
                .help(help),
        );
    }

    /// Delays must end before the peers would take over (spec vrrp-keywords 18-25).
    pub(super) fn cut_link_delays(&mut self, config: &mut Config) {
        for delays in &mut config.link_delays {
            let name = &delays.interface;
            let instances = config.instances.iter();
            for instance in instances.filter(|i| i.interface.as_ref() == Some(name)) {
                let interval = instance.advert_interval;
                let adverts = u32::from(instance.down_timer_adverts).saturating_sub(1);
                // In whole microseconds, as the original reckons.
                let micros = u64::try_from(interval.as_micros()).unwrap_or(u64::MAX);
                let longest =
                    (micros.saturating_mul(u64::from(adverts))).saturating_sub(micros / 256);
                let longest = Duration::from_micros(longest);
                if delays.down <= longest && delays.up <= longest {
                    continue;
                }
                delays.down = delays.down.min(longest);
                delays.up = delays.up.min(longest);
                let text = format!(
                    "{}: interface {name} debounce timer(s) not less that {adverts} * advert_int - resetting",
                    instance.name
                );
                self.diagnostics.push(
                    Diagnostic::new(Code::Conflict, Class::Log, text)
                        .help("a longer delay would let the peer take over first"),
                );
            }
        }
    }
}
