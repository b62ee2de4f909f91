//! What the tables have in common: an engine in each state, and the files they are compared with.
#![allow(dead_code, reason = "each table uses a part of it")]

pub(crate) mod host;

use std::path::Path;
use std::time::Duration;

use evervip_model::{Config, Instance, Version};
use evervip_testkit::craft::Craft;
use evervip_testkit::{Transcript, expect, sample};

/// The instance of most tables: V, VRID 1, priority 100, version 2, every second.
pub(crate) fn plain() -> Instance {
    sample::instance("V", 1, 100)
}

/// The same in version 3.
pub(crate) fn version_3() -> Instance {
    Instance {
        version: Version::V3,
        ..plain()
    }
}

/// What a neighbour of [`plain`] sends.
pub(crate) fn theirs(priority: u8, last: u8) -> Craft {
    Craft::of(&plain()).priority(priority).from(last)
}

/// A started engine.
pub(crate) fn started(config: Config) -> Transcript {
    let mut stage = Transcript::new(config);
    stage.quietly(|stage| {
        stage.start();
    });
    stage
}

/// An engine one second after its start: BACKUP unless the configuration says otherwise.
pub(crate) fn backup(config: Config) -> Transcript {
    let mut stage = started(config);
    stage.quietly(|stage| stage.pass(Duration::from_secs(1)));
    stage
}

/// An engine that has been MASTER for a tenth of a second.
pub(crate) fn master(config: Config) -> Transcript {
    let mut stage = started(config);
    stage.quietly(|stage| {
        while !is_master(stage) {
            stage.next_deadline();
        }
        stage.pass(Duration::from_millis(100));
    });
    stage
}

/// Whether the first router is MASTER.
pub(crate) fn is_master(stage: &Transcript) -> bool {
    stage.engine.status()[0].state == evervip_model::State::Master
}

/// An engine in FAULT because its link is down.
pub(crate) fn fault(config: Config) -> Transcript {
    let mut stage = backup(config);
    stage.quietly(|stage| {
        stage.link(sample::ETH0, "eth0", false);
        stage.pass(Duration::from_secs(1));
    });
    stage
}

/// The configuration with a script that has not reported yet and will not be run again soon.
pub(crate) fn waiting(mut config: Config) -> Config {
    let mut script = sample::script("chk");
    script.interval = Duration::from_secs(3600);
    config.scripts = vec![script];
    config.instances[0].track_scripts = vec![sample::track(0, 0)].into();
    config
}

/// The same configuration in every state there is.
pub(crate) fn in_every_state(config: &Config) -> Vec<(&'static str, Transcript)> {
    let mut stopped = backup(config.clone());
    stopped.quietly(|stage| {
        stage.event("stop", evervip_vrrp::Event::StopRequested);
    });
    vec![
        ("before start", Transcript::new(config.clone())),
        ("INIT", started(waiting(config.clone()))),
        ("BACKUP", backup(config.clone())),
        ("MASTER", master(config.clone())),
        ("FAULT", fault(config.clone())),
        ("STOP", stopped),
    ]
}

/// Collects the text of several transcripts.
#[derive(Default)]
pub(crate) struct Table(String);

impl Table {
    /// Runs one row.
    pub(crate) fn row(
        &mut self,
        title: &str,
        mut stage: Transcript,
        act: impl FnOnce(&mut Transcript),
    ) {
        stage.title(title);
        act(&mut stage);
        self.0.push_str(stage.text());
        self.0.push('\n');
    }

    /// Runs one row in every state.
    pub(crate) fn rows(&mut self, config: &Config, event: &str, act: impl Fn(&mut Transcript)) {
        for (state, stage) in in_every_state(config) {
            self.row(&format!("{state}: {event}"), stage, &act);
        }
    }

    /// Compares with the reviewed file.
    pub(crate) fn expect(&self, name: &str) {
        let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
        expect::file(&data.join(name), &self.0);
    }
}
