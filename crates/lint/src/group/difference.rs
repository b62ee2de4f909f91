//! Settings that all nodes must share.

use evervip_config::{Code, Diagnostic, Severity};
use evervip_model::{Authentication, Delivery, Instance, Version};

use super::matching::VirtualRouter;
use super::{Group, finding, list};
use crate::outcome::Place;

/// A setting that is compared.
struct Setting {
    code: Code,
    /// The keyword whose line is shown.
    keyword: &'static str,
    /// What it is called.
    what: &'static str,
    /// The value for people; equal values have equal texts.
    value: fn(&Group<'_>, Place, &Instance) -> String,
    severity: fn(&Instance) -> Severity,
    note: &'static str,
    help: &'static str,
}

const SETTINGS: &[Setting] = &[
    Setting {
        code: Code::DifferingVrid,
        keyword: "virtual_router_id",
        what: "virtual_router_id",
        value: |_, _, instance| instance.vrid.to_string(),
        severity: |_| Severity::Error,
        note: "they do not know of each other: each becomes MASTER of the same addresses",
        help: "give it the same virtual_router_id on every node",
    },
    Setting {
        code: Code::DifferingVersion,
        keyword: "version",
        what: "the protocol version",
        value: |_, _, instance| instance.version.number().to_string(),
        severity: |_| Severity::Error,
        note: "adverts of another version are dropped: each becomes MASTER",
        help: "write the same version in every instance, or vrrp_version in every global_defs",
    },
    Setting {
        code: Code::DifferingAuthentication,
        keyword: "authentication",
        what: "the kind of authentication",
        value: |_, _, instance| authentication(instance).to_owned(),
        severity: |_| Severity::Error,
        note: "adverts with other authentication are dropped: each becomes MASTER",
        help: "write the same authentication block on every node",
    },
    Setting {
        code: Code::DifferingAdvertInt,
        keyword: "advert_int",
        what: "advert_int",
        value: |_, _, instance| format!("{} s", instance.advert_interval.as_secs_f64()),
        severity: |instance| match instance.version {
            Version::V2 => Severity::Error,
            Version::V3 => Severity::Warning,
        },
        note: "version 2 drops adverts with another interval, so each becomes MASTER; version 3 takes the interval of whoever is MASTER",
        help: "write the same advert_int on every node",
    },
    Setting {
        code: Code::DifferingDelivery,
        keyword: "unicast_peer",
        what: "the way of adverts",
        value: |_, _, instance| delivery(instance),
        severity: |_| Severity::Error,
        note: "they do not hear each other: each becomes MASTER",
        help: "give every node a unicast_peer block that names all the others, or none of them",
    },
    Setting {
        code: Code::DifferingVmac,
        keyword: "use_vmac",
        what: "use_vmac",
        value: |_, _, instance| match instance.virtual_mac {
            Some(_) => "yes".to_owned(),
            None => "no".to_owned(),
        },
        severity: |_| Severity::Warning,
        note: "the address moves between MAC addresses at every hand-over, which use_vmac is there to avoid",
        help: "write use_vmac on every node, or on none",
    },
    Setting {
        code: Code::DifferingPreemptDelay,
        keyword: "preempt_delay",
        what: "preempt_delay",
        value: |_, _, instance| format!("{} s", instance.preempt_delay.as_secs_f64()),
        severity: |_| Severity::Warning,
        note: "it delays only the node on which it stands, and only when that node takes the address back from a lower priority",
        help: "write the same preempt_delay on every node",
    },
];

const fn authentication(instance: &Instance) -> &'static str {
    match instance.authentication {
        Authentication::None => "none",
        Authentication::Pass(_) => "PASS",
        Authentication::Header(_) => "AH",
    }
}

fn delivery(instance: &Instance) -> String {
    match &instance.delivery {
        Delivery::Multicast { group } => format!("multicast to {group}"),
        Delivery::Unicast { .. } | Delivery::NoPeer => "unicast".to_owned(),
    }
}

pub(super) fn settings(group: &Group<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for router in &group.routers {
        for setting in SETTINGS {
            found.extend(differing(group, router, setting));
        }
        found.extend(passwords(group, router));
    }
    found
}

/// The nodes by value, when there is more than one value.
fn differing(group: &Group<'_>, router: &VirtualRouter, setting: &Setting) -> Option<Diagnostic> {
    let mut values: Vec<(String, Vec<Place>)> = Vec::new();
    let instances = group.instances(router);
    for (place, instance) in &instances {
        let value = (setting.value)(group, *place, instance);
        match values.iter_mut().find(|(known, _)| *known == value) {
            Some((_, places)) => places.push(*place),
            None => values.push((value, vec![*place])),
        }
    }
    if values.len() < 2 {
        return None;
    }
    // The few are more likely wrong than the many, the later than the first.
    values.reverse();
    values.sort_by_key(|(_, places)| places.len());
    let parts: Vec<String> = values
        .iter()
        .rev()
        .map(|(value, places)| format!("{value} on {}", names(group, places)))
        .collect();
    let message = format!(
        "{}: {} differs: {}",
        group.router_name(router),
        setting.what,
        parts.join(", ")
    );
    let spots = values.iter().filter_map(|(value, places)| {
        let place = *places.first()?;
        let spot = group.members[place.node].spot(place, setting.keyword);
        Some((spot, format!("{value} on {}", group.name(place))))
    });
    let severities = instances.iter().map(|(_, i)| (setting.severity)(i));
    let severity = severities.max().unwrap_or(Severity::Warning);
    Some(
        finding(setting.code, severity, message, spots.collect())
            .note(setting.note)
            .help(setting.help),
    )
}

fn names(group: &Group<'_>, places: &[Place]) -> String {
    let names: Vec<&str> = places.iter().map(|place| group.name(*place)).collect();
    list(&names)
}

/// Passwords are compared and never shown.
fn passwords(group: &Group<'_>, router: &VirtualRouter) -> Option<Diagnostic> {
    let instances = group.instances(router);
    let (first, instance) = instances.first()?;
    let same_kind = |other: &Instance| authentication(other) == authentication(instance);
    let (other, _) = instances
        .iter()
        .find(|(_, other)| same_kind(other) && other.authentication != instance.authentication)?;
    // Not the line of auth_pass: it would be shown.
    let spot = |place: &Place| group.members[place.node].spot(*place, "authentication");
    let message = format!(
        "{}: the passwords of {} and {} differ",
        group.router_name(router),
        group.name(*first),
        group.name(*other)
    );
    let spots = vec![
        (spot(other), String::new()),
        (
            spot(first),
            format!("another one on {}", group.name(*first)),
        ),
    ];
    Some(
        finding(
            Code::DifferingAuthentication,
            Severity::Error,
            message,
            spots,
        )
        .note("adverts with another password are dropped: each becomes MASTER; only the first eight characters count")
        .help("write the same auth_pass on every node"),
    )
}
