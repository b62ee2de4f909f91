//! Processes that do not run for a while (SIGSTOP): what happens on the wire and in the kernel when
//! they wake up.
//!
//! Whoever slept must not disturb who did not: the packets that wait in its sockets come before its
//! expired timers.

use std::{fs, thread, time::Duration};

use evervip_lab::{Process, wait_until};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use crate::{
    cluster::{Cluster, PATIENCE, mac, with_pair},
    conf::{Conf, IPV6_MULTICAST, Mode, V2_MULTICAST, V3_MULTICAST, V3_UNICAST},
    ensure,
    plan::Plan,
    verdict::{Verdict, in_order},
};

const MODES: [Mode; 4] = [V2_MULTICAST, V3_MULTICAST, V3_UNICAST, IPV6_MULTICAST];

/// Adds the cases.
pub fn add(plan: &mut Plan) {
    for mode in MODES {
        for who in [Who::Child, Who::Everybody] {
            plan.pair(&format!("stalls::{}::backup-{}", mode.name, who.name()), {
                move |combo| with_pair(combo, |cluster| backup(cluster, mode, who))
            });
        }
        for rival in RIVALS {
            plan.pair(&format!("stalls::{}::master-{}", mode.name, rival.name), {
                move |combo| with_pair(combo, |cluster| replaced(cluster, mode, rival))
            });
        }
        plan.pair(
            &format!("stalls::{}::master-rival-lower", mode.name),
            move |combo| with_pair(combo, |cluster| returns(cluster, mode)),
        );
    }
    plan.pair("stalls::short::master", |combo| {
        with_pair(combo, |cluster| short(cluster, 0))
    });
    plan.pair("stalls::short::backup", |combo| {
        with_pair(combo, |cluster| short(cluster, 1))
    });
}

/// Which processes of a daemon are stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// The one with the routers: its parent watches and must not take it for dead.
    Child,
    Everybody,
}

impl Who {
    const fn name(self) -> &'static str {
        match self {
            Self::Child => "child",
            Self::Everybody => "everybody",
        }
    }

    fn pids(self, daemon: &Process) -> Vec<i32> {
        let mut pids = daemon.children();
        if self == Self::Everybody {
            pids.insert(0, daemon.pid());
        }
        pids
    }
}

/// Stopped processes.
pub struct Asleep(Vec<i32>);

impl Asleep {
    /// Stops a member's processes and waits until every thread of them stands still.
    pub fn new(cluster: &Cluster, member: usize, who: Who) -> Verdict<Self> {
        let pids = who.pids(cluster.daemon(member));
        ensure!(!pids.is_empty(), "no processes to stop");
        for pid in &pids {
            kill(Pid::from_raw(*pid), Signal::SIGSTOP)?;
        }
        wait_until(PATIENCE, "all threads are stopped", || {
            pids.iter().all(|pid| is_stopped(*pid))
        })?;
        Ok(Self(pids))
    }

    pub fn wake(self) -> Verdict {
        Ok(self
            .0
            .into_iter()
            .rev()
            .try_for_each(|pid| kill(Pid::from_raw(pid), Signal::SIGCONT))?)
    }
}

/// Whether all threads of a process are stopped.
fn is_stopped(pid: i32) -> bool {
    let Ok(threads) = fs::read_dir(format!("/proc/{pid}/task")) else {
        return false;
    };
    threads.flatten().all(|thread| {
        let stat = fs::read_to_string(thread.path().join("stat")).unwrap_or_default();
        stat.rsplit_once(')')
            .is_some_and(|(_, rest)| rest.trim_start().starts_with('T'))
    })
}

/// What a member has told the network after a mark: adverts and announcements of its addresses.
pub fn said(cluster: &Cluster, mode: Mode, member: usize, mark: usize) -> Vec<String> {
    let frames = cluster.capture.frames_after(mark);
    let own = frames.iter().filter(|f| f.source_mac() == mac(member));
    own.filter_map(|frame| {
        let advert = frame.advert().map(|a| format!("advert {}", a.priority));
        let arp = frame.arp().filter(evervip_lab::Arp::is_gratuitous);
        let arp = arp.map(|arp| format!("gratuitous ARP for {}", arp.target));
        let neighbour = frame.neighbour_advert();
        let neighbour = neighbour.filter(|a| mode.vips().contains(&a.target.into()));
        let neighbour = neighbour.map(|a| format!("neighbour advertisement of {}", a.target));
        advert.or(arp).or(neighbour)
    })
    .collect()
}

/// Waits until a member has sent so many adverts.
pub fn wait_adverts(cluster: &Cluster, member: usize, count: usize) -> Verdict {
    let mark = cluster.capture.mark();
    cluster.capture.wait_adverts(mark, count, PATIENCE, |a| {
        a.source_mac == mac(member) && a.priority > 0
    })?;
    Ok(())
}

/// Intervals in which a backup that hears nothing becomes master, rounded up.
pub const DOWN: usize = 4;

/// A backup that slept beside a healthy master has missed nothing.
fn backup(cluster: &mut Cluster, mode: Mode, who: Who) -> Verdict {
    cluster.start(&Conf::new(mode, 1))?;
    cluster.settle(1, mode.vip())?;
    let conf = Conf::new(mode, 0).state("BACKUP").priority(90);
    cluster.start(&conf)?;
    cluster
        .log(0)
        .wait_for("(LB_VIP) Entering BACKUP STATE", PATIENCE)?;
    wait_adverts(cluster, 1, 1)?;
    let (mark, logs) = cluster.marks();
    let asleep = Asleep::new(cluster, 0, who)?;
    wait_adverts(cluster, 1, 3 * DOWN)?;
    asleep.wake()?;
    wait_adverts(cluster, 1, 2 * DOWN)?;
    let said = said(cluster, mode, 0, mark);
    ensure!(said.is_empty(), "the backup has sent {said:?}");
    cluster.unmoved(&[0, 1], &logs)?;
    cluster.owned_by(1, mode.vip())?;
    // It is awake, and does what a backup is there for.
    cluster.stop(1)?;
    cluster.settle(0, mode.vip())
}

/// Another node that becomes master when the first sleeps, and that the first has to respect.
#[derive(Clone, Copy)]
struct Rival {
    name: &'static str,
    priority: u8,
    reason: &'static str,
}

const RIVALS: [Rival; 2] = [
    Rival {
        name: "rival-higher",
        priority: 120,
        reason: "with higher priority 120, ours 100",
    },
    Rival {
        name: "rival-equal",
        priority: 100,
        reason: "with same priority 100 but higher IP address than ours",
    },
];

/// A master that was replaced in its sleep goes without a word.
fn replaced(cluster: &mut Cluster, mode: Mode, rival: Rival) -> Verdict {
    let conf = Conf::new(mode, 0).state("BACKUP").priority(100);
    cluster.start(&conf)?;
    cluster.settle(0, mode.vip())?;
    let conf = Conf::new(mode, 1).priority(rival.priority).nopreempt();
    cluster.start(&conf)?;
    cluster
        .log(1)
        .wait_for("(LB_VIP) Entering BACKUP STATE", PATIENCE)?;
    wait_adverts(cluster, 0, 2)?;
    let asleep = Asleep::new(cluster, 0, Who::Child)?;
    let mark = cluster.capture.mark();
    cluster.wait_advert(1, mark)?;
    wait_adverts(cluster, 1, DOWN)?;
    let (mark, logs) = cluster.marks();
    asleep.wake()?;
    cluster
        .log(0)
        .wait_after(logs[0], "(LB_VIP) removing VIPs.", PATIENCE)?;
    wait_adverts(cluster, 1, 2 * DOWN)?;
    let said = said(cluster, mode, 0, mark);
    ensure!(said.is_empty(), "the former master has sent {said:?}");
    let reason = format!(
        "Master received advert from {} {}",
        mode.own(1),
        rival.reason
    );
    in_order(
        cluster.log(0),
        logs[0],
        &[&reason, "(LB_VIP) Entering BACKUP STATE"],
    )?;
    cluster.unmoved(&[1], &[logs[1]])?;
    cluster.owned_by(1, mode.vip())
}

/// A master of higher priority than the one that stood in for it takes over again, in one step.
fn returns(cluster: &mut Cluster, mode: Mode) -> Verdict {
    cluster.start_settled(&Conf::new(mode, 0), &Conf::new(mode, 1))?;
    let asleep = Asleep::new(cluster, 0, Who::Child)?;
    let mark = cluster.capture.mark();
    cluster.wait_advert(1, mark)?;
    wait_adverts(cluster, 1, DOWN)?;
    let (mark, logs) = cluster.marks();
    asleep.wake()?;
    cluster.settle(0, mode.vip())?;
    wait_adverts(cluster, 0, DOWN)?;
    let said = said(cluster, mode, 0, mark);
    ensure!(
        said.first().is_some_and(|first| first == "advert 150"),
        "the returning master has sent {said:?}"
    );
    ensure!(
        said.iter().any(|what| !what.starts_with("advert")),
        "the address was not announced: {said:?}"
    );
    ensure!(
        cluster.resignations(0, mark) + cluster.resignations(1, mark) == 0,
        "somebody has resigned"
    );
    cluster.unmoved(&[0], &[logs[0]])?;
    let count = cluster.log(1).count_after(logs[1], "Entering ");
    ensure!(count == 1, "the other has changed its state {count} times");
    in_order(cluster.log(1), logs[1], &["Entering BACKUP STATE"])
}

/// Less than the backup waits: nothing has happened.
fn short(cluster: &mut Cluster, member: usize) -> Verdict {
    let mode = V2_MULTICAST;
    cluster.start_settled(&Conf::new(mode, 0), &Conf::new(mode, 1))?;
    wait_adverts(cluster, 0, 1)?;
    let (mark, logs) = cluster.marks();
    let asleep = Asleep::new(cluster, member, Who::Everybody)?;
    // The length of the sleep, not a wait for something.
    thread::sleep(Duration::from_secs(2));
    asleep.wake()?;
    wait_adverts(cluster, 0, DOWN)?;
    let said = said(cluster, mode, 1, mark);
    ensure!(said.is_empty(), "the backup has sent {said:?}");
    cluster.unmoved(&[0, 1], &logs)?;
    cluster.owned_by(0, mode.vip())
}
