//! What D-Bus wants of the engine.

use super::EngineThread;

impl EngineThread {
    /// A reload has been carried out.
    pub(super) fn reload_told(&mut self) {
        if self.bus.reload_ends() {
            self.tell_bus_instances();
        }
    }

    fn tell_bus_instances(&self) {
        self.bus.tell_instances(self.engine.states());
    }
}

#[cfg(feature = "dbus")]
mod requests {
    use std::sync::Arc;

    use evervip_vrrp::Event;

    use super::EngineThread;
    use crate::dbus::Request;

    impl EngineThread {
        /// A caller wants something.
        pub(crate) fn bus_request(&mut self, request: Request) {
            match request {
                Request::Instances => self.tell_bus_instances(),
                Request::SendGarp { instance, done } => {
                    let found = self.announce_now(&instance);
                    // Nobody waits for the answer when the bus is gone.
                    let _ = done.send(found);
                }
                Request::Print { wanted, done } => self.dump_for(wanted, done),
            }
        }

        /// Whether there is such an instance.
        fn announce_now(&mut self, instance: &Arc<str>) -> bool {
            let router = self.engine.router_named(instance);
            if let Some(router) = router {
                self.handle(Event::AnnouncementWanted { router });
            }
            router.is_some()
        }
    }
}
