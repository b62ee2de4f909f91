//! What others take out of our tables: `nft flush ruleset`, before the rules of the machine are loaded
//! again, takes ours, too.

use std::os::fd::{AsFd, BorrowedFd};

use socket2::SockFilter;

use crate::bpf::{ACCEPT, DROP, JUMP_EQUAL, RETURN, jump, plain};
use crate::netlink::NetlinkError;
use crate::netlink::message::{Message, attributes, messages};
use crate::netlink::socket::{Datagram, RouteSocket};

/// What has become known of our tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removal {
    /// Somebody has removed a table of ours or something in it.
    By {
        /// Netlink port of who did it, mostly a process id.
        port: u32,
    },
    /// Reports were lost.
    Unknown,
}

/// Listens to removals from a table. Readable when there is something to read.
#[derive(Debug)]
pub struct RemovalWatch {
    socket: RouteSocket,
}

impl RemovalWatch {
    /// Starts to listen. Changes by `own`, the port of [`Tables`](super::Tables), are not reported.
    ///
    /// # Errors
    /// [`NetlinkError::Socket`].
    pub fn open(own: u32) -> Result<Self, NetlinkError> {
        let socket = RouteSocket::netfilter_reports()?;
        socket.filter(&program(own))?;
        Ok(Self { socket })
    }

    /// Takes the reports that wait, a bounded number, and tells the latest removal from the tables of
    /// this name.
    ///
    /// # Errors
    /// [`NetlinkError::Socket`] when the socket itself fails.
    pub fn read(&mut self, table: &str) -> Result<Option<Removal>, NetlinkError> {
        let mut latest = None;
        for _ in 0..DATAGRAMS_PER_READ {
            match self.socket.read()? {
                Datagram::Whole(datagram) => {
                    let removals = messages(datagram).filter(|message| removes(message, table));
                    if let Some(message) = removals.last() {
                        latest = Some(Removal::By { port: message.port });
                    }
                }
                Datagram::Lost => latest = Some(Removal::Unknown),
                Datagram::Nothing => break,
            }
        }
        Ok(latest)
    }
}

impl AsFd for RemovalWatch {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// Whether a report says that something of a table of ours is gone, or all of it. In each of these
/// kinds the table's name is the first attribute.
fn removes(message: &Message<'_>, table: &str) -> bool {
    let Some((family, rest)) = message.payload.split_at_checked(GENERIC_HEADER) else {
        return false;
    };
    let ours = family
        .first()
        .is_some_and(|family| matches!(family, 2 | 10));
    let mut names = attributes(rest).filter(|(kind, _)| *kind == TABLE_NAME);
    REMOVALS.contains(&message.kind)
        && ours
        && names.any(|(_, name)| name.strip_suffix(&[0]) == Some(table.as_bytes()))
}

/// The program that drops what we have done ourselves, and the word that follows each transaction. The
/// messages of a transaction come together: what the first one is about says nothing about the others.
fn program(own: u32) -> Vec<SockFilter> {
    let program = [
        plain(LOAD_WORD, PORT),
        jump(JUMP_EQUAL, u32::from_be_bytes(own.to_ne_bytes()), 2, 0),
        plain(LOAD_HALF, TYPE),
        jump(JUMP_EQUAL, u32::from(NEW_GENERATION.to_be()), 0, 1),
        plain(RETURN, DROP),
        plain(RETURN, ACCEPT),
    ];
    program.map(SockFilter::from).into()
}

/// Reports that one read takes.
const DATAGRAMS_PER_READ: usize = 256;
/// Length of `struct nfgenmsg`, which begins with the family.
const GENERIC_HEADER: usize = 4;
/// `NFTA_TABLE_NAME`, `NFTA_CHAIN_TABLE` and so on.
const TABLE_NAME: u16 = 1;
/// `NFNL_SUBSYS_NFTABLES`, in the upper half of a type.
const SUBSYSTEM: u16 = 10 << 8;
/// `NFT_MSG_NEWGEN`
const NEW_GENERATION: u16 = SUBSYSTEM | 15;
/// `NFT_MSG_DELTABLE`, `DELCHAIN`, `DELRULE`, `DELSET` and `DELSETELEM`.
const REMOVALS: [u16; 5] = [
    SUBSYSTEM | 2,
    SUBSYSTEM | 5,
    SUBSYSTEM | 8,
    SUBSYSTEM | 11,
    SUBSYSTEM | 14,
];
/// Offsets in `struct nlmsghdr`.
const TYPE: u32 = 4;
const PORT: u32 = 12;
/// `LD | H | ABS`
const LOAD_HALF: u16 = 0x28;
/// `LD | W | ABS`
const LOAD_WORD: u16 = 0x20;
