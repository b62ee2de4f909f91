//! Tunnel headers of a route (`RTA_ENCAP`).

use evervip_model::{Encapsulation, IpEncapsulation};

use super::super::builder::MessageBuilder;
use super::octets;

/// Adds kind and content.
pub(super) fn add(message: &mut MessageBuilder, encapsulation: &Encapsulation) {
    let kind = match encapsulation {
        Encapsulation::Mpls(_) => LWTUNNEL_ENCAP_MPLS,
        Encapsulation::Ip(_) => LWTUNNEL_ENCAP_IP,
        Encapsulation::Ila(_) => LWTUNNEL_ENCAP_ILA,
        Encapsulation::Ip6(_) => LWTUNNEL_ENCAP_IP6,
    };
    message.attribute(libc::RTA_ENCAP_TYPE, &kind.to_ne_bytes());
    message.nested(libc::RTA_ENCAP, |inner| match encapsulation {
        Encapsulation::Mpls(labels) => {
            inner.attribute(MPLS_IPTUNNEL_DST, &label_stack(labels));
        }
        Encapsulation::Ip(ip) | Encapsulation::Ip6(ip) => add_ip(inner, ip),
        Encapsulation::Ila(locator) => {
            inner.attribute(ILA_ATTR_LOCATOR, &locator.to_be_bytes());
        }
    });
}

/// IPv4 and IPv6 have the same numbers for the same things.
fn add_ip(message: &mut MessageBuilder, ip: &IpEncapsulation) {
    if let Some(id) = ip.id {
        message.attribute(LWTUNNEL_IP_ID, &id.to_be_bytes());
    }
    if let Some(destination) = ip.destination {
        message.attribute(LWTUNNEL_IP_DST, &octets(destination));
    }
    if let Some(source) = ip.source {
        message.attribute(LWTUNNEL_IP_SRC, &octets(source));
    }
    if let Some(ttl) = ip.ttl {
        message.attribute(LWTUNNEL_IP_TTL, &[ttl]);
    }
    if let Some(tos) = ip.tos {
        message.attribute(LWTUNNEL_IP_TOS, &[tos]);
    }
    if let Some(flags) = ip.flags {
        message.attribute(LWTUNNEL_IP_FLAGS, &flags.to_be_bytes());
    }
}

/// Labels of 20 bits, each in a word; the last one has the bit that ends the stack.
fn label_stack(labels: &[u32]) -> Vec<u8> {
    let last = labels.len().saturating_sub(1);
    let word = |(position, label): (usize, &u32)| {
        let end = if position == last { STACK_END } else { 0 };
        ((label << 12) | end).to_be_bytes()
    };
    labels.iter().enumerate().flat_map(word).collect()
}

const LWTUNNEL_ENCAP_MPLS: u16 = 1;
const LWTUNNEL_ENCAP_IP: u16 = 2;
const LWTUNNEL_ENCAP_ILA: u16 = 3;
const LWTUNNEL_ENCAP_IP6: u16 = 4;
const MPLS_IPTUNNEL_DST: u16 = 1;
const ILA_ATTR_LOCATOR: u16 = 1;
const LWTUNNEL_IP_ID: u16 = 1;
const LWTUNNEL_IP_DST: u16 = 2;
const LWTUNNEL_IP_SRC: u16 = 3;
const LWTUNNEL_IP_TTL: u16 = 4;
const LWTUNNEL_IP_TOS: u16 = 5;
const LWTUNNEL_IP_FLAGS: u16 = 6;
const STACK_END: u32 = 1 << 8;

#[cfg(test)]
mod tests {
    use super::label_stack;

    #[test]
    fn the_last_label_ends_the_stack() {
        assert_eq!(
            label_stack(&[100, 0xf_ffff]),
            [0x00, 0x06, 0x40, 0x00, 0xff, 0xff, 0xf1, 0x00]
        );
    }
}
