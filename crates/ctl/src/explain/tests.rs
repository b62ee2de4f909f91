//! Explanations of whole files are snapshots: `UPDATE_EXPECT=1` rewrites them.

use std::ffi::OsString;
use std::path::Path;

fn run(words: &[&str]) -> (u8, String) {
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let arguments = words.iter().map(|word| {
        if word.contains('/') {
            here.join(word).into_os_string()
        } else {
            OsString::from(word)
        }
    });
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let code = crate::run(arguments, false, &mut out, &mut err).unwrap();
    let out = String::from_utf8(out).unwrap();
    (code, out.replace(&format!("{}/", here.display()), ""))
}

fn expect(name: &str, words: &[&str]) {
    let (code, got) = run(words);
    assert_eq!(code, 0, "{got}");
    compare(name, &got);
}

/// What is said about the pair, not about each of its files: that depends on the machine.
fn expect_of_pair(name: &str, files: [&str; 2]) {
    let (_, got) = run(&["check", "--pair", files[0], files[1]]);
    let end = format!("{}: ", files[1]);
    let mut lines: Vec<&str> = got.lines().collect();
    let last = lines.iter().rposition(|line| line.starts_with(&end));
    lines.drain(..=last.unwrap());
    compare(name, &(lines.join("\n") + "\n"));
}

fn compare(name: &str, got: &str) {
    assert!(!got.contains("s3cret"), "a password is shown");
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(name);
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&file, got).unwrap();
    }
    assert_eq!(got, std::fs::read_to_string(file).unwrap());
}

const HAPROXY: [&str; 2] = [
    "examples/haproxy-pair/master.conf",
    "examples/haproxy-pair/backup.conf",
];
const TRIPLE: [&str; 3] = [
    "crates/ctl/tests/data/group/fra1.conf",
    "crates/ctl/tests/data/group/fra2.conf",
    "crates/ctl/tests/data/group/fra3.conf",
];

#[test]
fn a_file_is_explained() {
    expect("explain/haproxy.txt", &["explain", HAPROXY[0]]);
    expect("explain/group.txt", &["explain", TRIPLE[0]]);
}

#[test]
fn interfaces_settings_routes_and_sessions_are_explained() {
    let words = ["explain", "crates/ctl/tests/data/explain/kernel.conf"];
    expect("explain/kernel.txt", &words);
}

#[test]
fn a_pair_has_a_table_of_outcomes() {
    expect(
        "explain/haproxy-pair.txt",
        &["explain", "--pair", HAPROXY[0], HAPROXY[1]],
    );
    let words = ["explain", "--pair", "--format=json", HAPROXY[0], HAPROXY[1]];
    expect("explain/haproxy-pair.json", &words);
}

#[test]
fn three_nodes_have_one_too() {
    let [a, b, c] = TRIPLE;
    expect("explain/three-nodes.txt", &["explain", "--pair", a, b, c]);
}

#[test]
fn check_shows_what_does_not_fit_together() {
    expect_of_pair("check/haproxy-pair.txt", HAPROXY);
    // Passwords are compared, and never shown.
    let [a, b] = [1, 2].map(|n| format!("docs/diagnostics/differing-authentication.lb{n}.conf"));
    expect_of_pair("check/passwords.txt", [&a, &b]);
    let [a, b] = [1, 2].map(|n| format!("docs/diagnostics/no-handover.lb{n}.conf"));
    expect_of_pair("check/no-handover.txt", [&a, &b]);
}

#[test]
fn a_refused_file_is_said_and_not_explained() {
    let (code, out) = run(&["explain", "./nonexistent.conf"]);
    assert_eq!((code, out.as_str()), (2, ""));
}
