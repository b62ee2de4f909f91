//! The end of all routers (spec vrrp-runtime 18, cli-and-process 5).

use std::sync::Arc;

use evervip_model::State;

use crate::transition::Resignation;
use crate::{Action, AddressChange, Engine, NotificationKind, RouterId};

/// What becomes of addresses and peers when the routers stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AtStop {
    /// Masters hand over and remove what they have added.
    #[default]
    Release,
    /// Addresses of routers that are no masters are removed, too, wherever they come from (`-X`).
    ReleaseAll,
    /// Everything stays, and no peer is told (`-V`).
    Keep,
}

impl Engine {
    /// What is to become of addresses at the end; [`AtStop::Release`] unless told.
    pub fn set_at_stop(&mut self, at_stop: AtStop) {
        self.at_stop = at_stop;
    }

    /// The end: masters hand over, then everybody is told.
    pub(crate) fn stop(&mut self) {
        self.timers.clear_all();
        let ids = self.routers.ids();
        for id in &ids {
            self.leave(*id);
            self.routers[*id].state = State::Stop;
        }
        self.remove_fixtures();
        for id in &ids {
            self.notify(*id, NotificationKind::Entered(State::Stop));
        }
        for index in 0..self.groups.len() {
            self.set_group_state(index, State::Stop);
        }
    }

    fn leave(&mut self, id: RouterId) {
        let is_master = self.routers[id].state == State::Master;
        match self.at_stop {
            AtStop::Release | AtStop::ReleaseAll if is_master => {
                self.resign(id, Resignation::Once);
                self.release(id);
            }
            AtStop::ReleaseAll => {
                let addresses = Arc::clone(&self.routers[id].placed);
                if !addresses.is_empty() {
                    let router = id;
                    self.push(Action::RemoveAddresses(AddressChange { router, addresses }));
                }
            }
            AtStop::Release | AtStop::Keep => {}
        }
    }
}
