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
    scenario_with(text, &[])
}

fn scenario_with(text: &str, more: &[&str]) -> (u8, String, String) {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("s");
    std::fs::write(&file, text).unwrap();
    let options = ["--scenario", file.to_str().unwrap()];
    simulate(&[&options, more].concat())
}

fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/simulate")
}

#[test]
fn the_master_dies_when_nothing_else_is_asked_for() {
    let (code, out, err) = simulate(&[]);
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(!out.contains("12345678"), "a password is shown");
    evervip_testkit::expect::file(&data().join("death.txt"), &out);
}

#[test]
fn the_example_goes_as_it_expects() {
    let file = top().join("examples/haproxy-pair/failures.scenario");
    let (code, out, err) = simulate(&["--scenario", file.to_str().unwrap()]);
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    evervip_testkit::expect::file(&data().join("failures.txt"), &out);
}

#[test]
fn another_outcome_makes_exit_code_1() {
    let (code, out, _) = with_scenario("until 10s\nexpect backup MASTER\n");
    assert_eq!(code, 1);
    let line = "not as expected: line 2: backup LB_VIP is BACKUP, not MASTER";
    assert!(out.contains(line), "{out}");
    let (code, out, _) = with_scenario("at 10s kill master\nexpect gap < 2s\n");
    assert_eq!(code, 1);
    assert!(
        out.contains("line 2: 10.150.160.32 had no owner for"),
        "{out}"
    );
    let divided = "at 10s partition master | backup\nuntil 20s\nexpect double < 1s\n";
    let (code, out, _) = with_scenario(divided);
    assert_eq!(code, 1);
    let line = "not as expected: line 3: 10.150.160.32 had several owners for 6774 ms";
    assert!(out.contains(line), "{out}");
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
fn mistakes_are_shown_as_those_of_configurations_are() {
    let (code, out, err) = with_scenario("\nat 5s kill lb1\nat 7s link eth9 down om master");
    assert_eq!((code, out.as_str()), (1, ""));
    expect_mistake(
        &err,
        "error[invalid-value]: expected 'on', not 'om'",
        ":3:22",
    );
    assert!(err.contains("help: did you mean 'on'?"), "{err}");
    let (code, _, err) = with_scenario("at 5s kill lb1\nat 7s link eth9 down on master\n");
    assert_eq!(code, 1);
    expect_mistake(&err, "error[unknown-name]: there is no node 'lb1'", ":1:12");
    assert!(err.contains("help: the nodes are master, backup"), "{err}");
    expect_mistake(
        &err,
        "error[unknown-name]: master has no interface 'eth9'",
        ":2:12",
    );
    let (code, _, err) = simulate(&["--scenario", "/does/not/exist"]);
    assert_eq!(code, 1);
    assert!(err.contains("cannot read /does/not/exist: "), "{err}");
}

#[track_caller]
fn expect_mistake(err: &str, message: &str, place: &str) {
    let mut lines = err.lines().skip_while(|line| *line != message);
    assert_eq!(lines.next(), Some(message), "{err}");
    let arrow = lines.next().unwrap_or_default();
    assert!(arrow.contains(" --> ") && arrow.ends_with(place), "{err}");
}

#[test]
fn mistakes_in_json_are_diagnostics() {
    let (code, out, err) = scenario_with("at 5s kill lb1\n", &["--format=json"]);
    assert_eq!((code, out.as_str()), (1, ""));
    let all: serde_json::Value = serde_json::from_str(&err).unwrap();
    assert_eq!(all[0]["code"], "unknown-name");
    assert_eq!(all[0]["column"], 12);
}

#[test]
fn the_example_in_json() {
    let file = top().join("examples/haproxy-pair/failures.scenario");
    let options = ["--format=json", "--scenario", file.to_str().unwrap()];
    let (code, out, err) = simulate(&options);
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    evervip_testkit::expect::file(&data().join("failures.json"), &out);
    let (code, out, _) = scenario_with("until 10s\nexpect backup MASTER\n", &["--format=json"]);
    let all: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &all["as_expected"]), (1, &false.into()));
    assert_eq!(all["failures"][0]["line"], 2);
}

/// The scenario in docs/simulate.md with the output below it.
#[test]
fn the_documented_example_goes_as_documented() {
    let page = top().join("docs/simulate.md");
    let text = std::fs::read_to_string(&page).unwrap();
    let (_, scenario) = text.split_once("```scenario\n").unwrap();
    let (scenario, rest) = scenario.split_once("```").unwrap();
    let (_, shown) = rest.split_once("```text\n").unwrap();
    let (shown, _) = shown.split_once("```").unwrap();
    let (code, out, err) = with_scenario(scenario);
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    let updated = text.replacen(
        &format!("```text\n{shown}```"),
        &format!("```text\n{out}```"),
        1,
    );
    evervip_testkit::expect::file(&page, &updated);
}
