//! What the audience sees: one line per event, in order, with the time since the start.

use std::{
    io::{IsTerminal, stdout},
    thread,
    time::{Duration, Instant, SystemTime},
};

use evervip_lab::{Asker, Notice};

use crate::site::{Site, VIRTUAL_ADDRESS};

/// Collects news from everywhere and prints them.
#[derive(Debug)]
pub(crate) struct Timeline {
    start: SystemTime,
    paint: Paint,
    owners: Vec<String>,
    /// Lines of the daemons' logs that were looked at: master, backup.
    read: [(i32, usize); 2],
}

/// Colours, when the output is a terminal.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Paint(bool);

/// Kinds of text, each with its colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    Plain,
    Heading,
    Address,
    Good,
    Bad,
    Note,
}

impl Paint {
    fn detect() -> Self {
        Self(stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none())
    }

    pub(crate) fn text(self, tone: Tone, text: &str) -> String {
        let code = match tone {
            _ if !self.0 => return text.to_owned(),
            Tone::Plain => return text.to_owned(),
            Tone::Heading => "1",
            Tone::Address => "36",
            Tone::Good => "32",
            Tone::Bad => "31",
            Tone::Note => "2",
        };
        format!("\x1b[{code}m{text}\x1b[0m")
    }
}

#[expect(clippy::print_stdout, reason = "the demo is its output")]
impl Timeline {
    pub(crate) fn start() -> Self {
        Self {
            start: SystemTime::now(),
            paint: Paint::detect(),
            owners: Vec::new(),
            read: [(0, 0); 2],
        }
    }

    /// Prints a line that belongs to no moment.
    pub(crate) fn say(&self, tone: Tone, text: &str) {
        println!("{}", self.paint.text(tone, text));
    }

    /// Prints an event of now.
    pub(crate) fn event(&self, tone: Tone, source: &str, text: &str) {
        self.event_at(SystemTime::now(), tone, source, text);
    }

    fn event_at(&self, at: SystemTime, tone: Tone, source: &str, text: &str) {
        let seconds = at
            .duration_since(self.start)
            .unwrap_or_default()
            .as_secs_f64();
        println!(
            "{seconds:7.2} s  {source:<8} {}",
            self.paint.text(tone, text)
        );
    }

    /// Prints news until `done` or the end of `limit`; says which.
    pub(crate) fn follow(
        &mut self,
        site: &Site,
        client: &Asker,
        limit: Duration,
        mut done: impl FnMut(&[&str]) -> bool,
    ) -> bool {
        let deadline = Instant::now() + limit;
        loop {
            let owners = site.owners();
            self.print_news(site, client, &owners);
            if done(&owners) {
                return true;
            }
            if Instant::now() >= deadline {
                return false;
            }
            thread::sleep(LOOK);
        }
    }

    /// Prints news for a while.
    pub(crate) fn linger(&mut self, site: &Site, client: &Asker, time: Duration) {
        self.follow(site, client, time, |_| false);
    }

    fn print_news(&mut self, site: &Site, client: &Asker, owners: &[&str]) {
        let mut news = Vec::new();
        for (index, member) in [&site.master, &site.backup].into_iter().enumerate() {
            let Some(daemon) = member.daemon() else {
                continue;
            };
            let Some((pid, read)) = self.read.get_mut(index) else {
                continue;
            };
            if *pid != daemon.pid() {
                (*pid, *read) = (daemon.pid(), 0);
            }
            for line in daemon.log().lines().into_iter().skip(*read) {
                *read += 1;
                let text = without_date(&line.text);
                if KEY_PHRASES.iter().any(|phrase| text.contains(phrase)) {
                    news.push((line.at, Tone::Plain, member.name(), text.to_owned()));
                }
            }
        }
        if self.owners != owners {
            self.owners = owners.iter().map(|&name| name.to_owned()).collect();
            let text = match owners {
                [] => format!("{VIRTUAL_ADDRESS} is on no living node"),
                _ => format!("{VIRTUAL_ADDRESS} is on {}", owners.join(" and ")),
            };
            news.push((SystemTime::now(), Tone::Address, "address", text));
        }
        for (at, notice) in client.notices() {
            let (tone, text) = match notice {
                Notice::Lost => (Tone::Bad, "no answer".to_owned()),
                Notice::Answered { by, gap } if gap >= NOTABLE => (
                    Tone::Good,
                    format!(
                        "answered by {by}, after {:.2} s without an answer",
                        gap.as_secs_f64()
                    ),
                ),
                Notice::Answered { by, .. } => (Tone::Good, format!("answered by {by}")),
            };
            news.push((at, tone, "client", text));
        }
        news.sort_by_key(|(at, ..)| *at);
        for (at, tone, source, text) in news {
            self.event_at(at, tone, source, &text);
        }
    }
}

/// A console line of the daemon starts with the date in 24 characters.
fn without_date(line: &str) -> &str {
    match line.get(24..26) {
        Some(": ") => line.get(26..).unwrap_or(line),
        _ => line,
    }
}

/// Lines of the daemon's log that tell the story; the rest is left out.
const KEY_PHRASES: [&str; 7] = [
    " STATE",
    "VRRP_Script(",
    "Receive advertisement timeout",
    "received priority 0",
    "sent 0 priority",
    "Stopping",
    "Starting Keepalived",
];

/// Time between two looks.
const LOOK: Duration = Duration::from_millis(15);

/// A gap worth a number.
const NOTABLE: Duration = Duration::from_millis(100);
