//! The outcomes of failures as a table.

use std::time::Duration;

use evervip_lint::explain::milliseconds;
use evervip_lint::group::{Event, Forecast, Group, Row};
use evervip_lint::outcome::{Outcome, Place, Role};

/// A table for one virtual router, or for those that a sync group ties together.
pub(super) struct Table {
    pub(super) title: String,
    pub(super) head: Vec<String>,
    pub(super) rows: Vec<Vec<String>>,
    pub(super) notes: Vec<String>,
}

/// All tables of a group.
pub(super) fn tables(group: &Group<'_>) -> Vec<Table> {
    let forecasts = group.forecasts();
    forecasts.iter().map(|f| table(group, f)).collect()
}

fn table(group: &Group<'_>, forecast: &Forecast) -> Table {
    let names: Vec<&str> = forecast
        .routers
        .iter()
        .map(|router| group.router_name(&group.routers[*router]))
        .collect();
    let mut head: Vec<String> = ["event", "MASTER", "after"].map(str::to_owned).into();
    head.extend(group.members.iter().map(|member| member.name.clone()));
    head.extend(["when all is well again", "after"].map(str::to_owned));
    let start = forecast.rows.first().map(|row| &row.outcome);
    let rows = forecast.rows.iter();
    let rows = rows.map(|row| cells(group, forecast, row, start)).collect();
    let mut notes = Vec::new();
    let outcomes = forecast.rows.iter().map(|row| &row.outcome);
    if outcomes.clone().any(|outcome| !outcome.tied.is_empty()) {
        notes.push("or: equal priorities, whoever is first or has the higher address".to_owned());
    }
    if outcomes.clone().any(|outcome| outcome.unstable) {
        notes.push("changes for ever: priorities of the group's members are crossed".to_owned());
    }
    if forecast.left_out > 0 {
        notes.push(format!("{} more failures are left out", forecast.left_out));
    }
    Table {
        title: names.join(", "),
        head,
        rows,
        notes,
    }
}

fn cells(
    group: &Group<'_>,
    forecast: &Forecast,
    row: &Row,
    start: Option<&Outcome>,
) -> Vec<String> {
    let before = start.filter(|_| row.event != Event::Start);
    let mut cells = vec![
        group.describe(&row.event),
        masters(group, forecast, &row.outcome),
        after(row.noticed, &row.outcome, before),
    ];
    for node in 0..group.members.len() {
        cells.push(standing(&row.outcome, node));
    }
    if let Some(recovery) = &row.recovery {
        cells.push(masters(group, forecast, &recovery.outcome));
        cells.push(after(
            recovery.noticed,
            &recovery.outcome,
            Some(&row.outcome),
        ));
    }
    cells
}

/// Who is MASTER, in one word where all routers agree.
pub(super) fn masters(group: &Group<'_>, forecast: &Forecast, outcome: &Outcome) -> String {
    if outcome.unstable {
        return "changes for ever".to_owned();
    }
    let mut each: Vec<(String, String)> = Vec::new();
    for (at, router) in forecast.routers.iter().enumerate() {
        let router = &group.routers[*router];
        let names = master_names(group, &router.places, outcome);
        let text = match names.as_slice() {
            [] => "nobody".to_owned(),
            [_] if outcome.tied.contains(&at) => {
                let all = able(group, &router.places, outcome);
                all.join(" or ")
            }
            [one] => (*one).to_owned(),
            several => format!("{} (all at once)", several.join(", ")),
        };
        each.push((group.router_name(router).to_owned(), text));
    }
    let same = each.windows(2).all(|pair| pair[0].1 == pair[1].1);
    match each.first() {
        Some((_, text)) if same => text.clone(),
        _ => {
            let parts = each.iter().map(|(name, text)| format!("{name}: {text}"));
            parts.collect::<Vec<_>>().join("; ")
        }
    }
}

/// The nodes that are MASTER of a router.
pub(super) fn master_names<'g>(
    group: &'g Group<'_>,
    places: &[Place],
    outcome: &Outcome,
) -> Vec<&'g str> {
    let masters = outcome.masters().filter(|master| places.contains(master));
    masters
        .map(|master| group.members[master.node].name.as_str())
        .collect()
}

/// The nodes with the best priority of those that can be MASTER.
fn able<'g>(group: &'g Group<'_>, places: &[Place], outcome: &Outcome) -> Vec<&'g str> {
    let able = |place: &Place| match outcome.of(*place) {
        Some((Role::Backup | Role::Master, priority)) => Some(priority),
        _ => None,
    };
    let best = places.iter().filter_map(able).max();
    let equal = places.iter().filter(|place| able(place) == best);
    equal
        .map(|place| group.members[place.node].name.as_str())
        .collect()
}

/// How long it takes; nothing when nobody becomes MASTER who was not.
fn after(noticed: Duration, outcome: &Outcome, before: Option<&Outcome>) -> String {
    match change(noticed, outcome, before) {
        Some(time) => milliseconds(time),
        None => "-".to_owned(),
    }
}

/// The longest time from an event to the last change; `None` when nothing changes.
pub(super) fn change(
    noticed: Duration,
    outcome: &Outcome,
    before: Option<&Outcome>,
) -> Option<Duration> {
    let was = |place: Place| before.is_some_and(|b| b.masters().any(|m| m == place));
    let new = outcome.masters().any(|master| !was(master));
    let last = outcome.after.iter().max().copied().unwrap_or_default();
    (new && !outcome.unstable).then(|| noticed + last)
}

/// The effective priority of a node, or why it has none.
fn standing(outcome: &Outcome, node: usize) -> String {
    let places = outcome.places.iter().filter(|p| p.0.node == node);
    let mut texts: Vec<String> = Vec::new();
    for (_, role, priority) in places {
        let text = match role {
            Role::Gone => "gone".to_owned(),
            Role::Fault => "FAULT".to_owned(),
            Role::Backup | Role::Master => priority.to_string(),
        };
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
    texts.join("/")
}
