//! Output of `evervip check` in its three formats, compared with reviewed files.
//!
//! `UPDATE_EXPECT=1` rewrites them; the difference is for review.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a failure ends the test")]

use std::ffi::OsString;
use std::path::{Path, PathBuf};

fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/report")
}

/// Runs the tool on a file of the test data; the directory is left out of what it says.
fn check(file: &str, options: &[&str]) -> (u8, String) {
    let words = ["check", "--elsewhere"].iter().chain(options);
    let mut arguments: Vec<_> = words.map(OsString::from).collect();
    arguments.push(data().join(file).into());
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let code = evervip_ctl::run(arguments.into_iter(), false, &mut out, &mut err).unwrap();
    let text = String::from_utf8(out).unwrap() + &String::from_utf8(err).unwrap();
    let directory = format!("{}/", data().display());
    (code, text.replace(&directory, ""))
}

#[track_caller]
fn snapshot(file: &str, option: &str, name: &str) {
    let (_, text) = check(file, &[option]);
    evervip_testkit::expect::file(&data().join(name), &text);
}

#[test]
fn a_pair_as_people_post_it() {
    snapshot("pair.conf", "--format=text", "pair.text");
    snapshot("pair.conf", "--format=short", "pair.short");
    snapshot("pair.conf", "--format=json", "pair.json");
}

/// Tabs, wide and combining characters, bytes that are no UTF-8, a long line, CRLF.
#[test]
fn marks_stand_below_their_words() {
    snapshot("characters.conf", "--format=text", "characters.text");
    snapshot("characters.conf", "--format=json", "characters.json");
}

#[test]
fn places_in_included_files_are_named() {
    snapshot("including.conf", "--format=text", "including.text");
    snapshot("including.conf", "--format=short", "including.short");
}

#[test]
fn colours_are_a_matter_of_the_option() {
    snapshot("including.conf", "--color=always", "including.colour");
    let (_, never) = check("including.conf", &["--color=never"]);
    let (_, auto) = check("including.conf", &["--color=auto"]);
    assert_eq!(never, auto);
    assert!(!never.contains('\x1b'));
}

#[test]
fn json_of_several_files_is_one_array() {
    let second = data().join("including.conf").display().to_string();
    let (code, text) = check("pair.conf", &["--format=json", &second]);
    let all: serde_json::Value = serde_json::from_str(&text).unwrap();
    let all = all.as_array().unwrap();
    let named = |name: &str| all.iter().filter(|d| d["configuration"] == name).count();
    assert_eq!(named("pair.conf") + named("including.conf"), all.len());
    assert!(named("pair.conf") > 0 && named("including.conf") > 0);
    assert_eq!(code, 0);
}

#[test]
fn a_clean_file_says_nothing_to_programs() {
    assert_eq!(
        check("clean.conf", &["--format=json"]),
        (0, "[]\n".to_owned())
    );
    assert_eq!(check("clean.conf", &["--format=short"]), (0, String::new()));
    let expect = "clean.conf: taken to be there: interface lan0\nclean.conf: ok\n";
    assert_eq!(check("clean.conf", &["--strict"]), (0, expect.to_owned()));
}

#[test]
fn the_worst_decides_the_exit_code() {
    let warning = check("including.conf", &["--format=short"]);
    assert_eq!(warning.0, 0, "{}", warning.1);
    assert_eq!(check("including.conf", &["--strict"]).0, 1);
    let clean = data().join("clean.conf").display().to_string();
    assert_eq!(check("missing.conf", &[&clean]).0, 2);
    assert_eq!(check("missing.conf", &["--format=short", &clean]).0, 2);
    assert_eq!(check("pair.conf", &["--format=yaml"]).0, 1);
}

#[test]
fn interfaces_of_a_namespace_that_is_not_there_are_taken_to_be_there() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("k.conf");
    let instance = "interface veth7\nvirtual_router_id 1\nvirtual_ipaddress {\n10.0.0.9/24\n}";
    let text = format!("net_namespace no-such\nvrrp_instance V {{\n{instance}\n}}\n");
    std::fs::write(&file, text).unwrap();
    let arguments = [OsString::from("check"), file.into()];
    let mut out = Vec::new();
    evervip_ctl::run(arguments.into_iter(), false, &mut out, &mut Vec::new()).unwrap();
    let text = String::from_utf8(out).unwrap();
    let line = text.lines().find(|line| line.contains("taken to be there"));
    let line = line.unwrap_or_else(|| panic!("{text}"));
    assert!(
        line.contains("the network namespace no-such (") && line.contains("veth7"),
        "{line}"
    );
    assert!(!text.contains("doesn't exist"), "{text}");
}
