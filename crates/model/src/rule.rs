//! Routing rules that come and go with an instance, or stay (spec vrrp-keywords 9).

use crate::{Family, Network};

/// What a rule does with the packets that it matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RuleAction {
    /// Looks the route up in a table other than 0.
    Table(u32),
    /// Goes on with the rule of this preference.
    Goto(u32),
    /// Drops in silence.
    Blackhole,
    /// Drops with "unreachable".
    Unreachable,
    /// Drops with "prohibited".
    Prohibit,
    /// Nothing.
    Nop,
    /// Looks up in the table of the VRF.
    Vrf,
}

/// Numbers from the first to the second, as written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Range<T> {
    /// First.
    pub first: T,
    /// Last.
    pub last: T,
}

/// A packet mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PacketMark {
    /// The mark.
    pub value: u32,
    /// Bits that count; `None` is all.
    pub mask: Option<u32>,
}

/// An entry of `virtual_rules` or `static_rules`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Rule {
    /// Family.
    pub family: Family,
    /// Everything but what matches.
    pub invert: bool,
    /// `from`; a prefix length of 0 is everybody.
    pub from: Option<Network>,
    /// `to`.
    pub to: Option<Network>,
    /// `preference`.
    pub preference: u32,
    /// The action.
    pub action: RuleAction,
    /// `iif`.
    pub input: Option<String>,
    /// `oif`.
    pub output: Option<String>,
    /// `fwmark`.
    pub mark: Option<PacketMark>,
    /// `tos`.
    pub tos: Option<u8>,
    /// `realms`: the upper half is the source's.
    pub realms: Option<u32>,
    /// `suppress_prefixlength`.
    pub suppress_prefix_length: Option<u32>,
    /// `suppress_ifgroup`.
    pub suppress_group: Option<u32>,
    /// `tunnel-id`.
    pub tunnel_id: Option<u64>,
    /// `uidrange`.
    pub users: Option<Range<u32>>,
    /// `protocol`: who made the rule; 18 for every rule that is watched.
    pub protocol: Option<u8>,
    /// `ipproto`.
    pub ip_protocol: Option<u8>,
    /// `sport`.
    pub source_ports: Option<Range<u16>>,
    /// `dport`.
    pub destination_ports: Option<Range<u16>>,
    /// It is not watched, nor put back.
    pub no_track: bool,
}

impl Rule {
    /// A rule that matches everything and says nothing of who made it.
    #[must_use]
    pub const fn new(family: Family, preference: u32, action: RuleAction) -> Self {
        Self {
            family,
            invert: false,
            from: None,
            to: None,
            preference,
            action,
            input: None,
            output: None,
            mark: None,
            tos: None,
            realms: None,
            suppress_prefix_length: None,
            suppress_group: None,
            tunnel_id: None,
            users: None,
            protocol: None,
            ip_protocol: None,
            source_ports: None,
            destination_ports: None,
            no_track: false,
        }
    }
}
