//! Reports about links and addresses, as tables want them.
#![allow(clippy::unwrap_used, reason = "helpers of tests panic like tests")]

use std::net::IpAddr;

use evervip_model::{Config, Instance};
use evervip_testkit::{Transcript, sample};
use evervip_vrrp::Event;
use sample::ETH0;

pub(crate) fn one(instance: Instance) -> Config {
    sample::config([instance])
}

pub(crate) fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

pub(crate) fn removed(stage: &mut Transcript, address: &str, by_us: bool) {
    let who = if by_us { "us" } else { "others" };
    let label = format!("{address} removed by {who}");
    let address = ip(address);
    stage.event(
        &label,
        Event::AddressRemoved {
            index: ETH0,
            address,
            by_us,
        },
    );
}

pub(crate) fn added(stage: &mut Transcript, address: &str) {
    let label = format!("{address} added");
    let address = ip(address);
    stage.event(
        &label,
        Event::AddressAdded {
            index: ETH0,
            address,
        },
    );
}

pub(crate) fn gone(stage: &mut Transcript, index: u32) {
    stage.event(
        &format!("link {index} removed"),
        Event::LinkRemoved { index },
    );
}
