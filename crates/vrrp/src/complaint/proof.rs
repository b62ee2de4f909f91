//! What is wrong with the authentication header or the signature of a received packet.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

/// Why a packet's proof is not believed (spec wire 3 and 5.4).
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    missing_docs,
    reason = "fields are named after the columns of the log text"
)]
pub enum ProofComplaint {
    /// An authentication header, and none is expected.
    HeaderReceived,
    /// No authentication header, and one is expected.
    HeaderMissing,
    /// Wrong check value in the authentication header.
    HeaderCode,
    /// The index in the authentication header is not the source address.
    HeaderIndex(Ipv4Addr),
    /// A number in the authentication header that is used up.
    HeaderSequence { received: u32, ours: u32 },
    /// No signature, and one is demanded.
    SignatureMissing,
    /// Signature of an unknown type.
    SignatureMalformed,
    /// Signed too long ago, or too far ahead.
    SignatureStale {
        seconds: u32,
        late: bool,
        window: Duration,
    },
    /// Signed with a key that is not configured.
    SignatureKeyUnknown(u8),
    /// The signature does not fit, key and packet.
    SignatureWrong(u8),
    /// Signed no later than an advert that was heard already.
    SignatureReplayed,
    /// The sender's clock is nearly too far from ours; the packet is not dropped.
    ClockSkew { seconds: u32, window: Duration },
}

impl ProofComplaint {
    /// A small number for each kind, different from those of other complaints.
    pub(crate) const fn kind(&self) -> u32 {
        match self {
            Self::HeaderReceived | Self::HeaderMissing => 17,
            Self::HeaderCode => 18,
            Self::HeaderIndex(_) => 19,
            Self::HeaderSequence { .. } => 20,
            Self::SignatureMissing => 21,
            Self::SignatureMalformed => 22,
            Self::SignatureStale { .. } => 23,
            Self::SignatureKeyUnknown(_) => 24,
            Self::SignatureWrong(_) => 25,
            Self::SignatureReplayed => 26,
            Self::ClockSkew { .. } => 27,
        }
    }

    /// The lines about authentication headers, in the original's words, and about signatures, which
    /// 2.2.7 does not have.
    pub(super) fn describe(
        &self,
        f: &mut fmt::Formatter<'_>,
        name: &str,
        from: IpAddr,
    ) -> fmt::Result {
        match self {
            Self::HeaderReceived => write!(
                f,
                "({name}) Received AH header but auth type not AH from {from}"
            ),
            Self::HeaderMissing => {
                write!(f, "({name}) No AH header but auth type is AH from {from}")
            }
            Self::HeaderCode => write!(
                f,
                "({name}) IPSEC-AH : invalid IPSEC HMAC-MD5 value. Due to fields mutation or bad password !"
            ),
            Self::HeaderIndex(index) => write!(
                f,
                "({name}) IPSEC AH : invalid IPSEC SPI value. {from} and expect {index}"
            ),
            Self::HeaderSequence { received, ours } => write!(
                f,
                "({name}) IPSEC-AH : sequence number {received} already processed. Packet dropped. Local({ours})"
            ),
            Self::SignatureMissing => write!(f, "({name}) advert from {from} is not signed"),
            Self::SignatureMalformed => {
                write!(f, "({name}) advert from {from} has a malformed signature")
            }
            Self::SignatureStale {
                seconds,
                late,
                window,
            } => write!(
                f,
                "({name}) advert from {from} was signed {seconds} s {} by our clock, time_window is {} s - compare the clocks",
                if *late { "ago" } else { "ahead" },
                window.as_secs()
            ),
            Self::SignatureKeyUnknown(id) => write!(
                f,
                "({name}) advert from {from} is signed with key {id}, which is not configured"
            ),
            Self::SignatureWrong(id) => write!(
                f,
                "({name}) advert from {from} has a wrong signature - key {id} differs, or it is forged"
            ),
            Self::SignatureReplayed => write!(
                f,
                "({name}) advert from {from} was signed before one that was heard already"
            ),
            Self::ClockSkew { seconds, window } => write!(
                f,
                "({name}) clock of {from} is {seconds} s from ours, time_window is {} s",
                window.as_secs()
            ),
        }
    }
}
