//! What a run leaves behind for judges: few words, no text, cheap enough to keep for every run.

use std::net::IpAddr;
use std::sync::Arc;

use evervip_model::{Instance, State};
use evervip_vrrp::{Action, Engine, NotificationKind, Subject, Timestamp};

use crate::{Lan, Sleep};

/// Something that a judge may want to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deed {
    /// When.
    pub at: Timestamp,
    /// What.
    pub what: Doing,
}

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Doing {
    /// A daemon was started on a host with this configuration.
    Started(usize, Loaded),
    /// The daemon of a host ended, in whatever way.
    Ended(usize),
    /// A host does nothing from now on.
    Paused(usize, Sleep),
    /// It goes on; what waited for it comes next.
    Resumed(usize),
    /// A host has read this configuration; what follows from it comes next.
    Reloaded(usize, Loaded),
    /// Hosts with equal numbers hear each other from now on.
    Divided(Vec<u8>),
    /// The same on one segment alone.
    Severed(usize, Vec<u8>),
    /// Something else was done to the network, a host or its surroundings.
    Disturbed,
    /// An instance sent an advert of this priority.
    Advert {
        /// On which host.
        host: usize,
        /// Name of the instance.
        name: Arc<str>,
        /// Priority on the wire.
        priority: u8,
    },
    /// An instance entered a state; a removed one enters FAULT.
    Entered {
        /// On which host.
        host: usize,
        /// Name of the instance.
        name: Arc<str>,
        /// Its new state.
        state: State,
    },
    /// An instance puts addresses on, or takes them off.
    Moved {
        /// On which host.
        host: usize,
        /// Name of the instance.
        name: Arc<str>,
        /// Interface and address of each.
        addresses: Vec<(u32, IpAddr)>,
        /// Whether they are put on.
        added: bool,
    },
}

/// What a judge wants to know of a configuration.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Loaded {
    /// Its instances.
    pub instances: Vec<Arc<Instance>>,
    /// Its sync groups, their members by index.
    pub groups: Vec<Vec<usize>>,
}

impl Doing {
    /// What a judge wants to know of an action, if anything.
    pub(crate) fn of(host: usize, engine: &Engine, action: &Action) -> Option<Self> {
        match action {
            Action::SendAdvert {
                router, priority, ..
            } => Some(Self::Advert {
                host,
                name: engine.router_name(*router)?,
                priority: *priority,
            }),
            Action::AddAddresses(change) | Action::RemoveAddresses(change) => {
                let placed = change.addresses.iter();
                Some(Self::Moved {
                    host,
                    name: engine.router_name(change.router)?,
                    addresses: placed.map(|a| (a.interface, a.address.address)).collect(),
                    added: matches!(action, Action::AddAddresses(_)),
                })
            }
            Action::Notify(notification) => {
                let Subject::Instance(instance) = &notification.subject else {
                    return None;
                };
                let state = match notification.kind {
                    NotificationKind::Entered(state) => state,
                    NotificationKind::Deleted | NotificationKind::Removed => State::Fault,
                    NotificationKind::MasterRxLowerPri
                    | NotificationKind::PriorityChanged(_)
                    | NotificationKind::StillIn(_) => return None,
                };
                Some(Self::Entered {
                    host,
                    name: Arc::clone(&instance.name),
                    state,
                })
            }
            _ => None,
        }
    }
}

impl Lan {
    /// Keeps what happens from now on, for [`Lan::history`].
    pub fn remember(&mut self) {
        self.history = Some(Vec::new());
    }

    /// What was done since [`Lan::remember`], in order.
    #[must_use]
    pub fn history(&self) -> &[Deed] {
        self.history.as_deref().unwrap_or_default()
    }

    pub(crate) fn keep(&mut self, what: impl FnOnce(&Self) -> Doing) {
        if self.history.is_some() {
            let (at, what) = (self.now, what(self));
            self.history.get_or_insert_default().push(Deed { at, what });
        }
    }

    /// What a host's configuration says.
    pub(crate) fn loaded(&self, host: usize) -> Loaded {
        let config = &self.hosts[host].config;
        let groups = config.sync_groups.iter();
        Loaded {
            instances: config.instances.iter().cloned().map(Arc::new).collect(),
            groups: groups
                .map(|group| group.members.iter().map(|member| member.0).collect())
                .collect(),
        }
    }
}
