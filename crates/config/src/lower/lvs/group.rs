//! `virtual_server_group`: a list of addresses and marks.

use crate::diagnostic::Code;
use crate::lex::Token;
use crate::lower::Lower;
use crate::read::{Number, address};
use crate::tree::Node;

impl Lower<'_> {
    pub(in crate::lower) fn virtual_server_group(&mut self, node: &Node) {
        let name = node.args().first().map_or("", |w| w.text.as_str());
        let (mut entries, mut marks) = (0_usize, 0_usize);
        for entry in node.nodes() {
            let is_mark = entry.keyword().text == "fwmark";
            let taken = if is_mark {
                self.group_mark(name, entry)
            } else {
                self.group_addresses(entry)
            };
            entries += usize::from(taken);
            marks += usize::from(taken && is_mark);
        }
        if entries > 0 {
            self.server_groups.insert(name.to_owned());
        }
        if entries > 0 && marks == entries {
            self.mark_groups.insert(name.to_owned());
        }
        if entries == 0 {
            let text = format!("virtual server group {name} has no entries - removing");
            self.complain(Code::Suspicious, node.end(), text).help =
                Some("write 'ADDRESS PORT' lines between the braces".to_owned());
        }
    }

    fn group_mark(&mut self, group: &str, entry: &Node) -> bool {
        let Some(word) = entry.args().first() else {
            self.missing_parameter_at(entry, 2);
            return false;
        };
        let number = Number::whole(0, i64::from(u32::MAX));
        let good = self.number(word, number).is_some();
        if !good {
            let text = format!(
                "({group}): fwmark '{}' must be in [0, 4294967295] - ignoring",
                word.text
            );
            self.complain(Code::OutOfRange, word.span, text).help =
                Some(format!("use a number from {number}"));
        }
        good
    }

    /// `ADDRESS[-END] [PORT]`.
    fn group_addresses(&mut self, entry: &Node) -> bool {
        let word = entry.keyword();
        let port = entry.args().first();
        let (first, end) = match word.text.split_once('-') {
            Some((first, end)) => (first, Some(end)),
            None => (word.text.as_str(), None),
        };
        let port_is_good = port.is_none_or(|p| self.number(p, Number::whole(0, 65535)).is_some());
        let Some(from) = address(first).filter(|_| port_is_good) else {
            let port = port
                .map(|p| format!("/port/{}", p.text))
                .unwrap_or_default();
            let text = format!(
                "Invalid virtual server group IP address {} {port} - skipping",
                word.text
            );
            self.complain(Code::InvalidValue, word.span, text).help =
                Some("write 'ADDRESS PORT' or 'fwmark N'".to_owned());
            return false;
        };
        end.is_none_or(|end| self.group_range(word, from, end))
    }

    fn group_range(&mut self, word: &Token, from: std::net::IpAddr, end: &str) -> bool {
        let (radix, most, begin) = match from {
            std::net::IpAddr::V4(a) => (10, 255, u32::from(a.octets()[3])),
            std::net::IpAddr::V6(a) => (16, 65535, u32::from(a.segments()[7])),
        };
        let digits = end.chars().take_while(|c| c.is_digit(radix)).count();
        let range = &word.text;
        let text = if digits < end.len() {
            let rest = &end[digits..];
            format!("Virtual server group range '{range}' has extra characters at end '{rest}'")
        } else {
            match u32::from_str_radix(end, radix) {
                Ok(last) if last > most => {
                    format!("Virtual server group range '{range}' end '{end}' too large")
                }
                Ok(last) if last > begin => return true,
                Ok(_) => format!(
                    "Address range end is not greater than address range start - {range} - skipping"
                ),
                Err(_) => format!("Virtual server group range '{range}' end '{end}' too large"),
            }
        };
        self.complain(Code::InvalidValue, word.span, text).help =
            Some("write the last part of the last address behind '-'".to_owned());
        false
    }
}
