//! Whole files: `tests/data/{valid,invalid}/*.conf` and beside each what comes of it.
//!
//! `UPDATE_EXPECT=1` rewrites the expectations; the difference is for review.
#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "the test reads its data"
)]

mod support;

use std::fmt::Write;
use std::path::{Path, PathBuf};

use evervip_config::{FileKind, Files, Loaded, Mode, load};
use evervip_model::Globals;
use support::FakeHost;

/// The test data as the loader's files.
struct Data(PathBuf);

impl Files for Data {
    fn kind(&self, path: &Path) -> std::io::Result<FileKind> {
        std::fs::metadata(self.0.join(path)).map(|m| {
            if m.is_dir() {
                FileKind::Directory
            } else {
                FileKind::Regular { executable: false }
            }
        })
    }

    fn read(&self, path: &Path) -> std::io::Result<Vec<u8>> {
        std::fs::read(self.0.join(path))
    }

    fn is_shared(&self, _: &Path) -> bool {
        false
    }

    fn glob(&self, directory: &Path, pattern: &str) -> Vec<PathBuf> {
        let found = self.0.join(directory).join(pattern).is_file();
        found.then(|| PathBuf::from(pattern)).into_iter().collect()
    }
}

fn describe(test: &Loaded, start: &Loaded) -> String {
    let mut out = format!("test exit {}\n", test.test_exit_code());
    match start.start_failure() {
        Some(code) => writeln!(out, "start exit {code}").unwrap(),
        None => out.push_str("start ok\n"),
    }
    for d in &test.diagnostics {
        let line = d.one_line(&test.sources);
        writeln!(out, "{:?} {} {:?}: {line}", d.severity, d.code, d.class).unwrap();
    }
    if let Some(config) = &start.config {
        // Few files say something there, and it is long.
        let defaults = format!("{:#?}", Globals::default()).replace('\n', "\n    ");
        let text = format!("{config:#?}\n").replace(&defaults, "defaults");
        out.push_str(&text);
    }
    out
}

fn run(kind: &str) {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(kind);
    let mut names: Vec<_> = std::fs::read_dir(&directory)
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .filter(|n| n.ends_with(".conf"))
        .collect();
    names.sort();
    assert!(names.len() >= 3);
    let files = Data(directory.clone());
    let mut wrong = Vec::new();
    for name in names {
        let read = |mode| load(Path::new(&name), &files, &FakeHost::default(), mode);
        let (test, start) = (read(Mode::Test), read(Mode::Start));
        let got = describe(&test, &start);
        let expect = directory.join(&name).with_extension("txt");
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            std::fs::write(&expect, &got).unwrap();
        }
        if std::fs::read_to_string(&expect).unwrap_or_default() != got {
            wrong.push(format!("{kind}/{name}:\n{got}"));
        }
        assert_eq!(test.test_exit_code() == 0, kind == "valid", "{kind}/{name}");
        assert!(kind == "invalid" || start.config.is_some(), "{name}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn valid_files() {
    run("valid");
}

#[test]
fn invalid_files() {
    run("invalid");
}
