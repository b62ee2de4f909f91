//! What the kernel counts for processes.

use std::{fs, time::Duration};

/// Memory of some processes together, in KiB.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Memory {
    /// Resident, shared pages counted in each process.
    pub(crate) resident: u64,
    /// Anonymous: what a process has made its own.
    pub(crate) anonymous: u64,
    /// Resident, each shared page counted by its share.
    pub(crate) proportional: u64,
}

/// Time on a processor of all threads of all `pids`, in user and kernel mode: what `utime` and
/// `stime` are scaled to, without their coarse unit.
pub(crate) fn cpu_time(pids: &[i32]) -> Duration {
    let tasks = pids
        .iter()
        .filter_map(|pid| fs::read_dir(format!("/proc/{pid}/task")).ok())
        .flat_map(Iterator::flatten);
    let nanoseconds = tasks.filter_map(|task| {
        let text = fs::read_to_string(task.path().join("schedstat")).ok()?;
        text.split_whitespace().next()?.parse::<u64>().ok()
    });
    Duration::from_nanos(nanoseconds.sum())
}

/// Memory of all `pids`.
pub(crate) fn memory(pids: &[i32]) -> Memory {
    let mut sum = Memory::default();
    for pid in pids {
        let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
        let field = |name: &str| -> u64 {
            let line = text.lines().find_map(|line| line.strip_prefix(name));
            let number = line.and_then(|rest| rest.split_whitespace().next());
            number.and_then(|number| number.parse().ok()).unwrap_or(0)
        };
        sum.resident += field("Rss:");
        sum.anonymous += field("Anonymous:");
        sum.proportional += field("Pss:");
    }
    sum
}

/// How often all threads of all `pids` were put on or off a processor.
pub(crate) fn context_switches(pids: &[i32]) -> u64 {
    let tasks = pids
        .iter()
        .filter_map(|pid| fs::read_dir(format!("/proc/{pid}/task")).ok())
        .flat_map(Iterator::flatten);
    let switches = tasks.filter_map(|task| {
        let text = fs::read_to_string(task.path().join("status")).ok()?;
        let lines = text.lines().filter(|line| line.contains("ctxt_switches:"));
        let counts = lines.filter_map(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
        Some(counts.sum::<u64>())
    });
    switches.sum()
}

/// Open descriptors of all `pids`.
pub(crate) fn descriptors(pids: &[i32]) -> usize {
    pids.iter()
        .filter_map(|pid| fs::read_dir(format!("/proc/{pid}/fd")).ok())
        .map(Iterator::count)
        .sum()
}
