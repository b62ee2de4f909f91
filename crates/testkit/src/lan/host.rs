//! One host: its interfaces and addresses, and the daemon that may run on it.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use evervip_model::{Config, Priority};
use evervip_vrrp::{Engine, Event, LinkState, PlacedAddress, RouterStatus, Timestamp};

use super::{Item, address_of};
use crate::sample;

/// What the kernel tells the daemon.
pub(super) enum Notice {
    Link(u32, bool),
    Added(u32, IpAddr),
    /// The last is whether the daemon did it.
    Removed(u32, IpAddr, bool),
}

impl Notice {
    pub(super) fn event(self) -> Event<'static> {
        match self {
            Self::Link(index, up) => Event::LinkChanged(LinkState {
                index,
                name: name(index).to_owned(),
                up,
                flags: 0,
            }),
            Self::Added(index, address) => Event::AddressAdded { index, address },
            Self::Removed(index, address, by_us) => Event::AddressRemoved {
                index,
                address,
                by_us,
            },
        }
    }
}

fn name(index: u32) -> &'static str {
    if index == sample::ETH0 {
        "eth0"
    } else {
        "eth1"
    }
}

pub(super) struct Host {
    number: usize,
    pub(super) config: Config,
    pub(super) engine: Option<Engine>,
    /// Counts the daemons that ran here, so that nothing reaches one that was meant for another.
    pub(super) life: u32,
    pub(super) links: BTreeMap<u32, bool>,
    /// Virtual addresses on its interfaces.
    pub(super) held: BTreeSet<(u32, IpAddr)>,
    pub(super) script_good: bool,
    pub(super) paused_until: Option<Timestamp>,
    /// What waits for the end of a pause.
    pub(super) waiting: Vec<Item>,
}

impl Host {
    pub(super) fn new(number: usize, config: Config) -> Self {
        Self {
            number,
            config,
            engine: None,
            life: 0,
            links: BTreeMap::from([(sample::ETH0, true), (sample::ETH1, true)]),
            held: BTreeSet::new(),
            script_good: true,
            paused_until: None,
            waiting: Vec::new(),
        }
    }

    /// Makes a daemon that finds what is on the host; not when one runs.
    pub(super) fn boot(&mut self) -> bool {
        if self.engine.is_some() {
            return false;
        }
        let links = self.links.iter().map(|(index, up)| LinkState {
            index: *index,
            name: name(*index).to_owned(),
            up: *up,
            flags: 0,
        });
        let own = [sample::ETH0, sample::ETH1].map(|index| (index, self.real_address(index)));
        let addresses: Vec<(u32, IpAddr)> = own.into_iter().chain(self.held.clone()).collect();
        self.engine = Some(Engine::new(
            self.config.clone(),
            links.collect(),
            &addresses,
        ));
        true
    }

    fn real_address(&self, index: u32) -> IpAddr {
        match address_of(self.number) {
            IpAddr::V4(address) => {
                let [a, b, _, d] = address.octets();
                let net = u8::from(index != sample::ETH0);
                IpAddr::from([a, b, net, d])
            }
            address @ IpAddr::V6(_) => address,
        }
    }

    pub(super) fn crash(&mut self) {
        self.engine = None;
        self.life += 1;
        self.waiting.clear();
        self.paused_until = None;
    }

    /// A daemon has ended in order.
    pub(super) fn ended(&mut self) {
        self.crash();
    }

    /// Whether that was a change.
    pub(super) fn set_link(&mut self, interface: u32, up: bool) -> bool {
        self.links.insert(interface, up) != Some(up)
    }

    pub(super) fn deadline(&self) -> Option<Timestamp> {
        if self.paused_until.is_some() {
            return None;
        }
        self.engine.as_ref()?.next_deadline()
    }

    pub(super) fn status(&self) -> Vec<RouterStatus> {
        self.engine.as_ref().map(Engine::status).unwrap_or_default()
    }

    /// Puts addresses on; gives those that were not there.
    pub(super) fn hold(&mut self, addresses: &[PlacedAddress]) -> Vec<(u32, IpAddr)> {
        let keys = addresses.iter().map(|a| (a.interface, a.address.address));
        keys.filter(|key| self.held.insert(*key)).collect()
    }

    /// Takes addresses off; gives those that were there.
    pub(super) fn drop(&mut self, addresses: &[PlacedAddress]) -> Vec<(u32, IpAddr)> {
        let keys = addresses.iter().map(|a| (a.interface, a.address.address));
        keys.filter(|key| self.held.remove(key)).collect()
    }

    /// Somebody else takes all virtual addresses off.
    pub(super) fn steal(&mut self) -> Vec<(u32, IpAddr)> {
        std::mem::take(&mut self.held).into_iter().collect()
    }

    pub(super) fn reload(&mut self, now: Timestamp, priority: u8) {
        for instance in &mut self.config.instances {
            if let Ok(priority) = Priority::new(priority) {
                instance.priority = priority;
            }
        }
        if let Some(engine) = &mut self.engine {
            engine.reload(now, self.config.clone());
        }
    }
}
