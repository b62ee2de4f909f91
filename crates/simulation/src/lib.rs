//! Several engines on a virtual network, in virtual time.
//!
//! * [`Node`] describes a host: what it runs and how it is connected;
//! * [`Lan`] runs the hosts against each other under [`Weather`] and [`Disturbance`]s;
//! * [`Record`] is what it writes down on the way for people, [`Deed`] for judges;
//! * [`render()`] puts actions of the engine into words.
//!
//! Nothing here reads a clock or draws a random number that a seed does not determine.
#![forbid(unsafe_code)]

mod disturbance;
mod execution;
mod history;
mod host;
mod lan;
mod masters;
mod node;
mod queue;
mod record;
mod render;
mod rng;
mod tracked;
mod upset;
mod view;
mod wire;

pub use disturbance::{Disturbance, Sleep};
pub use history::{Deed, Doing, Heard, Loaded};
pub use lan::{Lan, Weather};
pub use node::{Node, Port};
pub use record::{Record, What};
pub use render::{render, render_deadline};
pub use rng::Rng;
pub use view::Side;
