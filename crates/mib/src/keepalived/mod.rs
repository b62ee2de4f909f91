//! `KEEPALIVED-MIB` without the part of virtual servers (spec vrrp-runtime 22).

mod addresses;
mod encapsulation;
mod global;
mod groups;
mod instances;
mod routes;
mod rules;
mod trackers;

use evervip_agentx::{Oid, TreeBuilder};
use evervip_dump::Scene;

pub(crate) use global::router_id;

use crate::parts::Interfaces;
use crate::{KEEPALIVED, Surroundings};

pub(crate) fn write(builder: &mut TreeBuilder, scene: &Scene, surroundings: &Surroundings) {
    let interfaces = Interfaces::of(scene);
    global::write(builder, &scene.snapshot.globals, surroundings);
    groups::write(builder, scene);
    instances::write(builder, scene, &interfaces);
    addresses::write(builder, scene, &interfaces);
    routes::write(builder, scene, &interfaces);
    rules::write(builder, scene);
    trackers::write(builder, scene);
}

/// The rows of a table of the VRRP part.
fn table(number: u32) -> Oid {
    Oid::new(&KEEPALIVED).join(&[2, number, 1])
}
