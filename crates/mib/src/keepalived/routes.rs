//! Virtual and static routes, and their ways.

use std::time::Duration;

use evervip_agentx::{TreeBuilder, Value};
use evervip_dump::Scene;
use evervip_model::{Metric, NextHop, Route, RouteMetrics, RouteType, State};

use super::{encapsulation, table};
use crate::parts::{
    Interfaces, STATIC, address, address_type, family_number, gauge, index, integer, scope,
    unspecified,
};
use crate::rows::Rows;

/// The table of the kernel that routes without a `table` are in.
const MAIN: u32 = 254;
/// `protocol` of tracked routes that say none: keepalived's own.
const KEEPALIVED_PROTOCOL: u8 = 18;

pub(super) fn write(builder: &mut TreeBuilder, scene: &Scene, interfaces: &Interfaces<'_>) {
    let mut rows = Rows::new(builder, table(7), 2..=55);
    for (row, route, is_set) in entries(scene) {
        one(&mut rows, &row, route, is_set, interfaces);
    }
    let mut rows = Rows::new(builder, table(11), 2..=9);
    for (row, route, _) in entries(scene) {
        for (way, hop) in route.next_hops.iter().enumerate() {
            let row = [row[0], row[1], index(way)];
            next_hop(&mut rows, &row, hop, interfaces);
        }
    }
}

/// Static routes and those of the instances with their indices, and whether they are in the kernel.
fn entries(scene: &Scene) -> impl Iterator<Item = ([u32; 2], &Route, bool)> {
    let fixtures = scene.snapshot.fixtures.routes.iter().enumerate();
    let fixed = fixtures.map(|(place, fixture)| ([STATIC, index(place)], &fixture.entry, true));
    let routers = scene.snapshot.routers.iter().enumerate();
    fixed.chain(routers.flat_map(|(at, router)| {
        let is_set = router.state == State::Master;
        let routes = router.spec.routes.iter().enumerate();
        routes.map(move |(place, route)| ([index(at), index(place)], route, is_set))
    }))
}

fn one(rows: &mut Rows<'_>, row: &[u32], route: &Route, is_set: bool, interfaces: &Interfaces<'_>) {
    destination(rows, row, route);
    kind(rows, row, route);
    device(rows, row, route, interfaces);
    rows.put(13, row, gauge(route.table.unwrap_or(MAIN)));
    rows.put(14, row, Value::truth(is_set));
    options(rows, row, route);
    metrics(rows, row, &route.metrics);
    if let Some(header) = &route.encapsulation {
        encapsulation::write(rows, row, header);
    }
}

fn destination(rows: &mut Rows<'_>, row: &[u32], route: &Route) {
    let (to, prefix) = route
        .destination
        .map_or((unspecified(route.family), 0), |network| {
            (network.address, network.prefix)
        });
    rows.put(2, row, integer(family_number(route.family)));
    rows.put(3, row, address(to));
    rows.put(4, row, gauge(prefix));
    rows.put_if(5, row, route.gateway.map(address));
    rows.put_if(7, row, route.source.map(address));
    if let Some(from) = route.from {
        rows.put(15, row, address(from.address));
        rows.put(16, row, gauge(from.prefix));
    }
}

fn kind(rows: &mut Rows<'_>, row: &[u32], route: &Route) {
    rows.put(8, row, gauge(route.metric.unwrap_or(0)));
    rows.put(9, row, scope(route.scope.unwrap_or(0)));
    // 2 is a route of several ways; blackholes and broadcasts have changed places.
    let number = match route.kind {
        _ if !route.next_hops.is_empty() => 2,
        RouteType(2) => 1,
        RouteType::BLACKHOLE => 3,
        RouteType(3) => 6,
        RouteType(number) => i32::from(number),
    };
    rows.put(10, row, Value::Integer(number));
}

fn device(rows: &mut Rows<'_>, row: &[u32], route: &Route, interfaces: &Interfaces<'_>) {
    if let Some(name) = &route.interface {
        rows.put(11, row, interface_number(name, interfaces));
        rows.put(12, row, Value::text(name));
    }
}

/// An interface's number; 0 for one that is not there.
fn interface_number(name: &str, interfaces: &Interfaces<'_>) -> Value {
    integer(interfaces.index(name).unwrap_or(0))
}

fn options(rows: &mut Rows<'_>, row: &[u32], route: &Route) {
    rows.put_if(17, row, route.tos.map(gauge));
    let unsaid = (!route.no_track).then_some(KEEPALIVED_PROTOCOL);
    let protocol = route.protocol.or(unsaid);
    rows.put_if(18, row, protocol.map(|p| Value::Integer(i32::from(p) + 1)));
    rows.put_if(21, row, route.expires.map(integer));
    let preference = route.preference.map(|preference| match preference {
        1 => 3,
        3 => 1,
        _ => 2,
    });
    rows.put_if(43, row, preference.map(Value::Integer));
    realms(rows, row, [44, 45], route.realms);
}

/// Destination's and source's; the upper half is the source's.
fn realms(rows: &mut Rows<'_>, row: &[u32], columns: [u32; 2], realms: Option<u32>) {
    if let Some(realms) = realms {
        rows.put(columns[0], row, gauge(realms & 0xffff));
        let source = Some(realms >> 16).filter(|realm| *realm != 0);
        rows.put_if(columns[1], row, source.map(gauge));
    }
}

fn metrics(rows: &mut Rows<'_>, row: &[u32], metrics: &RouteMetrics) {
    rows.put(19, row, Value::truth(metrics.ecn));
    rows.put(20, row, Value::truth(metrics.quickack == Some(true)));
    let numbers = [
        (22, metrics.mtu),
        (31, metrics.reordering),
        (34, metrics.cwnd),
        (36, metrics.ssthresh),
    ];
    for (column, metric) in numbers {
        lockable(rows, row, column, metric.map(|m| (m.value, m.lock)));
    }
    let times = [
        (27, metrics.rtt),
        (29, metrics.rttvar),
        (38, metrics.rto_min),
    ];
    for (column, metric) in times {
        lockable(rows, row, column, metric.map(milliseconds));
    }
    // The original gives this one where there is a hop limit.
    if let Some(limit) = metrics.hoplimit {
        rows.put(24, row, gauge(limit));
        rows.put(25, row, gauge(metrics.advmss.map_or(0, |m| m.value)));
    }
    let lock = metrics.advmss.map(|metric| Value::truth(metric.lock));
    rows.put_if(26, row, lock);
    rows.put_if(33, row, metrics.window.map(gauge));
    rows.put_if(40, row, metrics.initcwnd.map(gauge));
    rows.put_if(41, row, metrics.initrwnd.map(gauge));
    let control = metrics.congctl.as_ref();
    rows.put_if(42, row, control.map(|metric| Value::text(&metric.value)));
    rows.put_if(55, row, metrics.fastopen_no_cookie.map(Value::truth));
}

fn milliseconds(metric: Metric<Duration>) -> (u32, bool) {
    let millis = u32::try_from(metric.value.as_millis());
    (millis.unwrap_or(u32::MAX), metric.lock)
}

/// A number, and in the next column whether the kernel must not change it.
fn lockable(rows: &mut Rows<'_>, row: &[u32], column: u32, metric: Option<(u32, bool)>) {
    if let Some((value, lock)) = metric {
        rows.put(column, row, gauge(value));
        rows.put(column + 1, row, Value::truth(lock));
    }
}

fn next_hop(rows: &mut Rows<'_>, row: &[u32], hop: &NextHop, interfaces: &Interfaces<'_>) {
    if let Some(gateway) = hop.gateway {
        rows.put(2, row, address_type(gateway));
        rows.put(3, row, address(gateway));
    }
    if let Some(name) = &hop.interface {
        rows.put(4, row, interface_number(name, interfaces));
        rows.put(5, row, Value::text(name));
    }
    let weight = Some(hop.weight).filter(|weight| *weight != 1);
    rows.put_if(6, row, weight.map(gauge));
    rows.put(7, row, Value::truth(hop.onlink));
    realms(rows, row, [8, 9], hop.realms);
}
