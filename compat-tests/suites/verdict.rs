//! How a case says that something is wrong.

use evervip_lab::{Error, Log};

/// Result of a case or of a step of one.
pub type Verdict<T = ()> = evervip_lab::Result<T>;

/// Fails the case with a formatted message unless the condition holds.
#[macro_export]
macro_rules! ensure {
    ($condition:expr, $($message:tt)+) => {
        if !$condition {
            return Err(evervip_lab::Error::new(format!($($message)+)));
        }
    };
}

/// The parts must occur in this order in the log after a mark, each in a line of its own; other
/// lines may stand between.
pub fn in_order(log: &Log, mark: usize, parts: &[&str]) -> Verdict {
    let text = log.text_after(mark);
    let mut lines = text.lines();
    for part in parts {
        if !lines.any(|line| line.contains(part)) {
            return Err(Error::new(format!(
                "log line `{part}` missing or out of order; wanted {parts:#?}; log:\n{text}"
            )));
        }
    }
    Ok(())
}
