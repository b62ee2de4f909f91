//! The two layouts of `keepalived.json` (spec vrrp-runtime 20).

use std::ffi::OsString;

mod scene;

use evervip_dump::json;
use evervip_model::TrackProcess;
use evervip_testkit::sample;

/// An instance, and with `tracks` a process that is tracked.
fn written(version: u8, tracks: bool) -> String {
    let mut config = sample::config([sample::instance("VI_1", 51, 120)]);
    config.globals.dumps.json_version = version;
    if tracks {
        let process = TrackProcess::new("haproxy".into(), OsString::from("/usr/sbin/haproxy"));
        config.processes.push(process);
    }
    json(&scene::of(config)).unwrap_or_default()
}

#[test]
fn layout_2_is_an_object_around_layout_1() {
    for version in [1, 2] {
        let text = written(version, false);
        assert_eq!(text.lines().count(), 1, "{text}");
        assert!(text.ends_with('\n'), "{text}");
    }
    let list = written(1, true);
    assert!(list.starts_with(r#"[{"data":{"iname":"VI_1","#), "{list}");
    let object = written(2, false);
    assert_eq!(object, format!("{{\"vrrp\":{}}}\n", list.trim_end()));
}

#[test]
fn layout_2_tells_of_tracked_processes() {
    let text = written(2, true);
    let (_, processes) = text.split_once(r#","track_process":"#).unwrap();
    assert_eq!(
        processes,
        concat!(
            r#"[{"process":"\/usr\/sbin\/haproxy","param_match":"none","min_processes":1,"#,
            r#""current_processes":0,"have_quorum":false,"weight":0,"terminate_delay":0,"#,
            r#""fork_delay":0,"fork_delay_timer_running":false,"#,
            r#""terminate_delay_timer_running":false,"full_command":false}]}"#,
            "\n"
        )
    );
}
