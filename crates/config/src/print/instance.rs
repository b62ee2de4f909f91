//! `vrrp_instance`.

use std::net::IpAddr;
use std::time::Duration;

use evervip_model::{
    Authentication, Config, Delivery, Family, GratuitousArp, HmacAuthentication, HmacKey,
    InitialState, Instance, Ipvlan, IpvlanMode, NotifyCommands, OldUnicastChecksum, VirtualMac,
};

use super::global::MOST_LOWER_PRIO_REPEAT;
use super::tracks::tracks;
use super::writer::{Writer, seconds, word};
use super::{address, routing};

/// A virtual router.
pub(super) fn instance(out: &mut Writer<'_>, config: &Config, instance: &Instance) {
    out.block(
        format_args!("vrrp_instance {}", word(&instance.name)),
        |out| {
            election(out, instance);
            delivery(out, instance);
            authentication(out, instance.authentication);
            if let Some(hmac) = &instance.hmac {
                auth_hmac(out, hmac);
            }
            virtual_interfaces(out, instance);
            garp(out, instance.garp);
            out.values(
                "virtual_ipaddress",
                instance.addresses.iter().map(address::entry),
            );
            out.values(
                "virtual_ipaddress_excluded",
                instance.excluded_addresses.iter().map(address::entry),
            );
            out.values("virtual_routes", instance.routes.iter().map(routing::route));
            out.values("virtual_rules", instance.rules.iter().map(routing::rule));
            out.flag("dont_track_primary", !instance.track_primary);
            tracks(out, config, instance.own_track_lists());
            hooks(out, &instance.notify);
            reports(out, instance);
        },
    );
}

fn reports(out: &mut Writer<'_>, i: &Instance) {
    out.flag(
        "notify_deleted",
        i.notify_deleted && i.notify.deleted.is_none(),
    );
    out.line(format_args!(
        "notify_priority_changes {}",
        i.notify_priority_changes
    ));
    out.line(format_args!("smtp_alert {}", i.smtp_alert));
    out.flag("@evervip fault_latch", i.fault_latch);
}

fn election(out: &mut Writer<'_>, i: &Instance) {
    out.line(match i.initial_state {
        InitialState::Master => "state MASTER",
        InitialState::Backup => "state BACKUP",
    });
    out.option("interface", i.interface.as_deref());
    out.option("vrf", i.vrf.as_deref());
    out.line(format_args!("virtual_router_id {}", i.vrid));
    out.line(format_args!("priority {}", i.priority));
    out.line(format_args!("version {}", i.version.number()));
    out.flag("native_ipv6", i.family == Family::Inet6);
    out.flag("no_virtual_ipaddress", i.addresses.is_empty());
    out.time("advert_int", i.advert_interval, Duration::from_secs(1));
    out.flag("nopreempt", i.nopreempt);
    out.time("preempt_delay", i.preempt_delay, Duration::ZERO);
    out.line(format_args!("down_timer_adverts {}", i.down_timer_adverts));
    out.option("timer_expired_backup", i.timer_expired_backup);
    out.line(format_args!("strict_mode {}", i.strict));
    out.flag("skip_check_adv_addr", i.skip_check_adv_addr);
    if !i.strict {
        out.line(format_args!(
            "lower_prio_no_advert {}",
            i.lower_prio_no_advert
        ));
        out.line(format_args!(
            "higher_prio_send_advert {}",
            i.higher_prio_send_advert
        ));
    }
    out.flag("owner_ignore_adverts", i.owner_ignore_adverts);
    out.value("debug", &i.debug, &0);
    out.flag("linkbeat_use_polling", i.linkbeat_polling);
    out.flag("promote_secondaries", i.promote_secondaries);
    out.line(if i.accept { "accept" } else { "no_accept" });
}

fn delivery(out: &mut Writer<'_>, i: &Instance) {
    // Without an interface an instance must want unicast, even if it has no peers.
    let is_unicast = !matches!(i.delivery, Delivery::Multicast { .. }) || i.interface.is_none();
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
            if i.unicast_without_peers {
                out.block("unicast_peer", |_| {});
            }
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
            out.option("unicast_ttl", *ttl);
            out.flag("check_unicast_src", *check_source);
        }
    }
    out.value("kernel_rx_buf_size", &i.receive_buffer, &0);
    match i.old_unicast_checksum {
        OldUnicastChecksum::Detect => {}
        OldUnicastChecksum::Always => out.line("old_unicast_checksum"),
        OldUnicastChecksum::Never => out.line("old_unicast_checksum never"),
    }
    out.line(format_args!("v3_checksum_as_v2 {}", i.v3_checksum_as_v2));
}

fn virtual_interfaces(out: &mut Writer<'_>, i: &Instance) {
    if let Some(VirtualMac {
        name,
        address,
        group,
        netlink_notify,
    }) = i.virtual_mac.as_deref()
    {
        let mut line = "use_vmac".to_owned();
        if let Some(name) = name {
            line += &format!(" name {}", word(name));
        }
        if let Some(address) = address {
            let octets: Vec<_> = address.iter().map(|o| format!("{o:02x}")).collect();
            line += &format!(" {}", octets.join(":"));
        }
        if let Some(group) = group {
            line += &format!(" group {group}");
        }
        if *netlink_notify {
            line += " netlink_notify_msg";
        }
        out.line(line);
    }
    if let Some(Ipvlan {
        name,
        address,
        mode,
        group,
    }) = i.ipvlan.as_deref()
    {
        let mut line = "use_ipvlan".to_owned();
        if let Some(name) = name {
            line += &format!(" name {}", word(name));
        }
        if let Some((address, prefix)) = address {
            line += &format!(" {address}/{prefix}");
        }
        line += match mode {
            IpvlanMode::Bridge => " bridge",
            IpvlanMode::Private => " private",
            IpvlanMode::Vepa => " vepa",
        };
        if let Some(group) = group {
            line += &format!(" group {group}");
        }
        out.line(line);
    }
    out.flag("use_vmac_addr", i.virtual_mac_for_addresses);
    out.flag("vmac_xmit_base", i.transmit_on_base);
}

fn auth_hmac(out: &mut Writer<'_>, hmac: &HmacAuthentication) {
    let HmacAuthentication {
        keys,
        active_key,
        time_window,
        anti_replay,
        mode,
    } = hmac;
    out.block("auth_hmac", |out| {
        for HmacKey { id, secret } in keys {
            let digits: String = secret.iter().map(|b| format!("{b:02x}")).collect();
            out.line(format_args!("key {id} hex:{digits}"));
        }
        out.line(format_args!("active_key {active_key}"));
        out.line(format_args!("time_window {}", time_window.as_secs()));
        out.line(format_args!("anti_replay {}", anti_replay.as_str()));
        out.line(format_args!("mode {}", mode.as_str()));
    });
}

fn authentication(out: &mut Writer<'_>, authentication: Authentication) {
    let (kind, pass) = match authentication {
        Authentication::None => return,
        Authentication::Pass(pass) => ("PASS", pass),
        Authentication::Header(pass) => ("AH", pass),
    };
    out.block("authentication", |out| {
        let text = String::from_utf8_lossy(&pass).into_owned();
        out.line(format_args!("auth_type {kind}"));
        out.line(format_args!(
            "auth_pass {}",
            word(text.trim_end_matches('\0'))
        ));
    });
}

fn garp(out: &mut Writer<'_>, garp: GratuitousArp) {
    let GratuitousArp {
        delay,
        repeat,
        refresh,
        refresh_repeat,
        lower_prio_delay,
        lower_prio_repeat,
        extra,
    } = garp;
    if let Some(extra) = extra {
        let all = if extra.all { "all " } else { "" };
        out.line(format_args!(
            "garp_extra_if {all}{}",
            extra.interval.as_secs()
        ));
    }
    // All of them: the defaults may come from `global_defs`.
    out.line(format_args!("garp_master_delay {}", seconds(delay)));
    out.line(format_args!("garp_master_repeat {repeat}"));
    out.line(format_args!("garp_master_refresh {}", seconds(refresh)));
    if refresh_repeat > 0 {
        out.line(format_args!("garp_master_refresh_repeat {refresh_repeat}"));
    }
    out.line(format_args!(
        "garp_lower_prio_delay {}",
        seconds(lower_prio_delay)
    ));
    if lower_prio_repeat <= MOST_LOWER_PRIO_REPEAT {
        out.line(format_args!("garp_lower_prio_repeat {lower_prio_repeat}"));
    }
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
        deleted,
    } = notify;
    out.hook("notify_master", master.as_deref());
    out.hook("notify_backup", backup.as_deref());
    out.hook("notify_fault", fault.as_deref());
    out.hook("notify_stop", stop.as_deref());
    out.hook("notify", any.as_deref());
    out.hook("notify_master_rx_lower_pri", master_rx_lower_pri.as_deref());
    out.hook("notify_deleted", deleted.as_deref());
}
