//! Daemons that enter a network namespace by themselves: `net_namespace` and `-s`.

use evervip_lab::{Node, wait_until};
use nix::sys::signal::Signal;

use crate::{
    cluster::{CONFIG, Cluster, PATIENCE, with_pair, with_single},
    conf::{Conf, INTERFACE, Mode, NODES, V3_MULTICAST, VIP},
    ensure,
    plan::Plan,
    verdict::Verdict,
};

/// Adds the cases.
pub fn add(plan: &mut Plan) {
    plan.pair("namespace::election", |combo| with_pair(combo, election));
    plan.single("namespace::pid-files", |program| {
        with_single(program, pid_files)
    });
    plan.single("namespace::reload", |program| with_single(program, reload));
    plan.single("namespace::missing", |program| {
        with_single(program, missing)
    });
}

const MODE: Mode = V3_MULTICAST;
const NAME: &str = "blue";
const PID_FILES: [&str; 2] = [
    "/run/keepalived/blue/keepalived.pid",
    "/run/keepalived/blue/vrrp.pid",
];

/// Moves the node's interface into a namespace of that name, made within the node.
fn move_interface(node: &Node) -> Verdict {
    let address = format!("{}/24", NODES[0]);
    for words in [
        &["netns", "add", NAME][..],
        &["link", "set", INTERFACE, "netns", NAME],
        &["-n", NAME, "link", "set", "lo", "up"],
        &["-n", NAME, "link", "set", INTERFACE, "up"],
        &["-n", NAME, "addr", "add", &address, "dev", INTERFACE],
    ] {
        node.ip(words)?;
    }
    Ok(())
}

/// Starts the first member's daemon with pid files where it wants them.
fn start(cluster: &mut Cluster, configuration: &str, further: &[&str]) -> Verdict {
    let member = &mut cluster.members[0];
    member.node.write_file(CONFIG, configuration, 0o644)?;
    let usual = ["-n", "-l", "-D", "-P", "-f", CONFIG];
    member.start_with(&[&usual[..], further].concat())
}

fn address_inside(node: &Node, expected: bool) -> Verdict {
    let what = format!("address in the namespace: {expected}");
    wait_until(PATIENCE, &what, || {
        let list = node.ip(&["-n", NAME, "-4", "addr", "show", "dev", INTERFACE]);
        list.is_ok_and(|text| text.contains(&format!("inet {VIP}/"))) == expected
    })
}

/// The first in a namespace of its own, the second as ever: they hear each other, and the second
/// takes over.
fn election(cluster: &mut Cluster) -> Verdict {
    move_interface(&cluster.members[0].node)?;
    start(cluster, &Conf::new(MODE, 0).text(), &["-s", NAME])?;
    cluster.wait_advert(0, 0)?;
    cluster.start(&Conf::new(MODE, 1))?;
    cluster.log(1).wait_for("Entering BACKUP STATE", PATIENCE)?;
    let mark = cluster.capture.mark();
    cluster.wait_advert(0, mark)?;
    address_inside(&cluster.members[0].node, true)?;
    ensure!(
        cluster.lab.owners(VIP.into()).is_empty(),
        "outside of the namespace: {:?}",
        cluster.lab.owners(VIP.into())
    );
    cluster.stop(0)?;
    address_inside(&cluster.members[0].node, false)?;
    cluster.settle(1, VIP.into())
}

/// In a directory of the namespace's own, which the daemon sees in the place of the common one.
fn pid_files(cluster: &mut Cluster) -> Verdict {
    move_interface(&cluster.members[0].node)?;
    let text = format!("net_namespace {NAME}\n{}", Conf::new(MODE, 0).text());
    start(cluster, &text, &[])?;
    address_inside(&cluster.members[0].node, true)?;
    let (node, daemon) = (&cluster.members[0].node, cluster.daemon(0));
    for (path, pid) in PID_FILES
        .into_iter()
        .zip([daemon.pid(), daemon.children()[0]])
    {
        let content = node.read_file(path)?;
        ensure!(
            content == format!("{pid}\n"),
            "{path}: `{content}`, expected {pid}"
        );
    }
    let seen = format!("/proc/{}/root/run/keepalived/vrrp.pid", daemon.pid());
    ensure!(
        std::path::Path::new(&seen).exists(),
        "{seen} is not to be seen"
    );
    cluster
        .log(0)
        .wait_for("Changing syslog ident to Keepalived_blue", PATIENCE)?;
    cluster.stop(0)?;
    ensure!(
        cluster.members[0]
            .node
            .metadata("/run/keepalived")
            .is_none(),
        "the directory is still there"
    );
    Ok(())
}

/// A reload cannot move it, and changes nothing else either.
fn reload(cluster: &mut Cluster) -> Verdict {
    move_interface(&cluster.members[0].node)?;
    let text = format!("net_namespace {NAME}\n{}", Conf::new(MODE, 0).text());
    start(cluster, &text, &[])?;
    address_inside(&cluster.members[0].node, true)?;
    let text = text
        .replace(NAME, "green")
        .replace(&VIP.to_string(), "192.0.2.77");
    for text in [text.clone(), text.replace("net_namespace green", "")] {
        cluster.members[0].node.write_file(CONFIG, &text, 0o644)?;
        let mark = cluster.log(0).mark();
        cluster.daemon(0).signal(Signal::SIGHUP)?;
        cluster.log(0).wait_after(
            mark,
            "Cannot change network namespace at a reload - please restart keepalived",
            PATIENCE,
        )?;
        address_inside(&cluster.members[0].node, true)?;
    }
    cluster.stop(0)
}

/// Deviation: exit 1, so that service managers notice; the original says 0.
fn missing(cluster: &mut Cluster) -> Verdict {
    let wanted = i32::from(cluster.members[0].program.is_ours());
    let text = format!("net_namespace {NAME}\n{}", Conf::new(MODE, 0).text());
    start(cluster, &text, &["-s", "red"])?;
    let status = cluster.daemon(0).wait(PATIENCE)?;
    ensure!(
        status.code() == Some(wanted),
        "{status}, expected exit {wanted}"
    );
    for line in [
        "Overriding config net_namespace 'blue' with command line namespace 'red'",
        "Failed to open /run/netns/red",
        "Unable to set network namespace red - exiting",
    ] {
        cluster.log(0).wait_for(line, PATIENCE)?;
    }
    Ok(())
}
