//! The VRRP engine: events and time in, actions out.
//!
//! [`Engine`] holds every virtual router of a configuration. It is told what happens (an
//! [`Event`] and the [`Timestamp`] at which it happened) and answers with [`Action`]s that have to
//! be carried out in order. It has no clock, no socket, no process and no thread; the same code
//! runs in the daemon, in the simulation and under the fuzzer.
//!
//! Use, in this order and for ever: [`Engine::handle`], then [`Engine::poll_action`] until it is
//! empty, then wait for the next event or for [`Engine::next_deadline`].
//!
//! Invariants:
//! * [`Engine::handle`] is total: no event in any state panics or is refused;
//! * a packet that is dropped moves no timer and changes no state;
//! * the same events at the same times give the same actions;
//! * after [`Engine::handle`] no deadline lies before the time given to it, unless the event was
//!   not [`Event::DeadlineReached`].
//!
//! Vocabulary: users see keepalived's words (MASTER, BACKUP, FAULT); RFC 9568 calls the first
//! Active. Times of the protocol are whole microseconds (spec vrrp-runtime 3).
#![forbid(unsafe_code)]

mod action;
mod addresses;
mod alert;
mod alteration;
mod announce;
mod bundle;
mod census;
mod check;
mod checksum;
mod complaint;
mod confirmation;
mod debounce;
mod dependence;
mod election;
mod engine;
mod event;
mod extra_announcements;
mod firewall;
mod fixtures;
mod group;
mod header;
mod host;
mod inquiry;
mod interface;
mod latch;
mod linkbeat;
mod log;
mod named;
mod rare;
mod receive;
mod receive_buffer;
mod reload;
mod remains;
mod router;
mod routes;
mod signature;
mod snapshot;
mod sockets;
mod spacing;
mod stall;
mod startup;
mod statistics;
mod stop;
mod timers;
mod track;
mod track_bfd;
mod track_file;
mod track_process;
mod transition;
mod trap;
mod vigil;
mod virtual_interface;
mod wall_clock;

pub use evervip_model::{RouteReport, RuleReport, Timestamp, master_down_interval, skew_time};

pub use action::{
    Action, AddressChange, Announcement, AnnouncementPart, Notification, NotificationKind, Subject,
};
pub use addresses::PlacedAddress;
pub use alert::{Alert, AlertNews};
pub use census::Census;
pub use check::Verdict;
pub use complaint::{PacketComplaint, ProofComplaint};
pub use engine::{Engine, RouterStatus};
pub use event::{CheckOutcome, Event, LinkState, RunId};
pub use firewall::{needs_packet_filter, refuses_packets};
pub use latch::LatchStatus;
pub use log::{
    AddressLine, AuthenticationLine, BfdLine, FaultReason, FirewallLine, LatchLine, LogLine,
    RouteLine, TrackLine, TrapLine,
};
pub use receive_buffer::ReceiveBuffer;
pub use remains::{Remains, remains};
pub use router::{AdvertSpec, RouterId};
pub use routes::{PlacedRoute, RouteChange, RuleChange, is_rule};
pub use signature::proof;
pub use snapshot::{
    BfdSnapshot, CheckSnapshot, FileSnapshot, GroupSnapshot, InterfaceSnapshot, ProcessSnapshot,
    RouterSnapshot, Snapshot,
};
pub use sockets::{ROUTED, SocketKey, SocketKind, SocketSpec};
pub use stall::ORDINARY_LATENESS;
pub use statistics::{PacketErrors, Statistics};
pub use stop::AtStop;
pub use track_file::FILE_TEXT;
pub use trap::{AuthenticationError, InstanceNews, MasterReason, ProtocolError, Trap, TrapPlace};
pub use virtual_interface::{
    Candidate, Choice, Existing, LinkLocal, ReportsMoved, VirtualInterface, VirtualInterfaceKey,
    VirtualInterfaceKind, virtual_interfaces,
};
