//! Real configurations: our verdict beside keepalived 2.2.7's.
//!
//! The files are not part of the project; `EVERVIP_CORPUS` names their directory. Without them the
//! test says so and passes.

mod support;

use std::collections::BTreeSet;
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
            let present = std::fs::read(corpus.join(format!("verdict-scripts-present/{id}.txt")))
                .unwrap_or_default();
            if String::from_utf8_lossy(&present).contains("hosts: -\n") {
                // Names that did not resolve although they should have are in the verdict itself.
            }
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
    let (mut total, mut agree, mut start_total, mut start_agree) = (0, 0, 0, 0);
    let mut lvs_wrong = 0;
    let mut wrong = BTreeSet::new();
    for case in cases(&corpus) {
        let name = format!("{}.conf", case.id);
        let files = MemoryFiles::default().with(&name, case.text.clone());
        let loaded = load(Path::new(&name), &files, &case.host, Mode::Test);
        total += 1;
        // Exit 143 is the original ending itself; without that it would have been 0.
        let expect = if case.exit == 143 { 0 } else { case.exit };
        if loaded.test_exit_code() == expect {
            agree += 1;
        } else {
            lvs_wrong += usize::from(case.lvs);
            wrong.insert(format!(
                "{} lvs={} expect {expect} got {}: {:?}",
                case.id,
                case.lvs,
                loaded.test_exit_code(),
                loaded.test_lines().take(6).collect::<Vec<_>>()
            ));
        }
        if case.lvs || case.run == "exit 1" {
            continue;
        }
        let loaded = load(Path::new(&name), &files, &case.host, Mode::Start);
        start_total += 1;
        let expect = (case.run != "alive").then_some(2);
        if loaded.start_failure() == expect {
            start_agree += 1;
        } else {
            wrong.insert(format!(
                "{} start: expect {expect:?} got {:?}: {:?}",
                case.id,
                loaded.start_failure(),
                loaded.test_lines().collect::<Vec<_>>()
            ));
        }
    }
    for line in &wrong {
        println!("{line}");
    }
    println!("exit codes agree: {agree} of {total} ({lvs_wrong} of the others are LVS files)");
    println!("starts agree: {start_agree} of {start_total}");
}
