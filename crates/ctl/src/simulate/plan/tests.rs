use super::*;

fn plan(text: &str) -> (Plan, Vec<Mistake>) {
    let (scenario, mistakes) = Scenario::parse(text);
    assert_eq!(mistakes, []);
    let config = Config::default();
    let names = ["A", "B", "C"].map(|name| Cast {
        name,
        configs: vec![&config],
    });
    Plan::new(&scenario, &names)
}

fn times(text: &str) -> Vec<(Option<Duration>, Deed)> {
    let (plan, mistakes) = plan(text);
    assert_eq!(mistakes, []);
    plan.steps.into_iter().map(|s| (s.at, s.deed)).collect()
}

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn steps_are_put_in_order() {
    let text = "at 9s heal\nat 200ms partition A | B C\nexpect A MASTER\nat 9s kill A\n";
    let expect = Deed::ExpectState(0, None, Some(State::Master));
    let steps = [
        (
            Some(Duration::from_millis(200)),
            Deed::Partition(vec![0, 1, 1]),
        ),
        (Some(seconds(9)), Deed::Heal),
        (Some(seconds(9)), Deed::Kill(0)),
        (None, expect),
    ];
    assert_eq!(times(text), steps);
    assert_eq!(
        plan(text).0.length,
        seconds(39),
        "30 seconds after the last"
    );
    assert_eq!(plan("until 7s\nat 2s heal").0.length, seconds(7));
}

#[test]
fn what_is_repeated_goes_on_to_the_end() {
    let text = "at 2s every 4s heal\nat 6s kill A\nuntil 10s";
    let steps = [
        (Some(seconds(2)), Deed::Heal),
        (Some(seconds(6)), Deed::Heal),
        (Some(seconds(6)), Deed::Kill(0)),
        (Some(seconds(10)), Deed::Heal),
    ];
    assert_eq!(times(text), steps);
}

#[test]
fn what_means_nothing_is_named() {
    for (text, marked, part) in [
        ("at 5s kill D", "D", "there is no node 'D'"),
        ("at 5s partition A | B A", "A", "two sides"),
        ("until 5s\nuntil 6s", "until 6s", "named above"),
        ("until 5s\nat 6s heal", "at 6s heal", "after the end"),
        ("at 6s every 1s heal", "at 6s every 1s heal", "needs an end"),
        (
            "until 24h\nat 0s every 1ms heal",
            "at 0s every 1ms heal",
            "10000 steps",
        ),
        (
            "at 1s link eth5 up on A",
            "eth5",
            "A has no interface 'eth5'",
        ),
        (
            "at 1s script x fails on A",
            "x",
            "A has no check script 'x'",
        ),
        ("expect A W MASTER", "W", "A has no instance 'W'"),
        ("at 1s file x on A is 3", "x", "A has no tracked file 'x'"),
        (
            "at 1s process x fails on A",
            "x",
            "A has no tracked process 'x'",
        ),
    ] {
        let (_, mistakes) = plan(text);
        let [mistake] = <[_; 1]>::try_from(mistakes).unwrap();
        assert_eq!(text.get(mistake.at), Some(marked), "{text}");
        assert!(
            mistake.message.contains(part),
            "{text}: {}",
            mistake.message
        );
    }
}
