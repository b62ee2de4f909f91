//! Whether failures move the addresses, and whether `nopreempt` keeps them.

use evervip_config::{Code, Diagnostic, Severity, Span};
use evervip_model::Weight;

use super::{Group, finding};
use crate::outcome::{Contest, Failures, Outcome, Place, Role};

/// A tracker of an instance that lowers its priority when it fails.
struct Tracker {
    name: String,
    weight: Weight,
    failure: Failures,
}

/// A component of the group in which all is well.
struct Well<'c> {
    routers: &'c [usize],
    contest: &'c Contest<'c>,
    start: &'c Outcome,
}

/// Weighted trackers whose failure on the MASTER does not move the addresses.
pub(super) fn checks(group: &Group<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (routers, contest, start) in &group.started() {
        let well = Well {
            routers,
            contest,
            start,
        };
        if start.unstable {
            continue;
        }
        for (at, router) in routers.iter().enumerate() {
            let places = &group.routers[*router].places;
            let masters = start.masters().filter(|m| places.contains(m));
            let masters: Vec<Place> = masters.collect();
            // Without a rival there is nobody to hand over to; with two masters all is lost anyway.
            if let ([master], false) = (masters.as_slice(), start.tied.contains(&at)) {
                if places.len() > 1 {
                    found.extend(ineffective(group, &well, *master));
                }
            }
        }
    }
    found
}

fn ineffective(group: &Group<'_>, well: &Well<'_>, master: Place) -> Vec<Diagnostic> {
    let trackers = trackers(group, master);
    let mut all = Failures::default();
    for tracker in &trackers {
        all.scripts.extend(tracker.failure.scripts.iter().copied());
        all.interfaces
            .extend(tracker.failure.interfaces.iter().cloned());
    }
    // Several checks may be meant to count together.
    let together = stays(well, master, &all).is_none();
    let mut found = Vec::new();
    for tracker in &trackers {
        if let Some(outcome) = stays(well, master, &tracker.failure) {
            let severity = if together {
                Severity::Warning
            } else {
                Severity::Error
            };
            found.extend(no_handover(
                group,
                well,
                (master, tracker),
                &outcome,
                severity,
            ));
        }
    }
    found
}

/// The weighted trackers of an instance that can take something from its priority.
fn trackers(group: &Group<'_>, place: Place) -> Vec<Tracker> {
    let node = place.node;
    let Some(instance) = group.instance(place) else {
        return Vec::new();
    };
    let scripts = instance.track_scripts.iter().filter_map(|track| {
        let script = group.script(node, track.script)?;
        (track.weight != 0 && !track.reverse).then(|| Tracker {
            name: script.name.to_string(),
            weight: track.weight,
            failure: Failures {
                scripts: [(node, track.script)].into(),
                ..Failures::default()
            },
        })
    });
    let own = instance.interface.as_deref();
    let interfaces = instance.track_interfaces.iter().filter_map(|track| {
        let other = own != Some(track.interface.as_str());
        (track.weight != 0 && !track.reverse && other).then(|| Tracker {
            name: track.interface.clone(),
            weight: track.weight,
            failure: Failures {
                interfaces: [(node, track.interface.clone())].into(),
                ..Failures::default()
            },
        })
    });
    scripts.chain(interfaces).collect()
}

/// The outcome of a failure when it leaves the MASTER what it is although others could take over.
fn stays(well: &Well<'_>, master: Place, failure: &Failures) -> Option<Outcome> {
    let outcome = well
        .contest
        .change(well.start, &Failures::default(), failure);
    let is_master = outcome
        .of(master)
        .is_some_and(|(role, _)| role == Role::Master);
    (is_master && !outcome.unstable).then_some(outcome)
}

fn no_handover(
    group: &Group<'_>,
    well: &Well<'_>,
    (master, tracker): (Place, &Tracker),
    outcome: &Outcome,
    severity: Severity,
) -> Option<Diagnostic> {
    let router = well
        .routers
        .iter()
        .map(|r| &group.routers[*r])
        .find(|r| r.places.contains(&master))?;
    let (_, before) = well.start.of(master)?;
    let (_, after) = outcome.of(master)?;
    // The best of those who are able: everybody else is in FAULT with or without this failure.
    let rivals = router.places.iter().filter(|place| **place != master);
    let (rival, best) = rivals
        .filter_map(|place| match outcome.of(*place)? {
            (Role::Backup, priority) => Some((*place, priority)),
            _ => None,
        })
        .max_by_key(|(_, priority)| *priority)?;
    let [here, there] = [master, rival].map(|place| group.name(place));
    let message = format!(
        "{}: when {} fails on {here}, nobody takes over: {here} falls from {before} to {after}, {there} has {best}",
        group.router_name(router),
        tracker.name
    );
    let spots = vec![
        (track_spot(group, master, &tracker.name), String::new()),
        (
            group.members[rival.node].spot(rival, "priority"),
            format!("priority of {there}"),
        ),
    ];
    let diagnostic = finding(Code::NoHandover, severity, message, spots);
    Some(if after < best {
        diagnostic
            .note(format!(
                "{there} has nopreempt: it leaves a running MASTER alone, however low its priority is"
            ))
            .help(format!(
                "remove nopreempt on {there}, or track {} without weight, so that its failure is a FAULT",
                tracker.name
            ))
    } else {
        let needed = i32::from(before) - i32::from(best) + 1;
        let weight = if tracker.weight < 0 {
            format!("-{needed} or less")
        } else {
            format!("{needed} or more")
        };
        let note = if after == best {
            format!("a MASTER is not replaced by an equal: {there} needs more than {after}")
        } else {
            format!(
                "the gap between the nodes is {}, the weight takes {}",
                before - best,
                before - after
            )
        };
        diagnostic.note(note).help(format!(
            "write weight {weight} on both nodes, move the priorities together, or leave the weight out, so that a failure is a FAULT"
        ))
    })
}

/// The line by which an instance tracks something, or where the instance begins when its sync group
/// does it.
fn track_spot(group: &Group<'_>, place: Place, name: &str) -> Option<Span> {
    let member = &group.members[place.node];
    for keyword in ["track_script", "track_interface"] {
        let entries = member.lines(place).iter();
        let mut entries = entries
            .filter(|node| node.keyword().text == keyword)
            .flat_map(evervip_config::Node::nodes);
        if let Some(entry) = entries.find(|node| node.keyword().text == name) {
            return Some(member.moved(entry.span()));
        }
    }
    member.spot(place, "track_script")
}

/// `nopreempt` that does not keep the addresses from moving back.
pub(super) fn preemption(group: &Group<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (routers, contest, start) in &group.started() {
        for (at, router) in routers.iter().enumerate() {
            let places = &group.routers[*router].places;
            let masters = start.masters().filter(|m| places.contains(m));
            let masters: Vec<Place> = masters.collect();
            let ([master], false) = (masters.as_slice(), start.tied.contains(&at)) else {
                continue;
            };
            let said = places.iter().copied().find(|place| {
                group.members[place.node]
                    .line(*place, "nopreempt")
                    .is_some()
            });
            if let Some(said) = said {
                if moves_back(contest, start, *master, places) {
                    found.push(without_effect(group, *router, said, *master));
                }
            }
        }
    }
    found
}

/// Whether a MASTER that dies and returns becomes MASTER again.
fn moves_back(contest: &Contest<'_>, start: &Outcome, master: Place, places: &[Place]) -> bool {
    let none = Failures::default();
    let dead = Failures {
        dead: [master.node].into(),
        ..Failures::default()
    };
    let without = contest.change(start, &none, &dead);
    let taken_over = without.masters().any(|m| places.contains(&m));
    let back = contest.change(&without, &dead, &none);
    taken_over && back.masters().any(|m| m == master)
}

fn without_effect(group: &Group<'_>, router: usize, said: Place, master: Place) -> Diagnostic {
    let name = group.router_name(&group.routers[router]);
    let [there, top] = [said, master].map(|place| group.name(place));
    let member = &group.members[said.node];
    let spots = vec![
        (member.spot(said, "nopreempt"), String::new()),
        (
            group.members[master.node].spot(master, "priority"),
            format!("the higher priority, on {top}"),
        ),
    ];
    let message = format!(
        "{name}: nopreempt on {there} does not keep the addresses there: {top} takes them back when it returns"
    );
    let diagnostic = finding(
        Code::NopreemptWithoutEffect,
        Severity::Warning,
        message,
        spots,
    );
    if said == master {
        diagnostic
            .note("nopreempt does not count with state MASTER or priority 255")
            .help(format!("write state BACKUP on {top}"))
    } else {
        diagnostic
            .note("nopreempt binds the node on which it stands, when that node has the higher priority")
            .help(format!(
                "write nopreempt and state BACKUP on {top} too, or remove it here"
            ))
    }
}
