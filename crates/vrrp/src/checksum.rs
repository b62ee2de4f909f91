//! Which of the checksums of version 3 over IPv4 an instance uses (spec wire 2.3).

use std::net::Ipv4Addr;

use evervip_model::{Delivery, Instance, OldUnicastChecksum};
use evervip_wire::{Coverage, Datagram};

/// A checksum that is accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ChecksumKind {
    /// The one that we would use.
    Usual,
    /// The old one of unicast, from a peer that is to be answered in kind.
    Old,
}

/// What our own checksums cover; `old_heard` is whether a peer was found to use the old one.
pub(crate) fn coverage(spec: &Instance, group: Ipv4Addr, old_heard: bool) -> Coverage {
    let unicast = matches!(spec.delivery, Delivery::Unicast { .. });
    let old = match spec.old_unicast_checksum {
        OldUnicastChecksum::Always => unicast,
        OldUnicastChecksum::Detect => unicast && old_heard,
        OldUnicastChecksum::Never => false,
    };
    if spec.v3_checksum_as_v2 {
        Coverage::PacketAlone
    } else if old {
        Coverage::GroupPseudoHeader(group)
    } else {
        Coverage::PseudoHeader
    }
}

/// Whether a received checksum is accepted; `None` when it is wrong. With `v3_checksum_as_v2` none
/// is wrong. An instance that has to find out for itself takes both kinds: a peer may be replaced
/// by one of another age.
pub(crate) fn accepted(
    spec: &Instance,
    group: Ipv4Addr,
    datagram: &Datagram<'_>,
) -> Option<ChecksumKind> {
    let fits = |coverage| {
        datagram
            .advert
            .checksum_ok(datagram.source, datagram.destination, coverage)
    };
    let version_3 = datagram.advert.version() == 3 && datagram.source.is_ipv4();
    if version_3 && spec.v3_checksum_as_v2 {
        return Some(ChecksumKind::Usual);
    }
    if fits(coverage(spec, group, false)) {
        return Some(ChecksumKind::Usual);
    }
    let detects = version_3
        && spec.old_unicast_checksum == OldUnicastChecksum::Detect
        && matches!(spec.delivery, Delivery::Unicast { .. });
    (detects && fits(Coverage::GroupPseudoHeader(group))).then_some(ChecksumKind::Old)
}
