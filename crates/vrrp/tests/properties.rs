//! Properties that hold for every sequence of events.

use evervip_model::State;
use evervip_testkit::{Rng, monkey};
use evervip_vrrp::{Action, LogLine, Notification, NotificationKind};
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    /// Total, deterministic, no deadline left behind, nothing moved by a dropped packet, addresses
    /// held by masters alone: all of it is checked in the body that the fuzzer runs, too.
    #[test]
    fn promises_hold_for_arbitrary_events(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        monkey::engine_events(&bytes);
    }
}

/// The fuzzer's body on a few thousand random inputs, longer than those that shrink well.
#[test]
fn smoke_of_the_fuzzer() {
    let mut kinds = [0_usize; 5];
    for seed in 0..6000 {
        let mut rng = Rng::new(seed);
        let length = rng.below(800);
        let bytes: Vec<u8> = (0..length).map(|_| rng.bits().to_le_bytes()[0]).collect();
        match std::panic::catch_unwind(|| monkey::engine_events(&bytes)) {
            Ok(actions) => actions.iter().for_each(|action| count(action, &mut kinds)),
            Err(panic) => {
                eprintln!("seed {seed} fails: monkey::engine_events(&{bytes:?})");
                std::panic::resume_unwind(panic);
            }
        }
    }
    assert!(
        kinds.iter().all(|times| *times > 200),
        "the events hardly reach anything: {kinds:?}"
    );
}

/// Counts what shows that the events reach the interesting places.
fn count(action: &Action, kinds: &mut [usize; 5]) {
    let entered = |notification: &Notification, state| {
        usize::from(notification.kind == NotificationKind::Entered(state))
    };
    match action {
        Action::Notify(n) => {
            kinds[0] += entered(n, State::Master);
            kinds[1] += entered(n, State::Fault);
            kinds[2] += usize::from(n.kind == NotificationKind::MasterRxLowerPri);
        }
        Action::SendAdvert { priority: 0, .. } => kinds[3] += 1,
        Action::Log(LogLine::PacketDropped { .. }) => kinds[4] += 1,
        _ => {}
    }
}
