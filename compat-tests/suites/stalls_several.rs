//! Stopped processes with many instances, several stopped processes at once, and sleepers for whom
//! nothing was kept: the network card of a paused virtual machine loses what comes.

use std::{thread, time::Duration};

use evervip_lab::{Advert, wait_until};

use crate::{
    cluster::{Cluster, PATIENCE, mac, with_pair, with_single},
    conf::{self, CHECK_SCRIPT, Conf, INTERFACE, Mode, V2_MULTICAST, V3_MULTICAST},
    ensure,
    plan::Plan,
    stalls::{Asleep, DOWN, Who, said, wait_adverts},
    verdict::Verdict,
};

/// Adds the cases.
pub fn add(plan: &mut Plan) {
    for (name, intervals) in [("just-too-long", 4), ("long", 8)] {
        plan.pair(&format!("stalls::many::backup-{name}"), move |combo| {
            with_pair(combo, |cluster| backups(cluster, intervals))
        });
    }
    for mode in [V2_MULTICAST, V3_MULTICAST] {
        plan.pair(
            &format!("stalls::{}::deaf-backup", mode.name),
            move |combo| {
                with_pair(combo, |cluster| {
                    deaf_backup(cluster, mode, combo.subject.is_ours())
                })
            },
        );
        plan.pair(
            &format!("stalls::{}::deaf-master", mode.name),
            move |combo| {
                with_pair(combo, |cluster| {
                    deaf_master(cluster, mode, combo.subject.is_ours())
                })
            },
        );
    }
    plan.pair("stalls::both::together", |combo| {
        let ours = combo.subject.is_ours() && combo.peer.is_ours();
        with_pair(combo, move |cluster| together(cluster, ours))
    });
    plan.pair("stalls::both::backup-first", |combo| {
        with_pair(combo, backup_first)
    });
    plan.single("stalls::both::two-backups", |program| {
        with_single(program, two_backups)
    });
    plan.pair("stalls::group::backup", |combo| {
        with_pair(combo, group_backup)
    });
    plan.pair("stalls::group::master", |combo| {
        with_pair(combo, group_master)
    });
    plan.pair("stalls::check", |combo| with_pair(combo, check));
}

/// More than are read from a socket at once.
const INSTANCES: u8 = 60;

fn of(member: usize) -> impl Fn(&Advert) -> bool {
    move |advert| advert.source_mac == mac(member) && advert.priority > 0
}

/// The adverts of all routers are read before any of them takes over.
fn backups(cluster: &mut Cluster, intervals: usize) -> Verdict {
    let all = usize::from(INSTANCES);
    cluster.members[1].start(&conf::many(INSTANCES, 250, |_| String::new()))?;
    let first = format!("(V{INSTANCES}) Entering MASTER STATE");
    cluster.log(1).wait_for(&first, PATIENCE)?;
    cluster.members[0].start(&conf::many(INSTANCES, 200, |_| String::new()))?;
    let last = format!("(V{INSTANCES}) Entering BACKUP STATE");
    cluster.log(0).wait_for(&last, PATIENCE)?;
    wait_adverts(cluster, 1, 2 * all)?;
    let (mark, logs) = cluster.marks();
    let asleep = Asleep::new(cluster, 0, Who::Child)?;
    let wanted = intervals * all;
    cluster
        .capture
        .wait_adverts(mark, wanted, PATIENCE, of(1))?;
    asleep.wake()?;
    wait_adverts(cluster, 1, 5 * all)?;
    let said = cluster.adverts(0, mark).len();
    ensure!(said == 0, "the backup has sent {said} adverts");
    cluster.unmoved(&[0, 1], &logs)
}

/// Lets the time of a stop pass: nothing happens on the network by which it could be told.
fn sleep(time: Duration) {
    thread::sleep(time);
}

/// A cable without frames, both ends of which think that all is well.
fn set_deaf(cluster: &Cluster, member: usize, deaf: bool) -> Verdict {
    cluster.members[member].node.set_cut(INTERFACE, deaf)
}

/// Nothing waits for a backup that was deaf in its sleep: the next advert of the master tells it that
/// all is well. The original takes over before it can have heard one.
fn deaf_backup(cluster: &mut Cluster, mode: Mode, ours: bool) -> Verdict {
    cluster.start(&Conf::new(mode, 1))?;
    cluster.settle(1, mode.vip())?;
    cluster.start(&Conf::new(mode, 0).state("BACKUP").priority(90))?;
    cluster
        .log(0)
        .wait_for("(LB_VIP) Entering BACKUP STATE", PATIENCE)?;
    wait_adverts(cluster, 1, 1)?;
    let (mark, logs) = cluster.marks();
    let asleep = Asleep::new(cluster, 0, Who::Child)?;
    set_deaf(cluster, 0, true)?;
    wait_adverts(cluster, 1, 3 * DOWN)?;
    set_deaf(cluster, 0, false)?;
    asleep.wake()?;
    wait_adverts(cluster, 1, 2 * DOWN)?;
    cluster.settle(1, mode.vip())?;
    if !ours {
        return Ok(());
    }
    let said = said(cluster, mode, 0, mark);
    ensure!(said.is_empty(), "the backup has sent {said:?}");
    cluster.unmoved(&[0, 1], &logs)
}

/// A master that was replaced and has not heard of it waits until it can have heard of it. The
/// original sends adverts and announcements at once.
fn deaf_master(cluster: &mut Cluster, mode: Mode, ours: bool) -> Verdict {
    cluster.start(&Conf::new(mode, 0).state("BACKUP").priority(100))?;
    cluster.settle(0, mode.vip())?;
    cluster.start(&Conf::new(mode, 1).priority(120).nopreempt())?;
    cluster
        .log(1)
        .wait_for("(LB_VIP) Entering BACKUP STATE", PATIENCE)?;
    wait_adverts(cluster, 0, 2)?;
    let asleep = Asleep::new(cluster, 0, Who::Child)?;
    set_deaf(cluster, 0, true)?;
    wait_adverts(cluster, 1, DOWN)?;
    let (mark, logs) = cluster.marks();
    set_deaf(cluster, 0, false)?;
    asleep.wake()?;
    cluster
        .log(0)
        .wait_after(logs[0], "(LB_VIP) removing VIPs.", PATIENCE)?;
    cluster.settle(1, mode.vip())?;
    cluster.unmoved(&[1], &[logs[1]])?;
    let said = said(cluster, mode, 0, mark);
    ensure!(
        !ours || said.is_empty(),
        "the former master has sent {said:?}"
    );
    Ok(())
}

/// Both wake up at the same time, as on a machine whose processors went elsewhere: the master is
/// heard before the backup gives up waiting.
fn together(cluster: &mut Cluster, ours: bool) -> Verdict {
    let mode = V2_MULTICAST;
    cluster.start_settled(&Conf::new(mode, 0), &Conf::new(mode, 1))?;
    let (mark, logs) = cluster.marks();
    let asleep = [0, 1].map(|member| Asleep::new(cluster, member, Who::Child));
    sleep(mode.down(100) * 5 / 2);
    for sleeper in asleep {
        sleeper?.wake()?;
    }
    wait_adverts(cluster, 0, DOWN)?;
    cluster.settle(0, mode.vip())?;
    cluster.unmoved(&[0], &[logs[0]])?;
    if ours {
        let said = said(cluster, mode, 1, mark);
        ensure!(said.is_empty(), "the backup has sent {said:?}");
        cluster.unmoved(&[1], &[logs[1]])?;
    }
    Ok(())
}

/// A backup that wakes before its master takes over, and gives the address back.
fn backup_first(cluster: &mut Cluster) -> Verdict {
    let mode = V3_MULTICAST;
    cluster.start_settled(&Conf::new(mode, 0), &Conf::new(mode, 1))?;
    let mark = cluster.capture.mark();
    let log = cluster.log(0).mark();
    let master = Asleep::new(cluster, 0, Who::Everybody)?;
    let backup = Asleep::new(cluster, 1, Who::Everybody)?;
    sleep(mode.down(100) * 3);
    backup.wake()?;
    cluster.wait_advert(1, mark)?;
    wait_adverts(cluster, 1, DOWN)?;
    let yielded = cluster.log(1).mark();
    master.wake()?;
    cluster.settle(0, mode.vip())?;
    wait_adverts(cluster, 0, DOWN)?;
    cluster.unmoved(&[0], &[log])?;
    let count = cluster.log(1).count_after(yielded, "Entering ");
    ensure!(count == 1, "the backup has changed its state {count} times");
    Ok(())
}

/// Two of three sleep, the master does not.
fn two_backups(cluster: &mut Cluster) -> Verdict {
    let mode = V3_MULTICAST;
    cluster.start_settled(&Conf::new(mode, 0), &Conf::new(mode, 1))?;
    cluster.members[2].start(&Conf::new(mode, 1).priority(90).text())?;
    cluster
        .log(2)
        .wait_for("(LB_VIP) Entering BACKUP STATE", PATIENCE)?;
    wait_adverts(cluster, 0, 1)?;
    let mark = cluster.capture.mark();
    let logs = [0, 1, 2].map(|member| cluster.log(member).mark());
    let first = Asleep::new(cluster, 1, Who::Child)?;
    let second = Asleep::new(cluster, 2, Who::Everybody)?;
    wait_adverts(cluster, 0, 3 * DOWN)?;
    second.wake()?;
    wait_adverts(cluster, 0, DOWN)?;
    first.wake()?;
    wait_adverts(cluster, 0, 2 * DOWN)?;
    for member in [1, 2] {
        let said = said(cluster, mode, member, mark);
        ensure!(said.is_empty(), "backup {member} has sent {said:?}");
    }
    cluster.unmoved(&[0, 1, 2], &logs)
}

const MEMBERS: u8 = 3;

fn grouped(priority: u8) -> String {
    conf::many(MEMBERS, priority, |_| String::new())
        + "vrrp_sync_group G {\n group {\n V1\n V2\n V3\n }\n}\n"
}

/// Starts two groups and waits until the first is master.
fn start_groups(cluster: &mut Cluster, priorities: [u8; 2]) -> Verdict {
    for (member, priority) in priorities.into_iter().enumerate() {
        cluster.members[member].start(&grouped(priority))?;
    }
    for id in 1..=MEMBERS {
        let (master, backup) = (
            format!("(V{id}) Entering MASTER STATE"),
            format!("(V{id}) Entering BACKUP STATE"),
        );
        cluster.log(0).wait_for(&master, PATIENCE)?;
        cluster.log(1).wait_for(&backup, PATIENCE)?;
    }
    wait_adverts(cluster, 0, usize::from(MEMBERS))
}

/// A group that slept stays where it is.
fn group_backup(cluster: &mut Cluster) -> Verdict {
    start_groups(cluster, [250, 200])?;
    let (mark, logs) = cluster.marks();
    let asleep = Asleep::new(cluster, 1, Who::Child)?;
    wait_adverts(cluster, 0, 2 * DOWN * usize::from(MEMBERS))?;
    asleep.wake()?;
    wait_adverts(cluster, 0, DOWN * usize::from(MEMBERS))?;
    let said = cluster.adverts(1, mark).len();
    ensure!(said == 0, "the backup has sent {said} adverts");
    cluster.unmoved(&[0, 1], &logs)
}

/// All members of a group whose process slept come back together, and the other group goes once.
fn group_master(cluster: &mut Cluster) -> Verdict {
    start_groups(cluster, [250, 200])?;
    let log = cluster.log(0).mark();
    let asleep = Asleep::new(cluster, 0, Who::Child)?;
    wait_adverts(cluster, 1, DOWN * usize::from(MEMBERS))?;
    let yielded = cluster.log(1).mark();
    asleep.wake()?;
    for id in 1..=MEMBERS {
        let backup = format!("(V{id}) Entering BACKUP STATE");
        cluster.log(1).wait_after(yielded, &backup, PATIENCE)?;
    }
    wait_adverts(cluster, 0, DOWN * usize::from(MEMBERS))?;
    cluster.unmoved(&[0], &[log])?;
    let count = cluster.log(1).count_after(yielded, "Entering ");
    ensure!(
        count == usize::from(MEMBERS),
        "the other group's members have changed their states {count} times"
    );
    Ok(())
}

/// Runs as long as a file is there, and tells that it runs.
const SLOW_CHECK: &str = "#!/bin/sh\n[ -e /run/hold ] && : >/run/held\n\
                          while [ -e /run/hold ]; do sleep 0.05; done\n";

/// A check that ends while nobody looks has ended in time.
fn check(cluster: &mut Cluster) -> Verdict {
    let mode = V2_MULTICAST;
    for member in &cluster.members {
        member.node.write_file(CHECK_SCRIPT, SLOW_CHECK, 0o755)?;
    }
    cluster.start_settled(&Conf::new(mode, 0).check(), &Conf::new(mode, 1))?;
    let logs = [cluster.log(0).mark(), cluster.log(1).mark()];
    let node = &cluster.members[0].node;
    node.write_file("/run/hold", "", 0o644)?;
    wait_until(PATIENCE, "the check runs", || {
        node.metadata("/run/held").is_some()
    })?;
    let asleep = Asleep::new(cluster, 0, Who::Everybody)?;
    node.remove_file("/run/hold")?;
    sleep(Duration::from_millis(2500));
    asleep.wake()?;
    wait_adverts(cluster, 0, DOWN)?;
    cluster.unmoved(&[0, 1], &logs)?;
    let text = cluster.log(0).text_after(logs[0]);
    ensure!(
        !text.contains("VRRP_Script"),
        "the check has failed:\n{text}"
    );
    Ok(())
}
