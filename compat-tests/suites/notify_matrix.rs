//! Every combination of hooks, each for an instance or a group of its own, through all states.

use evervip_lab::Advert;

use crate::{
    cluster::{Cluster, PATIENCE, with_single},
    conf::{CHECK_SCRIPT, INTERFACE, many},
    fifo::lower,
    notify::Follower,
    plan::Plan,
    verdict::Verdict,
};

/// Adds the cases.
pub fn add(plan: &mut Plan) {
    plan.single("notify::every-combination::instances", |program| {
        with_single(program, instances)
    });
    plan.single("notify::every-combination::groups", |program| {
        with_single(program, groups)
    });
    plan.single("notify::changed-by-reload", |program| {
        with_single(program, changed)
    });
    plan.single("notify::every-combination::removed", |program| {
        with_single(program, removed)
    });
}

/// Notes its arguments down.
const NOTE: &str = "#!/bin/sh\necho \"$*\" >>/run/calls\n";
const SCRIPT: &str = "/etc/keepalived/hook.sh";

/// The hook of all states and those of one, by the last part of their keywords.
const OF_GROUPS: [&str; 5] = ["", "_master", "_backup", "_fault", "_stop"];
const OF_INSTANCES: [&str; 6] = [
    "",
    "_master",
    "_backup",
    "_fault",
    "_stop",
    "_master_rx_lower_pri",
];

/// Whether the bit of a hook is set in the number of a combination; combinations count from 1.
fn has(combination: u8, hook: usize) -> bool {
    (combination - 1) >> hook & 1 == 1
}

/// Lines of a combination of hooks, which tell the name of what they belong to and their own.
fn hooks(kinds: &[&str], combination: u8, name: &str) -> String {
    kinds
        .iter()
        .enumerate()
        .filter(|(hook, _)| has(combination, *hook))
        .map(|(_, kind)| format!(" notify{kind} \"{SCRIPT} {name}{combination} notify{kind}\"\n"))
        .collect()
}

/// The calls of all combinations when everything changes to a state.
fn calls(kinds: &[&str], name: &str, object: &str, state: &str, priority: u8) -> Vec<String> {
    let specific = format!("_{}", state.to_lowercase());
    let mut calls = Vec::new();
    for combination in 1..=(1 << kinds.len()) {
        let full = format!("{name}{combination}");
        for (hook, kind) in kinds.iter().enumerate() {
            if !has(combination, hook) {
                continue;
            }
            if kind.is_empty() {
                calls.push(format!("{full} notify {object} {full} {state} {priority}"));
            } else if *kind == specific {
                calls.push(format!("{full} notify{kind}"));
            }
        }
    }
    calls
}

/// A check of all instances.
fn check() -> String {
    format!("vrrp_script chk {{\n script \"{CHECK_SCRIPT}\"\n interval 1\n}}\n")
}

const TRACK: &str = " track_script {\n chk\n }\n";

/// Start, takeover, an advert of lower priority, fault, recovery, stop.
fn instances(cluster: &mut Cluster) -> Verdict {
    let kinds = &OF_INSTANCES;
    let conf = many(1 << kinds.len(), 150, |id| hooks(kinds, id, "V") + TRACK);
    let conf = check() + &conf;
    let stage = |state| calls(kinds, "V", "INSTANCE", state, 150);
    let mut follower = Follower::start_with(cluster, 0, NOTE, &conf)?;
    follower.expect(cluster, &stage("BACKUP"))?;
    follower.expect(cluster, &stage("MASTER"))?;
    send_lower(cluster, 1 << kinds.len())?;
    // No state, so nothing for the hook of all states.
    let mut calls = stage("MASTER_RX_LOWER_PRI");
    calls.retain(|call| call.ends_with("_rx_lower_pri"));
    follower.expect(cluster, &calls)?;
    cluster.members[0].set_check(false)?;
    follower.expect(cluster, &stage("FAULT"))?;
    cluster.members[0].set_check(true)?;
    follower.expect(cluster, &stage("BACKUP"))?;
    follower.expect(cluster, &stage("MASTER"))?;
    cluster.stop(0)?;
    follower.expect(cluster, &stage("STOP"))
}

/// One advert of lower priority for each of so many masters.
fn send_lower(cluster: &Cluster, count: u8) -> Verdict {
    let injector = cluster.members[1].node.injector(INTERFACE)?;
    let mark = cluster.capture.mark();
    for id in 1..=count {
        let of = |advert: &Advert| advert.vrid == id;
        let genuine = cluster.capture.wait_advert(mark, PATIENCE, of)?;
        injector.send(&lower(&genuine, injector.mac()))?;
    }
    Ok(())
}

/// The same for groups; each of one instance, which has no hooks.
fn groups(cluster: &mut Cluster) -> Verdict {
    let kinds = &OF_GROUPS;
    let group = |id| {
        let hooks = hooks(kinds, id, "G");
        format!("vrrp_sync_group G{id} {{\n group {{\n V{id}\n }}\n{hooks}}}\n")
    };
    let count = 1 << kinds.len();
    let conf = check() + &many(count, 150, |_| TRACK.to_owned());
    let conf = conf + &(1..=count).map(group).collect::<String>();
    let stage = |state| calls(kinds, "G", "GROUP", state, 0);
    let mut follower = Follower::start_with(cluster, 0, NOTE, &conf)?;
    follower.expect(cluster, &stage("BACKUP"))?;
    follower.expect(cluster, &stage("MASTER"))?;
    cluster.members[0].set_check(false)?;
    follower.expect(cluster, &stage("FAULT"))?;
    cluster.members[0].set_check(true)?;
    follower.expect(cluster, &stage("BACKUP"))?;
    follower.expect(cluster, &stage("MASTER"))?;
    cluster.stop(0)?;
    follower.expect(cluster, &stage("STOP"))
}

/// Hooks that come with a reload are not called for the state that is there, but for the next.
fn changed(cluster: &mut Cluster) -> Verdict {
    let with = |hooks: &str| check() + &many(1, 150, |_| hooks.to_owned() + TRACK);
    let master = format!(" notify_master \"{SCRIPT} first\"\n");
    let mut follower = Follower::start_with(cluster, 0, NOTE, &with(&master))?;
    follower.expect(cluster, &["first"])?;
    let fault = format!(" notify_fault \"{SCRIPT} second\"\n notify_master \"{SCRIPT} third\"\n");
    cluster.reload(0, &with(&fault))?;
    cluster.members[0].set_check(false)?;
    follower.expect(cluster, &["second"])?;
    cluster.members[0].set_check(true)?;
    follower.expect(cluster, &["third"])?;
    cluster.reload(0, &with(""))?;
    cluster.members[0].set_check(false)?;
    cluster.log(0).wait_for("now returning 1", PATIENCE)?;
    cluster.stop(0)?;
    follower.expect::<&str>(cluster, &[])
}

/// What a reload calls that removes instances with every combination of these lines.
fn removed(cluster: &mut Cluster) -> Verdict {
    const BARE: [&str; 4] = [
        " notify \"/etc/keepalived/hook.sh NAME notify\"\n",
        " notify_fault \"/etc/keepalived/hook.sh NAME notify_fault\"\n",
        " notify_stop \"/etc/keepalived/hook.sh NAME notify_stop\"\n",
        " notify_deleted\n",
    ];
    let lines = |id: u8| -> String {
        let chosen = BARE.iter().enumerate().filter(|(hook, _)| has(id, *hook));
        let mut lines: String = chosen.map(|(_, line)| *line).collect();
        if has(id, 4) {
            lines = lines.replace(
                "notify_deleted",
                "notify_deleted \"/etc/keepalived/hook.sh NAME notify_deleted\"",
            );
        }
        lines.replace("NAME", &format!("V{id}"))
    };
    let conf = many(32, 150, lines);
    let mut follower = Follower::start_with(cluster, 0, NOTE, &conf)?;
    let generic = |state: &str| -> Vec<String> {
        let of = (1..=32).filter(|id| has(*id, 0));
        of.map(|id| format!("V{id} notify INSTANCE V{id} {state} 150"))
            .collect()
    };
    follower.expect(cluster, &generic("BACKUP"))?;
    follower.expect(cluster, &generic("MASTER"))?;
    let other = many(1, 150, |_| String::new());
    let other = other.replace("virtual_router_id 1", "virtual_router_id 99");
    cluster.reload(0, &other)?;
    let mut wanted = Vec::new();
    for id in 1..=32 {
        let deleted = has(id, 3);
        let state = if deleted { "DELETED" } else { "FAULT" };
        if has(id, 0) {
            wanted.push(format!("V{id} notify INSTANCE V{id} {state} 150"));
        }
        if deleted && has(id, 4) {
            wanted.push(format!("V{id} notify_deleted"));
        }
    }
    follower.expect(cluster, &wanted)
}
