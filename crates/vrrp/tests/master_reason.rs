//! Why a router has become MASTER, as `vrrpv3NewMaster` and the statistics of VRRPv3-MIB tell it (RFC
//! 6527): by what it has heard of the last master, not of one before.

mod stage;

use evervip_testkit::{Transcript, sample};
use evervip_vrrp::{MasterReason, Timestamp};
use stage::{backup, master, plain, theirs};

/// Why the router becomes MASTER after these priorities were heard, and silence.
fn reason_after(mut stage: Transcript, heard: &[u8]) -> Option<MasterReason> {
    for priority in heard {
        let advert = theirs(*priority, 2).bytes();
        stage.packet("heard", sample::multicast_socket(), &advert);
    }
    while !stage::is_master(&stage) {
        stage.next_deadline();
    }
    let snapshot = stage.engine.snapshot(Timestamp::default());
    snapshot.routers[0].master_reason
}

#[test]
fn what_was_heard_last_is_the_reason() {
    let config = || sample::config([plain()]);
    for (heard, expected) in [
        (&[][..], MasterReason::NoResponse),
        (&[200], MasterReason::NoResponse),
        (&[50], MasterReason::Preempted),
        (&[200, 0], MasterReason::Resigned),
        (&[200, 50], MasterReason::Preempted),
        (&[50, 200], MasterReason::NoResponse),
        (&[0, 200], MasterReason::NoResponse),
    ] {
        let reason = reason_after(backup(config()), heard);
        assert_eq!(reason, Some(expected), "{heard:?}");
    }
}

#[test]
fn the_reason_of_an_earlier_time_is_none() {
    let mut stage = backup(sample::config([plain()]));
    let lower = theirs(50, 2).bytes();
    stage.packet("V hears 50", sample::multicast_socket(), &lower);
    while !stage::is_master(&stage) {
        stage.next_deadline();
    }
    assert_eq!(reason_after(stage, &[200]), Some(MasterReason::NoResponse));
    let stage = master(sample::config([plain()]));
    assert_eq!(
        reason_after(stage, &[200, 50]),
        Some(MasterReason::Preempted)
    );
}
