//! Configuration and state in full (`keepalived.data`), section by section.

mod fixed;
mod globals;
mod groups;
mod instance;
mod interfaces;
mod notify;
mod pace;
mod sockets;
mod trackers;
mod tracks;

use evervip_model::Globals;
use evervip_vrrp::refuses_packets;

use crate::Scene;
use crate::places::Places;
use crate::text::Text;

/// The whole file.
#[must_use]
pub fn state(scene: &Scene) -> String {
    let mut text = Text::default();
    let snapshot = &scene.snapshot;
    let places = Places::of(snapshot);
    let routers = &snapshot.routers;
    let filtering = routers.iter().any(|router| {
        let spec = &router.spec;
        spec.virtual_mac.is_some() || spec.virtual_mac_for_addresses || refuses_packets(spec)
    });
    let writer = globals::Writer::Child { filtering };
    globals::write(&mut text, &snapshot.globals, writer);
    pace::write(&mut text, scene);
    fixed::write(&mut text, snapshot);
    if !snapshot.routers.is_empty() {
        text.section("VRRP Topology");
    }
    for router in &snapshot.routers {
        instance::write(&mut text, scene, &places, router);
    }
    if !scene.at_start {
        sockets::write(&mut text, scene, &places);
    }
    groups::write(&mut text, scene);
    trackers::write(&mut text, scene);
    interfaces::write(&mut text, scene, &places);
    text.finish()
}

/// What the BFD process says of `global_defs`.
pub(crate) fn bfd_globals(text: &mut Text, globals: &Globals) {
    globals::write(text, globals, globals::Writer::Parent);
}

/// The file of the process that runs no instance (`keepalived_parent.data`).
#[must_use]
pub fn configuration(globals: &Globals) -> String {
    let mut text = Text::default();
    globals::write(&mut text, globals, globals::Writer::Parent);
    text.finish()
}
