use super::*;
use crate::inbox::{Inbox, inbox};
use evervip_model::InitialContent;
use std::os::unix::fs::symlink;
use tempfile::TempDir;

/// A watcher that is driven by hand: its clock is an argument.
struct Stage {
    watcher: FileWatcher,
    now: Instant,
    place: TempDir,
    _inbox: Inbox,
}

impl Stage {
    fn new() -> Self {
        let (outlet, inbox) = inbox().unwrap();
        Self {
            watcher: FileWatcher::new(Noticeboard::new(outlet)).unwrap(),
            now: Instant::now(),
            place: tempfile::tempdir().unwrap(),
            _inbox: inbox,
        }
    }

    /// Watches `f` in the directory `d`, which is there and empty.
    fn watching() -> Self {
        let mut stage = Self::new();
        fs::create_dir(stage.path("d")).unwrap();
        stage.watch();
        stage
    }

    fn watch(&mut self) {
        let path = self.path("d/f");
        self.watcher.configure(vec![path], self.now);
        assert_eq!(self.news(), Some(String::new()), "the first look is told");
    }

    fn path(&self, name: &str) -> PathBuf {
        self.place.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    /// What was posted about the file, if anything.
    fn news(&self) -> Option<String> {
        let mut files = self.watcher.board.take().files;
        let text = files.remove(&self.path("d/f"));
        assert!(files.is_empty(), "{files:?}");
        text.map(|text| String::from_utf8(text).unwrap())
    }

    fn turn(&mut self) -> Option<String> {
        // A directory that is moved takes a second read.
        self.watcher.turn(self.now);
        self.watcher.turn(self.now);
        self.news()
    }

    fn later(&mut self, time: Duration) -> Option<String> {
        self.now += time;
        self.turn()
    }
}

#[test]
fn a_file_is_followed_through_its_life() {
    let mut stage = Stage::watching();
    stage.write("d/f", "5\n");
    assert_eq!(stage.turn().as_deref(), Some("5\n"));
    stage.write("d/f", "5\n");
    assert_eq!(stage.turn(), None, "no news");
    stage.write("d/other", "7\n");
    assert_eq!(stage.turn(), None);
    stage.write("d/new", "6\n");
    fs::rename(stage.path("d/new"), stage.path("d/f")).unwrap();
    assert_eq!(stage.turn().as_deref(), Some("6\n"));
    fs::rename(stage.path("d/f"), stage.path("elsewhere")).unwrap();
    assert_eq!(stage.turn().as_deref(), Some(""));
    fs::rename(stage.path("elsewhere"), stage.path("d/f")).unwrap();
    assert_eq!(stage.turn().as_deref(), Some("6\n"));
    fs::remove_file(stage.path("d/f")).unwrap();
    assert_eq!(stage.turn().as_deref(), Some(""));
}

#[test]
fn a_file_caught_empty_between_truncation_and_writing_is_not_zero() {
    let mut stage = Stage::watching();
    stage.write("d/f", "5\n");
    assert_eq!(stage.turn().as_deref(), Some("5\n"));
    stage.write("d/f", "");
    assert_eq!(stage.turn(), None);
    assert_eq!(stage.later(SETTLE / 2), None);
    stage.write("d/f", "6\n");
    assert_eq!(stage.turn().as_deref(), Some("6\n"));
    assert_eq!(stage.later(SETTLE), None);
}

#[test]
fn a_file_that_stays_empty_counts() {
    let mut stage = Stage::watching();
    stage.write("d/f", "5\n");
    assert_eq!(stage.turn().as_deref(), Some("5\n"));
    stage.write("d/f", "");
    assert_eq!(stage.turn(), None);
    assert_eq!(stage.later(SETTLE).as_deref(), Some(""));
}

#[test]
fn a_number_that_may_go_on_is_read_again() {
    let mut stage = Stage::watching();
    stage.write("d/f", "1");
    assert_eq!(stage.turn(), None);
    // What is written again and again is not put off again and again.
    assert_eq!(stage.later(SETTLE / 2), None);
    stage.write("d/f", "12");
    assert_eq!(stage.turn(), None);
    assert_eq!(stage.later(SETTLE / 2).as_deref(), Some("12"));
}

#[test]
fn a_link_is_a_file_too() {
    let mut stage = Stage::watching();
    stage.write("target", "8\n");
    symlink(stage.path("target"), stage.path("d/f")).unwrap();
    assert_eq!(stage.turn().as_deref(), Some("8\n"));
    stage.write("target", "9\n");
    assert_eq!(stage.turn(), None, "inotify does not tell");
    assert_eq!(stage.later(LOOK_AT_ALL).as_deref(), Some("9\n"));
}

#[test]
fn neither_a_directory_nor_a_pipe_is_a_file() {
    let mut stage = Stage::watching();
    stage.write("d/f", "8\n");
    assert_eq!(stage.turn().as_deref(), Some("8\n"));
    fs::remove_file(stage.path("d/f")).unwrap();
    nix::unistd::mkfifo(&stage.path("d/f"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    assert_eq!(stage.turn().as_deref(), Some(""));
    fs::remove_file(stage.path("d/f")).unwrap();
    fs::create_dir(stage.path("d/f")).unwrap();
    assert_eq!(stage.later(SETTLE), None);
}

#[test]
fn a_directory_may_come_late() {
    let mut stage = Stage::new();
    stage.watch();
    fs::create_dir(stage.path("d")).unwrap();
    stage.write("d/f", "3\n");
    assert_eq!(stage.turn(), None);
    assert_eq!(stage.later(LOOK_FOR_MISSING).as_deref(), Some("3\n"));
    stage.write("d/f", "4\n");
    assert_eq!(stage.turn().as_deref(), Some("4\n"));
}

#[test]
fn a_directory_may_go_and_come_back() {
    let mut stage = Stage::watching();
    stage.write("d/f", "3\n");
    assert_eq!(stage.turn().as_deref(), Some("3\n"));
    fs::remove_dir_all(stage.path("d")).unwrap();
    assert_eq!(stage.turn().as_deref(), Some(""));
    fs::create_dir(stage.path("d")).unwrap();
    stage.write("d/f", "4\n");
    assert_eq!(stage.later(LOOK_FOR_MISSING).as_deref(), Some("4\n"));
}

#[test]
fn a_directory_may_be_replaced() {
    let mut stage = Stage::watching();
    stage.write("d/f", "3\n");
    assert_eq!(stage.turn().as_deref(), Some("3\n"));
    fs::create_dir(stage.path("new")).unwrap();
    stage.write("new/f", "4\n");
    fs::rename(stage.path("d"), stage.path("old")).unwrap();
    fs::rename(stage.path("new"), stage.path("d")).unwrap();
    assert_eq!(stage.turn().as_deref(), Some("4\n"));
    stage.write("old/f", "9\n");
    assert_eq!(stage.turn(), None);
    stage.write("d/f", "5\n");
    assert_eq!(stage.turn().as_deref(), Some("5\n"));
}

#[test]
fn another_order_forgets_and_keeps() {
    let mut stage = Stage::watching();
    stage.write("d/f", "3\n");
    assert_eq!(stage.turn().as_deref(), Some("3\n"));
    let (first, second) = (stage.path("d/f"), stage.path("d/g"));
    stage
        .watcher
        .configure(vec![first, second.clone()], stage.now);
    let news = stage.watcher.board.take().files;
    assert_eq!(news, BTreeMap::from([(second, Vec::new())]));
    stage.watcher.configure(Vec::new(), stage.now);
    stage.write("d/f", "4\n");
    assert_eq!(stage.turn(), None);
}

#[test]
fn files_are_initialised_when_missing_or_when_told_to() {
    let place = tempfile::tempdir().unwrap();
    let file = |name: &str, value, overwrite| TrackFile {
        name: name.into(),
        path: place.path().join(name),
        weight: 1,
        reverse: false,
        initial: Some(InitialContent { value, overwrite }),
    };
    for name in ["kept", "overwritten"] {
        fs::write(place.path().join(name), "a longer text\n").unwrap();
    }
    initialise(&[
        file("missing", 7, false),
        file("kept", 7, false),
        file("overwritten", -3, true),
        file("no/directory", 1, true),
    ]);
    let text = |name: &str| fs::read_to_string(place.path().join(name)).unwrap();
    assert_eq!(text("missing"), "7\n");
    assert_eq!(text("kept"), "a longer text\n");
    assert_eq!(text("overwritten"), "-3\n");
}

#[test]
fn a_link_in_the_place_of_a_file_is_replaced_and_not_followed() {
    let place = tempfile::tempdir().unwrap();
    let path = |name: &str| place.path().join(name);
    fs::write(path("victim"), "precious\n").unwrap();
    for name in ["kept", "overwritten"] {
        symlink("victim", path(name)).unwrap();
        initialise(&[TrackFile {
            name: name.into(),
            path: path(name),
            weight: 1,
            reverse: false,
            initial: Some(InitialContent {
                value: 5,
                overwrite: name == "overwritten",
            }),
        }]);
    }
    assert_eq!(fs::read_to_string(path("victim")).unwrap(), "precious\n");
    assert_eq!(fs::read_to_string(path("overwritten")).unwrap(), "5\n");
    assert!(path("kept").is_symlink());
}
