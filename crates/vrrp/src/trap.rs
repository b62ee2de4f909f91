//! SNMP notifications: when one is due (spec vrrp-runtime 22).

use std::net::IpAddr;
use std::sync::Arc;

use evervip_model::{Family, Instance, State, SyncGroup, Version};

use crate::log::TrapLine;
use crate::{
    Action, Engine, LogLine, NotificationKind, PacketComplaint, ProofComplaint, RouterId, Timestamp,
};

/// Why a router became master (RFC 6527, `vrrpv3StatisticsNewMasterReason`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MasterReason {
    /// The master resigned: it sent priority 0.
    Resigned,
    /// It has a better claim than the master.
    Preempted,
    /// No master was heard.
    #[default]
    NoResponse,
}

impl MasterReason {
    /// The number that RFC 6527 gives it.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Resigned => 1,
            Self::Preempted => 2,
            Self::NoResponse => 3,
        }
    }
}

/// What was wrong with an advert (RFC 6527, `vrrpv3StatisticsProtoErrReason`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProtocolError {
    /// Its TTL.
    Ttl,
    /// Its version.
    Version,
    /// Its checksum.
    Checksum,
}

impl ProtocolError {
    /// The number that RFC 6527 gives it.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Ttl => 1,
            Self::Version => 2,
            Self::Checksum => 3,
        }
    }

    const fn of(complaint: &PacketComplaint) -> Option<Self> {
        match complaint {
            PacketComplaint::Ttl(_) | PacketComplaint::PeerTtl { .. } => Some(Self::Ttl),
            PacketComplaint::Version { .. } => Some(Self::Version),
            PacketComplaint::Checksum { .. } => Some(Self::Checksum),
            _ => None,
        }
    }
}

/// What was wrong with an advert's authentication (RFC 2787, `vrrpTrapAuthErrorType`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthenticationError {
    /// There is no such type.
    InvalidType,
    /// The type is not ours.
    TypeMismatch,
    /// The password or the header is wrong.
    Failure,
}

impl AuthenticationError {
    /// The number that RFC 2787 gives it.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::InvalidType => 1,
            Self::TypeMismatch => 2,
            Self::Failure => 3,
        }
    }

    const fn of(complaint: &PacketComplaint) -> Option<Self> {
        match complaint {
            PacketComplaint::InvalidAuthType(_) => Some(Self::InvalidType),
            PacketComplaint::AuthType { .. }
            | PacketComplaint::Proof(
                ProofComplaint::HeaderMissing | ProofComplaint::HeaderReceived,
            ) => Some(Self::TypeMismatch),
            PacketComplaint::Password | PacketComplaint::Proof(_) => Some(Self::Failure),
            _ => None,
        }
    }
}

/// What has become of an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InstanceNews {
    /// It is in this state.
    Entered(State),
    /// A reload has removed it (`notify_deleted`).
    Deleted,
}

/// What a management station is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trap {
    /// Keepalived's own: an instance has changed.
    Instance {
        /// Which.
        spec: Arc<Instance>,
        /// How.
        news: InstanceNews,
    },
    /// Keepalived's own: a sync group is in a new state.
    Group {
        /// Which.
        spec: Arc<SyncGroup>,
        /// The state.
        state: State,
    },
    /// RFC 2787: a router of version 2 has become master.
    NewMaster2 {
        /// Who, and where.
        place: TrapPlace,
        /// Its own address.
        source: Option<IpAddr>,
    },
    /// RFC 6527: a router has become master.
    NewMaster3 {
        /// Who, and where.
        place: TrapPlace,
        /// Its own address.
        source: Option<IpAddr>,
        /// Why.
        reason: MasterReason,
    },
    /// RFC 2787: an advert whose authentication is wrong.
    Authentication {
        /// Whose.
        place: TrapPlace,
        /// Who sent it.
        from: IpAddr,
        /// What is wrong.
        error: AuthenticationError,
    },
    /// RFC 6527: an advert that breaks the protocol.
    Protocol {
        /// Whose.
        place: TrapPlace,
        /// What is wrong.
        error: ProtocolError,
    },
}

impl Trap {
    /// The name of the notification in its MIB.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Instance { .. } => "vrrpInstanceStateChange",
            Self::Group { .. } => "vrrpSyncGroupStateChange",
            Self::NewMaster2 { .. } => "vrrpTrapNewMaster",
            Self::NewMaster3 { .. } => "vrrpv3NewMaster",
            Self::Authentication { .. } => "vrrpTrapAuthFailure",
            Self::Protocol { .. } => "vrrpv3ProtoError",
        }
    }
}

/// Which row of the tables of both RFCs a router has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrapPlace {
    /// The configured interface; 0 while there is none.
    pub interface: u32,
    /// VRID.
    pub vrid: u8,
    /// Family.
    pub family: Family,
}

/// What the tables of the RFCs tell of a router beside its state and counters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Standing {
    /// When it left INIT or FAULT.
    pub(crate) up_since: Option<Timestamp>,
    /// Why it would become master now.
    pub(crate) claim: MasterReason,
    /// Why it became master last.
    pub(crate) reason: Option<MasterReason>,
    /// What was wrong with the last advert that broke the protocol.
    pub(crate) error: Option<ProtocolError>,
}

impl Standing {
    /// Takes note of a new state.
    pub(crate) fn entered(&mut self, now: Timestamp, state: State) {
        match state {
            State::Backup => {
                self.up_since.get_or_insert(now);
                self.claim = MasterReason::default();
            }
            State::Master => {
                self.up_since.get_or_insert(now);
            }
            State::Init | State::Fault | State::Stop => self.up_since = None,
        }
    }
}

impl Engine {
    /// Tells of a router's notification, if that is wanted.
    pub(crate) fn trap_of_router(&mut self, id: RouterId, kind: NotificationKind) {
        let news = match kind {
            NotificationKind::Entered(state) => InstanceNews::Entered(state),
            NotificationKind::Removed => InstanceNews::Entered(State::Fault),
            NotificationKind::Deleted => InstanceNews::Deleted,
            NotificationKind::MasterRxLowerPri
            | NotificationKind::PriorityChanged(_)
            | NotificationKind::StillIn(_) => return,
        };
        if self.globals.snmp.vrrp {
            let spec = Arc::clone(&self.routers[id].spec);
            let name = Arc::clone(&spec.name);
            self.trap(TrapLine::Instance { name }, Trap::Instance { spec, news });
        }
        if news == InstanceNews::Entered(State::Master) {
            self.trap_of_master(id);
        }
    }

    fn trap_of_master(&mut self, id: RouterId) {
        let router = &mut self.routers[id];
        let reason = router.master_reason();
        router.standing.reason = Some(reason);
        let (name, source) = (router.name(), router.source);
        let is_v2 = router.spec.version == Version::V2 && router.spec.family == Family::Inet;
        let place = self.trap_place(id);
        if self.globals.snmp.rfc_v2 && is_v2 {
            let line = TrapLine::NewMaster2 {
                name: Arc::clone(&name),
            };
            self.trap(line, Trap::NewMaster2 { place, source });
        }
        if self.globals.snmp.rfc_v3 {
            let trap = Trap::NewMaster3 {
                place,
                source,
                reason,
            };
            self.trap(TrapLine::NewMaster3 { name, reason }, trap);
        }
    }

    /// Tells that a group has entered its state, if that is wanted.
    pub(crate) fn trap_of_group(&mut self, index: usize) {
        let Some(group) = self.groups.get(index).filter(|_| self.globals.snmp.vrrp) else {
            return;
        };
        let (spec, state) = (Arc::clone(&group.spec), group.state);
        let name = Arc::clone(&spec.name);
        self.trap(TrapLine::Group { name }, Trap::Group { spec, state });
    }

    /// Tells of an advert that was dropped, if that is wanted.
    pub(crate) fn trap_of_complaint(
        &mut self,
        id: RouterId,
        from: IpAddr,
        (protocol, authentication): (Option<ProtocolError>, Option<AuthenticationError>),
    ) {
        let (name, place) = (self.routers[id].name(), self.trap_place(id));
        if let Some(error) = authentication.filter(|_| self.globals.snmp.rfc_v2) {
            let line = TrapLine::Authentication {
                name: Arc::clone(&name),
            };
            self.trap(line, Trap::Authentication { place, from, error });
        }
        if let Some(error) = protocol {
            self.routers[id].standing.error = Some(error);
            if self.globals.snmp.rfc_v3 {
                self.trap(TrapLine::Protocol { name }, Trap::Protocol { place, error });
            }
        }
    }

    fn trap(&mut self, line: TrapLine, trap: Trap) {
        if self.globals.snmp.traps {
            self.log(LogLine::Trap(line));
            self.push(Action::Trap(trap));
        }
    }

    fn trap_place(&self, id: RouterId) -> TrapPlace {
        let router = &self.routers[id];
        TrapPlace {
            interface: router.base.unwrap_or(0),
            vrid: router.spec.vrid.value(),
            family: router.spec.family,
        }
    }
}

/// What the tables of the RFCs call the reason for dropping an advert.
pub(crate) const fn errors(
    complaint: &PacketComplaint,
) -> (Option<ProtocolError>, Option<AuthenticationError>) {
    (
        ProtocolError::of(complaint),
        AuthenticationError::of(complaint),
    )
}
