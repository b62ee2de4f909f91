//! The checks of one instance (spec vrrp-keywords 18, step D; numbers there).

use evervip_model::{Family, InitialState, Priority, Version};

use super::Lower;
use super::check::Fatal;
use super::draft::{AuthType, GroupDraft, InstanceDraft};
use crate::diagnostic::{Class, Code, Diagnostic};

impl Lower<'_> {
    pub(super) fn check_instance(
        &mut self,
        draft: &mut InstanceDraft,
        group: Option<&GroupDraft>,
    ) -> Result<(), Fatal> {
        let strict = draft.strict.unwrap_or(self.globals.strict);
        draft.strict = Some(strict);
        self.check_version(draft, strict);
        self.check_state(draft, strict);
        self.check_authentication(draft, strict);
        self.check_delivery(draft);
        self.check_link_local(draft, strict);
        self.check_address_count(draft);
        self.check_preemption(draft, strict);
        if strict {
            self.strict_defaults(draft);
        }
        self.check_advert_interval(draft);
        if draft.promotes_for_vmac {
            self.after(
                draft,
                Code::Conflict,
                "promote_secondaries is automatically set for vmacs - ignoring",
            );
        }
        self.check_own_interface(draft);
        if draft.addresses.is_empty() {
            if strict || draft.version == Some(Version::V3) {
                return Err(self.fatal(
                    draft,
                    Code::MissingParameter,
                    "No VIP specified; at least one is required",
                    "write virtual_ipaddress { ADDRESS/PREFIX }",
                ));
            }
            self.after(
                draft,
                Code::Suspicious,
                "No VIP specified; at least one is sensible",
            );
        }
        self.check_weights(draft, group);
        Ok(())
    }

    fn check_version(&mut self, draft: &mut InstanceDraft, strict: bool) {
        let inet6 = draft.family == Some(Family::Inet6);
        if inet6 && draft.version == Some(Version::V2) && strict {
            self.after(
                draft,
                Code::Conflict,
                "cannot use IPv6 with VRRP version 2; setting version 3",
            );
            draft.version = Some(Version::V3);
        }
        draft.family = draft.family.or(Some(Family::Inet));
        let default = if inet6 {
            Version::V3
        } else {
            self.globals.version
        };
        draft.version = draft.version.or(Some(default));
    }

    fn check_state(&mut self, draft: &mut InstanceDraft, strict: bool) {
        let master = draft.state == Some(InitialState::Master);
        let priority = draft.priority.unwrap_or(if master {
            Priority::OWNER
        } else {
            Priority::DEFAULT
        });
        draft.priority = Some(priority);
        let derived = if priority.is_owner() {
            InitialState::Master
        } else {
            InitialState::Backup
        };
        let state = draft.state.unwrap_or(derived);
        draft.state = Some(state);
        if strict && state != derived {
            self.after(
                draft,
                Code::Conflict,
                "State MASTER must match being address owner",
            )
            .help = Some(
                "state MASTER belongs to priority 255 here; the state follows the priority"
                    .to_owned(),
            );
            draft.state = Some(derived);
        }
    }

    fn check_authentication(&mut self, draft: &mut InstanceDraft, strict: bool) {
        let Some(kind) = draft.auth_type else {
            draft.auth_pass = None;
            return;
        };
        let problem = if strict {
            Some("Strict mode does not support authentication. Ignoring.")
        } else if draft.version == Some(Version::V3) {
            Some("VRRP version 3 does not support authentication. Ignoring.")
        } else if draft.auth_pass.is_none() {
            Some("Authentication specified but no password given. Ignoring")
        } else if kind == AuthType::Header && draft.family == Some(Family::Inet6) {
            Some("Cannot use AH authentication with IPv6 - ignoring")
        } else {
            None
        };
        if let Some(text) = problem {
            self.after(draft, Code::Conflict, text).help =
                Some("remove the authentication block on all machines".to_owned());
            draft.auth_type = None;
            draft.auth_pass = None;
            return;
        }
        if kind == AuthType::Header {
            if draft.state == Some(InitialState::Master) && draft.priority != Some(Priority::OWNER)
            {
                self.after(
                    draft,
                    Code::Conflict,
                    "Initial state master is incompatible with AH authentication - clearing",
                );
                draft.state = Some(InitialState::Backup);
            }
            self.unsupported(
                draft,
                "auth_type AH is not supported by this version",
                "use auth_type PASS on all machines; the instance stays in FAULT",
            );
        }
        if draft.family == Some(Family::Inet6) {
            // An IPv6 instance is held in FAULT anyway; `build` says so.
            draft.auth_type = None;
        }
    }

    /// A plain log line about something that this version cannot run.
    pub(super) fn unsupported(&mut self, draft: &InstanceDraft, text: &str, help: &str) {
        let message = format!("({}) {text}", draft.name);
        self.say(
            Diagnostic::new(Code::NotSupported, Class::Log, message)
                .label(draft.span, "in this instance")
                .help(help),
        );
    }

    fn check_delivery(&mut self, draft: &mut InstanceDraft) {
        if draft.unicast_wanted && draft.peers.is_empty() {
            if draft.fault_no_peer {
                self.unsupported(
                    draft,
                    "no unicast peers: the instance stays in FAULT",
                    "add unicast_peer { ADDRESS }",
                );
            } else {
                self.after(
                    draft,
                    Code::Deprecated,
                    "A unicast keyword has been specified without any unicast peers. Defaulting to multicast. This usage is deprecated - please update your configuration.",
                )
                .help = Some("add unicast_peer { ADDRESS }, or write mcast_src_ip".to_owned());
            }
        }
        if draft.multicast_group.is_some() && !draft.peers.is_empty() {
            self.after(
                draft,
                Code::Conflict,
                "multicast destination specified with unicast - ignoring",
            );
            draft.multicast_group = None;
        }
        if draft.track_source && draft.source.is_none() {
            draft.track_source = false;
        }
    }

    /// RFC 9568 5.2.9: the first address of an IPv6 router is link-local.
    fn check_link_local(&mut self, draft: &InstanceDraft, strict: bool) {
        let first = draft.addresses.first().map(|a| a.address);
        let Some(std::net::IpAddr::V6(first)) = first.filter(|_| draft.peers.is_empty()) else {
            return;
        };
        if first.segments()[0] & 0xffc0 == 0xfe80 {
            return;
        }
        let (class, modal) = if strict {
            (Class::General, "must")
        } else {
            (Class::Log, "should")
        };
        let text = format!(
            "({}) the first IPv6 VIP address {modal} be link local",
            draft.name
        );
        self.say(
            Diagnostic::new(Code::Suspicious, class, text)
                .label(draft.span, "in this instance")
                .help("write an address from fe80::/10 first"),
        );
    }

    /// Addresses that do not fit into a packet become excluded ones.
    fn check_address_count(&mut self, draft: &mut InstanceDraft) {
        let facts = draft
            .interface
            .as_deref()
            .and_then(|i| self.host.interface(i));
        let mtu = facts.map_or(1500, |f| f.mtu);
        let v4 = draft.family == Some(Family::Inet);
        let headers = match (v4, draft.version, draft.auth_type) {
            (true, Some(Version::V2), Some(AuthType::Header)) => 14 + 20 + 8 + 8 + 24,
            (true, Some(Version::V2), _) => 14 + 20 + 8 + 8,
            (true, _, _) => 14 + 20 + 8,
            (false, _, _) => 14 + 40 + 8,
        };
        let room = mtu.saturating_sub(headers) / if v4 { 4 } else { 16 };
        let max = usize::try_from(room.min(255)).unwrap_or(255);
        let count = draft.addresses.len();
        if count > max {
            let text = format!(
                "Number of VIPs ({count}) exceeds maximum/space available in packet (max {max} addresses) - excess moved to eVIPs"
            );
            self.after(draft, Code::OutOfRange, &text).help =
                Some("write the rest into virtual_ipaddress_excluded".to_owned());
            let excess = draft.addresses.split_off(max);
            draft.excluded.splice(0..0, excess);
        }
    }

    fn check_preemption(&mut self, draft: &mut InstanceDraft, strict: bool) {
        let owner = draft.priority == Some(Priority::OWNER);
        let master = draft.state == Some(InitialState::Master);
        if draft.nopreempt && owner {
            self.after(
                draft,
                Code::Conflict,
                "nopreempt is incompatible with priority 255. resetting nopreempt",
            );
            draft.nopreempt = false;
        }
        if master {
            if draft.nopreempt {
                self.after(
                    draft,
                    Code::Conflict,
                    "Warning - nopreempt will not work with initial state MASTER - clearing",
                )
                .help = Some("write state BACKUP on all machines".to_owned());
                draft.nopreempt = false;
            }
            if draft.preempt_delay != 0 {
                self.after(
                    draft,
                    Code::Conflict,
                    "Warning - preempt delay will not work with initial state MASTER - clearing",
                )
                .help = Some("write state BACKUP on all machines".to_owned());
                draft.preempt_delay = 0;
            }
        }
        if draft.preempt_delay != 0 {
            if strict {
                self.after(
                    draft,
                    Code::Conflict,
                    "preempt_delay is incompatible with strict mode - resetting",
                );
                draft.preempt_delay = 0;
            } else if draft.nopreempt {
                self.after(
                    draft,
                    Code::Conflict,
                    "preempt_delay is incompatible with nopreempt mode - resetting",
                );
                draft.preempt_delay = 0;
            }
        }
        if strict && draft.down_timer_adverts != 3 {
            self.after(
                draft,
                Code::Conflict,
                "down_timer_adverts is incompatible with strict mode - resetting",
            );
            draft.down_timer_adverts = 3;
        }
    }

    fn strict_defaults(&mut self, draft: &mut InstanceDraft) {
        let owner = draft.priority == Some(Priority::OWNER);
        if draft.accept && draft.version == Some(Version::V2) && !owner {
            self.after(
                draft,
                Code::Conflict,
                "warning - accept mode for VRRP version 2 does not comply with RFC3768 - resetting",
            );
        }
        let accepts = draft.accept && draft.version == Some(Version::V3);
        if !owner && !accepts {
            self.unsupported(
                draft,
                "strict mode forbids packets to the addresses; this version lets them through",
                "nothing is needed unless the addresses must not answer",
            );
        }
        if draft.garp.lower_repeat.is_some_and(|n| n != 0) {
            self.after(
                draft,
                Code::Conflict,
                "Strict mode requires no repeat garps. resetting",
            );
        }
        if draft.garp.lower_delay.is_some_and(|n| n != 0) {
            self.after(
                draft,
                Code::Conflict,
                "Strict mode requires no repeat garp delay. resetting",
            );
        }
        draft.garp.lower_repeat = Some(0);
        draft.garp.lower_delay = Some(0);
        if draft.lower_prio_no_advert == Some(false) {
            self.after(
                draft,
                Code::Conflict,
                "Strict mode requires no lower priority advert. resetting",
            );
        }
        draft.lower_prio_no_advert = Some(true);
        if draft.higher_prio_send_advert == Some(true) {
            self.after(
                draft,
                Code::Conflict,
                "strict mode requires higher_prio_send_advert to be clear. resetting",
            );
        }
        draft.higher_prio_send_advert = Some(false);
    }

    fn check_advert_interval(&mut self, draft: &mut InstanceDraft) {
        let micros = draft.advert_interval;
        if draft.version == Some(Version::V2) {
            if micros % 1_000_000 != 0 {
                let text = format!(
                    "VRRPv2 advertisement interval {}s must be an integer. rounding",
                    crate::read::decimal(i64::try_from(micros).unwrap_or(0), 6)
                );
                self.after(draft, Code::OutOfRange, &text);
                draft.advert_interval = ((micros + 500_000) / 1_000_000).max(1) * 1_000_000;
            }
            return;
        }
        if micros >= 40_960_000 {
            let text = format!(
                "VRRPv3 advertisement interval {}s is out of range. Must be less than 40.96s. Setting to 40.95s",
                crate::read::decimal(i64::try_from(micros / 10_000).unwrap_or(0), 2)
            );
            self.after(draft, Code::OutOfRange, &text);
            draft.advert_interval = 40_950_000;
        } else if micros % 10_000 != 0 {
            let text = format!(
                "VRRPv3 advertisement interval {}s must be in units of 10ms - rounding",
                crate::read::decimal(i64::try_from(micros).unwrap_or(0), 6)
            );
            self.after(draft, Code::OutOfRange, &text);
            draft.advert_interval = ((micros + 5_000) / 10_000 * 10_000).min(40_950_000);
        }
    }

    fn check_own_interface(&mut self, draft: &mut InstanceDraft) {
        let Some(own) = draft.interface.clone() else {
            return;
        };
        if draft.trackers.interfaces.iter().any(|t| t.interface == own) {
            let text = format!("Ignoring track_interface {own} since own interface");
            self.after(draft, Code::Suspicious, &text).help =
                Some("remove it: the own interface is tracked anyway".to_owned());
            draft.trackers.interfaces.retain(|t| t.interface != own);
        }
    }

    /// Weights of the instance's own trackers in a group, or of an address owner.
    fn check_weights(&mut self, draft: &mut InstanceDraft, group: Option<&GroupDraft>) {
        let owner = draft.priority == Some(Priority::OWNER);
        let in_group = group.is_some_and(|g| !g.tracking_weight);
        if !owner && !in_group {
            return;
        }
        let why = if in_group {
            "SYNC group"
        } else {
            "address owner"
        };
        let mut interfaces = std::mem::take(&mut draft.trackers.interfaces);
        interfaces.retain_mut(|t| {
            if t.weight == 0 {
                return true;
            }
            let weight = if in_group { " weight" } else { "" };
            let text = format!(
                "ignoring {} tracked interface{weight} due to {why}",
                t.interface
            );
            self.after(draft, Code::Conflict, &text);
            t.weight = 0;
            in_group
        });
        draft.trackers.interfaces = interfaces;
        let why = if in_group {
            "SYNC group"
        } else {
            "address_owner"
        };
        let mut scripts = std::mem::take(&mut draft.trackers.scripts);
        scripts.retain(|t| {
            if t.weight == 0 {
                return true;
            }
            let name = self.script_names.get(t.script).cloned().unwrap_or_default();
            let text = format!("ignoring tracked script {name} with weights due to {why}");
            self.after(draft, Code::Conflict, &text).help =
                Some("write 'weight 0', so that a failure is a fault".to_owned());
            false
        });
        draft.trackers.scripts = scripts;
    }
}
