//! How many routers are in which state.

use std::fmt;

use evervip_model::State;

use crate::Engine;

/// Routers by state. One that has stopped is not counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Census {
    /// In MASTER.
    pub master: u32,
    /// In BACKUP.
    pub backup: u32,
    /// In FAULT.
    pub fault: u32,
    /// Waiting for their first scripts.
    pub init: u32,
}

impl Census {
    /// Counts these.
    pub fn of(states: impl IntoIterator<Item = State>) -> Self {
        let mut census = Self::default();
        for state in states {
            let count = match state {
                State::Master => &mut census.master,
                State::Backup => &mut census.backup,
                State::Fault => &mut census.fault,
                State::Init => &mut census.init,
                State::Stop => continue,
            };
            *count = count.saturating_add(1);
        }
        census
    }
}

/// `1 MASTER, 2 BACKUP, 0 FAULT`, and those that wait if there are any.
impl fmt::Display for Census {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            master,
            backup,
            fault,
            init,
        } = self;
        write!(f, "{master} MASTER, {backup} BACKUP, {fault} FAULT")?;
        if *init > 0 {
            write!(f, ", {init} INIT")?;
        }
        Ok(())
    }
}

impl Engine {
    /// How many routers are in which state now.
    #[must_use]
    pub fn census(&self) -> Census {
        Census::of(self.routers.iter().map(|(_, router)| router.state))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_counted_and_those_that_wait_named_only_then() {
        let census = Census::of([State::Backup, State::Master, State::Backup, State::Stop]);
        assert_eq!(census.to_string(), "1 MASTER, 2 BACKUP, 0 FAULT");
        let census = Census::of([State::Init, State::Fault]);
        assert_eq!(census.to_string(), "0 MASTER, 0 BACKUP, 1 FAULT, 1 INIT");
    }
}
