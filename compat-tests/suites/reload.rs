//! SIGHUP: what must stay undisturbed and what must change.

use std::{net::Ipv4Addr, time::Duration};

use evervip_lab::wait_until;
use nix::sys::signal::Signal;

use crate::{
    cluster::{CONFIG, Cluster, PATIENCE, SLACK, elapsed, with_pair, with_single},
    conf::{Conf, MODES, Mode, NODES, V3_MULTICAST, VIP},
    ensure,
    plan::Plan,
    verdict::{Verdict, in_order},
    vmac::{SECOND, with_second_interface},
};

/// Makes a bad file of a good one.
type Damage = fn(&str) -> String;

/// Adds the cases.
pub fn add(plan: &mut Plan) {
    for mode in MODES {
        plan.pair(&format!("reload::{}::unchanged", mode.name), move |combo| {
            with_pair(combo, |cluster| unchanged(cluster, mode))
        });
    }
    plan.pair("reload::priority-below-peer", |combo| {
        with_pair(combo, priority_below_peer)
    });
    plan.pair("reload::priority-lowered", |combo| {
        with_pair(combo, priority_lowered)
    });
    plan.single("reload::many", |program| with_single(program, many));
    plan.single("reload::addresses", |program| {
        with_single(program, addresses)
    });
    plan.single("reload::interval", |program| with_single(program, interval));
    plan.single("reload::vrid", |program| with_single(program, vrid));
    plan.single("reload::instance-added-and-removed", |program| {
        with_single(program, instances)
    });
    plan.single("reload::script-kept", |program| {
        with_single(program, script_kept)
    });
    for (name, tracker) in FAULTY {
        plan.single(&format!("reload::faulty-{name}"), move |program| {
            with_single(program, |cluster| faulty_tracker(cluster, tracker))
        });
    }
    let broken: [(&str, Damage); 4] = [
        ("missing-argument", |good| {
            good.replace("priority 150", "priority")
        }),
        ("unknown-interface", |good| {
            good.replace("ens192", "nosuch0")
        }),
        ("no-vrid", |good| good.replace("virtual_router_id 50", "")),
        ("duplicate-vrid", |good| {
            good.to_owned() + &good.replace("LB_VIP", "TWIN")
        }),
    ];
    for (name, damage) in broken {
        plan.single(&format!("reload::broken::{name}"), move |program| {
            with_single(program, |cluster| broken_file(cluster, damage))
        });
    }
    plan.single("reload::broken::vanished", |program| {
        with_single(program, vanished_file)
    });
}

/// Trackers whose object is down, or missing: name, block, what the instance says, reason.
const FAULTY: [(&str, Faulty); 3] = [
    (
        "interface",
        Faulty {
            block: "",
            track: "track_interface {\n ens224\n }",
            reason: "(interface ens224 down)",
        },
    ),
    (
        "file",
        Faulty {
            block: "track_file F {\n file /etc/keepalived/keepalived.conf.down\n weight 0\n}\n",
            track: "track_file {\n F weight 0\n }",
            reason: "(tracked file F has status -254)",
        },
    ),
    (
        "process",
        Faulty {
            block: "vrrp_track_process P {\n process nosuchprocess\n weight 0\n}\n",
            track: "track_process {\n P\n }",
            reason: "(tracked process P quorum not achieved)",
        },
    ),
];

/// A tracker that takes its instance down.
#[derive(Clone, Copy)]
struct Faulty {
    block: &'static str,
    track: &'static str,
    reason: &'static str,
}

/// A reload brings a tracker whose object is down already.
fn faulty_tracker(cluster: &mut Cluster, tracker: Faulty) -> Verdict {
    with_second_interface(cluster)?;
    let conf = Conf::new(V3_MULTICAST, 0);
    cluster.start(&conf)?;
    cluster.lab.wait_owner(VIP.into(), "a", PATIENCE)?;
    let node = &cluster.members[0].node;
    node.set_admin(SECOND, false)?;
    node.write_file("/etc/keepalived/keepalived.conf.down", "1\n", 0o644)?;
    let mark = cluster.log(0).mark();
    let Faulty {
        block,
        track,
        reason,
    } = tracker;
    reload(cluster, 0, &(block.to_owned() + &conf.extra(track).text()))?;
    let log = cluster.log(0);
    log.wait_match(mark, reason, PATIENCE, |line| {
        line.contains("entering FAULT state") && line.ends_with(reason)
    })?;
    // At a reload the original writes this line as at its start.
    log.wait_match(mark, "FAULT", PATIENCE, |line| {
        line.to_lowercase().ends_with(") entering fault state")
    })?;
    wait_until(PATIENCE, "address is gone", || {
        !cluster.members[0].node.has_address(VIP.into())
    })?;
    cluster.stop(0)
}

/// Writes the file, sends SIGHUP and waits until both processes say that they are done. They
/// write on their own, so the order of their lines tells nothing.
fn reload(cluster: &Cluster, member: usize, text: &str) -> Verdict {
    cluster.members[member]
        .node
        .write_file(CONFIG, text, 0o644)?;
    let (log, mark) = (cluster.log(member), cluster.log(member).mark());
    cluster.daemon(member).signal(Signal::SIGHUP)?;
    log.wait_after(mark, "Reloading ...", PATIENCE)?;
    log.wait_match(mark, "Reloading", PATIENCE, |line| {
        line.ends_with(": Reloading")
    })?;
    log.wait_after(mark, "Reload complete", PATIENCE).map(drop)
}

/// Nothing of the protocol's state may have changed since the marks.
fn undisturbed(cluster: &Cluster, member: usize, frames: usize, log: usize) -> Verdict {
    ensure!(
        cluster.resignations(member, frames) == 0,
        "member {member} has resigned"
    );
    cluster.unmoved(&[member], &[log])
}

/// The same file again, at the master and at the backup.
fn unchanged(cluster: &mut Cluster, mode: Mode) -> Verdict {
    let confs = [Conf::new(mode, 0), Conf::new(mode, 1)];
    cluster.start_settled(&confs[0], &confs[1])?;
    let (frames, logs) = cluster.marks();
    let events = cluster.members[0].addresses.events().len();
    for (member, conf) in confs.iter().enumerate() {
        reload(cluster, member, &conf.text())?;
        let mark = cluster.capture.mark();
        cluster
            .capture
            .wait_adverts(mark, 3, PATIENCE, |advert| advert.source == NODES[0])?;
    }
    for (member, log) in logs.into_iter().enumerate() {
        undisturbed(cluster, member, frames, log)?;
    }
    ensure!(
        cluster.adverts(1, frames).is_empty(),
        "the backup has sent adverts"
    );
    let adverts = cluster.adverts(0, frames);
    let gap = adverts
        .windows(2)
        .map(|pair| elapsed(pair[0].at, pair[1].at))
        .max()
        .unwrap_or_default();
    ensure!(
        gap <= mode.advert() * 2 + SLACK / 4,
        "a gap of {gap:?} between adverts"
    );
    let mut events = cluster.members[0].addresses.events().split_off(events);
    // The kernel may just be through with duplicate address detection.
    events.retain(|event| event.ip.is_ipv4());
    ensure!(events.is_empty(), "addresses were touched: {events:?}");
    cluster.owned_by(0, VIP.into())
}

/// A burst of signals ends in one state, undisturbed.
fn many(cluster: &mut Cluster) -> Verdict {
    cluster.start(&Conf::new(V3_MULTICAST, 0))?;
    cluster.settle(0, VIP.into())?;
    let (frames, log) = cluster.marks_of(0);
    for _ in 0..5 {
        cluster.daemon(0).signal(Signal::SIGHUP)?;
    }
    cluster
        .log(0)
        .wait_after(log, "Reload complete", PATIENCE)?;
    let mark = cluster.capture.mark();
    cluster
        .capture
        .wait_adverts(mark, 5, PATIENCE, |advert| advert.source == NODES[0])?;
    undisturbed(cluster, 0, frames, log)?;
    cluster.owned_by(0, VIP.into())?;
    cluster.stop(0)
}

/// One address stays, one goes, one comes; all are announced anew.
fn addresses(cluster: &mut Cluster) -> Verdict {
    let [kept, removed, added] = [32, 33, 34].map(|host| Ipv4Addr::new(10, 150, 160, host));
    let conf = |other: Ipv4Addr| {
        Conf::new(V3_MULTICAST, 0).vips(&[&format!("{kept}/32"), &format!("{other}/32")])
    };
    cluster.start(&conf(removed))?;
    cluster.settle(0, kept.into())?;
    let (frames, log) = cluster.marks_of(0);
    let events = cluster.members[0].addresses.events().len();
    reload(cluster, 0, &conf(added).text())?;
    cluster.lab.wait_owner(added.into(), "a", PATIENCE)?;
    cluster
        .capture
        .wait_advert(frames, PATIENCE, |advert| advert.addresses == [kept, added])?;
    for address in [kept, added] {
        let is_ours = |f: &evervip_lab::Frame| {
            f.arp()
                .is_some_and(|arp| arp.is_gratuitous() && arp.sender == address)
        };
        cluster.capture.wait_for(frames, PATIENCE, is_ours)?;
    }
    ensure!(
        !cluster.members[0].node.has_address(removed.into()),
        "{removed} is still there"
    );
    let events = cluster.members[0].addresses.events().split_off(events);
    let list: Vec<_> = events.iter().map(|event| (event.added, event.ip)).collect();
    ensure!(
        !list.iter().any(|(_, ip)| *ip == kept),
        "{kept} was touched: {list:?}"
    );
    let line = format!("(LB_VIP) ip address {removed}/32 dev ens192, no longer exist");
    cluster.log(0).wait_after(log, &line, PATIENCE)?;
    undisturbed(cluster, 0, frames, log)
}

/// A master stays master with a lower priority as long as nobody has a higher one.
fn priority_lowered(cluster: &mut Cluster) -> Verdict {
    cluster.start_settled(&Conf::new(V3_MULTICAST, 0), &Conf::new(V3_MULTICAST, 1))?;
    let (frames, log) = cluster.marks_of(0);
    reload(cluster, 0, &Conf::new(V3_MULTICAST, 0).priority(120).text())?;
    cluster
        .capture
        .wait_adverts(frames, 3, PATIENCE, |advert| advert.priority == 120)?;
    undisturbed(cluster, 0, frames, log)?;
    cluster.owned_by(0, VIP.into())
}

/// Below the peer's priority: the peer takes over in its own time.
fn priority_below_peer(cluster: &mut Cluster) -> Verdict {
    cluster.start_settled(&Conf::new(V3_MULTICAST, 0), &Conf::new(V3_MULTICAST, 1))?;
    let frames = cluster.capture.mark();
    reload(cluster, 0, &Conf::new(V3_MULTICAST, 0).priority(90).text())?;
    cluster.settle(1, VIP.into())?;
    ensure!(
        cluster.resignations(0, frames) == 0,
        "yielding is no resignation"
    );
    cluster
        .log(0)
        .wait_for("with higher priority 100, ours 90", PATIENCE)
        .map(drop)
}

/// A new interval is in force with the next advert.
fn interval(cluster: &mut Cluster) -> Verdict {
    let conf = Conf::new(V3_MULTICAST, 0);
    cluster.start(&conf)?;
    cluster.settle(0, VIP.into())?;
    let (frames, log) = cluster.marks_of(0);
    let slow = Duration::from_millis(400);
    reload(
        cluster,
        0,
        &conf.text().replace("advert_int 0.1", "advert_int 0.4"),
    )?;
    let adverts = cluster
        .capture
        .wait_adverts(frames, 4, PATIENCE, |advert| advert.interval == slow)?;
    // The first of the new kind may come with the reload itself; the later ones keep time.
    let gap = elapsed(adverts[2].at, adverts[3].at);
    ensure!(
        gap > slow * 9 / 10 && gap < slow * 2,
        "{gap:?} between adverts"
    );
    undisturbed(cluster, 0, frames, log)
}

/// Another VRID is another instance: the old one resigns, the new one starts from the beginning.
fn vrid(cluster: &mut Cluster) -> Verdict {
    let conf = Conf::new(V3_MULTICAST, 0);
    cluster.start(&conf)?;
    cluster.settle(0, VIP.into())?;
    let (frames, log) = cluster.marks_of(0);
    reload(
        cluster,
        0,
        &conf
            .text()
            .replace("virtual_router_id 50", "virtual_router_id 60"),
    )?;
    let old = cluster.capture.wait_advert(frames, PATIENCE, |advert| {
        advert.vrid == 50 && advert.priority == 0
    })?;
    let new = cluster
        .capture
        .wait_advert(frames, PATIENCE, |advert| advert.vrid == 60)?;
    ensure!(
        new.at > old.at,
        "the new instance has sent before the old one resigned"
    );
    cluster.lab.wait_owner(VIP.into(), "a", PATIENCE)?;
    cluster
        .log(0)
        .wait_after(log, "Entering MASTER STATE", PATIENCE)?;
    in_order(
        cluster.log(0),
        log,
        &["Entering BACKUP STATE (init)", "Entering MASTER STATE"],
    )
}

/// A second instance comes and goes; the first one does not notice.
fn instances(cluster: &mut Cluster) -> Verdict {
    let first = Conf::new(V3_MULTICAST, 0).text();
    let second = first
        .replace("LB_VIP", "OTHER")
        .replace("virtual_router_id 50", "virtual_router_id 51");
    let second = second.replace("10.150.160.32/32", "10.150.160.33/32");
    let other = Ipv4Addr::new(10, 150, 160, 33);
    cluster.members[0].start(&first)?;
    cluster.settle(0, VIP.into())?;
    let (frames, log) = cluster.marks_of(0);
    reload(cluster, 0, &(first.clone() + &second))?;
    cluster.lab.wait_owner(other.into(), "a", PATIENCE)?;
    reload(cluster, 0, &first)?;
    cluster.capture.wait_advert(frames, PATIENCE, |advert| {
        advert.vrid == 51 && advert.priority == 0
    })?;
    wait_until(PATIENCE, "address released", || {
        !cluster.members[0].node.has_address(other.into())
    })?;
    let first_resigned = cluster
        .adverts(0, frames)
        .iter()
        .any(|advert| advert.vrid == 50 && advert.priority == 0);
    ensure!(!first_resigned, "the first instance has resigned");
    ensure!(
        cluster.log(0).count_after(log, "(LB_VIP) Entering") == 0,
        "the first instance has changed its state"
    );
    cluster.owned_by(0, VIP.into())
}

/// A check that succeeded before counts as succeeding, so that nothing waits for it.
fn script_kept(cluster: &mut Cluster) -> Verdict {
    let conf = Conf::new(V3_MULTICAST, 0).check();
    cluster.start(&conf)?;
    cluster.settle(0, VIP.into())?;
    let (frames, log) = cluster.marks_of(0);
    reload(cluster, 0, &conf.text())?;
    let kept = "VRRP_Script(chk_haproxy) considered successful on reload";
    cluster.log(0).wait_after(log, kept, PATIENCE)?;
    let mark = cluster.capture.mark();
    cluster
        .capture
        .wait_adverts(mark, 3, PATIENCE, |advert| advert.source == NODES[0])?;
    undisturbed(cluster, 0, frames, log)?;
    // It is still run.
    cluster.members[0].set_check(false)?;
    cluster
        .log(0)
        .wait_after(log, "(LB_VIP) Entering FAULT STATE", PATIENCE)
        .map(drop)
}

/// Deviation: evervip refuses the file and carries on. The original dies and leaves the address
/// on the interface without a word on the wire.
fn broken_file(cluster: &mut Cluster, damage: Damage) -> Verdict {
    let good = Conf::new(V3_MULTICAST, 0).text();
    cluster.members[0].start(&good)?;
    cluster.settle(0, VIP.into())?;
    let (frames, log) = cluster.marks_of(0);
    cluster.members[0]
        .node
        .write_file(CONFIG, damage(&good), 0o644)?;
    cluster.daemon(0).signal(Signal::SIGHUP)?;
    if !cluster.members[0].program.is_ours() {
        let status = cluster.daemon(0).wait(PATIENCE)?;
        ensure!(status.code() == Some(2), "{status}");
        ensure!(cluster.resignations(0, frames) == 0, "it has resigned");
        return cluster.owned_by(0, VIP.into());
    }
    cluster.log(0).wait_after(log, CONFIG, PATIENCE)?;
    carries_on(cluster, frames, log)?;
    // Repaired, the file is taken again.
    reload(cluster, 0, &good.replace("priority 150", "priority 140"))?;
    cluster
        .capture
        .wait_advert(frames, PATIENCE, |advert| advert.priority == 140)?;
    undisturbed(cluster, 0, frames, log)
}

/// Deviation: evervip carries on. The original takes the configuration as empty and releases
/// everything.
fn vanished_file(cluster: &mut Cluster) -> Verdict {
    cluster.start(&Conf::new(V3_MULTICAST, 0))?;
    cluster.settle(0, VIP.into())?;
    let (frames, log) = cluster.marks_of(0);
    cluster.members[0].node.remove_file(CONFIG)?;
    cluster.daemon(0).signal(Signal::SIGHUP)?;
    if cluster.members[0].program.is_ours() {
        cluster.log(0).wait_after(log, CONFIG, PATIENCE)?;
        return carries_on(cluster, frames, log);
    }
    wait_until(PATIENCE, "address released", || {
        !cluster.members[0].node.has_address(VIP.into())
    })?;
    ensure!(
        cluster.daemon(0).try_status().is_none(),
        "the daemon has ended"
    );
    Ok(())
}

fn carries_on(cluster: &Cluster, frames: usize, log: usize) -> Verdict {
    let mark = cluster.capture.mark();
    cluster
        .capture
        .wait_adverts(mark, 10, PATIENCE, |advert| advert.source == NODES[0])?;
    undisturbed(cluster, 0, frames, log)?;
    ensure!(
        cluster.daemon(0).children().len() == 1,
        "children: {:?}",
        cluster.daemon(0).children()
    );
    cluster.owned_by(0, VIP.into())
}
