//! The subagent's side of AgentX (RFC 2741): what a daemon says to an SNMP agent to have a part of
//! the tree of objects, and how it answers questions about it.
//!
//! Purpose: the one place that knows the encoding and the order of the conversation. A [`Session`]
//! takes bytes and the time and gives bytes; sockets are the caller's. It is total: whatever the
//! bytes are, it answers, ignores or ends the session, and it keeps no more of them than one
//! message.
//!
//! Deliberately absent: writable objects (a request to set one is refused), contexts other than the
//! default one, allocation of indexes.
#![forbid(unsafe_code)]

mod decode;
mod encode;
mod oid;
mod query;
mod session;
mod tree;
mod value;

pub use decode::{Header, HeaderKind, Malformed};
pub use oid::Oid;
pub use query::Query;
pub use session::{Ended, Identity, Refusal, Session, Step, Subtree};
pub use tree::{Tree, TreeBuilder};
pub use value::{Value, VarBind};
