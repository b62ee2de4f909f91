//! What lints look at.

use evervip_config::{Host, Loaded, Node, Tree};

/// A configuration as it was read.
#[derive(Clone, Copy)]
pub struct Input<'a> {
    /// The model and what the loader said.
    pub loaded: &'a Loaded,
    /// The text.
    pub tree: &'a Tree,
    /// The machine that it was read on.
    pub host: &'a dyn Host,
}

impl<'a> Input<'a> {
    /// The blocks of a keyword outside all others, in file order.
    pub fn blocks(&self, keyword: &'static str) -> impl Iterator<Item = &'a Node> + 'a {
        self.tree.blocks(keyword)
    }

    /// The block of a name, for example of an instance.
    #[must_use]
    pub fn block(&self, keyword: &'static str, name: &str) -> Option<&'a Node> {
        self.tree.block(keyword, name)
    }
}
