//! What a chapter is for is in it, and what it names exists.

use std::path::{Path, PathBuf};

use evervip_config::keyword::{Block, keywords};

use crate::page::{all, code_spans, top};

fn text_of(name: &str) -> String {
    std::fs::read_to_string(top().join(name)).unwrap()
}

#[test]
fn every_keyword_of_our_own_has_a_section() {
    let pages = all();
    let chapter = pages.iter().find(|page| page.name == OWN_KEYWORDS).unwrap();
    let anchors = chapter.anchors();
    let blocks = [Block::Evervip, Block::EvervipInstance];
    for keyword in blocks.into_iter().flat_map(keywords) {
        let anchor = keyword.name.to_owned();
        assert!(anchors.contains(&anchor), "{OWN_KEYWORDS}: {anchor}");
    }
}

#[test]
fn every_command_of_the_tool_is_in_the_readme() {
    let readme = text_of("README.md");
    for command in evervip_ctl::reference::COMMANDS {
        let written = format!("evervip {}", command.name);
        assert!(readme.contains(&written), "README.md: {written}");
    }
}

/// Everything that the crates and the compat suites consist of, with its path.
fn sources() -> Vec<(PathBuf, String)> {
    let mut files = Vec::new();
    for directory in ["crates", "compat-tests/suites"] {
        collect(&top().join(directory), &mut files);
    }
    files
}

fn collect(directory: &Path, files: &mut Vec<(PathBuf, String)>) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            files.push((path, text));
        }
    }
}

#[test]
fn tests_that_cover_the_standards_exist() {
    let sources = sources();
    let page = text_of("docs/rfc-coverage.md");
    let (mut wrong, mut count) = (Vec::new(), 0);
    for line in page.lines().filter(|line| line.starts_with('|')) {
        let last = line.trim_end_matches(['|', ' ']).rsplit(" | ").next();
        let names = code_spans(last.unwrap_or_default());
        for (name, (file, function)) in names.iter().filter_map(|n| Some((n, n.split_once("::")?)))
        {
            count += 1;
            let definition = format!("fn {function}(");
            let is_there = sources.iter().any(|(path, text)| {
                path.file_stem().is_some_and(|stem| stem == file) && text.contains(&definition)
            });
            if !is_there {
                wrong.push(*name);
            }
        }
    }
    assert!(wrong.is_empty(), "rfc-coverage.md: {}", wrong.join(", "));
    assert!(count > 50, "only {count} tests are named");
}

/// Lines of the log in the table of the monitoring chapter are those that the programs write: what
/// stands between the words in capitals is in a source.
#[test]
fn lines_of_the_log_are_in_the_programs() {
    let sources = sources();
    let page = text_of("docs/monitoring.md");
    let (_, table) = page.split_once("## Log lines").unwrap();
    let table = table.split("\n## ").next().unwrap();
    let (mut wrong, mut count) = (Vec::new(), 0);
    for line in table.lines().filter(|line| line.starts_with("| `")) {
        let shown = code_spans(line)[0];
        let longest = longest_text(shown);
        count += 1;
        if !sources.iter().any(|(_, source)| source.contains(&longest)) {
            wrong.push(format!("{shown}: no '{longest}'"));
        }
    }
    assert!(wrong.is_empty(), "monitoring.md: {}", wrong.join("\n"));
    assert!(count > 20, "only {count} lines of the log");
}

/// Where people would rather look than read there is a diagram: its page, its kind, what is in it.
const DIAGRAMS: &[(&str, &str, &str)] = &[
    (
        "docs/how-it-works.md",
        "stateDiagram-v2",
        "BACKUP --> MASTER",
    ),
    ("docs/how-it-works.md", "flowchart", "guardian"),
    ("docs/how-it-works.md", "flowchart", "clients"),
    (
        "docs/how-it-works.md",
        "sequenceDiagram",
        "advert with priority 0",
    ),
    ("examples/haproxy-pair/README.md", "flowchart", "MASTER"),
    ("examples/failover-json/README.md", "flowchart", "macvlan"),
    (
        "examples/route-server-failover/README.md",
        "flowchart",
        "BGP",
    ),
    (
        "examples/route-server-failover/README.md",
        "gantt",
        "section",
    ),
    (
        "examples/virtual-circuit-failover/README.md",
        "flowchart",
        "API",
    ),
    (
        "examples/virtual-circuit-failover/README.md",
        "gantt",
        "section",
    ),
];

#[test]
fn there_is_a_diagram_of_what_is_looked_at() {
    let pages = all();
    for (name, kind, contains) in DIAGRAMS {
        let page = pages.iter().find(|page| page.name == *name).unwrap();
        let fences = page.fences();
        let is_there = fences.iter().any(|fence| {
            let drawn = fence.language() == "mermaid" && fence.text.starts_with(kind);
            drawn && fence.text.contains(contains)
        });
        assert!(is_there, "{name} has no {kind} with '{contains}'");
    }
}

/// What is longest between the words in capitals, which stand for something else.
fn longest_text(shown: &str) -> String {
    let (mut divided, mut capitals) = (String::new(), String::new());
    for letter in shown.chars().chain(['\n']) {
        if letter.is_ascii_uppercase() {
            capitals.push(letter);
            continue;
        }
        let is_name = capitals.len() > 1;
        divided.push_str(if is_name { "\n" } else { &capitals });
        divided.push(letter);
        capitals.clear();
    }
    let texts = divided.lines().map(str::trim);
    let longest = texts.max_by_key(|text| text.len());
    longest.unwrap_or_default().to_owned()
}

#[test]
fn what_stands_for_something_else_divides_a_line() {
    assert_eq!(longest_text("(NAME) sent 0 priority"), ") sent 0 priority");
    assert_eq!(longest_text("IP ADDRESS is Down"), "is Down");
}

const OWN_KEYWORDS: &str = "docs/evervip-lines.md";
