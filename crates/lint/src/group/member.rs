//! One node of a group.

use std::collections::HashMap;

use evervip_config::{FileOffset, Node, Span};
use evervip_model::{Config, Instance};

use crate::Input;
use crate::outcome::Place;

/// A node: its configuration, and where its lines are among the files of the group.
pub struct Member<'a> {
    /// What it is called in messages.
    pub name: String,
    /// What it runs.
    pub config: &'a Config,
    offset: FileOffset,
    instances: HashMap<&'a str, &'a Node>,
    groups: HashMap<&'a str, &'a Node>,
    /// The sync group of each instance.
    group_of: Vec<Option<usize>>,
}

impl<'a> Member<'a> {
    pub(super) fn new(
        name: String,
        input: &Input<'a>,
        config: &'a Config,
        offset: FileOffset,
    ) -> Self {
        let mut group_of = vec![None; config.instances.len()];
        for (index, group) in config.sync_groups.iter().enumerate() {
            for member in &group.members {
                if let Some(of) = group_of.get_mut(member.0) {
                    *of = Some(index);
                }
            }
        }
        Self {
            name,
            config,
            offset,
            instances: named(input, "vrrp_instance"),
            groups: named(input, "vrrp_sync_group"),
            group_of,
        }
    }

    pub(super) fn instance(&self, place: Place) -> Option<&'a Instance> {
        self.config.instances.get(place.instance)
    }

    pub(super) fn group_of(&self, instance: usize) -> Option<usize> {
        self.group_of.get(instance).copied().flatten()
    }

    /// The lines of an instance.
    pub(super) fn lines(&self, place: Place) -> &'a [Node] {
        let instance = self.instance(place);
        let block = instance.and_then(|i| self.instances.get(&*i.name));
        block.map_or(&[], |node| node.nodes())
    }

    /// The line of a keyword in an instance that counts: the last one.
    pub(super) fn line(&self, place: Place, keyword: &str) -> Option<&'a Node> {
        let lines = self.lines(place).iter();
        lines.rev().find(|node| node.keyword().text == keyword)
    }

    /// Where an instance says something, or where it begins when it does not say it.
    pub(super) fn spot(&self, place: Place, keyword: &str) -> Option<Span> {
        let said = self.line(place, keyword).map(|node| match node.args() {
            [] => node.span(),
            [first, ..] => first.span,
        });
        said.or_else(|| {
            let instance = self.instance(place)?;
            name_span(self.instances.get(&*instance.name)?)
        })
        .map(|span| self.moved(span))
    }

    /// Where a sync group begins.
    pub(super) fn group_spot(&self, index: usize) -> Option<Span> {
        let group = self.config.sync_groups.get(index)?;
        let span = name_span(self.groups.get(&*group.name)?)?;
        Some(self.moved(span))
    }

    /// A place in this node's files as a place in the files of the group.
    pub(super) fn moved(&self, span: Span) -> Span {
        span.moved(self.offset)
    }
}

/// The blocks of a keyword by name; keepalived reads the first of each.
fn named<'a>(input: &Input<'a>, keyword: &'static str) -> HashMap<&'a str, &'a Node> {
    let mut found = HashMap::new();
    for block in input.blocks(keyword) {
        if let Some(name) = block.args().first() {
            found.entry(name.text.as_str()).or_insert(block);
        }
    }
    found
}

fn name_span(block: &Node) -> Option<Span> {
    block.args().first().map(|word| word.span)
}
