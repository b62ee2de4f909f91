//! Questions about values, and their answers (RFC 2741, 7.2.3).

use crate::decode::{Header, HeaderKind};
use crate::encode::{self, Message};
use crate::{Oid, Tree, Value, VarBind};

/// Where to look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Range {
    /// The name that is asked for, or behind which the next one is.
    pub(crate) start: Oid,
    /// Whether the next one may be `start` itself.
    pub(crate) inclusive: bool,
    /// The next one stands before this; the null identifier is no bound.
    pub(crate) end: Oid,
}

/// A question of the master, to be answered from a [`Tree`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    header: Header,
    /// How many ranges are asked for once, and how often the others are.
    bulk: Option<(u16, u16)>,
    ranges: Vec<Range>,
}

/// Bytes from which on no further repetition is added to an answer: an SNMP message over UDP has no
/// room for more.
const ENOUGH: usize = 64 * 1024;

/// Bytes beyond which nothing is added at all. No SNMP message holds as much; it bounds what a master
/// with thousands of ranges in a question can make us keep.
const MOST: usize = 1024 * 1024;

/// SNMP's error for what cannot be answered.
const GENERAL_ERROR: u16 = 5;

impl Query {
    pub(crate) const fn new(header: Header, bulk: Option<(u16, u16)>, ranges: Vec<Range>) -> Self {
        Self {
            header,
            bulk,
            ranges,
        }
    }

    /// The message that answers it: an error when the values would be more than any SNMP message can
    /// hold.
    #[must_use]
    pub fn answer(&self, tree: &Tree) -> Vec<u8> {
        let mut message = encode::response(&self.header, 0, 0);
        let is_whole = match (self.header.kind, self.bulk) {
            (_, Some((once, repetitions))) => {
                self.answer_bulk(tree, &mut message, once.into(), repetitions)
            }
            (HeaderKind::Get, None) => each(&self.ranges, &mut message, |range| VarBind {
                name: range.start.clone(),
                value: tree.get(&range.start),
            }),
            _ => each(&self.ranges, &mut message, |range| next(tree, range)),
        };
        if is_whole {
            message.finish()
        } else {
            encode::status(&self.header, GENERAL_ERROR, 0)
        }
    }

    /// Of the repetitions as many as there is room for, which the protocol allows; `false` when there
    /// is none for what is asked for once.
    fn answer_bulk(
        &self,
        tree: &Tree,
        message: &mut Message,
        once: usize,
        repetitions: u16,
    ) -> bool {
        let (once, repeated) = self.ranges.split_at(once.min(self.ranges.len()));
        if !each(once, message, |range| next(tree, range)) {
            return false;
        }
        let mut repeated = repeated.to_vec();
        for _ in 0..repetitions {
            let mut is_at_end = true;
            for range in &mut repeated {
                if message.len() > MOST {
                    return true;
                }
                let binding = next(tree, range);
                is_at_end &= binding.value == Value::EndOfView;
                message.binding(&binding);
                (range.start, range.inclusive) = (binding.name, false);
            }
            if is_at_end || message.len() > ENOUGH {
                break;
            }
        }
        true
    }
}

/// Adds a value for each range; `false` when there is no room for all.
fn each(ranges: &[Range], message: &mut Message, value: impl Fn(&Range) -> VarBind) -> bool {
    for range in ranges {
        if message.len() > MOST {
            return false;
        }
        message.binding(&value(range));
    }
    true
}

/// The first value in a range; without one, the name that was given stands with the reason.
fn next(tree: &Tree, range: &Range) -> VarBind {
    let found = tree
        .next(&range.start, range.inclusive)
        .filter(|(name, _)| range.end.is_null() || **name < range.end);
    let (name, value) = found.map_or_else(
        || (range.start.clone(), Value::EndOfView),
        |(name, value)| (name.clone(), value.clone()),
    );
    VarBind { name, value }
}
