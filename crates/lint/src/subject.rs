//! One file as the lints see it.

use std::collections::{HashMap, HashSet};

use evervip_config::Node;

use crate::Input;
use crate::section::Section;

/// A file with what many lints ask for, found once: files may have thousands of blocks.
pub(crate) struct Subject<'a> {
    pub(crate) input: Input<'a>,
    /// The `vrrp_instance` blocks that keepalived reads: the first of each name.
    pub(crate) instances: Vec<Section<'a>>,
    /// The `vrrp_script` blocks that it finds.
    pub(crate) scripts: Vec<Section<'a>>,
    /// Tracked objects, by the list that tracks them and their name.
    tracked: HashMap<(&'static str, &'a str), Section<'a>>,
    /// Members of sync groups that drop the weights of their members.
    unweighted: HashSet<&'a str>,
}

impl<'a> Subject<'a> {
    pub(crate) fn new(input: Input<'a>) -> Self {
        let mut tracked = HashMap::new();
        for (list, keyword) in TRACKED {
            let blocks = sections(&input, keyword).into_iter();
            tracked.extend(blocks.map(|block| ((*list, block.name()), block)));
        }
        Self {
            input,
            instances: sections(&input, "vrrp_instance"),
            scripts: sections(&input, "vrrp_script"),
            tracked,
            unweighted: unweighted(&input),
        }
    }

    /// The lines of all `global_defs` as one.
    pub(crate) fn globals(&self) -> impl Iterator<Item = &'a Node> + 'a {
        self.input.blocks("global_defs").flat_map(Node::nodes)
    }

    /// The block of a tracked object.
    pub(crate) fn tracked(&self, list: &'static str, name: &'a str) -> Option<Section<'a>> {
        self.tracked.get(&(list, name)).copied()
    }

    /// Whether keepalived drops the weights of an instance, and the loader says so: in a sync
    /// group, or as address owner.
    pub(crate) fn drops_weights(&self, instance: Section<'_>) -> bool {
        self.unweighted.contains(instance.name()) || instance.priority() == 255
    }
}

/// The named blocks of a keyword, the first of each name.
fn sections<'a>(input: &Input<'a>, keyword: &'static str) -> Vec<Section<'a>> {
    let mut seen = HashSet::new();
    let named = input.blocks(keyword).filter_map(Section::named);
    named
        .filter(|section| seen.insert(section.name()))
        .collect()
}

fn unweighted<'a>(input: &Input<'a>) -> HashSet<&'a str> {
    let groups = sections(input, "vrrp_sync_group").into_iter();
    let groups = groups
        .filter(|group| !group.has("sync_group_tracking_weight") && !group.has("global_tracking"));
    let entries = groups.flat_map(|group| group.entries("group"));
    let words = entries.flat_map(|entry| std::iter::once(entry.keyword()).chain(entry.args()));
    words.map(|word| word.text.as_str()).collect()
}

/// Lists of trackers whose weight may stand at the definition.
const TRACKED: &[(&str, &str)] = &[
    ("track_script", "vrrp_script"),
    ("track_process", "vrrp_track_process"),
    ("track_bfd", "bfd_instance"),
];
