use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

fn name(text: &str) -> Name {
    Placed {
        what: text.to_owned(),
        at: 0..0,
    }
}

#[track_caller]
fn read(line: &str) -> Statement {
    let (scenario, mistakes) = Scenario::parse(line);
    assert_eq!(mistakes, []);
    let [statement] = <[_; 1]>::try_from(scenario.statements).unwrap();
    statement.what
}

#[track_caller]
fn check(line: &str, deed: Deed) {
    let at = Statement::At {
        first: Duration::from_secs(5),
        every: None,
        deed,
    };
    assert_eq!(read(&format!("at 5s {line}")), at, "{line}");
    assert_eq!(at.to_string(), format!("at 5s {line}"));
}

fn change(object: Object) -> Deed {
    let node = name("A");
    Deed::Change { object, node }
}

#[test]
fn deeds_are_read_and_printed() {
    check("kill A", Deed::Kill(name("A")));
    check("stop A", Deed::Stop(name("A")));
    check("start A", Deed::Start(name("A")));
    let three = Duration::from_secs(3);
    check("pause A for 3s", Deed::Pause(name("A"), three));
    check("freeze A for 3s", Deed::Freeze(name("A"), three));
    let (instance, node) = (name("WEB"), name("A"));
    check("clear-fault WEB on A", Deed::ClearFault { instance, node });
    check("bfd n down on A", change(Object::Bfd(name("n"), false)));
    check("bfd n up on A", change(Object::Bfd(name("n"), true)));
    let (node, file) = (name("A"), name("b.conf"));
    check("reload A with b.conf", Deed::Reload { node, file });
    check("remove addresses on A", Deed::Remove(name("A")));
    let clock = |ahead| Deed::Clock {
        ahead,
        by: three,
        node: name("A"),
    };
    check("clock 3s ahead on A", clock(true));
    check("clock 3s behind on A", clock(false));
    check(
        "link eth0 down on A",
        change(Object::Link(name("eth0"), false)),
    );
    check(
        "link eth0 up on A",
        change(Object::Link(name("eth0"), true)),
    );
    check(
        "script c fails on A",
        change(Object::Script(name("c"), false)),
    );
    check(
        "script c succeeds on A",
        change(Object::Script(name("c"), true)),
    );
    check(
        "process c fails on A",
        change(Object::Process(name("c"), false)),
    );
    check(
        "file f on A is -7",
        change(Object::File(name("f"), Some(-7))),
    );
    check("file f on A is gone", change(Object::File(name("f"), None)));
    let sides = vec![vec![name("A")], vec![name("B"), name("C")]];
    check("partition A | B C", Deed::Partition(sides));
    check("heal", Deed::Heal);
    check("loss 10%", Deed::Weather(Weather::Loss(10)));
    check("duplicate 100%", Deed::Weather(Weather::Duplicate(100)));
    let millis = Duration::from_millis(20);
    check("delay 20ms", Deed::Weather(Weather::Delay(millis)));
    check("jitter 20ms", Deed::Weather(Weather::Jitter(millis)));
    let state = |node, instance: Option<&str>, state| {
        let (node, instance) = (name(node), instance.map(name));
        Deed::Expect(Expectation::State {
            node,
            instance,
            state,
        })
    };
    let master = Some(State::Master);
    check("expect A MASTER", state("A", None, master));
    check("expect A V_1 MASTER", state("A", Some("V_1"), master));
    check("expect A FAULT MASTER", state("A", Some("FAULT"), master));
    check("expect A gone", state("A", None, None));
    check("expect gap gone", state("gap", None, None));
    check("expect gap < 3s", Deed::Expect(Expectation::Gap(three)));
    let double = Expectation::Double(three);
    check("expect double < 3s", Deed::Expect(double));
}

#[test]
fn names_may_stand_in_quotes() {
    check(r##"kill "a b\"\\#""##, Deed::Kill(name("a b\"\\#")));
    check("kill \"a\\nb\"", Deed::Kill(name("a\nb")));
    check("kill \"\"", Deed::Kill(name("")));
    check("kill /etc/ä.conf", Deed::Kill(name("/etc/ä.conf")));
}

#[test]
fn times_have_units() {
    for (text, nanos) in [
        ("5s", 5_000_000_000),
        ("1.5s", 1_500_000_000),
        ("200ms", 200_000_000),
        ("0.25ms", 250_000),
        ("0.5m", 30_000_000_000),
        ("0.3333333333333333333h", 1_199_999_999_999),
        ("24h", 86_400_000_000_000),
        ("0s", 0),
    ] {
        let time = Duration::from_nanos(nanos);
        assert_eq!(
            read(&format!("until {text}")),
            Statement::Until(time),
            "{text}"
        );
    }
}

#[test]
fn empty_lines_and_comments_say_nothing() {
    let (scenario, mistakes) = Scenario::parse("\n# at\r\n  \t\n");
    assert_eq!((scenario, mistakes), (Scenario::default(), Vec::new()));
    let heal = "\tat 5s heal # again\r\n";
    assert_eq!(read(heal), read("at 5s heal"));
}

/// A line, the part of it that is marked, and what is said.
#[track_caller]
fn mistake(line: &str, marked: &str, message: &str, help: Option<&str>) {
    let text = format!("at 1s heal\n{line}\nuntil 5s");
    let (scenario, mistakes) = Scenario::parse(&text);
    assert_eq!(scenario.statements.len(), 2, "the other lines are read");
    let [mistake] = <[_; 1]>::try_from(mistakes).unwrap();
    assert_eq!(text.get(mistake.at), Some(marked), "{line}");
    assert_eq!(mistake.message, message, "{line}");
    assert_eq!(mistake.help.as_deref(), help, "{line}");
}

#[test]
fn mistakes_have_a_place_and_say_what_was_expected() {
    let heads = "expected 'at', 'expect' or 'until', not 'kill'";
    mistake("kill A", "kill", heads, None);
    let time = "expected a time like 5s, 1.5s, 200ms, 3m or 1h, not ";
    mistake("at soon heal", "soon", &format!("{time}'soon'"), None);
    mistake("until -1s", "-1s", &format!("{time}'-1s'"), None);
    mistake("until 1.s", "1.s", &format!("{time}'1.s'"), None);
    let long = "'25h' is out of range: 24 hours at most";
    mistake("until 25h", "25h", long, None);
    let nothing = "nothing happens every 0s";
    mistake("at 1s every 0s heal", "0s", nothing, None);
    let on = "expected 'on', not 'om'";
    mistake(
        "at 1s script a fails om A",
        "om",
        on,
        Some("did you mean 'on'?"),
    );
    mistake("at 1s kill", "", "expected a node, and the line ends", None);
    mistake("at 1s kill | A", "|", "expected a node, not '|'", None);
    let end = "expected the end of the line, not 'B'";
    mistake("at 1s kill A B", "B", end, None);
    let share = "'101%' is out of range: 0% to 100%";
    mistake("at 1s loss 101%", "101%", share, None);
    let sides = "expected '|' and another node, and the line ends";
    mistake("at 1s partition A B", "", sides, None);
    let states = "expected 'MASTER', 'BACKUP', 'FAULT', 'INIT' or 'gone', not 'MASTR'";
    mistake("expect A MASTR", "MASTR", states, None);
    let fewer = "expected 'MASTER', 'BACKUP', 'FAULT' or 'INIT', not 'gone'";
    mistake("expect A V gone", "gone", fewer, None);
    let limits = "expected 'gap' or 'double', not 'gop'";
    let gap = Some("did you mean 'gap'?");
    mistake("expect gop < 1s", "gop", limits, gap);
    let quote = "a quote is not closed, or a character has no meaning here";
    let quotes = Some("names with special characters stand in double quotes");
    mistake("at 1s kill \"A B ", "\"A B", quote, quotes);
    mistake("at 1s kill A\u{1b}B", "\u{1b}B", quote, quotes);
}

#[test]
fn what_can_happen_is_listed_where_a_deed_is_unknown() {
    let (_, mistakes) = Scenario::parse("at 1s explode A");
    let message = &mistakes[0].message;
    let list = "expected 'kill', 'stop', 'start', 'pause', 'freeze', 'clear-fault', 'reload'";
    assert!(message.starts_with(list), "{message}");
    let (_, mistakes) = Scenario::parse("at 1s klil A");
    assert_eq!(mistakes[0].help.as_deref(), Some("did you mean 'kill'?"));
}

fn any_name() -> impl Strategy<Value = Name> {
    let text = prop_oneof!["[A-C]", "[a-z/.:@-]{1,9}", "\\PC{0,9}", any::<String>()];
    text.prop_map(|text| name(&text))
}

fn any_time() -> impl Strategy<Value = Duration> {
    let longest = u64::try_from(LONGEST.as_nanos()).unwrap();
    let seconds = (0..=86_400_u64).prop_map(Duration::from_secs);
    prop_oneof![seconds, (0..=longest).prop_map(Duration::from_nanos)]
}

fn any_object() -> impl Strategy<Value = Object> {
    prop_oneof![
        (any_name(), any::<bool>()).prop_map(|(name, good)| Object::Link(name, good)),
        (any_name(), any::<bool>()).prop_map(|(name, good)| Object::Script(name, good)),
        (any_name(), any::<bool>()).prop_map(|(name, good)| Object::Process(name, good)),
        (any_name(), any::<Option<i32>>()).prop_map(|(name, value)| Object::File(name, value)),
    ]
}

fn any_weather() -> impl Strategy<Value = Weather> {
    prop_oneof![
        (0..=100_u32).prop_map(Weather::Loss),
        (0..=100_u32).prop_map(Weather::Duplicate),
        any_time().prop_map(Weather::Delay),
        any_time().prop_map(Weather::Jitter),
    ]
}

fn any_expectation() -> impl Strategy<Value = Expectation> {
    let states = [State::Master, State::Backup, State::Fault, State::Init].map(Some);
    let state = prop::sample::select([&states[..], &[None]].concat());
    prop_oneof![
        (any_name(), prop::option::of(any_name()), state).prop_map(|(node, instance, state)| {
            // What is gone has no instances.
            let instance = instance.filter(|_| state.is_some());
            Expectation::State {
                node,
                instance,
                state,
            }
        }),
        any_time().prop_map(Expectation::Gap),
        any_time().prop_map(Expectation::Double),
    ]
}

fn any_deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        any_name().prop_map(Deed::Kill),
        any_name().prop_map(Deed::Stop),
        any_name().prop_map(Deed::Start),
        (any_name(), any_time()).prop_map(|(node, time)| Deed::Pause(node, time)),
        (any_name(), any_name()).prop_map(|(node, file)| Deed::Reload { node, file }),
        any_name().prop_map(Deed::Remove),
        (any::<bool>(), any_time(), any_name()).prop_map(|(ahead, by, node)| Deed::Clock {
            ahead,
            by,
            node
        }),
        (any_object(), any_name()).prop_map(|(object, node)| Deed::Change { object, node }),
        vec(vec(any_name(), 1..3), 2..4).prop_map(Deed::Partition),
        Just(Deed::Heal),
        any_weather().prop_map(Deed::Weather),
        any_expectation().prop_map(Deed::Expect),
    ]
}

fn any_statement() -> impl Strategy<Value = Statement> {
    let distance = any_time().prop_filter("more than zero", |time| !time.is_zero());
    prop_oneof![
        any_time().prop_map(Statement::Until),
        any_expectation().prop_map(Statement::Expect),
        (any_time(), prop::option::of(distance), any_deed())
            .prop_map(|(first, every, deed)| Statement::At { first, every, deed }),
    ]
}

proptest! {
    #[test]
    fn what_is_printed_reads_as_the_same(statements in vec(any_statement(), 0..8)) {
        let statements = statements.into_iter().map(|what| Placed { what, at: 0..0 });
        let scenario = Scenario { statements: statements.collect() };
        let text = scenario.to_string();
        let (again, mistakes) = Scenario::parse(&text);
        prop_assert_eq!(&mistakes, &[], "{}", text);
        prop_assert_eq!(again, scenario, "{}", text);
    }

    #[test]
    fn any_text_is_read(text in any::<String>()) {
        total(&text);
    }

    /// The same of words that belong to the language.
    #[test]
    fn any_words_are_read(words in vec(prop::sample::select(WORDS), 0..40)) {
        total(&words.concat());
    }
}

/// Places lie in the text, and every line is either read or wrong.
fn total(text: &str) {
    let (scenario, mistakes) = Scenario::parse(text);
    let statements = scenario.statements.iter().map(|statement| &statement.at);
    for at in statements.chain(mistakes.iter().map(|mistake| &mistake.at)) {
        assert!(text.get(at.clone()).is_some(), "{at:?} in {text:?}");
    }
    let lines = text.split('\n').count();
    assert!(scenario.statements.len() + mistakes.len() <= lines);
    let (again, _) = Scenario::parse(&scenario.to_string());
    assert_eq!(again, scenario);
}

const WORDS: &[&str] = &[
    "\n",
    " ",
    " ",
    " ",
    "at ",
    "every ",
    "until ",
    "expect ",
    "gap ",
    "<",
    "|",
    "\"",
    "\\",
    "#",
    "5s ",
    "1.5ms ",
    "10% ",
    "-3 ",
    "A ",
    "B ",
    "kill ",
    "pause ",
    "for ",
    "reload ",
    "with ",
    "link ",
    "up ",
    "on ",
    "file ",
    "is ",
    "gone ",
    "partition ",
    "heal",
    "loss ",
    "MASTER",
];
