//! Real configurations: our verdict beside keepalived 2.2.7's.
//!
//! The files are not part of the project; `EVERVIP_CORPUS` names their directory. Without them the
//! test says so and passes.
#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "the test reads its data"
)]

mod support;

use std::path::{Path, PathBuf};

use evervip_config::{Mode, load};
use support::{FakeHost, MemoryFiles};

fn corpus() -> Option<PathBuf> {
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus");
    let path = std::env::var_os("EVERVIP_CORPUS").map_or(default, PathBuf::from);
    path.join("index.tsv").is_file().then_some(path)
}

/// One line of the index.
struct Case {
    id: String,
    lvs: bool,
    exit: u8,
    run: String,
    text: Vec<u8>,
    host: FakeHost,
}

fn cases(corpus: &Path) -> Vec<Case> {
    let index = std::fs::read_to_string(corpus.join("index.tsv")).unwrap();
    index
        .lines()
        .skip(1)
        .map(|line| {
            let f: Vec<_> = line.split('\t').collect();
            let id = f[0].to_owned();
            let text = std::fs::read(corpus.join(format!("{id}.conf"))).unwrap();
            let mut host = FakeHost::default();
            let verdict =
                std::fs::read(corpus.join(format!("verdict/{id}.txt"))).unwrap_or_default();
            let verdict = String::from_utf8_lossy(&verdict).into_owned();
            let added = verdict
                .lines()
                .find_map(|l| l.strip_prefix("interfaces-added: "))
                .unwrap_or("-");
            let names = added
                .split_whitespace()
                .map(|n| n.split('@').next().unwrap());
            host.interfaces.extend(names.map(str::to_owned));
            Case {
                lvs: f[1].split(',').any(|t| t == "lvs"),
                exit: f[3].parse().unwrap(),
                run: f[4].to_owned(),
                id,
                text,
                host,
            }
        })
        .collect()
}

#[test]
fn verdicts_agree_with_the_original() {
    let Some(corpus) = corpus() else {
        println!("SKIPPED: no corpus (set EVERVIP_CORPUS)");
        return;
    };
    let (mut exits, mut starts) = (Tally::default(), Tally::default());
    for case in cases(&corpus) {
        let name = format!("{}.conf", case.id);
        let files = MemoryFiles::default().with(&name, case.text.clone());
        let loaded = load(Path::new(&name), &files, &case.host, Mode::Test);
        // Exit 143 is the original ending itself, which is not its verdict.
        if case.exit != 143 {
            let got = loaded.test_exit_code();
            exits.count(&case, got == case.exit, || {
                let lines: Vec<_> = loaded.test_lines().take(4).collect();
                format!("test: expect {} got {got} {lines:?}", case.exit)
            });
        }
        // Exit 1 is the original's own: the lvs sync daemon on a kernel without IPVS.
        if case.lvs || case.run == "exit 1" {
            continue;
        }
        let loaded = load(Path::new(&name), &files, &case.host, Mode::Start);
        let got = loaded.start_failure();
        let expect = (case.run != "alive").then_some(2);
        starts.count(&case, got == expect, || {
            let lines: Vec<_> = loaded.log_lines().take(4).collect();
            format!("start: expect {expect:?} got {got:?} {lines:?}")
        });
    }
    for line in exits.wrong.iter().chain(&starts.wrong) {
        println!("{line}");
    }
    println!("test exit codes agree: {} of {}", exits.agree, exits.total);
    println!("starts agree: {} of {}", starts.agree, starts.total);
    assert!(starts.agree == starts.total, "starts");
    assert!(exits.agree * 100 >= exits.total * 97, "exit codes");
    // The others: complaints about LVS blocks, which this build does not read, and two keywords
    // that only later releases have.
    let without_lvs = exits.wrong.iter().filter(|l| !l.contains("(LVS)")).count();
    assert!(without_lvs <= 2, "exit codes of files without LVS");
}

/// Agreements, and what stands against them.
#[derive(Default)]
struct Tally {
    total: usize,
    agree: usize,
    wrong: Vec<String>,
}

impl Tally {
    fn count(&mut self, case: &Case, agrees: bool, text: impl FnOnce() -> String) {
        self.total += 1;
        self.agree += usize::from(agrees);
        if !agrees {
            let lvs = if case.lvs { " (LVS)" } else { "" };
            self.wrong.push(format!("{}{lvs} {}", case.id, text()));
        }
    }
}
