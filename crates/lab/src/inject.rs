//! Sending hand-made frames.

use std::os::fd::{AsRawFd, OwnedFd};

use nix::{
    ifaddrs::getifaddrs,
    sys::socket::{AddressFamily, LinkAddr, MsgFlags, SockFlag, SockType, sendto, socket},
};

use crate::{Error, Result, space::Space};

/// Sends raw Ethernet frames on an interface of a node.
#[derive(Debug)]
pub struct Injector {
    socket: OwnedFd,
    link: LinkAddr,
}

impl Injector {
    pub(crate) fn new(space: &Space, interface: &str) -> Result<Self> {
        space.run(|| {
            // Protocol 0: the socket sends and never receives.
            let socket = socket(
                AddressFamily::Packet,
                SockType::Raw,
                SockFlag::SOCK_CLOEXEC,
                None,
            )?;
            Ok(Self {
                socket,
                link: link_address(interface)?,
            })
        })?
    }

    /// Hardware address of the interface.
    pub fn mac(&self) -> [u8; 6] {
        self.link.addr().unwrap_or_default()
    }

    /// Sends one frame as it is, Ethernet header included.
    ///
    /// # Errors
    /// When the kernel refuses it (interface down, frame too long or shorter than a header).
    pub fn send(&self, frame: &[u8]) -> Result<()> {
        sendto(
            self.socket.as_raw_fd(),
            frame,
            &self.link,
            MsgFlags::empty(),
        )?;
        Ok(())
    }
}

/// Link-layer socket address (with the index) of an interface in the thread's namespace. The
/// address list is the one source of such a value that needs no unsafe code.
pub(crate) fn link_address(interface: &str) -> Result<LinkAddr> {
    let mut entries = getifaddrs()?.filter(|entry| entry.interface_name == interface);
    let link = entries.find_map(|entry| entry.address?.as_link_addr().copied());
    link.ok_or_else(|| Error::new(format!("no interface {interface}")))
}
