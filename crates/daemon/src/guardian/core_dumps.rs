//! `-m` and `-M`: core dumps of the daemon's processes (spec cli-and-process 1).

use evervip_os::core_dump::{self, CorePattern};

use crate::command_line::CoreDumps;

/// The kernel's setting, if it was changed.
#[derive(Debug)]
pub(super) struct Pattern(Option<CorePattern>);

impl Pattern {
    /// Allows what is wanted. The daemon runs without it where it is not to be had.
    pub(super) fn of(wanted: &CoreDumps) -> Self {
        if *wanted == CoreDumps::AsInherited {
            return Self(None);
        }
        if let Err(error) = core_dump::allow() {
            tracing::warn!("Cannot raise the limit of core dumps: {error}");
        }
        let CoreDumps::To(pattern) = wanted else {
            return Self(None);
        };
        let changed = CorePattern::set(pattern).inspect_err(|error| {
            tracing::warn!(
                "Cannot set the pattern of core dumps (kernel.core_pattern) to {pattern}: {error}"
            );
        });
        Self(changed.ok())
    }

    /// Puts the kernel's setting back.
    pub(super) fn restore(self) {
        if let Some(Err(error)) = self.0.map(CorePattern::restore) {
            tracing::warn!("Cannot put kernel.core_pattern back: {error}");
        }
    }
}
