//! What a run leaves behind for judges: few words, no text, cheap enough to keep for every run.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use evervip_model::{Instance, State};
use evervip_vrrp::{Action, Engine, Notification, NotificationKind, Subject, Timestamp};
use evervip_wire::Datagram;

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
    /// The state of an interface of a host changed.
    Linked(usize, u32, bool),
    /// An advert of another host reached an interface; what follows from it comes next.
    Heard(Heard),
    /// The effective priority of an instance changed. Only where the configuration wants it to be told
    /// (`notify_priority_changes`).
    Priority {
        /// On which host.
        host: usize,
        /// Name of the instance.
        name: Arc<str>,
        /// The new one.
        priority: u8,
    },
    /// An instance told the neighbours of so many addresses.
    Announced {
        /// On which host.
        host: usize,
        /// Name of the instance.
        name: Arc<str>,
        /// Addresses of one round.
        addresses: usize,
    },
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
        /// Its effective priority.
        priority: u8,
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

/// An advert, and who hears it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Heard {
    /// On which host.
    pub host: usize,
    /// For which VRID.
    pub vrid: u8,
    /// Whose it is.
    pub from: IpAddr,
    /// The priority in it.
    pub priority: u8,
    /// The interval in it, in version 3.
    pub interval: Option<Duration>,
    /// The effective priority of the instance that hears it, if there is one.
    pub own: Option<u8>,
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
            Action::Announce(announcement) => Some(Self::Announced {
                host,
                name: engine.router_name(announcement.router)?,
                addresses: announcement.addresses.len(),
            }),
            Action::Notify(notification) => Self::of_notification(host, notification),
            _ => None,
        }
    }
}

impl Doing {
    fn of_notification(host: usize, notification: &Notification) -> Option<Self> {
        let Subject::Instance(instance) = &notification.subject else {
            return None;
        };
        let (name, priority) = (Arc::clone(&instance.name), notification.priority);
        let state = match notification.kind {
            NotificationKind::Entered(state) => state,
            NotificationKind::Deleted | NotificationKind::Removed => State::Fault,
            NotificationKind::PriorityChanged(_) => {
                return Some(Self::Priority {
                    host,
                    name,
                    priority,
                });
            }
            NotificationKind::MasterRxLowerPri | NotificationKind::StillIn(_) => return None,
        };
        Some(Self::Entered {
            host,
            name,
            state,
            priority,
        })
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

    /// Keeps an advert that arrives.
    pub(crate) fn keep_heard(&mut self, host: usize, datagram: &Datagram<'_>) {
        let advert = &datagram.advert;
        let (vrid, from, priority) = (advert.vrid(), datagram.source, advert.priority());
        let interval = (advert.version() == 3)
            .then(|| Duration::from_millis(10) * u32::from(advert.interval_centiseconds()));
        self.keep(|lan| {
            let instances = lan.hosts[host].config.instances.iter();
            let mut known = instances.zip(lan.hosts[host].status());
            let own = known.find(|(instance, _)| instance.vrid.value() == vrid);
            Doing::Heard(Heard {
                host,
                vrid,
                from,
                priority,
                interval,
                own: own.map(|(_, status)| status.priority),
            })
        });
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
