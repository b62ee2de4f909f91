//! Words that do not mean what they look like: repeated keywords and wrong quotes.

use std::collections::HashMap;

use evervip_config::keyword::{Shape, Status};
use evervip_config::{Code, Diagnostic, Node};

use crate::command::TYPOGRAPHIC;
use crate::merge::finding;
use crate::subject::Subject;

/// Keywords that stand twice in a block: the last one counts, silently (spec vrrp-keywords 3.3).
pub(crate) fn keywords(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for block in subject.input.tree.nodes() {
        repeated_in(block.nodes(), &mut found);
        for inner in block.nodes() {
            repeated_in(inner.nodes(), &mut found);
        }
    }
    found
}

fn repeated_in(nodes: &[Node], found: &mut Vec<Diagnostic>) {
    let mut earlier: HashMap<&str, &Node> = HashMap::new();
    for node in nodes {
        let name = node.keyword().text.as_str();
        if !LAST_WINS.contains(&name) || node.entry().is_none() {
            continue;
        }
        if let Some(first) = earlier.insert(name, node) {
            if value(first) != value(node) {
                found.push(overridden(name, first, node));
            }
        }
    }
}

fn overridden(name: &str, first: &Node, last: &Node) -> Diagnostic {
    let text = format!("{name} is given twice");
    let word = |node: &Node| node.args().first().map_or(node.span(), |word| word.span);
    finding(Code::RepeatedKeyword, word(last), text)
        .label(word(first), "this one does not count")
        .note(format!(
            "keepalived takes the last one, {}",
            value(last).unwrap_or_default()
        ))
        .help("remove one of them")
}

fn value(node: &Node) -> Option<&str> {
    node.args().first().map(|word| word.text.as_str())
}

/// Quotes that group no words: single ones outside script lines, and typographic ones anywhere
/// (spec config-language 3.1).
pub(crate) fn quotes(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for block in subject.input.tree.nodes() {
        let lines = block.nodes().iter();
        let inner = lines.flat_map(|node| std::iter::once(node).chain(node.nodes()));
        found.extend(inner.filter_map(quoted));
    }
    found
}

fn quoted(node: &Node) -> Option<Diagnostic> {
    let entry = node.entry().filter(|entry| entry.status != Status::Lvs)?;
    let word = node.args().first()?;
    let is_script = entry.shape == Shape::Script || entry.name == "script";
    let counts = |c: char| c == '\'' && !is_script || TYPOGRAPHIC.contains(&c);
    let takes_words = matches!(entry.shape, Shape::Words | Shape::Script);
    if !takes_words || !word.text.starts_with(counts) {
        return None;
    }
    let text = format!("the quote in {} belongs to the word", word.text);
    Some(
        finding(Code::WrongQuotes, word.span, text)
            .note("here only the plain double quote groups words; this one is a character like others")
            .help("write \" instead"),
    )
}

/// The keywords of which the last counts and the loader says nothing. `script_user` is not among
/// them: it holds for the scripts that follow.
const LAST_WINS: &[&str] = &[
    "interface",
    "virtual_router_id",
    "priority",
    "advert_int",
    "preempt_delay",
    "auth_type",
    "auth_pass",
    "unicast_src_ip",
    "mcast_src_ip",
    "garp_master_delay",
    "garp_master_repeat",
    "garp_master_refresh",
    "garp_master_refresh_repeat",
    "garp_lower_prio_delay",
    "garp_lower_prio_repeat",
    "script",
    "interval",
    "timeout",
    "rise",
    "fall",
    "router_id",
];
