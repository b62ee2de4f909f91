//! Sync groups (spec vrrp-runtime 8): each row of the table, and the order of notifications. The
//! expected actions are in `data/groups.txt`.
#![allow(clippy::unwrap_used, reason = "helpers of tests panic like tests")]

mod stage;

use std::time::{Duration, Instant};

use evervip_model::{Config, Instance, Priority, State};
use evervip_testkit::craft::Craft;
use evervip_testkit::{Transcript, sample};
use evervip_vrrp::{Action, CheckOutcome, Event, SocketKey, SocketKind};
use sample::{ETH0, ETH1};
use stage::{Table, backup, fault, master, started};

/// Y on eth0 and Z on eth1 in group G, as in the transcripts taken from the original.
fn pair() -> Config {
    let y = sample::instance("Y", 4, 100);
    let z = Instance {
        interface: Some("eth1".to_owned()),
        addresses: vec![sample::vip("10.0.1.105")].into(),
        ..sample::instance("Z", 5, 100)
    };
    Config {
        sync_groups: vec![sample::group("G", 0..2)],
        ..sample::config([y, z])
    }
}

fn with_script(mut config: Config) -> Config {
    let mut script = sample::script("s");
    script.interval = Duration::from_secs(1000);
    config.scripts = vec![script];
    config.instances[0].track_scripts = vec![sample::track(0, 0)].into();
    config
}

const GOOD: CheckOutcome = CheckOutcome::Exited(0);
const BAD: CheckOutcome = CheckOutcome::Exited(1);

/// An advert for one of the members, on the member's interface.
fn hears(stage: &mut Transcript, member: usize, priority: u8) {
    let config = pair();
    let mut craft = Craft::of(&config.instances[member]).priority(priority);
    let interface = if member == 0 { ETH0 } else { ETH1 };
    craft.source = [10, 0, u8::from(member == 1), 2].into();
    let socket = SocketKey {
        interface,
        kind: SocketKind::Multicast(sample::GROUP),
        protocol: evervip_wire::PROTOCOL,
    };
    let name = &config.instances[member].name;
    stage.packet(
        &format!("{name} hears priority {priority}"),
        socket,
        &craft.bytes(),
    );
}

#[test]
fn members_change_together() {
    let mut table = Table::default();
    starts(&mut table);
    takeovers(&mut table);
    handovers(&mut table);
    faults(&mut table);
    table.expect("groups.txt");
}

fn starts(table: &mut Table) {
    table.row("start", Transcript::new(pair()), |stage| {
        stage.start();
    });
    let down = vec![
        sample::link(ETH0, "eth0", true),
        sample::link(ETH1, "eth1", false),
    ];
    let faulty = Transcript::on(pair(), down, &sample::addresses(1));
    table.row("start: link of Z is down", faulty, |stage| {
        stage.start();
        stage.link(ETH1, "eth1", true);
    });
    table.row(
        "start: Y waits for a script, success",
        Transcript::new(with_script(pair())),
        |stage| {
            stage.start();
            stage.checks_end(&GOOD);
        },
    );
    table.row(
        "start: Y waits for a script, failure",
        Transcript::new(with_script(pair())),
        |stage| {
            stage.start();
            stage.checks_end(&BAD);
        },
    );
    let mut owners = pair();
    for instance in &mut owners.instances {
        instance.priority = Priority::OWNER;
    }
    table.row("start: owners", Transcript::new(owners.clone()), |stage| {
        stage.start();
        stage.next_deadline();
        stage.next_deadline();
    });
    owners.instances[1].priority = Priority::DEFAULT;
    table.row(
        "start: one owner of two",
        Transcript::new(owners),
        |stage| {
            stage.start();
            stage.next_deadline();
            stage.next_deadline();
        },
    );
    table.row("stop", master(pair()), |stage| {
        stage.event("stop", Event::StopRequested);
    });
}

fn takeovers(table: &mut Table) {
    table.row(
        "BACKUP: the timers expire at once",
        backup(pair()),
        |stage| {
            stage.next_deadline();
        },
    );
    let mut slow = pair();
    slow.instances[0].advert_interval = Duration::from_secs(2);
    table.row(
        "BACKUP: the slower timer takes all",
        backup(slow),
        |stage| {
            stage.next_deadline();
            stage.next_deadline();
        },
    );
    table.row(
        "BACKUP: a member hears its master, and vetoes",
        backup(pair()),
        |stage| {
            stage.sleep(Duration::from_secs(2));
            hears(stage, 0, 150);
            stage.next_deadline();
            stage.next_deadline();
        },
    );
    table.row(
        "BACKUP: who wanted to take over hears its master again",
        backup(pair()),
        |stage| {
            stage.sleep(Duration::from_secs(2));
            hears(stage, 0, 150);
            stage.next_deadline();
            hears(stage, 1, 150);
            stage.next_deadline();
            stage.next_deadline();
        },
    );
    table.row("BACKUP: the master resigns", backup(pair()), |stage| {
        hears(stage, 0, 0);
        hears(stage, 1, 0);
        stage.next_deadline();
    });
}

fn handovers(table: &mut Table) {
    table.row("MASTER: Z hears a better one", master(pair()), |stage| {
        hears(stage, 1, 150);
        hears(stage, 0, 150);
    });
    table.row("MASTER: Z hears a worse one", master(pair()), |stage| {
        hears(stage, 1, 50);
    });
    table.row("MASTER: Z hears a resignation", master(pair()), |stage| {
        hears(stage, 1, 0);
    });
    table.row(
        "MASTER: an address of Z is taken for the sixth time",
        master(pair()),
        |stage| {
            let address = "10.0.1.105".parse().unwrap();
            let taken = || Event::AddressRemoved {
                index: ETH1,
                address,
                by_us: false,
            };
            stage.quietly(|stage| {
                for _ in 0..5 {
                    stage.event("taken", taken());
                }
            });
            stage.event("taken", taken());
            stage.next_deadline();
        },
    );
}

fn faults(table: &mut Table) {
    table.row(
        "BACKUP: link of Z fails and comes back",
        backup(pair()),
        |stage| {
            stage.link(ETH1, "eth1", false);
            stage.link(ETH1, "eth1", true);
        },
    );
    table.row(
        "MASTER: link of Z fails and comes back",
        master(pair()),
        |stage| {
            stage.link(ETH1, "eth1", false);
            stage.link(ETH1, "eth1", true);
        },
    );
    let mut scripted = started(with_script(pair()));
    scripted.quietly(|stage| {
        stage.checks_end(&GOOD);
        stage.pass(Duration::from_secs(999));
        stage.sleep(Duration::from_secs(1));
        stage.wake();
    });
    table.row(
        "MASTER: script of Y fails and succeeds",
        scripted,
        |stage| {
            stage.checks_end(&BAD);
            stage.quietly(|stage| {
                stage.sleep(Duration::from_secs(1000));
                stage.wake();
            });
            stage.checks_end(&GOOD);
        },
    );
    table.row(
        "FAULT: a second member fails, the first recovers, then the second",
        fault(pair()),
        |stage| {
            stage.link(ETH1, "eth1", false);
            stage.link(ETH0, "eth0", true);
            stage.link(ETH1, "eth1", true);
        },
    );
    table.row("FAULT: a member hears adverts", fault(pair()), |stage| {
        hears(stage, 1, 150);
        hears(stage, 1, 0);
    });
    table.row(
        "FAULT: both links are back at the same time",
        backup(pair()),
        |stage| {
            stage.quietly(|stage| {
                stage.event("gone", Event::LinkRemoved { index: ETH0 });
                stage.event("gone", Event::LinkRemoved { index: ETH1 });
                stage.link(ETH0, "eth0", true);
                stage.link(ETH1, "eth1", true);
                let address = "10.0.0.1".parse().unwrap();
                stage.event(
                    "address",
                    Event::AddressAdded {
                        index: ETH0,
                        address,
                    },
                );
            });
            let address = "10.0.1.1".parse().unwrap();
            stage.event(
                "the last address",
                Event::AddressAdded {
                    index: ETH1,
                    address,
                },
            );
        },
    );
}

/// A hundred members follow one of them in one step, each exactly once, in group order, and the
/// group comes last.
#[test]
fn a_hundred_members_in_one_step() {
    let instances = (1..=100_u8).map(|vrid| sample::instance(&format!("I{vrid:03}"), vrid, 100));
    let config = Config {
        sync_groups: vec![sample::group("G", 0..100)],
        ..sample::config(instances)
    };
    let mut stage = started(config);
    let clock = Instant::now();
    stage.next_deadline();
    let states = |stage: &Transcript, state| {
        let all = stage.engine.status();
        all.iter().filter(|status| status.state == state).count()
    };
    assert_eq!(states(&stage, State::Master), 100);
    let craft = Craft {
        vrid: 42,
        addresses: vec![sample::lan(142)],
        ..stage::theirs(200, 2)
    };
    let actions = stage.advert("higher", &craft);
    assert_eq!(states(&stage, State::Backup), 100);
    let notified: Vec<String> = actions
        .iter()
        .filter(|action| matches!(action, Action::Notify(_)))
        .map(|action| evervip_testkit::render(&stage.engine, action))
        .collect();
    let others = (1..=100).filter(|vrid| *vrid != 42);
    let mut expected: Vec<String> = std::iter::once(42)
        .chain(others)
        .map(|vrid| format!("notify INSTANCE I{vrid:03} BACKUP 100"))
        .collect();
    expected.push("notify GROUP G BACKUP 0".to_owned());
    assert_eq!(notified, expected);
    assert!(clock.elapsed() < Duration::from_secs(2));
}
