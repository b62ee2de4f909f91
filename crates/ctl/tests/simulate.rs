//! `evervip simulate`: output compared with reviewed files, exit codes, mistakes in scenarios.
#![expect(clippy::unwrap_used, reason = "a failure ends the test")]

use std::ffi::OsString;
use std::path::{Path, PathBuf};

fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn simulate(options: &[&str]) -> (u8, String, String) {
    let mut arguments: Vec<OsString> = vec!["simulate".into()];
    arguments.extend(options.iter().map(OsString::from));
    for file in ["master.conf", "backup.conf"] {
        arguments.push(top().join("examples/haproxy-pair").join(file).into());
    }
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let code = evervip_ctl::run(arguments.into_iter(), false, &mut out, &mut err).unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (code, text(out), text(err))
}

fn with_scenario(text: &str) -> (u8, String, String) {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("s");
    std::fs::write(&file, text).unwrap();
    simulate(&["--scenario", file.to_str().unwrap()])
}

#[test]
fn the_master_dies_when_nothing_else_is_asked_for() {
    let (code, out, err) = simulate(&[]);
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(!out.contains("12345678"), "a password is shown");
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/simulate");
    evervip_testkit::expect::file(&data.join("death.txt"), &out);
}

#[test]
fn the_example_goes_as_it_expects() {
    let file = top().join("examples/haproxy-pair/failures.scenario");
    let (code, out, err) = simulate(&["--scenario", file.to_str().unwrap()]);
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/simulate");
    evervip_testkit::expect::file(&data.join("failures.txt"), &out);
}

#[test]
fn another_outcome_makes_exit_code_1() {
    let (code, out, _) = with_scenario("run 10s\nexpect backup MASTER\n");
    assert_eq!(code, 1);
    let line = "not as expected: line 2: backup LB_VIP is BACKUP, not MASTER";
    assert!(out.contains(line), "{out}");
    let (code, out, _) = with_scenario("at 10s kill master\nexpect gap < 2s\n");
    assert_eq!(code, 1);
    assert!(
        out.contains("line 2: 10.150.160.32 had no owner for"),
        "{out}"
    );
}

#[test]
fn both_sides_of_a_partition_have_a_master() {
    let (code, out, _) = with_scenario(
        "at 10s partition master | backup\nat 19s expect backup MASTER\n\
         at 20s heal\nexpect backup BACKUP\n",
    );
    assert_eq!(code, 0, "{out}");
    assert!(!out.contains(", 0 ms with two"), "{out}");
}

#[test]
fn mistakes_name_file_line_and_remedy() {
    let (code, _, err) = with_scenario("\nat 5s kill lb1\n");
    assert_eq!(code, 1);
    assert!(
        err.contains("s:2: there is no node 'lb1': write one of master, backup"),
        "{err}"
    );
    let (code, out, _) = with_scenario("at 5s link eth9 down on master\n");
    assert_eq!(code, 1);
    assert!(
        out.contains("line 1: master has no interface eth9"),
        "{out}"
    );
}
