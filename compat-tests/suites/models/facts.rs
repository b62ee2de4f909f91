//! The form in which both sides are compared.

use std::collections::BTreeMap;

/// Lines by object; the order of the lines of an object does not matter, how often one occurs does.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Facts(BTreeMap<String, Vec<String>>);

impl Facts {
    /// Makes an object known that may have no lines.
    pub(super) fn object(&mut self, name: &str) -> &mut Vec<String> {
        self.0.entry(name.to_owned()).or_default()
    }

    /// The original keeps a timeout that equals the interval as 0.
    pub(super) fn fill_in_timeouts(&mut self) {
        for lines in self.0.values_mut() {
            let interval = lines.iter().find_map(|l| l.strip_prefix("Interval = "));
            let interval = interval.map(str::to_owned);
            for line in lines {
                if let (true, Some(interval)) = (line == "Timeout = 0 sec", &interval) {
                    *line = format!("Timeout = {interval}");
                }
            }
        }
    }

    /// Decimals of script times are known since 2.2.8 (docs/deviations.md).
    pub(super) fn forget_decimal_times(&mut self, theirs: &mut Self) {
        let is_time =
            |line: &str| line.starts_with("Interval = ") || line.starts_with("Timeout = ");
        for (name, lines) in &mut self.0 {
            let decimal = lines.iter().any(|l| is_time(l) && l.contains('.'));
            if let (true, Some(theirs)) = (decimal, theirs.0.get_mut(name)) {
                lines.retain(|line| !is_time(line));
                theirs.retain(|line| !is_time(line));
            }
        }
    }

    /// The wanted state of the original changes while it runs: it is compared only where it is
    /// still the configured one.
    pub(super) fn forget_unknown_states(&mut self, theirs: &Self) {
        let master = "Wantstate = MASTER".to_owned();
        for (name, lines) in &mut self.0 {
            let known = theirs.0.get(name).is_some_and(|t| t.contains(&master));
            lines.retain(|line| known || !line.starts_with("Wantstate"));
        }
    }

    /// What the original (`self`) has and ours has not, and where `both` is set the other way, too.
    pub(super) fn differences(&self, ours: &Self, both: bool) -> Vec<String> {
        let mut out = Vec::new();
        let names: std::collections::BTreeSet<_> = self.0.keys().chain(ours.0.keys()).collect();
        for name in names {
            match (self.0.get(name), ours.0.get(name)) {
                (Some(_), None) => out.push(format!("{name}: missing in ours")),
                (None, Some(_)) if both => out.push(format!("{name}: only in ours")),
                (Some(theirs), Some(ours)) => {
                    let more = |a: &[String], b: &[String], who: &str| -> Vec<String> {
                        let mut b = b.to_vec();
                        let left = a.iter().filter(|line| {
                            b.iter()
                                .position(|other| other == *line)
                                .map(|at| b.swap_remove(at))
                                .is_none()
                        });
                        left.map(|line| format!("{name}: {who}: {line}")).collect()
                    };
                    out.extend(more(theirs, ours, "theirs"));
                    if both {
                        out.extend(more(ours, theirs, "ours"));
                    }
                }
                (None, _) => {}
            }
        }
        out
    }
}

/// The words of a route or a rule in a fixed order: the dump has its own, which means nothing.
pub(super) fn words<'a>(kind: &str, words: impl Iterator<Item = &'a str>) -> String {
    let mut words: Vec<_> = words.collect();
    // Routes without interface cannot be tracked by the original before 2.3.2.
    if kind == "route" && !words.contains(&"dev") {
        words.retain(|word| *word != "no_track");
    }
    // The original's dump does not show it for IPv6.
    if words.contains(&"inet6") {
        words.retain(|word| *word != "onlink");
    }
    words.sort_unstable();
    format!("{kind} {}", words.join(" "))
}
