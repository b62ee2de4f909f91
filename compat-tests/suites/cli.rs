//! Verdicts on configuration files and command lines.
//!
//! The exit code and whether the daemon carries on are the original's. Texts: the original says
//! what it says (asserted, so that the table stays true); evervip must name the offending thing
//! and its line.

use std::time::Duration;

use crate::{
    cluster::{CONFIG, Cluster, PATIENCE, PROGRAM, with_single},
    ensure,
    plan::Plan,
    verdict::Verdict,
};

/// What the daemon does with the file when it is started in the foreground.
#[derive(Debug, Clone, Copy)]
enum Run {
    /// Carries on: the instance `VI_1` enters BACKUP.
    CarriesOn,
    /// Ends with this code.
    Ends(i32),
    /// Not tried.
    NotTried,
}

/// A file and its verdicts.
#[derive(Debug, Clone)]
struct Row {
    name: &'static str,
    file: String,
    /// Exit code of `-t` of the original.
    code: i32,
    /// Exit code of `-t` of evervip where decided otherwise.
    our_code: i32,
    run: Run,
    /// Part of the original's complaint.
    original: &'static str,
    /// What every complaint must name.
    names: &'static str,
    /// The line that evervip must name.
    line: Option<u32>,
}

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
    plan.single("cli::file::missing", |program| {
        with_single(program, missing_file)
    });
    plan.single("cli::file::unreadable", |program| {
        with_single(program, unreadable_file)
    });
}

fn command_lines() -> [(&'static str, &'static [&'static str], i32, &'static str); 7] {
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
    ]
}

fn rows() -> Vec<Row> {
    use Run::{CarriesOn, Ends, NotTried};
    let good = instance("VI_1", "51");
    let row = |name, file: String, code, run, original, names, line| Row {
        name,
        file,
        code,
        our_code: code,
        run,
        original,
        names,
        line,
    };
    let with = |from: &str, to: &str| good.replace(from, to);
    let extra = |lines: &str| {
        good.replace(
            "    virtual_ipaddress",
            &format!("{lines}\n    virtual_ipaddress"),
        )
    };
    let script = |globals: &str, path: &str| {
        let track = extra("    track_script {\n        chk\n    }");
        format!(
            "global_defs {{\n{globals}}}\nvrrp_script chk {{\n    script \"{path}\"\n    interval 1\n}}\n{track}"
        )
    };
    let secure = "    enable_script_security\n    script_user root\n";
    let (check, missing) = (crate::conf::CHECK_SCRIPT, "/etc/keepalived/none.sh");
    let long = "x".repeat(1500);
    let mut rows = vec![
        row("good", good.clone(), 0, CarriesOn, "", "", None),
        row(
            "unknown-interface",
            with("ens192", "nosuch0"),
            5,
            Ends(2),
            "WARNING - interface nosuch0 for vrrp_instance VI_1 doesn't exist",
            "nosuch0",
            Some(2),
        ),
        row(
            "no-interface",
            with("    interface ens192\n", ""),
            5,
            Ends(2),
            "(VI_1) Unknown interface!",
            "VI_1",
            None,
        ),
        row(
            "no-vrid",
            with("    virtual_router_id 51\n", ""),
            5,
            Ends(2),
            "(VI_1) the virtual router id must be set",
            "VI_1",
            None,
        ),
        row(
            "bad-vrid",
            with("51", "51abc"),
            5,
            Ends(2),
            "(VI_1): VRID '51abc' not valid",
            "51abc",
            Some(3),
        ),
        row(
            "duplicate-vrid",
            good.clone() + &instance("VI_2", "51"),
            5,
            Ends(2),
            "VI_1 and VI_2 both use VRID 51 with IPv4 on interface ens192",
            "VI_2",
            None,
        ),
        row(
            "duplicate-name",
            good.clone() + &instance("VI_1", "52"),
            5,
            CarriesOn,
            "vrrp instance VI_1 already defined",
            "VI_1",
            Some(10),
        ),
        row(
            "unknown-keyword",
            extra("    frobnicate 5"),
            5,
            CarriesOn,
            "Unknown keyword 'frobnicate'",
            "frobnicate",
            Some(6),
        ),
        row(
            "unknown-block",
            extra("    frobnicate {\n        a b\n    }"),
            5,
            CarriesOn,
            "Unknown keyword 'frobnicate'",
            "frobnicate",
            Some(6),
        ),
        row(
            "unknown-top",
            format!("frobnicate 1\n{good}"),
            5,
            CarriesOn,
            "Unknown keyword 'frobnicate'",
            "frobnicate",
            Some(1),
        ),
        row(
            "unclosed-brace",
            good.strip_suffix("}\n").unwrap_or(&good).to_owned(),
            5,
            CarriesOn,
            "There are 1 missing '}'s or extra '{'s",
            "}",
            None,
        ),
        row(
            "missing-open-brace",
            with("virtual_ipaddress {", "virtual_ipaddress"),
            5,
            CarriesOn,
            "Extra '}' found",
            "}",
            None,
        ),
        row(
            "extra-close-brace",
            format!("{good}}}\n"),
            5,
            CarriesOn,
            "Extra '}' found",
            "}",
            Some(10),
        ),
        row(
            "family-mix",
            with("10.150.160.100", "10.150.160.100\n        2001:db8::1"),
            5,
            CarriesOn,
            "address family must match VRRP instance [2001:db8::1] - ignoring",
            "2001:db8::1",
            Some(8),
        ),
        row(
            "bad-address",
            with("10.150.160.100", "10.150.160.300"),
            5,
            CarriesOn,
            "VRRP parsed invalid IP 10.150.160.300. skipping IP...",
            "10.150.160.300",
            Some(7),
        ),
        row(
            "bad-prefix",
            with("160.100", "160.100/33"),
            5,
            CarriesOn,
            "Invalid address prefix len 33",
            "33",
            Some(7),
        ),
        row(
            "no-address",
            with(
                "    virtual_ipaddress {\n        10.150.160.100\n    }\n",
                "",
            ),
            5,
            CarriesOn,
            "(VI_1) No VIP specified; at least one is sensible",
            "VI_1",
            None,
        ),
        row(
            "missing-argument",
            with("advert_int 1", "advert_int"),
            2,
            Ends(2),
            "is missing a parameter after keyword `advert_int` at word position 2",
            "advert_int",
            Some(5),
        ),
        row(
            "bad-priority",
            with("priority 100", "priority 300"),
            5,
            CarriesOn,
            "Priority not valid! must be between 1 & 255. Using default 100",
            "300",
            Some(4),
        ),
        row(
            "v2-fraction",
            with("advert_int 1", "advert_int 0.5"),
            5,
            CarriesOn,
            "(VI_1) VRRPv2 advertisement interval 0.500000s must be an integer. rounding",
            "VI_1",
            None,
        ),
        row(
            "negative-interval",
            with("advert_int 1", "advert_int -1"),
            5,
            CarriesOn,
            "Advert interval (-1) not valid! Must be > 0 - ignoring",
            "-1",
            Some(5),
        ),
        row(
            "bad-state",
            extra("    state FOO"),
            5,
            CarriesOn,
            "(VI_1) unknown state 'FOO', defaulting to BACKUP",
            "FOO",
            Some(6),
        ),
        row(
            "unmatched-quote",
            extra("    advert_int \"1"),
            2,
            Ends(2),
            "Unterminated quote",
            "quote",
            Some(6),
        ),
        row(
            "long-password",
            extra(
                "    authentication {\n        auth_type PASS\n        auth_pass 123456789\n    }",
            ),
            5,
            CarriesOn,
            "Truncating auth_pass to 8 characters",
            "auth_pass",
            Some(8),
        ),
        row(
            "v3-password",
            extra(
                "    version 3\n    authentication {\n        auth_type PASS\n        auth_pass 12345678\n    }",
            ),
            5,
            CarriesOn,
            "(VI_1) VRRP version 3 does not support authentication. Ignoring.",
            "authentication",
            None,
        ),
        row(
            "unicast-family-mix",
            extra("    unicast_src_ip 10.150.160.30\n    unicast_peer {\n        fe80::1\n    }"),
            5,
            CarriesOn,
            "unicast peer address[fe80::1] MUST be of the same family",
            "fe80::1",
            Some(8),
        ),
        row(
            "include-missing",
            format!("{good}include nothere.conf\n"),
            0,
            CarriesOn,
            "Config files missing 'nothere.conf'.",
            "nothere.conf",
            Some(10),
        ),
        row(
            "script-good",
            script(secure, check),
            0,
            CarriesOn,
            "",
            "",
            None,
        ),
        row(
            "script-without-security",
            script("    script_user root\n", check),
            6,
            CarriesOn,
            "SECURITY VIOLATION - scripts are being executed but script_security not enabled.",
            "SECURITY VIOLATION",
            None,
        ),
        row(
            "script-missing",
            script(secure, missing),
            5,
            CarriesOn,
            "Disabling track script chk since not found/accessible",
            "chk",
            None,
        ),
        row(
            "script-not-executable",
            script(secure, CONFIG),
            0,
            CarriesOn,
            "",
            "",
            None,
        ),
        row(
            "script-undefined",
            extra("    track_script {\n        nochk\n    }"),
            5,
            CarriesOn,
            "(VI_1) track script nochk not found, ignoring...",
            "nochk",
            Some(7),
        ),
        row(
            "script-no-user",
            script("    enable_script_security\n", check),
            5,
            CarriesOn,
            "(VI_1) track script chk not found, ignoring...",
            "chk",
            None,
        ),
        row(
            "script-unknown-user",
            script(
                "    enable_script_security\n    script_user nosuchuser\n",
                check,
            ),
            5,
            CarriesOn,
            "Error setting global script uid/gid",
            "script",
            None,
        ),
        row(
            "notify-missing",
            extra("    notify /nonexistent/x"),
            0,
            CarriesOn,
            "",
            "",
            None,
        ),
        row("empty", String::new(), 0, NotTried, "", "", None),
    ];
    // Where evervip decides otherwise (docs/deviations.md).
    let differs = |name, file, code, our_code, run, original, names| Row {
        our_code,
        ..row(name, file, code, run, original, names, None)
    };
    rows.push(differs(
        "script-other-user",
        script(
            "    enable_script_security\n    script_user nobody\n",
            check,
        ),
        143,
        0,
        NotTried,
        "",
        "",
    ));
    rows.push(differs(
        "byte-order-mark",
        format!("\u{feff}{good}"),
        5,
        0,
        NotTried,
        "Unknown keyword '\u{feff}vrrp_instance'",
        "",
    ));
    rows.push(differs(
        "long-line",
        extra(&format!("    # {long}")),
        5,
        0,
        CarriesOn,
        "Unknown keyword 'xxxxx",
        "",
    ));
    rows.push(differs(
        "include-loop",
        format!("{good}include {CONFIG}\n"),
        5,
        5,
        NotTried,
        "open problem (Too many open files) - skipping",
        CONFIG,
    ));
    rows
}

fn instance(name: &str, vrid: &str) -> String {
    format!(
        "vrrp_instance {name} {{\n    interface ens192\n    virtual_router_id {vrid}\n    priority 100\n    advert_int 1\n    \
         virtual_ipaddress {{\n        10.150.160.100\n    }}\n}}\n"
    )
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
        !naming.is_empty(),
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
    let mut lines: Vec<_> = stderr.lines().collect();
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
        Run::CarriesOn => {
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
