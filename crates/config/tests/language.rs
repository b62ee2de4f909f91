//! The language around the keywords (spec config-language 2, 4 and 6) where a `.cases` file cannot
//! say it: bytes that are no text, several files, limits.
#![expect(clippy::unwrap_used, reason = "tests")]

mod support;

use std::path::Path;

use evervip_config::{Loaded, Mode, Options, load, load_with};
use support::{FakeHost, MemoryFiles};

const INSTANCE: &str = "vrrp_instance I {\ninterface eth0\nvirtual_router_id 1\n@@virtual_ipaddress {\n10.0.0.1\n}\n}\n";

fn read(text: impl Into<Vec<u8>>) -> Loaded {
    let files = MemoryFiles::default().with("k", text);
    load(Path::new("k"), &files, &FakeHost::default(), Mode::Test)
}

fn complaints(loaded: &Loaded) -> Vec<String> {
    let said = loaded.diagnostics.iter();
    said.map(|d| d.original_line(&loaded.sources)).collect()
}

/// The exit code of `-t` and what is said about an instance with these bytes in it; whether the
/// instance is whole all the same.
#[track_caller]
fn row(bytes: &[u8], exit: u8, expect: &[&str]) {
    let at = INSTANCE.find("@@").unwrap();
    let text = [
        &INSTANCE.as_bytes()[..at],
        bytes,
        &INSTANCE.as_bytes()[at + 2..],
    ]
    .concat();
    let loaded = read(text);
    assert_eq!(complaints(&loaded), expect);
    assert_eq!(loaded.test_exit_code(), exit);
    assert_eq!(loaded.config.unwrap().instances[0].addresses.len(), 1);
}

const INVISIBLE: &str = "(k: Line 4) invisible character in the line: read as if it were not there";

#[test]
fn line_ends() {
    let priority = [
        "(k: Line 4) invalid number '5x'",
        "(k: Line 4) (I) Priority not valid! must be between 1 & 255. Using default 100",
    ];
    row(b"priority 5x\r\n", 5, &priority);
    row(b"priority 5x\r\r\n", 5, &priority);
    // Within a line it separates words.
    row(b"priority 5\rx\n", 0, &[]);
    row(b"priority\x0b5\x0c6\n", 0, &[]);
    row(b"\t priority\t5 \t\n", 0, &[]);
    let dos = INSTANCE.replace("@@", "").replace('\n', "\r\n");
    assert_eq!(read(dos).test_exit_code(), 0);
    let unended = INSTANCE.replace("@@", "");
    assert_eq!(read(unended.trim_end()).test_exit_code(), 0);
}

#[test]
fn bytes_that_are_no_text() {
    let nul = "(k: Line 4) NUL character: the line ends here";
    row(b"priority 5\0x\n", 0, &[nul]);
    row(b"\0priority 5x\n", 0, &[nul]);
    row(
        "priorit\u{e4} 5\n".as_bytes(),
        5,
        &["(k: Line 4) Unknown keyword 'priorit\u{e4}'"],
    );
    row(
        b"priorit\xe4 5\n",
        5,
        &["(k: Line 4) Unknown keyword 'priorit\u{fffd}'"],
    );
    row("priority\u{200b} 5\n".as_bytes(), 5, &[INVISIBLE]);
    row("priority\u{a0}5\n".as_bytes(), 5, &[INVISIBLE]);
    let marked = format!("\u{feff}{}", INSTANCE.replace("@@", ""));
    let loaded = read(marked);
    assert_eq!(complaints(&loaded), [INVISIBLE.replace("Line 4", "Line 1")]);
    assert_eq!(loaded.config.unwrap().instances.len(), 1);
}

#[test]
fn bytes_of_a_script_stay_as_they_are() {
    let script = b"notify \"/x \xe4\"\n";
    let at = INSTANCE.find("@@").unwrap();
    let text = [
        &INSTANCE.as_bytes()[..at],
        script,
        &INSTANCE.as_bytes()[at + 2..],
    ]
    .concat();
    let config = read(text).config.unwrap();
    let argv = &config.instances[0].notify.any.as_ref().unwrap().argv;
    assert_eq!(argv[1].as_encoded_bytes(), b"\xe4");
}

#[test]
fn long_lines_are_read_whole() {
    let said = |n: usize| format!("(k: Line 4) line of {n} bytes, read whole");
    row(
        format!("priority 5 {}\n", "x".repeat(1011)).as_bytes(),
        0,
        &[],
    );
    let long = format!("priority 5 {}\n", "x".repeat(3000));
    row(long.as_bytes(), 0, &[&said(3011)]);
    row(format!("# {}\n", "x".repeat(5000)).as_bytes(), 0, &[]);
    // The value, not a part of it, is looked at.
    let long = format!("priority {}5x\n", " ".repeat(2000));
    let config = read(INSTANCE.replace("@@", &long));
    assert!(complaints(&config).iter().any(|c| c.contains("'5x'")));
}

#[test]
fn nothing_is_no_mistake() {
    for text in ["", "\n", "\0", "\r\n\r\n", "# x", "!", "   "] {
        assert_eq!(read(text).test_exit_code(), 0, "{text:?}");
    }
}

/// Files, and what is said about the first of them.
#[track_caller]
fn files(files: &[(&str, &str)], exit: u8, expect: &[&str]) -> Loaded {
    let mut disk = MemoryFiles::default();
    for (name, text) in files {
        disk = disk.with(name, *text);
    }
    let main = Path::new(files[0].0);
    let loaded = load(main, &disk, &FakeHost::default(), Mode::Test);
    assert_eq!(complaints(&loaded), expect);
    assert_eq!(loaded.test_exit_code(), exit);
    loaded
}

const GLOBALS: &str = "global_defs {\nrouter_id A\n}\n";

fn router(loaded: &Loaded) -> Option<&str> {
    loaded.config.as_ref()?.globals.router_id.as_deref()
}

#[test]
fn includes_work_everywhere() {
    let loaded = files(&[("k", "include a\n"), ("a", GLOBALS)], 0, &[]);
    assert_eq!(router(&loaded), Some("A"));
    // Blocks open in one file and close in another; definitions go both ways.
    let loaded = files(
        &[
            ("k", "$A=x\ninclude a\nrouter_id ${A}${B}\n}\n"),
            ("a", "global_defs {\n$B=${A}y\n"),
        ],
        0,
        &[],
    );
    assert_eq!(router(&loaded), Some("xxy"));
    let addresses = INSTANCE
        .replace("10.0.0.1\n", "@^x include $F # text\n")
        .replace("@@", "");
    let loaded = files(
        &[
            ("k", &format!("$F=list\n{addresses}")),
            ("list", "10.0.0.1\n10.0.0.2\n"),
        ],
        0,
        &[],
    );
    assert_eq!(loaded.config.unwrap().instances[0].addresses.len(), 2);
}

#[test]
fn patterns_and_their_checks() {
    let one = [("b", GLOBALS)];
    let with = |text: &'static str| [&[("k", text)], one.as_slice()].concat();
    let missing = "(k: Line 1) Config files missing 'c'.";
    files(&with("include b\n"), 0, &[]);
    files(&with("include c\n"), 0, &[missing]);
    files(&with("include c*\n"), 0, &[]);
    files(&with("includer c\n"), 0, &[missing]);
    files(&with("includem c\n"), 6, &[missing]);
    files(
        &with("includew c*\n"),
        6,
        &["(k: Line 1) No config files matched 'c*'."],
    );
    let some = "(k: Line 1) Some config files missing: \"{b,c}\".";
    files(&with("include {b,c}\n"), 0, &[some]);
    files(&with("includeb {b,c}\n"), 6, &[some]);
    files(&with("includea c\n"), 6, &[missing]);
    let quoted = "(k: Line 1) Config files missing '\"b\"'.";
    files(&with("include \"b\"\n"), 0, &[quoted]);
    files(
        &with("include b c\n"),
        0,
        &["(k: Line 1) Config files missing 'b c'."],
    );
    files(
        &with("INCLUDE b\n"),
        5,
        &["(k: Line 1) Unknown keyword 'INCLUDE'"],
    );
    files(
        &with("include\n"),
        5,
        &["(k: Line 1) Unknown keyword 'include'"],
    );
    let script =
        "(k: Line 1) Configuration file 'b.sh' is not a regular non-executable file - skipping";
    files(&[("k", "include b.sh\n"), ("b.sh", "")], 0, &[script]);
    files(&[("k", "includer b.sh\n"), ("b.sh", "")], 6, &[script]);
}

#[test]
fn include_check_holds_from_where_it_stands() {
    let check = |words: &str, exit: u8| {
        let text = format!("include c\nglobal_defs {{\ninclude_check {words}\n}}\ninclude c\n");
        let files = MemoryFiles::default().with("k", text);
        let loaded = load(Path::new("k"), &files, &FakeHost::default(), Mode::Test);
        assert_eq!(loaded.test_exit_code(), exit, "{words}");
    };
    check("", 6);
    check("match", 6);
    check("+match", 6);
    check("read", 0);
    check("wildcard_match", 0);
    check("-match", 0);
    check("read +match -match", 0);
    // Its own complaint.
    check("readable", 5);
    // What a file sets ends with it.
    let inner = "global_defs {\ninclude_check match\n}\n";
    files(
        &[("k", "include a\ninclude c\n"), ("a", inner)],
        0,
        &["(k: Line 2) Config files missing 'c'."],
    );
}

#[test]
fn the_command_line_has_its_say() {
    let with = |text: &str, options: &Options| {
        let files = MemoryFiles::default().with("k", text);
        load_with(
            Path::new("k"),
            &files,
            &FakeHost::default(),
            Mode::Test,
            options,
        )
    };
    let all = Options {
        all_includes_required: true,
        ..Options::default()
    };
    assert_eq!(with("include c\n", &all).test_exit_code(), 6);
    assert_eq!(with("include c*\n", &all).test_exit_code(), 6);
    let named = Options {
        config_id: Some("main".to_owned()),
        ..Options::default()
    };
    let text = "global_defs {\n@main router_id ${_INSTANCE}\n@node1 router_id B\n}\n";
    assert_eq!(router(&with(text, &named)), Some("main"));
    // The node is called node1.example.
    assert_eq!(router(&with(text, &Options::default())), Some("B"));
    let socket = Options {
        snmp_socket: Some("unix:/tmp/given".to_owned()),
        ..Options::default()
    };
    let loaded = with("global_defs {\nsnmp_socket unix:/tmp/other\n}\n", &socket);
    assert_eq!(loaded.test_exit_code(), 5);
    assert!(
        loaded.log_lines().any(|line| line
            .contains("(k: Line 2) SNMP socket already set to unix:/tmp/given - ignoring")),
        "{:?}",
        loaded.log_lines().collect::<Vec<_>>()
    );
    let snmp = loaded.config.map(|config| config.globals.snmp);
    let used = snmp.and_then(|snmp| snmp.socket);
    assert_eq!(used.as_deref(), Some("unix:/tmp/given"));
}

#[test]
fn unreadable_main_files() {
    let disk = || MemoryFiles::default().with("x.sh", "").with("d/x", "");
    let test = |name: &str| {
        let loaded = load(Path::new(name), &disk(), &FakeHost::default(), Mode::Test);
        assert_eq!(
            (loaded.test_exit_code(), loaded.start_failure()),
            (4, Some(6))
        );
        complaints(&loaded).remove(0)
    };
    assert_eq!(test("absent"), "Config files missing 'absent'.");
    assert_eq!(
        test("d"),
        "Configuration file 'd/' is a directory - skipping"
    );
    assert_eq!(
        test("x.sh"),
        "Configuration file 'x.sh' is not a regular non-executable file - skipping"
    );
}

#[test]
fn the_main_file_may_be_a_pattern() {
    let test = |name: &str| {
        let disk = MemoryFiles::default()
            .with("d/a.conf", "foo\n")
            .with("d/b.conf", "bar\n");
        let loaded = load(Path::new(name), &disk, &FakeHost::default(), Mode::Test);
        (loaded.test_exit_code(), complaints(&loaded))
    };
    let all = [
        "(d/a.conf: Line 1) Unknown keyword 'foo'",
        "(d/b.conf: Line 1) Unknown keyword 'bar'",
        // What has no place comes last.
        "WARNING, multiple configuration file matches of d/*.conf, starting with d/a.conf",
    ];
    assert_eq!(test("d/*.conf"), (5, all.map(str::to_owned).to_vec()));
    let one = "(d/b.conf: Line 1) Unknown keyword 'bar'".to_owned();
    assert_eq!(test("d/b*.conf"), (5, vec![one.clone()]));
    let missing = "Some config files missing: \"d/{b,c}.conf\".".to_owned();
    assert_eq!(test("d/{b,c}.conf"), (5, vec![one, missing]));
    let none = "No config files matched 'x*'.".to_owned();
    assert_eq!(test("x*"), (4, vec![none]));
}

#[test]
fn a_link_to_nothing_is_no_regular_file() {
    let disk = MemoryFiles::default()
        .with("k", "include a.dangling\n")
        .with("a.dangling", "");
    let read = |name: &str| load(Path::new(name), &disk, &FakeHost::default(), Mode::Test);
    let said = "Configuration file 'a.dangling' is not a regular non-executable file - skipping";
    assert_eq!(complaints(&read("a.dangling")), [said]);
    assert_eq!(complaints(&read("k")), [format!("(k: Line 1) {said}")]);
}

/// It is what people name when they mean no file: nothing is wrong with it, and nothing runs.
#[test]
fn the_null_device_has_no_faults() {
    let disk = MemoryFiles::default().with("/dev/null", "");
    let loaded = load(
        Path::new("/dev/null"),
        &disk,
        &FakeHost::default(),
        Mode::Test,
    );
    assert_eq!(
        (loaded.test_exit_code(), loaded.start_failure()),
        (0, Some(6))
    );
}

#[test]
fn loops_are_named_with_their_chain() {
    files(
        &[
            ("d/k", "include a\n"),
            ("d/a", "include b\n"),
            ("d/b", "include a\n"),
        ],
        6,
        &["(b: Line 1) include loop: d/a -> d/b -> d/a"],
    );
    files(
        &[("k", "$A=${B}\n$B=$C\n$C=x${A}\nfoo $A\n")],
        5,
        &["(k: Line 4) definition refers to itself: $A -> $B -> $C -> $A"],
    );
    files(
        &[("k", "$A=x \\\n$B\n$B=y \\\n$A\n$A\n")],
        5,
        &[
            "(k: Line 5) definition refers to itself: $A -> $B -> $A",
            "(k: Line 5) Unknown keyword 'x'",
            "(k: Line 5) Unknown keyword 'y'",
        ],
    );
}

#[test]
fn limits_are_errors_that_say_so() {
    let limit = |text: String, expect: &str| {
        let loaded = read(text);
        let said = complaints(&loaded);
        assert!(said.iter().any(|c| c.contains(expect)), "{said:?}");
        assert!(loaded.config.is_none());
    };
    let endless = "definitions expand without end";
    // Loops in loops in loops.
    limit("~SEQ(A,60000) ~SEQ(B,60000) x\n".to_owned(), endless);
    let doubling: String = (1..60)
        .map(|n| format!("$A{n}=${{A{0}}}${{A{0}}}\n", n - 1))
        .collect();
    limit(format!("$A0=\n{doubling}foo $A59\n"), endless);
    limit(
        format!("$A0=xx\n{doubling}foo $A59\n"),
        "would exceed maximum line length",
    );
    let nested: String = (0..80)
        .map(|n| format!("$M{n}=\\\n$M{}\n", n + 1))
        .collect();
    limit(format!("{nested}$M80=\\\nx\n$M0\n"), endless);
    let deep: Vec<_> = (0..120)
        .map(|n| (format!("f{n}"), format!("include f{}\n", n + 1)))
        .collect();
    let deep: Vec<_> = deep.iter().map(|(n, t)| (n.as_str(), t.as_str())).collect();
    files(&deep, 6, &["(f99: Line 1) include nests too deeply"]);
}

#[test]
fn random_numbers_follow_the_seed() {
    let router_of = |seed: &str| {
        let text = format!("global_defs {{\n{seed}router_id ${{_RANDOM 0 4000000000}}\n}}\n");
        router(&read(text)).unwrap().to_owned()
    };
    assert_eq!(router_of("random_seed 7\n"), router_of("random_seed 7\n"));
    assert_ne!(router_of("random_seed 7\n"), router_of("random_seed 8\n"));
    assert_ne!(router_of("random_seed 7\n"), router_of(""));
}
