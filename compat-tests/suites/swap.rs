//! A running pair changes its programs, the backup first and then the master: from keepalived to
//! evervip and back. Nothing but the hand-overs that a restart of the same program costs is seen, by
//! the nodes and by a client beside them.

use std::time::{Duration, SystemTime};

use crate::{
    client_view::{Client, Servers},
    cluster::{Cluster, PATIENCE, SLACK, elapsed, with_single},
    conf::{Conf, MODES, Mode},
    ensure,
    plan::{Combo, Plan},
    program::Program,
    verdict::Verdict,
};

/// Adds the cases.
pub fn add(plan: &mut Plan) {
    for mode in MODES {
        plan.compare(&format!("swap::{}", mode.name), move |combo| {
            with_single(&combo.peer, |cluster| swap(cluster, combo, mode))
        });
    }
}

/// Both directions. The pair runs keepalived first and last.
fn swap(cluster: &mut Cluster, combo: &Combo, mode: Mode) -> Verdict {
    let _servers = Servers::start(&cluster.members[..2])?;
    cluster.start_settled(&Conf::new(mode, 0), &Conf::new(mode, 1))?;
    let client = Client::start(&cluster.members[2].node, mode.vip())?;
    let restart = roll(cluster, mode, &combo.peer)?;
    let forth = roll(cluster, mode, &combo.subject)?;
    let back = roll(cluster, mode, &combo.peer)?;
    let silence = client.stop()?;
    if std::env::var_os("EVERVIP_SHOW_TIMES").is_some() {
        println!(
            "{}: time without owner: restart {restart:?}, to evervip {forth:?}, back {back:?}; \
             longest for a client {silence:?}",
            mode.name
        );
    }
    // A resignation is answered within the skew time.
    let bound = mode.skew(100) + SLACK;
    for (what, time) in [("restart", restart), ("swap", forth), ("swap back", back)] {
        ensure!(time <= bound, "{what}: no owner for {time:?}");
    }
    ensure!(silence <= bound, "no answer for {silence:?}");
    Ok(())
}

/// Restarts both members with a program, the backup first; gives the longest time without an owner.
fn roll(cluster: &mut Cluster, mode: Mode, program: &Program) -> Verdict<Duration> {
    let begin = SystemTime::now();
    let mark = cluster.capture.mark();
    exchange(cluster, mode, 1, program)?;
    cluster.log(1).wait_for("Entering BACKUP STATE", PATIENCE)?;
    cluster.settle(0, mode.vip())?;
    let stray = cluster.adverts(1, mark).len();
    ensure!(
        stray == 0,
        "{stray} adverts of the backup while it was exchanged"
    );
    let mark = cluster.capture.mark();
    exchange(cluster, mode, 0, program)?;
    // It preempts as soon as it is back, and the other one has been MASTER meanwhile.
    cluster.settle(0, mode.vip())?;
    let resigned = cluster.resignations(0, mark);
    ensure!(resigned == 1, "{resigned} resignations of the master");
    ensure!(
        cluster
            .adverts(1, mark)
            .iter()
            .any(|advert| advert.priority > 0),
        "the backup has not taken over"
    );
    Ok(without_owner(cluster, mode, begin))
}

/// Stops the daemon of a member and starts the other program.
fn exchange(cluster: &mut Cluster, mode: Mode, member: usize, program: &Program) -> Verdict {
    cluster.stop(member)?;
    if member == 0 {
        cluster.settle(1, mode.vip())?;
    }
    cluster.members[member].exchange(program)?;
    cluster.start(&Conf::new(mode, member))
}

/// The longest time since `begin` in which neither member had the address.
fn without_owner(cluster: &Cluster, mode: Mode, begin: SystemTime) -> Duration {
    let mut changes = Vec::new();
    for (index, member) in cluster.members[..2].iter().enumerate() {
        let events = member.addresses.events().into_iter();
        let own = events.filter(|event| event.ip == mode.vip());
        changes.extend(own.map(|event| (event.at, index, event.added)));
    }
    changes.sort_unstable();
    let mut owners = [false; 2];
    let mut lost = None;
    let mut longest = Duration::ZERO;
    for (at, index, added) in changes {
        owners[index] = added;
        if owners == [false; 2] {
            lost = Some(at);
        } else if let Some(lost) = lost.take().filter(|lost| *lost >= begin) {
            longest = longest.max(elapsed(lost, at));
        }
    }
    longest
}
