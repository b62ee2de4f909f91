//! What accepted adverts do, in every state (spec vrrp-runtime 2.2, 2.4 and 4). The expected
//! actions are in `data/adverts.txt`.

mod stage;

use std::time::Duration;

use evervip_model::{Config, Instance, Priority};
use evervip_testkit::craft::Craft;
use evervip_testkit::{Transcript, sample};
use stage::{Table, backup, master, plain, theirs, version_3};

fn one(instance: Instance) -> Config {
    sample::config([instance])
}

fn owner() -> Instance {
    Instance {
        priority: Priority::OWNER,
        ..plain()
    }
}

#[test]
fn adverts_in_every_state() {
    let mut table = Table::default();
    let config = one(plain());
    for (label, priority, last) in [
        ("priority 0", 0, 2),
        ("higher priority", 150, 2),
        ("equal priority, higher address", 100, 2),
        ("equal priority, lower address", 100, 0),
        ("equal priority, our own address", 100, 1),
        ("lower priority", 50, 2),
        ("an owner's priority", 255, 2),
    ] {
        table.rows(&config, label, |stage| {
            stage.advert(label, &theirs(priority, last));
        });
    }
    table.expect("adverts.txt");
}

#[test]
fn adverts_and_options() {
    let mut table = Table::default();
    backup_options(&mut table);
    master_options(&mut table);
    owners(&mut table);
    intervals(&mut table);
    table.expect("advert_options.txt");
}

fn lower(stage: &mut Transcript) {
    stage.advert("lower priority", &theirs(50, 2));
}

fn backup_options(table: &mut Table) {
    let nopreempt = Instance {
        nopreempt: true,
        ..plain()
    };
    table.row("BACKUP, nopreempt", backup(one(nopreempt)), lower);
    let delayed = one(Instance {
        preempt_delay: Duration::from_secs(2),
        ..plain()
    });
    table.row("BACKUP, preempt_delay", backup(delayed.clone()), |stage| {
        lower(stage);
        stage.sleep(Duration::from_millis(1999));
        lower(stage);
        stage.sleep(Duration::from_millis(1));
        lower(stage);
        stage.next_deadline();
    });
    table.row(
        "BACKUP, preempt_delay stopped",
        backup(delayed.clone()),
        |stage| {
            lower(stage);
            stage.sleep(Duration::from_secs(1));
            stage.advert("higher priority", &theirs(150, 3));
            stage.sleep(Duration::from_secs(3));
            lower(stage);
        },
    );
    table.row(
        "BACKUP, preempt_delay and priority 0",
        backup(delayed),
        |stage| {
            lower(stage);
            stage.advert("priority 0", &theirs(0, 2));
            stage.next_deadline();
        },
    );
}

fn master_options(table: &mut Table) {
    let silent = Instance {
        lower_prio_no_advert: true,
        ..plain()
    };
    table.row("MASTER, lower_prio_no_advert", master(one(silent)), lower);
    let polite = Instance {
        higher_prio_send_advert: true,
        ..plain()
    };
    table.row(
        "MASTER, higher_prio_send_advert",
        master(one(polite)),
        |stage| {
            stage.advert("higher priority", &theirs(150, 2));
        },
    );
    let mut quiet = plain();
    quiet.garp.lower_prio_repeat = 0;
    table.row(
        "MASTER, garp_lower_prio_repeat 0",
        master(one(quiet)),
        lower,
    );
    let mut once = plain();
    once.garp.lower_prio_delay = Duration::ZERO;
    table.row("MASTER, garp_lower_prio_delay 0", master(one(once)), lower);
    table.row(
        "MASTER, second burst after a lower advert",
        master(one(plain())),
        |stage| {
            stage.quietly(|stage| stage.pass(Duration::from_secs(8)));
            lower(stage);
            stage.quietly(|stage| stage.pass(Duration::from_millis(4500)));
            stage.next_deadline();
        },
    );
}

fn owners(table: &mut Table) {
    for (label, last) in [("higher", 2), ("lower", 0)] {
        table.row(
            &format!("MASTER, two owners, the other's address is {label}"),
            master(one(owner())),
            |stage| {
                stage.advert("owner", &theirs(255, last));
                stage.next_deadline();
            },
        );
    }
    table.row(
        "MASTER, owner hears its own address",
        master(one(owner())),
        |stage| {
            stage.advert("owner", &theirs(255, 1));
            stage.advert("owner again", &theirs(255, 1));
        },
    );
    table.row(
        "MASTER, owner hears others",
        master(one(owner())),
        |stage| {
            stage.advert("254", &theirs(254, 2));
            stage.advert("0", &theirs(0, 2));
        },
    );
}

fn intervals(table: &mut Table) {
    let theirs = |millis: u64, priority| {
        let other = Instance {
            advert_interval: Duration::from_millis(millis),
            ..version_3()
        };
        Craft::of(&other).priority(priority)
    };
    let config = one(version_3());
    table.row(
        "BACKUP, version 3 learns the interval",
        backup(config.clone()),
        |stage| {
            stage.advert("every 2.5 s", &theirs(2500, 150));
            stage.advert("every 2.5 s again", &theirs(2500, 150));
            stage.advert("every 0.25 s", &theirs(250, 150));
            stage.advert("priority 0, every 3 s", &theirs(3000, 0));
            stage.advert("every 0 s", &theirs(0, 150));
        },
    );
    table.row(
        "BACKUP, version 3 does not learn from a lower one",
        backup(config.clone()),
        |stage| {
            stage.advert("every 2.5 s", &theirs(2500, 50));
        },
    );
    table.row(
        "BACKUP to MASTER, version 3 returns to its own interval",
        backup(config.clone()),
        |stage| {
            stage.advert("every 0.25 s", &theirs(250, 150));
            stage.next_deadline();
        },
    );
    table.row(
        "MASTER to BACKUP, version 3 learns at once",
        master(config),
        |stage| {
            stage.advert("every 2.5 s", &theirs(2500, 150));
            stage.advert("every 2.5 s again", &theirs(2500, 150));
        },
    );
}
