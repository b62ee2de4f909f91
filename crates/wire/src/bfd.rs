//! Control packets of bidirectional forwarding detection (RFC 5880 4.1).
//!
//! Decoding checks what can be checked without a session (RFC 5880 6.8.6, first steps); whom a
//! packet belongs to and whether it came far is decided elsewhere.

use std::fmt;

use thiserror::Error;

/// Length of a control packet without authentication.
pub const BFD_CONTROL_LEN: usize = 24;

const VERSION: u8 = 1;
/// Length of the smallest packet with an authentication section.
const AUTHENTICATED_LEN: u8 = 26;

const POLL: u8 = 0x20;
const FINAL: u8 = 0x10;
const AUTHENTICATION: u8 = 0x04;
const DEMAND: u8 = 0x02;
const MULTIPOINT: u8 = 0x01;

/// State of a session (RFC 5880 4.1); [`fmt::Display`] gives keepalived's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BfdState {
    /// Taken out of service by its operator.
    AdminDown,
    /// Nothing heard, or nothing good.
    Down,
    /// The other end is heard, but does not hear us yet.
    Init,
    /// Both ends hear each other.
    Up,
}

impl BfdState {
    const fn from_bits(bits: u8) -> Self {
        match bits & 3 {
            0 => Self::AdminDown,
            1 => Self::Down,
            2 => Self::Init,
            _ => Self::Up,
        }
    }

    const fn to_bits(self) -> u8 {
        match self {
            Self::AdminDown => 0,
            Self::Down => 1,
            Self::Init => 2,
            Self::Up => 3,
        }
    }
}

impl fmt::Display for BfdState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AdminDown => "AdminDown",
            Self::Down => "Down",
            Self::Init => "Init",
            Self::Up => "Up",
        })
    }
}

/// Why a session left its last state (RFC 5880 4.1), as five bits; [`fmt::Display`] gives the words
/// of the standard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BfdDiagnostic(u8);

impl BfdDiagnostic {
    /// Nothing to tell.
    pub const NONE: Self = Self(0);
    /// No packet came for the detection time.
    pub const EXPIRED: Self = Self(1);
    /// The other end said that it is down.
    pub const NEIGHBOR_DOWN: Self = Self(3);

    /// The number on the wire, 0 to 31.
    #[must_use]
    pub const fn code(self) -> u8 {
        self.0
    }
}

impl fmt::Display for BfdDiagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            0 => "No Diagnostic",
            1 => "Control Detection Time Expired",
            2 => "Echo Function Failed",
            3 => "Neighbor Signaled Session Down",
            4 => "Forwarding Plane Reset",
            5 => "Path Down",
            6 => "Concatenated Path Down",
            7 => "Administratively Down",
            8 => "Reverse Concatenated Path Down",
            code => return write!(f, "Reserved ({code})"),
        })
    }
}

/// A control packet. Intervals are microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BfdPacket {
    /// State of the sender.
    pub state: BfdState,
    /// Why the sender left its last state.
    pub diagnostic: BfdDiagnostic,
    /// The sender asks for an answer.
    pub poll: bool,
    /// The answer to a poll.
    pub is_final: bool,
    /// An authentication section follows.
    pub authentication: bool,
    /// The sender wishes to be left alone while both ends are up.
    pub demand: bool,
    /// Packets that may be missed, never 0 in what was decoded.
    pub multiplier: u8,
    /// The sender's name for the session, never 0 in what was decoded.
    pub my_discriminator: u32,
    /// The receiver's name for the session; 0 when the sender does not know it.
    pub your_discriminator: u32,
    /// In which interval the sender would like to send.
    pub desired_min_tx: u32,
    /// In which interval the sender can receive; 0: not at all.
    pub required_min_rx: u32,
    /// In which interval the sender can receive echoes; 0: not at all.
    pub required_min_echo_rx: u32,
}

/// Why bytes are no control packet; the texts are keepalived's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum BadBfdPacket {
    /// Shorter than the mandatory section.
    #[error("Packet is too small: {0} bytes")]
    TooShort(usize),
    /// Not version 1.
    #[error("Packet is of unsupported version: {0}")]
    Version(u8),
    /// The length field is not the length of the packet, or too small for what it announces.
    #[error("Packet size mismatch: length field: {field} bytes, buffer size: {received} bytes")]
    Length {
        /// What the packet says.
        field: u8,
        /// How many bytes came.
        received: usize,
    },
    /// It would be down at once, always.
    #[error("Packet 'detection multiplier' field is zero")]
    NoMultiplier,
    /// For an extension that has not been made.
    #[error("Packet has 'multipoint' flag")]
    Multipoint,
    /// The sender has no name for the session.
    #[error("Packet 'my discriminator' field is zero")]
    NoSender,
    /// A sender that is up, or nearly, knows our name for the session.
    #[error("Packet 'your discriminator' field is zero and 'state' field is not Down or AdminDown")]
    NoReceiver,
    /// An answer is no question.
    #[error("Packet has both poll and final  flags set")]
    PollAndFinal,
}

impl BfdPacket {
    /// Its bytes. The authentication section, if any, is left out.
    #[must_use]
    pub fn encode(&self) -> [u8; BFD_CONTROL_LEN] {
        let flag = |set: bool, bit: u8| if set { bit } else { 0 };
        let mut bytes = [0; BFD_CONTROL_LEN];
        bytes[0] = VERSION << 5 | self.diagnostic.0;
        bytes[1] = self.state.to_bits() << 6
            | flag(self.poll, POLL)
            | flag(self.is_final, FINAL)
            | flag(self.authentication, AUTHENTICATION)
            | flag(self.demand, DEMAND);
        bytes[2] = self.multiplier;
        bytes[3] = 24; // BFD_CONTROL_LEN
        let words = [
            self.my_discriminator,
            self.your_discriminator,
            self.desired_min_tx,
            self.required_min_rx,
            self.required_min_echo_rx,
        ];
        for (field, word) in bytes[4..].chunks_exact_mut(4).zip(words) {
            field.copy_from_slice(&word.to_be_bytes());
        }
        bytes
    }

    /// Reads a packet, all bytes of a datagram.
    ///
    /// # Errors
    /// When RFC 5880 6.8.6 wants it discarded whatever session it is for. As in keepalived the
    /// length field has to be the length of the datagram.
    pub fn decode(bytes: &[u8]) -> Result<Self, BadBfdPacket> {
        let Some(header) = bytes.first_chunk::<BFD_CONTROL_LEN>() else {
            return Err(BadBfdPacket::TooShort(bytes.len()));
        };
        let word = |at: usize| {
            u32::from_be_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]])
        };
        let [first, flags, multiplier, length, ..] = *header;
        let packet = Self {
            state: BfdState::from_bits(flags >> 6),
            diagnostic: BfdDiagnostic(first & 0x1f),
            poll: flags & POLL != 0,
            is_final: flags & FINAL != 0,
            authentication: flags & AUTHENTICATION != 0,
            demand: flags & DEMAND != 0,
            multiplier,
            my_discriminator: word(4),
            your_discriminator: word(8),
            desired_min_tx: word(12),
            required_min_rx: word(16),
            required_min_echo_rx: word(20),
        };
        if first >> 5 != VERSION {
            return Err(BadBfdPacket::Version(first >> 5));
        }
        let too_small = packet.authentication && length < AUTHENTICATED_LEN;
        if usize::from(length) != bytes.len() || too_small {
            let received = bytes.len();
            return Err(BadBfdPacket::Length {
                field: length,
                received,
            });
        }
        packet.plausible(flags)
    }

    fn plausible(self, flags: u8) -> Result<Self, BadBfdPacket> {
        if self.multiplier == 0 {
            Err(BadBfdPacket::NoMultiplier)
        } else if flags & MULTIPOINT != 0 {
            Err(BadBfdPacket::Multipoint)
        } else if self.my_discriminator == 0 {
            Err(BadBfdPacket::NoSender)
        } else if self.your_discriminator == 0
            && matches!(self.state, BfdState::Init | BfdState::Up)
        {
            Err(BadBfdPacket::NoReceiver)
        } else if self.poll && self.is_final {
            Err(BadBfdPacket::PollAndFinal)
        } else {
            Ok(self)
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sample() -> BfdPacket {
        BfdPacket {
            state: BfdState::Up,
            diagnostic: BfdDiagnostic::NONE,
            poll: true,
            is_final: false,
            authentication: false,
            demand: false,
            multiplier: 4,
            my_discriminator: 0xe19d_ced3,
            your_discriminator: 0xaa86_59c5,
            desired_min_tx: 60_000,
            required_min_rx: 80_000,
            required_min_echo_rx: 0,
        }
    }

    /// As keepalived 2.2.7 sent it.
    const SEEN: [u8; BFD_CONTROL_LEN] = [
        0x20, 0xe0, 4, 24, 0xe1, 0x9d, 0xce, 0xd3, 0xaa, 0x86, 0x59, 0xc5, 0, 0, 0xea, 0x60, 0, 1,
        0x38, 0x80, 0, 0, 0, 0,
    ];

    #[test]
    fn bytes_are_those_of_keepalived() {
        assert_eq!(sample().encode(), SEEN);
        assert_eq!(BfdPacket::decode(&SEEN), Ok(sample()));
    }

    #[test]
    fn each_rule_of_the_standard_refuses_its_packet() {
        let check = |change: &dyn Fn(&mut Vec<u8>), expected: BadBfdPacket| {
            let mut bytes = SEEN.to_vec();
            change(&mut bytes);
            assert_eq!(BfdPacket::decode(&bytes), Err(expected));
        };
        check(&|b| b.truncate(23), BadBfdPacket::TooShort(23));
        check(&|b| b[0] = 0, BadBfdPacket::Version(0));
        check(&|b| b[0] = 2 << 5, BadBfdPacket::Version(2));
        let mismatch = |field, received| BadBfdPacket::Length { field, received };
        check(&|b| b[3] = 23, mismatch(23, 24));
        check(&|b| b[3] = 25, mismatch(25, 24));
        check(&|b| b.push(0), mismatch(24, 25));
        check(&|b| b[1] |= AUTHENTICATION, mismatch(24, 24));
        check(&|b| b[2] = 0, BadBfdPacket::NoMultiplier);
        check(&|b| b[1] |= MULTIPOINT, BadBfdPacket::Multipoint);
        check(&|b| b[4..8].fill(0), BadBfdPacket::NoSender);
        check(&|b| b[8..12].fill(0), BadBfdPacket::NoReceiver);
        check(&|b| b[1] |= FINAL, BadBfdPacket::PollAndFinal);
    }

    #[test]
    fn a_sender_that_is_down_need_not_know_the_receiver() {
        for state in [BfdState::Down, BfdState::AdminDown] {
            let packet = BfdPacket {
                state,
                your_discriminator: 0,
                ..sample()
            };
            assert_eq!(BfdPacket::decode(&packet.encode()), Ok(packet));
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_refused_or_come_back(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            if let Ok(packet) = BfdPacket::decode(&bytes) {
                if !packet.authentication {
                    let mut expected = bytes;
                    expected[1] &= !0x08; // "control plane independent" says nothing to us
                    prop_assert_eq!(&packet.encode()[..], &expected[..]);
                }
            }
        }
    }
}
