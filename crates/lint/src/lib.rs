//! What is wrong with configurations that load.
//!
//! The loader (`config`) says what keepalived would say. A lint knows more: what people meant, and
//! what happens when a node dies. Lints are shown by `evervip check` only, never by the daemon; they
//! look at the model and at the text, and touch nothing.
#![forbid(unsafe_code)]

mod elsewhere;
mod input;
pub mod outcome;

pub use elsewhere::Elsewhere;
pub use input::Input;
