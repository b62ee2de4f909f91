//! A node with a thousand masters dies: when its addresses are taken over.

use std::{
    collections::BTreeMap,
    path::Path,
    time::{Duration, SystemTime},
};

use anyhow::{Result, anyhow, ensure};
use evervip_lab::{Advert, Capture, wait_until};

use crate::{
    Effort, Programs,
    site::{HIGH, LOW, Place, Routers, Site},
    table::{Goal, Row, Value},
};

/// When the backup took over, in milliseconds.
#[derive(Debug, Clone, Copy)]
struct Takeover {
    /// From the death of the master until the first address is taken over.
    first: f64,
    /// Until the last one is.
    last: f64,
    /// Longest time by which an address is taken over later than due.
    excess: f64,
}

pub(crate) fn measure(programs: &Programs, _: Effort) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (count, goal) in [(100, 10.0), (1000, 10.0)] {
        let results = programs.in_turn(|program| takeover(program, count))?;
        let row = |what: &str, value: fn(&Takeover) -> f64| {
            let values = results.each_ref().map(|t| Value::Milliseconds(value(t)));
            Row::new(format!("{count} instances, node death: {what}"), values)
        };
        rows.push(row("first taken over after", |t| t.first));
        rows.push(row("last taken over after", |t| t.last));
        rows.push(row("latest beyond its due time", |t| t.excess).goal(Goal::AtMost(goal)));
    }
    Ok(rows)
}

fn takeover(program: &Path, count: u16) -> Result<Takeover> {
    let routers = Routers::new(count, 2, Duration::from_secs(1));
    let site = Site::new(routers)?;
    let more = site.more_captures()?;
    let captures: Vec<&Capture> = std::iter::once(&site.capture).chain(&more).collect();
    let mut master = site.station(program, HIGH)?;
    let mut backup = site.station(program, LOW)?;
    master.start()?;
    site.wait_master(&master)?;
    backup.start()?;
    site.wait_adverts(&master, usize::from(count.min(250)) * 3)?;
    let marks: Vec<usize> = captures.iter().map(|capture| capture.mark()).collect();
    std::thread::sleep(Duration::from_secs(2));
    let death = SystemTime::now();
    master.kill();
    let limit = routers.patience(LOW) + Duration::from_secs(20);
    let seen = || -> Vec<(u8, Advert)> {
        let links = (0..).zip(captures.iter().zip(&marks));
        links
            .flat_map(|(link, (capture, mark))| {
                let adverts = capture.adverts_after(*mark);
                adverts.into_iter().map(move |advert| (link, advert))
            })
            .collect()
    };
    let all = wait_until(limit, "every address is taken over", || {
        first_of(&seen(), LOW).len() == usize::from(count)
    });
    let adverts = seen();
    let taken = first_of(&adverts, LOW);
    all.map_err(|e| anyhow!("{e}: {} of {count}", taken.len()))?;
    let last = last_of(&adverts, HIGH);
    ensure!(
        last.len() == usize::from(count),
        "adverts of the master are missing"
    );
    let since = |at: SystemTime, from: SystemTime| match at.duration_since(from) {
        Ok(later) => later.as_secs_f64() * 1e3,
        Err(earlier) => earlier.duration().as_secs_f64() * -1e3,
    };
    let after = || taken.values().map(|at| since(*at, death));
    let excess = taken.iter().filter_map(|(place, at)| {
        let due = *last.get(place)? + routers.patience(LOW);
        Some(since(*at, due))
    });
    Ok(Takeover {
        first: after().fold(f64::INFINITY, f64::min),
        last: after().fold(f64::NEG_INFINITY, f64::max),
        excess: excess.fold(f64::NEG_INFINITY, f64::max),
    })
}

fn of(adverts: &[(u8, Advert)], priority: u8) -> impl Iterator<Item = (Place, SystemTime)> + '_ {
    adverts
        .iter()
        .filter(move |(_, advert)| advert.priority == priority)
        .map(|(link, advert)| {
            let place = Place {
                link: *link,
                vrid: advert.vrid,
            };
            (place, advert.at)
        })
}

fn first_of(adverts: &[(u8, Advert)], priority: u8) -> BTreeMap<Place, SystemTime> {
    let mut first = BTreeMap::new();
    for (place, at) in of(adverts, priority) {
        first.entry(place).or_insert(at);
    }
    first
}

fn last_of(adverts: &[(u8, Advert)], priority: u8) -> BTreeMap<Place, SystemTime> {
    of(adverts, priority).collect()
}
