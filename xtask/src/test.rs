//! Everything that can be tested, in one run, with one sum at the end.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result};

use crate::{cargo, clients, examples, layers, target, top};

/// What was counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Sum {
    passed: u64,
    failed: u64,
    /// Not run here (no root, no original).
    ignored: u64,
}

/// Runs all steps, also after a failure; the last line printed is the sum.
#[expect(clippy::print_stdout, reason = "the output of a chore")]
pub(crate) fn run() -> bool {
    // They are wanted last, and come from afar.
    clients::begin();
    let mut total = Sum::default();
    for (title, step) in STEPS {
        println!("\n==> {title}");
        let start = Instant::now();
        let sum = step().unwrap_or_else(|error| {
            println!("{error:#}");
            Sum::one(false)
        });
        total.add(sum);
        println!(
            "==> {title}: {} passed, {} failed, {} not run here, in {:.0} s",
            sum.passed,
            sum.failed,
            sum.ignored,
            start.elapsed().as_secs_f64()
        );
    }
    if total.ignored > 0 {
        println!("\n{} not run here; the lines above say why", total.ignored);
    }
    println!("{} passed, {} failed", total.passed, total.failed);
    total.failed == 0
}

/// A name and what to do.
type Step = (&'static str, fn() -> Result<Sum>);

const STEPS: &[Step] = &[
    ("layers", || Ok(Sum::one(layers::run()?))),
    ("workspace", || {
        counted(
            &mut cargo_in("."),
            &["test", "--locked", "--workspace", "--no-fail-fast"],
        )
    }),
    ("documentation", || {
        let mut cargo = cargo_in(".");
        cargo.env("RUSTDOCFLAGS", "-D warnings");
        counted(&mut cargo, &["doc", "--locked", "--workspace", "--no-deps"])
    }),
    ("examples", || {
        let mut sum = Sum::default();
        for passed in examples::check_all()? {
            sum.add(Sum::one(passed));
        }
        Ok(sum)
    }),
    ("example: route server failover", || {
        example("evervip-example-route-server", &[])
    }),
    ("example: virtual circuit failover", || {
        example("evervip-example-virtual-circuit", &["--hurry", "10"])
    }),
    ("against keepalived", || {
        // What it cannot have it does without.
        clients::installed();
        counted(
            &mut cargo_in("compat-tests"),
            &["test", "--locked", "--no-fail-fast"],
        )
    }),
    ("in a guest", in_guest),
];

/// An example that plays itself and judges what it sees. Says so when it cannot run here.
fn example(package: &str, arguments: &[&str]) -> Result<Sum> {
    let mut cargo = cargo_in(".");
    cargo
        .env("EVERVIP_KEEPALIVED", daemon()?)
        .env("EVERVIP_EXAMPLE_MAY_SKIP", "1");
    let run = ["run", "--quiet", "--locked", "--package", package, "--"];
    counted(&mut cargo, &[&run, arguments].concat())
}

/// What needs VLAN interfaces, VRF, ipvlan, dummy or netem.
fn in_guest() -> Result<Sum> {
    let mut command = Command::new("sh");
    command
        .arg(top()?.join("guest/run.sh"))
        .arg(daemon()?)
        .arg(target()?.join("guest"));
    counted(&mut command, &[])
}

/// The daemon under test: `EVERVIP_KEEPALIVED`, else the release build.
fn daemon() -> Result<PathBuf> {
    Ok(match std::env::var_os("EVERVIP_KEEPALIVED") {
        Some(daemon) => daemon.into(),
        None => target()?.join("release/keepalived"),
    })
}

/// Runs the cases of the guest alone.
pub(crate) fn run_guest() -> Result<bool> {
    Ok(in_guest()?.failed == 0)
}

fn cargo_in(dir: &str) -> Command {
    let mut cargo = cargo();
    cargo.current_dir(top().unwrap_or_default().join(dir));
    cargo
}

/// Runs a command, shows its output and adds up its results. A command without any counts as
/// one; a command that fails although no test did (it does not compile, it crashed) is a failure.
#[expect(clippy::print_stdout, reason = "the output of a chore")]
fn counted(command: &mut Command, arguments: &[&str]) -> Result<Sum> {
    let mut child = command
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("{command:?}"))?;
    let output = child.stdout.take().context("no output")?;
    let mut sum = Sum::default();
    for line in BufReader::new(output).split(b'\n') {
        let line = line?;
        let line = String::from_utf8_lossy(&line);
        println!("{line}");
        sum.add(result_line(&line).unwrap_or_default());
    }
    let succeeded = child.wait()?.success();
    if succeeded && sum == Sum::default() {
        sum.add(Sum::one(true));
    }
    if !succeeded && sum.failed == 0 {
        sum.add(Sum::one(false));
    }
    Ok(sum)
}

/// The numbers of a line such as
/// `test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; ...`.
fn result_line(line: &str) -> Option<Sum> {
    let (_, counts) = line.strip_prefix("test result: ")?.split_once(". ")?;
    let mut sum = Sum::default();
    for part in counts.split("; ") {
        let Some((number, what)) = part.split_once(' ') else {
            continue;
        };
        let field = match what {
            "passed" => &mut sum.passed,
            "failed" => &mut sum.failed,
            "ignored" => &mut sum.ignored,
            _ => continue,
        };
        *field = number.parse().ok()?;
    }
    Some(sum)
}

impl Sum {
    const fn one(passed: bool) -> Self {
        Self {
            passed: passed as u64,
            failed: !passed as u64,
            ignored: 0,
        }
    }

    const fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.ignored += other.ignored;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn result_lines_are_understood() {
        let line = "test result: FAILED. 12 passed; 3 failed; 1 ignored; 0 measured; \
                    0 filtered out; finished in 0.31s";
        let sum = Sum {
            passed: 12,
            failed: 3,
            ignored: 1,
        };
        assert_eq!(result_line(line), Some(sum));
        let mimic = "test result: ok. 5 passed; 0 failed; 0 ignored; 0 measured; 2 filtered out; finished in 9.00s";
        assert_eq!(result_line(mimic).map(|sum| sum.passed), Some(5));
    }

    #[test]
    fn other_lines_are_not() {
        for line in [
            "",
            "test result: ",
            "test a::result ... ok",
            "12 passed; 3 failed",
        ] {
            assert_eq!(result_line(line), None, "{line}");
        }
    }

    fn shell(script: &str) -> Sum {
        counted(&mut Command::new("/bin/sh"), &["-c", script]).unwrap()
    }

    #[test]
    fn results_of_a_command_are_added_up() {
        let sum = shell(
            "for n in 1 2; do echo \"test result: ok. $n passed; 0 failed; 1 ignored\"; done",
        );
        assert_eq!((sum.passed, sum.failed, sum.ignored), (3, 0, 2));
    }

    #[test]
    fn command_without_results_is_one() {
        assert_eq!(shell("true"), Sum::one(true));
        assert_eq!(shell("false"), Sum::one(false));
    }

    #[test]
    fn failure_after_good_results_is_seen() {
        let sum = shell("echo 'test result: ok. 4 passed; 0 failed; 0 ignored'; exit 101");
        assert_eq!((sum.passed, sum.failed), (4, 1));
    }
}
