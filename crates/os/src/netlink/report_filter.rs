//! Which reports of the routing tables wake the daemon: a router of the internet has hundreds of
//! thousands of changes of routes a day that do not concern us.
//!
//! The filter runs in the kernel, on the message with its header. What it cannot see, such as the
//! protocol of a rule, which stands in an attribute, passes and is looked at here.

use socket2::SockFilter;

use super::route::KEEPALIVED;
use crate::bpf::{ACCEPT, DROP, JUMP_EQUAL, RETURN, jump, plain};

/// The program that lets pass every report but those of routes and rules that are new, and of routes
/// of other protocols.
pub(super) fn program() -> Vec<SockFilter> {
    let program = [
        plain(LOAD_HALF, TYPE),
        jump(JUMP_EQUAL, as_loaded(libc::RTM_NEWROUTE), 4, 0),
        jump(JUMP_EQUAL, as_loaded(libc::RTM_NEWRULE), 3, 0),
        jump(JUMP_EQUAL, as_loaded(libc::RTM_DELROUTE), 0, 3),
        plain(LOAD_BYTE, ROUTE_PROTOCOL),
        jump(JUMP_EQUAL, u32::from(KEEPALIVED), 1, 0),
        plain(RETURN, DROP),
        plain(RETURN, ACCEPT),
    ];
    program.map(SockFilter::from).into()
}

/// A number of the machine's byte order as the program loads it, which takes everything for network
/// byte order.
fn as_loaded(kind: u16) -> u32 {
    u32::from(kind.to_be())
}

/// Offset of the type in `struct nlmsghdr`.
const TYPE: u32 = 4;
/// Offset of `rtm_protocol` behind the header of 16 bytes.
const ROUTE_PROTOCOL: u32 = 16 + 5;

/// `LD | H | ABS`
const LOAD_HALF: u16 = 0x28;
/// `LD | B | ABS`
const LOAD_BYTE: u16 = 0x30;
