//! Whether a daemon advertises while something else goes wrong.

use std::{
    thread,
    time::{Duration, SystemTime},
};

use crate::{
    cluster::{Cluster, elapsed},
    conf::{Mode, V3_MULTICAST},
    ensure,
    verdict::Verdict,
};

/// Ten adverts in a second: what holds the engine up for half a second is seen.
pub const MODE: Mode = V3_MULTICAST;
/// How many of ten adverts must come: other cases run beside this one.
const LEAST_OF_TEN: u128 = 7;
/// Longest silence. A peer of priority 100 waits 360 ms; the rest is for a busy machine.
const SILENCE: Duration = Duration::from_millis(700);
/// Shortest time in which adverts are counted.
const WHILE: Duration = Duration::from_millis(1500);

/// Runs `trouble` and some time more, and counts the adverts of member 0 meanwhile.
pub fn beside<T>(cluster: &Cluster, trouble: impl FnOnce() -> Verdict<T>) -> Verdict<T> {
    let (mark, begin) = (cluster.capture.mark(), SystemTime::now());
    let result = trouble()?;
    let left = WHILE.saturating_sub(elapsed(begin, SystemTime::now()));
    thread::sleep(left);
    let end = SystemTime::now();
    let adverts = cluster.adverts(0, mark);
    let mut times = vec![begin];
    times.extend(adverts.iter().map(|advert| advert.at));
    times.push(end);
    let silence = times.windows(2).map(|pair| elapsed(pair[0], pair[1])).max();
    let silence = silence.unwrap_or_default();
    ensure!(silence < SILENCE, "no advert for {silence:?}");
    let expected = elapsed(begin, end).as_millis() / MODE.advert().as_millis();
    let count = u128::try_from(adverts.len()).unwrap_or(u128::MAX);
    ensure!(
        count * 10 >= expected * LEAST_OF_TEN,
        "{count} adverts where {expected} were due"
    );
    let resigned = adverts.iter().any(|advert| advert.priority == 0);
    ensure!(!resigned, "the address was given up meanwhile");
    Ok(result)
}
