//! Keywords that are known and not honoured: named once per use, and still held to the rules of the
//! language where the original's verdict depends on it.

use super::Lower;
use crate::diagnostic::{Class, Code, Diagnostic};
use crate::keyword::{Block, Shape};
use crate::tree::Node;

impl Lower<'_> {
    pub(super) fn not_supported(&mut self, node: &Node, block: Block) {
        if block == Block::Top && node.keyword().text.starts_with("static_") {
            self.has_vrrp = true;
        }
        self.check_unsupported(node);
        if self.inside_unsupported {
            return;
        }
        let word = &node.keyword().text;
        let shape = node.entry.map(|e| e.shape);
        let what = match shape {
            Some(Shape::Values | Shape::Keywords(_)) => "the whole block has no effect",
            _ => "it has no effect",
        };
        self.diagnostics.push(
            Diagnostic::new(
                Code::NotSupported,
                Class::Log,
                format!("'{word}' is not supported by this version"),
            )
            .at(node.span())
            .help(what),
        );
    }

    /// Complaints of the original about keywords that have no reader yet: they count for `-t`.
    fn check_unsupported(&mut self, node: &Node) {
        let Some(entry) = node.entry else {
            return;
        };
        match entry.name {
            "virtual_routes" => self.check_routes(node.nodes()),
            "virtual_rules" => self.check_rules(node.nodes()),
            _ => {}
        }
    }

    /// Up to 2.3.1 a route without interface is a complaint unless it says `no_track`.
    fn check_routes(&mut self, entries: &[Node]) {
        for entry in entries {
            let words: Vec<_> = entry.line.tokens.iter().map(|t| t.text.as_str()).collect();
            if words.contains(&"gw") {
                let text = "\"gw\" for routes is deprecated. Please use \"via\"";
                self.say(
                    Diagnostic::new(Code::Deprecated, Class::Deprecated, text).at(entry.span()),
                );
            }
            let tracked = ["dev", "oif", "no_track", "nexthop"];
            if words.iter().any(|w| tracked.contains(w)) {
                continue;
            }
            let before = [
                "to",
                "blackhole",
                "unreachable",
                "prohibit",
                "throw",
                "inet",
                "inet6",
            ];
            let destination = words.iter().find(|w| !before.contains(w)).copied();
            let text = format!(
                "Warning - cannot track route {} with no interface specified, not tracking",
                destination.unwrap_or_default()
            );
            self.complain(Code::Suspicious, entry.span(), text).help =
                Some("write dev IFNAME, or no_track".to_owned());
        }
    }

    fn check_rules(&mut self, entries: &[Node]) {
        for entry in entries {
            let preferences = ["preference", "priority", "order"];
            if entry
                .line
                .tokens
                .iter()
                .any(|t| preferences.contains(&t.text.as_str()))
            {
                continue;
            }
            let text = "Rule has no preference specified - setting to 16384. This is probably not what you want.";
            self.complain(Code::Suspicious, entry.span(), text).help =
                Some("write preference N".to_owned());
        }
    }
}
