//! Verdicts on configuration files and command lines.
//!
//! The exit code and whether the daemon carries on are the original's. Texts: the original says
//! what it says (asserted, so that the table stays true); evervip must name the offending thing
//! and its line.

use std::time::Duration;

use crate::{
    cli_rows::{Row, Run, instance, rows},
    cluster::{CONFIG, Cluster, PATIENCE, PROGRAM, with_single},
    ensure,
    plan::Plan,
    verdict::Verdict,
};

/// Adds the cases.
pub fn add(plan: &mut Plan) {
    for row in rows() {
        plan.single(&format!("cli::file::{}", row.name), move |program| {
            with_single(program, |cluster| check(cluster, &row))
        });
    }
    for (name, arguments, code, says) in command_lines() {
        plan.single(&format!("cli::options::{name}"), move |program| {
            with_single(program, |cluster| {
                let output = exec(cluster, arguments)?;
                let (got, stderr) = (output.status.code(), output.stderr);
                ensure!(
                    got == Some(code),
                    "exit {got:?}, expected {code}; stderr: {stderr}"
                );
                ensure!(stderr.contains(says), "`{says}` is not in stderr: {stderr}");
                Ok(())
            })
        });
    }
    plan.single("cli::options::version", |program| {
        with_single(program, version)
    });
    plan.single("cli::options::extra-words", |program| {
        with_single(program, extra_words)
    });
    plan.single("cli::options::test-log", |program| {
        with_single(program, test_log)
    });
    plan.single("cli::file::odd-paths", |program| {
        with_single(program, odd_paths)
    });
    plan.single("cli::file::missing", |program| {
        with_single(program, missing_file)
    });
    plan.single("cli::file::unreadable", |program| {
        with_single(program, unreadable_file)
    });
}

fn command_lines() -> [(&'static str, &'static [&'static str], i32, &'static str); 19] {
    [
        ("unknown-short", &["-Z"], 1, "Unknown option -Z"),
        ("unknown-long", &["--bogus"], 1, "Unknown option --bogus"),
        (
            "ambiguous-long",
            &["--dont", "-t"],
            1,
            "Unknown option --dont",
        ),
        (
            "missing-parameter",
            &["-f"],
            1,
            "Missing parameter for option -f",
        ),
        (
            "empty-parameter",
            &["--use-file="],
            1,
            "Missing parameter for option --use-file",
        ),
        ("help", &["-h"], 0, "Usage: /run/bin/keepalived [OPTION...]"),
        ("abbreviated-long", &["--vers"], 0, "Keepalived v2.2.7"),
        (
            "answer-in-spite-of-errors",
            &["-Z", "-v"],
            0,
            "Unknown option -Z",
        ),
        (
            "unknown-facility",
            &["-S", "8", "-v"],
            0,
            "Invalid log facility '8'",
        ),
        (
            "impossible-umask",
            &["-u", "999", "-v"],
            0,
            "Invalid --umask option 999",
        ),
        ("unknown-in-cluster", &["-Zv"], 0, "Unknown option -Z"),
        ("argument-of-flag", &["-n=5", "-v"], 0, "Unknown option -="),
        (
            "argument-of-long-flag",
            &["--dont-fork=1", "-v"],
            0,
            "Unknown option --dont-fork=1",
        ),
        (
            "argument-of-question",
            &["--version=3"],
            1,
            "Unknown option --version=3",
        ),
        (
            "empty-short-parameters",
            &["-p", "", "-s", "", "-A", "", "-i", "", "-v"],
            0,
            "Keepalived v2.2.7",
        ),
        (
            "core-dumps",
            &["-mM/tmp/core", "-v"],
            0,
            "Keepalived v2.2.7",
        ),
        ("signal-number", &["--signum=JSON", "-Z"], 0, ""),
        (
            "unknown-signal",
            &["--signum=json"],
            1,
            "Unknown sigfunc json",
        ),
        (
            "options-of-other-parts",
            &["-PBIa", "-c/c", "-b/b", "-XVR", "--all", "-C", "-v"],
            0,
            "Keepalived v2.2.7",
        ),
    ]
}

/// Runs the program in the first node with these arguments.
fn exec(cluster: &Cluster, arguments: &[&str]) -> Verdict<evervip_lab::Output> {
    cluster.members[0]
        .node
        .exec(&[&["timeout", "20", PROGRAM], arguments].concat())
}

fn check(cluster: &mut Cluster, row: &Row) -> Verdict {
    let ours = cluster.members[0].program.is_ours();
    let member = &cluster.members[0];
    member.node.write_file(CONFIG, &row.file, 0o644)?;
    let output = exec(cluster, &["-t", "-f", CONFIG])?;
    let (code, stderr) = (output.status.code().or(Some(143)), &output.stderr);
    let wanted = if ours { row.our_code } else { row.code };
    ensure!(
        code == Some(wanted),
        "-t: exit {code:?}, expected {wanted}; stderr:\n{stderr}"
    );
    ensure!(
        output.stdout.is_empty(),
        "-t: stdout must stay empty: {}",
        output.stdout
    );
    if row.original.is_empty() {
        ensure!(
            ours || stderr.is_empty(),
            "-t: stderr must stay empty: {stderr}"
        );
    } else if ours {
        complains(stderr, row)?;
    } else {
        ensure!(
            stderr.contains(row.original),
            "-t: `{}` is not in stderr:\n{stderr}",
            row.original
        );
    }
    ensure!(
        member.node.metadata(crate::cluster::PID_FILE).is_none(),
        "-t has made a pid file"
    );
    run(cluster, row)
}

/// One line that names thing and place, and each complaint once.
fn complains(stderr: &str, row: &Row) -> Verdict {
    let naming: Vec<_> = stderr
        .lines()
        .filter(|line| line.contains(row.names))
        .collect();
    ensure!(
        row.names.is_empty() || !naming.is_empty(),
        "-t: nothing in stderr names `{}`:\n{stderr}",
        row.names
    );
    if let Some(number) = row.line {
        let places = [format!("Line {number})"), format!(":{number}:")];
        let placed = naming
            .iter()
            .any(|line| places.iter().any(|place| line.contains(place)));
        ensure!(placed, "-t: line {number} is not named:\n{stderr}");
    }
    // Two complaints may have the same remedy, which stands on an indented line.
    let mut lines: Vec<_> = stderr.lines().filter(|l| !l.starts_with(' ')).collect();
    lines.sort_unstable();
    let before = lines.len();
    lines.dedup();
    ensure!(
        lines.len() == before,
        "-t: a complaint is repeated:\n{stderr}"
    );
    Ok(())
}

fn run(cluster: &mut Cluster, row: &Row) -> Verdict {
    match row.run {
        Run::NotTried => Ok(()),
        Run::OursCarriesOn if !cluster.members[0].program.is_ours() => Ok(()),
        Run::CarriesOn | Run::OursCarriesOn => {
            cluster.members[0].start(&row.file)?;
            cluster
                .log(0)
                .wait_for("(VI_1) Entering BACKUP STATE", PATIENCE)?;
            cluster.stop(0)
        }
        Run::Ends(code) => {
            cluster.members[0].start(&row.file)?;
            let status = cluster.daemon(0).wait(PATIENCE)?;
            ensure!(
                status.code() == Some(code),
                "daemon: {status}, expected exit {code}"
            );
            cluster
                .log(0)
                .wait_for("exited with permanent error CONFIG. Terminating", PATIENCE)?;
            cluster.log(0).wait_for(row.names, PATIENCE)?;
            let left = cluster.members[0].node.metadata(crate::cluster::PID_FILE);
            ensure!(left.is_none(), "the pid file is still there");
            Ok(())
        }
    }
}

fn version(cluster: &mut Cluster) -> Verdict {
    let output = exec(cluster, &["-v"])?;
    ensure!(output.status.code() == Some(0), "{}", output.status);
    ensure!(output.stdout.is_empty(), "stdout: {}", output.stdout);
    // The pattern of monitoring and installer scripts: `Keepalived v([0-9.]+)`.
    let first = output.stderr.lines().next().unwrap_or_default();
    let number = first
        .strip_prefix("Keepalived v")
        .and_then(|rest| rest.split(' ').next());
    ensure!(number == Some("2.2.7"), "first line of -v: {first}");
    Ok(())
}

fn extra_words(cluster: &mut Cluster) -> Verdict {
    cluster.members[0]
        .node
        .write_file(CONFIG, instance("VI_1", "51"), 0o644)?;
    let output = exec(cluster, &["-t", "-f", CONFIG, "foo", "bar"])?;
    ensure!(
        output.status.code() == Some(0),
        "{}: {}",
        output.status,
        output.stderr
    );
    ensure!(
        output.stdout.trim_end() == "Unexpected argument(s): foo bar",
        "stdout: {}",
        output.stdout
    );
    Ok(())
}

/// `-tFILE` appends the complaints to FILE.
fn test_log(cluster: &mut Cluster) -> Verdict {
    use std::os::unix::fs::PermissionsExt;
    let node = &cluster.members[0].node;
    node.write_file(
        CONFIG,
        instance("VI_1", "51").replace("priority 100", "priority 300"),
        0o644,
    )?;
    for runs in 1..=2 {
        let output = exec(cluster, &["-t/run/verdict", "-f", CONFIG])?;
        ensure!(
            output.status.code() == Some(5),
            "{}: {}",
            output.status,
            output.stderr
        );
        ensure!(output.stderr.is_empty(), "stderr: {}", output.stderr);
        let count = node
            .read_file("/run/verdict")?
            .matches("Using default 100")
            .count();
        ensure!(count == runs, "{count} complaints after {runs} runs");
    }
    let mode = node
        .metadata("/run/verdict")
        .map(|meta| meta.permissions().mode() & 0o777);
    ensure!(mode == Some(0o600), "mode {mode:?}");
    Ok(())
}

/// What is no file of its own: the same line from both.
fn odd_paths(cluster: &mut Cluster) -> Verdict {
    let node = &cluster.members[0].node;
    node.create_dir("/etc/keepalived/many")?;
    for name in ["a", "b"] {
        node.write_file(
            format!("/etc/keepalived/many/{name}.conf"),
            "global_defs {\n}\n",
            0o644,
        )?;
    }
    node.write_file("/etc/keepalived/empty.conf", "", 0o644)?;
    node.exec(&["mkfifo", "/etc/keepalived/pipe"])?;
    node.exec(&["ln", "-s", "/nowhere", "/etc/keepalived/dangling"])?;
    let no_file = "is not a regular non-executable file - skipping";
    let several = "WARNING, multiple configuration file matches of /etc/keepalived/many/*.conf, \
                   starting with /etc/keepalived/many/a.conf";
    // Deviation: where nothing could be tested evervip says 4 instead of 0.
    for (path, theirs, ours, line) in [
        ("/dev/null", 0, 0, no_file),
        ("/etc/keepalived/empty.conf", 0, 0, ""),
        ("/etc/keepalived/pipe", 0, 4, no_file),
        ("/etc/keepalived/dangling", 0, 4, no_file),
        ("/etc/keepalived/many", 0, 4, "is a directory - skipping"),
        ("/etc/keepalived/many/*.conf", 5, 5, several),
        ("/etc/keepalived/many/a*.conf", 0, 0, ""),
        (
            "/etc/keepalived/many/{a,x}.conf",
            0,
            0,
            "Some config files missing",
        ),
        ("/etc/keepalived/x*.conf", 0, 4, ""),
    ] {
        let output = exec(cluster, &["-t", "-f", path])?;
        let is_ours = cluster.members[0].program.is_ours();
        let wanted = if is_ours { ours } else { theirs };
        ensure!(
            output.status.code() == Some(wanted) && output.stderr.contains(line),
            "{path}: {}: {}",
            output.status,
            output.stderr
        );
    }
    Ok(())
}

/// Deviation: a missing file is no good verdict.
fn missing_file(cluster: &mut Cluster) -> Verdict {
    let wanted = if cluster.members[0].program.is_ours() {
        4
    } else {
        0
    };
    let output = exec(cluster, &["-t", "-f", "/etc/keepalived/none.conf"])?;
    ensure!(
        output.status.code() == Some(wanted),
        "-t: {}: {}",
        output.status,
        output.stderr
    );
    ensure!(
        output.stderr.contains("/etc/keepalived/none.conf"),
        "-t: {}",
        output.stderr
    );
    cluster.members[0].start_with(&["-n", "-l", "-P", "-f", "/etc/keepalived/none.conf"])?;
    let status = cluster.daemon(0).wait(PATIENCE)?;
    ensure!(status.code() == Some(6), "daemon: {status}");
    cluster
        .log(0)
        .wait_for("/etc/keepalived/none.conf'", Duration::from_secs(1))
        .map(drop)
}

fn unreadable_file(cluster: &mut Cluster) -> Verdict {
    let node = &cluster.members[0].node;
    node.write_file(CONFIG, instance("VI_1", "51"), 0o600)?;
    let output = node.exec(&["setpriv", "--reuid", "65534", PROGRAM, "-t", "-f", CONFIG])?;
    ensure!(
        output.status.code() == Some(4),
        "{}: {}",
        output.status,
        output.stderr
    );
    ensure!(output.stderr.contains(CONFIG), "{}", output.stderr);
    Ok(())
}
