//! Which scripts `enable_script_security` disables: a table of owners, permissions and links.

use evervip_lab::Node;

use crate::{
    cluster::{CONFIG, Cluster, PROGRAM, with_single},
    conf::{Conf, V2_MULTICAST},
    ensure,
    plan::Plan,
    verdict::Verdict,
};

/// Adds the cases.
pub fn add(plan: &mut Plan) {
    plan.single("script-security::disabled", |program| {
        with_single(program, disabled)
    });
    plan.single("script-security::tolerated", |program| {
        with_single(program, tolerated)
    });
    plan.single("script-security::directory", |program| {
        with_single(program, directory)
    });
}

/// A script, how it comes to be, and by which part of its path others could replace it.
struct Row {
    script: &'static str,
    made: &'static str,
    weak: Option<&'static str>,
}

const fn row(script: &'static str, made: &'static str, weak: Option<&'static str>) -> Row {
    Row { script, made, weak }
}

const ROWS: [Row; 12] = [
    row("good", "new good 755", None),
    row("group", "new group 775; chgrp 1 group", Some("group")),
    row("root-group", "new root-group 775", None),
    row("others", "new others 757", Some("others")),
    row(
        "foreign",
        "new foreign 755; chown 1 foreign",
        Some("foreign"),
    ),
    row(
        "dg/x",
        "mkdir dg; new dg/x 755; chgrp 1 dg; chmod 775 dg",
        Some("dg"),
    ),
    row("do/x", "mkdir do; new do/x 755; chmod 757 do", Some("do")),
    row(
        "sticky/x",
        "mkdir sticky; new sticky/x 755; chmod 1777 sticky",
        None,
    ),
    row("df/x", "mkdir df; new df/x 755; chown 1 df", Some("df")),
    row("link", "ln -s good link", None),
    row(
        "through",
        "ln -s do through-dir; ln -s through-dir/x through",
        Some("do"),
    ),
    row(
        "foreign-link",
        "ln -s good foreign-link; chown -h 1 foreign-link",
        Some("foreign-link"),
    ),
];

const DIRECTORY: &str = "/run/scripts";

fn make(node: &Node) -> Verdict {
    let mut script = format!(
        "set -e; umask 022; mkdir {DIRECTORY}; cd {DIRECTORY}\n\
         new() {{ printf '#!/bin/sh\\n' > $1; chmod $2 $1; }}\n"
    );
    for row in ROWS {
        script += row.made;
        script += "\n";
    }
    let output = node.exec(&["sh", "-c", &script])?;
    ensure!(output.status.success(), "{}", output.stderr);
    Ok(())
}

/// The complaints about an instance that tracks this script.
fn complaints(node: &Node, script: &str, globals: &str) -> Verdict<String> {
    let conf = Conf::new(V2_MULTICAST, 0)
        .with_globals(globals)
        .replace("priority", "track_script { s }\n priority");
    let checked = format!("vrrp_script s {{\n script {DIRECTORY}/{script}\n}}\n");
    // Scripts stand above those that track them.
    let at = conf.find("vrrp_instance").unwrap_or_default();
    let text = format!("{}{checked}{}", &conf[..at], &conf[at..]);
    node.write_file(CONFIG, text, 0o644)?;
    Ok(node.exec(&[PROGRAM, "-t", "-f", CONFIG])?.stderr)
}

fn disabled(cluster: &mut Cluster) -> Verdict {
    let member = &cluster.members[0];
    make(&member.node)?;
    for row in ROWS {
        let globals = " enable_script_security\n script_user root";
        let text = complaints(&member.node, row.script, globals)?;
        let is_disabled = text.contains("Disabling track script s due to insecure");
        ensure!(
            is_disabled == row.weak.is_some(),
            "{}: disabled {is_disabled}: {text}",
            row.script
        );
        if let (true, Some(weak)) = (member.program.is_ours(), row.weak) {
            let named = format!("{DIRECTORY}/{weak} (owner ");
            ensure!(
                text.contains(&named) && text.contains("ch"),
                "{}: {named} is not named: {text}",
                row.script
            );
        }
    }
    Ok(())
}

/// Without script security all of them are run, with one line about it.
fn tolerated(cluster: &mut Cluster) -> Verdict {
    let member = &cluster.members[0];
    make(&member.node)?;
    for row in ROWS {
        let text = complaints(&member.node, row.script, " script_user root")?;
        let end = if row.weak.is_some() {
            "not enabled. There are insecure scripts."
        } else {
            "not enabled."
        };
        let wanted =
            format!("SECURITY VIOLATION - scripts are being executed but script_security {end}");
        ensure!(
            text.lines().any(|line| line == wanted),
            "{}: expected `{wanted}`: {text}",
            row.script
        );
    }
    Ok(())
}

/// A directory in a script's place is never run, whatever the security.
fn directory(cluster: &mut Cluster) -> Verdict {
    let node = &cluster.members[0].node;
    let made = node.exec(&["mkdir", "-p", &format!("{DIRECTORY}/directory")])?;
    ensure!(made.status.success(), "{}", made.stderr);
    for globals in [
        " script_user root",
        " enable_script_security\n script_user root",
    ] {
        let text = complaints(node, "directory", globals)?;
        ensure!(
            text.contains("Disabling track script s due to insecure"),
            "{globals}: {text}"
        );
        ensure!(
            text.contains("SECURITY VIOLATION") != globals.contains("enable"),
            "{globals}: {text}"
        );
    }
    Ok(())
}
