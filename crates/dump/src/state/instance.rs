//! One instance.

use std::time::Duration;

use evervip_model::{
    Authentication, Delivery, Family, InitialState, Instance, OldUnicastChecksum, Priority, State,
    Version, VirtualAddress,
};
use evervip_vrrp::{RouterSnapshot, Snapshot};

use super::{notify, tracks};
use crate::places::{Addresses, Places};
use crate::text::{Text, on_off, yes_no};
use crate::{SECRET, Scene, route, rule};

pub(super) fn write(text: &mut Text, scene: &Scene, places: &Places<'_>, router: &RouterSnapshot) {
    let spec = &*router.spec;
    text.line(format_args!(" VRRP Instance = {}", spec.name));
    text.line(format_args!("   VRRP Version = {}", spec.version.number()));
    standing(text, scene, router);
    device(text, places, router);
    settings(text, router);
    source(text, router);
    announcements(text, spec);
    election(text, scene, router);
    authentication(text, spec);
    let known = places.of_addresses(router, scene.at_start);
    if !spec.addresses.is_empty() {
        text.line(format_args!("   Virtual IP ({}):", spec.addresses.len()));
        addresses(text, &known, &spec.addresses);
    }
    if !spec.excluded_addresses.is_empty() {
        text.fixed("   Virtual IP Excluded :");
        addresses(text, &known, &spec.excluded_addresses);
    }
    unicast(text, scene, router);
    descriptors(text, scene, router);
    routing(text, spec);
    tracks::write(
        text,
        &scene.snapshot,
        spec.own_track_lists(),
        tracks::Owner::Instance,
    );
    text.line(format_args!(
        "   Using smtp notification = {}",
        yes_no(spec.smtp_alert)
    ));
    let deleted = if spec.notify_deleted {
        "Deleted"
    } else {
        "Fault"
    };
    text.line(format_args!("   Notify deleted = {deleted}"));
    notify::write(text, &spec.notify);
    text.line(format_args!(
        "   Notify priority changes = {}",
        spec.notify_priority_changes
    ));
    // Ours; a file without the keyword is written as the original writes it.
    if spec.fault_latch {
        let held = if router.latched { "held" } else { "not held" };
        text.line(format_args!("   Fault latch = {held}"));
    }
}

fn group<'a>(snapshot: &'a Snapshot, router: &RouterSnapshot) -> Option<&'a str> {
    Some(&*snapshot.groups.get(router.group?)?.spec.name)
}

fn standing(text: &mut Text, scene: &Scene, router: &RouterSnapshot) {
    let spec = &*router.spec;
    if let Some(group) = group(&scene.snapshot, router) {
        text.line(format_args!("   Sync group = {group}"));
    }
    if spec.family == Family::Inet6 {
        text.fixed("   Using Native IPv6");
    }
    if !scene.at_start {
        state_and_master(text, router);
    }
    flags(text, spec);
    let want = if scene.at_start {
        first_want(router)
    } else {
        router.want
    };
    text.line(format_args!("   Wantstate = {}", state_word(want)));
    text.line(format_args!(
        "   Number of config faults = {}",
        router.configuration_faults
    ));
    if !scene.at_start {
        course(text, scene, router);
    }
}

/// `state MASTER` counts for members of a group only if they own their addresses.
fn first_want(router: &RouterSnapshot) -> State {
    let counts = router.group.is_none() || router.base_priority == 255;
    match router.spec.initial_state {
        InitialState::Master if counts => State::Master,
        InitialState::Master | InitialState::Backup => State::Backup,
    }
}

fn state_and_master(text: &mut Text, router: &RouterSnapshot) {
    text.line(format_args!("   State = {}", state_word(router.state)));
    if router.state == State::Backup {
        let (address, priority) = match router.master {
            Some((address, priority)) => (address.to_string(), priority),
            // The original prints whatever address it printed last.
            None => ("(none)".to_owned(), 0),
        };
        text.line(format_args!("   Master router = {address}"));
        text.line(format_args!("   Master priority = {priority}"));
        if router.spec.version == Version::V3 {
            let seconds = router.interval.as_secs_f64();
            text.line(format_args!("   Master advert int = {seconds:.2} sec"));
        }
    }
}

/// What has become of it, and when.
fn course(text: &mut Text, scene: &Scene, router: &RouterSnapshot) {
    // The original counts a missing interface and that there is no address on it.
    let without_address = router.base.is_none() && router.source.is_none();
    text.line(format_args!(
        "   Number of interface and track script faults = {}",
        router.other_faults + usize::from(without_address && router.other_faults > 0)
    ));
    text.line(format_args!(
        "   Number of track scripts init = {}",
        router.awaited_scripts
    ));
    let since = scene.clock.full(router.since);
    text.line(format_args!("   Last transition = {since}"));
    match router.deadline {
        Some(_) => {
            let timeout = scene.clock.full(router.deadline);
            text.line(format_args!("   Read timeout = {timeout}"));
        }
        None => text.fixed("   Read timeout = DISABLED"),
    }
    // The original's owner waits for nobody, unless it has waited for scripts.
    let owns = router.spec.priority == Priority::OWNER
        && router.state == State::Master
        && router.spec.track_scripts.is_empty();
    let micros = if owns {
        1
    } else {
        router.master_down.as_micros()
    };
    text.line(format_args!("   Master down timer = {micros} usecs"));
}

/// Some switches of the original share one word, of which it names only three.
fn flags(text: &mut Text, spec: &Instance) {
    let unicast = matches!(spec.delivery, Delivery::Unicast { .. });
    let no_peer = spec.delivery == Delivery::NoPeer;
    let peerless = no_peer || spec.unicast_without_peers;
    let any = unicast
        || peerless
        || spec.nopreempt
        || spec.promote_secondaries
        || spec.skip_check_adv_addr
        || spec.source.is_some()
        || !spec.track_primary
        || spec.linkbeat_polling
        || spec.virtual_mac.is_some()
        || spec.virtual_mac_for_addresses
        || spec.ipvlan.is_some()
        || spec.garp.extra.is_some();
    text.fixed(if any { "   Flags:" } else { "   Flags: none" });
    if unicast {
        text.fixed("     Using unicast");
    }
    if peerless {
        text.fixed("     Unicast config option specified but using multicast");
    }
    if no_peer {
        text.fixed("     If unicast go to fault state if no peers");
    }
}

/// The words of a dump; a state that it has no word for is unknown.
pub(super) const fn state_word(state: State) -> &'static str {
    match state {
        State::Init | State::Backup | State::Master | State::Fault => state.keepalived_name(),
        State::Stop => "unknown",
    }
}

fn device(text: &mut Text, places: &Places<'_>, router: &RouterSnapshot) {
    let spec = &*router.spec;
    let own = places.own_name(router);
    let up = router
        .interface
        .and_then(|index| places.get(index))
        .is_some_and(|link| link.up);
    let base = spec.interface.as_deref().unwrap_or("none");
    let transmit = if spec.transmit_on_base {
        ", xmit base i/f"
    } else {
        ""
    };
    if let Some(mac) = &spec.virtual_mac {
        text.line(format_args!(
            "   Use VMAC, i/f name {own}, is_up = {up}, xmit_base = {}",
            spec.transmit_on_base
        ));
        if let Some(address) = mac.address {
            text.line(format_args!("     MAC = {}", hardware(&address)));
        }
    } else if let Some(ipvlan) = &spec.ipvlan {
        let address = ipvlan
            .address
            .map_or_else(String::new, |(address, prefix)| {
                format!(", i/f address = {address}/{prefix}")
            });
        text.line(format_args!(
            "   Use IPVLAN, i/f {own}, is_up = {up}{address}, type {}",
            ipvlan.mode.as_str()
        ));
    }
    if spec.virtual_mac_for_addresses {
        text.fixed("   Use VMAC for VIPs on other interfaces");
    }
    if spec.virtual_mac.is_some() {
        text.line(format_args!(
            "   Interface = {own}, vmac on {base}{transmit}"
        ));
    } else if spec.ipvlan.is_some() {
        text.line(format_args!(
            "   Interface = {own}, ipvlan on {base}{transmit}"
        ));
    } else if spec.interface.is_some() {
        text.line(format_args!("   Interface = {own}"));
    }
}

/// A hardware address.
pub(super) fn hardware(address: &[u8]) -> String {
    let bytes: Vec<String> = address.iter().map(|byte| format!("{byte:02x}")).collect();
    bytes.join(":")
}

fn settings(text: &mut Text, router: &RouterSnapshot) {
    let spec = &*router.spec;
    if !spec.track_primary {
        text.fixed("   VRRP interface tracking disabled");
    }
    if spec.skip_check_adv_addr {
        text.fixed("   Skip checking advert IP addresses");
    }
    if spec.strict {
        text.fixed("   Enforcing strict VRRP compliance");
    }
}

fn source(text: &mut Text, router: &RouterSnapshot) {
    let spec = &*router.spec;
    let configured =
        spec.source.is_some() || matches!(&spec.ipvlan, Some(v) if v.address.is_some());
    match router.source {
        Some(source) => {
            let origin = if configured {
                " (from configuration)"
            } else {
                ""
            };
            text.line(format_args!("   Using src_ip = {source}{origin}"));
        }
        None => text.fixed("   Using src_ip = (none)"),
    }
    match &spec.delivery {
        Delivery::Multicast { group } => match router.interface {
            Some(index) if group.is_ipv6() => {
                text.line(format_args!(
                    "   Multicast address {group}, ifindex {index}"
                ));
            }
            _ => text.line(format_args!("   Multicast address {group}")),
        },
        Delivery::Unicast { .. } | Delivery::NoPeer => {}
    }
}

fn announcements(text: &mut Text, spec: &Instance) {
    let garp = &spec.garp;
    let seconds = |time: Duration| time.as_secs_f64();
    let mut row = |name: &str, value: f64| {
        text.line(format_args!("   Gratuitous ARP {name} = {value}"));
    };
    row("delay", seconds(garp.delay));
    row("repeat", f64::from(garp.repeat));
    row("refresh", seconds(garp.refresh));
    row("refresh repeat", f64::from(garp.refresh_repeat));
    row("lower priority delay", seconds(garp.lower_prio_delay));
    row("lower priority repeat", f64::from(garp.lower_prio_repeat));
}

fn election(text: &mut Text, scene: &Scene, router: &RouterSnapshot) {
    let spec = &*router.spec;
    text.line(format_args!(
        "   Down timer adverts = {}",
        spec.down_timer_adverts
    ));
    text.line(format_args!(
        "   Send advert after receive lower priority advert = {}",
        !spec.lower_prio_no_advert
    ));
    text.line(format_args!(
        "   Send advert after receive higher priority advert = {}",
        spec.higher_prio_send_advert
    ));
    text.line(format_args!("   Virtual Router ID = {}", spec.vrid));
    text.line(format_args!("   Priority = {}", router.base_priority));
    if !scene.at_start {
        let (effective, total) = (router.effective_priority, router.total_priority);
        text.line(format_args!("   Effective priority = {effective}"));
        text.line(format_args!("   Total priority = {total}"));
    }
    match spec.version {
        Version::V2 => text.line(format_args!(
            "   Advert interval = {} sec",
            spec.advert_interval.as_secs()
        )),
        Version::V3 => text.line(format_args!(
            "   Advert interval = {} milli-sec",
            spec.advert_interval.as_millis()
        )),
    }
    if spec.version == Version::V3 && router.state == State::Backup && !scene.at_start {
        text.line(format_args!(
            "   Master advert interval = {} milli-sec",
            router.interval.as_millis()
        ));
    }
    text.line(format_args!("   Accept = {}", on_off(spec.accept)));
    text.line(format_args!("   Preempt = {}", on_off(!spec.nopreempt)));
    if !spec.preempt_delay.is_zero() {
        text.line(format_args!(
            "   Preempt delay = {} secs",
            spec.preempt_delay.as_secs_f64()
        ));
    }
    text.line(format_args!(
        "   Promote_secondaries = {}",
        on_off(spec.promote_secondaries)
    ));
}

fn authentication(text: &mut Text, spec: &Instance) {
    if spec.version == Version::V2 {
        let kind = match spec.authentication {
            Authentication::None => "none",
            Authentication::Pass(_) => "SIMPLE_PASSWORD",
            Authentication::Header(_) => "IPSEC_AH",
        };
        text.line(format_args!("   Authentication type = {kind}"));
        if matches!(spec.authentication, Authentication::Pass(_)) {
            text.line(format_args!("   Password = {SECRET}"));
        }
    }
    if spec.receive_buffer != 0 {
        text.line(format_args!(
            "   Kernel rx buffer size = {}",
            spec.receive_buffer
        ));
    }
    if spec.debug != 0 {
        text.line(format_args!("   Debug level = {}", spec.debug));
    }
}

fn addresses(text: &mut Text, known: &Addresses<'_, '_>, list: &[VirtualAddress]) {
    for one in list {
        text.line(format_args!("     {}", known.words(one)));
    }
}

fn unicast(text: &mut Text, scene: &Scene, router: &RouterSnapshot) {
    let spec = &*router.spec;
    let Delivery::Unicast {
        peers,
        ttl,
        check_source,
    } = &spec.delivery
    else {
        return;
    };
    if let Some(ttl) = ttl {
        text.line(format_args!("   Unicast TTL = {ttl}"));
    }
    // Limits of a peer's TTL ask for it, `vrrp_check_unicast_src` is not told here.
    let defaults = scene.snapshot.globals.dump_only.as_deref();
    let by_default = defaults.is_some_and(|known| known.instances.check_unicast_source)
        && peers
            .iter()
            .all(|peer| (peer.min_ttl, peer.max_ttl) == (0, 255));
    text.line(format_args!(
        "   Check unicast src : {}",
        yes_no(*check_source && !by_default)
    ));
    text.fixed("   Unicast Peer :");
    for peer in peers {
        text.line(format_args!(
            "     {} min_ttl {} max_ttl {}",
            peer.address, peer.min_ttl, peer.max_ttl
        ));
    }
    let compatible = match spec.old_unicast_checksum {
        OldUnicastChecksum::Always => "config",
        OldUnicastChecksum::Never => "never",
        OldUnicastChecksum::Detect if router.old_checksum_heard => "auto",
        OldUnicastChecksum::Detect => "no",
    };
    text.line(format_args!(
        "   Unicast checksum compatibility = {compatible}"
    ));
}

fn descriptors(text: &mut Text, scene: &Scene, router: &RouterSnapshot) {
    if scene.at_start {
        return text.fixed("   No sockets allocated");
    }
    let sockets = &scene.host.sockets;
    let own = sockets
        .iter()
        .find(|socket| Some(socket.key) == router.socket);
    let (receive, send) = own.map_or((-1, -1), |socket| (socket.receive, socket.send));
    text.line(format_args!("   fd_in {receive}, fd_out {send}"));
}

fn routing(text: &mut Text, spec: &Instance) {
    if !spec.routes.is_empty() {
        text.fixed("   Virtual Routes :");
    }
    for one in &spec.routes {
        text.line(format_args!("     {}", route::route(one)));
    }
    if !spec.rules.is_empty() {
        text.fixed("   Virtual Rules :");
    }
    for one in &spec.rules {
        text.line(format_args!("     {}", rule::rule(one)));
    }
}
