//! `evervip dump`: the model as JSON.
//!
//! The names are keepalived's keywords wherever there is one, times are seconds, passwords are
//! never shown. The schema is written by hand, field by field: it is an interface, and a change of
//! the model must not change it by accident. Every structure is taken apart completely, so that a
//! new field cannot be forgotten here.

mod globals;
mod instance;
mod object;
mod routing;
mod track;
mod value;

use std::io::{self, Write};
use std::path::Path;

use evervip_config::{Mode, load};
use evervip_host::{SystemFiles, SystemHost};
use evervip_model::{Config, SyncGroup, VrrpScript};
use serde_json::{Value, json};

use value::{command, merged, notify, seconds};

/// Prints what the daemon would run; the exit code is 2 when it would refuse to start.
pub(crate) fn dump(file: &Path, out: &mut dyn Write, err: &mut dyn Write) -> io::Result<u8> {
    let loaded = load(file, &SystemFiles, &SystemHost::default(), Mode::Start);
    let Some(config) = &loaded.config else {
        for line in loaded.log_lines() {
            writeln!(err, "{line}")?;
        }
        return Ok(2);
    };
    serde_json::to_writer_pretty(&mut *out, &json(config))?;
    writeln!(out)?;
    Ok(0)
}

/// A whole configuration.
fn json(config: &Config) -> Value {
    let Config {
        globals,
        scripts,
        files,
        processes,
        bfd_instances,
        garp_groups,
        link_delays,
        linkbeat,
        fixtures: _,
        track_groups,
        instances,
        sync_groups,
    } = config;
    let mut whole = json!({
        "global_defs": globals::json(globals),
        "vrrp_script": scripts.iter().map(script).collect::<Vec<_>>(),
        "track_file": files.iter().map(object::track_file).collect::<Vec<_>>(),
        "vrrp_track_process": processes.iter().map(object::track_process).collect::<Vec<_>>(),
        "bfd_instance": bfd_instances.iter().map(object::bfd_instance).collect::<Vec<_>>(),
        "garp_group": garp_groups.iter().map(object::garp_group).collect::<Vec<_>>(),
        "interface_up_down_delays": link_delays.iter().map(object::link_delays).collect::<Vec<_>>(),
        "linkbeat_interfaces": linkbeat.iter().map(object::linkbeat).collect::<Vec<_>>(),
        "track_group": track_groups
            .iter()
            .map(|g| object::track_group(config, g))
            .collect::<Vec<_>>(),
        "vrrp_instance": instances
            .iter()
            .map(|i| instance::json(config, i))
            .collect::<Vec<_>>(),
        "vrrp_sync_group": sync_groups
            .iter()
            .map(|g| group(config, g))
            .collect::<Vec<_>>(),
    });
    if let Value::Object(members) = &mut whole {
        members.extend(routing::fixtures(config));
    }
    whole
}

fn script(script: &VrrpScript) -> Value {
    let VrrpScript {
        name,
        command: line,
        interval,
        timeout,
        // Without one it is the interval.
        has_timeout: _,
        weight,
        reverse,
        rise,
        fall,
        init_fail,
        unusable,
    } = script;
    json!({
        "name": **name,
        "script": command(line),
        "interval": seconds(*interval),
        "timeout": seconds(*timeout),
        "weight": weight,
        "reverse": reverse,
        "rise": rise,
        "fall": fall,
        "init_fail": init_fail,
        "unusable": unusable,
    })
}

fn group(config: &Config, group: &SyncGroup) -> Value {
    let SyncGroup {
        name,
        members,
        notify: commands,
        smtp_alert,
        tracks,
        tracking_weight,
        notify_priority_changes,
    } = group;
    let members: Vec<_> = members
        .iter()
        .filter_map(|m| config.instances.get(m.0))
        .map(|i| &*i.name)
        .collect();
    let own = json!({
        "name": **name,
        "group": members,
        "notify": notify(commands),
        "smtp_alert": smtp_alert,
        "sync_group_tracking_weight": tracking_weight,
        "notify_priority_changes": notify_priority_changes,
    });
    merged([own, track::lists(config, tracks.lists())])
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVERYTHING: &str = include_str!("../../tests/data/dump.conf");

    fn dumped(text: &str) -> (u8, String, String) {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("k.conf");
        std::fs::write(&file, text).unwrap();
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let code = dump(&file, &mut out, &mut err).unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (code, text(out), text(err))
    }

    /// `UPDATE_EXPECT=1` rewrites the expectation.
    #[test]
    fn the_schema_is_what_it_was() {
        let (code, got, _) = dumped(EVERYTHING);
        assert_eq!(code, 0);
        let expect = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/dump.json");
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            std::fs::write(expect, &got).unwrap();
        }
        assert_eq!(got, std::fs::read_to_string(expect).unwrap());
        assert!(!got.contains("s3cret"), "a password is shown");
    }

    #[test]
    fn what_would_not_start_is_said_and_not_dumped() {
        let (code, out, err) = dumped("vrrp_instance A {\n}\n");
        assert_eq!((code, out.as_str()), (2, ""));
        assert!(err.contains("the virtual router id must be set"), "{err}");
    }
}
