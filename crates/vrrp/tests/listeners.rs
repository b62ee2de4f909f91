//! What listeners are told, and when nobody may become MASTER yet (spec vrrp-runtime 3, 5 and 9).
#![allow(clippy::unwrap_used, reason = "helpers of tests panic like tests")]

use std::time::Duration;

use evervip_model::{Config, Instance, Priority, State};
use evervip_testkit::craft::Craft;
use evervip_testkit::sample;
use evervip_vrrp::{
    Action, CheckOutcome, Engine, Event, NotificationKind, RunId, Subject, Timestamp,
};

const SECOND: Duration = Duration::from_secs(1);

fn at(time: Duration) -> Timestamp {
    Timestamp::from_nanos(0) + time
}

fn new(config: Config) -> Engine {
    Engine::new(config, sample::links(), &sample::addresses(1))
}

fn started(config: Config) -> Engine {
    let mut engine = new(config);
    engine.handle(at(Duration::ZERO), Event::Started);
    engine
}

fn of(priority: u8) -> Instance {
    Instance {
        priority: Priority::new(priority).unwrap(),
        ..sample::instance("V", 1, 100)
    }
}

/// Who was told what; runs of checks beside.
fn told(engine: &mut Engine) -> (Vec<(String, NotificationKind, u8)>, Vec<RunId>) {
    let (mut told, mut runs) = (Vec::new(), Vec::new());
    while let Some(action) = engine.poll_action() {
        match action {
            Action::Notify(notification) => {
                let name = match &notification.subject {
                    Subject::Instance(spec) => spec.name.to_string(),
                    Subject::Group(spec) => format!("group {}", spec.name),
                };
                told.push((name, notification.kind, notification.priority));
            }
            Action::StartCheck { run, .. } => runs.push(run),
            _ => {}
        }
    }
    (told, runs)
}

/// An engine that runs to its next deadlines until `end`; gives the time of becoming MASTER.
fn master_at(engine: &mut Engine, end: Duration) -> Option<Duration> {
    loop {
        if engine.status()[0].state == State::Master {
            return Some(Duration::ZERO);
        }
        let due = engine.next_deadline()?;
        if due > at(end) {
            return None;
        }
        engine.handle(due, Event::DeadlineReached);
        if engine.status()[0].state == State::Master {
            return Some(due.saturating_since(at(Duration::ZERO)));
        }
    }
}

#[test]
fn a_change_of_priority_is_told_only_where_it_is_wanted() {
    for wanted in [false, true] {
        let mut instance = of(100);
        instance.notify_priority_changes = wanted;
        instance.track_scripts = vec![sample::track(0, 10)].into();
        let mut config = sample::config([instance]);
        config.scripts = vec![sample::script("chk")];
        let mut engine = started(config);
        let (_, runs) = told(&mut engine);
        let outcome = CheckOutcome::Exited(0);
        engine.handle(
            at(SECOND),
            Event::CheckEnded {
                run: runs[0],
                outcome,
            },
        );
        let expected: &[_] = if wanted {
            &[(
                "V".to_owned(),
                NotificationKind::PriorityChanged(State::Backup),
                110,
            )]
        } else {
            &[]
        };
        assert_eq!(told(&mut engine).0, expected);
    }
}

#[test]
fn a_removed_instance_is_deleted_where_it_is_wanted_and_in_fault_else() {
    for (wanted, kind) in [
        (true, NotificationKind::Deleted),
        (false, NotificationKind::Removed),
    ] {
        let mut instance = of(100);
        instance.notify_deleted = wanted;
        let mut engine = started(sample::config([instance]));
        told(&mut engine);
        engine.reload(at(SECOND), sample::config([]));
        assert_eq!(told(&mut engine).0, [("V".to_owned(), kind, 100)]);
    }
}

#[test]
fn states_are_told_again_after_a_reload_but_for_masters_and_newcomers() {
    let master = of(255);
    let backup = sample::instance("B", 2, 100);
    let config = |instances: &[Instance], wanted: bool| {
        let mut config = sample::config(instances.to_vec());
        config.sync_groups = vec![sample::group("G", 1..2)];
        config.globals.fifos.states_on_reload = wanted;
        config
    };
    for wanted in [false, true] {
        let mut engine = started(config(&[master.clone(), backup.clone()], wanted));
        engine.handle(at(SECOND), Event::DeadlineReached);
        told(&mut engine);
        let late = sample::instance("L", 3, 100);
        engine.reload(
            at(SECOND),
            config(&[master.clone(), backup.clone(), late], wanted),
        );
        let still: Vec<_> = told(&mut engine)
            .0
            .into_iter()
            .filter(|(name, ..)| name != "L")
            .collect();
        let kind = NotificationKind::StillIn(State::Backup);
        let expected = [("group G".to_owned(), kind, 0), ("B".to_owned(), kind, 100)];
        assert_eq!(still, if wanted { &expected[..] } else { &[] });
    }
}

#[test]
fn nobody_becomes_master_before_the_end_of_a_delayed_start() {
    let delay = Duration::from_millis(3500);
    let master_down = Duration::from_micros(3_609_375);
    for (priority, startup, after_boot, uptime, expected) in [
        (
            100,
            Duration::ZERO,
            Duration::ZERO,
            Duration::ZERO,
            master_down,
        ),
        (
            100,
            delay,
            Duration::ZERO,
            Duration::ZERO,
            delay + master_down,
        ),
        (
            255,
            delay,
            Duration::ZERO,
            SECOND,
            delay + Duration::from_micros(1),
        ),
        (
            100,
            Duration::ZERO,
            SECOND * 60,
            SECOND * 50,
            SECOND * 10 + master_down,
        ),
        (100, delay, SECOND * 60, SECOND * 59, delay + master_down),
        (100, Duration::ZERO, SECOND * 60, SECOND * 600, master_down),
    ] {
        let mut config = sample::config([of(priority)]);
        config.globals.vrrp.startup_delay = startup;
        config.globals.vrrp.delay_after_boot = after_boot;
        let mut engine = new(config);
        engine.set_uptime(uptime);
        engine.handle(at(Duration::ZERO), Event::Started);
        assert_eq!(master_at(&mut engine, SECOND * 60), Some(expected));
    }
}

#[test]
fn a_delayed_start_outlasts_faults_and_adverts() {
    let mut config = sample::config([of(100)]);
    config.globals.vrrp.startup_delay = SECOND * 10;
    let instance = config.instances[0].clone();
    let mut engine = started(config);
    let link = |up| Event::LinkChanged(sample::link(sample::ETH0, "eth0", up));
    engine.handle(at(SECOND), link(false));
    engine.handle(at(SECOND * 2), link(true));
    let bytes = Craft::of(&instance).priority(120).bytes();
    let packet = Event::PacketReceived {
        socket: sample::multicast_socket(),
        bytes: &bytes,
    };
    engine.handle(at(SECOND * 3), packet);
    let expected = SECOND * 10 + Duration::from_micros(3_609_375);
    assert_eq!(master_at(&mut engine, SECOND * 60), Some(expected));
}

#[test]
fn an_owner_ignores_adverts_where_it_is_told_to() {
    for ignores in [false, true] {
        let mut instance = of(255);
        instance.owner_ignore_adverts = ignores;
        let mut engine = started(sample::config([instance.clone()]));
        engine.handle(at(SECOND), Event::DeadlineReached);
        let bytes = Craft::of(&instance).priority(255).from(9).bytes();
        let packet = Event::PacketReceived {
            socket: sample::multicast_socket(),
            bytes: &bytes,
        };
        engine.handle(at(SECOND), packet);
        let status = &engine.status()[0];
        assert_eq!(status.priority, if ignores { 255 } else { 254 });
        assert_eq!(status.statistics.advert_rcvd, u64::from(!ignores));
    }
}
