//! What the keywords said, before defaults and checks.

use std::collections::HashSet;
use std::net::IpAddr;

use std::time::Duration;

use evervip_model::{
    AntiReplay, CheckerSettings, Credentials, Family, Fifo, GarpDefaults, Globals, HmacKey,
    HmacMode, InitialState, InstanceDefaults, Ipvlan, List, OldUnicastChecksum, Priority, Route,
    Rule, TrackedBfd, TrackedFile, TrackedInterface, TrackedProcess, UnicastPeer,
    UnsupportedReason, Version, VirtualAddress, VirtualMac, Vrid,
};

use crate::source::Span;

/// As whom a script runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Runner {
    pub(super) credentials: Credentials,
    /// `:GROUP`: with the other groups of the user, too, as since keepalived 2.4.
    pub(super) with_groups: bool,
}

impl From<Credentials> for Runner {
    fn from(credentials: Credentials) -> Self {
        Self {
            credentials,
            with_groups: false,
        }
    }
}

/// The user of scripts that name none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum ScriptUser {
    /// No `script_user`.
    #[default]
    Unset,
    /// `script_user`.
    Set(Runner),
    /// `script_user` that does not exist: scripts without user are dropped.
    Invalid,
}

/// `global_defs`.
#[derive(Debug, Clone)]
pub(super) struct GlobalDraft {
    pub(super) model: Globals,
    pub(super) script_user: ScriptUser,
    /// But for the user of scripts.
    pub(super) instances: InstanceDefaults,
    pub(super) multicast_group: IpAddr,
    pub(super) has_vmac_prefix: bool,
    pub(super) receive_policy: ReceivePolicyDraft,
    pub(super) startup: Option<CommandDraft>,
    pub(super) shutdown: Option<CommandDraft>,
    pub(super) fifo: FifoDraft,
    pub(super) vrrp_fifo: FifoDraft,
    /// Of LVS, as those below: kept to find what is given twice.
    pub(super) lvs_fifo: FifoDraft,
    pub(super) ipvs_namespace: Option<String>,
    /// `lvs_sync_daemon`: interface and instance.
    pub(super) sync_daemon: Option<String>,
    pub(super) checkers: CheckerSettings,
}

/// A FIFO and its reader.
#[derive(Debug, Clone, Default)]
pub(super) struct FifoDraft {
    pub(super) fifo: Option<(Fifo, Span)>,
    pub(super) reader: Option<CommandDraft>,
}

/// What `vrrp_rx_bufs_policy` has said so far.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct ReceivePolicyDraft {
    pub(super) mtu: bool,
    pub(super) advert: bool,
    pub(super) bytes: Option<u32>,
}

impl Default for GlobalDraft {
    fn default() -> Self {
        Self {
            model: Globals::default(),
            script_user: ScriptUser::Unset,
            instances: InstanceDefaults::default(),
            multicast_group: IpAddr::from([224, 0, 0, 18]),
            has_vmac_prefix: false,
            receive_policy: ReceivePolicyDraft::default(),
            startup: None,
            shutdown: None,
            fifo: FifoDraft::default(),
            vrrp_fifo: FifoDraft::default(),
            lvs_fifo: FifoDraft::default(),
            ipvs_namespace: None,
            sync_daemon: None,
            checkers: CheckerSettings::default(),
        }
    }
}

/// A command line as written.
#[derive(Debug, Clone)]
pub(super) struct CommandDraft {
    pub(super) argv: Vec<Vec<u8>>,
    pub(super) runner: Runner,
    pub(super) span: Span,
    /// The original would not have read it, and does not complain about it.
    pub(super) lost: bool,
}

/// The `notify*` lines of a block.
#[derive(Debug, Clone, Default)]
pub(super) struct NotifyDraft {
    pub(super) master: Option<Box<CommandDraft>>,
    pub(super) backup: Option<Box<CommandDraft>>,
    pub(super) fault: Option<Box<CommandDraft>>,
    pub(super) stop: Option<Box<CommandDraft>>,
    pub(super) any: Option<Box<CommandDraft>>,
    pub(super) master_rx_lower_pri: Option<Box<CommandDraft>>,
    pub(super) deleted: Option<Box<CommandDraft>>,
}

/// A `vrrp_script`.
#[derive(Debug, Clone)]
pub(super) struct ScriptDraft {
    pub(super) name: String,
    pub(super) command: CommandDraft,
    pub(super) interval: Duration,
    /// `None` is the interval.
    pub(super) timeout: Option<Duration>,
    pub(super) weight: i32,
    pub(super) reverse: bool,
    pub(super) rise: u32,
    pub(super) fall: u32,
    pub(super) init_fail: bool,
    /// Somebody may run it.
    pub(super) has_user: bool,
}

/// A line of `track_script`.
#[derive(Debug, Clone)]
pub(super) struct TrackDraft {
    /// Index into the scripts read so far.
    pub(super) script: usize,
    pub(super) weight: i32,
    pub(super) reverse: bool,
}

/// The trackers of an instance or a group.
#[derive(Debug, Clone, Default)]
pub(super) struct Trackers {
    pub(super) interfaces: List<TrackedInterface>,
    pub(super) scripts: List<TrackDraft>,
    pub(super) files: List<TrackedFile>,
    pub(super) processes: List<TrackedProcess>,
    pub(super) bfd: List<TrackedBfd>,
    seen: Option<Box<SeenTrackers>>,
}

impl Trackers {
    /// What they have named so far.
    pub(super) fn seen(&mut self) -> &mut SeenTrackers {
        self.seen.get_or_insert_default()
    }
}

/// The names in trackers, to find those given twice.
#[derive(Debug, Clone, Default)]
pub(super) struct SeenTrackers {
    pub(super) interfaces: HashSet<String>,
    pub(super) scripts: HashSet<usize>,
}

/// `auth_type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AuthType {
    Pass,
    Header,
}

/// A `vrrp_instance`.
#[derive(Debug, Clone)]
pub(super) struct InstanceDraft {
    pub(super) name: String,
    pub(super) span: Span,
    pub(super) state: Option<InitialState>,
    pub(super) interface: Option<String>,
    pub(super) vrf: Option<String>,
    pub(super) vrid: Option<Vrid>,
    pub(super) priority: Option<Priority>,
    pub(super) version: Option<Version>,
    pub(super) family: Option<Family>,
    /// Microseconds.
    pub(super) advert_interval: u64,
    pub(super) nopreempt: bool,
    /// Microseconds.
    pub(super) preempt_delay: u64,
    pub(super) down_timer_adverts: u8,
    pub(super) timer_expired_backup: Option<u8>,
    pub(super) skip_check_adv_addr: bool,
    pub(super) strict: Option<bool>,
    pub(super) lower_prio_no_advert: Option<bool>,
    pub(super) higher_prio_send_advert: Option<bool>,
    pub(super) owner_ignore_adverts: Option<bool>,
    pub(super) debug: u8,
    /// Bytes.
    pub(super) receive_buffer: u32,
    pub(super) source: Option<IpAddr>,
    pub(super) track_source: bool,
    pub(super) multicast_group: Option<IpAddr>,
    pub(super) unicast_wanted: bool,
    pub(super) fault_no_peer: bool,
    pub(super) peers: List<UnicastPeer>,
    pub(super) ttl: Option<u8>,
    pub(super) check_unicast_source: bool,
    pub(super) old_unicast_checksum: OldUnicastChecksum,
    pub(super) v3_checksum_as_v2: Option<bool>,
    pub(super) auth_type: Option<AuthType>,
    pub(super) auth_pass: Option<[u8; 8]>,
    pub(super) hmac: Option<HmacDraft>,
    pub(super) virtual_mac: Option<VirtualMac>,
    /// Its address.
    pub(super) mac: Option<MacDraft>,
    pub(super) ipvlan: Option<Ipvlan>,
    pub(super) virtual_mac_for_addresses: bool,
    pub(super) transmit_on_base: bool,
    pub(super) accept: Option<bool>,
    pub(super) promote_secondaries: bool,
    /// No address is what is meant.
    pub(super) no_addresses: bool,
    pub(super) addresses: List<VirtualAddress>,
    pub(super) excluded: List<VirtualAddress>,
    pub(super) routes: List<Route>,
    pub(super) rules: List<Rule>,
    pub(super) trackers: Trackers,
    pub(super) track_primary: bool,
    pub(super) linkbeat_polling: bool,
    pub(super) garp: GarpDefaults,
    /// `garp_extra_if`, in seconds.
    pub(super) extra_garp: Option<u32>,
    pub(super) extra_garp_all: bool,
    pub(super) notify: NotifyDraft,
    /// `notify_deleted`, with or without a command.
    pub(super) notify_deleted: bool,
    pub(super) notify_priority_changes: Option<bool>,
    pub(super) smtp_alert: Option<bool>,
    /// `@evervip fault_latch`.
    pub(super) fault_latch: bool,
    /// Why it cannot run.
    pub(super) held: Option<UnsupportedReason>,
    seen: Option<Box<Seen>>,
}

/// The address of `use_vmac`.
#[derive(Debug, Clone, Copy)]
pub(super) struct MacDraft {
    pub(super) octets: [u8; 6],
    /// All six are given; otherwise the last one will be the VRID.
    pub(super) complete: bool,
}

/// The `auth_hmac` blocks of an instance.
#[derive(Debug, Clone, Default)]
pub(super) struct HmacDraft {
    pub(super) keys: Vec<HmacKey>,
    pub(super) active_key: Option<u8>,
    /// Seconds.
    pub(super) time_window: Option<u32>,
    pub(super) anti_replay: AntiReplay,
    pub(super) mode: HmacMode,
}

impl InstanceDraft {
    /// With the defaults that are copied at the opening line.
    pub(super) fn new(name: &str, span: Span, globals: &GlobalDraft) -> Self {
        let usual = &globals.instances;
        Self {
            name: name.to_owned(),
            span,
            state: None,
            interface: None,
            vrf: None,
            vrid: None,
            priority: None,
            version: None,
            family: None,
            advert_interval: 1_000_000,
            nopreempt: false,
            preempt_delay: 0,
            down_timer_adverts: usual.down_timer_adverts,
            timer_expired_backup: None,
            skip_check_adv_addr: usual.skip_check_adv_addr,
            strict: None,
            lower_prio_no_advert: None,
            higher_prio_send_advert: None,
            owner_ignore_adverts: None,
            debug: 0,
            receive_buffer: 0,
            source: None,
            track_source: false,
            multicast_group: None,
            unicast_wanted: false,
            fault_no_peer: false,
            peers: List::new(),
            ttl: None,
            check_unicast_source: usual.check_unicast_source,
            old_unicast_checksum: OldUnicastChecksum::Detect,
            v3_checksum_as_v2: None,
            auth_type: None,
            auth_pass: None,
            hmac: None,
            virtual_mac: None,
            mac: None,
            ipvlan: None,
            virtual_mac_for_addresses: false,
            transmit_on_base: false,
            accept: None,
            promote_secondaries: false,
            no_addresses: false,
            addresses: List::new(),
            seen: None,
            excluded: List::new(),
            routes: List::new(),
            rules: List::new(),
            trackers: Trackers::default(),
            track_primary: true,
            linkbeat_polling: false,
            garp: GarpDefaults {
                lower_delay: None,
                lower_repeat: None,
                ..usual.garp
            },
            extra_garp: None,
            extra_garp_all: false,
            notify: NotifyDraft::default(),
            notify_deleted: false,
            notify_priority_changes: None,
            smtp_alert: None,
            fault_latch: false,
            held: None,
        }
    }

    /// The block has ended: gives back what only its reading needed.
    pub(super) fn close(&mut self) {
        self.seen = None;
        self.trackers.seen = None;
        self.addresses.shrink_to_fit();
        self.excluded.shrink_to_fit();
    }

    /// What it has named so far.
    pub(super) fn seen(&mut self) -> &mut Seen {
        self.seen.get_or_insert_default()
    }
}

/// The addresses in an instance, to find those given twice.
#[derive(Debug, Clone, Default)]
pub(super) struct Seen {
    pub(super) addresses: HashSet<IpAddr>,
    pub(super) peers: HashSet<IpAddr>,
}

/// A `vrrp_sync_group`.
#[derive(Debug, Clone)]
pub(super) struct GroupDraft {
    pub(super) name: String,
    pub(super) span: Span,
    pub(super) members: Vec<(String, Span)>,
    pub(super) has_member_block: bool,
    pub(super) tracking_weight: bool,
    pub(super) smtp_alert: Option<bool>,
    pub(super) notify_priority_changes: Option<bool>,
    pub(super) trackers: Trackers,
    pub(super) notify: NotifyDraft,
}
