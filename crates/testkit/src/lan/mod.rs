//! The virtual network with the sample hosts on it.
//!
//! * [`of`] makes one of configurations;
//! * [`schedule`] makes one, and a list of disturbances, out of a seed;
//! * [`judge`] says what is wrong once it has been left alone.

mod hostile;
mod judge;
pub mod schedule;

use std::net::IpAddr;

use evervip_model::Config;
use evervip_simulation::{Node, Port};

use crate::sample;

pub use evervip_simulation::{Disturbance, Lan, Weather};
pub use hostile::hostile;
pub use judge::judge;

/// A LAN of sample hosts that run nothing yet. Host n has the address 10.0.0.(n + 1) on `eth0` and
/// 10.0.1.(n + 1) on `eth1`.
#[must_use]
pub fn of(seed: u64, configs: Vec<Config>) -> Lan {
    let nodes = configs.into_iter().enumerate();
    let nodes = nodes.map(|(number, config)| Node {
        config,
        ports: ports(number),
    });
    Lan::new(seed, nodes.collect())
}

fn ports(host: usize) -> Vec<Port> {
    let last = last_octet(host);
    let named = [(sample::ETH0, "eth0"), (sample::ETH1, "eth1")];
    let ports = named.into_iter().enumerate();
    let ports = ports.map(|(segment, (index, name))| Port {
        index,
        name: name.to_owned(),
        segment,
        addresses: sample::addresses(last)
            .into_iter()
            .filter(|(on, _)| *on == index)
            .map(|(_, address)| address)
            .collect(),
    });
    ports.collect()
}

/// The address of a host on the segment of `eth0`.
fn address_of(host: usize) -> IpAddr {
    sample::lan(last_octet(host))
}

fn last_octet(host: usize) -> u8 {
    u8::try_from(host + 1).unwrap_or(u8::MAX)
}
