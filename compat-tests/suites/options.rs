//! Options that change names: of the instance, of its files, of the log; and `-d` of the BFD process.

use evervip_lab::{Node, wait_until};
use nix::sys::signal::Signal;

use crate::{
    cluster::{BFD_PID_FILE, CONFIG, Cluster, PATIENCE, with_single},
    conf::{Conf, NODES, V2_MULTICAST},
    ensure,
    plan::Plan,
    verdict::Verdict,
};

/// Adds the cases.
pub fn add(plan: &mut Plan) {
    plan.single("options::names-of-an-instance", |program| {
        with_single(program, names_of_an_instance)
    });
    plan.single("options::dump-of-bfd-at-start", |program| {
        with_single(program, dump_of_bfd)
    });
    // Debian's build refuses -g.
    plan.ours_only("options::log-files-of-an-instance", |program| {
        with_single(program, log_files)
    });
}

/// With a BFD session; the instance is that of the configuration id alone.
fn text() -> String {
    format!(
        "@blue instance sky\n@red instance fire\n\
         bfd_instance B {{\n neighbor_ip {}\n source_ip {}\n}}\n{}",
        NODES[1],
        NODES[0],
        Conf::new(V2_MULTICAST, 0).with_globals(" data_use_instance")
    )
}

const PID_FILES: [&str; 3] = [
    "/run/keepalived/keepalived_sky.pid",
    "/run/keepalived/vrrp_sky.pid",
    "/run/keepalived/bfd_sky.pid",
];

fn start(cluster: &mut Cluster, more: &[&str]) -> Verdict {
    cluster.members[0].node.write_file(CONFIG, text(), 0o644)?;
    let arguments = ["-n", "-l", "-D", "-f", CONFIG, "-i", "blue"];
    cluster.members[0].start_with(&[&arguments, more].concat())
}

fn wait_file(node: &Node, path: &str, there: bool) -> Verdict {
    wait_until(PATIENCE, &format!("{path}: {there}"), || {
        node.metadata(path).is_some() == there
    })?;
    Ok(())
}

fn names_of_an_instance(cluster: &mut Cluster) -> Verdict {
    start(cluster, &[])?;
    let node = cluster.members[0].node.clone();
    let line = "Changing syslog ident to Keepalived_sky";
    cluster.log(0).wait_for(line, PATIENCE)?;
    for path in PID_FILES {
        wait_file(&node, path, true)?;
    }
    cluster.log(0).wait_for("Startup complete", PATIENCE)?;
    cluster.log(0).wait_for("Entering BACKUP STATE", PATIENCE)?;
    cluster.daemon(0).signal(Signal::SIGUSR1)?;
    for name in ["keepalived", "keepalived_parent", "keepalived_bfd"] {
        wait_file(&node, &format!("/tmp/{name}.sky.data"), true)?;
    }
    cluster.daemon(0).signal(Signal::SIGUSR2)?;
    wait_file(&node, "/tmp/keepalived.stats", true)?;
    cluster.stop(0)?;
    for path in PID_FILES {
        wait_file(&node, path, false)?;
    }
    wait_file(&node, "/run/keepalived", false)
}

/// The original says it before its session begins, evervip right after that, with its state.
fn dump_of_bfd(cluster: &mut Cluster) -> Verdict {
    start(cluster, &["-d", "-b", BFD_PID_FILE])?;
    let log = cluster.log(0);
    for line in [
        "------< BFD Topology >------",
        " BFD Instance = B",
        &format!("   Neighbor IP = {}", NODES[1]),
        &format!("   Source IP = {}", NODES[0]),
        "   Required min RX interval = 10000 us",
        "   Detection multiplier = 5",
        "   passive = false",
        "   send event to VRRP process = Yes",
    ] {
        log.wait_for(line, PATIENCE)?;
    }
    cluster.stop(0)
}

/// The names of the process and of the instance stand before the last point.
fn log_files(cluster: &mut Cluster) -> Verdict {
    start(cluster, &["-g/run/own.part.log"])?;
    let node = cluster.members[0].node.clone();
    let file = "/run/own.part_vrrp_sky.log";
    wait_until(PATIENCE, file, || {
        let line = "Entering BACKUP STATE (init)";
        node.read_file(file).is_ok_and(|text| text.contains(line))
    })?;
    cluster.log(0).wait_for("Startup complete", PATIENCE)?;
    cluster.stop(0)?;
    for (path, line) in [
        (
            "/run/own.part.log",
            "Changing syslog ident to Keepalived_sky",
        ),
        ("/run/own.part_sky.log", "Startup complete"),
        (file, "Stopped"),
        ("/run/own.part_bfd_sky.log", "Stopped"),
    ] {
        let text = node.read_file(path)?;
        ensure!(text.contains(line), "`{line}` is not in {path}: {text}");
        let mode = node.exec(&["stat", "-c", "%a", path])?.stdout;
        ensure!(mode.trim() == "600", "{path}: mode {mode}");
    }
    Ok(())
}
