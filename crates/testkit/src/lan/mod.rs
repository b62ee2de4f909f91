//! The virtual network with the sample hosts on it.
//!
//! * [`of`] makes one of configurations;
//! * [`Design`] is a random group of hosts, [`Trouble`] what may happen to them, and [`Schedule`] both
//!   of them out of a seed;
//! * [`judge()`] says what is wrong once a LAN has been left alone.

mod design;
mod edit;
mod facts;
mod hostile;
mod judge;
mod probe;
mod reloaded;
pub mod schedule;
mod shrink;
mod trouble;
mod watch;

use std::net::{IpAddr, Ipv6Addr};

use evervip_model::{Config, Instance};
use evervip_simulation::{Node, Port};

use crate::sample;

pub use design::{Design, Proof};
pub use edit::Edit;
pub use evervip_simulation::{Deed, Disturbance, Doing, Heard, Lan, Loaded, Side, Sleep, Weather};
pub use hostile::hostile;
pub use judge::{judge, judge_by};
pub use reloaded::{Reloaded, judge_reload};
pub use schedule::Schedule;
pub use trouble::{Event, Trouble};
pub use watch::{Limits, watch};

/// A LAN of sample hosts that run nothing yet. The first host has the addresses `10.0.0.1` and
/// `fe80::1:1` on `eth0`, `10.0.1.1` and `fe80::2:1` on `eth1`; the last number is each host's own.
#[must_use]
pub fn of(seed: u64, configs: Vec<Config>) -> Lan {
    let nodes = configs.into_iter().enumerate();
    let nodes = nodes.map(|(number, config)| Node {
        config,
        ports: (0..SEGMENTS).map(|segment| port(number, segment)).collect(),
    });
    Lan::new(seed, nodes.collect())
}

const SEGMENTS: usize = 2;
const FIRST_INDEX: u32 = sample::ETH0;

fn port(host: usize, segment: usize) -> Port {
    let index = if segment == 0 {
        sample::ETH0
    } else {
        sample::ETH1
    };
    let own = sample::addresses(last_octet(host)).into_iter();
    Port {
        index,
        name: link_name(segment).to_owned(),
        segment,
        addresses: own
            .filter(|(on, _)| *on == index)
            .map(|(_, address)| address)
            .chain([link_local(host, segment)])
            .collect(),
    }
}

/// The segment that an instance is on.
fn segment_of(instance: &Instance) -> usize {
    usize::from(instance.interface.as_deref() == Some(link_name(1)))
}

const fn link_name(segment: usize) -> &'static str {
    if segment == 0 { "eth0" } else { "eth1" }
}

/// The address of the link of a host on a segment.
fn link_local(host: usize, segment: usize) -> IpAddr {
    let part = |number: usize| u16::try_from(number + 1).unwrap_or(u16::MAX);
    IpAddr::V6(Ipv6Addr::new(
        0xfe80,
        0,
        0,
        0,
        0,
        0,
        part(segment),
        part(host),
    ))
}

fn last_octet(host: usize) -> u8 {
    u8::try_from(host + 1).unwrap_or(u8::MAX)
}
