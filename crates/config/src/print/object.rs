//! Scripts and sync groups.

use std::time::Duration;

use evervip_model::{Config, SyncGroup, VrrpScript};

use super::instance::hooks;
use super::writer::{Writer, word};

/// What instances refer to.
pub(super) fn objects(out: &mut Writer<'_>, config: &Config) {
    for script in &config.scripts {
        vrrp_script(out, script);
    }
}

fn vrrp_script(out: &mut Writer<'_>, script: &VrrpScript) {
    let VrrpScript {
        name,
        command,
        interval,
        timeout,
        weight,
        reverse,
        rise,
        fall,
        init_fail,
    } = script;
    out.block(format_args!("vrrp_script {}", word(name)), |out| {
        out.command("script", command);
        out.time("interval", *interval, Duration::from_secs(1));
        out.time("timeout", *timeout, *interval);
        let reverse = if *reverse { " reverse" } else { "" };
        out.value("weight", &format!("{weight}{reverse}"), &"0".to_owned());
        out.value("rise", rise, &1);
        out.value("fall", fall, &1);
        out.flag("init_fail", *init_fail);
    });
}

/// A sync group; its members' weighted trackers are kept.
pub(super) fn sync_group(out: &mut Writer<'_>, config: &Config, group: &SyncGroup) {
    let SyncGroup {
        name,
        members,
        notify,
    } = group;
    out.block(format_args!("vrrp_sync_group {}", word(name)), |out| {
        let members = members.iter().filter_map(|m| config.instances.get(m.0));
        let members: Vec<_> = members.collect();
        let weighted = members.iter().any(|i| {
            i.track_scripts.iter().any(|t| t.weight != 0)
                || i.track_interfaces.iter().any(|t| t.weight != 0)
        });
        out.values("group", members.iter().map(|i| word(&i.name)));
        out.flag("sync_group_tracking_weight", weighted);
        hooks(out, notify);
    });
}
