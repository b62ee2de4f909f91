//! Interfaces whose state is asked for (spec vrrp-runtime 7.2). The expected actions are in
//! `data/linkbeat.txt`.
#![allow(clippy::unwrap_used, reason = "helpers of tests panic like tests")]

mod stage;

use std::time::Duration;

use evervip_model::{Config, LinkDelays, Linkbeat, LinkbeatMethod};
use evervip_testkit::{Transcript, sample};
use evervip_vrrp::Event;
use stage::{Table, backup, plain};

fn polled() -> Config {
    let mut config = sample::config([plain()]);
    config.linkbeat = vec![Linkbeat {
        interface: "eth0".to_owned(),
        method: LinkbeatMethod::Any,
    }];
    config
}

fn answer(stage: &mut Transcript, up: bool) {
    let interface = "eth0";
    let label = format!("{interface} answers {}", if up { "up" } else { "down" });
    stage.event(&label, Event::LinkPolled { interface, up });
}

#[test]
fn linkbeat() {
    let mut table = Table::default();
    table.row("down at the start", Transcript::new(polled()), |stage| {
        answer(stage, false);
        stage.start();
        stage.link(sample::ETH0, "eth0", true);
        answer(stage, true);
    });
    table.row("answers count, reports do not", backup(polled()), |stage| {
        answer(stage, true);
        stage.link(sample::ETH0, "eth0", false);
        answer(stage, false);
        answer(stage, true);
    });
    table.row(
        "reports count until the first answer",
        backup(polled()),
        |stage| {
            stage.link(sample::ETH0, "eth0", false);
        },
    );
    table.row(
        "the instance asks",
        {
            let mut config = sample::config([plain()]);
            config.instances[0].linkbeat_polling = true;
            backup(config)
        },
        |stage| answer(stage, false),
    );
    table.row(
        "an interface that nobody asks for",
        backup(sample::config([plain()])),
        |stage| {
            answer(stage, false);
        },
    );
    table.row(
        "with a delay",
        {
            let mut config = polled();
            config.link_delays = vec![LinkDelays {
                interface: "eth0".to_owned(),
                down: Duration::from_millis(500),
                up: Duration::ZERO,
            }];
            backup(config)
        },
        |stage| {
            answer(stage, false);
            stage.next_deadline();
            answer(stage, true);
        },
    );
    table.row("a reload ends it", backup(polled()), |stage| {
        answer(stage, false);
        stage.reload("reports again", sample::config([plain()]));
        stage.link(sample::ETH0, "eth0", true);
    });
    table.expect("linkbeat.txt");
}
