//! Any bytes as `keepalived.conf`. What comes before the first NUL is the main file, what follows
//! it a file that an `include` may name.
#![no_main]

mod machine;

use std::path::Path;
use std::time::Duration;

use evervip_config::{Config, Mode, load};
use evervip_model::{Delivery, Version};
use evervip_testkit::sample;
use evervip_vrrp::{Engine, Event, Timestamp};
use libfuzzer_sys::fuzz_target;
use machine::{Disk, MAIN, Machine};

fuzz_target!(|bytes: &[u8]| {
    let mut parts = bytes.splitn(2, |byte| *byte == 0);
    let disk = Disk {
        main: parts.next().unwrap_or_default(),
        other: parts.next().unwrap_or_default(),
    };
    for mode in [Mode::Test, Mode::Start] {
        let loaded = load(Path::new(MAIN), &disk, &Machine, mode);
        assert_eq!(loaded.config.is_none(), loaded.start_failure().is_some());
        let _ = (loaded.test_exit_code(), loaded.test_lines().count());
        let _ = loaded.log_lines().count();
        if let Some(config) = loaded.config {
            check(&config);
            run(config);
        }
    }
});

/// The invariants that the model's documentation states.
fn check(config: &Config) {
    for instance in &config.instances {
        let scripts = &instance.track_scripts;
        assert!(
            scripts
                .iter()
                .all(|track| track.script.0 < config.scripts.len())
        );
        assert!(instance.addresses.len() <= 255);
        let multicast = matches!(instance.delivery, Delivery::Multicast { .. });
        let routed = !multicast && instance.source.is_some();
        assert!(instance.interface.is_some() || instance.unsupported.is_some() || routed);
        let millis = instance.advert_interval.as_millis();
        match instance.version {
            Version::V2 => assert!(millis % 1000 == 0 && (1..=255).contains(&(millis / 1000))),
            Version::V3 => assert!(millis % 10 == 0 && (10..=40_950).contains(&millis)),
        }
    }
    for group in &config.sync_groups {
        assert!(!group.members.is_empty());
        assert!(
            group
                .members
                .iter()
                .all(|member| member.0 < config.instances.len())
        );
    }
}

/// Whatever loads can be run.
fn run(config: Config) {
    let mut engine = Engine::new(config, sample::links(), &sample::addresses(1));
    let mut now = Timestamp::default();
    engine.handle(now, Event::Started);
    for _ in 0..20 {
        while engine.poll_action().is_some() {}
        let Some(at) = engine.next_deadline() else {
            break;
        };
        now = at.max(now + Duration::from_millis(1));
        engine.handle(now, Event::DeadlineReached);
    }
    engine.handle(now, Event::StopRequested);
}
