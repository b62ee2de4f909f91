//! The network namespace that the daemon runs in (spec config-language 10, cli-and-process 2).

use std::io;

use evervip_config::network_namespace;
use evervip_os::network_namespace::{self as system, path_of};

use crate::configuration::{Machine, Source};

/// Moves this process into the namespace that the command line, or else the file, names. Before the
/// file is loaded: its interfaces are those of the namespace. `machine` is asked for the file alone.
///
/// # Errors
/// The lines to log; nothing can run then.
pub(crate) fn enter(source: &Source, machine: &Machine) -> Result<(), Vec<String>> {
    let configured = network_namespace(&source.path, machine, machine, &source.options);
    if let (Some(name), Some(wanted)) = (&configured, &source.namespace) {
        tracing::info!(
            "Overriding config net_namespace '{name}' with command line namespace '{wanted}'"
        );
    }
    let Some(name) = source.namespace.as_ref().or(configured.as_ref()) else {
        return Ok(());
    };
    system::enter(name).map_err(|error| {
        let file = path_of(name).unwrap_or_else(|_| name.into());
        let file = file.display();
        vec![
            match error.kind() {
                io::ErrorKind::NotFound => {
                    format!("Failed to open {file} - `ip netns add {name}` makes it")
                }
                _ => format!("Failed to enter {file}: {error}"),
            },
            format!("Unable to set network namespace {name} - exiting"),
        ]
    })
}
