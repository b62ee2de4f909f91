//! Bytes to a master agent, always in network order.

use crate::decode::{Header, NETWORK_BYTE_ORDER};
use crate::{Oid, Value, VarBind};

/// What a message is (RFC 2741, 6.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Open = 1,
    Close = 2,
    Register = 3,
    Notify = 12,
    Ping = 13,
    AddCapabilities = 16,
    Response = 18,
}

/// What a message belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Numbers {
    pub(crate) session: u32,
    pub(crate) transaction: u32,
    pub(crate) packet: u32,
}

impl Numbers {
    /// Those of what is answered.
    pub(crate) const fn of(header: &Header) -> Self {
        Self {
            session: header.session,
            transaction: header.transaction,
            packet: header.packet,
        }
    }
}

/// A message under construction.
pub(crate) struct Message(Vec<u8>);

impl Message {
    pub(crate) fn new(kind: Kind, numbers: Numbers) -> Self {
        let mut message = Self(vec![1, kind as u8, NETWORK_BYTE_ORDER, 0]);
        message.number(numbers.session);
        message.number(numbers.transaction);
        message.number(numbers.packet);
        message.number(0);
        message
    }

    /// The whole message, its length filled in.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        let payload = self.0.len() - Header::LEN;
        let length = u32::try_from(payload).unwrap_or(u32::MAX).to_be_bytes();
        self.0[Header::LEN - 4..Header::LEN].copy_from_slice(&length);
        self.0
    }

    /// Bytes up to now.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn byte_and_padding(&mut self, byte: u8) {
        self.0.extend([byte, 0, 0, 0]);
    }

    pub(crate) fn bytes(&mut self, bytes: [u8; 4]) {
        self.0.extend(bytes);
    }

    pub(crate) fn half(&mut self, half: u16) {
        self.0.extend(half.to_be_bytes());
    }

    pub(crate) fn number(&mut self, number: u32) {
        self.0.extend(number.to_be_bytes());
    }

    pub(crate) fn octets(&mut self, octets: &[u8]) {
        self.number(u32::try_from(octets.len()).unwrap_or(u32::MAX));
        self.0.extend(octets);
        self.0.extend(&[0; 3][..octets.len().wrapping_neg() % 4]);
    }

    /// An identifier, in the short form where there is one.
    pub(crate) fn oid(&mut self, oid: &Oid) {
        let (prefix, parts) = match oid.parts() {
            [1, 3, 6, 1, prefix @ 1..=255, rest @ ..] => (*prefix, rest),
            parts => (0, parts),
        };
        let count = u8::try_from(parts.len()).unwrap_or(u8::MAX);
        self.bytes([count, u8::try_from(prefix).unwrap_or(0), 0, 0]);
        for part in parts {
            self.number(*part);
        }
    }

    pub(crate) fn binding(&mut self, binding: &VarBind) {
        self.half(binding.value.kind());
        self.half(0);
        self.oid(&binding.name);
        match &binding.value {
            Value::Integer(number) => self.bytes(number.to_be_bytes()),
            Value::Octets(octets) => self.octets(octets),
            Value::Object(oid) => self.oid(oid),
            Value::Address(octets) => self.octets(octets),
            Value::Counter32(number) | Value::Gauge32(number) | Value::Ticks(number) => {
                self.number(*number);
            }
            Value::Counter64(number) => self.0.extend(number.to_be_bytes()),
            Value::NoSuchObject | Value::NoSuchInstance | Value::EndOfView => {}
        }
    }
}

impl Value {
    /// Its type's number (RFC 2741, 5.4).
    const fn kind(&self) -> u16 {
        match self {
            Self::Integer(_) => 2,
            Self::Octets(_) => 4,
            Self::Object(_) => 6,
            Self::Address(_) => 64,
            Self::Counter32(_) => 65,
            Self::Gauge32(_) => 66,
            Self::Ticks(_) => 67,
            Self::Counter64(_) => 70,
            Self::NoSuchObject => 128,
            Self::NoSuchInstance => 129,
            Self::EndOfView => 130,
        }
    }
}

/// An answer without values: 0 for success, or an error and which value it is about, from 1 on.
pub(crate) fn status(header: &Header, error: u16, index: u16) -> Vec<u8> {
    response(header, error, index).finish()
}

/// An answer to which values can be added.
pub(crate) fn response(header: &Header, error: u16, index: u16) -> Message {
    let mut message = Message::new(Kind::Response, Numbers::of(header));
    message.number(0); // How long the system has been up is the master's to say.
    message.half(error);
    message.half(index);
    message
}
