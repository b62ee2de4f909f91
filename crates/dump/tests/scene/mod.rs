//! A configuration that has not begun to run, on a machine without anything.

use evervip_dump::{Clock, Host, LocalTime, Scene};
use evervip_model::Config;
use evervip_vrrp::{Engine, Timestamp};

pub(crate) fn of(config: Config) -> Scene {
    let now = Timestamp::from_nanos(0);
    Scene {
        snapshot: Engine::new(config, Vec::new(), &[]).snapshot(now),
        host: Host::default(),
        clock: Clock {
            at: now,
            unix_micros: 0,
            local: |_| LocalTime {
                date: "Thu Jan  1 00:00:00".to_owned(),
                year: 1970,
            },
        },
        at_start: false,
    }
}
