//! Tracked objects: where they are defined, and whether anything tracks them.

use std::collections::{HashMap, HashSet};

use evervip_config::{Code, Diagnostic, Node};

use crate::merge::finding;
use crate::subject::Subject;

/// Objects that are defined below their use: keepalived reads from top to bottom and does not find
/// them (spec vrrp-keywords 3.7).
pub(crate) fn order(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let mut definitions: HashMap<(&str, &str), (usize, &Node)> = HashMap::new();
    for (index, node) in subject.input.tree.nodes().iter().enumerate() {
        if let (Some(kind), Some(name)) = (tracked_by(node), node.args().first()) {
            definitions
                .entry((kind, &name.text))
                .or_insert((index, node));
        }
    }
    let mut found = Vec::new();
    for (index, block) in subject.input.tree.nodes().iter().enumerate() {
        for list in block.nodes() {
            let kind = list.keyword().text.as_str();
            for entry in list.nodes() {
                let name = entry.keyword();
                let definition = definitions.get(&(kind, name.text.as_str()));
                if let Some((_, node)) = definition.filter(|(at, _)| *at > index) {
                    found.push(too_late(kind, entry, node));
                }
            }
        }
    }
    found
}

fn too_late(kind: &str, entry: &Node, definition: &Node) -> Diagnostic {
    let name = entry.keyword();
    let at = definition
        .args()
        .first()
        .map_or(definition.span(), |word| word.span);
    let text = format!("{kind}: '{}' is defined further down", name.text);
    finding(Code::TrackerDefinedLater, name.span, text)
        .label(at, "defined here, too late")
        .note(
            "keepalived reads from top to bottom: it does not find the name and does not track it",
        )
        .help("move the definition above the block that tracks it")
}

/// The list that tracks what a block defines.
fn tracked_by(node: &Node) -> Option<&'static str> {
    Some(match node.keyword().text.as_str() {
        "vrrp_script" => "track_script",
        "track_file" | "vrrp_track_file" => "track_file",
        "vrrp_track_process" => "track_process",
        "bfd_instance" => "track_bfd",
        _ => return None,
    })
}

/// Checks that nothing tracks: keepalived removes them.
pub(crate) fn unused(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let users = || {
        subject
            .input
            .blocks("vrrp_instance")
            .chain(subject.input.blocks("vrrp_sync_group"))
    };
    if users().next().is_none() {
        return Vec::new();
    }
    let lists = users().flat_map(Node::nodes);
    let lists = lists.filter(|list| list.keyword().text == "track_script");
    let tracked: HashSet<&str> = lists
        .flat_map(Node::nodes)
        .map(|entry| entry.keyword().text.as_str())
        .collect();
    let scripts = subject.scripts.iter().copied();
    let unused = scripts.filter(|script| !tracked.contains(script.name()));
    unused
        .filter_map(|script| {
            let name = script.name_word()?;
            let text = format!("nothing tracks the check '{}'", name.text);
            let finding = finding(Code::UnusedScript, name.span, text)
                .note("keepalived removes it and never runs it")
                .help(format!(
                    "write track_script {{ {} }} into the instance, or remove the block",
                    name.text
                ));
            Some(finding)
        })
        .collect()
}
