//! No dump tells a password.

mod scene;

use evervip_dump::{Scene, json, state, statistics};
use evervip_model::{Authentication, Instance, Version};
use evervip_testkit::sample;

fn scene(authentication: Authentication) -> Scene {
    let config = sample::config([Instance {
        version: Version::V2,
        authentication,
        ..sample::instance("VI_1", 51, 120)
    }]);
    scene::of(config)
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
