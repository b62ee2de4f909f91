//! A virtual router.

use evervip_model::{
    Authentication, Config, Delivery, ExtraAnnouncements, Family, GratuitousArp,
    HmacAuthentication, HmacKey, InitialState, Instance, Ipvlan, OldUnicastChecksum, TrackLists,
    UnsupportedReason, VirtualMac,
};
use serde_json::{Value, json};

use super::value::{address, merged, notify, seconds};
use super::{routing, track};

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
        vrf,
        vrid,
        priority,
        version,
        family,
        advert_interval,
        nopreempt,
        preempt_delay,
        down_timer_adverts,
        timer_expired_backup,
        strict,
        skip_check_adv_addr,
        lower_prio_no_advert,
        higher_prio_send_advert,
        owner_ignore_adverts,
        debug,
        source,
        track_source,
        delivery,
        unicast_without_peers,
        receive_buffer,
        old_unicast_checksum,
        v3_checksum_as_v2,
        authentication,
        hmac,
        virtual_mac,
        ipvlan,
        virtual_mac_for_addresses,
        transmit_on_base,
        accept,
        promote_secondaries,
        addresses,
        excluded_addresses,
        routes,
        rules,
        track_interfaces,
        track_scripts,
        track_files,
        track_processes,
        track_bfd,
        // A part of those; the rest stands at the group.
        own_tracks: _,
        track_primary,
        linkbeat_polling,
        garp,
        notify: hooks,
        notify_deleted,
        notify_priority_changes,
        smtp_alert,
        fault_latch,
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
            "vrf": vrf,
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
            "timer_expired_backup": timer_expired_backup,
            "strict_mode": strict,
            "skip_check_adv_addr": skip_check_adv_addr,
            "lower_prio_no_advert": lower_prio_no_advert,
            "higher_prio_send_advert": higher_prio_send_advert,
            "owner_ignore_adverts": owner_ignore_adverts,
            "debug": debug,
        }),
        json!({
            "source": source.map(|a| a.to_string()),
            "track_src_ip": track_source,
            "delivery": delivery_json(delivery),
            "unicast_without_peers": unicast_without_peers,
            "kernel_rx_buf_size": receive_buffer,
            "old_unicast_checksum": match old_unicast_checksum {
                OldUnicastChecksum::Detect => "detect",
                OldUnicastChecksum::Always => "always",
                OldUnicastChecksum::Never => "never",
            },
            "v3_checksum_as_v2": v3_checksum_as_v2,
            "auth_type": match authentication {
                Authentication::None => "none",
                Authentication::Pass(_) => "PASS",
                Authentication::Header(_) => "AH",
            },
            "auth_pass": match authentication {
                Authentication::None => Value::Null,
                Authentication::Pass(_) | Authentication::Header(_) => json!("***"),
            },
            "auth_hmac": hmac.as_deref().map(signed),
        }),
        json!({
            "use_vmac": virtual_mac.as_deref().map(vmac),
            "use_ipvlan": ipvlan.as_deref().map(ipvlan_json),
            "use_vmac_addr": virtual_mac_for_addresses,
            "vmac_xmit_base": transmit_on_base,
            "accept": accept,
            "promote_secondaries": promote_secondaries,
        }),
        json!({
            "virtual_ipaddress": addresses.iter().map(address).collect::<Vec<_>>(),
            "virtual_ipaddress_excluded": excluded_addresses.iter().map(address).collect::<Vec<_>>(),
            "virtual_routes": routes.iter().map(routing::route).collect::<Vec<_>>(),
            "virtual_rules": rules.iter().map(routing::rule).collect::<Vec<_>>(),
        }),
        track::lists(
            config,
            TrackLists {
                interfaces: track_interfaces,
                scripts: track_scripts,
                files: track_files,
                processes: track_processes,
                bfd: track_bfd,
            },
        ),
        json!({
            "track_primary": track_primary,
            "linkbeat_use_polling": linkbeat_polling,
        }),
        garp_json(garp),
        json!({
            "notify": notify(hooks),
            "notify_deleted": notify_deleted,
            "notify_priority_changes": notify_priority_changes,
            "smtp_alert": smtp_alert,
            "@evervip fault_latch": fault_latch,
            "held_in_fault": unsupported.map(|reason| match reason {
                UnsupportedReason::NoMulticast => "interface without multicast",
                UnsupportedReason::NotEthernet => "interface without Ethernet",
                UnsupportedReason::NoIpvlanAddress => "ipvlan without address",
                UnsupportedReason::SharedVirtualMac => "virtual MAC of another instance",
            }),
        }),
    ];
    merged(parts)
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
        extra,
    } = garp;
    json!({
        "garp_master_delay": seconds(*delay),
        "garp_master_repeat": repeat,
        "garp_master_refresh": seconds(*refresh),
        "garp_master_refresh_repeat": refresh_repeat,
        "garp_lower_prio_delay": seconds(*lower_prio_delay),
        "garp_lower_prio_repeat": lower_prio_repeat,
        "garp_extra_if": extra.map(|ExtraAnnouncements { interval, all }| {
            json!({"interval": seconds(interval), "all": all})
        }),
    })
}

/// The keys are named, not shown.
fn signed(hmac: &HmacAuthentication) -> Value {
    let HmacAuthentication {
        keys,
        active_key,
        time_window,
        anti_replay,
        mode,
    } = hmac;
    json!({
        "key": keys
            .iter()
            .map(|HmacKey { id, secret: _ }| json!({"id": id, "secret": "***"}))
            .collect::<Vec<_>>(),
        "active_key": active_key,
        "time_window": seconds(*time_window),
        "anti_replay": anti_replay.as_str(),
        "mode": mode.as_str(),
    })
}

fn vmac(vmac: &VirtualMac) -> Value {
    let VirtualMac {
        name,
        address,
        group,
        netlink_notify,
    } = vmac;
    json!({
        "name": name,
        "address": address.map(|a| a.map(|octet| format!("{octet:02x}")).join(":")),
        "group": group,
        "netlink_notify_msg": netlink_notify,
    })
}

fn ipvlan_json(ipvlan: &Ipvlan) -> Value {
    let Ipvlan {
        name,
        address,
        mode,
        group,
    } = ipvlan;
    json!({
        "name": name,
        "address": address.map(|(address, prefix)| format!("{address}/{prefix}")),
        "mode": mode.as_str(),
        "group": group,
    })
}
