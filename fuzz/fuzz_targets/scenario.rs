//! Any bytes as a scenario of `evervip simulate`.
#![no_main]

use evervip_ctl::scenario::Scenario;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let (scenario, mistakes) = Scenario::parse(text);
    let statements = scenario.statements.iter().map(|statement| &statement.at);
    for at in statements.chain(mistakes.iter().map(|mistake| &mistake.at)) {
        assert!(text.get(at.clone()).is_some(), "a place outside of the text");
    }
    let lines = text.split('\n').count();
    assert!(scenario.statements.len() + mistakes.len() <= lines);
    let (again, mistakes) = Scenario::parse(&scenario.to_string());
    assert_eq!((again, mistakes), (scenario, Vec::new()));
});
