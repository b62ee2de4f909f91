//! Who owns the address: start, death, stop, faults and return of a node, for every mode.
//!
//! In each scenario the first member (subject) is the preferred or the interesting one.

use std::time::Duration;

use nix::sys::signal::Signal;

use crate::{
    cluster::{Cluster, PATIENCE, elapsed, since_log, with_pair, within},
    conf::{Conf, INTERFACE, IPV6_MODES, MODES, Mode, VRID},
    ensure,
    plan::Plan,
    verdict::{Verdict, in_order},
};

type Scenario = fn(&mut Cluster, Mode) -> Verdict;

const SCENARIOS: [(&str, Scenario); 11] = [
    ("start", start),
    ("kill", kill),
    ("stop", stop),
    ("script", script),
    ("link", link),
    ("partition", partition),
    ("preempt", preempt),
    ("nopreempt", nopreempt),
    ("equal-masters", equal_masters),
    ("equal-incumbent", equal_incumbent),
    ("owner", owner),
];

/// Adds the matrix of modes and scenarios.
pub fn add(plan: &mut Plan) {
    for mode in MODES.into_iter().chain(IPV6_MODES) {
        for (name, scenario) in SCENARIOS {
            plan.pair(&format!("elections::{}::{name}", mode.name), move |combo| {
                with_pair(combo, |cluster| scenario(cluster, mode))
            });
        }
    }
}

/// Both start together: the higher priority gets the address, and what it sends is right.
fn start(cluster: &mut Cluster, mode: Mode) -> Verdict {
    let (first, second) = (Conf::new(mode, 0), Conf::new(mode, 1));
    cluster.start_settled(&first, &second)?;
    cluster.owned_by(0, mode.vip())?;
    let (entered, timeout) = (
        "(LB_VIP) Entering MASTER STATE",
        "(LB_VIP) Receive advertisement timeout",
    );
    // With a script of weight 0 the first state is decided by its result and "(init)" is missing.
    let backup = if first.check {
        "(LB_VIP) Entering BACKUP STATE"
    } else {
        "(LB_VIP) Entering BACKUP STATE (init)"
    };
    in_order(
        cluster.log(0),
        0,
        &[backup, timeout, entered, "setting VIPs."],
    )?;
    in_order(cluster.log(1), 0, &[backup])?;
    // The parent writes these at its own pace.
    in_order(
        cluster.log(0),
        0,
        &["Starting VRRP child process, pid=", "Startup complete"],
    )?;
    let decided = cluster.log(0).wait_for(backup, PATIENCE)?;
    let first_advert = cluster.wait_advert(0, 0)?;
    since_log(
        "first advert",
        elapsed(decided.at, first_advert.at),
        mode.down(150),
    )?;
    for advert in cluster.adverts(0, 0) {
        ensure!(
            advert.version == mode.version && advert.vrid == VRID,
            "{advert:?}"
        );
        ensure!(
            advert.priority == 150 && advert.interval == mode.advert(),
            "{advert:?}"
        );
        ensure!(
            advert.addresses == mode.vips() && advert.ttl == mode.ttl() && advert.tos == 0xc0,
            "{advert:?}"
        );
        ensure!(advert.destination == mode.destination(0), "{advert:?}");
    }
    Ok(())
}

/// The master's processes die at once: the other takes over after its master down time.
fn kill(cluster: &mut Cluster, mode: Mode) -> Verdict {
    cluster.start_settled(&Conf::new(mode, 0), &Conf::new(mode, 1))?;
    let (mark, log) = cluster.marks_of(1);
    cluster.daemon(0).kill_tree();
    let takeover = cluster.wait_advert(1, mark)?;
    let last = cluster
        .adverts(0, 0)
        .pop()
        .map_or(takeover.at, |advert| advert.at);
    within(
        "takeover",
        elapsed(last, takeover.at),
        mode.down(100),
        mode.down(100),
    )?;
    ensure!(
        cluster.resignations(0, mark) == 0,
        "a dead node cannot resign"
    );
    cluster.members[1]
        .addresses
        .wait_for(PATIENCE, |event| event.added && event.ip == mode.vip())?;
    let log_lines = [
        "(LB_VIP) Receive advertisement timeout",
        "(LB_VIP) Entering MASTER STATE",
    ];
    cluster.log(1).wait_after(log, log_lines[1], PATIENCE)?;
    in_order(cluster.log(1), log, &log_lines)
}

/// SIGTERM: the master resigns, gives the address back and leaves; the other waits only for its
/// skew time.
fn stop(cluster: &mut Cluster, mode: Mode) -> Verdict {
    cluster.start_settled(&Conf::new(mode, 0), &Conf::new(mode, 1))?;
    let (mark, logs) = cluster.marks();
    cluster.daemon(0).signal(Signal::SIGTERM)?;
    let resigned = cluster.wait_resignation(0, mark)?;
    let takeover = cluster.wait_advert(1, mark)?;
    within(
        "hand-over",
        elapsed(resigned.at, takeover.at),
        mode.skew(100),
        mode.skew(100),
    )?;
    let released = cluster.members[0]
        .addresses
        .wait_for(PATIENCE, |event| !event.added && event.ip == mode.vip())?;
    ensure!(
        released.at >= resigned.at,
        "the address went before the resignation"
    );
    let status = cluster.daemon(0).wait(PATIENCE)?;
    ensure!(status.code() == Some(0), "ended with {status}");
    ensure!(
        cluster.resignations(0, mark) == 1,
        "{} resignations",
        cluster.resignations(0, mark)
    );
    let after = cluster
        .adverts(0, mark)
        .into_iter()
        .filter(|advert| advert.at > resigned.at)
        .count();
    ensure!(after == 0, "{after} adverts after the resignation");
    cluster.settle(1, mode.vip())?;
    in_order(
        cluster.log(0),
        logs[0],
        &[
            "Stopping",
            "(LB_VIP) sent 0 priority",
            "(LB_VIP) removing VIPs.",
            "Stopped",
        ],
    )?;
    let backup = [
        "Backup received priority 0 advertisement",
        "Receive advertisement timeout",
        "Entering MASTER STATE",
    ];
    in_order(cluster.log(1), logs[1], &backup)
}

/// The check script fails: the master resigns for the time of the fault and comes back.
fn script(cluster: &mut Cluster, mode: Mode) -> Verdict {
    cluster.start_settled(&Conf::new(mode, 0).check(), &Conf::new(mode, 1).check())?;
    let (mark, logs) = cluster.marks();
    cluster.members[0].set_check(false)?;
    let resigned = cluster.wait_resignation(0, mark)?;
    let takeover = cluster.wait_advert(1, mark)?;
    // The original resigns twice within milliseconds, the timer runs from the second time.
    within(
        "hand-over",
        elapsed(resigned.at, takeover.at),
        mode.skew(100),
        mode.skew(100),
    )?;
    cluster.settle(1, mode.vip())?;
    ensure!(
        cluster.resignations(0, mark) == 2,
        "{} resignations",
        cluster.resignations(0, mark)
    );
    let failed = [
        "Script `chk_haproxy` now returning 1",
        "VRRP_Script(chk_haproxy) failed (exited with status 1)",
    ];
    in_order(
        cluster.log(0),
        logs[0],
        &[
            failed[0],
            failed[1],
            "(LB_VIP) Entering FAULT STATE",
            "(LB_VIP) sent 0 priority",
        ],
    )?;
    in_order(cluster.log(1), logs[1], &["(LB_VIP) Entering MASTER STATE"])?;

    let (mark, logs) = cluster.marks();
    cluster.members[0].set_check(true)?;
    let recovered =
        cluster
            .log(0)
            .wait_after(logs[0], "(LB_VIP) Entering BACKUP STATE", PATIENCE)?;
    let takeover = cluster.wait_advert(0, mark)?;
    since_log("return", elapsed(recovered.at, takeover.at), mode.down(150))?;
    cluster.settle(0, mode.vip())?;
    let back = [
        "Script `chk_haproxy` now returning 0",
        "VRRP_Script(chk_haproxy) succeeded",
        "Entering BACKUP STATE",
    ];
    in_order(
        cluster.log(0),
        logs[0],
        &[back[0], back[1], back[2], "Entering MASTER STATE"],
    )?;
    yielded(cluster, mode, 1, logs[1])
}

/// The master loses carrier: it gives up, the other takes over, and the return of the link
/// brings it back.
fn link(cluster: &mut Cluster, mode: Mode) -> Verdict {
    cluster.start_settled(&Conf::new(mode, 0), &Conf::new(mode, 1))?;
    let (mark, logs) = cluster.marks();
    cluster.members[0].node.set_carrier(INTERFACE, false)?;
    cluster
        .log(0)
        .wait_after(logs[0], "(LB_VIP) Entering FAULT STATE", PATIENCE)?;
    let takeover = cluster.wait_advert(1, mark)?;
    let last = cluster
        .adverts(0, 0)
        .pop()
        .map_or(takeover.at, |advert| advert.at);
    within(
        "takeover",
        elapsed(last, takeover.at),
        mode.down(100),
        mode.down(100),
    )?;
    cluster.settle(1, mode.vip())?;
    in_order(
        cluster.log(0),
        logs[0],
        &[
            "Netlink reports ens192 down",
            "(LB_VIP) Entering FAULT STATE",
            "removing VIPs.",
        ],
    )?;

    let (mark, logs) = cluster.marks();
    cluster.members[0].node.set_carrier(INTERFACE, true)?;
    let recovered =
        cluster
            .log(0)
            .wait_after(logs[0], "(LB_VIP) Entering BACKUP STATE", PATIENCE)?;
    let takeover = cluster.wait_advert(0, mark)?;
    since_log("return", elapsed(recovered.at, takeover.at), mode.down(150))?;
    cluster.settle(0, mode.vip())?;
    in_order(
        cluster.log(0),
        logs[0],
        &[
            "Netlink reports ens192 up",
            "Entering BACKUP STATE",
            "Entering MASTER STATE",
        ],
    )?;
    yielded(cluster, mode, 1, logs[1])
}

/// A partition that neither node can see makes two masters; when it heals one is left.
fn partition(cluster: &mut Cluster, mode: Mode) -> Verdict {
    cluster.start_settled(&Conf::new(mode, 0), &Conf::new(mode, 1))?;
    let log = cluster.log(1).mark();
    cluster.members[1].node.set_cut(INTERFACE, true)?;
    cluster
        .log(1)
        .wait_after(log, "(LB_VIP) Entering MASTER STATE", PATIENCE)?;
    let log = cluster.log(1).mark();
    cluster.members[1].node.set_cut(INTERFACE, false)?;
    cluster.settle(0, mode.vip())?;
    yielded(cluster, mode, 1, log)?;
    let count = cluster.log(0).count("Entering MASTER STATE");
    ensure!(count == 1, "the preferred node became master {count} times");
    Ok(())
}

/// A node of higher priority comes later and takes the address.
fn preempt(cluster: &mut Cluster, mode: Mode) -> Verdict {
    cluster.start(&Conf::new(mode, 1))?;
    cluster.settle(1, mode.vip())?;
    let (mark, log) = cluster.marks_of(1);
    cluster.start(&Conf::new(mode, 0))?;
    let takeover = cluster.wait_advert(0, mark)?;
    cluster.settle(0, mode.vip())?;
    let discarding = format!(
        "(LB_VIP) received lower priority (100) advert from {} - discarding",
        mode.own(1)
    );
    in_order(
        cluster.log(0),
        0,
        &[
            &discarding,
            "Receive advertisement timeout",
            "Entering MASTER STATE",
        ],
    )?;
    yielded(cluster, mode, 1, log)?;
    // One may have been on its way when ours was sent.
    let late = cluster
        .adverts(1, mark)
        .into_iter()
        .filter(|a| elapsed(takeover.at, a.at) > Duration::from_millis(50));
    let late: Vec<_> = late.map(|advert| elapsed(takeover.at, advert.at)).collect();
    ensure!(
        late.is_empty(),
        "the yielding node still advertised {late:?} after the takeover"
    );
    ensure!(
        cluster.resignations(1, mark) == 0,
        "yielding to a higher priority is no resignation"
    );
    Ok(())
}

/// `nopreempt`: the node of higher priority leaves the address where it is, until it is free.
fn nopreempt(cluster: &mut Cluster, mode: Mode) -> Verdict {
    cluster.start(&Conf::new(mode, 1))?;
    cluster.settle(1, mode.vip())?;
    cluster.start(&Conf::new(mode, 0).state("BACKUP").nopreempt())?;
    cluster
        .log(0)
        .wait_for("(LB_VIP) Entering BACKUP STATE", PATIENCE)?;
    let mark = cluster.capture.mark();
    cluster
        .capture
        .wait_adverts(mark, 6, PATIENCE, |advert| advert.source == mode.own(1))?;
    cluster.owned_by(1, mode.vip())?;
    ensure!(
        cluster.adverts(0, 0).is_empty(),
        "the waiting node has sent adverts"
    );
    ensure!(
        cluster.log(0).count("discarding") == 0,
        "a nopreempt node accepts adverts of lower priority"
    );
    cluster.stop(1)?;
    cluster.settle(0, mode.vip())
}

/// Two masters of the same priority meet: the higher address stays.
fn equal_masters(cluster: &mut Cluster, mode: Mode) -> Verdict {
    for member in &cluster.members {
        member.node.set_cut(INTERFACE, true)?;
    }
    cluster.start(&Conf::new(mode, 0).state("BACKUP").priority(100))?;
    cluster.start(&Conf::new(mode, 1).state("BACKUP").priority(100))?;
    for member in 0..2 {
        cluster
            .log(member)
            .wait_for("(LB_VIP) Entering MASTER STATE", PATIENCE)?;
    }
    let log = cluster.log(0).mark();
    for member in &cluster.members {
        member.node.set_cut(INTERFACE, false)?;
    }
    cluster.settle(1, mode.vip())?;
    let reason = format!(
        "(LB_VIP) Master received advert from {} with same priority 100 but higher IP address than ours",
        mode.own(1)
    );
    in_order(
        cluster.log(0),
        log,
        &[
            &reason,
            "(LB_VIP) Entering BACKUP STATE",
            "(LB_VIP) removing VIPs.",
        ],
    )?;
    let count = cluster.log(1).count("Entering BACKUP STATE");
    ensure!(
        count == 1,
        "the node with the higher address entered BACKUP {count} times, not only at its start"
    );
    Ok(())
}

/// Equal priority is no reason to take the address from a working master.
fn equal_incumbent(cluster: &mut Cluster, mode: Mode) -> Verdict {
    cluster.start(&Conf::new(mode, 0).priority(100))?;
    cluster.settle(0, mode.vip())?;
    cluster.start(&Conf::new(mode, 1).priority(100))?;
    cluster
        .log(1)
        .wait_for("(LB_VIP) Entering BACKUP STATE", PATIENCE)?;
    let mark = cluster.capture.mark();
    cluster
        .capture
        .wait_adverts(mark, 6, PATIENCE, |advert| advert.source == mode.own(0))?;
    cluster.owned_by(0, mode.vip())?;
    ensure!(
        cluster.adverts(1, 0).is_empty(),
        "the newcomer has sent adverts"
    );
    Ok(())
}

/// Priority 255 (address owner): master at once, whoever was it before.
fn owner(cluster: &mut Cluster, mode: Mode) -> Verdict {
    cluster.start(&Conf::new(mode, 1))?;
    cluster.settle(1, mode.vip())?;
    let (mark, log) = cluster.marks_of(1);
    let conf = Conf::new(mode, 0).priority(255);
    cluster.start(&conf)?;
    let takeover = cluster.wait_advert(0, mark)?;
    ensure!(takeover.priority == 255, "{takeover:?}");
    cluster.settle(0, mode.vip())?;
    let (timeout, entered) = (
        "(LB_VIP) Receive advertisement timeout",
        "(LB_VIP) Entering MASTER STATE",
    );
    // With a script of weight 0 the node is nothing until the script has spoken, and then goes
    // straight from there; without, an internal timer of no length expires first.
    let (ready, lines) = if conf.check {
        let succeeded = "VRRP_Script(chk_haproxy) succeeded";
        (succeeded, vec![succeeded, entered])
    } else {
        ("Startup complete", vec![timeout, entered])
    };
    in_order(cluster.log(0), 0, &lines)?;
    let ready = cluster.log(0).wait_for(ready, PATIENCE)?;
    within(
        "first advert",
        elapsed(ready.at, takeover.at),
        Duration::ZERO,
        Duration::ZERO,
    )?;
    ensure!(
        cluster.log(0).count("Entering BACKUP STATE") == 0,
        "an address owner does not begin as BACKUP"
    );
    yielded(cluster, mode, 1, log)
}

/// The member must have left MASTER because of the first member's higher priority.
fn yielded(cluster: &Cluster, mode: Mode, member: usize, mark: usize) -> Verdict {
    let lines = [
        format!(
            "(LB_VIP) Master received advert from {} with higher priority",
            mode.own(0)
        ),
        "(LB_VIP) Entering BACKUP STATE".to_owned(),
        "(LB_VIP) removing VIPs.".to_owned(),
    ];
    in_order(
        cluster.log(member),
        mark,
        &lines.each_ref().map(String::as_str),
    )
}
