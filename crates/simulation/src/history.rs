//! What a run leaves behind for judges: few words, no text, cheap enough to keep for every run.

use std::net::IpAddr;
use std::sync::Arc;

use evervip_model::{Instance, State};
use evervip_vrrp::{Action, Engine, NotificationKind, Subject, Timestamp};

use crate::Lan;

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
    /// A daemon was started on a host, with these instances.
    Started(usize, Vec<Arc<Instance>>),
    /// The daemon of a host ended, in whatever way.
    Ended(usize),
    /// A host does nothing from now on.
    Paused(usize),
    /// It goes on; what waited for it comes next.
    Resumed(usize),
    /// A host has read a configuration with these instances; what follows from it comes next.
    Reloaded(usize, Vec<Arc<Instance>>),
    /// Hosts with equal numbers hear each other from now on.
    Divided(Vec<u8>),
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

    /// The instances that a host's configuration names.
    pub(crate) fn instances(&self, host: usize) -> Vec<Arc<Instance>> {
        let instances = self.hosts[host].config.instances.iter();
        instances.cloned().map(Arc::new).collect()
    }
}
