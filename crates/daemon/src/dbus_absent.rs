//! In the place of the D-Bus interface when the program is built without it.

use std::sync::Arc;

use evervip_model::{Globals, Instance, State};
use evervip_vrrp::Notification;

use crate::inbox::Outlet;

/// Does nothing, and says so once.
#[derive(Debug, Default)]
pub(crate) struct Bus {
    told: bool,
}

impl Bus {
    pub(crate) fn new(_: Outlet) -> Self {
        Self::default()
    }

    pub(crate) fn configure(&mut self, globals: &Globals) {
        if globals.dbus.enabled && !std::mem::replace(&mut self.told, true) {
            tracing::warn!("enable_dbus has no effect: this program is built without D-Bus");
        }
    }

    pub(crate) const fn notify(&mut self, _: &Notification) {}

    pub(crate) const fn reload_begins(&mut self) {}

    pub(crate) const fn reload_ends(&mut self) -> bool {
        false
    }

    pub(crate) fn tell_instances(&self, _: Vec<(Arc<Instance>, State)>) {}

    pub(crate) const fn finish(&mut self) {}

    pub(crate) const fn is_finished(&self) -> bool {
        true
    }
}
