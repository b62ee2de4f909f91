//! Explanations and outcomes for programs. The names of the members are an interface.

use std::io::{self, Write};
use std::time::Duration;

use evervip_lint::explain::Section;
use evervip_lint::group::{Event, Forecast, Group, Row};
use evervip_lint::outcome::{Outcome, Role};
use serde_json::{Map, Value, json};

use super::{Explanation, outcome};

/// Writes one object: the files, and the outcomes where there is a group.
pub(super) fn write(
    explained: &[Explanation<'_>],
    group: Option<&Group<'_>>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let files: Vec<Value> = explained.iter().map(file).collect();
    let mut all = json!({ "nodes": files });
    if let Some(group) = group {
        let forecasts = group.forecasts();
        all["outcomes"] = forecasts.iter().map(|f| forecast(group, f)).collect();
    }
    serde_json::to_writer_pretty(&mut *out, &all)?;
    writeln!(out)
}

fn file(explanation: &Explanation<'_>) -> Value {
    json!({
        "name": explanation.node.name,
        "assumed": explanation.node.assumed,
        "sections": explanation.sections.iter().map(section).collect::<Vec<_>>(),
    })
}

fn section(section: &Section) -> Value {
    let topics = section.topics.iter();
    let topics: Map<String, Value> = topics
        .map(|topic| (topic.name.to_owned(), json!(topic.lines)))
        .collect();
    json!({ "title": section.title, "topics": topics })
}

fn forecast(group: &Group<'_>, forecast: &Forecast) -> Value {
    let start = forecast.rows.first().map(|row| &row.outcome);
    let names: Vec<&str> = forecast
        .routers
        .iter()
        .map(|router| group.router_name(&group.routers[*router]))
        .collect();
    json!({
        "instances": names,
        "events": forecast
            .rows
            .iter()
            .map(|r| row(group, forecast, r, start))
            .collect::<Vec<_>>(),
        "left_out": forecast.left_out,
    })
}

fn row(group: &Group<'_>, forecast: &Forecast, row: &Row, start: Option<&Outcome>) -> Value {
    let before = start.filter(|_| row.event != Event::Start);
    let recovery = row.recovery.as_ref().map(|recovery| {
        let before = Some(&row.outcome);
        result(group, forecast, recovery.noticed, &recovery.outcome, before)
    });
    json!({
        "event": group.describe(&row.event),
        "outcome": result(group, forecast, row.noticed, &row.outcome, before),
        "recovery": recovery,
    })
}

fn result(
    group: &Group<'_>,
    forecast: &Forecast,
    noticed: Duration,
    outcome: &Outcome,
    before: Option<&Outcome>,
) -> Value {
    let routers = forecast.routers.iter().enumerate().map(|(at, router)| {
        let router = &group.routers[*router];
        let places = router.places.iter().filter_map(|place| {
            let (role, priority) = outcome.of(*place)?;
            let name = &group.members[place.node].name;
            let state = match role {
                Role::Gone => "gone",
                Role::Fault => "FAULT",
                Role::Backup => "BACKUP",
                Role::Master => "MASTER",
            };
            Some(json!({ "node": name, "state": state, "priority": priority }))
        });
        json!({
            "instance": group.router_name(router),
            "masters": outcome::master_names(group, &router.places, outcome),
            "by_address": outcome.tied.contains(&at),
            "nodes": places.collect::<Vec<_>>(),
        })
    });
    let after = outcome::change(noticed, outcome, before);
    json!({
        "routers": routers.collect::<Vec<_>>(),
        "settles": !outcome.unstable,
        "after": after.map(|time| time.as_secs_f64()),
    })
}
