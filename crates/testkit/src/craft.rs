//! Packets, right ones and wrong ones.

use std::net::IpAddr;

use evervip_model::{Authentication, Delivery, Instance, Version};
use evervip_vrrp::proof;
use evervip_wire::{Advert, AuthField, Body, Coverage, PacketBuffer, Proof, internet_checksum};

use crate::sample::{GROUP, OWN, lan};

/// An advertisement that can be changed field by field before it is encoded, and byte by byte
/// afterwards.
#[derive(Debug, Clone)]
pub struct Craft {
    /// Source address.
    pub source: IpAddr,
    /// Destination address.
    pub destination: IpAddr,
    /// Time to live.
    pub ttl: u8,
    /// Virtual router identifier.
    pub vrid: u8,
    /// Priority.
    pub priority: u8,
    /// Advertised addresses.
    pub addresses: Vec<IpAddr>,
    /// Version, interval and authentication.
    pub body: Body,
    /// What proves the sender.
    pub proof: Proof,
    /// What the proof is made with.
    pub sequence: u64,
}

impl Craft {
    /// What host 10.0.0.2 would send if it had this instance: as it must be to be accepted.
    #[must_use]
    pub fn of(instance: &Instance) -> Self {
        let unicast = matches!(instance.delivery, Delivery::Unicast { .. });
        let authentication = match instance.authentication {
            Authentication::None => AuthField::None,
            Authentication::Pass(password) => AuthField::Password(password),
            Authentication::Header(_) => AuthField::Header,
        };
        let millis = instance.advert_interval.as_millis();
        let body = match instance.version {
            Version::V2 => Body::V2 {
                interval_seconds: u8::try_from(millis / 1000).unwrap_or(u8::MAX),
                authentication,
            },
            Version::V3 => Body::V3 {
                interval_centiseconds: u16::try_from(millis / 10).unwrap_or(4095),
                coverage: Coverage::PseudoHeader,
            },
        };
        Self {
            source: lan(2),
            destination: if unicast { OWN } else { GROUP },
            ttl: 255,
            vrid: instance.vrid.value(),
            priority: instance.priority.value(),
            addresses: instance
                .addresses
                .iter()
                .map(|address| address.address)
                .filter(IpAddr::is_ipv4)
                .collect(),
            body,
            proof: proof(instance),
            sequence: 1,
        }
    }

    /// With another number, or time, in its proof.
    #[must_use]
    pub const fn sequence(mut self, sequence: u64) -> Self {
        self.sequence = sequence;
        self
    }

    /// With another priority.
    #[must_use]
    pub fn priority(mut self, priority: u8) -> Self {
        self.priority = priority;
        self
    }

    /// From another host of the sample network.
    #[must_use]
    pub fn from(mut self, last: u8) -> Self {
        self.source = lan(last);
        self
    }

    /// The packet, IP header first.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let advert = Advert {
            vrid: self.vrid,
            priority: self.priority,
            addresses: &self.addresses,
            body: self.body,
        };
        let mut packet = PacketBuffer::new(&advert, self.source, self.destination, self.ttl);
        packet.prove(&self.proof, self.sequence);
        packet.as_bytes().to_vec()
    }

    /// The packet with bytes changed after the encoding; `sum_again` makes the checksum of a
    /// version 2 packet right once more.
    #[must_use]
    pub fn bytes_with(&self, sum_again: bool, change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
        let mut bytes = self.bytes();
        change(&mut bytes);
        if sum_again {
            bytes[CHECKSUM..CHECKSUM + 2].fill(0);
            let sum = internet_checksum(&bytes[IP_HEADER..]);
            bytes[CHECKSUM..CHECKSUM + 2].copy_from_slice(&sum.to_be_bytes());
        }
        bytes
    }
}

/// Length of the IP header that is made here.
pub const IP_HEADER: usize = 20;
/// Offset of the VRRP checksum behind it.
pub const CHECKSUM: usize = IP_HEADER + 6;
