//! Expressions of `nf_tables` rules, as data and as bytes. Pure.

use crate::netlink::builder::MessageBuilder;

/// A register of 16 bytes. Those with consecutive numbers lie side by side, so that a key may be
/// longer than one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Register {
    One = 1,
    Two = 2,
}

/// Where a payload offset counts from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Header {
    Network = 1,
    Transport = 2,
}

/// What is known of a packet beside its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meta {
    InputIndex = 4,
    OutputIndex = 5,
    InputName = 6,
    OutputName = 7,
    Protocol = 16,
    OutputKind = 27,
}

/// One step of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Expression {
    /// Bytes of the packet into a register.
    Payload {
        to: Register,
        header: Header,
        offset: u32,
        length: u32,
    },
    /// A fact about the packet into a register.
    Meta { to: Register, key: Meta },
    /// Goes on if the register begins with these bytes.
    Equal { register: Register, value: Vec<u8> },
    /// Register 1 with a mask of 16 bytes.
    Mask { value: [u8; 16] },
    /// Goes on if the set has the register's content.
    Member {
        register: Register,
        set: &'static str,
    },
    /// The value of a map for the register's content, into the same register; ends without one.
    Map {
        register: Register,
        map: &'static str,
    },
    /// Sends a copy to the address in register 1 through the interface in register 2.
    Duplicate,
    /// Counts.
    Counter,
    /// Ends the rule.
    Verdict(Verdict),
}

/// What becomes of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Drop,
    Accept,
    GoTo(&'static str),
}

impl Expression {
    /// Appends the expression to the list of a rule.
    pub(super) fn emit(&self, list: &mut MessageBuilder) {
        list.nested(NESTED | LIST_ELEMENT, |element| {
            element.text(1, self.name());
            element.nested(NESTED | 2, |data| self.emit_data(data));
        });
    }

    const fn name(&self) -> &'static str {
        match self {
            Self::Payload { .. } => "payload",
            Self::Meta { .. } => "meta",
            Self::Equal { .. } => "cmp",
            Self::Mask { .. } => "bitwise",
            Self::Member { .. } | Self::Map { .. } => "lookup",
            Self::Duplicate => "dup",
            Self::Counter => "counter",
            Self::Verdict(_) => "immediate",
        }
    }

    fn emit_data(&self, data: &mut MessageBuilder) {
        match self {
            Self::Payload {
                to,
                header,
                offset,
                length,
            } => {
                data.network_number(1, *to as u32)
                    .network_number(2, *header as u32)
                    .network_number(3, *offset)
                    .network_number(4, *length);
            }
            Self::Meta { to, key } => {
                data.network_number(2, *key as u32)
                    .network_number(1, *to as u32);
            }
            Self::Equal { register, value } => {
                data.network_number(1, *register as u32)
                    .network_number(2, COMPARE_EQUAL);
                emit_value(data, 3, value);
            }
            Self::Mask { value } => {
                let one = Register::One as u32;
                data.network_number(1, one)
                    .network_number(2, one)
                    .network_number(3, 16);
                emit_value(data, 4, value);
                emit_value(data, 5, &[0; 16]);
            }
            Self::Member { register, set } => {
                data.network_number(2, *register as u32).text(1, set);
            }
            Self::Map { register, map } => {
                data.network_number(2, *register as u32)
                    .network_number(3, *register as u32)
                    .text(1, map);
            }
            Self::Duplicate => {
                data.network_number(1, Register::One as u32)
                    .network_number(2, Register::Two as u32);
            }
            Self::Counter => {
                data.attribute(1, &[0; 8]).attribute(2, &[0; 8]);
            }
            Self::Verdict(verdict) => emit_verdict(data, *verdict),
        }
    }
}

/// Bytes as the data of an expression or set element.
pub(super) fn emit_value(message: &mut MessageBuilder, kind: u16, value: &[u8]) {
    message.nested(NESTED | kind, |data| {
        data.attribute(1, value);
    });
}

fn emit_verdict(data: &mut MessageBuilder, verdict: Verdict) {
    data.network_number(1, VERDICT_REGISTER);
    data.nested(NESTED | 2, |value| {
        value.nested(NESTED | 2, |content| {
            let code: i32 = match verdict {
                Verdict::Drop => 0,
                Verdict::Accept => 1,
                Verdict::GoTo(_) => -4,
            };
            content.attribute(1, &code.to_be_bytes());
            if let Verdict::GoTo(chain) = verdict {
                content.text(2, chain);
            }
        });
    });
}

/// `NLA_F_NESTED`.
pub(super) const NESTED: u16 = 0x8000;
/// `NFTA_LIST_ELEM`.
pub(super) const LIST_ELEMENT: u16 = 1;
const COMPARE_EQUAL: u32 = 0;
const VERDICT_REGISTER: u32 = 0;
