//! Every code has a section in `docs/diagnostics.md` and an example beside it that shows it, and
//! nothing else; the corrected example shows nothing. What only a group of nodes can show has one
//! example for each node.

mod support;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use evervip_config::{Code, Loaded, Tree};
use evervip_lint::group::Group;
use support::{ExampleFiles, input};

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs")
}

fn read(file: &Path) -> (Loaded, Tree) {
    support::read(&ExampleFiles, file)
}

fn codes_of(file: &Path) -> BTreeSet<Code> {
    support::codes_of(&ExampleFiles, file)
}

/// The examples of a code that is about several nodes.
fn nodes(code: Code) -> Vec<PathBuf> {
    let files = (1..).map(|n| docs().join(format!("diagnostics/{code}.lb{n}.conf")));
    files.take_while(|file| file.is_file()).collect()
}

fn codes_of_group(files: &[PathBuf]) -> BTreeSet<Code> {
    let read: Vec<_> = files.iter().map(|file| read(file)).collect();
    let inputs = read.iter().enumerate();
    let inputs: Vec<_> = inputs
        .map(|(n, read)| (format!("lb{}", n + 1), input(read)))
        .collect();
    let found = Group::new(&inputs).check();
    found.iter().map(|d| d.code).collect()
}

fn listed(codes: &BTreeSet<Code>) -> String {
    let names: Vec<_> = codes.iter().map(|code| code.as_str()).collect();
    names.join(", ")
}

/// What an example cannot help showing, too.
const ALSO: &[(Code, Code)] = &[
    // The default user matters only where script security is off.
    (Code::DefaultScriptUser, Code::InsecureScript),
    (Code::StrictBlocksAddresses, Code::NotSupported),
];

#[test]
fn every_code_has_an_example_that_shows_it_alone() {
    let mut wrong = Vec::new();
    for code in Code::ALL {
        let file = docs().join(format!("diagnostics/{code}.conf"));
        let group = nodes(*code);
        if group.len() > 1 {
            let shown = codes_of_group(&group);
            if shown != BTreeSet::from([*code]) {
                wrong.push(format!("{code}: {}", listed(&shown)));
            }
            continue;
        }
        if !file.is_file() {
            wrong.push(format!("{code}: no example"));
            continue;
        }
        let also = ALSO.iter().find(|(with, _)| with == code);
        let expect: BTreeSet<_> = [Some(*code), also.map(|(_, other)| *other)]
            .into_iter()
            .flatten()
            .collect();
        let shown = codes_of(&file);
        if shown != expect {
            wrong.push(format!("{code}: {}", listed(&shown)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn corrected_examples_show_nothing() {
    let mut wrong = Vec::new();
    for code in Code::ALL {
        let file = docs().join(format!("diagnostics/{code}.fixed.conf"));
        let shown = codes_of(&file);
        if file.is_file() && !shown.is_empty() {
            wrong.push(format!("{code}: {}", listed(&shown)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_code_has_a_section_and_no_section_is_left_over() {
    let page = std::fs::read_to_string(docs().join("diagnostics.md")).unwrap();
    let sections: Vec<_> = page
        .lines()
        .filter_map(|line| line.strip_prefix("### "))
        .collect();
    let names: Vec<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
    let (have, want): (BTreeSet<_>, BTreeSet<_>) = (
        sections.iter().copied().collect(),
        names.iter().copied().collect(),
    );
    assert_eq!(have, want);
    assert_eq!(sections.len(), want.len(), "a section stands twice");
    for code in Code::ALL {
        let nodes = nodes(*code).len();
        let links = (1..=nodes).map(|n| format!("(diagnostics/{code}.lb{n}.conf)"));
        assert!(links.into_iter().all(|link| page.contains(&link)), "{code}");
        let (link, name) = (format!("(diagnostics/{code}.conf)"), code.as_str());
        if nodes > 0 {
            continue;
        }
        assert!(page.contains(&link), "no link to the example of {name}");
    }
}
