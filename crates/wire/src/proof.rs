//! Which of the two ways, if any, proves who sent an advert.

use crate::{HeaderKey, PacketBuffer, Sequence, SigningKey};

/// How receivers can tell who sent an advert, beyond what the packet itself says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Proof {
    /// They cannot.
    #[default]
    None,
    /// By an authentication header before the packet.
    Header(HeaderKey),
    /// By a signature behind it.
    Signature(SigningKey),
}

impl PacketBuffer {
    /// Adds the proof for one sending; everything else is set before. An authentication header has
    /// the low 32 bits of the sequence.
    pub fn prove(&mut self, proof: &Proof, sequence: u64) {
        match proof {
            Proof::None => {}
            Proof::Header(key) => self.seal(key, low_half(sequence)),
            Proof::Signature(key) => self.sign(key, Sequence(sequence)),
        }
    }
}

fn low_half(sequence: u64) -> u32 {
    u32::try_from(sequence & u64::from(u32::MAX)).unwrap_or(u32::MAX)
}
