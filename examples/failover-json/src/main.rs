//! A pair that runs a configuration of failover: how long its address is away when the daemon is
//! stopped, is killed, and when the node dies. With `--beside` the same with failover itself, if it is
//! installed, and the processor time of both.
//!
//! Everything happens in network namespaces that go with this program. Exit status 0: every step went
//! as it must.

mod programs;
mod site;
mod steps;

use std::process::ExitCode;

use anyhow::{Result, anyhow, bail};
use evervip_lab::Lab;

use crate::{
    programs::{Program, Programs},
    steps::{Outcome, Report},
};

fn main() -> ExitCode {
    let beside = match std::env::args().skip(1).collect::<Vec<_>>().as_slice() {
        [] => false,
        [word] if word == "--beside" => true,
        _ => {
            eprintln!("usage: evervip-example-failover [--beside]");
            return ExitCode::from(2);
        }
    };
    match run(beside) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("example: {error:#}");
            ExitCode::FAILURE
        }
    }
}

#[expect(clippy::print_stdout, reason = "the example is its output")]
fn run(beside: bool) -> Result<bool> {
    let programs = Programs::find()?;
    Lab::available().map_err(|reason| anyhow!("the example cannot run here: {reason}"))?;
    let ours = steps::play(&programs.evervip, true, beside)?;
    let theirs = match &programs.failover {
        Some(failover) if beside => Some(steps::play(failover, false, true)?),
        None if beside => bail!("failover is not installed: `cargo install failover_vr`"),
        _ => None,
    };
    println!();
    show(&programs.evervip, &ours, true);
    if let (Some(failover), Some(report)) = (&programs.failover, &theirs) {
        show(failover, report, false);
    }
    Ok(ours.outcomes.iter().all(Outcome::is_in_time))
}

#[expect(clippy::print_stdout, reason = "the example is its output")]
fn show(program: &Program, report: &Report, judged: bool) {
    println!(
        "{:<52} {:>11} {:>13}  {}",
        program.name(),
        "address on",
        "client's gap",
        if judged { "allowed" } else { "" }
    );
    for outcome in &report.outcomes {
        let verdict = match outcome.is_in_time() {
            _ if !judged => String::new(),
            true => format!("{:5.1} s  PASS", outcome.allowed.as_secs_f64()),
            false => format!("{:5.1} s  FAIL", outcome.allowed.as_secs_f64()),
        };
        println!(
            "{:<52} {:>11} {:>11.2} s  {verdict}",
            outcome.title,
            outcome.owner,
            outcome.gap.as_secs_f64()
        );
    }
    if let Some(busy) = report.busy {
        println!(
            "processor time as MASTER: {:.2} ms per second",
            busy.as_secs_f64() * 1000.0
        );
    }
    println!();
}
