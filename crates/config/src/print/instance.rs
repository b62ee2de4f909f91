//! `vrrp_instance`.

use std::net::IpAddr;
use std::time::Duration;

use evervip_model::{
    Authentication, Config, Delivery, Family, GratuitousArp, InitialState, Instance,
    NotifyCommands, TrackedInterface, TrackedScript,
};

use super::address;
use super::writer::{Writer, word};

/// A virtual router.
pub(super) fn instance(out: &mut Writer<'_>, config: &Config, instance: &Instance) {
    out.block(
        format_args!("vrrp_instance {}", word(&instance.name)),
        |out| {
            election(out, instance);
            delivery(out, instance);
            authentication(out, instance.authentication);
            garp(out, instance.garp);
            out.values(
                "virtual_ipaddress",
                instance.addresses.iter().map(address::entry),
            );
            out.values(
                "virtual_ipaddress_excluded",
                instance.excluded_addresses.iter().map(address::entry),
            );
            tracking(out, config, instance);
            hooks(out, &instance.notify);
        },
    );
}

fn election(out: &mut Writer<'_>, i: &Instance) {
    out.line(match i.initial_state {
        InitialState::Master => "state MASTER",
        InitialState::Backup => "state BACKUP",
    });
    out.option("interface", i.interface.as_deref());
    out.line(format_args!("virtual_router_id {}", i.vrid));
    out.line(format_args!("priority {}", i.priority));
    out.line(format_args!("version {}", i.version.number()));
    out.flag("native_ipv6", i.family == Family::Inet6);
    out.time("advert_int", i.advert_interval, Duration::from_secs(1));
    out.flag("nopreempt", i.nopreempt);
    out.time("preempt_delay", i.preempt_delay, Duration::ZERO);
    out.line(format_args!("down_timer_adverts {}", i.down_timer_adverts));
    out.flag("skip_check_adv_addr", i.skip_check_adv_addr);
    out.flag("lower_prio_no_advert", i.lower_prio_no_advert);
    out.flag("higher_prio_send_advert", i.higher_prio_send_advert);
}

fn delivery(out: &mut Writer<'_>, i: &Instance) {
    let is_unicast = !matches!(i.delivery, Delivery::Multicast { .. });
    let keyword = if is_unicast {
        "unicast_src_ip"
    } else {
        "mcast_src_ip"
    };
    out.option(keyword, i.source);
    out.flag("track_src_ip", i.track_source);
    match &i.delivery {
        Delivery::Multicast { group } => {
            let default: IpAddr = match i.family {
                Family::Inet => [224, 0, 0, 18].into(),
                Family::Inet6 => [0xff02, 0, 0, 0, 0, 0, 0, 0x12].into(),
            };
            out.value("mcast_dst_ip", group, &default);
        }
        Delivery::NoPeer => out.line("unicast_fault_no_peer"),
        Delivery::Unicast {
            peers,
            ttl,
            check_source,
        } => {
            out.values(
                "unicast_peer",
                peers.iter().map(|p| {
                    let mut line = p.address.to_string();
                    if p.min_ttl != 0 {
                        line += &format!(" min_ttl {}", p.min_ttl);
                    }
                    if p.max_ttl != 255 {
                        line += &format!(" max_ttl {}", p.max_ttl);
                    }
                    line
                }),
            );
            out.value("unicast_ttl", ttl, &255);
            out.flag("check_unicast_src", *check_source);
        }
    }
}

fn authentication(out: &mut Writer<'_>, authentication: Authentication) {
    match authentication {
        Authentication::None => {}
        Authentication::Pass(pass) => out.block("authentication", |out| {
            let text = String::from_utf8_lossy(&pass).into_owned();
            out.line("auth_type PASS");
            out.line(format_args!(
                "auth_pass {}",
                word(text.trim_end_matches('\0'))
            ));
        }),
    }
}

fn garp(out: &mut Writer<'_>, garp: GratuitousArp) {
    let GratuitousArp {
        delay,
        repeat,
        refresh,
        refresh_repeat,
        lower_prio_delay,
        lower_prio_repeat,
    } = garp;
    let default = GratuitousArp::default();
    out.time("garp_master_delay", delay, default.delay);
    out.value("garp_master_repeat", &repeat, &default.repeat);
    out.time("garp_master_refresh", refresh, default.refresh);
    out.value(
        "garp_master_refresh_repeat",
        &refresh_repeat,
        &default.refresh_repeat,
    );
    out.time(
        "garp_lower_prio_delay",
        lower_prio_delay,
        default.lower_prio_delay,
    );
    out.value(
        "garp_lower_prio_repeat",
        &lower_prio_repeat,
        &default.lower_prio_repeat,
    );
}

fn tracking(out: &mut Writer<'_>, config: &Config, i: &Instance) {
    out.flag("dont_track_primary", !i.track_primary);
    out.values(
        "track_interface",
        i.track_interfaces.iter().map(
            |TrackedInterface {
                 interface,
                 weight,
                 reverse,
             }| weighted(interface, *weight, *reverse, ""),
        ),
    );
    out.values(
        "track_script",
        i.track_scripts.iter().filter_map(
            |TrackedScript {
                 script,
                 weight,
                 reverse,
             }| {
                let name = word(&config.scripts.get(script.0)?.name);
                Some(weighted(&name, *weight, *reverse, " noreverse"))
            },
        ),
    );
}

/// An entry of a `track_*` block; `undo` is the word against the object's own `reverse`.
fn weighted(name: &str, weight: i32, reverse: bool, undo: &str) -> String {
    let reverse = if reverse { " reverse" } else { undo };
    format!("{name} weight {weight}{reverse}")
}

/// The hooks of an instance or a group.
pub(super) fn hooks(out: &mut Writer<'_>, notify: &NotifyCommands) {
    let NotifyCommands {
        master,
        backup,
        fault,
        stop,
        any,
        master_rx_lower_pri,
    } = notify;
    out.hook("notify_master", master.as_ref());
    out.hook("notify_backup", backup.as_ref());
    out.hook("notify_fault", fault.as_ref());
    out.hook("notify_stop", stop.as_ref());
    out.hook("notify", any.as_ref());
    out.hook("notify_master_rx_lower_pri", master_rx_lower_pri.as_ref());
}
