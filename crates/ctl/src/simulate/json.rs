//! A run for programs. The names of the members are an interface (docs/simulate.md); times are
//! seconds since the start.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::time::Duration;

use evervip_vrrp::Timestamp;
use serde_json::{Value, json};

use super::ownership::Ownership;
use super::play::Play;
use super::timeline::{Entry, Happening};

/// Changes when a member goes or means something else; new members leave it as it is.
const SCHEMA: u32 = 1;

pub(super) fn write(play: &Play<'_>, out: &mut dyn Write) -> io::Result<()> {
    let names = play.stage.names;
    let timeline = &play.timeline;
    let end = play.lan.now();
    let entries = timeline.entries.iter().map(|e| entry(e, names));
    let addresses = timeline.addresses.iter().map(|(address, ownership)| {
        let mut object = json!({ "address": address.to_string() });
        object["without_owner"] = seconds(ownership.without);
        object["longest_gap"] = seconds(ownership.longest_gap);
        object["with_several_owners"] = seconds(ownership.double);
        object["longest_double"] = seconds(ownership.longest_double);
        let gaps = ownership.gaps(end).into_iter();
        object["gaps"] = gaps
            .map(|(from, to)| json!({ "from": time(from), "to": time(to) }))
            .collect();
        owners(&mut object, ownership, names);
        object
    });
    let routing = timeline.routing.iter().map(|(entry, ownership)| {
        let mut object = json!({ "entry": entry });
        owners(&mut object, ownership, names);
        object
    });
    let failures = play.failed.iter();
    let failures = failures.map(|f| json!({ "line": f.line, "message": f.text }));
    let all = json!({
        "schema": SCHEMA,
        "seed": play.stage.seed,
        "nodes": names,
        "end": time(end),
        "as_expected": play.failed.is_empty(),
        "failures": failures.collect::<Vec<_>>(),
        "timeline": entries.collect::<Vec<_>>(),
        "addresses": addresses.collect::<Vec<_>>(),
        "routing": routing.collect::<Vec<_>>(),
        "final": finals(play),
        "not_simulated": play.stage.left_out,
    });
    serde_json::to_writer_pretty(&mut *out, &all)?;
    writeln!(out)
}

fn entry(entry: &Entry, names: &[&str]) -> Value {
    match &entry.what {
        Happening::State {
            node,
            instance,
            state,
            reason,
        } => json!({
            "time": time(entry.at),
            "kind": "state",
            "node": names[*node],
            "instance": &**instance,
            "state": state.keepalived_name(),
            "reason": reason,
        }),
        Happening::Done {
            line,
            text,
            details,
        } => json!({
            "time": time(entry.at),
            "kind": "event",
            "line": line,
            "event": text,
            "details": details,
        }),
    }
}

fn owners(object: &mut Value, ownership: &Ownership, names: &[&str]) {
    let named = |owners: &BTreeSet<usize>| -> Value {
        let owners = owners.iter();
        owners.map(|node| Value::from(names[*node])).collect()
    };
    let spans = ownership.spans.iter();
    object["owners"] = spans
        .map(|(since, owners)| json!({ "from": time(*since), "nodes": named(owners) }))
        .collect();
    object["final_owners"] = named(ownership.owners());
}

/// How every instance ended; nodes without daemon have none.
fn finals(play: &Play<'_>) -> Vec<Value> {
    let nodes = play.stage.names.iter().enumerate();
    let instances = nodes.flat_map(|(number, name)| {
        let status = play.lan.status(number).into_iter();
        status.map(move |status| {
            json!({
                "node": name,
                "instance": &*status.name,
                "state": status.state.keepalived_name(),
                "priority": status.priority,
            })
        })
    });
    instances.collect()
}

fn time(at: Timestamp) -> Value {
    seconds(at.saturating_since(Timestamp::default()))
}

/// To the microsecond, as the protocol counts.
fn seconds(time: Duration) -> Value {
    let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
    Duration::from_micros(micros).as_secs_f64().into()
}
