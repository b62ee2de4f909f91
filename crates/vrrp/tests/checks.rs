//! Check scripts: results in every state, weights, schedule (spec vrrp-runtime 6 and 7.1). The
//! expected actions are in `data/checks.txt`.
#![allow(clippy::unwrap_used, reason = "helpers of tests panic like tests")]

mod stage;

use std::time::Duration;

use evervip_model::{Config, Priority, UnrunnableScripts, VrrpScript};
use evervip_testkit::{Transcript, sample};
use evervip_vrrp::{CheckOutcome, Event, RunId};
use stage::{Table, master, plain, started};

fn with(script: VrrpScript, weight: i32) -> Config {
    let mut config = sample::config([plain()]);
    config.scripts = vec![script];
    config.instances[0].track_scripts = vec![sample::track(0, weight)].into();
    config
}

/// A script that does not get into the way of the timers.
fn rare(rise: u32, fall: u32) -> VrrpScript {
    VrrpScript {
        interval: Duration::from_secs(1000),
        timeout: Duration::from_secs(1000),
        has_timeout: false,
        rise,
        fall,
        ..sample::script("chk")
    }
}

fn outcomes() -> [(&'static str, CheckOutcome); 6] {
    [
        ("success", CheckOutcome::Exited(0)),
        ("exit 1", CheckOutcome::Exited(1)),
        ("exit 255", CheckOutcome::Exited(255)),
        ("signal 9", CheckOutcome::Signalled(9)),
        ("time-out", CheckOutcome::TimedOut),
        (
            "cannot run",
            CheckOutcome::CannotRun("permission denied".to_owned()),
        ),
    ]
}

const GOOD: CheckOutcome = CheckOutcome::Exited(0);
const BAD: CheckOutcome = CheckOutcome::Exited(1);

/// An engine after the first result.
fn reported(config: Config, outcome: &CheckOutcome) -> Transcript {
    let mut stage = started(config);
    stage.quietly(|stage| stage.checks_end(outcome));
    stage
}

/// Ends the running check, or the next one that is started.
fn end(stage: &mut Transcript, outcome: &CheckOutcome) {
    stage.quietly(|stage| {
        stage.sleep(Duration::from_secs(1000));
        stage.wake();
    });
    stage.checks_end(outcome);
}

#[test]
fn results() {
    let mut table = Table::default();
    first_results(&mut table);
    several_scripts(&mut table);
    later_results(&mut table);
    weights(&mut table);
    schedule(&mut table);
    unrunnable_fails(&mut table);
    stale(&mut table);
    table.expect("checks.txt");
}

fn first_results(table: &mut Table) {
    for (label, outcome) in outcomes() {
        table.row(
            &format!("INIT: {label}"),
            started(with(rare(1, 1), 0)),
            |stage| {
                stage.checks_end(&outcome);
            },
        );
    }
    table.row(
        "INIT: rise 3, fall 3, one success",
        started(with(rare(3, 3), 0)),
        |stage| {
            stage.checks_end(&GOOD);
        },
    );
    table.row(
        "INIT: rise 3, fall 3, one failure",
        started(with(rare(3, 3), 0)),
        |stage| {
            stage.checks_end(&BAD);
        },
    );
    let fails = VrrpScript {
        init_fail: true,
        ..rare(2, 1)
    };
    table.row(
        "start: init_fail, rise 2",
        Transcript::new(with(fails, 0)),
        |stage| {
            stage.start();
            stage.checks_end(&GOOD);
            end(stage, &GOOD);
        },
    );
}

fn several_scripts(table: &mut Table) {
    let mut two = with(rare(1, 1), 0);
    two.scripts.push(VrrpScript {
        name: "other".into(),
        ..rare(1, 1)
    });
    two.instances[0].track_scripts.push(sample::track(1, 0));
    table.row("INIT: two scripts", started(two.clone()), |stage| {
        stage.event(
            "first",
            Event::CheckEnded {
                run: RunId(0),
                outcome: GOOD,
            },
        );
        stage.event(
            "second",
            Event::CheckEnded {
                run: RunId(1),
                outcome: GOOD,
            },
        );
    });
    table.row(
        "INIT: two scripts, the first fails",
        started(two),
        |stage| {
            stage.event(
                "first",
                Event::CheckEnded {
                    run: RunId(0),
                    outcome: BAD,
                },
            );
            stage.event(
                "second",
                Event::CheckEnded {
                    run: RunId(1),
                    outcome: GOOD,
                },
            );
        },
    );
    let mut reversed = with(rare(1, 1), 0);
    reversed.instances[0].track_scripts[0].reverse = true;
    table.row("INIT: reverse", started(reversed), |stage| {
        stage.checks_end(&GOOD);
        end(stage, &BAD);
    });
}

fn later_results(table: &mut Table) {
    for (label, outcome) in outcomes() {
        table.row(
            &format!("BACKUP: {label}"),
            reported(with(rare(1, 1), 0), &GOOD),
            |stage| {
                stage.quietly(|stage| {
                    stage.sleep(Duration::from_secs(1));
                });
                stage.quietly(|stage| {
                    // The next run, ahead of the master-down timer.
                    let mut config = with(rare(1, 1), 0);
                    config.scripts[0].interval = Duration::from_secs(2);
                    stage.reload("shorter interval", config);
                    stage.sleep(Duration::from_secs(2));
                    stage.wake();
                });
                stage.checks_end(&outcome);
            },
        );
        table.row(
            &format!("FAULT: {label}"),
            reported(with(rare(1, 1), 0), &BAD),
            |stage| {
                end(stage, &outcome);
            },
        );
    }
    table.row(
        "MASTER: fall 2, rise 2",
        master_of(with(rare(2, 2), 0)),
        |stage| {
            for outcome in [&BAD, &GOOD, &BAD, &BAD, &GOOD, &BAD, &GOOD, &GOOD] {
                end(stage, outcome);
            }
        },
    );
}

/// MASTER, with a script that was good.
fn master_of(config: Config) -> Transcript {
    let mut stage = reported(config, &GOOD);
    stage.quietly(|stage| stage.pass(Duration::from_secs(10)));
    stage
}

fn weights(table: &mut Table) {
    for weight in [20, -20] {
        table.row(
            &format!("weight {weight}: start, success, failure"),
            Transcript::new(with(rare(1, 1), weight)),
            |stage| {
                stage.start();
                stage.sleep(Duration::from_secs(1));
                stage.checks_end(&GOOD);
                stage.quietly(|stage| {
                    stage.pass(Duration::from_secs(5));
                });
                end(stage, &BAD);
            },
        );
        table.row(
            &format!("weight {weight}: first result a failure"),
            started(with(rare(1, 1), weight)),
            |stage| {
                stage.checks_end(&BAD);
            },
        );
        let mut reversed = with(rare(1, 1), weight);
        reversed.instances[0].track_scripts[0].reverse = true;
        table.row(
            &format!("weight {weight}, reverse"),
            started(reversed),
            |stage| {
                stage.checks_end(&GOOD);
                end(stage, &BAD);
            },
        );
    }
    let mut high = with(rare(1, 1), 253);
    high.instances[0].priority = Priority::new(200).unwrap();
    table.row("weight 253: never an owner", started(high), |stage| {
        stage.checks_end(&GOOD);
    });
    table.row(
        "weight -253: never a resignation",
        started(with(rare(1, 1), -253)),
        |stage| {
            stage.checks_end(&BAD);
        },
    );
    let mut owner = with(rare(1, 1), -50);
    owner.instances[0].priority = Priority::OWNER;
    table.row("weight -50: an owner stays one", started(owner), |stage| {
        stage.checks_end(&BAD);
    });
}

fn schedule(table: &mut Table) {
    let every = |millis| VrrpScript {
        interval: Duration::from_millis(millis),
        ..sample::script("chk")
    };
    table.row(
        "schedule: every 0.7 s, on time",
        started(with(every(700), -10)),
        |stage| {
            stage.quietly(|stage| stage.checks_end(&GOOD));
            stage.next_deadline();
            stage.quietly(|stage| stage.checks_end(&GOOD));
            stage.next_deadline();
        },
    );
    table.row(
        "schedule: an overrun, one line and no second copy",
        started(with(every(500), -10)),
        |stage| {
            stage.next_deadline();
            stage.next_deadline();
            stage.sleep(Duration::from_millis(100));
            stage.event(
                "ended",
                Event::CheckEnded {
                    run: RunId(0),
                    outcome: GOOD,
                },
            );
            stage.next_deadline();
        },
    );
    table.row(
        "schedule: woken late",
        started(with(every(500), -10)),
        |stage| {
            stage.quietly(|stage| stage.checks_end(&GOOD));
            stage.sleep(Duration::from_millis(1700));
            stage.wake();
        },
    );
    table.row(
        "cannot run: a line now and each hour",
        reported(with(every(1000), -10), &GOOD),
        |stage| {
            let cannot = CheckOutcome::CannotRun("no such file".to_owned());
            let once = |stage: &mut Transcript| {
                stage.quietly(|stage| {
                    stage.sleep(Duration::from_secs(1799));
                    stage.wake();
                });
                stage.checks_end(&cannot);
            };
            (0..5).for_each(|_| once(stage));
        },
    );
}

/// `@evervip unrunnable_scripts fail`.
fn unrunnable_fails(table: &mut Table) {
    let strict = |script, weight| {
        let mut config = with(script, weight);
        config.globals.extensions.unrunnable_scripts = UnrunnableScripts::Fail;
        config
    };
    let cannot = CheckOutcome::CannotRun("no such file".to_owned());
    for (weight, what) in [(0, "fault"), (-20, "less priority")] {
        table.row(
            &format!("unrunnable_scripts fail: {what}"),
            started(strict(rare(1, 1), weight)),
            |stage| {
                stage.checks_end(&cannot);
                end(stage, &GOOD);
            },
        );
        let unusable = VrrpScript {
            unusable: Some("not found".to_owned()),
            ..rare(1, 1)
        };
        table.row(
            &format!("unrunnable_scripts fail: a script that is not there, {what}"),
            Transcript::new(strict(unusable, weight)),
            |stage| {
                stage.start();
                stage.pass(Duration::from_secs(5));
            },
        );
    }
    table.row(
        "unrunnable_scripts fail: fall counts",
        reported(strict(rare(1, 3), 0), &GOOD),
        |stage| (0..3).for_each(|_| end(stage, &cannot)),
    );
}

fn stale(table: &mut Table) {
    table.row(
        "results that nobody waits for",
        master(sample::config([plain()])),
        |stage| {
            stage.event(
                "of no run",
                Event::CheckEnded {
                    run: RunId(7),
                    outcome: BAD,
                },
            );
        },
    );
    table.row(
        "a result that is told twice",
        started(with(rare(1, 1), 0)),
        |stage| {
            stage.event(
                "once",
                Event::CheckEnded {
                    run: RunId(0),
                    outcome: GOOD,
                },
            );
            stage.event(
                "twice",
                Event::CheckEnded {
                    run: RunId(0),
                    outcome: BAD,
                },
            );
        },
    );
    let mut unstarted = Transcript::new(with(rare(1, 1), 0));
    unstarted.quietly(|stage| {
        stage.event(
            "result",
            Event::CheckEnded {
                run: RunId(0),
                outcome: BAD,
            },
        );
    });
    table.row("a result before the start", unstarted, |stage| {
        stage.start();
    });
}

/// What the next run is expected to end with, after results of the runs before.
#[track_caller]
fn check_expected(script: VrrpScript, results: &[&CheckOutcome], expected: Option<i32>) {
    let mut stage = Transcript::new(with(script, 0));
    let mut last = None;
    let mut note = |actions: Vec<evervip_vrrp::Action>| {
        for action in actions {
            if let evervip_vrrp::Action::StartCheck { expected, .. } = action {
                last = Some(expected);
            }
        }
    };
    note(stage.start());
    for result in results {
        stage.quietly(|stage| stage.checks_end(result));
        stage.sleep(Duration::from_secs(1));
        note(stage.wake());
    }
    assert_eq!(last, Some(expected));
}

#[test]
fn an_end_that_changes_nothing_is_expected() {
    let exit = CheckOutcome::Exited;
    let once = || sample::script("chk");
    let counted = || VrrpScript {
        rise: 2,
        fall: 2,
        ..once()
    };
    check_expected(once(), &[], None);
    check_expected(once(), &[&exit(0)], Some(0));
    check_expected(once(), &[&exit(3)], Some(3));
    // Another status is told of.
    check_expected(once(), &[&exit(3), &exit(4)], Some(4));
    // One more of these counts.
    check_expected(counted(), &[&exit(0)], Some(0));
    check_expected(counted(), &[&exit(0), &exit(1)], None);
    check_expected(counted(), &[&exit(0), &exit(1), &exit(1)], Some(1));
    check_expected(counted(), &[&exit(1), &exit(0)], None);
    // Bad, but the last status that there was is a good one.
    let timed_out = CheckOutcome::TimedOut;
    check_expected(once(), &[&exit(0), &timed_out], None);
}

/// A hundred checks of one second: all run at once at the start, and never again more than four; each
/// of them every second.
#[test]
fn many_checks_do_not_start_together() {
    let mut config = sample::config([plain()]);
    config.scripts = (0..100).map(|n| sample::script(&format!("s{n}"))).collect();
    config.instances[0].track_scripts = (0..100).map(|n| sample::track(n, 1)).collect();
    let mut stage = Transcript::new(config);
    let mut starts: std::collections::BTreeMap<String, Vec<u64>> = Default::default();
    let mut note = |at: evervip_vrrp::Timestamp, actions: Vec<evervip_vrrp::Action>| {
        for action in actions {
            if let evervip_vrrp::Action::StartCheck { script, .. } = action {
                let times = starts.entry(script.name.to_string()).or_default();
                times.push(at.as_nanos() / 1_000_000);
            }
        }
    };
    let begin = stage.now;
    note(begin, stage.start());
    while stage.now < begin + Duration::from_secs(5) {
        stage.quietly(|stage| stage.checks_end(&GOOD));
        let actions = stage.next_deadline();
        note(stage.now, actions);
    }
    let first = begin.as_nanos() / 1_000_000;
    assert!(starts.values().all(|times| times[0] == first));
    let mut at_once = std::collections::BTreeMap::<u64, u32>::new();
    for times in starts.values() {
        assert!(times[1] - times[0] < 1500, "{times:?}");
        for pair in times[1..].windows(2) {
            assert_eq!(pair[1] - pair[0], 1000, "{times:?}");
        }
        for time in &times[1..] {
            *at_once.entry(*time).or_default() += 1;
        }
    }
    assert!(at_once.values().all(|count| *count == 4), "{at_once:?}");
}
