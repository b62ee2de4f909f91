//! What a document says that `evervip` prints is what it prints.

use std::ffi::OsString;
use std::path::Path;

use crate::page::{Page, all, top};

/// What `evervip` prints when it is called with files of a directory, as in that directory.
fn printed(command: &str, directory: &Path) -> String {
    let words = command.split(' ').map(|word| match word {
        file if file.ends_with(".conf") || file.ends_with(".scenario") => {
            directory.join(file).into_os_string()
        }
        other => OsString::from(other),
    });
    let (mut out, mut err) = (Vec::new(), Vec::new());
    evervip_ctl::run(words, false, &mut out, &mut err).unwrap();
    let out = String::from_utf8(out).unwrap();
    out.replace(&format!("{}/", directory.display()), "")
}

/// What a page shows below `$ evervip COMMAND`, up to the next command or the end of the block.
fn shown(page: &Page, command: &str) -> Vec<String> {
    let line = format!("$ evervip {command}");
    let fences = page.fences();
    let fence = fences.iter().find(|f| f.text.lines().any(|l| l == line));
    let fence = fence.unwrap_or_else(|| panic!("{}: no `{line}`", page.name));
    let behind = fence.text.lines().skip_while(|l| *l != line).skip(1);
    let output = behind.take_while(|l| !l.starts_with("$ "));
    output.map(str::to_owned).collect()
}

/// The lines of `shown` that `printed` does not have, in this order.
fn missing(shown: &[String], printed: &str) -> Option<String> {
    let mut lines = printed.lines().map(str::trim_end);
    let absent = shown
        .iter()
        .find(|line| !lines.any(|l| l == line.trim_end()));
    absent.map(|line| format!("'{line}' is not in its place in\n{printed}"))
}

fn page(name: &str) -> Page {
    all().into_iter().find(|page| page.name == name).unwrap()
}

fn example() -> std::path::PathBuf {
    top().join("examples/haproxy-pair").canonicalize().unwrap()
}

/// The first whole configuration of a page as that of two nodes, the second with priority 100.
fn pair_of(page: &Page) -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    let fences = page.fences();
    let file = fences
        .iter()
        .find(|fence| fence.info == "keepalived")
        .unwrap();
    assert!(file.text.contains("priority 150\n"), "{}", page.name);
    let second = file.text.replace("priority 150\n", "priority 100\n");
    std::fs::write(directory.path().join("lb1.conf"), &file.text).unwrap();
    std::fs::write(directory.path().join("lb2.conf"), second).unwrap();
    directory
}

fn check(page: &Page, command: &str, directory: &Path) {
    let output = printed(command, directory);
    if let Some(missing) = missing(&shown(page, command), &output) {
        panic!("{}: evervip {command}: {missing}", page.name);
    }
}

#[test]
fn the_readme_shows_what_is_printed() {
    let readme = page("README.md");
    for command in [
        "explain --pair master.conf backup.conf",
        "simulate master.conf backup.conf",
    ] {
        check(&readme, command, &example());
    }
}

#[test]
fn who_is_master_is_what_is_printed() {
    let started = page("docs/getting-started.md");
    check(
        &started,
        "check --pair lb1.conf lb2.conf",
        pair_of(&started).path(),
    );
    let fast = page("docs/sub-second.md");
    check(
        &fast,
        "explain --pair lb1.conf lb2.conf",
        pair_of(&fast).path(),
    );
}

/// The whole output, from the scenario that stands above it.
#[test]
fn a_simulation_is_what_is_printed() {
    let page = page("docs/simulate.md");
    let fences = page.fences();
    let scenario = fences
        .iter()
        .position(|f| f.language() == "scenario")
        .unwrap();
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("x.scenario");
    std::fs::write(&file, &fences[scenario].text).unwrap();
    let file = file.to_str().unwrap();
    let command = format!("simulate --scenario {file} master.conf backup.conf");
    assert_eq!(printed(&command, &example()), fences[scenario + 1].text);
}

#[test]
fn a_wrong_output_is_noticed() {
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(missing(&lines("a\nc"), "a\nb\nc \n"), None);
    assert!(missing(&lines("c\na"), "a\nb\nc\n").is_some());
    assert!(missing(&lines("d"), "a\nb\n").is_some());
}
