//! Configurations and the arithmetic of their timers.

use std::{
    iter,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    time::Duration,
};

/// The way in which two nodes talk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mode {
    pub name: &'static str,
    pub version: u8,
    pub unicast: bool,
    /// Over IPv6.
    pub ipv6: bool,
    /// Text of `advert_int`.
    advert_int: &'static str,
    /// The same in milliseconds.
    advert_ms: u64,
}

/// All modes over IPv4. Version 2 has no interval below one second.
pub const MODES: [Mode; 4] = [V2_MULTICAST, V2_UNICAST, V3_MULTICAST, V3_UNICAST];

/// The default of a plain configuration.
pub const V2_MULTICAST: Mode = Mode {
    name: "v2-multicast",
    version: 2,
    unicast: false,
    ipv6: false,
    advert_int: "1",
    advert_ms: 1000,
};
/// As in the haproxy pair: unicast with a password and a check script.
pub const V2_UNICAST: Mode = Mode {
    name: "v2-unicast-pass",
    version: 2,
    unicast: true,
    ipv6: false,
    advert_int: "1",
    advert_ms: 1000,
};
pub const V3_MULTICAST: Mode = Mode {
    name: "v3-multicast",
    version: 3,
    unicast: false,
    ipv6: false,
    advert_int: "0.1",
    advert_ms: 100,
};
pub const V3_UNICAST: Mode = Mode {
    name: "v3-unicast",
    version: 3,
    unicast: true,
    ipv6: false,
    advert_int: "0.1",
    advert_ms: 100,
};

/// All modes over IPv6.
pub const IPV6_MODES: [Mode; 3] = [IPV6_MULTICAST, IPV6_UNICAST, IPV6_V2];

pub const IPV6_MULTICAST: Mode = Mode {
    name: "ipv6-multicast",
    ipv6: true,
    ..V3_MULTICAST
};
/// Between the addresses of the link.
pub const IPV6_UNICAST: Mode = Mode {
    name: "ipv6-unicast",
    ipv6: true,
    ..V3_UNICAST
};
/// An extension of the original: no RFC has version 2 over IPv6.
pub const IPV6_V2: Mode = Mode {
    name: "ipv6-v2",
    ipv6: true,
    ..V2_MULTICAST
};

/// Interface name on every node.
pub const INTERFACE: &str = "ens192";
/// Own addresses of the nodes, the second is the higher one.
pub const NODES: [Ipv4Addr; 3] = [
    Ipv4Addr::new(10, 150, 160, 30),
    Ipv4Addr::new(10, 150, 160, 31),
    Ipv4Addr::new(10, 150, 160, 40),
];
/// The address that moves.
pub const VIP: Ipv4Addr = Ipv4Addr::new(10, 150, 160, 32);
/// The same over IPv6, where an address of the link has to stand before it.
pub const VIP_IPV6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0x150, 0, 0, 0, 0, 0x32);
/// See [`VIP_IPV6`].
pub const VIP_OF_LINK: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0x150, 0x32);
/// Virtual router id.
pub const VRID: u8 = 50;
/// Instance name.
pub const INSTANCE: &str = "LB_VIP";
/// The check script of the pair; it fails while [`CHECK_FAILS`] exists.
pub const CHECK_SCRIPT: &str = "/etc/keepalived/chk_haproxy.sh";
/// See [`CHECK_SCRIPT`].
pub const CHECK_FAILS: &str = "/run/check-fails";

impl Mode {
    /// Interval between adverts.
    pub fn advert(self) -> Duration {
        Duration::from_millis(self.advert_ms)
    }

    /// Skew time for a priority (RFC 3768 6.1, RFC 9568 6.1).
    pub fn skew(self, priority: u8) -> Duration {
        let base = if self.version == 2 {
            Duration::from_secs(1)
        } else {
            self.advert()
        };
        base * (256 - u32::from(priority)) / 256
    }

    /// Master down interval for a priority.
    pub fn down(self, priority: u8) -> Duration {
        3 * self.advert() + self.skew(priority)
    }

    /// Where adverts of the given node go.
    pub fn destination(self, node: usize) -> IpAddr {
        match (self.unicast, self.ipv6) {
            (true, _) => self.own(1 - node),
            (false, false) => [224, 0, 0, 18].into(),
            (false, true) => [0xff02, 0, 0, 0, 0, 0, 0, 0x12].into(),
        }
    }

    /// The address that adverts of a node come from. Over IPv6 it follows from the hardware address.
    pub fn own(self, node: usize) -> IpAddr {
        if self.ipv6 {
            let last = u16::try_from(node + 1).unwrap_or(0);
            [0xfe80, 0, 0, 0, 0, 0xff, 0xfe00, last].into()
        } else {
            NODES[node].into()
        }
    }

    /// The address that moves.
    pub fn vip(self) -> IpAddr {
        if self.ipv6 {
            VIP_IPV6.into()
        } else {
            VIP.into()
        }
    }

    /// All addresses of a usual configuration.
    pub fn vips(self) -> Vec<IpAddr> {
        if self.ipv6 {
            vec![VIP_OF_LINK.into(), VIP_IPV6.into()]
        } else {
            vec![VIP.into()]
        }
    }

    /// Time to live or hop limit of adverts, unless one is configured.
    pub fn ttl(self) -> u8 {
        if self.ipv6 && self.unicast { 64 } else { 255 }
    }
}

/// What is to be written into a node's file. Made by [`Conf::new`], changed by its fields.
#[derive(Debug, Clone)]
pub struct Conf {
    pub mode: Mode,
    /// 0 or 1.
    pub node: usize,
    pub state: &'static str,
    pub priority: u8,
    pub nopreempt: bool,
    /// With the check script.
    pub check: bool,
    pub vips: Vec<String>,
    /// Unicast peers beside the other node.
    pub more_peers: Vec<IpAddr>,
    /// Further lines of the instance.
    pub extra: String,
}

impl Conf {
    /// The usual configuration of a node: the first is the preferred master.
    pub fn new(mode: Mode, node: usize) -> Self {
        let (state, priority) = if node == 0 {
            ("MASTER", 150)
        } else {
            ("BACKUP", 100)
        };
        let check = mode == V2_UNICAST;
        let prefix = if mode.ipv6 { 64 } else { 32 };
        let vips = mode.vips().into_iter();
        let vips = vips.map(|vip| format!("{vip}/{prefix}")).collect();
        Self {
            mode,
            node,
            state,
            priority,
            nopreempt: false,
            check,
            vips,
            more_peers: Vec::new(),
            extra: String::new(),
        }
    }

    #[must_use]
    pub fn priority(mut self, priority: u8) -> Self {
        self.priority = priority;
        self
    }

    #[must_use]
    pub fn state(mut self, state: &'static str) -> Self {
        self.state = state;
        self
    }

    #[must_use]
    pub fn nopreempt(mut self) -> Self {
        self.nopreempt = true;
        self
    }

    #[must_use]
    pub fn check(mut self) -> Self {
        self.check = true;
        self
    }

    #[must_use]
    pub fn vips(mut self, vips: &[&str]) -> Self {
        self.vips = vips.iter().map(|&vip| vip.to_owned()).collect();
        self
    }

    #[must_use]
    pub fn extra(mut self, lines: &str) -> Self {
        self.extra.push_str(lines);
        self.extra.push('\n');
        self
    }

    /// The file with these lines in `global_defs`.
    pub fn with_globals(&self, lines: &str) -> String {
        format!("global_defs {{\n{lines}\n}}\n{}", self.text())
    }

    /// The file, laid out as in the haproxy pair.
    pub fn text(&self) -> String {
        let Self {
            mode,
            state,
            priority,
            extra,
            ..
        } = self;
        let mut text = String::new();
        if self.check {
            text += &format!(
                "vrrp_script chk_haproxy {{\n    script \"{CHECK_SCRIPT}\"\n    interval 1\n    fall 2\n    rise 1\n}}\n\n"
            );
        }
        text += &format!(
            "vrrp_instance {INSTANCE} {{\n    state {state}\n    interface {INTERFACE}\n    virtual_router_id {VRID}\n    \
             priority {priority}\n    advert_int {}\n",
            mode.advert_int
        );
        if mode.version == 3 || mode.ipv6 {
            text += &format!("    version {}\n", mode.version);
        }
        if self.nopreempt {
            text += "    nopreempt\n";
        }
        if mode.unicast {
            let others = self.more_peers.iter().map(IpAddr::to_string);
            let peers: Vec<_> = iter::once(mode.own(1 - self.node).to_string())
                .chain(others)
                .collect();
            let (own, peers) = (mode.own(self.node), peers.join("\n        "));
            text += &format!(
                "\n    unicast_src_ip {own}\n    unicast_peer {{\n        {peers}\n    }}\n"
            );
        }
        if *mode == V2_UNICAST {
            text += "\n    authentication {\n        auth_type PASS\n        auth_pass 12345678\n    }\n";
        }
        text += &format!(
            "\n    virtual_ipaddress {{\n        {}\n    }}\n",
            self.vips.join("\n        ")
        );
        if self.check {
            text += "\n    track_script {\n        chk_haproxy\n    }\n";
        }
        text + extra + "}\n"
    }
}

/// The configuration of a member with so many plain instances, `V1` and so on with the virtual router
/// ids 1 and so on, each with further lines.
pub fn many(count: u8, priority: u8, extra: impl Fn(u8) -> String) -> String {
    let instance = |id| {
        format!(
            "vrrp_instance V{id} {{\n interface {INTERFACE}\n state BACKUP\n \
             virtual_router_id {id}\n priority {priority}\n advert_int 1\n \
             virtual_ipaddress {{\n 10.150.161.{id}/32\n }}\n{}}}\n",
            extra(id)
        )
    };
    (1..=count).map(instance).collect()
}
