//! Both parts of the demo run and pass. The bounds are wide: other tests run at the same time.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(clippy::print_stdout, reason = "the harness shows it with the test")]

use std::path::{Path, PathBuf};
use std::process::Command;

const PROGRAM: &str = env!("CARGO_BIN_EXE_evervip-demo");

/// The release build, else what was built beside the demo.
fn daemon() -> Option<PathBuf> {
    if let Some(path) = std::env::var_os("EVERVIP_KEEPALIVED") {
        return Some(path.into());
    }
    let directory = Path::new(PROGRAM).parent()?;
    let release = directory.parent()?.join("release/keepalived");
    let places = [release, directory.join("keepalived")];
    places.into_iter().find(|path| path.is_file())
}

fn play(part: &str, steps: usize) {
    let has_haproxy = Command::new("haproxy").arg("-v").output().is_ok();
    let reason = match evervip_lab::Lab::available() {
        Err(reason) => Some(reason),
        Ok(()) if !has_haproxy => Some("haproxy is not installed".to_owned()),
        Ok(()) => None,
    };
    let Some(daemon) = daemon().filter(|_| reason.is_none()) else {
        println!(
            "SKIPPED: {}",
            reason.unwrap_or("no daemon was built".to_owned())
        );
        return;
    };
    let output = Command::new(PROGRAM)
        .arg(part)
        .env("EVERVIP_DEMO_DAEMON", daemon)
        .env("EVERVIP_DEMO_SLACK", "5")
        .output()
        .unwrap();
    let shown = String::from_utf8_lossy(&output.stdout);
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{shown}\n{complaints}");
    assert_eq!(shown.matches("PASS").count(), steps, "{shown}");
}

#[test]
fn an_unchanged_pair() {
    play("unchanged", 5);
}

#[test]
fn both_nodes_work() {
    play("active-active", 3);
}

/// What users have is what is shown.
#[test]
fn the_files_are_those_of_the_set_up() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let seeds = std::env::var_os("EVERVIP_SEEDS")
        .map_or_else(|| here.join("../../../shared/seeds"), PathBuf::from);
    for name in ["master.conf", "backup.conf", "chk_haproxy.sh"] {
        let seed = seeds.join("haproxy-pair").join(name);
        match std::fs::read_to_string(&seed) {
            Ok(seed) => assert_eq!(std::fs::read_to_string(here.join(name)).unwrap(), seed),
            Err(_) => println!("SKIPPED: there is no {}", seed.display()),
        }
    }
}
