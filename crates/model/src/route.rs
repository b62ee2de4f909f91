//! Routes that come and go with an instance, or stay (spec vrrp-keywords 8).

use std::net::IpAddr;
use std::time::Duration;

use crate::Family;

/// What a route does with packets: a `RTN_*` number of rtnetlink.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RouteType(pub u8);

impl RouteType {
    /// Names and numbers, in the order in which they are looked up.
    pub const NAMES: [(&'static str, u8); 13] = [
        ("unicast", 1),
        ("local", 2),
        ("nat", 10),
        ("broadcast", 3),
        ("brd", 3),
        ("anycast", 4),
        ("multicast", 5),
        ("prohibit", 8),
        ("unreachable", 7),
        ("blackhole", 6),
        ("xresolve", 11),
        ("throw", 9),
        ("unspec", 0),
    ];
    /// Sent to the gateway or onto the link.
    pub const UNICAST: Self = Self(1);
    /// Dropped in silence.
    pub const BLACKHOLE: Self = Self(6);
    /// Dropped with "unreachable".
    pub const UNREACHABLE: Self = Self(7);
    /// Dropped with "prohibited".
    pub const PROHIBIT: Self = Self(8);
    /// The search goes on in the next rule.
    pub const THROW: Self = Self(9);
}

/// An address with its prefix length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Network {
    /// The address, host bits as written.
    pub address: IpAddr,
    /// 0 to 32 or 0 to 128.
    pub prefix: u8,
}

/// How a route is put beside others to the same destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Insertion {
    /// Before them. The default of routes that lead somewhere.
    #[default]
    Prepend,
    /// Behind them.
    Append,
    /// Only if there is none.
    Add,
}

/// A number that the kernel may be forbidden to change (`lock`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Metric<T> {
    /// The number.
    pub value: T,
    /// `lock`.
    pub lock: bool,
}

/// Settings of the connections that use a route.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct RouteMetrics {
    /// `mtu` in bytes.
    pub mtu: Option<Metric<u32>>,
    /// `advmss` in bytes.
    pub advmss: Option<Metric<u32>>,
    /// `reordering`.
    pub reordering: Option<Metric<u32>>,
    /// `cwnd`.
    pub cwnd: Option<Metric<u32>>,
    /// `ssthresh`.
    pub ssthresh: Option<Metric<u32>>,
    /// `rtt`, 200 ms to 120 s.
    pub rtt: Option<Metric<Duration>>,
    /// `rttvar`, 200 ms to 120 s.
    pub rttvar: Option<Metric<Duration>>,
    /// `rto_min`, 200 ms to 120 s.
    pub rto_min: Option<Metric<Duration>>,
    /// `congctl`: name of the congestion control.
    pub congctl: Option<Metric<String>>,
    /// `window` in bytes.
    pub window: Option<u32>,
    /// `initcwnd`.
    pub initcwnd: Option<u32>,
    /// `initrwnd`.
    pub initrwnd: Option<u32>,
    /// `hoplimit`.
    pub hoplimit: Option<u8>,
    /// `quickack`.
    pub quickack: Option<bool>,
    /// `fastopen_no_cookie`.
    pub fastopen_no_cookie: Option<bool>,
    /// `features ecn`.
    pub ecn: bool,
}

/// An IP tunnel header (`encap ip`, `encap ip6`); a destination or an id is there.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct IpEncapsulation {
    /// `id`.
    pub id: Option<u64>,
    /// `dst`.
    pub destination: Option<IpAddr>,
    /// `src`.
    pub source: Option<IpAddr>,
    /// `tos` or `tc`.
    pub tos: Option<u8>,
    /// `ttl` or `hoplimit`.
    pub ttl: Option<u8>,
    /// `flags`.
    pub flags: Option<u16>,
}

/// `encap`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Encapsulation {
    /// In IPv4.
    Ip(IpEncapsulation),
    /// In IPv6.
    Ip6(IpEncapsulation),
    /// MPLS labels, outermost first; each 0 to 1,048,575.
    Mpls(Vec<u32>),
    /// Identifier-locator addressing.
    Ila(u64),
}

/// One of several ways (`nexthop`).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct NextHop {
    /// `via`.
    pub gateway: Option<IpAddr>,
    /// `dev`.
    pub interface: Option<String>,
    /// `weight`, 1 to 256.
    pub weight: u16,
    /// `onlink`.
    pub onlink: bool,
    /// `realms`.
    pub realms: Option<u32>,
    /// `encap`.
    pub encapsulation: Option<Encapsulation>,
}

/// An entry of `virtual_routes` or `static_routes`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Route {
    /// Family.
    pub family: Family,
    /// What it does.
    pub kind: RouteType,
    /// Where it leads; `None` is everywhere.
    pub destination: Option<Network>,
    /// `from`: packets of these sources only. IPv6.
    pub from: Option<Network>,
    /// `via`.
    pub gateway: Option<IpAddr>,
    /// `src`: preferred source address.
    pub source: Option<IpAddr>,
    /// `dev`.
    pub interface: Option<String>,
    /// `vrf`, which chooses the table.
    pub vrf: Option<String>,
    /// `scope`.
    pub scope: Option<u8>,
    /// `table`; `None` is main.
    pub table: Option<u32>,
    /// `protocol`; 18 for every route that is watched.
    pub protocol: Option<u8>,
    /// `metric`.
    pub metric: Option<u32>,
    /// `tos`.
    pub tos: Option<u8>,
    /// The gateway is on the link, whatever the addresses say.
    pub onlink: bool,
    /// Settings of connections.
    pub metrics: RouteMetrics,
    /// `realms`: the upper half is the source's. IPv4.
    pub realms: Option<u32>,
    /// `pref`: 0 medium, 1 high, 3 low. IPv6.
    pub preference: Option<u8>,
    /// `expires` in seconds. IPv6.
    pub expires: Option<u32>,
    /// `ttl-propagate`.
    pub ttl_propagate: Option<bool>,
    /// `encap`.
    pub encapsulation: Option<Encapsulation>,
    /// `add`, `prepend`, `append`.
    pub insertion: Insertion,
    /// Several ways.
    pub next_hops: Vec<NextHop>,
    /// It is not watched, nor put back.
    pub no_track: bool,
}

impl Route {
    /// A route that says nothing yet.
    #[must_use]
    pub fn new(family: Family) -> Self {
        Self {
            family,
            kind: RouteType::UNICAST,
            destination: None,
            from: None,
            gateway: None,
            source: None,
            interface: None,
            vrf: None,
            scope: None,
            table: None,
            protocol: None,
            metric: None,
            tos: None,
            onlink: false,
            metrics: RouteMetrics::default(),
            realms: None,
            preference: None,
            expires: None,
            ttl_propagate: None,
            encapsulation: None,
            insertion: Insertion::Prepend,
            next_hops: Vec::new(),
            no_track: false,
        }
    }
}
