//! OpenStack's own code around the daemon: neutron's manager of highly available routers, and octavia's
//! template and life cycle of an amphora. Its modules are those that `cargo xtask clients` has put below
//! the target directory, or those of another Python (`EVERVIP_CLIENTS_PYTHON`).

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

use evervip_lab::{Node, Output};

use crate::{
    cluster::{Cluster, PROGRAM, with_single},
    ensure,
    plan::Plan,
    program::target,
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

/// Where nodes have the modules.
const MODULES: &str = "/run/clients";

/// A Python, and the host's directory of modules that it has not by itself.
fn python() -> (String, Option<PathBuf>) {
    match env::var("EVERVIP_CLIENTS_PYTHON") {
        Ok(python) => (python, None),
        Err(_) => ("python3".to_owned(), Some(target().join("clients/modules"))),
    }
}

/// Whether Python has this module; the error says why not.
fn available(module: &str) -> Result<(), String> {
    let (python, modules) = python();
    let line = format!("import importlib.util as u; u.find_spec('{module}') or exit(1)");
    let mut command = Command::new(&python);
    if let Some(modules) = modules {
        command.env("PYTHONPATH", modules);
    }
    match command.args(["-c", &line]).output() {
        Ok(output) if output.status.success() => Ok(()),
        _ => Err(format!(
            "{python} has no {module} (cargo xtask clients; EVERVIP_CLIENTS_PYTHON names another one)"
        )),
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
    let (python, modules) = python();
    let mut command = Command::new("timeout");
    if let Some(modules) = modules {
        node.bind(&modules, Path::new(MODULES))?;
        command.env("PYTHONPATH", MODULES);
    }
    command
        .args(["120", &python, "-W", "ignore", "-c", script])
        .env("PATH", format!("{}:{path}", directory.display()))
        .env("PYTHONDONTWRITEBYTECODE", "1");
    node.output(command)
}
