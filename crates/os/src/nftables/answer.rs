//! What the kernel says to a request.

use crate::netlink::NetlinkError;
use crate::netlink::message::messages;
use crate::netlink::socket::{Datagram, RouteSocket};

/// Reads what the kernel has answered. It works requests off before sending them returns, and reports
/// what it refuses; of several complaints about a transaction the first tells most.
///
/// # Errors
/// The first refusal; or when the socket fails.
pub(super) fn first_refusal(
    socket: &mut RouteSocket,
    request: &'static str,
) -> Result<(), NetlinkError> {
    let mut refusal = None;
    loop {
        match socket.read()? {
            Datagram::Whole(datagram) => {
                for message in messages(datagram) {
                    if let Some(errno @ 1..) = message.verdict() {
                        refusal.get_or_insert(NetlinkError::Rejected {
                            errno,
                            name: request,
                            kind: message.kind,
                            sequence: message.sequence,
                            port: 0,
                            detail: message.detail(),
                        });
                    }
                }
            }
            Datagram::Lost => {}
            Datagram::Nothing => return refusal.map_or(Ok(()), Err),
        }
    }
}
