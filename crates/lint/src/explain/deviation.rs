//! Where evervip does something else than keepalived 2.2.7 with the file at hand
//! (`docs/deviations.md`).

use evervip_model::{Config, NotifyOrder, RemovedAddresses, UnrunnableScripts};

/// A row of the table: when it touches a configuration, and what is different.
struct Deviation {
    touches: fn(&Config) -> bool,
    text: &'static str,
}

const DEVIATIONS: &[Deviation] = &[
    Deviation {
        touches: |c| c.instances.iter().any(|i| !i.addresses.is_empty()),
        text: "an advert with another address list is accepted and reported; keepalived drops it, so that both nodes become MASTER",
    },
    Deviation {
        touches: |c| {
            let held = c.instances.iter().any(|i| !i.addresses.is_empty());
            held && c.globals.extensions.removed_addresses == RemovedAddresses::Reinstate
        },
        text: "an address that somebody else removes while MASTER is put back at once; keepalived gives the address up for a while (`@evervip reinstate_addresses off` does the same)",
    },
    Deviation {
        touches: |c| c.scripts.iter().any(|s| s.unusable.is_some()),
        text: "a check that cannot be executed counts as success as with keepalived, and a warning says so every hour",
    },
    Deviation {
        touches: |c| c.globals.extensions.unrunnable_scripts == UnrunnableScripts::Fail,
        text: "a check that cannot be executed counts as failed (`@evervip unrunnable_scripts fail`)",
    },
    Deviation {
        touches: |c| c.globals.extensions.notify.order == NotifyOrder::Serial,
        text: "notify commands of an instance or group run one after another, and only the newest state waits (`@evervip notify_order serial`); keepalived starts each at once",
    },
    Deviation {
        touches: |c| c.globals.extensions.notify.timeout.is_some(),
        text: "a notify command that runs too long is ended (`@evervip notify_timeout`)",
    },
    Deviation {
        touches: |c| c.instances.iter().any(|i| i.fault_latch),
        text: "an instance that has failed stays in FAULT until `evervip clear-fault INSTANCE` (`@evervip fault_latch`); with keepalived it comes back by itself",
    },
    Deviation {
        touches: |c| c.scripts.iter().any(|s| s.timeout > s.interval),
        text: "a check that is still running when it is due again is left to finish; keepalived starts a second copy",
    },
    Deviation {
        touches: |c| c.scripts.iter().any(|s| s.init_fail),
        text: "init_fail works: the check counts as failed until it has succeeded `rise` times",
    },
    Deviation {
        touches: Config::is_idle,
        text: "READY is reported to systemd although there is nothing to run",
    },
];

/// What is different for this configuration.
pub(super) fn touching(config: &Config) -> Vec<String> {
    let rows = DEVIATIONS.iter().filter(|row| (row.touches)(config));
    rows.map(|row| row.text.to_owned()).collect()
}
