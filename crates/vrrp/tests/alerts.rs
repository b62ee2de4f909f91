//! When a mail is due, and in which place among the actions (spec vrrp-runtime 10). The expected
//! actions are in `data/alerts.txt`.

mod stage;

use std::time::Duration;

use evervip_model::{Config, Instance};
use evervip_testkit::{Transcript, sample};
use sample::{ETH0, ETH1};
use stage::{Table, plain, theirs};

/// V in group G, whose other member Z wants no mail.
fn config() -> Config {
    let v = Instance {
        smtp_alert: true,
        notify_deleted: true,
        ..plain()
    };
    let z = Instance {
        interface: Some("eth1".to_owned()),
        addresses: vec![sample::vip("10.0.1.105")].into(),
        ..sample::instance("Z", 2, 100)
    };
    let mut group = sample::group("G", 0..2);
    group.smtp_alert = true;
    let mut config = Config {
        sync_groups: vec![group],
        ..sample::config([v, z])
    };
    with_relay(&mut config);
    config
}

/// V alone.
fn alone() -> Config {
    let mut config = config();
    config.instances.truncate(1);
    config.sync_groups.clear();
    config
}

fn with_relay(config: &mut Config) {
    let mail = &mut config.globals.mail;
    mail.server = Some(("relay.example".to_owned(), 25));
    mail.recipients = vec!["ops@example.org".to_owned()];
}

fn without_faults(mut config: Config) -> Config {
    config.globals.mail.no_faults = true;
    config
}

fn become_master(stage: &mut Transcript) {
    while !stage::is_master(stage) {
        stage.next_deadline();
    }
}

fn fail(stage: &mut Transcript) {
    stage.link(ETH0, "eth0", false);
}

fn recover(stage: &mut Transcript) {
    stage.link(ETH0, "eth0", true);
}

fn stop(stage: &mut Transcript) {
    stage.event("stop", evervip_vrrp::Event::StopRequested);
}

#[test]
fn mails_follow_the_notifications() {
    let mut table = Table::default();
    lives(&mut table);
    faults(&mut table);
    reloads(&mut table);
    table.expect("alerts.txt");
}

fn lives(table: &mut Table) {
    table.row("a life", Transcript::new(alone()), |stage| {
        stage.start();
        become_master(stage);
        stage.packet(
            "V hears priority 200",
            sample::multicast_socket(),
            &theirs(200, 2).bytes(),
        );
        stop(stage);
    });
    table.row("a life in a group", Transcript::new(config()), |stage| {
        stage.start();
        become_master(stage);
        fail(stage);
        stop(stage);
    });
    let mut nowhere = alone();
    nowhere.globals.mail.server = None;
    table.row("without a relay", Transcript::new(nowhere), |stage| {
        stage.start();
        stop(stage);
    });
    let mut nobody = alone();
    nobody.globals.mail.recipients.clear();
    table.row("without recipients", Transcript::new(nobody), |stage| {
        stage.start();
        stop(stage);
    });
}

fn faults(table: &mut Table) {
    let quiet = without_faults(alone());
    table.row("no_email_faults", Transcript::new(quiet), |stage| {
        stage.start();
        fail(stage);
        recover(stage);
        fail(stage);
        stop(stage);
    });
    let down = vec![
        sample::link(ETH0, "eth0", false),
        sample::link(ETH1, "eth1", true),
    ];
    let faulty = Transcript::on(config(), down, &sample::addresses(1));
    table.row("a group that starts in FAULT", faulty, |stage| {
        stage.start();
        recover(stage);
    });
}

fn reloads(table: &mut Table) {
    let begun = || {
        let mut stage = Transcript::new(without_faults(alone()));
        stage.quietly(|stage| {
            stage.start();
            stage.pass(Duration::from_secs(1));
            fail(stage);
        });
        stage
    };
    table.row("a reload forgets what was mailed", begun(), |stage| {
        stage.reload("the same", without_faults(alone()));
        recover(stage);
    });
    let removed = |notify_deleted| {
        let mut config = alone();
        config.instances[0].notify_deleted = notify_deleted;
        stage::master(config)
    };
    let without = || {
        let mut config = alone();
        config.instances[0] = sample::instance("W", 9, 100);
        config
    };
    table.row("removed with notify_deleted", removed(true), |stage| {
        stage.reload("without V", without());
    });
    table.row("removed", removed(false), |stage| {
        stage.reload("without V", without());
    });
}
