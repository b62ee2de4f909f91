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

impl Query {
    pub(crate) const fn new(header: Header, bulk: Option<(u16, u16)>, ranges: Vec<Range>) -> Self {
        Self {
            header,
            bulk,
            ranges,
        }
    }

    /// The message that answers it.
    #[must_use]
    pub fn answer(&self, tree: &Tree) -> Vec<u8> {
        let mut message = encode::response(&self.header, 0, 0);
        match (self.header.kind, self.bulk) {
            (_, Some((once, repetitions))) => {
                self.answer_bulk(tree, &mut message, once.into(), repetitions);
            }
            (HeaderKind::Get, None) => {
                for range in &self.ranges {
                    let (name, value) = (range.start.clone(), tree.get(&range.start));
                    message.binding(&VarBind { name, value });
                }
            }
            _ => {
                for range in &self.ranges {
                    message.binding(&next(tree, range));
                }
            }
        }
        message.finish()
    }

    fn answer_bulk(&self, tree: &Tree, message: &mut Message, once: usize, repetitions: u16) {
        let (once, repeated) = self.ranges.split_at(once.min(self.ranges.len()));
        for range in once {
            message.binding(&next(tree, range));
        }
        let mut repeated = repeated.to_vec();
        for _ in 0..repetitions {
            let mut is_at_end = true;
            for range in &mut repeated {
                let binding = next(tree, range);
                is_at_end &= binding.value == Value::EndOfView;
                message.binding(&binding);
                (range.start, range.inclusive) = (binding.name, false);
            }
            if is_at_end || message.len() > ENOUGH {
                break;
            }
        }
    }
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
