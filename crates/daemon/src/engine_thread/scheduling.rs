//! How the engine's thread is scheduled (spec cli-and-process 10 and vrrp-runtime 23).
//!
//! Only this thread is raised: nothing else of the process, and no script, stands between a deadline
//! and its packet.

use std::io;
use std::time::Duration;

use evervip_model::{Process, Processes};
use evervip_os::scheduling::{
    limit_real_time, lock_memory, set_nice, set_processors, set_real_time,
};

/// Least time without sleep that ends the process. The original's default of 10 ms kills a daemon
/// with some hundred instances at its start; a thread that runs for a second runs for ever.
const RUNAWAY: Duration = Duration::from_secs(1);

/// What is in force.
#[derive(Debug)]
pub(crate) struct Scheduling {
    /// How the keywords of the process begin.
    prefix: &'static str,
    process: Process,
    /// Raised because timers were late.
    raised: Option<u8>,
    max_auto: i8,
    min_lateness: Duration,
}

impl Scheduling {
    /// Nothing is in force for the process whose keywords begin so.
    pub(crate) fn new(prefix: &'static str) -> Self {
        Self {
            prefix,
            process: Process::default(),
            raised: None,
            max_auto: 0,
            min_lateness: Duration::ZERO,
        }
    }

    /// Applies what a configuration says of this process; what did not change is left alone.
    pub(crate) fn apply(&mut self, wanted: &Processes, process: &Process) {
        self.max_auto = wanted.max_auto_priority;
        self.min_lateness = wanted.min_auto_priority_delay;
        if process.nice != self.process.nice {
            self.report("priority", set_nice(process.nice));
        }
        if process.realtime != self.process.realtime
            || process.realtime_limit != self.process.realtime_limit
        {
            self.raised = None;
            self.report("rt_priority", real_time(process.realtime, process));
        }
        if process.no_swap && !self.process.no_swap {
            self.report("no_swap", lock_memory());
        }
        if process.processors != self.process.processors && !process.processors.is_empty() {
            self.report("cpu_affinity", set_processors(&process.processors));
        }
        self.process = process.clone();
    }

    /// A deadline was met so much too late: raises the priority by one if that is wanted.
    pub(crate) fn late(&mut self, lateness: Duration) {
        let Some(next) = self.next_priority(lateness) else {
            return;
        };
        self.raised = Some(next);
        match real_time(Some(next), &self.process) {
            Ok(()) => tracing::info!("Set realtime priority {next}"),
            Err(error) => {
                // It would fail each time.
                self.max_auto = 0;
                report("max_auto_priority", Err(error));
            }
        }
    }

    fn report(&self, keyword: &str, result: io::Result<()>) {
        report(&format!("{}_{keyword}", self.prefix), result);
    }

    fn next_priority(&self, lateness: Duration) -> Option<u8> {
        let bound = u8::try_from(self.max_auto).ok()?;
        let now = self.raised.or(self.process.realtime).unwrap_or(0);
        (lateness >= self.min_lateness && now < bound).then_some(now + 1)
    }
}

fn real_time(priority: Option<u8>, process: &Process) -> io::Result<()> {
    if priority.is_some() {
        let limit = process.realtime_limit;
        limit_real_time(limit / 2, limit.max(RUNAWAY))?;
    }
    set_real_time(priority)
}

fn report(keyword: &str, result: io::Result<()>) {
    if let Err(error) = result {
        tracing::warn!(
            "{keyword} has no effect: {error} - run as root or with CAP_SYS_NICE and CAP_IPC_LOCK"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_priority_is_raised_step_by_step_up_to_its_bound() {
        let second = Duration::from_secs(1);
        let mut scheduling = Scheduling {
            max_auto: 2,
            min_lateness: second,
            ..Scheduling::new("vrrp")
        };
        assert_eq!(scheduling.next_priority(second / 2), None);
        assert_eq!(scheduling.next_priority(second), Some(1));
        scheduling.raised = Some(1);
        assert_eq!(scheduling.next_priority(second * 2), Some(2));
        scheduling.raised = Some(2);
        assert_eq!(scheduling.next_priority(second * 2), None);
        scheduling.process.realtime = Some(50);
        scheduling.raised = None;
        assert_eq!(
            scheduling.next_priority(second),
            None,
            "it is above the bound"
        );
        for off in [0, -1] {
            scheduling.process.realtime = None;
            scheduling.max_auto = off;
            assert_eq!(scheduling.next_priority(second), None);
        }
    }
}
