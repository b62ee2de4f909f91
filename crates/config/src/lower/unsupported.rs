//! Keywords that are known and not honoured: named once per use, and still held to the rules of the
//! language where the original's verdict depends on it.

use super::{Lower, global, lacks_argument};
use crate::diagnostic::{Class, Code, Diagnostic};
use crate::keyword::{Block, Need, Shape};
use crate::tree::Node;

impl Lower<'_> {
    pub(super) fn not_supported(&mut self, node: &Node, block: Block) {
        if block == Block::Top && node.keyword().text.starts_with("static_") {
            self.has_vrrp = true;
        }
        // Readers exist for all of these.
        let is_single = node
            .entry
            .is_some_and(|e| matches!(e.shape, Shape::Flag | Shape::Words));
        if block != Block::Global && !(block == Block::Top && is_single) {
            self.check_unsupported(node, block);
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

    /// Complaints of the original about keywords that we do not honour: they count for `-t`.
    fn check_unsupported(&mut self, node: &Node, block: Block) {
        let Some(entry) = node.entry else {
            return;
        };
        match entry.shape {
            Shape::Keywords(inner) if inner != Block::AuthHmac => {
                self.check_unsupported_block(node.nodes(), inner);
            }
            _ if entry.name == "virtual_routes" => self.check_routes(node.nodes()),
            _ if entry.name == "virtual_rules" => self.check_rules(node.nodes()),
            _ => {}
        }
        // Their readers complain.
        if matches!(block, Block::Instance | Block::AuthHmac) {
            return;
        }
        if entry.need == Need::Complain && node.args().is_empty() {
            let text = if entry.arguments == "NAME" {
                format!("{} must have a name - skipping", entry.name)
            } else {
                format!("{} requires a parameter", entry.name)
            };
            self.complain(Code::MissingParameter, node.span(), text)
                .help = Some(format!("write '{} {}'", entry.name, entry.arguments));
        } else if entry.shape == Shape::Bool && Self::optional_switch(node).is_none() {
            let text = format!("invalid {} {} specified", entry.name, node.args()[0].text);
            self.complain(Code::InvalidValue, node.span(), text).help =
                Some(global::SWITCH_HELP.to_owned());
        }
    }

    /// Unknown keywords and missing parameters count in blocks that are not honoured, too.
    fn check_unsupported_block(&mut self, nodes: &[Node], block: Block) {
        for node in nodes {
            match node.entry {
                None => self.unknown_keyword(node, block),
                Some(entry) if entry.need == Need::Fatal && lacks_argument(node, entry) => {
                    self.missing_parameter_at(node, 2);
                }
                Some(_) => {}
            }
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
