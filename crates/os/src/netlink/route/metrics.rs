//! Settings of the connections that use a route (`RTA_METRICS`).

use std::time::Duration;

use evervip_model::{Metric, RouteMetrics};

use super::super::builder::MessageBuilder;

/// Adds the attribute unless nothing is set.
pub(super) fn add(message: &mut MessageBuilder, metrics: &RouteMetrics) {
    if *metrics == RouteMetrics::default() {
        return;
    }
    message.nested(libc::RTA_METRICS, |inner| {
        for (kind, metric) in lockable(metrics) {
            inner.number(kind, metric.value);
        }
        for (kind, number) in plain(metrics) {
            inner.number(kind, number);
        }
        if let Some(name) = &metrics.congctl {
            inner.attribute(RTAX_CC_ALGO, name.value.as_bytes());
        }
        let locked = locked(metrics);
        if locked != 0 {
            inner.number(RTAX_LOCK, locked);
        }
    });
}

/// Numbers that may be locked, those in use only.
fn lockable(metrics: &RouteMetrics) -> impl Iterator<Item = (u16, Metric<u32>)> {
    // The kernel counts in eighths, quarters and whole milliseconds.
    let time = |metric: Option<Metric<Duration>>, parts: u128| {
        metric.map(|metric| Metric {
            value: u32::try_from(metric.value.as_micros() * parts / 1000).unwrap_or(u32::MAX),
            lock: metric.lock,
        })
    };
    [
        (RTAX_MTU, metrics.mtu),
        (RTAX_RTT, time(metrics.rtt, 8)),
        (RTAX_RTTVAR, time(metrics.rttvar, 4)),
        (RTAX_SSTHRESH, metrics.ssthresh),
        (RTAX_CWND, metrics.cwnd),
        (RTAX_ADVMSS, metrics.advmss),
        (RTAX_REORDERING, metrics.reordering),
        (RTAX_RTO_MIN, time(metrics.rto_min, 1)),
    ]
    .into_iter()
    .filter_map(|(kind, metric)| Some((kind, metric?)))
}

/// Numbers that cannot be locked, those in use only.
fn plain(metrics: &RouteMetrics) -> impl Iterator<Item = (u16, u32)> {
    [
        (RTAX_WINDOW, metrics.window),
        (RTAX_HOPLIMIT, metrics.hoplimit.map(u32::from)),
        (RTAX_INITCWND, metrics.initcwnd),
        (RTAX_FEATURES, metrics.ecn.then_some(FEATURE_ECN)),
        (RTAX_INITRWND, metrics.initrwnd),
        (RTAX_QUICKACK, metrics.quickack.map(u32::from)),
        (
            RTAX_FASTOPEN_NO_COOKIE,
            metrics.fastopen_no_cookie.map(u32::from),
        ),
    ]
    .into_iter()
    .filter_map(|(kind, number)| Some((kind, number?)))
}

/// A bit for each number that the kernel must not change.
fn locked(metrics: &RouteMetrics) -> u32 {
    let name = metrics.congctl.as_ref();
    let name = name.filter(|name| name.lock).map(|_| RTAX_CC_ALGO);
    lockable(metrics)
        .filter(|(_, metric)| metric.lock)
        .map(|(kind, _)| kind)
        .chain(name)
        .fold(0, |bits, kind| bits | 1 << kind)
}

const RTAX_LOCK: u16 = 1;
const RTAX_MTU: u16 = 2;
const RTAX_WINDOW: u16 = 3;
const RTAX_RTT: u16 = 4;
const RTAX_RTTVAR: u16 = 5;
const RTAX_SSTHRESH: u16 = 6;
const RTAX_CWND: u16 = 7;
const RTAX_ADVMSS: u16 = 8;
const RTAX_REORDERING: u16 = 9;
const RTAX_HOPLIMIT: u16 = 10;
const RTAX_INITCWND: u16 = 11;
const RTAX_FEATURES: u16 = 12;
const RTAX_RTO_MIN: u16 = 13;
const RTAX_INITRWND: u16 = 14;
const RTAX_QUICKACK: u16 = 15;
const RTAX_CC_ALGO: u16 = 16;
const RTAX_FASTOPEN_NO_COOKIE: u16 = 17;
/// Explicit congestion notification.
const FEATURE_ECN: u32 = 1;
