//! A new configuration for the engine, and for all that serves it.

use evervip_os::clock::monotonic_nanos;
use evervip_vrrp::{Timestamp, virtual_interfaces as wanted_interfaces};

use super::EngineThread;
use super::observers::Wanted;
use crate::inbox::Reload;
use crate::status::Status;

impl EngineThread {
    pub(super) fn reload(&mut self, reload: Reload) {
        let archive = reload.config.globals.reload.save_directory.clone();
        self.count_reload();
        self.keep_state(archive.as_deref(), "pre");
        for (path, text) in &reload.files {
            // Of a file that is watched already the watcher knows best.
            if !self.observers.watches_file(path) {
                self.file_read(path, text);
            }
        }
        for (interface, up) in &reload.links {
            self.link_polled(interface, *up);
        }
        for (pattern, count) in &reload.processes {
            if !self.observers.watches_processes(pattern) {
                self.processes_counted(pattern, *count);
            }
        }
        self.configure(&reload.config.globals);
        self.firewall.reconfigure(&reload.config);
        let wanted = Wanted::by(&reload.config);
        // New routers shall find their interfaces when they start. One that is to have another name
        // keeps it until the router that it serves now has handed over.
        let mut fresh = wanted_interfaces(&reload.config);
        fresh.retain(|interface| !self.virtual_interfaces.knows(&interface.key));
        self.make_interfaces(&fresh);
        self.promotion.configure(&reload.config);
        self.promotion.apply(&mut self.kernel);
        self.bus.reload_begins();
        let now = monotonic_nanos();
        // Adverts may be signed from now on.
        self.tell_wall_clock(now);
        self.engine
            .reload(Timestamp::from_nanos(now), reload.config);
        self.carry_out();
        self.virtual_interfaces.remove_unwanted(
            self.engine.virtual_interfaces(),
            &mut self.kernel,
            &mut self.firewall,
        );
        self.make_virtual_interfaces();
        // The interface filter depends on the VRIDs and on a setting.
        self.update_sockets();
        self.carry_out();
        self.transmitter.forget_gone(&self.engine, &self.sockets);
        self.observers.watch(wanted);
        self.latches.keep(self.engine.latched());
        self.keep_state(archive.as_deref(), "post");
        self.reload_told();
        self.bfd.ask();
        self.bulletin.states_changed();
        self.bulletin.tell(Status::Reloaded);
    }
}
