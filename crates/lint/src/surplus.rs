//! Words that keepalived reads over: it takes what a keyword needs and ignores the rest of the line
//! (spec vrrp-keywords 3.2).

use evervip_config::keyword::{self, Block, Keyword, Shape, Status};
use evervip_config::{Code, Diagnostic, Node, Span, Token};

use crate::merge::finding;
use crate::section::means_off;
use crate::subject::Subject;

/// Surplus words of all keyword lines: several keywords on one line, switches that cannot be
/// switched off, comments that are none.
pub(crate) fn words(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    block(subject.input.tree.nodes(), Block::Top, &mut found);
    found
}

/// Blocks nest as deep as the keyword table lets them.
fn block(nodes: &[Node], inside: Block, found: &mut Vec<Diagnostic>) {
    for node in nodes {
        let Some(entry) = node.entry().filter(|entry| entry.status != Status::Lvs) else {
            continue;
        };
        found.extend(line(node, entry, inside));
        if let Shape::Keywords(inner) = entry.shape {
            block(node.nodes(), inner, found);
        }
    }
}

fn line(node: &Node, entry: &Keyword, inside: Block) -> Option<Diagnostic> {
    let surplus = node.args().get(words_taken(entry)?..)?;
    let first = surplus.first()?;
    let name = node.keyword().text.as_str();
    let is_keyword = |word: &&Token| keyword::find(inside, &word.text).is_some();
    if let Some(second) = surplus.iter().find(is_keyword) {
        return Some(one_line(name, second, span(surplus)));
    }
    // How a script line is split is a matter of its own.
    if entry.shape == Shape::Script || name == "script" {
        return None;
    }
    if COMMENTS.iter().any(|mark| first.text.starts_with(mark)) {
        return Some(comment(name, first, span(surplus)));
    }
    if entry.shape == Shape::Flag && surplus.len() == 1 {
        return off(name, first).filter(|_| means_off(&first.text));
    }
    Some(ignored(node, name, surplus))
}

fn one_line(name: &str, second: &Token, at: Span) -> Diagnostic {
    let text = format!("'{}' stands on the line of '{name}'", second.text);
    finding(Code::OneLineBlock, at, text)
        .note(format!(
            "only braces divide a line: keepalived takes these words for surplus words of '{name}' and ignores them"
        ))
        .help("write every keyword on a line of its own")
}

fn comment(name: &str, first: &Token, at: Span) -> Diagnostic {
    let text = format!("'{}' begins no comment", mark(&first.text));
    finding(Code::SlashComment, at, text)
        .note(format!(
            "keepalived ignores these words only because '{name}' needs no more; a brace or a quote among them counts"
        ))
        .help("begin comments with '#' or '!'")
}

fn mark(word: &str) -> &str {
    let known = COMMENTS.iter().find(|mark| word.starts_with(**mark));
    known.copied().unwrap_or(word)
}

/// Of `accept` and `preempt` the loader says it.
fn off(name: &str, word: &Token) -> Option<Diagnostic> {
    if matches!(name, "accept" | "preempt") {
        return None;
    }
    let text = format!("'{name} {}' means '{name}'", word.text);
    Some(
        finding(Code::OffMeansOn, word.span, text)
            .note("the keyword takes no word: keepalived ignores this one and switches it on")
            .help("remove the line to switch it off"),
    )
}

fn ignored(node: &Node, name: &str, surplus: &[Token]) -> Diagnostic {
    let words: Vec<_> = surplus.iter().map(|word| word.text.as_str()).collect();
    let taken = node.args().len() - surplus.len();
    let text = format!("'{}' is ignored", words.join(" "));
    let takes = match taken {
        0 => format!("'{name}' takes no word"),
        1 => format!("'{name}' takes one word"),
        n => format!("'{name}' takes {n} words"),
    };
    finding(Code::SurplusWords, span(surplus), text)
        .note(format!("{takes}; keepalived ignores the rest of the line"))
        .help("remove them, or put quotes around what belongs together")
}

/// How many words a keyword reads; `None` when there is no end, or when the loader complains about
/// surplus words itself.
fn words_taken(entry: &Keyword) -> Option<usize> {
    match entry.shape {
        Shape::Flag => Some(0),
        Shape::Bool => Some(1),
        Shape::Script => Some(3),
        Shape::Words => match entry.name {
            name if UNBOUNDED.contains(&name) => None,
            name if THREE_WORDS.contains(&name) => Some(3),
            name if TWO_WORDS.contains(&name) => Some(2),
            _ => Some(1),
        },
        Shape::Values | Shape::Keywords(_) => None,
    }
}

fn span(words: &[Token]) -> Span {
    let (first, last) = (&words[0], &words[words.len() - 1]);
    first.span.to(last.span)
}

const COMMENTS: &[&str] = &["//", "/*", ";", "--"];

const UNBOUNDED: &[&str] = &[
    "vrrp_cpu_affinity",
    "checker_cpu_affinity",
    "bfd_cpu_affinity",
    "umask",
    "vrrp_ipsets",
    "include_check",
    "process",
    "use_vmac",
    "use_ipvlan",
    "kernel_rx_buf_size",
    "vrrp_rx_bufs_multiplier",
    "snmp_socket",
    "reload_time_file",
    "include",
    "includer",
    "includem",
    "includew",
    "includeb",
    "includea",
];

const THREE_WORDS: &[&str] = &["notify_fifo", "vrrp_notify_fifo", "lvs_notify_fifo"];

const TWO_WORDS: &[&str] = &[
    "smtp_server",
    "script_user",
    "user",
    "weight",
    "garp_extra_if",
    "vmac_garp_intvl",
    "vrrp_garp_extra_if",
    "vrrp_vmac_garp_intvl",
    "vrrp_iptables",
    "init_file",
    "key",
];
