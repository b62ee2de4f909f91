//! The effective priority against a simple model of the table in spec vrrp-runtime 6.
#![allow(clippy::unwrap_used, reason = "helpers of tests panic like tests")]

use std::path::PathBuf;

use evervip_model::{
    Config, FileIndex, Priority, ProcessIndex, ProcessPattern, State, TrackFile, TrackProcess,
    TrackedFile, TrackedInterface, TrackedProcess, TrackedScript,
};
use evervip_testkit::{Transcript, sample};
use evervip_vrrp::{CheckOutcome, Event};
use proptest::prelude::*;

/// What is tracked, how, and what is found of it.
#[derive(Debug, Clone)]
enum Tracked {
    Script {
        weight: i32,
        reverse: bool,
        good: bool,
    },
    Process {
        weight: i32,
        reverse: bool,
        good: bool,
    },
    Interface {
        weight: i32,
        reverse: bool,
        up: bool,
    },
    File {
        weight: i32,
        reverse: bool,
        number: i32,
    },
}

impl Tracked {
    /// What it adds; `None` is a fault. Written down as the table has it, not as the engine does.
    fn adds(&self) -> Option<i64> {
        let (good, weight, reverse) = match *self {
            Self::Script {
                weight,
                reverse,
                good,
            }
            | Self::Process {
                weight,
                reverse,
                good,
            } => (good, weight, reverse),
            Self::Interface {
                weight,
                reverse,
                up,
            } => (up, weight, reverse),
            Self::File {
                weight,
                reverse,
                number,
            } => {
                return file(i64::from(number), i64::from(weight), reverse);
            }
        };
        let sign = if reverse { -1 } else { 1 };
        match weight {
            0 => (good != reverse).then_some(0),
            1.. if good => Some(i64::from(weight) * sign),
            ..=-1 if !good => Some(i64::from(weight) * sign),
            _ => Some(0),
        }
    }
}

fn file(number: i64, weight: i64, reverse: bool) -> Option<i64> {
    if weight == 0 {
        return ((number == 0) != reverse).then_some(0);
    }
    let status = number * weight * if reverse { -1 } else { 1 };
    (status > -254).then_some(status.min(253))
}

fn tracked() -> impl Strategy<Value = Tracked> {
    let weight = prop_oneof![Just(0), -253..=253, -20..=20];
    let number = prop_oneof![-300..=300, any::<i32>(), Just(0)];
    (0..4, weight, any::<bool>(), any::<bool>(), number).prop_map(
        |(kind, weight, reverse, good, number)| match kind {
            0 => Tracked::Script {
                weight,
                reverse,
                good,
            },
            1 => Tracked::Process {
                weight,
                reverse,
                good,
            },
            2 => Tracked::Interface {
                weight,
                reverse,
                up: good,
            },
            _ => Tracked::File {
                weight,
                reverse,
                number,
            },
        },
    )
}

fn config(all: &[Tracked], priority: u8) -> Config {
    let mut config = sample::config([sample::instance("V", 1, priority)]);
    for (n, tracked) in all.iter().enumerate() {
        let instance = &mut config.instances[0];
        match *tracked {
            Tracked::Script {
                weight, reverse, ..
            } => {
                let track = sample::track(config.scripts.len(), weight);
                instance
                    .track_scripts
                    .push(TrackedScript { reverse, ..track });
                config.scripts.push(sample::script(&format!("s{n}")));
            }
            Tracked::Process {
                weight, reverse, ..
            } => {
                let process = ProcessIndex(config.processes.len());
                instance.track_processes.push(TrackedProcess {
                    process,
                    weight,
                    reverse,
                });
                config.processes.push(process_named(n));
            }
            Tracked::Interface {
                weight, reverse, ..
            } => {
                let interface = format!("if{n}");
                instance.track_interfaces.push(TrackedInterface {
                    interface,
                    weight,
                    reverse,
                });
            }
            Tracked::File {
                weight, reverse, ..
            } => {
                let file = FileIndex(config.files.len());
                instance.track_files.push(TrackedFile {
                    file,
                    weight,
                    reverse,
                });
                config.files.push(TrackFile {
                    name: format!("f{n}").into(),
                    path: PathBuf::from(format!("/f{n}")),
                    weight: 1,
                    reverse: false,
                    initial: None,
                });
            }
        }
    }
    config
}

fn process_named(n: usize) -> TrackProcess {
    let name = format!("p{n}");
    TrackProcess::new(name.as_str().into(), name.into())
}

/// Tells what is found, but for scripts, which have to run first.
fn tell(stage: &mut Transcript, all: &[Tracked]) {
    for (n, tracked) in all.iter().enumerate() {
        match *tracked {
            Tracked::Script { .. } => {}
            Tracked::Process { good, .. } => {
                let pattern = &ProcessPattern::of(&process_named(n));
                let count = u32::from(good);
                stage.event("", Event::ProcessesCounted { pattern, count });
            }
            Tracked::Interface { up, .. } => {
                let index = 100 + u32::try_from(n).unwrap();
                stage.link(index, &format!("if{n}"), up);
            }
            Tracked::File { number, .. } => {
                let path = &PathBuf::from(format!("/f{n}"));
                let text = number.to_string();
                let text = text.as_bytes();
                stage.event("", Event::FileRead { path, text });
            }
        }
    }
}

/// Gives each script that runs its result.
fn end_checks(stage: &mut Transcript, actions: &[evervip_vrrp::Action], all: &[Tracked]) {
    for action in actions {
        if let evervip_vrrp::Action::StartCheck { run, script, .. } = action {
            let n: usize = script.name[1..].parse().unwrap();
            let good = matches!(all[n], Tracked::Script { good: true, .. });
            let outcome = CheckOutcome::Exited(i32::from(!good));
            stage.event("", Event::CheckEnded { run: *run, outcome });
        }
    }
}

fn expect(stage: &Transcript, all: &[Tracked], configured: u8) -> Result<(), TestCaseError> {
    let status = &stage.engine.status()[0];
    let adds: Vec<Option<i64>> = all.iter().map(Tracked::adds).collect();
    let faulty = adds.contains(&None);
    prop_assert_eq!(status.state == State::Fault, faulty, "{:?}", status.state);
    if !faulty {
        let total = i64::from(configured) + adds.iter().flatten().sum::<i64>();
        let expected = if configured == 255 {
            255
        } else {
            total.clamp(1, 254)
        };
        prop_assert_eq!(i64::from(status.priority), expected);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Whether it is found before the start or after it, and whatever it was before.
    #[test]
    fn the_effective_priority_is_that_of_the_table(
        before in prop::collection::vec(tracked(), 0..6),
        flip in any::<u8>(),
        priority in prop_oneof![1_u8..=254, Just(255)],
    ) {
        let mut stage = Transcript::new(config(&before, Priority::new(priority).unwrap().value()));
        tell(&mut stage, &before);
        let actions = stage.start();
        end_checks(&mut stage, &actions, &before);
        expect(&stage, &before, priority)?;
        let mut after = before;
        for (n, tracked) in after.iter_mut().enumerate() {
            let flipped = flip >> n & 1 == 1;
            match tracked {
                Tracked::Process { good, .. } => *good ^= flipped,
                Tracked::Interface { up, .. } => *up ^= flipped,
                Tracked::File { number, .. } if flipped => *number = number.wrapping_mul(-7) ^ 1,
                Tracked::File { .. } | Tracked::Script { .. } => {}
            }
        }
        tell(&mut stage, &after);
        expect(&stage, &after, priority)?;
    }
}
