//! What the time was spent on, as a table.

use std::time::Duration;

use anyhow::{Result, ensure};

use crate::failover::Timeline;
use crate::provider::Delays;

/// Prints a line.
#[expect(clippy::print_stdout, reason = "the example is its output")]
pub(crate) fn say(text: &str) {
    println!("{text}");
}

/// The timelines of both ways.
#[derive(Debug)]
pub(crate) struct Table {
    delays: Delays,
    hurry: u32,
    ways: Vec<(&'static str, Vec<Timeline>)>,
}

impl Table {
    pub(crate) const fn new(delays: Delays, hurry: u32) -> Self {
        Self {
            delays,
            hurry,
            ways: Vec::new(),
        }
    }

    pub(crate) fn add(&mut self, way: &'static str, timelines: Vec<Timeline>) {
        self.ways.push((way, timelines));
    }

    /// One line for each connection and way.
    pub(crate) fn print(&self) {
        say("\nthe circuits of node 01 go dark; seconds until ...");
        say(&format!(
            "{:<24}{:>9}{:>9}{:>11}{:>10}{:>9}",
            "", "noticed", "MASTER", "provider", "requests", "gap"
        ));
        for (way, timelines) in &self.ways {
            for (index, timeline) in timelines.iter().enumerate() {
                let seconds = |time: Duration| format!("{:.2}", time.as_secs_f64());
                say(&format!(
                    "{:<24}{:>9}{:>9}{:>11}{:>10}{:>9}",
                    format!("{way}, connection {}", index + 1),
                    seconds(timeline.noticed),
                    seconds(timeline.detected),
                    seconds(self.delays.total()),
                    seconds(timeline.rest(self.delays)),
                    seconds(timeline.gap),
                ));
            }
        }
        say(
            "noticed: node 01 in FAULT. MASTER: node 02, whose script asks the provider then. provider: its",
        );
        say(
            "own work. requests: questions and pauses between them. gap: until a client was answered again.",
        );
        if self.hurry > 1 {
            say(&format!(
                "The provider and the pauses are {} times as fast as real ones; `noticed` and `MASTER` are real.",
                self.hurry
            ));
        }
    }

    /// Whether the better way is better: bounds that a busy machine keeps, too.
    pub(crate) fn judge(&self) -> Result<()> {
        let [(_, posted), (_, better)] = self.ways.as_slice() else {
            anyhow::bail!("both ways are needed");
        };
        for (posted, better) in posted.iter().zip(better) {
            ensure!(
                posted.detected >= Duration::from_secs(4),
                "three pings two seconds apart cannot fail in {:?}",
                posted.detected
            );
            ensure!(
                better.detected < posted.detected / 2,
                "the better way took {:?} to notice, the posted one {:?}",
                better.detected,
                posted.detected
            );
            ensure!(
                better.gap < posted.gap,
                "the better way took {:?}, the posted one {:?}",
                better.gap,
                posted.gap
            );
            ensure!(
                better.gap >= self.delays.total(),
                "the provider needs longer than {:?}",
                better.gap
            );
        }
        Ok(())
    }
}
