//! OpenStack's own code around the daemon: neutron's manager of highly available routers, and octavia's
//! template and life cycle of an amphora. Needs a Python with both, from PyPI or Debian
//! (`EVERVIP_CLIENTS_PYTHON`, default `python3`).

use std::{env, path::Path, process::Command, sync::OnceLock};

use evervip_lab::{Node, Output};

use crate::{
    cluster::{Cluster, PROGRAM, with_single},
    ensure,
    plan::Plan,
    verdict::Verdict,
};

const CLIENTS: [(&str, &str, &str); 2] = [
    (
        "neutron",
        "neutron.agent.linux.keepalived",
        include_str!("neutron.py"),
    ),
    (
        "octavia",
        "octavia.amphorae.drivers.keepalived.jinja.jinja_cfg",
        include_str!("octavia.py"),
    ),
];

pub(super) fn add(plan: &mut Plan) {
    for (name, module, script) in CLIENTS {
        plan.single_if(
            &format!("clients::{name}"),
            available(module),
            move |program| with_single(program, |cluster| run(cluster, script)),
        );
    }
}

fn python() -> String {
    env::var("EVERVIP_CLIENTS_PYTHON").unwrap_or_else(|_| "python3".to_owned())
}

/// Whether Python has this module; the error says why not.
fn available(module: &str) -> Result<(), String> {
    static ABSENT: OnceLock<String> = OnceLock::new();
    let line = format!("import importlib.util as u; u.find_spec('{module}') or exit(1)");
    let asked = Command::new(python()).args(["-c", &line]).output();
    match asked {
        Ok(output) if output.status.success() => Ok(()),
        _ => Err(ABSENT
            .get_or_init(|| {
                format!(
                    "{} has no neutron or octavia (pip install neutron octavia, or Debian's \
                     python3-neutron and python3-octavia); EVERVIP_CLIENTS_PYTHON names another one",
                    python()
                )
            })
            .clone()),
    }
}

/// The script does everything, and says what is wrong.
fn run(cluster: &mut Cluster, script: &str) -> Verdict {
    let node = &cluster.members[0].node;
    let output = python_in(node, script)?;
    ensure!(
        output.status.success() && output.stdout.ends_with("done\n"),
        "{}\n{}\n{}",
        output.status,
        output.stdout,
        output.stderr
    );
    Ok(())
}

fn python_in(node: &Node, script: &str) -> Verdict<Output> {
    let directory = Path::new(PROGRAM).parent().unwrap_or(Path::new("/"));
    let path = env::var("PATH").unwrap_or_default();
    let mut command = Command::new("timeout");
    command
        .args(["120", &python(), "-W", "ignore", "-c", script])
        .env("PATH", format!("{}:{path}", directory.display()))
        .env("PYTHONDONTWRITEBYTECODE", "1");
    node.output(command)
}
