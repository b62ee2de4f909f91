//! A transaction of `nf_tables`: all of it is done, or nothing. Pure.

use super::expression::{Expression, LIST_ELEMENT, NESTED, emit_value};
use crate::netlink::builder::MessageBuilder;

/// Address family of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Family {
    /// `ip`.
    Ipv4,
    /// `ip6`.
    Ipv6,
}

impl Family {
    const fn number(self) -> u8 {
        match self {
            Self::Ipv4 => 2,
            Self::Ipv6 => 10,
        }
    }
}

/// Where a base chain is hooked in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hook {
    Input = 1,
    Output = 3,
}

/// Types of set keys and map values: numbers that only `nft` understands, so that it can show them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum KeyType {
    Ipv4Address,
    Ipv6Address,
    InterfaceIndex,
    Icmpv6Type,
    /// An IPv6 address and an interface index.
    Ipv6AddressOnIndex,
    /// An IPv6 address and an interface name.
    Ipv6AddressOnName,
}

impl KeyType {
    /// Number and length in bytes.
    const fn number_and_length(self) -> (u32, u32) {
        match self {
            Self::Ipv4Address => (7, 4),
            Self::Ipv6Address => (8, 16),
            Self::InterfaceIndex => (20, 4),
            Self::Icmpv6Type => (29, 1),
            // Of a concatenation each type has six bits.
            Self::Ipv6AddressOnIndex => (8 << 6 | 20, 20),
            Self::Ipv6AddressOnName => (8 << 6 | 41, 32),
        }
    }
}

/// A set or map to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Set {
    pub(super) name: &'static str,
    pub(super) key: KeyType,
    /// The values of a map.
    pub(super) value: Option<KeyType>,
    pub(super) constant: bool,
}

/// An element of a set or map.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Element {
    pub(super) key: Vec<u8>,
    pub(super) value: Option<Vec<u8>>,
}

/// Messages between "begin" and "end". Their sequence numbers count up from that of the first.
#[derive(Debug)]
pub(super) struct Batch<'a> {
    table: &'a str,
    bytes: Vec<u8>,
    sequence: u32,
    empty: bool,
}

impl<'a> Batch<'a> {
    /// Begins a transaction about a table.
    pub(super) fn new(table: &'a str, sequence: u32) -> Self {
        let mut batch = Self {
            table,
            bytes: Vec::new(),
            sequence,
            empty: true,
        };
        batch.bytes.extend(bracket(BATCH_BEGIN, sequence));
        batch
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.empty
    }

    /// The bytes, and the last sequence number used.
    pub(super) fn finish(mut self) -> (Vec<u8>, u32) {
        let last = self.sequence.wrapping_add(1);
        self.bytes.extend(bracket(BATCH_END, last));
        (self.bytes, last)
    }

    pub(super) fn add_table(&mut self, family: Family) {
        self.push(NEW_TABLE, CREATE, family, |message, table| {
            message.text(1, table);
        });
    }

    pub(super) fn delete_table(&mut self, family: Family) {
        self.push(DELETE_TABLE, 0, family, |message, table| {
            message.text(1, table);
        });
    }

    /// Deletes a table that is not the one of the transaction.
    pub(super) fn delete_table_named(&mut self, family: Family, name: &str) {
        self.push(DELETE_TABLE, 0, family, |message, _| {
            message.text(1, name);
        });
    }

    /// A chain that packets come to at a hook.
    pub(super) fn add_base_chain(&mut self, family: Family, name: &str, hook: Hook, priority: i32) {
        self.push(NEW_CHAIN, CREATE, family, |message, table| {
            message.text(1, table).text(3, name);
            message.nested(NESTED | 4, |content| {
                content
                    .network_number(1, hook as u32)
                    .attribute(2, &priority.to_be_bytes());
            });
            message.network_number(5, POLICY_ACCEPT).text(7, "filter");
        });
    }

    /// A chain that rules send packets to.
    pub(super) fn add_chain(&mut self, family: Family, name: &str) {
        self.push(NEW_CHAIN, CREATE, family, |message, table| {
            message.text(1, table).text(3, name);
        });
    }

    pub(super) fn add_set(&mut self, family: Family, set: Set) {
        let id = self.sequence;
        self.push(NEW_SET, CREATE, family, |message, table| {
            let (number, length) = set.key.number_and_length();
            let constant = if set.constant { FLAG_CONSTANT } else { 0 };
            let map = if set.value.is_some() { FLAG_MAP } else { 0 };
            message
                .text(1, table)
                .text(2, set.name)
                .network_number(3, constant | map)
                .network_number(4, number)
                .network_number(5, length)
                .network_number(10, id);
            if let Some(value) = set.value {
                let (number, length) = value.number_and_length();
                message.network_number(6, number).network_number(7, length);
            }
            let notes = byte_orders(&set);
            if !notes.is_empty() {
                message.attribute(13, &notes);
            }
        });
    }

    pub(super) fn add_rule(&mut self, family: Family, chain: &str, expressions: &[Expression]) {
        self.push(NEW_RULE, CREATE | APPEND, family, |message, table| {
            message.text(1, table).text(2, chain);
            message.nested(NESTED | 4, |list| {
                for expression in expressions {
                    expression.emit(list);
                }
            });
        });
    }

    pub(super) fn add_elements(&mut self, family: Family, set: &str, elements: &[Element]) {
        self.elements(NEW_ELEMENT, CREATE, family, set, elements);
    }

    pub(super) fn remove_elements(&mut self, family: Family, set: &str, elements: &[Element]) {
        self.elements(DELETE_ELEMENT, 0, family, set, elements);
    }

    fn elements(&mut self, kind: u16, flags: u16, family: Family, set: &str, all: &[Element]) {
        for chunk in all.chunks(ELEMENTS_PER_MESSAGE) {
            self.push(kind, flags, family, |message, table| {
                message.text(1, table).text(2, set);
                message.nested(NESTED | 3, |list| {
                    for element in chunk {
                        list.nested(NESTED | LIST_ELEMENT, |content| {
                            emit_value(content, 1, &element.key);
                            if let Some(value) = &element.value {
                                emit_value(content, 2, value);
                            }
                        });
                    }
                });
            });
        }
    }

    fn push(
        &mut self,
        kind: u16,
        flags: u16,
        family: Family,
        content: impl FnOnce(&mut MessageBuilder, &str),
    ) {
        self.empty = false;
        self.sequence = self.sequence.wrapping_add(1);
        let mut message = MessageBuilder::new(
            SUBSYSTEM << 8 | kind,
            REQUEST | flags,
            self.sequence,
            &[family.number(), 0, 0, 0],
        );
        content(&mut message, self.table);
        self.bytes.extend(message.finish());
    }
}

/// Notes for `nft`, which otherwise shows numbers in host byte order the wrong way round: type,
/// length, value.
fn byte_orders(set: &Set) -> Vec<u8> {
    let note = |kind: u8, of: Option<KeyType>| {
        let mut note = vec![kind, 4];
        note.extend(HOST_BYTE_ORDER.to_ne_bytes());
        (of == Some(KeyType::InterfaceIndex)).then_some(note)
    };
    [note(0, Some(set.key)), note(1, set.value)]
        .into_iter()
        .flatten()
        .flatten()
        .collect()
}

/// The message that begins or ends a transaction.
fn bracket(kind: u16, sequence: u32) -> Vec<u8> {
    let [high, low] = SUBSYSTEM.to_be_bytes();
    MessageBuilder::new(kind, REQUEST, sequence, &[0, 0, high, low]).finish()
}

/// The question whether there is a table; it belongs to no transaction.
pub(super) fn get_table(family: Family, name: &str, sequence: u32) -> Vec<u8> {
    let fixed = [family.number(), 0, 0, 0];
    let kind = SUBSYSTEM << 8 | GET_TABLE;
    let mut message = MessageBuilder::new(kind, REQUEST, sequence, &fixed);
    message.text(1, name);
    message.finish()
}

/// Elements in one message: an attribute must stay below 64 KiB.
const ELEMENTS_PER_MESSAGE: usize = 512;

const SUBSYSTEM: u16 = 10;
const BATCH_BEGIN: u16 = 0x10;
const BATCH_END: u16 = 0x11;
const NEW_TABLE: u16 = 0;
const GET_TABLE: u16 = 1;
const DELETE_TABLE: u16 = 2;
const NEW_CHAIN: u16 = 3;
const NEW_RULE: u16 = 6;
const NEW_SET: u16 = 9;
const NEW_ELEMENT: u16 = 12;
const DELETE_ELEMENT: u16 = 14;

// Flags of a request, as in linux/netlink.h.
const REQUEST: u16 = 0x1;
const CREATE: u16 = 0x400;
const APPEND: u16 = 0x800;

const HOST_BYTE_ORDER: u32 = 1;
const POLICY_ACCEPT: u32 = 1;
const FLAG_CONSTANT: u32 = 0x2;
const FLAG_MAP: u32 = 0x8;
