//! Every keyword: what its values mean, and what happens to wrong ones.
//!
//! `tests/data/keywords/BLOCK/KEYWORD.cases` (`language/TOPIC.cases` for what no keyword has) holds
//! the cases: a line `[name]`, then the lines that
//! stand where `frame.conf` of the same directory has `@@`. `[name] whole` means that the lines are
//! the whole file. `[name] differs: REASON` marks a case where we depart from keepalived 2.2.7 on
//! purpose (the compat tests run the same cases through it). What comes of a case stands in
//! `KEYWORD.expect`: exit code of `-t`, complaints, start, and how the model differs from that of the
//! frame alone. `UPDATE_EXPECT=1` rewrites those; the difference is for review.
#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "the test reads its data"
)]

mod support;

use std::collections::HashSet;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use evervip_config::keyword::{BLOCKS, Block, keywords};
use evervip_config::{Class, Loaded, Mode, load};
use evervip_model::{Config, Instance};
use support::{FakeHost, MemoryFiles};

struct Case {
    /// The header line.
    header: String,
    text: String,
    /// The lines are the whole file.
    whole: bool,
}

fn cases(text: &str) -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    for line in text.lines() {
        if line.starts_with('[') && line.contains(']') {
            cases.push(Case {
                header: line.to_owned(),
                text: String::new(),
                whole: line.ends_with("] whole") || line.contains("] whole "),
            });
        } else if let Some(case) = cases.last_mut() {
            case.text.push_str(line);
            case.text.push('\n');
        }
    }
    cases
}

fn read(text: &str, mode: Mode) -> Loaded {
    let files = MemoryFiles::with_keys().with("k", text);
    load(Path::new("k"), &files, &FakeHost::default(), mode)
}

fn model(loaded: &Loaded) -> Vec<String> {
    loaded.config.as_ref().map(debug).unwrap_or_default()
}

/// The frame of a whole file: the same instances with all defaults.
fn unsaid(config: &Config) -> Vec<String> {
    let bare = |i: &Instance| Instance::new(i.name.clone(), i.vrid);
    debug(&Config {
        instances: config.instances.iter().map(bare).collect(),
        ..Config::default()
    })
}

fn debug(config: &Config) -> Vec<String> {
    let text = format!("{config:#?}");
    text.lines().map(|l| l.trim().to_owned()).collect()
}

/// Lines of `a` and `b` that the other has not, in order.
fn difference(a: &[String], b: &[String]) -> Vec<String> {
    // Most is the same, and the table below grows with the product.
    let same = a.iter().zip(b).take_while(|(x, y)| x == y).count();
    let (a, b) = (&a[same..], &b[same..]);
    let ends = a.iter().rev().zip(b.iter().rev());
    let same = ends.take_while(|(x, y)| x == y).count();
    let (a, b) = (&a[..a.len() - same], &b[..b.len() - same]);
    let mut longest = vec![vec![0_usize; b.len() + 1]; a.len() + 1];
    for i in (0..a.len()).rev() {
        for j in (0..b.len()).rev() {
            longest[i][j] = if a[i] == b[j] {
                longest[i + 1][j + 1] + 1
            } else {
                longest[i + 1][j].max(longest[i][j + 1])
            };
        }
    }
    let (mut i, mut j, mut out) = (0, 0, Vec::new());
    while i < a.len() || j < b.len() {
        if i < a.len() && j < b.len() && a[i] == b[j] {
            (i, j) = (i + 1, j + 1);
        } else if j == b.len() || (i < a.len() && longest[i + 1][j] >= longest[i][j + 1]) {
            out.push(format!("- {}", a[i]));
            i += 1;
        } else {
            out.push(format!("+ {}", b[j]));
            j += 1;
        }
    }
    out
}

fn describe(case: &Case, frame: &str) -> String {
    let whole = |lines: &str| frame.replace("@@\n", lines);
    let text = if case.whole {
        case.text.clone()
    } else {
        whole(&case.text)
    };
    let (test, start) = (read(&text, Mode::Test), read(&text, Mode::Start));
    let mut out = format!("{}\ntest exit {}, ", case.header, test.test_exit_code());
    match start.start_failure() {
        Some(code) => writeln!(out, "start exit {code}").unwrap(),
        None => out.push_str("start ok\n"),
    }
    let lines = |loaded: &Loaded| -> Vec<String> {
        let said = loaded.diagnostics.iter().map(|d| {
            let kind = if d.class == Class::Log { "log" } else { "   " };
            format!("{kind} {}", d.original_line(&loaded.sources))
        });
        said.collect()
    };
    let (tested, started) = (lines(&test), lines(&start));
    for line in &tested {
        writeln!(out, "test  {line}").unwrap();
    }
    if started != tested {
        for line in &started {
            writeln!(out, "start {line}").unwrap();
        }
    }
    // A refused file has no model to compare.
    if start.config.is_none() {
        out.push('\n');
        return out;
    }
    let base = if case.whole {
        start.config.as_ref().map(unsaid).unwrap_or_default()
    } else {
        model(&read(&whole(""), Mode::Start))
    };
    for line in difference(&base, &model(&start)) {
        writeln!(out, "{line}").unwrap();
    }
    out.push('\n');
    out
}

fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/keywords")
}

#[test]
fn every_case_means_what_it_should() {
    let (mut wrong, mut count) = (Vec::new(), 0);
    for directory in std::fs::read_dir(data()).unwrap() {
        let directory = directory.unwrap().path();
        let frame = std::fs::read_to_string(directory.join("frame.conf")).unwrap_or("@@\n".into());
        let mut files: Vec<_> = std::fs::read_dir(&directory)
            .unwrap()
            .map(|e| e.unwrap().path())
            .filter(|p| p.extension().is_some_and(|e| e == "cases"))
            .collect();
        files.sort();
        for file in files {
            let cases = cases(&std::fs::read_to_string(&file).unwrap());
            assert!(!cases.is_empty(), "{}", file.display());
            count += cases.len();
            let got: String = cases.iter().map(|c| describe(c, &frame)).collect();
            let expect = file.with_extension("expect");
            if std::env::var_os("UPDATE_EXPECT").is_some() {
                std::fs::write(&expect, &got).unwrap();
            }
            let known = std::fs::read_to_string(&expect).unwrap_or_default();
            if known != got {
                let (known, got) = (lines(&known), lines(&got));
                let changes = difference(&known, &got).join("\n");
                wrong.push(format!("{}:\n{changes}", file.display()));
            }
        }
    }
    println!("{count} cases");
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

fn lines(text: &str) -> Vec<String> {
    text.lines().map(str::to_owned).collect()
}

/// Which directories have the cases of a block; those of the top level are everywhere.
fn directories(block: Block) -> &'static [&'static str] {
    match block {
        Block::Global => &["global_defs"],
        Block::Instance => &[
            "vrrp_instance",
            "auth_hmac",
            "route",
            "rule",
            "track_interface_entry",
            "track_script_entry",
            "track_file_entry",
            "track_process_entry",
            "track_bfd_entry",
        ],
        Block::Authentication => &["authentication"],
        Block::AuthHmac => &["auth_hmac"],
        Block::SyncGroup => &[
            "vrrp_sync_group",
            "track_interface_entry",
            "track_script_entry",
            "track_file_entry",
            "track_process_entry",
            "track_bfd_entry",
        ],
        Block::Script => &["vrrp_script"],
        Block::TrackFile => &["track_file"],
        Block::TrackProcess => &["vrrp_track_process"],
        Block::Bfd => &["bfd_instance"],
        Block::GarpGroup => &["garp_group"],
        Block::TrackGroup => &["track_group"],
        Block::AddressEntry => &["address"],
        Block::RouteEntry => &["route", "static_route"],
        Block::RuleEntry => &["rule", "static_rule"],
        Block::PeerEntry => &["unicast_peer"],
        Block::TrackEntry => &["track_script_entry"],
        Block::LinkbeatEntry => &["linkbeat"],
        Block::Evervip => &["evervip"],
        Block::EvervipInstance => &["evervip_instance"],
        Block::Top => &[""],
        _ => &["lvs"],
    }
}

/// All words of the cases and the frame of a directory; of all of them for an empty name.
fn words(directory: &str) -> HashSet<String> {
    let mut words = HashSet::new();
    let mut waiting = vec![data().join(directory)];
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            let entries = std::fs::read_dir(path).unwrap();
            waiting.extend(entries.map(|e| e.unwrap().path()));
        } else if path
            .extension()
            .is_some_and(|e| e == "cases" || e == "conf")
        {
            let text = std::fs::read_to_string(path).unwrap();
            words.extend(text.split_whitespace().map(str::to_owned));
        }
    }
    words
}

#[test]
fn every_keyword_has_cases() {
    let mut missing = Vec::new();
    for (block, title) in BLOCKS {
        let known: HashSet<_> = directories(*block).iter().flat_map(|d| words(d)).collect();
        // What includes other files is in tests/language.rs.
        let names = keywords(*block).iter().map(|k| k.name);
        let names = names.filter(|name| !name.starts_with("include"));
        let without = names.filter(|name| !known.contains(*name));
        missing.extend(without.map(|name| format!("{title}: {name}")));
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}
