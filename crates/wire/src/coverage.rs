//! What the checksum of version 3 over IPv4 covers: three answers have been in use.

use std::net::{IpAddr, Ipv4Addr};

/// What is summed up beside the packet itself (spec wire 2.3). Version 2 over IPv4 never sums up
/// anything else; over IPv6 there is but one way, that of [`Coverage::PseudoHeader`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Coverage {
    /// The pseudo header with source and destination: keepalived's way since 1.3.7.
    #[default]
    PseudoHeader,
    /// The pseudo header with the group in the place of a unicast destination
    /// (`old_unicast_checksum`): usually 224.0.0.18, whatever else `vrrp_mcast_group4` names.
    GroupPseudoHeader(Ipv4Addr),
    /// Nothing, as in version 2 (`v3_checksum_as_v2`).
    PacketAlone,
}

impl Coverage {
    /// The addresses of the pseudo header, if there is one.
    pub(crate) const fn addresses(
        self,
        source: IpAddr,
        destination: IpAddr,
    ) -> Option<(IpAddr, IpAddr)> {
        match (self, source) {
            (_, IpAddr::V6(_)) | (Self::PseudoHeader, _) => Some((source, destination)),
            (Self::GroupPseudoHeader(group), _) => Some((source, IpAddr::V4(group))),
            (Self::PacketAlone, _) => None,
        }
    }
}
