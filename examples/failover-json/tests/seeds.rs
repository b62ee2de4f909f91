//! The configurations that failover ships run as they are. They are not part of this project: without
//! them (`EVERVIP_SEEDS`, or `../shared/seeds` beside the project) there is nothing to try.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(clippy::print_stdout, reason = "the harness shows it with the test")]

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use evervip_lab::{Interface, Lab, wait_until};

const PATIENCE: Duration = Duration::from_secs(30);
const DAEMON: &str = "/usr/local/sbin/keepalived";
const FILE: &str = "/etc/failover/vrrp-config.json";

fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn seed(name: &str) -> Option<Vec<u8>> {
    let directory = std::env::var_os("EVERVIP_SEEDS")
        .map_or_else(|| top().join("../shared/seeds"), PathBuf::from);
    let file = directory.join("failover").join(name);
    let content = std::fs::read(&file);
    if content.is_err() {
        println!("SKIPPED: there is no {}", file.display());
    }
    content.ok()
}

fn daemon() -> Option<PathBuf> {
    let example = Path::new(env!("CARGO_BIN_EXE_evervip-example-failover"));
    let beside = example.with_file_name("keepalived");
    let daemon = std::env::var_os("EVERVIP_KEEPALIVED").map_or(beside, PathBuf::from);
    if !daemon.is_file() {
        println!("SKIPPED: there is no {}", daemon.display());
        return None;
    }
    Some(daemon)
}

/// Runs a file on a node that has its interface, until its address is there.
fn run(name: &str, instances: &[&str]) {
    let Some((content, program)) = seed(name).zip(daemon()) else {
        return;
    };
    if let Err(reason) = Lab::available() {
        println!("SKIPPED: {reason}");
        return;
    }
    let lab = Lab::new("seed").unwrap();
    let node = lab
        .node("n")
        .interface(Interface::new("wlo1").address("192.168.100.1/24"))
        .file(FILE, content, 0o644)
        .bind(program, DAEMON)
        .start()
        .unwrap();
    let mut command = Command::new(DAEMON);
    command
        .args(["-n", "-l", "-D", "-f", FILE])
        .current_dir("/");
    let daemon = node.spawn("keepalived", command).unwrap();
    for instance in instances {
        let line = format!("({instance}) Entering MASTER STATE");
        daemon.log().wait_for(&line, PATIENCE).unwrap();
    }
    let address: IpAddr = [192, 168, 100, 100].into();
    wait_until(PATIENCE, "the address is there", || {
        node.has_address(address)
    })
    .unwrap();
}

#[test]
fn the_sample_with_one_router() {
    run("vrrp-config.json", &["VR_1"]);
}

#[test]
fn the_sample_with_an_array() {
    run("sample-array.json", &["VR_1", "VR_2"]);
}
