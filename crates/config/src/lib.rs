//! `keepalived.conf`: text to logical lines to a tree with spans to a [`Config`], with diagnostics.
//!
//! [`load()`] does all of it. The steps are modules of their own:
//!
//! * `source` - files, spans, lines and columns;
//! * `lex` - comments, words, script words (nom, token level only);
//! * `lines`, `expand` - includes, braces; conditional lines, definitions, loops;
//! * `tree` - blocks, with recovery;
//! * [`keyword`] - one table entry per keyword that keepalived 2.2.7 has;
//! * [`print`](mod@print) - the way back: a model as text;
//! * `lower` - the tree to the model, in file order, then the checks after the whole file.
//!
//! Invariants: nothing here touches the machine (that is [`Files`] and [`Host`]); no input makes it
//! panic or loop; a [`Config`] comes out only when the daemon may run with it.
#![forbid(unsafe_code)]

mod code;
mod define;
mod diagnostic;
mod expand;
mod include;
pub mod keyword;
mod lex;
mod lines;
mod load;
mod lower;
mod machine;
mod network_namespace;
pub mod print;
mod read;
mod sequence;
mod source;
mod text;
mod tree;
mod weakness;

pub use diagnostic::{Class, Code, Diagnostic, Label, Severity};
pub use evervip_model::Config;
pub use lex::Token;
pub use load::{Loaded, Mode, Options, load, load_with, load_with_tree};
pub use machine::{FileKind, Files, Host, InterfaceFacts, IprouteFile, ScriptCheck};
pub use network_namespace::network_namespace;
pub use source::{FileId, FileOffset, Position, SourceMap, Span};
pub use tree::{Line, Node, Tree};
pub use weakness::Weakness;
