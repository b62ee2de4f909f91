//! An address announced by BGP fails over: as the original set-up does it, and with evervip.
//!
//! For each set-up two nodes with ExaBGP, a route server (BIRD) that forwards by the routes it
//! learned, and a client that sends a request every 0.1 s, all in network namespaces and with the
//! files beside this program. The same things happen to the set-ups at the same time; the table
//! at the end shows for how long the client got no answer. Exit status 0: every step went as it
//! must.
//!
//! Nothing on the host changes, and nothing stays behind when the program is killed.

mod client;
mod course;
mod member;
mod site;
mod story;
mod variant;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    thread,
    time::SystemTime,
};

use anyhow::{Result, anyhow, bail};
use evervip_lab::Lab;

use crate::{
    course::{Course, Outcome, Step, Traffic},
    site::Site,
    variant::{EVERVIP, FAST, ORIGINAL, Variant},
};

/// Set-ups in the order of their columns.
const VARIANTS: [Variant; 3] = [ORIGINAL, EVERVIP, FAST];

#[expect(clippy::print_stdout, reason = "the example is its output")]
fn main() -> ExitCode {
    if let Err(reason) = available() {
        if std::env::var_os("EVERVIP_EXAMPLE_MAY_SKIP").is_some() {
            println!("SKIPPED: {reason}");
            println!("test result: ok. 0 passed; 0 failed; 1 ignored");
            return ExitCode::SUCCESS;
        }
        eprintln!("the example cannot run here: {reason}");
        return ExitCode::FAILURE;
    }
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("route server example: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// What is missing here.
fn available() -> Result<(), String> {
    for program in PROGRAMS {
        if !Path::new(program).exists() {
            return Err(format!("{program} is not installed"));
        }
    }
    Lab::available()
}

/// Plays all steps with all set-ups at once; says whether all passed.
#[expect(clippy::print_stdout, reason = "the example is its output")]
fn run() -> Result<bool> {
    let daemon = daemon()?;
    println!("daemon {}\n", daemon.display());
    let start = SystemTime::now();
    let columns: Vec<Result<Vec<Outcome>>> = thread::scope(|scope| {
        let threads = VARIANTS.map(|variant| {
            let daemon = &daemon;
            scope.spawn(move || play(variant, daemon, start))
        });
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|_| bail!("a thread panicked")))
            .collect()
    });
    let columns: Vec<Vec<Outcome>> = columns.into_iter().collect::<Result<_>>()?;
    print_table(&columns);
    Ok(print_faults(&columns))
}

fn play(variant: Variant, daemon: &Path, start: SystemTime) -> Result<Vec<Outcome>> {
    let site = Site::build(&variant, daemon)?;
    Course::open(&variant, site, start)?.run()
}

/// One row per step; per set-up the longest time without an answer, and when the traffic was
/// where it belongs.
#[expect(clippy::print_stdout, reason = "the example is its output")]
fn print_table(columns: &[Vec<Outcome>]) {
    let row = |head: &str, cells: Vec<String>| {
        let cells: String = cells.iter().map(|cell| format!("{cell:<24}")).collect();
        println!("{}", format!("{head:<26}{cells}").trim_end());
    };
    println!();
    row("", VARIANTS.map(|variant| variant.name.to_owned()).into());
    row(
        "",
        vec!["no answer  moved after".to_owned(); VARIANTS.len()],
    );
    for (number, step) in Step::ALL.iter().enumerate() {
        let outcomes = columns.iter().filter_map(|column| column.get(number));
        row(step.title(), outcomes.map(cell).collect());
    }
}

fn cell(outcome: &Outcome) -> String {
    let gap = outcome.gap.as_secs_f64();
    match outcome.traffic {
        Traffic::Moved(after) => format!("{gap:7.2} s  {:8.2} s", after.as_secs_f64()),
        Traffic::Stayed => format!("{gap:7.2} s  {:>10}", "stays"),
        // As long as we looked, and who knows for how long else.
        Traffic::Lost => format!("> {gap:5.2} s  {:>10}", "never"),
    }
}

/// Prints what is wrong; says whether nothing is.
#[expect(clippy::print_stdout, reason = "the example is its output")]
fn print_faults(columns: &[Vec<Outcome>]) -> bool {
    let mut faults = 0;
    println!();
    for (variant, outcomes) in VARIANTS.iter().zip(columns) {
        for outcome in outcomes {
            for fault in &outcome.faults {
                faults += 1;
                println!("FAIL {}, {}: {fault}", variant.name, outcome.step.title());
            }
        }
    }
    if faults == 0 {
        println!("every step went as it must");
    }
    faults == 0
}

/// The daemon to show: `EVERVIP_KEEPALIVED`, else the release build of this tree.
fn daemon() -> Result<PathBuf> {
    if let Some(path) = std::env::var_os("EVERVIP_KEEPALIVED") {
        return Ok(std::path::absolute(path)?);
    }
    let own = std::env::current_exe()?;
    let profiles = own.parent().and_then(Path::parent);
    profiles
        .map(|dir| dir.join("release/keepalived"))
        .filter(|path| path.is_file())
        .ok_or_else(|| anyhow!("no release build of the daemon; `make release` makes one"))
}

/// What the nodes run.
const PROGRAMS: [&str; 5] = [
    "/usr/sbin/exabgp",
    "/usr/sbin/bird",
    "/usr/bin/curl",
    "/usr/bin/ss",
    "/usr/bin/python3",
];
