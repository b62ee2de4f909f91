//! Two virtual circuits are moved from one node to the other by a provider's API: as it was posted,
//! and better. Everything is in network namespaces, the provider included; a client shows how long
//! nothing got through, and a table what the time was spent on.
//!
//! `--hurry N` divides the provider's times by N. `provider ADDRESS` runs the provider's API alone, to
//! try a switcher with. Exit status 0: everything went as it must.

mod evkd;
mod failover;
mod ping;
mod probe;
mod provider;
mod site;
mod table;

use std::ffi::OsString;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use evervip_lab::{Lab, wait_until};

use crate::failover::Running;
use crate::provider::{Api, CONNECTIONS, Delays, Fabric, LIVE, Status, serve};
use crate::site::{AS_POSTED, BETTER, Programs};
use crate::table::{Table, say};

fn main() -> ExitCode {
    let mut words = std::env::args_os();
    let program = words.next().unwrap_or_default();
    if Path::new(&program)
        .file_name()
        .is_some_and(|name| name == "fping")
    {
        return ping::main(words);
    }
    match run(&words.collect::<Vec<_>>()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("virtual-circuit: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(words: &[OsString]) -> Result<()> {
    let words: Vec<_> = words.iter().filter_map(|word| word.to_str()).collect();
    match words.as_slice() {
        ["provider", address] => run_provider(address),
        [] => run_example(1),
        ["--hurry", by] => run_example(by.parse().context("--hurry needs a number")?),
        _ => bail!("usage: evervip-example-virtual-circuit [--hurry N | provider ADDRESS:PORT]"),
    }
}

/// The API alone.
fn run_provider(address: &str) -> Result<()> {
    let listener = TcpListener::bind(address)?;
    let api = Api::new(Fabric::new(Delays::REAL));
    say(&format!(
        "http://{address}/virtual-circuits/vc-1-01 and its like, X-Auth-Token {}",
        provider::TOKEN
    ));
    let served = api.clone();
    std::thread::spawn(move || serve(&listener, &served));
    api.run(|change| {
        let node = change
            .node
            .map_or("nowhere".to_owned(), |node| format!("node 0{node}"));
        say(&format!(
            "traffic of connection {} leads to {node}",
            change.connection
        ));
    });
    Ok(())
}

fn run_example(hurry: u32) -> Result<()> {
    ensure!(hurry > 0, "--hurry needs a number from 1 on");
    if let Err(reason) = can_run() {
        // Nobody is to take a skipped example for a good one, unless that is asked for.
        let may_skip = std::env::var_os("EVERVIP_EXAMPLE_MAY_SKIP").is_some();
        ensure!(may_skip, "cannot run here: {reason}");
        say(&format!("SKIPPED: {reason}"));
        return Ok(());
    }
    let programs = programs()?;
    match evkd::directory() {
        Some(directory) => {
            evkd::run(&directory, &programs.daemon)?;
            say("the two original files run unchanged: FAULT, armed, moved, out of service");
        }
        None => {
            say(
                "SKIPPED: the two original files are not here (EVERVIP_EVKD names their directory)",
            );
        }
    }
    let delays = Delays::REAL / hurry;
    let mut table = Table::new(delays, hurry);
    let posted = Running::start(&AS_POSTED, &programs, hurry)?;
    table.add(AS_POSTED.title, posted.fail_over()?);
    drop(posted);
    let better = Running::start(&BETTER, &programs, hurry)?;
    table.add(BETTER.title, better.fail_over()?);
    table.print();
    stays_until_cleared(&better)?;
    goes_back_in_spite_of_a_refusal(&better)?;
    table.judge()
}

/// The latch: the circuits are mended, and nothing moves before an operator says so.
fn stays_until_cleared(running: &Running) -> Result<()> {
    let [first, second] = &running.site.members;
    let back = |log: String| log.matches("Entering BACKUP STATE").count();
    let before = back(first.log());
    running.site.mend()?;
    for connection in CONNECTIONS {
        let line = format!("(CIRCUIT_{connection}) has no other fault left");
        failover::wait_logged(first.daemon.as_ref(), &line)?;
    }
    ensure!(back(first.log()) == before, "node 01 came back by itself");
    say("\nthe circuits of node 01 are mended; it stays in FAULT:");
    let told = first.evervip(&["clear-fault", "CIRCUIT_1", "CIRCUIT_2"])?;
    say(&format!(
        "node01# evervip clear-fault CIRCUIT_1 CIRCUIT_2\n{told}"
    ));
    ensure!(
        told.matches("cleared, now BACKUP").count() == 2,
        "clear-fault said: {told}"
    );
    let told = first.evervip(&["clear-fault", "CIRCUIT_1"])?;
    ensure!(
        told.contains("is not held in FAULT"),
        "clear-fault said: {told}"
    );
    ensure!(
        !second.log().contains("CIRCUIT_1) Entering FAULT STATE"),
        "node 02 did not keep the circuits"
    );
    Ok(())
}

/// Retries: the provider refuses a first request, and the circuits are moved all the same.
fn goes_back_in_spite_of_a_refusal(running: &Running) -> Result<()> {
    let [first, second] = &running.site.members;
    running.site.api.fabric().have_bad_moments(1);
    second.arm(-500)?;
    let is_live = |connection: u8| {
        let fabric = running.site.api.fabric();
        let circuit = fabric.circuit(&format!("vc-{connection}-01"));
        circuit.is_some_and(|c| c.vlan == LIVE && c.status == Status::Active)
    };
    wait_until(PATIENCE, "the circuits are moved back to node 01", || {
        CONNECTIONS.into_iter().all(is_live)
    })
    .map_err(|e| anyhow!("{e}\nlog of node 01:\n{}", first.log()))?;
    say("\nnode 02 is taken out of service, and the provider refuses the first request (503): the");
    say("script is run again, and both circuits are back at node 01");
    Ok(())
}

/// What is missing on this machine.
fn can_run() -> Result<(), String> {
    Lab::available()?;
    let tools = ["bash", "curl", "jq"];
    match tools.into_iter().find(|name| !is_installed(name)) {
        Some(missing) => Err(format!(
            "{missing} is not installed, which the switchers need"
        )),
        None => Ok(()),
    }
}

fn is_installed(name: &str) -> bool {
    let directories = ["/usr/local/bin", "/usr/bin", "/bin"];
    directories
        .iter()
        .any(|directory| Path::new(directory).join(name).is_file())
}

/// `EVERVIP_KEEPALIVED`, else the release build of this tree, and the tool beside it.
fn programs() -> Result<Programs> {
    let own = std::env::current_exe()?;
    let release = own
        .parent()
        .and_then(Path::parent)
        .map(|dir| dir.join("release"));
    let given = std::env::var_os("EVERVIP_KEEPALIVED").map(PathBuf::from);
    let daemon = given.or_else(|| release.map(|dir| dir.join("keepalived")));
    let daemon = std::path::absolute(daemon.context("no daemon")?)?;
    let tool = daemon.with_file_name("evervip");
    for program in [&daemon, &tool] {
        ensure!(
            program.is_file(),
            "{} is not there; `cargo build --release` makes it",
            program.display()
        );
    }
    Ok(Programs { daemon, tool, own })
}

const PATIENCE: Duration = Duration::from_secs(90);
