//! A new configuration for a running engine (spec vrrp-runtime 17). The expected actions are in
//! `data/reload.txt`.
#![allow(clippy::unwrap_used, reason = "helpers of tests panic like tests")]

mod stage;

use std::time::Duration;

use evervip_model::{Config, Instance, Priority, Version, Vrid};
use evervip_testkit::{Rng, Transcript, sample};
use evervip_vrrp::{Action, CheckOutcome, Event, RouterId};
use proptest::prelude::*;
use stage::{Table, backup, fault, in_every_state, master, plain, started, version_3};

fn one(instance: Instance) -> Config {
    sample::config([instance])
}

/// One change of [`plain`].
type Change = (&'static str, fn(&mut Instance));

const IN_PLACE: &[Change] = &[
    ("nothing", |_| ()),
    ("name", |i| i.name = "renamed".into()),
    ("priority up", |i| i.priority = Priority::new(150).unwrap()),
    ("priority down", |i| i.priority = Priority::new(50).unwrap()),
    ("advert_int 3", |i| {
        i.advert_interval = Duration::from_secs(3);
    }),
    ("down_timer_adverts 5", |i| i.down_timer_adverts = 5),
    ("version 3", |i| i.version = Version::V3),
    ("address added", |i| {
        i.addresses.push(sample::vip("10.0.0.150"));
    }),
    ("address replaced", |i| {
        i.addresses[0] = sample::vip("10.0.0.150");
    }),
    ("prefix", |i| i.addresses[0].prefix = 32),
    ("address moved to eth1", |i| {
        i.addresses[0].dev = Some("eth1".into());
    }),
    ("peer of the address", |i| {
        i.addresses[0].peer = Some([10, 0, 0, 77].into());
    }),
    ("broadcast address", |i| {
        i.addresses[0].broadcast = Some([10, 0, 0, 255].into());
    }),
    ("watching of the address", |i| {
        i.addresses[0].no_track = true;
    }),
    ("refresh", |i| i.garp.refresh = Duration::from_secs(2)),
];

const ANOTHER_ROUTER: &[Change] = &[
    ("VRID", |i| i.vrid = Vrid::new(2).unwrap()),
    ("interface", |i| i.interface = Some("eth1".to_owned())),
    ("unicast", |i| {
        i.delivery = sample::unicast(&[sample::lan(2)]);
    }),
];

#[test]
fn changes() {
    let mut table = Table::default();
    for (label, change) in IN_PLACE.iter().chain(ANOTHER_ROUTER) {
        let mut changed = plain();
        change(&mut changed);
        for (state, stage) in [
            ("BACKUP", backup(one(plain()))),
            ("MASTER", master(one(plain()))),
            ("FAULT", fault(one(plain()))),
        ] {
            table.row(&format!("{state}: {label}"), stage, |stage| {
                stage.reload(label, one(changed.clone()));
            });
        }
    }
    lists(&mut table);
    scripts(&mut table);
    faulty_trackers(&mut table);
    groups(&mut table);
    phases(&mut table);
    table.expect("reload.txt");
}

fn lists(table: &mut Table) {
    let two = || sample::config([plain(), sample::instance("W", 2, 100)]);
    let both = || {
        let mut stage = master(two());
        stage.quietly(|stage| stage.pass(Duration::from_millis(1)));
        stage
    };
    table.row("MASTER: W is removed", both(), |stage| {
        stage.reload("without W", one(plain()));
    });
    table.row("MASTER: W is added", master(one(plain())), |stage| {
        stage.reload("with W", two());
        stage.next_deadline();
    });
    table.row("MASTER: the order changes", both(), |stage| {
        let mut config = two();
        config.instances.reverse();
        stage.reload("W first", config);
    });
    table.row(
        "MASTER: everything is removed, then added",
        both(),
        |stage| {
            stage.reload("empty", Config::default());
            stage.reload("as before", two());
        },
    );
    table.row("MASTER: an address moves from W to V", both(), |stage| {
        let mut config = two();
        let moved = config.instances[1].addresses.clone();
        config.instances[0].addresses.extend(moved);
        config.instances[1].addresses = vec![sample::vip("10.0.0.199")].into();
        stage.reload("moved", config);
    });
    let mut learned = backup(one(version_3()));
    learned.quietly(|stage| {
        let mut theirs = version_3();
        theirs.advert_interval = Duration::from_millis(500);
        let craft = evervip_testkit::craft::Craft::of(&theirs).priority(150);
        stage.advert("fast", &craft);
    });
    table.row("BACKUP: a learned interval stays", learned, |stage| {
        let mut other = version_3();
        other.advert_interval = Duration::from_secs(3);
        stage.reload("advert_int 3", one(other));
    });
}

fn scripted(names: &[&str]) -> Config {
    let mut config = one(plain());
    config.scripts = names.iter().map(|name| sample::script(name)).collect();
    for script in &mut config.scripts {
        script.interval = Duration::from_secs(1000);
    }
    config.instances[0].track_scripts = (0..names.len()).map(|n| sample::track(n, 0)).collect();
    config
}

fn scripts(table: &mut Table) {
    let reported = |status| {
        let mut stage = started(scripted(&["a", "b"]));
        stage.quietly(|stage| {
            let outcome = CheckOutcome::Exited(0);
            stage.event(
                "a",
                Event::CheckEnded {
                    run: evervip_vrrp::RunId(0),
                    outcome,
                },
            );
            let outcome = CheckOutcome::Exited(status);
            stage.event(
                "b",
                Event::CheckEnded {
                    run: evervip_vrrp::RunId(1),
                    outcome,
                },
            );
        });
        stage
    };
    table.row(
        "BACKUP: scripts stay, in another order",
        reported(0),
        |stage| {
            stage.reload("b first", scripted(&["b", "a"]));
        },
    );
    table.row("FAULT: the failing script goes", reported(1), |stage| {
        stage.reload("without b", scripted(&["a"]));
    });
    table.row("FAULT: the other script goes", reported(1), |stage| {
        stage.reload("without a", scripted(&["b"]));
    });
    table.row("BACKUP: a script comes", reported(0), |stage| {
        stage.reload("with c", scripted(&["a", "b", "c"]));
        stage.event(
            "c fails",
            Event::CheckEnded {
                run: evervip_vrrp::RunId(2),
                outcome: CheckOutcome::Exited(1),
            },
        );
    });
    table.row(
        "INIT: reload while scripts run",
        started(scripted(&["a"])),
        |stage| {
            stage.reload("the same", scripted(&["a"]));
            stage.checks_end(&CheckOutcome::Exited(0));
        },
    );
    table.row(
        "BACKUP: another command of the same name",
        reported(0),
        |stage| {
            let mut config = scripted(&["a", "b"]);
            config.scripts[1].command.path = "/bin/other".into();
            stage.reload("other command", config);
            stage.event(
                "the old run",
                Event::CheckEnded {
                    run: evervip_vrrp::RunId(1),
                    outcome: CheckOutcome::Exited(1),
                },
            );
        },
    );
}

/// What is tracked from now on is down already, or goes down while nothing is reloaded.
fn faulty_trackers(table: &mut Table) {
    let tracking = || {
        let mut config = one(plain());
        config.instances[0].track_interfaces = vec![sample::track_interface("eth1", 0)].into();
        config
    };
    for (state, mut stage) in [
        ("BACKUP", backup(one(plain()))),
        ("MASTER", master(one(plain()))),
    ] {
        stage.quietly(|stage| {
            stage.link(sample::ETH1, "eth1", false);
        });
        table.row(
            &format!("{state}: a faulty tracker comes"),
            stage,
            |stage| {
                stage.reload("with eth1", tracking());
                stage.reload("the same again", tracking());
            },
        );
    }
}

fn groups(table: &mut Table) {
    let two = || sample::config([plain(), sample::instance("W", 2, 100)]);
    let grouped = |members: usize| {
        let mut config = two();
        config.sync_groups = vec![sample::group("G", 0..members)];
        config
    };
    table.row("MASTER: masters become a group", master(two()), |stage| {
        stage.quietly(|stage| stage.pass(Duration::from_millis(1)));
        stage.reload("grouped", grouped(2));
    });
    table.row(
        "MASTER: a group is dissolved",
        master(grouped(2)),
        |stage| {
            stage.reload("dissolved", two());
        },
    );
    table.row(
        "MASTER: a new instance joins the group",
        master({
            let mut config = one(plain());
            config.sync_groups = vec![sample::group("G", 0..1)];
            config
        }),
        |stage| {
            stage.reload("joined", grouped(2));
            stage.next_deadline();
        },
    );
    table.row(
        "MASTER: nothing changes in a group",
        master(grouped(2)),
        |stage| {
            stage.reload("the same", grouped(2));
        },
    );
    table.row(
        "FAULT: the faulty member leaves the group",
        {
            let mut config = grouped(2);
            config.instances[1].interface = Some("eth1".to_owned());
            let mut stage = backup(config);
            stage.quietly(|stage| {
                stage.link(sample::ETH1, "eth1", false);
            });
            stage
        },
        |stage| {
            let mut config = grouped(1);
            config.instances[1].interface = Some("eth1".to_owned());
            stage.reload("alone", config);
        },
    );
    let faulty = Instance {
        interface: Some("eth1".to_owned()),
        ..sample::instance("W", 2, 100)
    };
    let mut after = sample::config([faulty, plain()]);
    let mut before = after.clone();
    before.scripts = vec![sample::script("a")];
    before.instances[1].track_scripts = vec![sample::track(0, 0)].into();
    after.sync_groups = vec![sample::group("G", 0..2)];
    let mut stage = Transcript::new(before);
    stage.quietly(|stage| {
        stage.link(sample::ETH1, "eth1", false);
        stage.start();
    });
    table.row(
        "INIT: nothing is awaited any more, and a faulty one is joined",
        stage,
        |stage| {
            stage.reload("grouped", after);
        },
    );
}

fn phases(table: &mut Table) {
    let other = one(sample::instance("W", 2, 100));
    table.row(
        "before start: reload",
        Transcript::new(one(plain())),
        |stage| {
            stage.reload("W instead", other.clone());
            stage.start();
        },
    );
    for (state, stage) in in_every_state(&one(plain())) {
        if state == "STOP" {
            table.row("STOP: reload", stage, |stage| {
                stage.reload("W instead", other.clone());
            });
        }
    }
}

/// Some instances that stay, and others that come, go and change around them.
fn random_config(rng: &mut Rng) -> Config {
    let stays = ["S1", "S2"].into_iter().zip([1, 2]);
    let mut instances: Vec<Instance> = stays
        .map(|(name, vrid)| sample::instance(name, vrid, 100))
        .collect();
    for vrid in 3..6 {
        if rng.permille(600) {
            let mut instance =
                sample::instance(&format!("C{vrid}"), vrid, rng.pick(&[50, 100, 255]));
            instance.addresses =
                vec![sample::vip(&format!("10.0.0.{}", 150 + rng.below(3)))].into();
            instance.advert_interval = Duration::from_secs(rng.pick(&[1, 2]));
            instance.nopreempt = rng.permille(500);
            let place = rng.below(instances.len() + 1);
            instances.insert(place, instance);
        }
    }
    sample::config(instances)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Whatever changes around them, routers that do not change keep id, state, counters, timers
    /// and addresses, and nothing is said about them.
    #[test]
    fn unchanged_routers_are_not_touched(seed: u64) {
        let mut rng = Rng::new(seed);
        let mut stage = started(random_config(&mut rng));
        stage.quietly(|stage| stage.pass(Duration::from_secs(5)));
        for _ in 0..8 {
            stage.quietly(|stage| stage.pass(rng.between(Duration::ZERO, Duration::from_secs(2))));
            let of = |stage: &Transcript, name: &str| {
                stage.engine.status().into_iter().find(|status| &*status.name == name)
            };
            let before = [of(&stage, "S1"), of(&stage, "S2")];
            let ids: Vec<RouterId> = before.iter().flatten().map(|status| status.id).collect();
            let config = random_config(&mut rng);
            let actions = stage.reload("random", config);
            prop_assert_eq!(&before, &[of(&stage, "S1"), of(&stage, "S2")]);
            for action in actions {
                let touched = match &action {
                    Action::SendAdvert { router, .. } => ids.contains(router),
                    Action::AddAddresses(change) | Action::RemoveAddresses(change) => ids.contains(&change.router),
                    Action::Announce(announcement) => ids.contains(&announcement.router),
                    other => format!("{other:?}").contains("\"S"),
                };
                prop_assert!(!touched, "{:?}", action);
            }
        }
        // They go on as if nothing had happened: eight adverts each in eight seconds, or one more when
        // the last one leaves a little early together with that of another router.
        let sent = |stage: &Transcript| stage.engine.status().iter().filter(|s| s.name.starts_with('S')).map(|s| s.statistics.advert_sent).sum::<u64>();
        let before = sent(&stage);
        stage.quietly(|stage| stage.pass(Duration::from_secs(8)));
        let count = sent(&stage) - before;
        prop_assert!((16..=18).contains(&count), "{count} adverts");
    }
}

/// The interval of a backup's master counts until that says otherwise, even if it is just the one
/// that the backup had itself.
#[test]
fn a_backup_goes_by_the_interval_of_its_master_after_a_reload() {
    let mut stage = backup(one(version_3()));
    let craft = evervip_testkit::craft::Craft::of(&version_3()).priority(150);
    stage.advert("theirs", &craft);
    let mut faster = version_3();
    faster.advert_interval = Duration::from_millis(200);
    stage.reload("advert_int 0.2", one(faster));
    stage.pass(Duration::from_secs(3));
    assert!(
        !stage::is_master(&stage),
        "the next advert was due after 1 s"
    );
}

/// A start that is delayed is delayed for address owners, too, whatever a reload makes of their interval.
#[test]
fn an_owner_waits_for_the_end_of_the_delayed_start() {
    let config = |interval| {
        let mut owner = version_3();
        owner.priority = Priority::OWNER;
        owner.advert_interval = interval;
        let mut config = one(owner);
        config.globals.vrrp.startup_delay = Duration::from_secs(2);
        config
    };
    for (before, after) in [(1000, 500), (500, 1000)] {
        let interval = Duration::from_millis;
        let mut stage = started(config(interval(before)));
        stage.reload("advert_int", config(interval(after)));
        stage.pass(interval(1900));
        assert!(!stage::is_master(&stage), "{before} to {after} ms");
        stage.pass(interval(200));
        assert!(stage::is_master(&stage), "{before} to {after} ms");
    }
}

/// Who met a second address owner has 254 for good: neither a reload nor what it tracks changes that.
#[test]
fn a_former_address_owner_keeps_254() {
    let mut owner = plain();
    owner.priority = Priority::OWNER;
    owner.track_interfaces = vec![sample::track_interface("eth1", -30)].into();
    let mut stage = master(one(owner.clone()));
    stage.link(sample::ETH1, "eth1", false);
    stage.advert("another owner", &stage::theirs(255, 2));
    assert_eq!(stage.engine.status()[0].priority, 254);
    stage.reload("the same", one(owner));
    assert_eq!(stage.engine.status()[0].priority, 254);
    stage.link(sample::ETH1, "eth1", true);
    assert_eq!(stage.engine.status()[0].priority, 254);
}
