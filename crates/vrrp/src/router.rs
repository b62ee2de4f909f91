//! One virtual router at run time.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::ops::{Index, IndexMut};
use std::sync::Arc;
use std::time::Duration;

use evervip_model::{Authentication, Delivery, Family, Instance, State, Version};
use evervip_wire::{AuthField, Body, Coverage, Proof};

use crate::addresses::PutBack;
use crate::alert::LastMail;
use crate::checksum::coverage;
use crate::header::HeaderSequence;
use crate::log::FaultReason;
use crate::rare::Rare;
use crate::receive::Complained;
use crate::routes::Routing;
use crate::signature::{Signatures, proof, signs};
use crate::statistics::Counters;
use crate::trap::Standing;
use crate::wall_clock::WallClock;
use crate::{MasterReason, PlacedAddress, SocketKey, Timestamp};

/// Identifies a router; a reload that keeps the router keeps its id, and no other router gets the id
/// of one that is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RouterId(pub u32);

/// What is in the adverts of a router, but for the priority.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdvertSpec {
    /// The socket to send on.
    pub socket: SocketKey,
    /// Source address.
    pub source: IpAddr,
    /// The group, or every peer.
    pub destinations: Vec<IpAddr>,
    /// Time to live, or hop limit.
    pub ttl: u8,
    /// Virtual router identifier.
    pub vrid: u8,
    /// Advertised addresses.
    pub addresses: Vec<IpAddr>,
    /// Version, interval and authentication.
    pub body: Body,
    /// What it is proved with.
    pub proof: Proof,
}

/// The master that a backup follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Master {
    pub(crate) address: IpAddr,
    pub(crate) priority: u8,
}

/// A virtual router with all that changes.
#[derive(Debug)]
pub(crate) struct Router {
    pub(crate) spec: Arc<Instance>,
    pub(crate) group: Option<usize>,
    pub(crate) state: State,
    /// When the state was last entered; `None` before the first one.
    pub(crate) since: Option<Timestamp>,
    /// What the state would be without the sync group.
    pub(crate) want: State,
    /// Configured priority, or 254 after a second address owner was met.
    pub(crate) base_priority: u8,
    pub(crate) effective_priority: u8,
    /// Own interval, or in version 3 as a backup the master's.
    pub(crate) interval: Duration,
    /// The configured interface.
    pub(crate) base: Option<u32>,
    /// The interface that it runs on: its virtual one, or the configured one.
    pub(crate) interface: Option<u32>,
    pub(crate) source: Option<IpAddr>,
    /// Where its addresses belong now.
    pub(crate) placed: Arc<[PlacedAddress]>,
    /// What was added and not removed since: an interface may have got another name meanwhile, and
    /// its address has to come off all the same.
    pub(crate) installed: Arc<[PlacedAddress]>,
    pub(crate) master: Option<Master>,
    /// End of the running preempt delay.
    pub(crate) preempt_at: Option<Timestamp>,
    /// A late deadline was put off to this time; it is not put off again.
    pub(crate) listens_until: Option<Timestamp>,
    /// Reasons that hold now.
    pub(crate) faults: Vec<FaultReason>,
    /// Whether an unweighted check has not given a result yet.
    pub(crate) waiting: bool,
    /// It stays in FAULT until an operator clears it.
    pub(crate) latched: bool,
    pub(crate) put_back: Rare<PutBack<(u32, IpAddr)>>,
    pub(crate) routing: Rare<Routing>,
    /// Interfaces of static entries whose failure is one of the router (`track_group`).
    pub(crate) guarded: Box<[String]>,
    pub(crate) complained: Complained,
    pub(crate) revision: u64,
    pub(crate) header_sequence: HeaderSequence,
    pub(crate) signatures: Rare<Signatures>,
    /// A unicast peer was heard to use the checksum of old.
    pub(crate) old_checksum_heard: bool,
    pub(crate) last_mail: LastMail,
    pub(crate) standing: Standing,
    pub(crate) statistics: Counters,
}

impl Router {
    pub(crate) fn new(spec: Arc<Instance>, group: Option<usize>, revision: u64) -> Self {
        Self {
            group,
            state: State::Init,
            since: None,
            want: State::Init,
            base_priority: spec.priority.value(),
            effective_priority: spec.priority.value(),
            interval: spec.advert_interval,
            base: None,
            interface: None,
            source: None,
            placed: Arc::new([]),
            installed: Arc::new([]),
            master: None,
            preempt_at: None,
            listens_until: None,
            faults: Vec::new(),
            waiting: false,
            latched: false,
            put_back: Rare::default(),
            routing: Rare::default(),
            guarded: Box::default(),
            complained: Complained::default(),
            revision,
            header_sequence: HeaderSequence::default(),
            signatures: Rare::default(),
            old_checksum_heard: false,
            last_mail: LastMail::default(),
            standing: Standing::default(),
            statistics: Counters::default(),
            spec,
        }
    }

    pub(crate) fn name(&self) -> Arc<str> {
        Arc::clone(&self.spec.name)
    }

    /// Goes into a state; gives the one before.
    pub(crate) fn set_state(&mut self, now: Timestamp, state: State) -> State {
        self.since = Some(now);
        self.standing.entered(now, state);
        std::mem::replace(&mut self.state, state)
    }

    /// After a reload a backup wants what it is, as in the original.
    pub(crate) fn forget_first_want(&mut self) {
        if self.state == State::Backup && self.group.is_none() {
            self.want = State::Backup;
        }
    }

    pub(crate) fn is_owner(&self) -> bool {
        self.base_priority == 255
    }

    /// Why it becomes master now.
    pub(crate) fn master_reason(&self) -> MasterReason {
        if self.is_owner() {
            MasterReason::Preempted
        } else {
            self.standing.claim
        }
    }

    /// Master-down interval with the interval and priority now in force.
    pub(crate) fn master_down(&self) -> Duration {
        crate::master_down_interval(
            self.spec.version,
            self.effective_priority,
            self.interval,
            self.spec.down_timer_adverts,
        )
    }

    pub(crate) fn skew(&self) -> Duration {
        crate::skew_time(self.spec.version, self.effective_priority, self.interval)
    }

    /// Where its packets come from and go to; `None` while there is no interface or source.
    pub(crate) fn socket_key(&self) -> Option<SocketKey> {
        SocketKey::of(&self.spec, self.transmit_interface()?, self.source?)
    }

    /// The interface that its adverts leave and arrive through.
    pub(crate) fn transmit_interface(&self) -> Option<u32> {
        if self.spec.transmit_on_base {
            self.base
        } else {
            self.interface
        }
    }

    /// What the next advert is proved with; 0 without a proof.
    pub(crate) fn next_sequence(&mut self, clock: &WallClock) -> u64 {
        match &self.spec.hmac {
            Some(hmac) if signs(hmac) => {
                let signatures = self.signatures.make();
                signatures.advance(clock.sequence(), hmac).0
            }
            _ if self.has_header() => u64::from(self.header_sequence.advance()),
            _ => 0,
        }
    }

    /// Whether it is an instance with `auth_type AH`.
    pub(crate) fn has_header(&self) -> bool {
        matches!(self.spec.authentication, Authentication::Header(_))
    }

    /// `group` is that of the old unicast checksum.
    pub(crate) fn advert_spec(&self, group: Ipv4Addr) -> Option<AdvertSpec> {
        let (destinations, ttl) = match &self.spec.delivery {
            Delivery::Multicast { group } => (vec![*group], 255),
            Delivery::Unicast { peers, ttl, .. } => (
                peers.iter().map(|peer| peer.address).collect(),
                ttl.unwrap_or_else(|| default_ttl(self.spec.family)),
            ),
            Delivery::NoPeer => return None,
        };
        Some(AdvertSpec {
            socket: self.socket_key()?,
            source: self.source?,
            destinations,
            ttl,
            vrid: self.spec.vrid.value(),
            addresses: advertised(&self.spec).collect(),
            body: body(
                &self.spec,
                coverage(&self.spec, group, self.old_checksum_heard),
            ),
            proof: proof(&self.spec),
        })
    }
}

/// The part of an advert that depends on the version. A master always announces its own interval.
fn body(spec: &Instance, coverage: Coverage) -> Body {
    match spec.version {
        Version::V2 => Body::V2 {
            interval_seconds: interval_seconds(spec),
            authentication: match spec.authentication {
                Authentication::None => AuthField::None,
                Authentication::Pass(password) => AuthField::Password(password),
                Authentication::Header(_) => AuthField::Header,
            },
        },
        Version::V3 => Body::V3 {
            interval_centiseconds: interval_centiseconds(spec),
            coverage,
        },
    }
}

/// Own interval as version 2 says it. The model holds 1 to 255 whole seconds.
pub(crate) fn interval_seconds(spec: &Instance) -> u8 {
    u8::try_from(spec.advert_interval.as_secs()).unwrap_or(u8::MAX)
}

/// Own interval as version 3 says it. The model holds at most 4095 centiseconds.
pub(crate) fn interval_centiseconds(spec: &Instance) -> u16 {
    u16::try_from(spec.advert_interval.as_millis() / 10)
        .unwrap_or(4095)
        .min(4095)
}

/// Of unicast adverts. The original leaves it to the kernel over IPv6, whose default is 64.
const fn default_ttl(family: Family) -> u8 {
    match family {
        Family::Inet => 255,
        Family::Inet6 => 64,
    }
}

/// The addresses that adverts list: those of the instance's family.
pub(crate) fn advertised(spec: &Instance) -> impl Iterator<Item = IpAddr> + '_ {
    spec.addresses
        .iter()
        .map(|address| address.address)
        .filter(|address| is_of(*address, spec.family))
}

/// The interface that an instance depends on: its own, or the VRF of its sockets. `None` when the
/// routing table chooses.
pub(crate) fn named_interface(spec: &Instance) -> Option<&str> {
    spec.interface.as_deref().or(spec.vrf.as_deref())
}

/// Whether an address belongs to a family.
pub(crate) fn is_of(address: IpAddr, family: Family) -> bool {
    address.is_ipv6() == (family == Family::Inet6)
}

/// Routers by id, iterated in configuration order.
#[derive(Debug, Default)]
pub(crate) struct Routers {
    /// Boxed: the tree keeps its nodes half empty.
    by_id: BTreeMap<RouterId, Box<Router>>,
    order: Vec<RouterId>,
    next: u32,
}

impl Routers {
    /// Adds a router behind the others, with an id that no router has had.
    pub(crate) fn add(&mut self, router: Router) -> RouterId {
        let id = RouterId(self.next);
        self.next = self.next.wrapping_add(1);
        self.by_id.insert(id, Box::new(router));
        self.order.push(id);
        id
    }

    pub(crate) fn remove(&mut self, id: RouterId) -> Option<Router> {
        self.order.retain(|other| *other != id);
        self.by_id.remove(&id).map(|router| *router)
    }

    /// Sets the configuration order; `order` holds each router once.
    pub(crate) fn set_order(&mut self, order: Vec<RouterId>) {
        self.order = order;
    }

    pub(crate) fn ids(&self) -> Vec<RouterId> {
        self.order.clone()
    }

    pub(crate) fn get(&self, id: RouterId) -> Option<&Router> {
        self.by_id.get(&id).map(|router| &**router)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (RouterId, &Router)> {
        self.order
            .iter()
            .filter_map(|id| Some((*id, self.get(*id)?)))
    }
}

/// Ids come only from [`Routers::add`] and are dropped everywhere when their router is removed.
impl Index<RouterId> for Routers {
    type Output = Router;

    fn index(&self, id: RouterId) -> &Router {
        self.get(id).expect("ids of removed routers are not kept")
    }
}

impl IndexMut<RouterId> for Routers {
    fn index_mut(&mut self, id: RouterId) -> &mut Router {
        self.by_id
            .get_mut(&id)
            .expect("ids of removed routers are not kept")
    }
}
