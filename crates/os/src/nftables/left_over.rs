//! Tables that another process has left.

use super::answer::first_refusal;
use super::batch::{Batch, Family, get_table};
use crate::netlink::NetlinkError;
use crate::netlink::socket::RouteSocket;

/// The families in which there is a table of this name; none where the kernel has no `nf_tables`.
///
/// # Errors
/// [`NetlinkError`]; then nothing can be said about the tables.
pub fn families_of_table(name: &str) -> Result<Vec<Family>, NetlinkError> {
    let mut socket = match RouteSocket::netfilter() {
        Err(error) if is_without_filter(&error) => return Ok(Vec::new()),
        socket => socket?,
    };
    families(&mut socket, name)
}

/// The same, asked through this socket.
pub(super) fn families(socket: &mut RouteSocket, name: &str) -> Result<Vec<Family>, NetlinkError> {
    let mut found = Vec::new();
    for family in [Family::Ipv4, Family::Ipv6] {
        socket.send(&get_table(family, name, family as u32))?;
        match first_refusal(socket, "NFT_MSG_GETTABLE") {
            Ok(()) => found.push(family),
            Err(error) if error.errno() == Some(libc::ENOENT) || is_without_filter(&error) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

/// Deletes a table with all that is in it.
///
/// # Errors
/// [`NetlinkError`]; then it is still there.
pub fn delete_table(family: Family, name: &str) -> Result<(), NetlinkError> {
    let mut socket = RouteSocket::netfilter()?;
    let mut batch = Batch::new(name, 0);
    batch.delete_table(family);
    socket.send(&batch.finish().0)?;
    first_refusal(&mut socket, "NFT_MSG_DELTABLE")
}

/// Whether the kernel says that it has no `nf_tables`.
fn is_without_filter(error: &NetlinkError) -> bool {
    matches!(
        error.errno(),
        Some(libc::EPROTONOSUPPORT | libc::EAFNOSUPPORT | libc::EOPNOTSUPP | libc::EINVAL)
    )
}
