//! Configurations of failover in place of a keepalived.conf (spec seeds 2).
#![expect(clippy::disallowed_methods, reason = "the files are those of users")]

mod support;

use std::path::Path;
use std::time::Duration;

use evervip_config::{Loaded, Mode, load};
use evervip_model::Version;
use support::{FakeHost, MemoryFiles};

const PAIR: &str = r#"[
  { "name": "VR_1", "vrid": 51, "interface_name": "eth0", "priority": 101,
    "ip_addresses": ["192.0.2.100/24"], "preempt_mode": false },
  { "name": "VR_2", "vrid": 53, "interface_name": "eth0", "priority": 110, "advert_interval": 3,
    "ip_addresses": ["192.0.2.100/24"] }
]"#;

fn read(json: &str, mode: Mode) -> Loaded {
    let files = MemoryFiles::default().with("vrrp-config.json", json);
    load(
        Path::new("vrrp-config.json"),
        &files,
        &FakeHost::default(),
        mode,
    )
}

#[test]
fn it_is_read_as_what_it_stands_for() {
    for mode in [Mode::Start, Mode::Test] {
        let loaded = read(PAIR, mode);
        assert_eq!(loaded.test_exit_code(), 0, "{:?}", loaded.diagnostics);
        let config = loaded.config.unwrap();
        let [one, two] = config.instances.as_slice() else {
            panic!("{:?}", config.instances);
        };
        assert_eq!((&*one.name, one.vrid.value()), ("VR_1", 51));
        assert_eq!(one.priority.value(), 101);
        assert!(one.nopreempt && !two.nopreempt);
        assert_eq!(one.advert_interval, Duration::from_secs(1));
        assert_eq!(two.advert_interval, Duration::from_secs(3));
        assert_eq!((one.version, two.version), (Version::V3, Version::V3));
        assert!(one.virtual_mac.is_some() && two.virtual_mac.is_some());
    }
}

#[test]
fn messages_speak_of_the_converted_text() {
    let loaded = read(&PAIR.replace("eth0", "eth77"), Mode::Test);
    let said: Vec<String> = loaded.test_lines().collect();
    let all = said.join("\n");
    assert!(
        all.contains("(vrrp-config.json (converted): Line "),
        "{all}"
    );
}

#[test]
fn what_cannot_be_converted_is_refused_with_its_place() {
    let loaded = read(&PAIR.replace("110", "0"), Mode::Start);
    assert!(loaded.config.is_none());
    let said: Vec<String> = loaded.log_lines().collect();
    let expected = "Configuration file 'vrrp-config.json' (JSON), entry 2, which begins on line 4: \
                    priority 0 is none";
    assert!(said[0].starts_with(expected), "{said:?}");
}

#[test]
fn only_the_main_file_may_be_one() {
    let files = MemoryFiles::default()
        .with("k", "include vrrp-config.json\n")
        .with("vrrp-config.json", PAIR);
    let loaded = load(Path::new("k"), &files, &FakeHost::default(), Mode::Test);
    assert!(loaded.config.unwrap().instances.is_empty());
}

/// The users' own files.
#[test]
fn the_shipped_configurations_are_accepted() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/seeds/failover");
    let Ok(entries) = std::fs::read_dir(&directory) else {
        println!("skipped: there is no {}", directory.display());
        return;
    };
    for entry in entries {
        let path = entry.unwrap().path();
        let json = std::fs::read_to_string(&path).unwrap();
        let loaded = read(&json.replace("wlo1", "eth0"), Mode::Test);
        let said: Vec<String> = loaded.test_lines().collect();
        assert_eq!(loaded.test_exit_code(), 0, "{}: {said:?}", path.display());
        let written = json.matches("\"vrid\"").count();
        assert_eq!(loaded.config.unwrap().instances.len(), written);
    }
}
