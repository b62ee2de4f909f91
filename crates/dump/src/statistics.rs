//! The counters of all instances (`keepalived.stats`).

use evervip_vrrp::Statistics;

use crate::Scene;
use crate::text::Text;

/// The whole file.
#[must_use]
pub fn statistics(scene: &Scene) -> String {
    let mut text = Text::default();
    for router in &scene.snapshot.routers {
        text.line(format_args!("VRRP Instance: {}", router.spec.name));
        counters(&mut text, &router.statistics, router.spec.hmac.is_some());
    }
    text.finish()
}

/// Those of signatures are of keepalived 2.4: only instances that know signatures have them.
fn counters(text: &mut Text, counted: &Statistics, signed: bool) {
    let block = |text: &mut Text, title: &str, rows: &[(&str, u64)]| {
        text.line(format_args!("  {title}:"));
        for (name, value) in rows {
            text.line(format_args!("    {name}: {value}"));
        }
    };
    block(
        text,
        "Advertisements",
        &[
            ("Received", counted.advert_rcvd),
            ("Sent", counted.advert_sent),
        ],
    );
    text.line(format_args!("  Became master: {}", counted.become_master));
    text.line(format_args!(
        "  Released master: {}",
        counted.release_master
    ));
    block(
        text,
        "Packet Errors",
        &[
            ("Length", counted.errors.packet_len_err),
            ("TTL", counted.errors.ip_ttl_err),
            ("Invalid Type", counted.errors.invalid_type_rcvd),
            ("Advertisement Interval", counted.errors.advert_interval_err),
            ("Address List", counted.errors.addr_list_err),
        ],
    );
    block(
        text,
        "Authentication Errors",
        &[
            ("Invalid Type", counted.errors.invalid_authtype),
            ("Type Mismatch", counted.errors.authtype_mismatch),
            ("Failure", counted.errors.auth_failure),
        ],
    );
    if signed {
        block(
            text,
            "Authentication Extension Errors",
            &[
                ("Missing", counted.errors.auth_ext_missing),
                ("Malformed", counted.errors.auth_ext_malformed),
                ("Unknown Key", counted.errors.auth_ext_unknown_key),
                ("Invalid HMAC", counted.errors.auth_ext_invalid_hmac),
                ("Stale", counted.errors.auth_ext_stale),
                ("Replay", counted.errors.auth_ext_replay),
            ],
        );
    }
    block(
        text,
        "Priority Zero",
        &[
            ("Received", counted.pri_zero_rcvd),
            ("Sent", counted.pri_zero_sent),
        ],
    );
}
