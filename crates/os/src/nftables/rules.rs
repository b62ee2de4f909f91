//! The sets, chains and rules of the two tables, shaped as keepalived 2.4's (spec vrrp-runtime 15).
//! Pure.

use super::batch::{Batch, Element, Family, Hook, KeyType, Set};
use super::expression::{Expression, Header, Meta, Register, Verdict};

/// How the tables look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableSettings {
    /// Name of both tables.
    pub name: String,
    /// Priority of their base chains.
    pub priority: i32,
    /// Rules count packets.
    pub counters: bool,
    /// Link-local addresses are told apart by interface index; else by name.
    pub interface_indices: bool,
}

/// Maps virtual interfaces to their bases.
pub(super) const VMAC_MAP: &str = "vmac_map";
/// Virtual interfaces.
pub(super) const VMAC_SET: &str = "vmac_set";
/// Addresses that virtual interfaces have borrowed from their bases, which alone answer for them.
pub(super) const PARENT_LINK_LOCAL: &str = "parent_link_local";
/// Reports of both versions of MLD.
const MLD_REPORT: &str = "mld-report";
/// Closed addresses.
pub(super) const VIPS: &str = "vips";
const NEIGHBOUR_DISCOVERY: &str = "neighbor-discovery";
const OUT: &str = "out";
const IN: &str = "in";
const OUT_LINK_LOCAL: &str = "out_link_local";
const IN_LINK_LOCAL: &str = "in_link_local";

/// The set of closed link-local addresses.
pub(super) const fn link_local_set(settings: &TableSettings) -> &'static str {
    if settings.interface_indices {
        "vips_link_local"
    } else {
        "vips_link_local_name"
    }
}

/// The chain that everything else goes into.
pub(super) fn add_output(batch: &mut Batch<'_>, family: Family, settings: &TableSettings) {
    batch.add_base_chain(family, OUT, Hook::Output, settings.priority);
}

/// Membership reports of virtual interfaces leave through their base.
pub(super) fn add_reports(batch: &mut Batch<'_>, family: Family, settings: &TableSettings) {
    if family == Family::Ipv6 {
        add_parent_link_local(batch, settings);
    }
    batch.add_set(
        family,
        Set {
            name: VMAC_MAP,
            key: KeyType::InterfaceIndex,
            value: Some(KeyType::InterfaceIndex),
            constant: false,
        },
    );
    let to_base = [
        output_kind(),
        equal_in(Register::Two, &MACVLAN),
        meta(Register::Two, Meta::OutputIndex),
        Expression::Map {
            register: Register::Two,
            map: VMAC_MAP,
        },
        Expression::Duplicate,
    ];
    if family == Family::Ipv6 {
        batch.add_set(
            family,
            Set {
                name: VMAC_SET,
                key: KeyType::InterfaceIndex,
                value: None,
                constant: false,
            },
        );
        add_types(batch, MLD_REPORT, [MLD_REPORT_TYPE, MLD2_REPORT_TYPE]);
    }
    let moved = match family {
        Family::Ipv4 => vec![network(9, 1), equal(&[IGMP]), network(16, 4)],
        Family::Ipv6 => vec![
            meta(Register::One, Meta::Protocol),
            equal(&[ICMPV6]),
            icmpv6_type(),
            member(Register::One, MLD_REPORT),
            network(24, 16),
        ],
    };
    let rule = ended(settings, Verdict::Drop, moved.into_iter().chain(to_base));
    batch.add_rule(family, OUT, &rule);
    if family == Family::Ipv6 {
        let from_virtual = [
            output_kind(),
            equal_in(Register::Two, &MACVLAN),
            meta(Register::Two, Meta::OutputIndex),
            member(Register::Two, VMAC_SET),
        ];
        let solicitations = icmpv6(ROUTER_SOLICITATION).into_iter().chain(from_virtual);
        batch.add_rule(family, OUT, &ended(settings, Verdict::Drop, solicitations));
    }
}

/// A virtual interface does not claim the address that it has borrowed from its base: whoever believed
/// it would not reach the base after the next change of masters.
fn add_parent_link_local(batch: &mut Batch<'_>, settings: &TableSettings) {
    batch.add_set(
        Family::Ipv6,
        Set {
            name: PARENT_LINK_LOCAL,
            key: KeyType::Ipv6AddressOnName,
            value: None,
            constant: false,
        },
    );
    let claims = icmpv6(NEIGHBOUR_ADVERTISEMENT).into_iter().chain([
        output_kind(),
        equal_in(Register::Two, &MACVLAN),
        network(8, 16),
        meta(Register::Two, Meta::OutputName),
        member(Register::One, PARENT_LINK_LOCAL),
    ]);
    batch.add_rule(Family::Ipv6, OUT, &ended(settings, Verdict::Drop, claims));
}

/// Packets to and from closed addresses are dropped.
pub(super) fn add_closed(batch: &mut Batch<'_>, family: Family, settings: &TableSettings) {
    let (key, source, destination, length) = match family {
        Family::Ipv4 => (KeyType::Ipv4Address, 12, 16, 4),
        Family::Ipv6 => (KeyType::Ipv6Address, 8, 24, 16),
    };
    batch.add_set(
        family,
        Set {
            name: VIPS,
            key,
            value: None,
            constant: false,
        },
    );
    if family == Family::Ipv6 {
        let neighbours = [NEIGHBOUR_SOLICITATION, NEIGHBOUR_ADVERTISEMENT];
        add_types(batch, NEIGHBOUR_DISCOVERY, neighbours);
        add_link_local(batch, settings);
    }
    batch.add_base_chain(family, IN, Hook::Input, settings.priority);
    if family == Family::Ipv6 {
        batch.add_chain(family, IN_LINK_LOCAL);
        batch.add_chain(family, OUT_LINK_LOCAL);
    }
    for (chain, offset, link_local) in [
        (OUT, source, OUT_LINK_LOCAL),
        (IN, destination, IN_LINK_LOCAL),
    ] {
        if family == Family::Ipv6 {
            let neighbours = [
                network(6, 1),
                equal(&[ICMPV6]),
                icmpv6_type(),
                member(Register::One, NEIGHBOUR_DISCOVERY),
            ];
            batch.add_rule(family, chain, &ended(settings, Verdict::Accept, neighbours));
            let mut prefix = [0; 16];
            prefix[..2].copy_from_slice(&[0xfe, 0x80]);
            let mut mask = [0; 16];
            mask[..2].copy_from_slice(&[0xff, 0xc0]);
            let link_locals = [
                network(offset, 16),
                Expression::Mask { value: mask },
                equal(&prefix),
            ];
            let rule = ended(settings, Verdict::GoTo(link_local), link_locals);
            batch.add_rule(family, chain, &rule);
        }
        let closed = [network(offset, length), member(Register::One, VIPS)];
        batch.add_rule(family, chain, &ended(settings, Verdict::Drop, closed));
    }
    if family == Family::Ipv6 {
        add_link_local_rules(batch, settings);
    }
}

/// A set of `ICMPv6` types that does not change.
fn add_types(batch: &mut Batch<'_>, name: &'static str, types: [u8; 2]) {
    batch.add_set(
        Family::Ipv6,
        Set {
            name,
            key: KeyType::Icmpv6Type,
            value: None,
            constant: true,
        },
    );
    let types = types.map(|kind| Element {
        key: vec![kind],
        value: None,
    });
    batch.add_elements(Family::Ipv6, name, &types);
}

fn add_link_local(batch: &mut Batch<'_>, settings: &TableSettings) {
    let key = if settings.interface_indices {
        KeyType::Ipv6AddressOnIndex
    } else {
        KeyType::Ipv6AddressOnName
    };
    batch.add_set(
        Family::Ipv6,
        Set {
            name: link_local_set(settings),
            key,
            value: None,
            constant: false,
        },
    );
}

fn add_link_local_rules(batch: &mut Batch<'_>, settings: &TableSettings) {
    let (input, output) = if settings.interface_indices {
        (Meta::InputIndex, Meta::OutputIndex)
    } else {
        (Meta::InputName, Meta::OutputName)
    };
    for (chain, offset, key) in [(IN_LINK_LOCAL, 24, input), (OUT_LINK_LOCAL, 8, output)] {
        let closed = [
            network(offset, 16),
            meta(Register::Two, key),
            member(Register::One, link_local_set(settings)),
        ];
        let rule = ended(settings, Verdict::Drop, closed);
        batch.add_rule(Family::Ipv6, chain, &rule);
    }
}

/// The steps of a rule with its counter and verdict.
fn ended(
    settings: &TableSettings,
    verdict: Verdict,
    steps: impl IntoIterator<Item = Expression>,
) -> Vec<Expression> {
    let counter = settings.counters.then_some(Expression::Counter);
    steps
        .into_iter()
        .chain(counter)
        .chain([Expression::Verdict(verdict)])
        .collect()
}

/// Bytes of the IP header into register 1.
const fn network(offset: u32, length: u32) -> Expression {
    Expression::Payload {
        to: Register::One,
        header: Header::Network,
        offset,
        length,
    }
}

const fn icmpv6_type() -> Expression {
    Expression::Payload {
        to: Register::One,
        header: Header::Transport,
        offset: 0,
        length: 1,
    }
}

/// An `ICMPv6` message of this type, whatever extension headers stand before it.
fn icmpv6(kind: u8) -> Vec<Expression> {
    vec![
        meta(Register::One, Meta::Protocol),
        equal(&[ICMPV6]),
        icmpv6_type(),
        equal(&[kind]),
    ]
}

fn equal(value: &[u8]) -> Expression {
    equal_in(Register::One, value)
}

fn equal_in(register: Register, value: &[u8]) -> Expression {
    let value = value.to_vec();
    Expression::Equal { register, value }
}

const fn meta(to: Register, key: Meta) -> Expression {
    Expression::Meta { to, key }
}

const fn output_kind() -> Expression {
    meta(Register::Two, Meta::OutputKind)
}

const fn member(register: Register, set: &'static str) -> Expression {
    Expression::Member { register, set }
}

const IGMP: u8 = 2;
const ICMPV6: u8 = 58;
const ROUTER_SOLICITATION: u8 = 133;
const NEIGHBOUR_SOLICITATION: u8 = 135;
const NEIGHBOUR_ADVERTISEMENT: u8 = 136;
const MLD_REPORT_TYPE: u8 = 131;
const MLD2_REPORT_TYPE: u8 = 143;
/// Names of interface kinds fill 16 bytes.
const MACVLAN: [u8; 16] = *b"macvlan\0\0\0\0\0\0\0\0\0";
