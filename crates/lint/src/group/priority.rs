//! Priorities and states side by side.

use evervip_config::{Code, Diagnostic, Severity};
use evervip_model::InitialState;

use super::matching::VirtualRouter;
use super::{Group, finding, list};
use crate::outcome::Place;

/// Several nodes with priority 255.
pub(super) fn owners(group: &Group<'_>) -> Vec<Diagnostic> {
    let routers = group.routers.iter();
    let found = routers.filter_map(|router| {
        let owners = of_priority(group, router, 255);
        (owners.len() > 1).then(|| {
            let message = format!(
                "{}: priority 255 on {}",
                group.router_name(router),
                names(group, &owners)
            );
            finding(
                Code::TwoOwners,
                Severity::Error,
                message,
                spots(group, &owners, "priority"),
            )
            .note("255 is for the one owner of the addresses: both are MASTER at start, then one of them goes down to 254 for good")
            .help("leave 255 to one node, or choose lower priorities for all")
        })
    });
    found.collect()
}

fn of_priority(group: &Group<'_>, router: &VirtualRouter, priority: u8) -> Vec<Place> {
    let instances = group.instances(router).into_iter();
    instances
        .filter(|(_, instance)| instance.priority.value() == priority)
        .map(|(place, _)| place)
        .collect()
}

/// Equal priorities below 255.
pub(super) fn equals(group: &Group<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (router, origins) in group.routers.iter().zip(&group.origins) {
        let priorities = group.instances(router).into_iter();
        let highest = priorities.map(|(_, i)| i.priority.value()).max();
        let Some(priority) = highest.filter(|p| *p < 255) else {
            continue;
        };
        let equal = of_priority(group, router, priority);
        if equal.len() < 2 {
            continue;
        }
        let sources = router.places.iter().zip(origins);
        let mut sources: Vec<_> = sources.filter(|(place, _)| equal.contains(place)).collect();
        sources.sort_by_key(|(_, source)| **source);
        let winner = match sources.last() {
            Some((place, Some(source))) if sources.iter().all(|(_, s)| s.is_some()) => {
                format!("{} ({source})", group.name(**place))
            }
            _ => "the one with the higher source address".to_owned(),
        };
        let message = format!(
            "{}: the same priority {priority} on {}",
            group.router_name(router),
            names(group, &equal)
        );
        found.push(
            finding(
                Code::EqualPriorities,
                Severity::Warning,
                message,
                spots(group, &equal, "priority"),
            )
            .note(format!(
                "whoever is MASTER first stays it; when both become MASTER at once, {winner} wins"
            ))
            .help("give every node its own priority"),
        );
    }
    found
}

/// `state MASTER` where the priorities say otherwise.
pub(super) fn states(group: &Group<'_>) -> Vec<Diagnostic> {
    let routers = group.routers.iter();
    routers.filter_map(|r| misleading_state(group, r)).collect()
}

fn misleading_state(group: &Group<'_>, router: &VirtualRouter) -> Option<Diagnostic> {
    let instances = group.instances(router);
    if instances.len() < 2 {
        return None;
    }
    let masters: Vec<Place> = instances
        .iter()
        .filter(|(_, i)| i.initial_state == InitialState::Master)
        .map(|(place, _)| *place)
        .collect();
    let highest = instances.iter().map(|(_, i)| i.priority).max()?;
    if highest.is_owner() {
        // An owner is MASTER by itself.
        return None;
    }
    let name = group.router_name(router);
    let message = match masters.as_slice() {
        [] => return None,
        [only] => {
            let best = instances.iter().find(|(_, i)| i.priority == highest)?.0;
            let own = group.instance(*only)?.priority;
            if own == highest {
                return None;
            }
            format!(
                "{name}: state MASTER on {}, but {} has the higher priority {highest}",
                group.name(*only),
                group.name(best)
            )
        }
        several => format!("{name}: state MASTER on {}", names(group, several)),
    };
    Some(
        finding(
            Code::MisleadingState,
            Severity::Warning,
            message,
            spots(group, &masters, "state"),
        )
        .note("state decides nothing below priority 255: the highest priority becomes MASTER")
        .help(
            "write state MASTER for the highest priority only, and state BACKUP on the other nodes",
        ),
    )
}

fn names(group: &Group<'_>, places: &[Place]) -> String {
    let names: Vec<&str> = places.iter().map(|place| group.name(*place)).collect();
    list(&names)
}

/// The lines of a keyword, the last node's first.
fn spots(
    group: &Group<'_>,
    places: &[Place],
    keyword: &str,
) -> Vec<(Option<evervip_config::Span>, String)> {
    let places = places.iter().rev();
    places
        .map(|place| {
            let span = group.members[place.node].spot(*place, keyword);
            (span, format!("on {}", group.name(*place)))
        })
        .collect()
}
