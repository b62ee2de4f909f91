//! Gratuitous ARP and unsolicited neighbour advertisements on the wire.

use std::net::IpAddr;

use evervip_os::packet_socket::OutgoingFrame;
use evervip_vrrp::{Announcement, PlacedAddress};
use evervip_wire::{gratuitous_arp, unsolicited_neighbour_advert};

use super::kernel::Kernel;

const ETHERNET: u16 = 1;
const ETHERTYPE_ARP: u16 = 0x0806;
const ETHERTYPE_IPV6: u16 = 0x86dd;

struct Frame {
    interface: u32,
    protocol: u16,
    bytes: Vec<u8>,
}

impl Kernel {
    /// Sends all rounds at once.
    pub(super) fn announce(&self, announcement: &Announcement, name: &str) {
        let frames: Vec<Option<Frame>> = announcement
            .addresses
            .iter()
            .map(|placed| self.frame(placed))
            .collect();
        let round: Vec<OutgoingFrame<'_>> = frames
            .iter()
            .flatten()
            .map(|frame| OutgoingFrame {
                ifindex: frame.interface,
                protocol: frame.protocol,
                frame: &frame.bytes,
            })
            .collect();
        let burst: Vec<OutgoingFrame<'_>> = round
            .iter()
            .copied()
            .cycle()
            .take(round.len() * announcement.rounds as usize)
            .collect();
        let mut failure = None;
        self.frames.send(&burst, |position, error| {
            failure.get_or_insert((position, error));
        });
        if let Some((position, error)) = failure {
            let interface = burst
                .get(position)
                .map_or("unknown", |frame| self.name(frame.ifindex));
            tracing::warn!("({name}) cannot send gratuitous ARP on {interface}: {error}");
        }
    }

    /// `None` for interfaces on which nobody asks for hardware addresses.
    fn frame(&self, placed: &PlacedAddress) -> Option<Frame> {
        let link = self.links.get(&placed.interface)?;
        let mac: [u8; 6] = link.hardware_address.as_bytes().try_into().ok()?;
        if link.hardware_type != ETHERNET || !link.arp {
            return None;
        }
        let (protocol, bytes) = match placed.address.address {
            IpAddr::V4(address) => (ETHERTYPE_ARP, gratuitous_arp(mac, address).to_vec()),
            IpAddr::V6(address) => (
                ETHERTYPE_IPV6,
                unsolicited_neighbour_advert(mac, address, forwards(&link.name)).to_vec(),
            ),
        };
        Some(Frame {
            interface: placed.interface,
            protocol,
            bytes,
        })
    }
}

/// Whether the interface forwards IPv6, which makes this machine a router to its neighbours. A file
/// of the kernel's own memory: reading it takes no longer than a system call.
fn forwards(interface: &str) -> bool {
    let path = format!("/proc/sys/net/ipv6/conf/{interface}/forwarding");
    std::fs::read_to_string(path).is_ok_and(|text| text.trim() != "0")
}
