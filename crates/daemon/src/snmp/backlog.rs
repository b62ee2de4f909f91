//! Notifications that wait for a session.

use std::collections::VecDeque;
use std::time::Duration;

use evervip_vrrp::Trap;

/// The latest ones, as long as they are news.
#[derive(Debug, Default)]
pub(super) struct Backlog(VecDeque<(Duration, Trap)>);

/// How many are kept; those before them are lost.
const MOST: usize = 1024;
/// How long one is kept: a management station puts its own time on what it receives.
const NEWS: Duration = Duration::from_secs(60);

impl Backlog {
    pub(super) fn push(&mut self, now: Duration, trap: Trap) {
        if self.0.len() == MOST {
            self.0.pop_front();
        }
        self.0.push_back((now, trap));
    }

    /// The next one to be sent.
    pub(super) fn pop(&mut self, now: Duration) -> Option<Trap> {
        while let Some((since, trap)) = self.0.pop_front() {
            if now.saturating_sub(since) <= NEWS {
                return Some(trap);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use evervip_model::{Instance, State, Vrid};
    use evervip_vrrp::InstanceNews;

    use super::*;

    fn trap(state: State) -> Trap {
        Trap::Instance {
            spec: Arc::new(Instance::new("V".into(), Vrid::new(1).unwrap())),
            news: InstanceNews::Entered(state),
        }
    }

    #[test]
    fn what_is_old_or_too_much_is_not_told() {
        let at = Duration::from_secs;
        let mut backlog = Backlog::default();
        backlog.push(at(1), trap(State::Backup));
        backlog.push(at(50), trap(State::Master));
        assert_eq!(backlog.pop(at(100)), Some(trap(State::Master)));
        assert_eq!(backlog.pop(at(100)), None);
        for _ in 0..MOST {
            backlog.push(at(1), trap(State::Backup));
        }
        backlog.push(at(1), trap(State::Master));
        let left: Vec<Trap> = std::iter::from_fn(|| backlog.pop(at(2))).collect();
        assert_eq!(left.len(), MOST);
        assert_eq!(left.last(), Some(&trap(State::Master)));
    }
}
