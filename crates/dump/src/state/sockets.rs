//! The sockets, and who uses them.

use evervip_vrrp::{ROUTED, RouterSnapshot, SocketKey, SocketKind};

use crate::Scene;
use crate::places::Places;
use crate::text::Text;

/// Protocol number of the authentication header.
const AH: u8 = 51;

pub(super) fn write(text: &mut Text, scene: &Scene, places: &Places<'_>) {
    let routers = &scene.snapshot.routers;
    let mut pools: Vec<(Option<SocketKey>, Vec<&RouterSnapshot>)> = Vec::new();
    let mut slots = std::collections::HashMap::new();
    for router in routers {
        let slot = *slots.entry(router.socket).or_insert_with(|| {
            pools.push((router.socket, Vec::new()));
            pools.len() - 1
        });
        if let Some((_, users)) = pools.get_mut(slot) {
            users.push(router);
        }
    }
    if !pools.is_empty() {
        text.section("VRRP Sockpool");
    }
    for (key, users) in pools {
        pool(text, scene, places, key, &users);
    }
}

fn pool(
    text: &mut Text,
    scene: &Scene,
    places: &Places<'_>,
    key: Option<SocketKey>,
    users: &[&RouterSnapshot],
) {
    let known = scene.host.sockets.iter().find(|s| Some(s.key) == key);
    let (receive, send) = known.map_or((-1, -1), |s| (s.receive, s.send));
    text.line(format_args!(" fd_in {receive} fd_out = {send}"));
    let Some(first) = users.first() else { return };
    let transmit = key
        .map(|key| key.interface)
        .filter(|index| *index != ROUTED);
    let name = transmit.and_then(|index| places.get(index));
    let name = name.map_or_else(|| places.own_name(first), |link| &link.name);
    text.line(format_args!("   Interface = {name}"));
    text.line(format_args!("   Family = {}", first.spec.family));
    let header = key.is_some_and(|key| key.protocol == AH);
    text.line(format_args!(
        "   Protocol = {}",
        if header { "AH" } else { "VRRP" }
    ));
    match key.map(|key| key.kind) {
        Some(SocketKind::Unicast(address)) => {
            text.fixed("   Type = Unicast");
            text.line(format_args!("   Address = {address}"));
        }
        _ => text.fixed("   Type = Multicast"),
    }
    text.line(format_args!(
        "   Rx buf size = {}",
        known.map_or(0, |s| s.room)
    ));
    text.fixed("   VRRP instances");
    let mut users = users.to_vec();
    users.sort_by_key(|user| user.spec.vrid);
    for user in users {
        text.line(format_args!(
            "     {} vrid {}",
            user.spec.name, user.spec.vrid
        ));
    }
}
