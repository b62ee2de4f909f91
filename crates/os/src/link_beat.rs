//! The state of a link by asking for it: transceiver, driver or interface flags (`linkbeat_interfaces`).

use std::io;
use std::os::fd::AsRawFd as _;

use evervip_model::LinkbeatMethod;
use nix::errno::Errno;
use socket2::{Domain, Socket, Type};

/// Asks for link states.
#[derive(Debug)]
pub struct LinkBeat {
    socket: Socket,
}

/// `struct ifreq`: a name, and up to 24 bytes that depend on what is asked.
#[repr(C)]
struct Request {
    name: [u8; libc::IFNAMSIZ],
    data: [u64; 3],
}

/// `struct ethtool_value`.
#[repr(C)]
struct DriverAnswer {
    command: u32,
    value: u32,
}

impl LinkBeat {
    /// Something to ask with; it belongs to the network namespace of the calling thread.
    ///
    /// # Errors
    /// When no descriptor is left.
    pub fn open() -> io::Result<Self> {
        let socket = Socket::new(Domain::IPV4, Type::DGRAM.cloexec(), None)?;
        Ok(Self { socket })
    }

    /// Whether the link of an interface is up. [`LinkbeatMethod::Any`] takes the first that answers.
    ///
    /// # Errors
    /// When there is no such interface, or it cannot be asked in this way.
    pub fn is_up(&self, interface: &str, method: LinkbeatMethod) -> io::Result<bool> {
        match method {
            LinkbeatMethod::Mii => self.transceiver(interface),
            LinkbeatMethod::Ethtool => self.driver(interface),
            LinkbeatMethod::Ioctl => self.flags(interface),
            LinkbeatMethod::Any => self
                .transceiver(interface)
                .or_else(|_| self.driver(interface))
                .or_else(|_| self.flags(interface)),
        }
    }

    /// The status register of the transceiver, of an interface that is administratively up.
    fn transceiver(&self, interface: &str) -> io::Result<bool> {
        let mut request = request(interface)?;
        self.ask(libc::SIOCGMIIPHY, &mut request)?;
        // What is asked stands in the second half word, the answer comes in the fourth.
        let phy = halves(request.data[0])[0];
        let mut up = false;
        // The register keeps a loss until it is read: the second reading is the present state.
        for _ in 0..2 {
            request.data[0] = join([phy, STATUS_REGISTER, 0, 0]);
            self.ask(libc::SIOCGMIIREG, &mut request)?;
            up = halves(request.data[0])[3] & LINK_STATUS != 0;
        }
        Ok(up && self.flags(interface)?)
    }

    fn driver(&self, interface: &str) -> io::Result<bool> {
        let mut answer = DriverAnswer {
            command: ETHTOOL_GLINK,
            value: 0,
        };
        let mut request = request(interface)?;
        let address = (&raw mut answer).expose_provenance();
        request.data[0] = u64::try_from(address).map_err(io::Error::other)?;
        if cfg!(target_pointer_width = "32") {
            // The pointer is the first word in memory, whatever the byte order.
            let word = u32::try_from(address).map_err(io::Error::other)?;
            let [a, b, c, d] = word.to_ne_bytes();
            request.data[0] = u64::from_ne_bytes([a, b, c, d, 0, 0, 0, 0]);
        }
        self.ask(libc::SIOCETHTOOL, &mut request)?;
        // SAFETY: `answer` is alive and initialised; the kernel has finished writing to it through
        // the exposed address, so it is read as memory that somebody else may have changed.
        let answer = unsafe { std::ptr::read_volatile(&raw const answer) };
        Ok(answer.value != 0)
    }

    fn flags(&self, interface: &str) -> io::Result<bool> {
        let mut request = request(interface)?;
        self.ask(libc::SIOCGIFFLAGS, &mut request)?;
        let flags = i32::from(halves(request.data[0])[0]);
        let wanted = libc::IFF_UP | libc::IFF_RUNNING;
        Ok(flags & wanted == wanted)
    }

    fn ask(&self, what: libc::c_ulong, request: &mut Request) -> io::Result<()> {
        #[expect(
            clippy::allow_attributes,
            reason = "the type of the number differs between C libraries"
        )]
        #[allow(clippy::useless_conversion, reason = "as above")]
        let what = what.try_into().map_err(io::Error::other)?;
        // SAFETY: `request` has the layout and at least the size of `struct ifreq`, which these
        // requests read and write; the one with a pointer in it (`driver`) points at a structure
        // that lives longer than the call and is as long as its command says.
        let result =
            unsafe { libc::ioctl(self.socket.as_raw_fd(), what, std::ptr::from_mut(request)) };
        Errno::result(result)?;
        Ok(())
    }
}

fn request(interface: &str) -> io::Result<Request> {
    let mut name = [0; libc::IFNAMSIZ];
    let bytes = interface.as_bytes();
    // The last byte stays 0.
    if bytes.len() >= name.len() {
        return Err(Errno::ENAMETOOLONG.into());
    }
    name[..bytes.len()].copy_from_slice(bytes);
    Ok(Request { name, data: [0; 3] })
}

/// The half words of a word, in the order in which they stand in memory.
fn halves(word: u64) -> [u16; 4] {
    let [a, b, c, d, e, f, g, h] = word.to_ne_bytes();
    [[a, b], [c, d], [e, f], [g, h]].map(u16::from_ne_bytes)
}

fn join(halves: [u16; 4]) -> u64 {
    let [[a, b], [c, d], [e, f], [g, h]] = halves.map(u16::to_ne_bytes);
    u64::from_ne_bytes([a, b, c, d, e, f, g, h])
}

/// Get the state of the link.
const ETHTOOL_GLINK: u32 = 0x0a;
/// Basic mode status register (IEEE 802.3 22.2.4.2).
const STATUS_REGISTER: u16 = 1;
/// The bit of it that tells of the link.
const LINK_STATUS: u16 = 0x0004;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_words_keep_their_places() {
        assert_eq!(halves(join([1, 2, 3, 0xfffe])), [1, 2, 3, 0xfffe]);
    }

    #[test]
    fn the_loopback_interface_is_up_where_it_can_be_asked() {
        let beat = LinkBeat::open().unwrap();
        let up = beat.is_up("lo", LinkbeatMethod::Ioctl).unwrap();
        assert_eq!(beat.is_up("lo", LinkbeatMethod::Ethtool).unwrap(), up);
        assert_eq!(beat.is_up("lo", LinkbeatMethod::Any).unwrap(), up);
        assert!(beat.is_up("lo", LinkbeatMethod::Mii).is_err());
    }

    #[test]
    fn what_is_not_there_is_an_error() {
        let beat = LinkBeat::open().unwrap();
        for name in ["nosuch0", "", "a_name_that_is_too_long"] {
            for method in [LinkbeatMethod::Any, LinkbeatMethod::Ioctl] {
                assert!(beat.is_up(name, method).is_err(), "{name}");
            }
        }
    }
}
