//! A named block, seen through the eyes of keepalived: which of several lines counts.
//!
//! Lints read the text rather than the model where they can: the text has places, and it is there
//! for a configuration that is refused, too.

use std::net::IpAddr;

use evervip_config::{Node, Token};

/// A block with a name, for example a `vrrp_instance`.
#[derive(Clone, Copy)]
pub(crate) struct Section<'a> {
    pub(crate) node: &'a Node,
}

impl<'a> Section<'a> {
    /// `None` for a block without name.
    pub(crate) fn named(node: &'a Node) -> Option<Self> {
        (!node.args().is_empty()).then_some(Self { node })
    }

    pub(crate) fn name(self) -> &'a str {
        self.name_word().map_or("", |word| word.text.as_str())
    }

    pub(crate) fn name_word(self) -> Option<&'a Token> {
        self.node.args().first()
    }

    /// All lines of a keyword.
    pub(crate) fn lines(self, keyword: &'static str) -> impl Iterator<Item = &'a Node> {
        let nodes = self.node.nodes().iter();
        nodes.filter(move |node| node.keyword().text == keyword)
    }

    /// The line of a keyword that counts: the last one.
    pub(crate) fn line(self, keyword: &'static str) -> Option<&'a Node> {
        self.lines(keyword).last()
    }

    pub(crate) fn has(self, keyword: &'static str) -> bool {
        self.line(keyword).is_some()
    }

    /// The argument of a keyword that takes one.
    pub(crate) fn argument(self, keyword: &'static str) -> Option<&'a Token> {
        self.line(keyword)?.args().first()
    }

    /// The argument as a number, when it is one.
    pub(crate) fn number(self, keyword: &'static str) -> Option<i32> {
        self.argument(keyword)?.text.parse().ok()
    }

    /// The entries of the value blocks of a keyword, all blocks together.
    pub(crate) fn entries(self, keyword: &'static str) -> impl Iterator<Item = &'a Node> {
        self.lines(keyword).flat_map(Node::nodes)
    }

    /// The addresses of the value blocks of a keyword, with the entries that name them.
    pub(crate) fn addresses(
        self,
        keyword: &'static str,
    ) -> impl Iterator<Item = (IpAddr, &'a Node)> {
        let entries = self.entries(keyword);
        entries.filter_map(|entry| Some((address(&entry.keyword().text)?, entry)))
    }

    /// `virtual_ipaddress` and `virtual_ipaddress_excluded`.
    pub(crate) fn virtual_addresses(self) -> impl Iterator<Item = (IpAddr, &'a Node)> {
        self.addresses("virtual_ipaddress")
            .chain(self.addresses("virtual_ipaddress_excluded"))
    }

    /// The priority in the file, or the one that stands for none.
    pub(crate) fn priority(self) -> i32 {
        let default = if self.is_state("MASTER") { 255 } else { 100 };
        self.number("priority").map_or(default, |n| n.clamp(1, 255))
    }

    pub(crate) fn is_state(self, state: &str) -> bool {
        self.argument("state")
            .is_some_and(|word| word.text == state)
    }
}

/// An address; what follows a `/` or a `-` does not count.
pub(crate) fn address(word: &str) -> Option<IpAddr> {
    word.split(['/', '-']).next()?.parse().ok()
}

/// Whether a switch is on: no word, or one that means it.
pub(crate) fn is_on(line: &Node) -> bool {
    let word = line.args().first().map(|word| word.text.as_str());
    matches!(word, None | Some("on" | "true" | "yes"))
}

/// Whether a word means "off".
pub(crate) fn means_off(word: &str) -> bool {
    matches!(word, "off" | "false" | "no" | "0")
}
