//! Headers that routes put in front of packets.

use evervip_agentx::Value;
use evervip_model::{Encapsulation, IpEncapsulation};

use crate::parts::{address, gauge};
use crate::rows::Rows;

pub(super) fn write(rows: &mut Rows<'_>, row: &[u32], encapsulation: &Encapsulation) {
    let number = match encapsulation {
        Encapsulation::Mpls(_) => 2,
        Encapsulation::Ip(_) => 3,
        Encapsulation::Ila(_) => 4,
        Encapsulation::Ip6(_) => 5,
    };
    rows.put(46, row, Value::Integer(number));
    match encapsulation {
        Encapsulation::Mpls(labels) => {
            let labels: Vec<String> = labels.iter().map(ToString::to_string).collect();
            rows.put(47, row, Value::text(&labels.join("/")));
        }
        Encapsulation::Ip(header) | Encapsulation::Ip6(header) => tunnel(rows, row, header),
        // The number as it lies in memory, as in the state dump.
        Encapsulation::Ila(locator) => {
            rows.put(54, row, Value::Counter64(locator.swap_bytes()));
        }
    }
}

fn tunnel(rows: &mut Rows<'_>, row: &[u32], header: &IpEncapsulation) {
    rows.put_if(48, row, header.id.map(Value::Counter64));
    rows.put_if(49, row, header.destination.map(address));
    rows.put_if(50, row, header.source.map(address));
    rows.put_if(51, row, header.tos.map(gauge));
    rows.put_if(52, row, header.ttl.map(gauge));
    rows.put_if(53, row, header.flags.map(gauge));
}
