//! Check scripts: when they are started and what their results amount to.
//!
//! The `script` crate runs processes and reports how each ended. Schedule, hysteresis and meaning
//! are decided here, so that they can be tested without processes (spec vrrp-runtime 7.1).

use std::sync::Arc;
use std::time::Duration;

use evervip_model::{UnrunnableScripts, VrrpScript};

use crate::timers::TimerKey;
use crate::{Action, CheckOutcome, Engine, LogLine, RunId, Timestamp};

/// What is known of a script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It has not ended once.
    Unknown,
    /// It succeeds.
    Good,
    /// It fails.
    Bad,
}

/// Counts consecutive results: `rise` successes make it good, `fall` failures make it bad; the very
/// first result decides alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Hysteresis {
    rise: u64,
    top: u64,
    /// 0 to `top`; good from `rise` on.
    level: u64,
    known: bool,
}

impl Hysteresis {
    fn new(script: &VrrpScript) -> Self {
        let rise = u64::from(script.rise.max(1));
        let fails = script.init_fail || script.unusable.is_some();
        Self {
            rise,
            top: rise + u64::from(script.fall.max(1)) - 1,
            level: if fails { 0 } else { rise - 1 },
            known: fails,
        }
    }

    fn success(&mut self) {
        self.known = true;
        self.level = if self.level + 1 >= self.rise {
            self.top
        } else {
            self.level + 1
        };
    }

    fn failure(&mut self) {
        self.known = true;
        self.level = if self.level > self.rise {
            self.level - 1
        } else {
            0
        };
    }

    /// Whether another result like the one before changes nothing.
    const fn is_settled(&self) -> bool {
        self.known && (self.level == 0 || self.level == self.top)
    }

    /// 0 to rise + fall - 1; good from `rise` on.
    pub(crate) const fn level(&self) -> u64 {
        self.level
    }

    pub(crate) fn verdict(&self) -> Verdict {
        match (self.known, self.level >= self.rise) {
            (false, _) => Verdict::Unknown,
            (true, true) => Verdict::Good,
            (true, false) => Verdict::Bad,
        }
    }
}

/// A script and its results so far.
#[derive(Debug)]
pub(crate) struct Check {
    pub(crate) spec: Arc<VrrpScript>,
    pub(crate) hysteresis: Hysteresis,
    pub(crate) running: Option<RunId>,
    last_status: i32,
    /// When it was last reported that it cannot be executed.
    warned: Option<Timestamp>,
}

/// How often a script that cannot be executed is reported (decision "track script that cannot be
/// executed").
const WARN_AGAIN: Duration = Duration::from_secs(3600);

impl Check {
    pub(crate) fn new(spec: VrrpScript) -> Self {
        Self {
            hysteresis: Hysteresis::new(&spec),
            spec: Arc::new(spec),
            running: None,
            last_status: 0,
            warned: None,
        }
    }

    /// Takes over what an earlier configuration's check of the same command has found.
    pub(crate) fn adopt(&mut self, old: &Self) {
        if old.spec.rise == self.spec.rise && old.spec.fall == self.spec.fall {
            self.hysteresis = old.hysteresis.clone();
        } else if old.hysteresis.verdict() == Verdict::Good {
            self.hysteresis.success();
            self.hysteresis.level = self.hysteresis.top;
        } else if old.hysteresis.verdict() == Verdict::Bad {
            self.hysteresis.known = true;
            self.hysteresis.level = 0;
        }
        self.running = old.running;
        self.last_status = old.last_status;
        self.warned = old.warned;
    }

    /// The exit status that would change neither what is known of the script nor what is told of it.
    fn expected(&self) -> Option<i32> {
        let is_good = self.hysteresis.verdict() == Verdict::Good;
        (self.hysteresis.is_settled() && is_good == (self.last_status == 0))
            .then_some(self.last_status)
    }
}

impl Engine {
    /// Runs a check for the first time, at once, and puts its further runs between those of others.
    pub(crate) fn begin_check(&mut self, now: Timestamp, slot: usize) {
        self.check_due(now, slot, now);
        let count = self.checks.len();
        let key = TimerKey::Check(slot);
        if let (Some(next), Some(check)) = (self.timers.deadline(key), self.checks.get(slot)) {
            let later = spread(slot, count, check.spec.interval);
            self.timers.set(key, next + later);
        }
    }

    /// Starts a check whose time has come, or says why not, and sets the next time.
    pub(crate) fn check_due(&mut self, now: Timestamp, slot: usize, due: Timestamp) {
        let Some(check) = self.checks.get_mut(slot) else {
            return;
        };
        let script = Arc::clone(&check.spec);
        self.timers.set(
            TimerKey::Check(slot),
            next_multiple(due, script.interval, now),
        );
        if check.running.is_some() {
            self.log(LogLine::ScriptOverrun {
                script: Arc::clone(&script.name),
            });
            return;
        }
        let run = RunId(self.next_run);
        self.next_run += 1;
        check.running = Some(run);
        let expected = check.expected();
        match &script.unusable {
            Some(reason) => self.check_ended(now, run, &CheckOutcome::CannotRun(reason.clone())),
            None => self.push(Action::StartCheck {
                run,
                script,
                expected,
            }),
        }
    }

    /// A run ended. Results of runs that a reload made meaningless are ignored.
    pub(crate) fn check_ended(&mut self, now: Timestamp, run: RunId, outcome: &CheckOutcome) {
        let Some(check) = self
            .checks
            .iter_mut()
            .find(|check| check.running == Some(run))
        else {
            return;
        };
        check.running = None;
        let unrunnable = self.globals.extensions.unrunnable_scripts;
        let name = Arc::clone(&check.spec.name);
        let before = check.hysteresis.verdict();
        let mut lines = Vec::new();
        match outcome {
            CheckOutcome::Exited(status) => {
                if *status != check.last_status {
                    lines.push(LogLine::ScriptReturning {
                        script: Arc::clone(&name),
                        status: *status,
                    });
                }
                check.last_status = *status;
                if *status == 0 {
                    check.hysteresis.success();
                } else {
                    check.hysteresis.failure();
                }
            }
            CheckOutcome::CannotRun(error) => {
                if check
                    .warned
                    .is_none_or(|at| now.saturating_since(at) >= WARN_AGAIN)
                {
                    check.warned = Some(now);
                    lines.push(LogLine::ScriptCannotRun {
                        script: Arc::clone(&name),
                        error: error.clone(),
                        counts_as: unrunnable,
                    });
                }
                check.last_status = 0;
                match unrunnable {
                    UnrunnableScripts::Succeed => check.hysteresis.success(),
                    UnrunnableScripts::Fail => check.hysteresis.failure(),
                }
            }
            CheckOutcome::Signalled(_) | CheckOutcome::TimedOut => check.hysteresis.failure(),
        }
        let after = check.hysteresis.verdict();
        if before != after {
            lines.push(verdict_line(name, outcome, after));
        }
        for line in lines {
            self.log(line);
        }
        if before != after {
            self.reassess_all(now);
        }
    }
}

fn verdict_line(script: Arc<str>, outcome: &CheckOutcome, verdict: Verdict) -> LogLine {
    match outcome {
        _ if verdict == Verdict::Good => LogLine::ScriptSucceeded { script },
        CheckOutcome::Exited(status) => LogLine::ScriptFailed {
            script,
            status: *status,
        },
        CheckOutcome::Signalled(signal) => LogLine::ScriptSignalled {
            script,
            signal: *signal,
        },
        CheckOutcome::TimedOut => LogLine::ScriptTimedOut { script },
        CheckOutcome::CannotRun(_) => LogLine::ScriptNotExecuted { script },
    }
}

/// The first time after `now` that lies whole intervals after `due`: starts do not drift, and those
/// that were missed are not made up for.
fn next_multiple(due: Timestamp, interval: Duration, now: Timestamp) -> Timestamp {
    let interval = interval.max(Duration::from_millis(1));
    let missed = now.saturating_since(due).as_nanos() / interval.as_nanos();
    due + interval.saturating_mul(u32::try_from(missed).unwrap_or(u32::MAX - 1) + 1)
}

/// By how much the second run of a check comes later than an interval after the first, so that many
/// checks do not start at the same time for ever: up to half an interval, a few at a time, so that
/// the daemon wakes up once for these. No more checks than [`FEW`] keep the original's times.
fn spread(slot: usize, count: usize, interval: Duration) -> Duration {
    match (u32::try_from(slot), u32::try_from(count)) {
        (Ok(slot), Ok(count)) if count > FEW => interval / 2 / count * (slot - slot % TOGETHER),
        _ => Duration::ZERO,
    }
}

/// So many checks may start together without being spread.
const FEW: u32 = 8;

/// So many of those that are spread start together.
const TOGETHER: u32 = 4;

#[cfg(test)]
mod tests {
    use super::*;
    use evervip_model::{Command, Credentials};

    fn script(rise: u32, fall: u32, init_fail: bool) -> VrrpScript {
        VrrpScript {
            name: "chk".into(),
            command: Command {
                path: "/bin/true".into(),
                argv: vec!["/bin/true".into()],
                credentials: Credentials { uid: 0, gid: 0 },
                supplementary_groups: Box::default(),
            },
            interval: Duration::from_secs(1),
            timeout: Duration::from_secs(1),
            has_timeout: false,
            weight: 0,
            reverse: false,
            rise,
            fall,
            init_fail,
            unusable: None,
        }
    }

    /// `results`: `+` success, `-` failure; gives the verdict after each.
    fn run(rise: u32, fall: u32, init_fail: bool, results: &str) -> String {
        let mut hysteresis = Hysteresis::new(&script(rise, fall, init_fail));
        let mut verdicts = String::new();
        for result in results.chars() {
            if result == '+' {
                hysteresis.success();
            } else {
                hysteresis.failure();
            }
            verdicts.push(match hysteresis.verdict() {
                Verdict::Unknown => '?',
                Verdict::Good => 'G',
                Verdict::Bad => 'B',
            });
        }
        verdicts
    }

    #[test]
    fn the_first_result_decides_alone() {
        assert_eq!(
            Hysteresis::new(&script(3, 3, false)).verdict(),
            Verdict::Unknown
        );
        assert_eq!(run(3, 3, false, "+"), "G");
        assert_eq!(run(3, 3, false, "-"), "B");
    }

    #[test]
    fn consecutive_results_count_and_others_start_anew() {
        assert_eq!(run(2, 3, false, "+--+---+-++"), "GGGGGGBBBBG");
        assert_eq!(run(1, 1, false, "+-+-"), "GBGB");
    }

    #[test]
    fn init_fail_needs_every_success() {
        assert_eq!(Hysteresis::new(&script(2, 1, true)).verdict(), Verdict::Bad);
        assert_eq!(run(2, 1, true, "+-++"), "BBBG");
    }

    #[test]
    fn the_largest_counts_do_not_overflow() {
        assert_eq!(run(u32::MAX, u32::MAX, false, "+-+"), "GGG");
    }

    #[test]
    fn many_checks_are_spread_over_half_an_interval() {
        let second = Duration::from_secs(1);
        let spreads: Vec<Duration> = (0..100).map(|slot| spread(slot, 100, second)).collect();
        let groups: Vec<&[Duration]> = spreads.chunk_by(|a, b| a == b).collect();
        assert_eq!(groups.len(), 25);
        assert!(groups.iter().all(|group| group.len() == 4));
        assert!(spreads.is_sorted());
        assert!(spreads[99] < second / 2);
        assert!((0..8).all(|slot| spread(slot, 8, second).is_zero()));
        assert!(spread(4_999, 5_000, Duration::from_millis(1)) < second);
    }

    #[test]
    fn missed_starts_are_skipped_not_made_up_for() {
        let second = Duration::from_secs(1);
        let start = Timestamp::from_nanos(0);
        assert_eq!(next_multiple(start, second, start), start + second);
        assert_eq!(
            next_multiple(start, second, start + Duration::from_millis(3500)),
            start + second * 4
        );
    }

    #[test]
    fn intervals_shorter_than_a_second_are_kept() {
        let start = Timestamp::from_nanos(0);
        let millis = Duration::from_millis;
        for (interval, now, next) in [
            (millis(500), millis(0), millis(500)),
            (millis(500), millis(1200), millis(1500)),
            (millis(1), millis(7), millis(8)),
        ] {
            assert_eq!(next_multiple(start, interval, start + now), start + next);
        }
    }
}
