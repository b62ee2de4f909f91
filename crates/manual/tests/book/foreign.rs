//! Blocks in the languages of others: units of systemd, YAML, JSON, shell.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use yaml_rust2::YamlLoader;

use crate::page::top;

/// What is wrong with an override of the unit, by its form, and by systemd where that is installed.
pub(crate) fn unit_mistake(text: &str) -> Option<String> {
    form_mistake(text).or_else(|| systemd_mistake(text))
}

/// Lines are sections, settings and comments, and no setting is without section.
fn form_mistake(text: &str) -> Option<String> {
    let mut in_section = false;
    for line in text.lines().map(str::trim_end) {
        let is_section = line.starts_with('[') && line.ends_with(']');
        in_section |= is_section;
        let is_setting = in_section
            && line.split_once('=').is_some_and(|(name, _)| {
                !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric())
            });
        if !(is_section || is_setting || line.is_empty() || line.starts_with('#')) {
            return Some(format!("'{line}' is no line of a unit"));
        }
    }
    None
}

/// What `systemd-analyze verify` says about our unit with this override; nothing where it is not
/// installed. It looks for the programs, so they are replaced by one that is everywhere.
fn systemd_mistake(text: &str) -> Option<String> {
    let directory = tempfile::tempdir().unwrap();
    let overrides = directory.path().join("keepalived.service.d");
    std::fs::create_dir(&overrides).unwrap();
    let unit = std::fs::read_to_string(top().join("packaging/systemd/debian.service")).unwrap();
    let file = directory.path().join("keepalived.service");
    std::fs::write(&file, with_present_programs(&unit)).unwrap();
    std::fs::write(overrides.join("x.conf"), with_present_programs(text)).unwrap();
    verify(directory.path(), &file)
}

fn with_present_programs(text: &str) -> String {
    let text = text.replace("/usr/sbin/keepalived", "/bin/sh");
    text.replace("/usr/bin/evervip", "/bin/sh")
}

fn verify(units: &Path, file: &Path) -> Option<String> {
    let mut command = Command::new("systemd-analyze");
    command
        .args(["verify", "--man=no", "--recursive-errors=no"])
        .arg(file)
        .env("SYSTEMD_UNIT_PATH", format!("{}:", units.display()));
    let output = command.output().ok()?;
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    // What it says about the machine (no bus, no cgroups) names no file of ours.
    let ours = units.to_string_lossy();
    said.lines()
        .find(|line| line.contains(&*ours))
        .map(str::to_owned)
}

pub(crate) fn yaml_mistake(text: &str) -> Option<String> {
    YamlLoader::load_from_str(text)
        .err()
        .map(|error| error.to_string())
}

pub(crate) fn json_mistake(text: &str) -> Option<String> {
    let parsed = serde_json::from_str::<serde_json::Value>(text);
    parsed.err().map(|error| error.to_string())
}

/// What the shell says that reads it without running it.
pub(crate) fn shell_mistake(text: &str) -> Option<String> {
    let mut command = Command::new("sh");
    command
        .arg("-n")
        .stdin(Stdio::piped())
        .stderr(Stdio::piped());
    let mut shell = command.spawn().unwrap();
    let mut input = shell.stdin.take().unwrap();
    input.write_all(text.as_bytes()).unwrap();
    drop(input);
    let output = shell.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    (!output.status.success()).then_some(said)
}

#[test]
fn a_wrong_block_of_another_language_is_noticed() {
    assert_eq!(
        unit_mistake("[Service]\nUser=keepalived\nExecStart=\n"),
        None
    );
    assert!(unit_mistake("User=keepalived\n").is_some());
    assert!(unit_mistake("[Service]\nUser keepalived\n").is_some());
    assert_eq!(yaml_mistake("a:\n  b: [\"c\"]\n"), None);
    assert!(yaml_mistake("a:\n  b: [\"c\"\nd: e\n").is_some());
    assert!(yaml_mistake("a: 1\na: 2\n").is_some());
    assert_eq!(json_mistake("[1]"), None);
    assert!(json_mistake("[1,]").is_some());
    assert_eq!(shell_mistake("if true; then echo; fi\n"), None);
    assert!(shell_mistake("if true; then echo\n").is_some());
}

#[test]
fn systemd_notices_a_misspelled_setting() {
    if Command::new("systemd-analyze")
        .arg("--version")
        .output()
        .is_err()
    {
        println!("SKIPPED: there is no systemd-analyze");
        return;
    }
    assert!(unit_mistake("[Service]\nRuntimeDirektory=keepalived\n").is_some());
}
