//! A run for people.

use std::io::{self, Write};

use evervip_vrrp::Timestamp;

use super::ownership::Ownership;
use super::play::Play;
use super::timeline::{Entry, Happening};

pub(super) fn write(play: &Play<'_>, out: &mut dyn Write) -> io::Result<()> {
    let names = play.stage.names;
    for entry in &play.timeline.entries {
        line(entry, names, out)?;
    }
    for (address, ownership) in &play.timeline.addresses {
        let (without, double) = (ownership.without.as_millis(), ownership.double.as_millis());
        writeln!(
            out,
            "\n{address}: {without} ms without owner, {double} ms with two"
        )?;
        spans(ownership, names, out)?;
    }
    for (entry, ownership) in &play.timeline.routing {
        writeln!(out, "\n{entry}")?;
        spans(ownership, names, out)?;
    }
    for (number, text) in play.stage.left_out.iter().enumerate() {
        let before = if number == 0 { "\n" } else { "" };
        writeln!(out, "{before}not simulated: {text}")?;
    }
    for failure in &play.failed {
        let line = failure.line.map(|line| format!("line {line}: "));
        let line = line.unwrap_or_default();
        writeln!(out, "\nnot as expected: {line}{}", failure.text)?;
    }
    Ok(())
}

fn line(entry: &Entry, names: &[&str], out: &mut dyn Write) -> io::Result<()> {
    let time = seconds(entry.at);
    match &entry.what {
        Happening::State {
            node,
            instance,
            state,
            reason,
        } => {
            let reason = reason.as_ref().map(|reason| format!(": {reason}"));
            let reason = reason.unwrap_or_default();
            writeln!(out, "{time} {} {instance} {state}{reason}", names[*node])
        }
        Happening::Done { text, details, .. } => {
            writeln!(out, "{time} -- {text}")?;
            let mut details = details.iter();
            details.try_for_each(|detail| writeln!(out, "{:9}    {detail}", ""))
        }
    }
}

fn spans(ownership: &Ownership, names: &[&str], out: &mut dyn Write) -> io::Result<()> {
    for (since, owners) in &ownership.spans {
        let owners: Vec<&str> = owners.iter().map(|node| names[*node]).collect();
        let owners = if owners.is_empty() {
            "nobody".to_owned()
        } else {
            owners.join(", ")
        };
        writeln!(out, "{} {owners}", seconds(*since))?;
    }
    Ok(())
}

/// Seconds since the start, to the millisecond.
fn seconds(at: Timestamp) -> String {
    let millis = at.as_nanos() / 1_000_000;
    format!("{:5}.{:03}", millis / 1000, millis % 1000)
}
