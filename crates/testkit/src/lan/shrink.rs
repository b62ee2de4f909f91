//! A failing schedule without what its failure does not need.

use super::Schedule;
use super::schedule::CALM;

impl Schedule {
    /// The same schedule with fewer events, and calm weather if that is enough, in which the same kind
    /// of thing goes wrong as first in this one. Not the smallest one there is: leaving out any single
    /// event more would do no harm.
    #[must_use]
    pub fn shrunk(&self) -> Self {
        let first = self.run(false).faults.first().map(|fault| kind(fault));
        let fails = |schedule: &Self| {
            let faults = schedule.run(false).faults;
            faults.iter().any(|fault| Some(kind(fault)) == first)
        };
        let mut least = self.clone();
        least.weather = CALM;
        if !fails(&least) {
            least.weather = self.weather;
        }
        let mut size = least.events.len().div_ceil(2);
        while size > 0 {
            let mut at = 0;
            while at < least.events.len() {
                let mut fewer = least.clone();
                let end = (at + size).min(fewer.events.len());
                fewer.events.drain(at..end);
                if fails(&fewer) {
                    least = fewer;
                } else {
                    at += size;
                }
            }
            size /= 2;
        }
        least
    }
}

/// A fault without its numbers.
fn kind(fault: &str) -> String {
    fault.chars().filter(|c| c.is_alphabetic()).collect()
}
