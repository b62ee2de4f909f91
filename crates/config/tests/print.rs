//! `print(model)` parses to the same model: for every configuration of the tests, for every case of
//! every keyword, and for many keywords together.
#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "the test reads its data"
)]

mod support;

use std::path::{Path, PathBuf};

use evervip_config::print::{Names, print};
use evervip_config::{Config, Mode, load};
use proptest::prelude::*;
use support::{FakeHost, MemoryFiles};

/// The names of the invented machine.
struct FakeNames(FakeHost);

impl Names for FakeNames {
    fn user(&self, uid: u32) -> Option<String> {
        let found = self.0.users.iter().find(|(_, id)| *id == uid);
        found.map(|(name, _)| name.clone())
    }

    fn group(&self, gid: u32) -> Option<String> {
        self.user(gid)
    }
}

fn loaded(text: &[u8]) -> Option<Config> {
    let files = MemoryFiles::default().with("k", text);
    let mut config = load(Path::new("k"), &files, &FakeHost::default(), Mode::Start).config?;
    // Stands at the instances, or nowhere.
    config.globals.dump_only = None;
    Some(config)
}

/// Prints, loads, compares; the text when something is wrong.
fn round_trip(config: &Config) -> Result<(), String> {
    let text = print(config, &FakeNames(FakeHost::default()));
    let again = loaded(text.as_bytes());
    if again.as_ref() == Some(config) {
        return Ok(());
    }
    let debug = |c: Option<&Config>| -> Vec<String> {
        let text = c.map(|c| format!("{c:#?}")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    };
    let (before, after) = (debug(Some(config)), debug(again.as_ref()));
    let lost: Vec<_> = before.iter().filter(|l| !after.contains(l)).collect();
    let new: Vec<_> = after.iter().filter(|l| !before.contains(l)).collect();
    Err(format!("{text}\nlost {lost:#?}\nnew {new:#?}"))
}

fn files(directory: &Path, ending: &str, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(directory).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, ending, found);
        } else if path.to_string_lossy().ends_with(ending) {
            found.push(path);
        }
    }
}

#[test]
fn every_configuration_of_the_tests() {
    let mut paths = Vec::new();
    files(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data"),
        ".conf",
        &mut paths,
    );
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus");
    let corpus = std::env::var_os("EVERVIP_CORPUS").map_or(default, PathBuf::from);
    files(&corpus, ".conf", &mut paths);
    let (mut wrong, mut count) = (Vec::new(), 0);
    for path in paths {
        if let Some(config) = loaded(&std::fs::read(&path).unwrap()) {
            count += 1;
            if let Err(text) = round_trip(&config) {
                wrong.push(format!("{}:\n{text}", path.display()));
            }
        }
    }
    println!("{count} configurations");
    assert!(count > 10);
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// Frame and cases of a directory of the keyword tests.
struct Keywords {
    frame: String,
    cases: Vec<String>,
}

impl Keywords {
    fn all() -> Vec<Self> {
        let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/keywords");
        let directories = std::fs::read_dir(&data).unwrap();
        let mut directories: Vec<_> = directories.map(|d| d.unwrap().path()).collect();
        directories.sort();
        let all = directories.iter().map(|d| Self::of(d));
        all.filter(|k| !k.cases.is_empty()).collect()
    }

    fn of(directory: &Path) -> Self {
        let frame = std::fs::read_to_string(directory.join("frame.conf"));
        let mut paths = Vec::new();
        files(directory, ".cases", &mut paths);
        paths.sort();
        let mut cases = Vec::new();
        for path in paths {
            let text = std::fs::read_to_string(&path).unwrap();
            for case in format!("\n{text}").split("\n[").skip(1) {
                let (name, lines) = case.split_once('\n').unwrap_or((case, ""));
                if !name.contains("] whole") {
                    cases.push(format!("{lines}\n"));
                }
            }
        }
        Self {
            frame: frame.unwrap_or_else(|_| "@@\n".to_owned()),
            cases,
        }
    }
}

/// The cases of the keyword tests, each by itself.
#[test]
fn every_keyword() {
    let mut wrong = Vec::new();
    for keywords in Keywords::all() {
        for case in &keywords.cases {
            let text = keywords.frame.replace("@@\n", case);
            if let Some(Err(text)) = loaded(text.as_bytes()).map(|c| round_trip(&c)) {
                wrong.push(format!("{case}\n{text}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// Several keywords of a block together, in any order and with any contradictions.
    #[test]
    fn keywords_together(
        block in any::<prop::sample::Index>(),
        picks in prop::collection::vec(any::<prop::sample::Index>(), 1..10),
    ) {
        let all = KEYWORDS.get_or_init(Keywords::all);
        let keywords = block.get(all);
        let lines: String = picks.iter().map(|p| p.get(&keywords.cases).as_str()).collect();
        let text = keywords.frame.replace("@@\n", &lines);
        if let Some(config) = loaded(text.as_bytes()) {
            prop_assert_eq!(round_trip(&config), Ok(()), "{}", text);
        }
    }
}

static KEYWORDS: std::sync::OnceLock<Vec<Keywords>> = std::sync::OnceLock::new();
