//! Several engines on a virtual LAN under seeded trouble.
//!
//! `EVERVIP_SIM_SCHEDULES` sets how many schedules are run, `EVERVIP_SIM_SEED` runs one and prints
//! what happened.

use evervip_testkit::lan::schedule;

#[test]
fn the_lan_settles_after_every_kind_of_trouble() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
    if let Some(seed) = number("EVERVIP_SIM_SEED") {
        let (faults, lan) = schedule::run(seed, true);
        println!("{}", lan.trace().join("\n"));
        assert!(faults.is_empty(), "seed {seed}: {faults:#?}");
        return;
    }
    let schedules = number("EVERVIP_SIM_SCHEDULES").unwrap_or(3000);
    for seed in 0..schedules {
        let (faults, _) = schedule::run(seed, false);
        assert!(
            faults.is_empty(),
            "seed {seed}: {faults:#?}\nreplay: EVERVIP_SIM_SEED={seed} cargo test -p evervip-vrrp --test simulation -- --nocapture"
        );
    }
}
