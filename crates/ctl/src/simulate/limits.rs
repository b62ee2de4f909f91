//! What a simulation leaves out, and says so.

use evervip_config::{Code, Loaded};
use evervip_model::{Config, NotifyCommands};

/// The configuration as it runs in a simulation: virtual MACs and ipvlans are the interfaces below
/// them.
pub(super) fn simulated(config: &Config) -> Config {
    let mut config = config.clone();
    for instance in &mut config.instances {
        instance.virtual_mac = None;
        instance.ipvlan = None;
        instance.virtual_mac_for_addresses = false;
        instance.transmit_on_base = false;
        let addresses = instance.addresses.iter_mut();
        for address in addresses.chain(&mut instance.excluded_addresses) {
            address.use_vmac = false;
        }
    }
    config
}

/// Whether a configuration has something that is left out.
type Has = fn(&Loaded, &Config) -> bool;

const LIMITS: &[(&str, Has)] = &[
    (
        "virtual MACs and ipvlans: the interfaces below them are used",
        |_, config| {
            config.instances.iter().any(|instance| {
                let addresses = instance.addresses.iter();
                instance.virtual_mac.is_some()
                    || instance.ipvlan.is_some()
                    || instance.virtual_mac_for_addresses
                    || addresses
                        .chain(&instance.excluded_addresses)
                        .any(|a| a.use_vmac)
            })
        },
    ),
    (
        "notify scripts, FIFOs and mails: nothing is run, written or sent",
        |_, config| notifies(config),
    ),
    (
        "routes and rules: they are shown, and no packet follows them",
        |_, config| {
            let mut instances = config.instances.iter();
            instances.any(|i| !i.routes.is_empty() || !i.rules.is_empty())
        },
    ),
    ("static addresses, routes and rules", |_, config| {
        let fixtures = &config.fixtures;
        !(fixtures.addresses.is_empty() && fixtures.routes.is_empty() && fixtures.rules.is_empty())
    }),
    (
        "packet filters of no_accept and strict mode",
        |_, config| config.instances.iter().any(|instance| !instance.accept),
    ),
    (
        "BFD: its sessions are up unless the scenario says otherwise",
        |_, config| {
            config
                .instances
                .iter()
                .any(|instance| !instance.track_bfd.is_empty())
        },
    ),
    (
        "keywords that this version does not honour, see evervip check",
        |loaded, _| {
            loaded
                .diagnostics
                .iter()
                .any(|d| d.code == Code::NotSupported)
        },
    ),
];

/// One line for each thing that is left out, with the nodes that have it.
pub(super) fn left_out(nodes: &[(&str, &Loaded)]) -> Vec<String> {
    let mut lines = Vec::new();
    for (what, has) in LIMITS {
        let mut names: Vec<&str> = Vec::new();
        for (name, loaded) in nodes {
            let config = loaded.config.as_ref();
            if config.is_some_and(|config| has(loaded, config)) && !names.contains(name) {
                names.push(name);
            }
        }
        if !names.is_empty() {
            lines.push(format!("{what} ({})", names.join(", ")));
        }
    }
    lines
}

fn notifies(config: &Config) -> bool {
    let fifos = &config.globals.fifos;
    let fifo = fifos.all.fifo.is_some() || fifos.vrrp.fifo.is_some();
    let has = |notify: &NotifyCommands, mail| !notify.is_empty() || mail;
    fifo || config
        .instances
        .iter()
        .any(|i| has(&i.notify, i.smtp_alert))
        || config
            .sync_groups
            .iter()
            .any(|g| has(&g.notify, g.smtp_alert))
}
