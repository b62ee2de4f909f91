//! A virtual router.

use evervip_model::{
    Authentication, Config, Delivery, Family, GratuitousArp, InitialState, Instance,
    TrackedInterface, TrackedScript, UnsupportedReason,
};
use serde_json::{Map, Value, json};

use super::value::{address, notify, seconds};

/// An instance with all defaults filled in.
#[expect(
    clippy::too_many_lines,
    reason = "taken apart in one place, so that no field can be forgotten"
)]
pub(super) fn json(config: &Config, instance: &Instance) -> Value {
    let Instance {
        name,
        initial_state,
        interface,
        vrid,
        priority,
        version,
        family,
        advert_interval,
        nopreempt,
        preempt_delay,
        down_timer_adverts,
        skip_check_adv_addr,
        lower_prio_no_advert,
        higher_prio_send_advert,
        source,
        track_source,
        delivery,
        authentication,
        addresses,
        excluded_addresses,
        track_interfaces,
        track_scripts,
        track_primary,
        garp,
        notify: hooks,
        unsupported,
    } = instance;
    let parts = [
        json!({
            "name": **name,
            "state": match initial_state {
                InitialState::Master => "MASTER",
                InitialState::Backup => "BACKUP",
            },
            "interface": interface,
            "virtual_router_id": vrid.value(),
            "priority": priority.value(),
            "version": version.number(),
            "family": match family {
                Family::Inet => "IPv4",
                Family::Inet6 => "IPv6",
            },
            "advert_int": seconds(*advert_interval),
            "nopreempt": nopreempt,
            "preempt_delay": seconds(*preempt_delay),
            "down_timer_adverts": down_timer_adverts,
            "skip_check_adv_addr": skip_check_adv_addr,
            "lower_prio_no_advert": lower_prio_no_advert,
            "higher_prio_send_advert": higher_prio_send_advert,
        }),
        json!({
            "source": source.map(|a| a.to_string()),
            "track_src_ip": track_source,
            "delivery": delivery_json(delivery),
            "auth_type": match authentication {
                Authentication::None => "none",
                Authentication::Pass(_) => "PASS",
            },
            "auth_pass": match authentication {
                Authentication::None => Value::Null,
                Authentication::Pass(_) => json!("***"),
            },
        }),
        json!({
            "virtual_ipaddress": addresses.iter().map(address).collect::<Vec<_>>(),
            "virtual_ipaddress_excluded": excluded_addresses.iter().map(address).collect::<Vec<_>>(),
            "track_interface": track_interfaces.iter().map(tracked_interface).collect::<Vec<_>>(),
            "track_script": track_scripts.iter().map(|t| tracked_script(config, t)).collect::<Vec<_>>(),
            "track_primary": track_primary,
        }),
        garp_json(garp),
        json!({
            "notify": notify(hooks),
            "held_in_fault": unsupported.map(|reason| match reason {
                UnsupportedReason::Inet6 => "IPv6",
                UnsupportedReason::AuthenticationHeader => "auth_type AH",
                UnsupportedReason::NoInterface => "no interface",
            }),
        }),
    ];
    merged(parts)
}

/// One object with the members of all, in order.
fn merged(parts: impl IntoIterator<Item = Value>) -> Value {
    let members = parts.into_iter().filter_map(|part| match part {
        Value::Object(members) => Some(members),
        _ => None,
    });
    Value::Object(members.flatten().collect::<Map<_, _>>())
}

fn delivery_json(delivery: &Delivery) -> Value {
    match delivery {
        Delivery::Multicast { group } => json!({"multicast": group.to_string()}),
        Delivery::NoPeer => json!("none"),
        Delivery::Unicast {
            peers,
            ttl,
            check_source,
        } => json!({
            "unicast_peer": peers
                .iter()
                .map(|p| json!({
                    "address": p.address.to_string(),
                    "min_ttl": p.min_ttl,
                    "max_ttl": p.max_ttl,
                }))
                .collect::<Vec<_>>(),
            "unicast_ttl": ttl,
            "check_unicast_src": check_source,
        }),
    }
}

fn garp_json(garp: &GratuitousArp) -> Value {
    let GratuitousArp {
        delay,
        repeat,
        refresh,
        refresh_repeat,
        lower_prio_delay,
        lower_prio_repeat,
    } = garp;
    json!({
        "garp_master_delay": seconds(*delay),
        "garp_master_repeat": repeat,
        "garp_master_refresh": seconds(*refresh),
        "garp_master_refresh_repeat": refresh_repeat,
        "garp_lower_prio_delay": seconds(*lower_prio_delay),
        "garp_lower_prio_repeat": lower_prio_repeat,
    })
}

fn tracked_interface(track: &TrackedInterface) -> Value {
    let TrackedInterface {
        interface,
        weight,
        reverse,
    } = track;
    json!({"name": interface, "weight": weight, "reverse": reverse})
}

fn tracked_script(config: &Config, track: &TrackedScript) -> Value {
    let TrackedScript {
        script,
        weight,
        reverse,
    } = track;
    let name = config.scripts.get(script.0).map(|s| &*s.name);
    json!({"name": name, "weight": weight, "reverse": reverse})
}
