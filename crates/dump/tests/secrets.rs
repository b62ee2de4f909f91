//! No dump tells a password.

use evervip_dump::{Clock, Host, LocalTime, Scene, json, state, statistics};
use evervip_model::{Authentication, Instance, Version};
use evervip_testkit::sample;
use evervip_vrrp::{Engine, Timestamp};

fn scene(authentication: Authentication) -> Scene {
    let config = sample::config([Instance {
        version: Version::V2,
        authentication,
        ..sample::instance("VI_1", 51, 120)
    }]);
    let now = Timestamp::from_nanos(0);
    Scene {
        snapshot: Engine::new(config, Vec::new(), &[]).snapshot(now),
        host: Host::default(),
        clock: Clock {
            at: now,
            unix_micros: 0,
            local: |_| LocalTime {
                date: "Thu Jan  1 00:00:00".to_owned(),
                year: 1970,
            },
        },
        at_start: false,
    }
}

#[test]
fn passwords_are_never_shown() {
    let kinds = [
        Authentication::Pass(*b"topsecre"),
        Authentication::Header(*b"topsecre"),
    ];
    for kind in kinds {
        let scene = scene(kind);
        let json = json(&scene).unwrap();
        assert!(json.contains(r#""auth_data":"***""#), "{json}");
        let at_start = state(&Scene {
            at_start: true,
            ..self::scene(kind)
        });
        for text in [state(&scene), at_start, statistics(&scene), json] {
            assert!(!text.contains("topsecre"), "{text}");
        }
    }
    assert!(state(&scene(kinds[0])).contains("   Password = ***\n"));
}

#[test]
fn without_instances_there_is_no_json() {
    let mut scene = scene(Authentication::None);
    scene.snapshot.routers.clear();
    assert_eq!(json(&scene), None);
    assert_eq!(statistics(&scene), "");
}
