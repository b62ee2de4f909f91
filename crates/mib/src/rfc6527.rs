//! `VRRPv3-MIB` (RFC 6527). As keepalived does, it tells of routers of version 2, too.

use evervip_agentx::{Oid, TreeBuilder, Value};
use evervip_dump::Scene;
use evervip_vrrp::RouterSnapshot;

use crate::VRRPV3;
use crate::parts::{
    Interfaces, address, address_bytes, counter32, family_number, gauge, integer, master_address,
    rfc_state_number, unspecified, uptime,
};
use crate::rows::Rows;

/// `vrrpv3Operations`.
const OPERATIONS: [u32; 2] = [1, 1];
/// `vrrpv3Statistics`.
const STATISTICS: [u32; 2] = [1, 2];

pub(crate) fn write(builder: &mut TreeBuilder, scene: &Scene) {
    let root = Oid::new(&VRRPV3);
    let routers = &scene.snapshot.routers;
    let interfaces = Interfaces::of(scene);
    let mut rows = Rows::new(builder, root.join(&OPERATIONS).join(&[1, 1]), 3..=13);
    for router in routers {
        operation(&mut rows, scene, router, &interfaces);
    }
    let mut rows = Rows::new(builder, root.join(&OPERATIONS).join(&[2, 1]), 2..=2);
    for router in routers {
        for virtual_address in &router.spec.addresses {
            let bytes = address_bytes(virtual_address.address);
            let mut row = row(router).to_vec();
            row.extend(bytes.into_iter().map(u32::from));
            rows.put(2, &row, ACTIVE);
        }
    }
    let sum = |count: fn(&RouterSnapshot) -> u64| {
        Value::Counter64(routers.iter().fold(0, |sum, r| sum.wrapping_add(count(r))))
    };
    let mut scalars = Rows::new(builder, root.join(&STATISTICS), 1..=4);
    scalars.put(1, &[0], sum(|router| router.statistics.errors.chk_err));
    scalars.put(2, &[0], sum(|router| router.statistics.errors.vers_err));
    // Adverts of a VRID that nobody has are counted for no router.
    scalars.put(3, &[0], Value::Counter64(0));
    // No counter has been interrupted.
    scalars.put(4, &[0], Value::Ticks(0));
    let mut rows = Rows::new(builder, root.join(&STATISTICS).join(&[5, 1]), 1..=13);
    for router in routers {
        statistics(&mut rows, router);
    }
}

/// `RowStatus` (RFC 2579) of a row that is in use.
const ACTIVE: Value = Value::Integer(1);

/// Interface, that which is configured and not a virtual one on it, VRID and family.
fn row(router: &RouterSnapshot) -> [u32; 3] {
    let (vrid, family) = (router.spec.vrid.value(), router.spec.family);
    let interface = router.base.unwrap_or(0);
    [interface, vrid.into(), family_number(family)]
}

fn operation(
    rows: &mut Rows<'_>,
    scene: &Scene,
    router: &RouterSnapshot,
    interfaces: &Interfaces<'_>,
) {
    let (row, spec) = (row(router), &router.spec);
    rows.put(3, &row, address(master_address(router)));
    let source = router.source.unwrap_or(unspecified(spec.family));
    rows.put(4, &row, address(source));
    rows.put(5, &row, interfaces.hardware(router.interface));
    rows.put(6, &row, Value::Integer(rfc_state_number(router.state)));
    rows.put(7, &row, gauge(router.base_priority));
    rows.put(8, &row, integer(spec.addresses.len()));
    rows.put(9, &row, integer(spec.advert_interval.as_millis() / 10));
    rows.put(10, &row, Value::truth(!spec.nopreempt));
    rows.put(11, &row, Value::truth(spec.accept));
    rows.put(12, &row, uptime(scene, router));
    rows.put(13, &row, ACTIVE);
}

fn statistics(rows: &mut Rows<'_>, router: &RouterSnapshot) {
    let (row, counted) = (row(router), &router.statistics);
    let errors = &counted.errors;
    rows.put(1, &row, counter32(counted.become_master));
    let reason = router.master_reason.map_or(0, |reason| reason.number());
    rows.put(2, &row, Value::Integer(reason.into()));
    let error = router.protocol_error.map_or(0, |error| error.number());
    rows.put(6, &row, Value::Integer(error.into()));
    let counts = [
        (3, counted.advert_rcvd),
        (4, errors.advert_interval_err),
        (5, errors.ip_ttl_err),
        (7, counted.pri_zero_rcvd),
        (8, counted.pri_zero_sent),
        (9, errors.invalid_type_rcvd),
        (10, errors.addr_list_err),
        (11, errors.packet_len_err),
    ];
    for (column, count) in counts {
        rows.put(column, &row, Value::Counter64(count));
    }
    rows.put(12, &row, Value::Ticks(0));
    let interval = router.spec.advert_interval;
    rows.put(13, &row, gauge(interval.as_millis()));
}
