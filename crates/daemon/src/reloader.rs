//! Reading a new configuration beside the running one, in a thread of its own: files may be slow,
//! and neither the engine nor scripts must wait for them.

use std::sync::mpsc::Receiver;

use evervip_config::{Config, Mode};
use evervip_model::ProcessPattern;
use evervip_os::process::release_free_memory;

use crate::configuration::{self, Source};
use crate::inbox::{Message, Outlet, Reload};
use crate::observe::{ask_links, count_processes, read_file};
use crate::status::{Status, StatusPipe};

/// Starts the thread that serves requests for a reload. A configuration that is accepted goes to
/// the engine; one that is refused goes nowhere.
///
/// # Errors
/// When the thread cannot be made.
pub(crate) fn start(
    source: Source,
    requests: Receiver<()>,
    outlet: Outlet,
    status: StatusPipe,
) -> std::io::Result<()> {
    std::thread::Builder::new()
        .name("reload".to_owned())
        .spawn(move || {
            while requests.recv().is_ok() {
                tracing::info!("Reloading");
                let loaded = configuration::load_once(&source, Mode::Start);
                tracing::info!("Configuration file {}", source.path.display());
                configuration::log(&loaded);
                let failure = loaded.start_failure();
                match (loaded.config, failure) {
                    (Some(config), None) => {
                        outlet.send(Message::Reload(Box::new(observed(config))));
                    }
                    _ => status.tell(Status::Refused),
                }
                release_free_memory();
            }
        })?;
    Ok(())
}

/// Looks at what the configuration tracks, so that the engine knows of new objects from the start.
fn observed(config: Config) -> Reload {
    let files = config.files.iter();
    let files = files
        .map(|file| (file.path.clone(), read_file(&file.path)))
        .collect();
    let patterns = config.processes.iter().map(ProcessPattern::of).collect();
    Reload {
        files,
        processes: count_processes(patterns),
        links: ask_links(&config.polled_links()),
        config,
    }
}
