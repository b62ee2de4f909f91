//! `VRRP-MIB` (RFC 2787): routers of version 2 over IPv4.

use std::net::IpAddr;

use evervip_agentx::{Oid, TreeBuilder, Value};
use evervip_dump::Scene;
use evervip_model::{Authentication, Family, Version};
use evervip_vrrp::RouterSnapshot;

use crate::VRRP;
use crate::parts::{
    Interfaces, counter32, integer, master_address, rfc_state_number, unspecified, uptime,
};
use crate::rows::Rows;

/// `vrrpOperations`.
const OPERATIONS: u32 = 1;
/// `vrrpStatistics`.
const STATISTICS: u32 = 2;

pub(crate) fn write(builder: &mut TreeBuilder, scene: &Scene) {
    let root = Oid::new(&VRRP);
    let traps = scene.snapshot.globals.snmp.traps;
    let mut scalars = Rows::new(builder, root.join(&[OPERATIONS]), 1..=2);
    scalars.put(1, &[0], Value::Integer(2));
    scalars.put(2, &[0], Value::truth(traps));

    let routers: Vec<&RouterSnapshot> = routers(scene).collect();
    let sum = |count: fn(&RouterSnapshot) -> u64| {
        counter32(routers.iter().fold(0, |sum, r| sum.wrapping_add(count(r))))
    };
    let mut scalars = Rows::new(builder, root.join(&[STATISTICS]), 1..=3);
    scalars.put(1, &[0], sum(|router| router.statistics.errors.chk_err));
    scalars.put(2, &[0], sum(|router| router.statistics.errors.vers_err));
    // Adverts of a VRID that nobody has are counted for no router.
    scalars.put(3, &[0], Value::Counter32(0));

    let interfaces = Interfaces::of(scene);
    let mut rows = Rows::new(builder, root.join(&[OPERATIONS, 3, 1]), 2..=15);
    for router in &routers {
        operation(&mut rows, scene, router, &interfaces);
    }
    let mut rows = Rows::new(builder, root.join(&[OPERATIONS, 4, 1]), 2..=2);
    for router in &routers {
        for address in &router.spec.addresses {
            if let IpAddr::V4(address) = address.address {
                let octets = address.octets().map(u32::from);
                let row = [&row(router)[..], &octets].concat();
                rows.put(2, &row, ACTIVE);
            }
        }
    }
    let mut rows = Rows::new(builder, root.join(&[STATISTICS, 4, 1]), 1..=12);
    for router in &routers {
        statistics(&mut rows, router);
    }
}

/// `RowStatus` (RFC 2579) of a row that is in use.
const ACTIVE: Value = Value::Integer(1);

fn routers(scene: &Scene) -> impl Iterator<Item = &RouterSnapshot> {
    let routers = scene.snapshot.routers.iter();
    routers
        .filter(|router| router.spec.version == Version::V2 && router.spec.family == Family::Inet)
}

/// Interface, that which is configured and not a virtual one on it, and VRID.
fn row(router: &RouterSnapshot) -> [u32; 2] {
    let vrid = router.spec.vrid.value();
    [router.base.unwrap_or(0), vrid.into()]
}

fn operation(
    rows: &mut Rows<'_>,
    scene: &Scene,
    router: &RouterSnapshot,
    interfaces: &Interfaces<'_>,
) {
    let (row, spec) = (row(router), &router.spec);
    rows.put(2, &row, interfaces.hardware(router.interface));
    rows.put(3, &row, Value::Integer(rfc_state_number(router.state)));
    rows.put(4, &row, Value::Integer(1));
    rows.put(5, &row, Value::Integer(router.base_priority.into()));
    rows.put(6, &row, integer(spec.addresses.len()));
    rows.put(7, &row, ip_address(master_address(router)));
    let source = router.source.unwrap_or(unspecified(spec.family));
    rows.put(8, &row, ip_address(source));
    // The key in column 10 is never told.
    let authentication = match spec.authentication {
        Authentication::None => 1,
        Authentication::Pass(_) => 2,
        Authentication::Header(_) => 3,
    };
    rows.put(9, &row, Value::Integer(authentication));
    rows.put(11, &row, integer(spec.advert_interval.as_secs()));
    rows.put(12, &row, Value::truth(!spec.nopreempt));
    rows.put(13, &row, uptime(scene, router));
    rows.put(14, &row, Value::Integer(1));
    rows.put(15, &row, ACTIVE);
}

/// An address as `IpAddress`, which knows version 4 only.
pub(crate) fn ip_address(address: IpAddr) -> Value {
    match address {
        IpAddr::V4(address) => Value::Address(address.octets()),
        IpAddr::V6(_) => Value::Address([0; 4]),
    }
}

fn statistics(rows: &mut Rows<'_>, router: &RouterSnapshot) {
    let (counted, errors) = (&router.statistics, &router.statistics.errors);
    let counts = [
        counted.become_master,
        counted.advert_rcvd,
        errors.advert_interval_err,
        errors.auth_failure,
        errors.ip_ttl_err,
        counted.pri_zero_rcvd,
        counted.pri_zero_sent,
        errors.invalid_type_rcvd,
        errors.addr_list_err,
        errors.invalid_authtype,
        errors.authtype_mismatch,
        errors.packet_len_err,
    ];
    for (column, count) in (1..).zip(counts) {
        rows.put(column, &row(router), counter32(count));
    }
}
