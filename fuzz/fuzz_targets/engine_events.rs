//! Any bytes as a configuration and a list of events.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    evervip_testkit::monkey::engine_events(bytes);
});
