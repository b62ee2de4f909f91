//! SNMP (`enable_snmp_*`, `enable_traps`; spec vrrp-runtime 22): a subagent of the machine's SNMP
//! agent.
//!
//! The engine says what is to be told, and gives a snapshot when it is asked for one. Both go into a
//! bounded queue without waiting; the conversation happens in a thread that is started when SNMP is
//! configured for the first time.
//!
//! | part | what it is |
//! |---|---|
//! | `address` | where the agent listens; pure |
//! | `backlog` | notifications that wait for a session; pure |
//! | `connection` | the socket |
//! | `subagent` | the thread |

#[cfg(feature = "snmp")]
mod address;
#[cfg(feature = "snmp")]
mod backlog;
#[cfg(feature = "snmp")]
mod connection;
#[cfg(feature = "snmp")]
mod subagent;

use std::sync::mpsc::SyncSender;
#[cfg(feature = "snmp")]
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
#[cfg(feature = "snmp")]
use std::time::Duration;

use evervip_dump::Scene;
use evervip_model::{Globals, Snmp};
use evervip_vrrp::Trap;
#[cfg(feature = "snmp")]
use tokio::sync::mpsc::Sender;
#[cfg(feature = "snmp")]
use tokio::sync::mpsc::channel;

use crate::inbox::Outlet;

/// What the thread is to do.
#[derive(Debug)]
#[cfg_attr(
    not(feature = "snmp"),
    expect(dead_code, reason = "there is no thread that takes it")
)]
enum Order {
    /// This is configured from now on.
    Configure(Box<Globals>),
    /// A snapshot that was asked for.
    Scene(Box<Scene>),
    /// Something to be told.
    Trap(Trap),
    /// Nothing more will come; the end is to be told.
    Finish(SyncSender<()>),
}

/// The engine thread's side.
#[derive(Debug)]
pub(crate) struct Subagent {
    #[cfg_attr(
        not(feature = "snmp"),
        expect(dead_code, reason = "there is no thread that needs it")
    )]
    outlet: Outlet,
    #[cfg(feature = "snmp")]
    thread: Option<Sender<Order>>,
    configured: Option<Snmp>,
}

/// Orders that there is room for.
#[cfg(feature = "snmp")]
const ORDERS: usize = 1024;
/// How long the last notifications may take to leave.
#[cfg(feature = "snmp")]
const FAREWELL: Duration = Duration::from_millis(300);
/// Bytes of stack: the name service wants more than our own code.
#[cfg(feature = "snmp")]
const STACK: usize = 256 * 1024;

const fn is_wanted(snmp: &Snmp) -> bool {
    snmp.vrrp || snmp.rfc_v2 || snmp.rfc_v3
}

#[cfg(feature = "snmp")]
impl Subagent {
    pub(crate) const fn new(outlet: Outlet) -> Self {
        Self {
            outlet,
            thread: None,
            configured: None,
        }
    }

    /// Takes what a configuration says.
    pub(crate) fn configure(&mut self, globals: &Globals) {
        if self.thread.is_none() && is_wanted(&globals.snmp) {
            self.thread = self.start();
        }
        self.configured = Some(globals.snmp.clone());
        self.order(Order::Configure(Box::new(globals.clone())));
    }

    /// Sends a notification some time; never waits.
    pub(crate) fn trap(&self, trap: Trap) {
        self.order(Order::Trap(trap));
    }

    /// Gives the snapshot that was asked for.
    pub(crate) fn show(&self, scene: Scene) {
        self.order(Order::Scene(Box::new(scene)));
    }

    /// The daemon ends: waits a moment until the last notifications have left.
    pub(crate) fn finish(&mut self) {
        let Some(thread) = self.thread.take() else {
            return;
        };
        let (done, end) = sync_channel(1);
        if thread.try_send(Order::Finish(done)).is_ok()
            && end.recv_timeout(FAREWELL) == Err(RecvTimeoutError::Timeout)
        {
            tracing::warn!("The AgentX master takes the last SNMP notifications too slowly");
        }
    }

    /// Without room an order is lost: a question is then asked again, and a notification that finds
    /// a thousand before it tells nothing new.
    fn order(&self, order: Order) {
        if let Some(thread) = &self.thread {
            let _ = thread.try_send(order);
        }
    }

    fn start(&self) -> Option<Sender<Order>> {
        let (sender, orders) = channel(ORDERS);
        let outlet = self.outlet.clone();
        let started = std::thread::Builder::new()
            .name("snmp".to_owned())
            .stack_size(STACK)
            .spawn(move || subagent::run(orders, outlet));
        started
            .inspect_err(|error| tracing::error!("Unable to start the SNMP subagent: {error}"))
            .ok()?;
        Some(sender)
    }
}

#[cfg(not(feature = "snmp"))]
impl Subagent {
    pub(crate) const fn new(outlet: Outlet) -> Self {
        Self {
            outlet,
            configured: None,
        }
    }

    /// Says that there is no SNMP, where it is asked for.
    pub(crate) fn configure(&mut self, globals: &Globals) {
        if is_wanted(&globals.snmp) && self.configured.as_ref() != Some(&globals.snmp) {
            tracing::warn!("SNMP is not part of this build");
        }
        self.configured = Some(globals.snmp.clone());
    }

    #[expect(clippy::unused_self, reason = "as with the feature")]
    pub(crate) fn trap(&self, _: Trap) {}

    #[expect(clippy::unused_self, reason = "as with the feature")]
    pub(crate) fn show(&self, _: Scene) {}

    #[expect(clippy::unused_self, reason = "as with the feature")]
    pub(crate) fn finish(&mut self) {}
}
