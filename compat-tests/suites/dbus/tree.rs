//! The whole tree of objects beside the original's, with instances of every kind: both families,
//! virtual MACs, a fault, names that are no path elements.

use std::thread;

use evervip_lab::{Error, Node};

use super::{INSTANCE, OF_INSTANCE, PROPERTIES, described, get, refs, second, start};
use crate::{
    cluster::{Cluster, PATIENCE, with_single},
    conf::{Conf, V3_MULTICAST},
    ensure,
    plan::Combo,
    program::Program,
    system_bus::call,
    verdict::Verdict,
};

/// What is in the tree, and what its leaves are.
pub(super) fn tree(combo: &Combo) -> Verdict {
    let record = |program: &Program| -> Verdict<Vec<String>> {
        let mut objects = Vec::new();
        with_single(program, |cluster| {
            objects = walked(cluster)?;
            Ok(())
        })?;
        Ok(objects)
    };
    let (subject, peer) = thread::scope(|scope| {
        let other = scope.spawn(|| record(&combo.peer));
        (record(&combo.subject), other.join())
    });
    let peer = peer.map_err(|_| Error::new("recording panicked"))??;
    let subject = subject?;
    ensure!(peer.len() > 20, "the original has {peer:#?}");
    ensure!(
        subject == peer,
        "evervip: {subject:#?}\nkeepalived: {peer:#?}"
    );
    Ok(())
}

fn walked(cluster: &mut Cluster) -> Verdict<Vec<String>> {
    let globals = "enable_dbus\ndynamic_interfaces";
    let six = second("SIX", 62, "")
        .replace("90", "80")
        .replace("10.150.160.62/32", "2001:db8::62/64");
    let text = format!(
        "{}{}{six}{}{}{}",
        Conf::new(V3_MULTICAST, 0).with_globals(globals),
        second("a/b.c-d:e", 61, ""),
        second("VMAC", 63, "use_vmac vm63"),
        second("FAULTY", 64, "track_interface {\n nowhere\n}"),
        second("LATE", 255, "").replace("interface ens192", "interface eth0.7-x")
    );
    cluster.members[0].wait_for_address_of_link()?;
    let bus = start(cluster, &text)?;
    for path in ["50/IPv4", "61/IPv4", "62/IPv6", "63/IPv4"] {
        bus.wait_for(&format!("VrrpStatusChange /Instance/ens192/{path} 2"))?;
    }
    for line in ["(FAULTY) ", "(LATE) "] {
        cluster.log(0).wait_for(line, PATIENCE)?;
    }
    let mut objects = Vec::new();
    visit(&cluster.members[0].node, "/", &mut objects)?;
    objects.sort();
    Ok(objects)
}

/// Everything at a path and below it.
fn visit(node: &Node, path: &str, objects: &mut Vec<String>) -> Verdict {
    ensure!(objects.len() < 200, "no end of {objects:#?}");
    let text = call(
        node,
        path,
        "org.freedesktop.DBus.Introspectable",
        &["Introspect"],
    )?;
    let told = described(&text);
    objects.push(format!("{path}: {told}"));
    if told.contains(OF_INSTANCE) && path.len() >= INSTANCE.len() - 1 {
        for property in ["Name", "State"] {
            let value = call(node, path, PROPERTIES, &refs(&get(property)))?;
            objects.push(format!("{path} {property}: {value}"));
        }
    }
    for tag in told.lines() {
        let Some(name) = tag.strip_prefix("node name=") else {
            continue;
        };
        let name = name.trim_matches(['"', '\'']);
        let below = format!("{}/{name}", path.trim_end_matches('/'));
        visit(node, &below, objects)?;
    }
    Ok(())
}
