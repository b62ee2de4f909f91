//! What is known of a session, for those who show it.

use evervip_model::BfdInstance;
use evervip_wire::{BfdDiagnostic, BfdState};

use crate::session::Session;
use crate::{SessionId, Timestamp};

/// A session at a moment. Intervals are microseconds.
#[derive(Debug, Clone)]
pub struct SessionSnapshot<'a> {
    /// Which.
    pub id: SessionId,
    /// Its definition.
    pub spec: &'a BfdInstance,
    /// Our state.
    pub state: BfdState,
    /// The other end's.
    pub remote_state: BfdState,
    /// Our name for the session.
    pub discriminator: u32,
    /// The other end's; 0 when it is unknown.
    pub remote_discriminator: u32,
    /// Why we left our last state.
    pub diagnostic: BfdDiagnostic,
    /// Why the other end left its last state.
    pub remote_diagnostic: BfdDiagnostic,
    /// In which interval the other end would like to send.
    pub remote_min_tx: u32,
    /// In which interval the other end can receive.
    pub remote_min_rx: u32,
    /// The other end wishes to be left alone.
    pub remote_demand: bool,
    /// Packets of the other end that we may miss.
    pub remote_multiplier: u8,
    /// We wait for the answer to a poll.
    pub polling: bool,
    /// In which interval we send.
    pub send_interval: u32,
    /// In which interval the other end sends; 0 while nothing was heard.
    pub remote_send_interval: u32,
    /// After how much silence we are down; 0 while nothing was heard.
    pub detection_time: u64,
    /// After how much silence of ours the other end is down; 0 while nothing was heard.
    pub remote_detection_time: u64,
    /// When the last packet came.
    pub last_seen: Option<Timestamp>,
    /// Whether VRRP has been told that the session is up.
    pub reported_up: bool,
}

impl<'a> SessionSnapshot<'a> {
    pub(crate) fn of(session: &'a Session) -> Self {
        let remote = &session.remote;
        let heard = session.last_seen.is_some();
        let min_rx = u32::try_from(session.spec.min_rx.as_micros()).unwrap_or(u32::MAX);
        Self {
            id: session.id,
            spec: &session.spec,
            state: session.state,
            remote_state: remote.state,
            discriminator: session.discriminator,
            remote_discriminator: remote.discriminator,
            diagnostic: session.diagnostic,
            remote_diagnostic: remote.diagnostic,
            remote_min_tx: remote.min_tx,
            remote_min_rx: if heard { remote.min_rx } else { 0 },
            remote_demand: remote.demand,
            remote_multiplier: remote.multiplier,
            polling: session.polling,
            send_interval: session.send_interval(),
            remote_send_interval: if heard { remote.min_tx.max(min_rx) } else { 0 },
            detection_time: session.detection_time(),
            remote_detection_time: if heard {
                session.remote_detection_time()
            } else {
                0
            },
            last_seen: session.last_seen,
            reported_up: session.reported_up,
        }
    }
}
