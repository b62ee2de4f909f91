//! Drafts to the model.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use evervip_model::{
    Authentication, Command, Config, Delivery, ExtraAnnouncements, Family, Globals, GratuitousArp,
    HmacAuthentication, InitialState, Instance, InstanceIndex, List, NotifyCommands, Priority,
    ScriptIndex, SyncGroup, TrackedScript, Tracks, Version, VrrpScript,
};

use super::Lower;
use super::draft::{AuthType, GroupDraft, InstanceDraft, ScriptDraft, TrackDraft};
use super::object::listed_tracks;
use crate::diagnostic::{Class, Code, Diagnostic};
use crate::load::Mode;

/// What is run for a `vrrp_script`.
pub(super) struct Check {
    pub(super) command: Command,
    /// Why it cannot be run, and counts as failed therefore.
    pub(super) unusable: Option<&'static str>,
}

/// Commands that can be run, beside their drafts.
#[derive(Default)]
pub(super) struct Resolved {
    pub(super) scripts: Vec<(ScriptDraft, Option<Check>)>,
    /// In the order of the instances; most have none.
    pub(super) instances: Vec<Option<Box<NotifyCommands>>>,
    /// By name, because groups may be removed later.
    pub(super) groups: Vec<(String, NotifyCommands)>,
}

impl Lower<'_> {
    pub(super) fn build(
        &mut self,
        drafts: &mut [InstanceDraft],
        groups: &[GroupDraft],
        resolved: Resolved,
    ) -> Config {
        let mut config = Config {
            globals: Globals {
                dump_only: self.dump_only(),
                ..self.globals.model.clone()
            },
            instances: Vec::with_capacity(drafts.len()),
            ..Config::default()
        };
        // Where each script of the file went; a dropped one is nowhere.
        self.script_places = Vec::new();
        for (draft, check) in resolved.scripts {
            let place = check.map(|check| {
                config.scripts.push(script(&draft, check));
                ScriptIndex(config.scripts.len() - 1)
            });
            self.script_places.push(place);
        }
        let mut places: HashMap<&str, usize> = HashMap::new();
        for (draft, notify) in drafts.iter_mut().zip(resolved.instances) {
            let notify = notify.map(|commands| *commands).unwrap_or_default();
            if let Some(instance) = self.build_instance(draft, notify) {
                places.insert(&draft.name, config.instances.len());
                config.instances.push(instance);
            }
        }
        let mut notify: HashMap<String, NotifyCommands> = resolved.groups.into_iter().collect();
        for group in groups {
            let members: Vec<_> = group
                .members
                .iter()
                .filter_map(|(name, _)| Some(InstanceIndex(*places.get(name.as_str())?)))
                .collect();
            config.sync_groups.push(SyncGroup {
                name: Arc::from(group.name.as_str()),
                members,
                notify: notify.remove(&group.name).unwrap_or_default(),
                smtp_alert: self.smtp_alert(group.smtp_alert),
                tracks: Tracks::default(),
                tracking_weight: group.tracking_weight,
                notify_priority_changes: group.notify_priority_changes,
            });
        }
        config
    }

    fn build_instance(
        &mut self,
        draft: &mut InstanceDraft,
        notify: NotifyCommands,
    ) -> Option<Instance> {
        let unsupported = draft.held;
        Some(Instance {
            name: Arc::from(draft.name.as_str()),
            initial_state: draft.state.unwrap_or(InitialState::Backup),
            interface: draft.interface.take(),
            vrf: draft.vrf.clone(),
            // `check_minimum` has refused instances without.
            vrid: draft.vrid?,
            priority: draft.priority.unwrap_or(Priority::DEFAULT),
            version: draft.version.unwrap_or(Version::V2),
            family: draft.family.unwrap_or(Family::Inet),
            advert_interval: Duration::from_micros(draft.advert_interval),
            nopreempt: draft.nopreempt,
            preempt_delay: Duration::from_micros(draft.preempt_delay),
            down_timer_adverts: draft.down_timer_adverts,
            timer_expired_backup: draft.timer_expired_backup,
            strict: draft.strict.unwrap_or(self.globals.instances.strict),
            skip_check_adv_addr: draft.skip_check_adv_addr,
            lower_prio_no_advert: draft
                .lower_prio_no_advert
                .unwrap_or(self.globals.instances.lower_prio_no_advert),
            higher_prio_send_advert: draft
                .higher_prio_send_advert
                .unwrap_or(self.globals.instances.higher_prio_send_advert),
            owner_ignore_adverts: draft.owner_ignore_adverts.unwrap_or(false),
            debug: draft.debug,
            source: draft.source,
            track_source: draft.track_source,
            delivery: self.delivery(draft),
            unicast_without_peers: draft.unicast_wanted
                && draft.peers.is_empty()
                && !draft.fault_no_peer,
            receive_buffer: draft.receive_buffer,
            old_unicast_checksum: draft.old_unicast_checksum,
            v3_checksum_as_v2: draft
                .v3_checksum_as_v2
                .unwrap_or(self.globals.model.vrrp.v3_checksum_as_v2),
            authentication: match (draft.auth_type, draft.auth_pass) {
                (Some(AuthType::Pass), Some(pass)) => Authentication::Pass(pass),
                (Some(AuthType::Header), Some(key)) => Authentication::Header(key),
                _ => Authentication::None,
            },
            hmac: hmac(draft).map(Box::new),
            virtual_mac: draft.virtual_mac.clone().map(Box::new),
            ipvlan: draft.ipvlan.clone().map(Box::new),
            virtual_mac_for_addresses: draft.virtual_mac_for_addresses,
            transmit_on_base: draft.transmit_on_base,
            accept: draft.accept.unwrap_or(true),
            promote_secondaries: draft.promote_secondaries,
            addresses: std::mem::take(&mut draft.addresses),
            excluded_addresses: std::mem::take(&mut draft.excluded),
            routes: std::mem::take(&mut draft.routes),
            rules: std::mem::take(&mut draft.rules),
            track_interfaces: draft.trackers.interfaces.clone(),
            track_scripts: self.tracked_scripts(&draft.trackers.scripts),
            track_files: std::mem::take(&mut draft.trackers.files),
            track_processes: std::mem::take(&mut draft.trackers.processes),
            track_bfd: std::mem::take(&mut draft.trackers.bfd),
            own_tracks: None,
            track_primary: draft.track_primary,
            linkbeat_polling: draft.linkbeat_polling,
            garp: self.garp(draft),
            notify,
            notify_deleted: draft.notify_deleted,
            notify_priority_changes: draft
                .notify_priority_changes
                .unwrap_or(self.globals.model.fifos.priority_changes),
            smtp_alert: self.smtp_alert(draft.smtp_alert),
            fault_latch: draft.fault_latch,
            unsupported,
        })
    }

    /// Whether mail is sent for an instance or a group.
    fn smtp_alert(&self, own: Option<bool>) -> bool {
        let mail = &self.globals.model.mail;
        own.or(mail.vrrp_alerts).or(mail.alerts).unwrap_or(false)
    }

    fn delivery(&self, draft: &InstanceDraft) -> Delivery {
        if !draft.peers.is_empty() {
            return Delivery::Unicast {
                peers: draft.peers.to_vec(),
                ttl: draft
                    .ttl
                    .or((draft.family != Some(Family::Inet6)).then_some(255)),
                check_source: draft.check_unicast_source,
            };
        }
        if draft.unicast_wanted && draft.fault_no_peer {
            return Delivery::NoPeer;
        }
        let default = self.default_group(draft.family.unwrap_or(Family::Inet));
        Delivery::Multicast {
            group: draft.multicast_group.unwrap_or(default),
        }
    }

    /// The multicast group of instances that name none.
    pub(super) fn default_group(&self, family: Family) -> IpAddr {
        match family {
            Family::Inet => self.globals.multicast_group,
            Family::Inet6 => self.globals.instances.multicast_group6,
        }
    }

    pub(super) fn tracked_scripts(&self, tracks: &[TrackDraft]) -> List<TrackedScript> {
        tracks
            .iter()
            .filter_map(|t| {
                Some(TrackedScript {
                    script: (*self.script_places.get(t.script)?)?,
                    weight: t.weight,
                    reverse: t.reverse,
                })
            })
            .collect()
    }

    fn garp(&self, draft: &InstanceDraft) -> GratuitousArp {
        let usual = &self.globals.instances.garp;
        let own = draft.garp;
        let seconds = |n: u32| Duration::from_secs(u64::from(n));
        GratuitousArp {
            delay: seconds(own.delay),
            repeat: own.repeat,
            refresh: seconds(own.refresh),
            refresh_repeat: own.refresh_repeat,
            lower_prio_delay: seconds(own.lower_delay.or(usual.lower_delay).unwrap_or(usual.delay)),
            lower_prio_repeat: own
                .lower_repeat
                .or(usual.lower_repeat)
                .unwrap_or(usual.repeat),
            extra: match draft.extra_garp {
                None => self.globals.model.vrrp.extra_announcements,
                Some(0) => None,
                Some(n) => Some(ExtraAnnouncements {
                    interval: seconds(n),
                    all: draft.extra_garp_all,
                }),
            },
        }
    }

    /// A script that nobody tracks is not run (spec vrrp-keywords 11).
    pub(super) fn drop_unused_scripts(&mut self, config: &mut Config) {
        let mut used = vec![false; config.scripts.len()];
        for track in config.instances.iter().flat_map(|i| &i.track_scripts) {
            used[track.script.0] = true;
        }
        let mut moved = Vec::with_capacity(used.len());
        let mut kept = 0;
        for is_used in &used {
            moved.push(ScriptIndex(kept));
            kept += usize::from(*is_used);
        }
        let mut at = 0;
        config.scripts.retain(|script| {
            let keep = used[at];
            at += 1;
            if !keep && self.mode == Mode::Start {
                let text = format!("Warning - script {} is not used", script.name);
                self.diagnostics.push(
                    Diagnostic::new(Code::Suspicious, Class::Log, text)
                        .help("track it, or remove it"),
                );
            }
            keep
        });
        for instance in &mut config.instances {
            for track in &mut instance.track_scripts {
                track.script = moved[track.script.0];
            }
        }
        for tracks in listed_tracks(config) {
            tracks.scripts.retain_mut(|track| {
                let is_used = used[track.script.0];
                track.script = moved[track.script.0];
                is_used
            });
        }
    }
}

fn script(draft: &ScriptDraft, check: Check) -> VrrpScript {
    VrrpScript {
        name: Arc::from(draft.name.as_str()),
        command: check.command,
        interval: draft.interval,
        timeout: draft.timeout.unwrap_or(draft.interval),
        has_timeout: draft.timeout.is_some(),
        weight: draft.weight,
        reverse: draft.reverse,
        rise: draft.rise,
        fall: draft.fall,
        init_fail: draft.init_fail,
        unusable: check.unusable.map(str::to_owned),
    }
}

/// The checks have filled in what was not given.
fn hmac(draft: &InstanceDraft) -> Option<HmacAuthentication> {
    let hmac = draft.hmac.as_ref()?;
    Some(HmacAuthentication {
        keys: hmac.keys.clone(),
        active_key: hmac.active_key?,
        time_window: Duration::from_secs(u64::from(hmac.time_window?)),
        anti_replay: hmac.anti_replay,
        mode: hmac.mode,
    })
}
