//! Bytes from a master agent.

use thiserror::Error;

use crate::query::Query;
use crate::{Oid, Value, VarBind};

/// Bytes that are not AgentX.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Malformed {
    /// A part goes on beyond the end.
    #[error("a message of the AgentX master is cut short")]
    Short,
    /// Another version than 1.
    #[error("the AgentX master speaks version {0}")]
    Version(u8),
    /// A message that is longer than any that is needed.
    #[error("the AgentX master announces a message of {0} bytes")]
    Length(u32),
    /// A value of no known type.
    #[error("the AgentX master sent a value of type {0}")]
    ValueType(u16),
    /// A name of more parts than the protocol allows (RFC 2741, 5.1).
    #[error("the AgentX master sent a name of {0} parts")]
    Name(usize),
}

/// The flag that says that numbers stand in network order (RFC 2741, 6.1).
pub(crate) const NETWORK_BYTE_ORDER: u8 = 1 << 4;
/// The flag that says that a context stands in front.
const NON_DEFAULT_CONTEXT: u8 = 1 << 3;

/// What a message is (RFC 2741, 6.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeaderKind {
    /// The master ends the session.
    Close,
    /// Values are asked for.
    Get,
    /// The values behind some names are asked for.
    GetNext,
    /// The same, many times.
    GetBulk,
    /// Values are to be set: may they?
    TestSet,
    /// Values are to be set now.
    CommitSet,
    /// Values are to be set back.
    UndoSet,
    /// A set is over.
    CleanupSet,
    /// An answer.
    Response,
    /// A message that a master does not send.
    Other(u8),
}

/// The fixed part in front of each message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// What it is.
    pub kind: HeaderKind,
    /// Flags.
    pub flags: u8,
    /// Which session it belongs to.
    pub session: u32,
    /// Which SNMP request.
    pub transaction: u32,
    /// Which message is answered.
    pub packet: u32,
    /// Bytes behind the header.
    pub length: u32,
}

impl Header {
    /// Bytes of a header.
    pub const LEN: usize = 20;

    /// The longest message that is read: more than fits into any SNMP request.
    pub const MAX_LENGTH: u32 = 256 * 1024;

    /// Reads a header.
    ///
    /// # Errors
    /// When it is not one, or is one of a message that nobody needs.
    pub fn parse(bytes: &[u8]) -> Result<Self, Malformed> {
        let [version, kind, flags, ..] = *bytes else {
            return Err(Malformed::Short);
        };
        if version != 1 {
            return Err(Malformed::Version(version));
        }
        let mut reader = Reader::new(bytes, flags);
        reader.skip(4)?;
        let header = Self {
            kind: HeaderKind::of(kind),
            flags,
            session: reader.number()?,
            transaction: reader.number()?,
            packet: reader.number()?,
            length: reader.number()?,
        };
        if header.length > Self::MAX_LENGTH {
            return Err(Malformed::Length(header.length));
        }
        Ok(header)
    }
}

impl HeaderKind {
    const fn of(number: u8) -> Self {
        match number {
            2 => Self::Close,
            5 => Self::Get,
            6 => Self::GetNext,
            7 => Self::GetBulk,
            8 => Self::TestSet,
            9 => Self::CommitSet,
            10 => Self::UndoSet,
            11 => Self::CleanupSet,
            18 => Self::Response,
            other => Self::Other(other),
        }
    }
}

/// The answer to something that we have asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Answer {
    /// 0, or what is wrong.
    pub(crate) error: u16,
}

pub(crate) fn answer(header: &Header, payload: &[u8]) -> Result<Answer, Malformed> {
    let mut reader = Reader::new(payload, header.flags);
    reader.skip(4)?; // How long the master has been up.
    Ok(Answer {
        error: reader.half()?,
    })
}

/// What a question of these kinds asks for; the first value that is to be set counts as a name.
pub(crate) fn query(header: &Header, payload: &[u8]) -> Result<Query, Malformed> {
    let mut reader = Reader::new(payload, header.flags);
    reader.context(header.flags)?;
    let bulk = if header.kind == HeaderKind::GetBulk {
        Some((reader.half()?, reader.half()?))
    } else {
        None
    };
    let mut ranges = Vec::new();
    while !reader.is_empty() {
        let (start, inclusive) = reader.oid()?;
        let (end, _) = reader.oid()?;
        ranges.push(crate::query::Range {
            start,
            inclusive,
            end,
        });
    }
    Ok(Query::new(*header, bulk, ranges))
}

/// The values that are to be set.
pub(crate) fn bindings(header: &Header, payload: &[u8]) -> Result<Vec<VarBind>, Malformed> {
    let mut reader = Reader::new(payload, header.flags);
    reader.context(header.flags)?;
    let mut bindings = Vec::new();
    while !reader.is_empty() {
        bindings.push(reader.binding()?);
    }
    Ok(bindings)
}

/// Reads from the front.
struct Reader<'a> {
    rest: &'a [u8],
    is_network_order: bool,
}

impl<'a> Reader<'a> {
    const fn new(rest: &'a [u8], flags: u8) -> Self {
        Self {
            rest,
            is_network_order: flags & NETWORK_BYTE_ORDER != 0,
        }
    }

    const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let (taken, rest) = self.rest.split_first_chunk().ok_or(Malformed::Short)?;
        self.rest = rest;
        Ok(*taken)
    }

    fn skip(&mut self, bytes: usize) -> Result<&'a [u8], Malformed> {
        let (skipped, rest) = self.rest.split_at_checked(bytes).ok_or(Malformed::Short)?;
        self.rest = rest;
        Ok(skipped)
    }

    fn half(&mut self) -> Result<u16, Malformed> {
        let bytes = self.take()?;
        Ok(if self.is_network_order {
            u16::from_be_bytes(bytes)
        } else {
            u16::from_le_bytes(bytes)
        })
    }

    fn number(&mut self) -> Result<u32, Malformed> {
        let bytes = self.take()?;
        Ok(if self.is_network_order {
            u32::from_be_bytes(bytes)
        } else {
            u32::from_le_bytes(bytes)
        })
    }

    fn long(&mut self) -> Result<u64, Malformed> {
        let bytes = self.take()?;
        Ok(if self.is_network_order {
            u64::from_be_bytes(bytes)
        } else {
            u64::from_le_bytes(bytes)
        })
    }

    /// An identifier and its "include" field (RFC 2741, 5.1).
    fn oid(&mut self) -> Result<(Oid, bool), Malformed> {
        let [count, prefix, include, _] = self.take()?;
        let mut parts = Vec::new();
        if prefix != 0 {
            parts.extend([1, 3, 6, 1, u32::from(prefix)]);
        }
        for _ in 0..count {
            parts.push(self.number()?);
        }
        // Cut to what is allowed it would be another name.
        if parts.len() > Oid::MAX_LEN {
            return Err(Malformed::Name(parts.len()));
        }
        Ok((Oid::new(&parts), include != 0))
    }

    /// An octet string with what fills it up to four bytes (RFC 2741, 5.3).
    fn octets(&mut self) -> Result<&'a [u8], Malformed> {
        let length = usize::try_from(self.number()?).map_err(|_| Malformed::Short)?;
        let octets = self.skip(length)?;
        self.skip(length.wrapping_neg() % 4)?;
        Ok(octets)
    }

    fn context(&mut self, flags: u8) -> Result<(), Malformed> {
        if flags & NON_DEFAULT_CONTEXT != 0 {
            self.octets()?;
        }
        Ok(())
    }

    fn binding(&mut self) -> Result<VarBind, Malformed> {
        let kind = self.half()?;
        self.skip(2)?;
        let (name, _) = self.oid()?;
        let value = match kind {
            2 => Value::Integer(i32::from_ne_bytes(self.number()?.to_ne_bytes())),
            4 => Value::Octets(self.octets()?.to_vec()),
            5 => Value::NoSuchInstance, // A null value; nothing is ever done with it.
            6 => Value::Object(self.oid()?.0),
            64 => {
                let octets = self.octets()?;
                Value::Address(octets.try_into().map_err(|_| Malformed::Short)?)
            }
            65 => Value::Counter32(self.number()?),
            66 => Value::Gauge32(self.number()?),
            67 => Value::Ticks(self.number()?),
            68 => Value::Octets(self.octets()?.to_vec()),
            70 => Value::Counter64(self.long()?),
            128 => Value::NoSuchObject,
            129 => Value::NoSuchInstance,
            130 => Value::EndOfView,
            other => return Err(Malformed::ValueType(other)),
        };
        Ok(VarBind { name, value })
    }
}
