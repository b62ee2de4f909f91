//! What happens in one set-up, told while it happens: one line per event.

use std::{
    thread,
    time::{Duration, Instant, SystemTime},
};

use evervip_lab::Notice;

use crate::site::{ADDRESS, Site};

/// Collects the news of one set-up and prints them.
#[derive(Debug)]
pub(crate) struct Story {
    variant: &'static str,
    start: SystemTime,
    /// Node to which the route server forwarded at the last look.
    forwarded_to: Option<String>,
    /// Process and number of lines of the daemons' logs that were looked at.
    read: [(i32, usize); 2],
}

#[expect(clippy::print_stdout, reason = "the example is its output")]
impl Story {
    /// A story whose times count from `start`.
    pub(crate) fn new(variant: &'static str, start: SystemTime) -> Self {
        Self {
            variant,
            start,
            forwarded_to: None,
            read: [(0, 0); 2],
        }
    }

    /// Prints an event of now.
    pub(crate) fn event(&self, source: &str, text: &str) {
        self.event_at(SystemTime::now(), source, text);
    }

    fn event_at(&self, at: SystemTime, source: &str, text: &str) {
        let seconds = at.duration_since(self.start).unwrap_or_default();
        let seconds = seconds.as_secs_f64();
        println!("{seconds:7.2} s  {:<9} {source:<12} {text}", self.variant);
    }

    /// Prints news until `done` or the end of `limit`; says which.
    pub(crate) fn follow(
        &mut self,
        site: &Site,
        limit: Duration,
        mut done: impl FnMut() -> bool,
    ) -> bool {
        let deadline = Instant::now() + limit;
        loop {
            self.print_news(site);
            if done() {
                return true;
            }
            if Instant::now() >= deadline {
                return false;
            }
            thread::sleep(LOOK);
        }
    }

    fn print_news(&mut self, site: &Site) {
        let mut news = self.daemon_news(site);
        news.extend(self.route_news(site));
        for (at, notice) in site.client.notices() {
            let text = match notice {
                Notice::Lost => "no answer".to_owned(),
                Notice::Answered { by, gap } => format!(
                    "answered by {by}, {:.2} s after the last answer",
                    gap.as_secs_f64()
                ),
            };
            news.push((at, "client".to_owned(), text));
        }
        news.sort();
        for (at, source, text) in news {
            self.event_at(at, &source, &text);
        }
    }

    /// Lines of the daemons' logs that tell the story.
    fn daemon_news(&mut self, site: &Site) -> Vec<(SystemTime, String, String)> {
        let mut news = Vec::new();
        for (member, (pid, read)) in site.members().into_iter().zip(&mut self.read) {
            let Some(daemon) = member.daemon() else {
                continue;
            };
            if *pid != daemon.pid() {
                (*pid, *read) = (daemon.pid(), 0);
            }
            for line in daemon.log().lines().into_iter().skip(*read) {
                *read += 1;
                let text = without_date(&line.text);
                if KEY_PHRASES.iter().any(|phrase| text.contains(phrase)) {
                    news.push((line.at, member.name().to_owned(), text.to_owned()));
                }
            }
        }
        news
    }

    /// A change of the route server's mind.
    fn route_news(&mut self, site: &Site) -> Option<(SystemTime, String, String)> {
        let now = site.forwarded_to();
        if now == self.forwarded_to.as_deref() {
            return None;
        }
        self.forwarded_to = now.map(str::to_owned);
        let at = SystemTime::now();
        let routes = site.routes(1).unwrap_or_default();
        let best = routes.iter().find(|route| route.best);
        let text = match (now, best) {
            (Some(node), Some(best)) if best.node == node => {
                format!("{ADDRESS} is on {node}: {}", best.attributes)
            }
            (Some(node), _) => format!("{ADDRESS} is on {node}"),
            (None, _) => format!("no route to {ADDRESS}"),
        };
        Some((at, "route server".to_owned(), text))
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
const KEY_PHRASES: [&str; 5] = [
    " STATE",
    "VRRP_Script(",
    "Receive advertisement timeout",
    "received priority 0",
    "sent 0 priority",
];

/// Time between two looks.
const LOOK: Duration = Duration::from_millis(20);
