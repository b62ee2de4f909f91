//! What is wrong with a received packet, in the words of the log.

mod proof;

use std::fmt;
use std::net::IpAddr;

pub use proof::ProofComplaint;

/// Why a received packet was dropped or is noteworthy (spec vrrp-runtime 5).
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    missing_docs,
    reason = "fields are named after the columns of the log text"
)]
pub enum PacketComplaint {
    /// Fewer or more bytes than version and count ask for.
    Length { received: usize, expected: usize },
    /// Multicast with a TTL other than 255.
    Ttl(u8),
    /// Another version than the configured one.
    Version { received: u8, expected: u8 },
    /// Authentication type byte that does not exist.
    InvalidAuthType(u8),
    /// Authentication type other than the configured one.
    AuthType { received: u8, expected: u8 },
    /// Wrong password.
    Password,
    /// Version 2 interval, in seconds, other than ours.
    IntervalSeconds { received: u8, ours: u8 },
    /// Version 3 interval, in centiseconds, other than ours; the packet is not dropped.
    IntervalCentiseconds { received: u16, ours: u16 },
    /// Not an advertisement.
    Kind(u8),
    /// The IP header claims another length than was received.
    TotalLength { claimed: usize, received: usize },
    /// Wrong checksum.
    Checksum { version: u8 },
    /// Multicast to a unicast instance.
    Multicast,
    /// Unicast to a multicast instance.
    Unicast,
    /// Another address list than ours; the packet is not dropped.
    Addresses {
        received: Vec<IpAddr>,
        ours: Vec<IpAddr>,
    },
    /// A unicast source that is not a peer.
    NotAPeer,
    /// TTL outside the peer's range.
    PeerTtl { received: u8, min: u8, max: u8 },
    /// An address owner that ignores adverts.
    Owner,
    /// About what proves the sender.
    Proof(ProofComplaint),
}

struct List<'a>(&'a [IpAddr]);

impl fmt::Display for List<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[")?;
        for (position, address) in self.0.iter().enumerate() {
            write!(f, "{}{address}", if position == 0 { "" } else { " " })?;
        }
        f.write_str("]")
    }
}

impl PacketComplaint {
    /// Writes the line; `name` is the instance, `from` the sender.
    pub(crate) fn describe(
        &self,
        f: &mut fmt::Formatter<'_>,
        name: &str,
        from: IpAddr,
    ) -> fmt::Result {
        match self {
            Self::Length { received, expected } => {
                let problem = if received < expected { "short" } else { "long" };
                write!(
                    f,
                    "({name}) vrrp packet from {from} too {problem}, length {received} and expect {expected}"
                )
            }
            Self::Ttl(ttl) => write!(
                f,
                "({name}) invalid TTL/HL from {from}. Received {ttl} and expect 255"
            ),
            Self::Version { received, expected } => {
                write!(
                    f,
                    "({name}) wrong VRRP version from {from}. Received {received} and expect {expected}"
                )
            }
            Self::InvalidAuthType(kind) => {
                write!(f, "({name}) Invalid auth type from {from}: {kind}")
            }
            Self::AuthType { received, expected } => {
                write!(
                    f,
                    "({name}) received a {received} auth from {from}, expecting {expected}!"
                )
            }
            Self::Password => write!(f, "({name}) received an invalid passwd from {from}!"),
            Self::IntervalSeconds { received, ours } => write!(
                f,
                "({name}) advertisement interval mismatch with {from} mine={ours} sec rcv'd={received} sec"
            ),
            Self::IntervalCentiseconds { received, ours } => write!(
                f,
                "({name}) advertisement interval mismatch ours = {ours} centi-sec rcv'd={received} centi-sec"
            ),
            Self::Kind(kind) => write!(
                f,
                "({name}) Invalid packet type from {from}. {kind} and expect 1"
            ),
            Self::TotalLength { claimed, received } => write!(
                f,
                "({name}) ip_tot_len mismatch against received length from {from}. {claimed} and received {received}"
            ),
            Self::Checksum { version } => {
                write!(f, "({name}) Invalid VRRPv{version} checksum from {from}")
            }
            Self::Multicast => {
                write!(
                    f,
                    "({name}) Expected unicast packet but received multicast packet from {from}"
                )
            }
            Self::Unicast => write!(
                f,
                "({name}) Expected multicast packet but received unicast packet from {from}"
            ),
            Self::Addresses { received, ours } => write!(
                f,
                "({name}) address list of the advert from {from} differs: received {}, ours {} - make both nodes list the same addresses in the same order",
                List(received),
                List(ours)
            ),
            Self::Owner => write!(
                f,
                "({name}) Dropping packet(s) from {from} since we are address owner"
            ),
            Self::NotAPeer => write!(
                f,
                "({name}) unicast source address {from} not a unicast peer"
            ),
            Self::PeerTtl { received, min, max } => {
                write!(
                    f,
                    "({name}) TTL/HL {received} from {from} not in range [{min}, {max}]"
                )
            }
            Self::Proof(complaint) => complaint.describe(f, name, from),
        }
    }
}
