//! How the daemon compares with Debian's keepalived, measured in the same run.
//!
//! Every measurement is taken on small networks of namespaces, from the outside: adverts with
//! the kernel's time stamps, `/proc`, exit times. The result is one table with ratios and, where
//! the project has set itself one, the goal.
//!
//! `--quick` takes fewer and shorter samples. `EVERVIP_KEEPALIVED` names our binary (default
//! `target/release/keepalived`), `EVERVIP_ORIGINAL` the other one (`/usr/sbin/keepalived`).

mod checks;
mod config_test;
mod crowd;
mod hooks;
mod hostile;
mod lateness;
mod load;
mod proc;
mod reload;
mod site;
mod stalled;
mod stamp;
mod stop;
mod table;
mod takeover;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    thread,
    time::Instant,
};

use anyhow::{Context, Result, anyhow, bail, ensure};
use evervip_lab::Lab;

use crate::table::{Row, Table};

/// The two programs.
#[derive(Debug, Clone)]
pub(crate) struct Programs {
    ours: PathBuf,
    theirs: PathBuf,
}

/// How much is measured.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Effort {
    /// Samples of what is told as a median.
    pub(crate) runs: u32,
    /// Seconds of what is observed for a while.
    pub(crate) seconds: u32,
}

fn main() -> ExitCode {
    if stamp::was_called() {
        return ExitCode::SUCCESS;
    }
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// A group of measurements: title and how to take them.
type Measurement = (&'static str, fn(&Programs, Effort) -> Result<Vec<Row>>);

const MEASUREMENTS: [Measurement; 11] = [
    ("takeover", takeover::measure),
    ("crowd", crowd::measure),
    ("load", load::measure),
    ("stop", stop::measure),
    ("hostile", hostile::measure),
    ("stalled", stalled::measure),
    ("reload", reload::measure),
    ("lateness", lateness::measure),
    ("config-test", config_test::measure),
    ("checks", checks::measure),
    ("hooks", hooks::measure),
];

/// Takes all measurements, or those named on the command line; says whether all could be taken.
fn run() -> Result<bool> {
    let mut effort = Effort {
        runs: 9,
        seconds: 10,
    };
    let mut chosen = Vec::new();
    for argument in std::env::args().skip(1) {
        match argument.as_str() {
            "--quick" => {
                effort = Effort {
                    runs: 3,
                    seconds: 4,
                }
            }
            name if MEASUREMENTS.iter().any(|(title, _)| *title == name) => {
                chosen.push(argument);
            }
            _ => bail!(
                "usage: evervip-bench [--quick] [{}]...",
                MEASUREMENTS.map(|(title, _)| title).join("|")
            ),
        }
    }
    let programs = programs()?;
    Lab::available().map_err(|reason| anyhow!("cannot measure here: {reason}"))?;
    let mut table = Table::new(&programs);
    for (title, measure) in &MEASUREMENTS {
        if !chosen.is_empty() && !chosen.iter().any(|name| name == title) {
            continue;
        }
        eprint!("{title} ... ");
        let start = Instant::now();
        table.add(title, measure(&programs, effort));
        eprintln!("{:.0} s", start.elapsed().as_secs_f64());
    }
    Ok(table.print())
}

impl Programs {
    /// One result for each program, one after the other: ours, theirs.
    pub(crate) fn in_turn<T>(&self, measure: impl Fn(&Path) -> Result<T>) -> Result<[T; 2]> {
        Ok([
            measure(&self.ours).context("ours")?,
            measure(&self.theirs).context("theirs")?,
        ])
    }

    /// One result for each program, both at the same time: for what leaves the machine idle.
    pub(crate) fn at_once<T: Send>(
        &self,
        measure: impl Fn(&Path) -> Result<T> + Sync,
    ) -> Result<[T; 2]> {
        thread::scope(|scope| {
            let ours = scope.spawn(|| measure(&self.ours).context("ours"));
            let theirs = measure(&self.theirs).context("theirs");
            let ours = ours.join().map_err(|_| anyhow!("ours: panicked"))?;
            Ok([ours?, theirs?])
        })
    }
}

fn programs() -> Result<Programs> {
    let ours = match std::env::var_os("EVERVIP_KEEPALIVED") {
        Some(path) => std::path::absolute(path)?,
        None => {
            let own = std::env::current_exe()?;
            let profiles = own.parent().and_then(Path::parent);
            profiles
                .context("no target directory")?
                .join("release/keepalived")
        }
    };
    let theirs = std::env::var_os("EVERVIP_ORIGINAL")
        .map_or_else(|| PathBuf::from("/usr/sbin/keepalived"), PathBuf::from);
    for program in [&ours, &theirs] {
        ensure!(program.is_file(), "{} is not there", program.display());
    }
    Ok(Programs { ours, theirs })
}
