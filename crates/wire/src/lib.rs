//! Bytes to and from VRRP version 2 and 3 over IPv4 and IPv6, gratuitous ARP, neighbour
//! advertisements and BFD control packets.
//!
//! Purpose: the one place that knows offsets. Encoding makes complete packets; decoding gives
//! checked views that never panic, whatever the bytes are. Which packet is *acceptable* is not
//! decided here but in the engine, because it depends on the configuration.
//!
//! Standards: RFC 3768 (version 2, with the authentication types of RFC 2338), RFC 5798 and
//! RFC 9568 (version 3), RFC 826 and RFC 5227 (ARP), RFC 4861 (neighbour discovery),
//! RFC 5880 (BFD); spec `wire.md` for keepalived's choices where these leave one.
//!
//! This crate does no input or output and knows no other crate of ours.
#![forbid(unsafe_code)]

mod advert;
mod ah;
mod bfd;
mod checksum;
mod coverage;
mod datagram;
mod hmac;
mod neighbour;
mod proof;

pub use advert::{Advert, AdvertView, AuthField, AuthType, Body, HEADER_LEN, PROTOCOL, TooShort};
pub use ah::{AH_LEN, AH_PROTOCOL, AuthenticationHeader, HeaderKey};
pub use bfd::{BFD_CONTROL_LEN, BadBfdPacket, BfdDiagnostic, BfdPacket, BfdState};
pub use checksum::{Checksum, internet_checksum};
pub use coverage::Coverage;
pub use datagram::{BadDatagram, Datagram, PacketBuffer};
pub use hmac::{MalformedTrailer, Sequence, SigningKey, TRAILER_LEN, TrailerView, is_signed_by};
pub use neighbour::{
    GRATUITOUS_ARP_LEN, NEIGHBOUR_ADVERT_LEN, gratuitous_arp, unsolicited_neighbour_advert,
};
pub use proof::Proof;
