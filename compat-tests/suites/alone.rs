//! A case that fails beside others is run once more with the machine to itself.
//!
//! Twelve cases share few cores, and daemons in them are held to the protocol's times. Whoever is
//! late only in that crowd has not failed; whoever fails alone, too, has. The second run is never
//! silent: the reason of the first is printed, and the sum names how many needed it.

use std::sync::{
    PoisonError, RwLock,
    atomic::{AtomicU32, Ordering},
};

use crate::verdict::Verdict;

/// So many cases are repeated; more failures than that are not the crowd's fault.
const REPEATED_AT_MOST: u32 = 8;

/// Who runs beside others reads, who runs alone writes.
static MACHINE: RwLock<()> = RwLock::new(());
static REPEATED: AtomicU32 = AtomicU32::new(0);
static PASSED_ALONE: AtomicU32 = AtomicU32::new(0);

/// The verdict of a case: that of its run beside others, or, if it failed there, of one run alone.
pub fn or_alone(title: &str, body: impl Fn() -> Verdict) -> Verdict {
    let first = {
        let _beside = MACHINE.read().unwrap_or_else(PoisonError::into_inner);
        body()
    };
    let Err(reason) = first else { return Ok(()) };
    if REPEATED.fetch_add(1, Ordering::Relaxed) >= REPEATED_AT_MOST {
        return Err(reason);
    }
    let _alone = MACHINE.write().unwrap_or_else(PoisonError::into_inner);
    eprintln!("AGAIN, alone: {title}: failed beside others: {reason}");
    let second = body();
    if second.is_ok() {
        PASSED_ALONE.fetch_add(1, Ordering::Relaxed);
    }
    second
}

/// How many cases passed only when they ran alone.
pub fn passed_alone() -> u32 {
    PASSED_ALONE.load(Ordering::Relaxed)
}
