//! State and counters of all instances as JSON (`keepalived.json`; spec vrrp-runtime 20).

mod process;
mod writer;

use std::time::Duration;

use evervip_model::{Authentication, Command, Instance, State};
use evervip_vrrp::{RouterSnapshot, Statistics};

use crate::places::Places;
use crate::{SECRET, Scene, command, route, rule};
use writer::Writer;

/// The whole file; `None` without instances, for then there is no file.
#[must_use]
pub fn json(scene: &Scene) -> Option<String> {
    let snapshot = &scene.snapshot;
    if snapshot.routers.is_empty() {
        return None;
    }
    let places = Places::of(snapshot);
    let mut writer = Writer::default();
    if snapshot.globals.dumps.json_version == 2 {
        writer.object(|json| {
            json.member("vrrp", |json| instances(json, scene, &places));
            if !snapshot.processes.is_empty() {
                json.member("track_process", |json| {
                    json.array(&snapshot.processes, process::write);
                });
            }
        });
    } else {
        instances(&mut writer, scene, &places);
    }
    Some(writer.finish())
}

fn instances(json: &mut Writer, scene: &Scene, places: &Places<'_>) {
    json.array(&scene.snapshot.routers, |json, router| {
        json.object(|json| {
            json.member("data", |json| {
                json.object(|json| data(json, scene, places, router));
            });
            json.member("stats", |json| {
                json.object(|json| counters(json, &router.statistics, router.spec.hmac.is_some()));
            });
        });
    });
}

fn data(json: &mut Writer, scene: &Scene, places: &Places<'_>, router: &RouterSnapshot) {
    let spec = &*router.spec;
    let own = places.own_name(router);
    let ours = spec.virtual_mac.is_some() || spec.ipvlan.is_some();
    json.text("iname", &spec.name);
    json.number("dont_track_primary", u8::from(!spec.track_primary));
    json.number("skip_check_adv_addr", u8::from(spec.skip_check_adv_addr));
    json.number("strict_mode", u8::from(spec.strict));
    json.text("vmac_ifname", if ours { own } else { "" });
    json.text("ifp_ifname", own);
    json.number(
        "master_priority",
        router.master.map_or(0, |master| master.1),
    );
    json.number("last_transition", scene.clock.decimal(router.since));
    let garp = &spec.garp;
    json.number("garp_delay", seconds(garp.delay));
    json.number("garp_refresh", garp.refresh.as_secs());
    json.number("garp_rep", garp.repeat);
    json.number("garp_refresh_rep", garp.refresh_repeat);
    json.number("garp_lower_prio_delay", garp.lower_prio_delay.as_secs());
    json.number("garp_lower_prio_rep", garp.lower_prio_repeat);
    json.number("lower_prio_no_advert", u8::from(spec.lower_prio_no_advert));
    json.number(
        "higher_prio_send_advert",
        u8::from(spec.higher_prio_send_advert),
    );
    json.number("vrid", spec.vrid);
    json.number("base_priority", router.base_priority);
    json.number("effective_priority", router.effective_priority);
    json.number("vipset", router.state == State::Master);
    json.number("promote_secondaries", spec.promote_secondaries);
    json.number("adver_int", seconds(spec.advert_interval));
    json.number("master_adver_int", seconds(router.interval));
    json.number("accept", u8::from(spec.accept));
    json.number("nopreempt", spec.nopreempt);
    json.number("preempt_delay", seconds(spec.preempt_delay));
    json.number("state", state_number(router.state));
    json.number("wantstate", state_number(router.want));
    json.number("version", spec.version.number());
    json.number("smtp_alert", spec.smtp_alert);
    json.number("notify_deleted", spec.notify_deleted);
    // Ours; a file without the keyword is written as the original writes it.
    if spec.fault_latch {
        json.number("fault_latch_held", router.latched);
    }
    scripts(json, spec);
    lists(json, scene, places, router);
    authentication(json, spec.authentication);
}

fn scripts(json: &mut Writer, spec: &Instance) {
    let notify = &spec.notify;
    let all: [(&str, &Option<Box<Command>>); 7] = [
        ("script_backup", &notify.backup),
        ("script_master", &notify.master),
        ("script_fault", &notify.fault),
        ("script_stop", &notify.stop),
        ("script_deleted", &notify.deleted),
        ("script", &notify.any),
        ("script_master_rx_lower_pri", &notify.master_rx_lower_pri),
    ];
    for (name, script) in all {
        if let Some(script) = script {
            json.text(name, &command::words(script));
        }
    }
}

fn lists(json: &mut Writer, scene: &Scene, places: &Places<'_>, router: &RouterSnapshot) {
    let spec = &*router.spec;
    let known = places.of_addresses(router, false);
    let addresses = [
        ("vips", &spec.addresses),
        ("evips", &spec.excluded_addresses),
    ];
    for (name, list) in addresses {
        json.texts(name, list, |one| known.words(one));
    }
    json.texts("vroutes", &spec.routes, route::route);
    json.texts("vrules", &spec.rules, rule::rule);
    let tracked = spec.own_track_lists();
    json.texts("track_ifp", tracked.interfaces, |track| {
        track.interface.clone()
    });
    json.texts("track_script", tracked.scripts, |track| {
        let check = scene.snapshot.checks.get(track.script.0);
        check.map_or_else(String::new, |check| command::words(&check.spec.command))
    });
}

/// No password leaves the process (decision "passwords in dumps").
fn authentication(json: &mut Writer, authentication: Authentication) {
    let number = match authentication {
        Authentication::None => 0,
        Authentication::Pass(_) => 1,
        Authentication::Header(_) => 2,
    };
    json.number("auth_type", number);
    if number != 0 {
        json.text("auth_data", SECRET);
    }
}

/// Those of signatures are of keepalived 2.4: only instances that know signatures have them.
fn counters(json: &mut Writer, counted: &Statistics, signed: bool) {
    let counters = [
        ("advert_rcvd", counted.advert_rcvd),
        ("advert_sent", counted.advert_sent),
        ("become_master", counted.become_master),
        ("release_master", counted.release_master),
        ("packet_len_err", counted.errors.packet_len_err),
        ("advert_interval_err", counted.errors.advert_interval_err),
        ("ip_ttl_err", counted.errors.ip_ttl_err),
        ("invalid_type_rcvd", counted.errors.invalid_type_rcvd),
        ("addr_list_err", counted.errors.addr_list_err),
        ("invalid_authtype", counted.errors.invalid_authtype),
        ("authtype_mismatch", counted.errors.authtype_mismatch),
        ("auth_failure", counted.errors.auth_failure),
    ];
    let of_signatures = [
        ("auth_ext_missing", counted.errors.auth_ext_missing),
        ("auth_ext_malformed", counted.errors.auth_ext_malformed),
        ("auth_ext_unknown_key", counted.errors.auth_ext_unknown_key),
        (
            "auth_ext_invalid_hmac",
            counted.errors.auth_ext_invalid_hmac,
        ),
        ("auth_ext_stale", counted.errors.auth_ext_stale),
        ("auth_ext_replay", counted.errors.auth_ext_replay),
    ];
    let of_resignations = [
        ("pri_zero_rcvd", counted.pri_zero_rcvd),
        ("pri_zero_sent", counted.pri_zero_sent),
    ];
    let of_signatures = of_signatures.into_iter().filter(|_| signed);
    let counters = counters.into_iter().chain(of_signatures);
    for (name, value) in counters.chain(of_resignations) {
        json.number(name, value);
    }
}

/// The numbers of states in JSON, SNMP and D-Bus.
const fn state_number(state: State) -> u8 {
    match state {
        State::Init => 0,
        State::Backup => 1,
        State::Master => 2,
        State::Fault => 3,
        State::Stop => 98,
    }
}

/// Seconds, with decimals where there are any.
fn seconds(time: Duration) -> f64 {
    time.as_secs_f64()
}
