//! Packet filter (spec config-language 11.4).

use crate::diagnostic::Code;
use crate::lower::Lower;
use crate::read::Number;
use crate::tree::Node;

impl Lower<'_> {
    pub(super) fn firewall_keyword(&mut self, node: &Node) -> bool {
        match node.keyword().text.as_str() {
            "nftables" => {
                let old = self.globals.model.firewall.table.take();
                self.globals.model.firewall.table =
                    self.table(node, "nftables", old, DEFAULT_TABLE);
            }
            "nftables_ipvs" => {
                let old = self.globals.checkers.table.take();
                self.globals.checkers.table =
                    self.table(node, "ipvs nftables", old, DEFAULT_IPVS_TABLE);
            }
            "nftables_priority" => {
                if let Some(priority) = self.chain_priority(node, "nftables") {
                    self.globals.model.firewall.priority = priority;
                }
            }
            "nftables_ipvs_priority" => {
                if let Some(priority) = self.chain_priority(node, "ipvs nftables") {
                    self.globals.checkers.chain_priority = Some(priority);
                }
            }
            "nftables_ipvs_start_fwmark" => {
                let number = Number::whole(1, i64::from(u32::MAX));
                let mark = self.checked_number(&node.args()[0], number, |text| {
                    format!("invalid ipvs nftables start_fwmark priority '{text}'")
                });
                let checkers = &mut self.globals.checkers;
                checkers.first_mark = mark.or(checkers.first_mark);
            }
            "nftables_counters" => self.globals.model.firewall.counters = true,
            "nftables_ifindex" => self.globals.model.firewall.interface_indices = true,
            "vrrp_iptables" => self.iptables(node),
            "vrrp_ipsets" => {
                let names = node.args().iter().take(MOST_IPSETS);
                self.globals.model.firewall.ipsets = names.map(|w| w.text.clone()).collect();
            }
            _ => return false,
        }
        true
    }

    fn table(
        &mut self,
        node: &Node,
        what: &str,
        old: Option<String>,
        default: &str,
    ) -> Option<String> {
        if old.is_some() {
            let text = format!("{what} already specified - ignoring");
            self.complain(Code::Duplicate, node.span(), text).help = Some("keep one".to_owned());
            return old;
        }
        let Some(word) = node.args().first() else {
            return Some(default.to_owned());
        };
        if word.text.len() > LONGEST_TABLE {
            let text = format!("{what} table name too long - ignoring");
            self.complain(Code::OutOfRange, word.span, text).help =
                Some(format!("use at most {LONGEST_TABLE} bytes"));
            return None;
        }
        Some(word.text.clone())
    }

    fn chain_priority(&mut self, node: &Node, what: &str) -> Option<i32> {
        let number = Number::whole(i64::from(i32::MIN), i64::from(i32::MAX));
        self.checked_number(&node.args()[0], number, |text| {
            format!("invalid {what} chain priority '{text}'")
        })
    }

    /// As in a build without iptables, which is what distributions ship.
    fn iptables(&mut self, node: &Node) {
        self.complain(
            Code::Deprecated,
            node.span(),
            "iptables not supported, using nftables instead. Please replace 'vrrp_iptables and 'vrrp_ipsets' with 'nftables' config option",
        )
        .help = Some("write nftables".to_owned());
        let table = &mut self.globals.model.firewall.table;
        table.get_or_insert_with(|| DEFAULT_TABLE.to_owned());
    }
}

const DEFAULT_TABLE: &str = "keepalived";
const DEFAULT_IPVS_TABLE: &str = "keepalived_ipvs";
/// The kernel's limit without the final zero.
const LONGEST_TABLE: usize = 255;
const MOST_IPSETS: usize = 6;
