//! Who is MASTER: a forecast of elections.
//!
//! A [`Contest`] plays the election of the nodes' instances in thought, by the rules of the engine
//! (spec vrrp-runtime 2 to 4, 6 and 8): what is broken decides who takes part and with which
//! priority, timers decide the order, and whoever hears a better master yields. There are no
//! packets, and time jumps from one decision to the next.
//!
//! Property tests hold it against simulated engines.

mod contest;
mod failures;
mod hearing;
mod play;

pub use contest::{Contest, Place, Seat};
pub(crate) use failures::address_interfaces;
pub use failures::{Failures, Standing, standing};
pub use hearing::Deafness;
pub use play::{Outcome, Role};
