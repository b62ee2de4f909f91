//! What is left behind at the end (spec cli-and-process 5, `-V` and `-X`).

mod stage;

use evervip_model::Config;
use evervip_testkit::{Transcript, sample};
use evervip_vrrp::{Action, AtStop, Event};
use stage::{is_master, master, plain, started};

/// The actions of a stop that concern peers and addresses, and whether the scripts are told.
fn stop(mut stage: Transcript, at_stop: AtStop) -> Vec<&'static str> {
    stage.engine.set_at_stop(at_stop);
    let actions = stage.event("the end", Event::StopRequested);
    let name = |action: &Action| match action {
        Action::SendAdvert { priority: 0, .. } => Some("resign"),
        Action::RemoveAddresses(_) => Some("remove"),
        Action::Notify(_) => Some("notify"),
        _ => None,
    };
    actions.iter().filter_map(name).collect()
}

fn one() -> Config {
    sample::config([plain()])
}

#[test]
fn a_master_hands_over_unless_everything_is_to_stay() {
    let master = || {
        let stage = master(one());
        assert!(is_master(&stage));
        stage
    };
    let all = ["resign", "remove", "notify"];
    assert_eq!(stop(master(), AtStop::Release), all);
    assert_eq!(stop(master(), AtStop::ReleaseAll), all);
    assert_eq!(stop(master(), AtStop::Keep), ["notify"]);
}

#[test]
fn a_backup_removes_addresses_on_request_only() {
    let backup = || started(one());
    assert_eq!(stop(backup(), AtStop::Release), ["notify"]);
    assert_eq!(stop(backup(), AtStop::ReleaseAll), ["remove", "notify"]);
    assert_eq!(stop(backup(), AtStop::Keep), ["notify"]);
}
