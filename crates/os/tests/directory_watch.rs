//! Directories and their files, as the kernel reports them.
#![allow(clippy::unwrap_used, reason = "helpers of tests panic like tests")]

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use evervip_os::directory_watch::{DirectoryEvent, DirectoryWatches, EntryChange, WatchId};

fn directory() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

/// Events are there as soon as the change has been made.
fn events(watches: &DirectoryWatches, watch: WatchId) -> Vec<(String, EntryChange)> {
    let entry = |event| match event {
        DirectoryEvent::Entry {
            directory,
            name,
            change,
        } if directory == watch => (name.into_string().unwrap(), change),
        other => panic!("{other:?}"),
    };
    watches.read().unwrap().into_iter().map(entry).collect()
}

fn expect(watches: &DirectoryWatches, watch: WatchId, expected: &[(&str, EntryChange)]) {
    let expected: Vec<(String, EntryChange)> = expected
        .iter()
        .map(|(name, change)| ((*name).to_owned(), *change))
        .collect();
    assert_eq!(events(watches, watch), expected);
}

#[test]
fn entries_are_made_written_moved_and_deleted() {
    use EntryChange::{Created, Gone, Written};
    let (place, elsewhere) = (directory(), directory());
    let file = place.path().join("f");
    let watches = DirectoryWatches::open().unwrap();
    let watch = watches.watch(place.path()).unwrap();
    assert!(watches.read().unwrap().is_empty());

    fs::write(&file, "1").unwrap();
    expect(&watches, watch, &[("f", Created), ("f", Written)]);
    fs::write(&file, "2").unwrap();
    expect(&watches, watch, &[("f", Written)]);
    fs::rename(&file, elsewhere.path().join("g")).unwrap();
    expect(&watches, watch, &[("f", Gone)]);
    fs::rename(elsewhere.path().join("g"), &file).unwrap();
    expect(&watches, watch, &[("f", Written)]);
    fs::remove_file(&file).unwrap();
    expect(&watches, watch, &[("f", Gone)]);
    symlink("/dev/null", &file).unwrap();
    expect(&watches, watch, &[("f", Created)]);
}

#[test]
fn a_directory_that_goes_is_reported_once() {
    let place = directory();
    let watches = DirectoryWatches::open().unwrap();
    let make = |name: &str| {
        let path = place.path().join(name);
        fs::create_dir(&path).unwrap();
        (watches.watch(&path).unwrap(), path)
    };
    let (deleted, path) = make("deleted");
    fs::remove_dir(&path).unwrap();
    assert_eq!(gone(&watches), [deleted]);

    let (moved, path) = make("moved");
    fs::rename(&path, place.path().join("away")).unwrap();
    assert_eq!(gone(&watches), [moved]);
    fs::write(place.path().join("away/f"), "1").unwrap();
    assert!(watches.read().unwrap().is_empty(), "the watch went along");
}

/// Directories that are reported gone by all that waits; the end of a moved one comes after its move
/// was read.
fn gone(watches: &DirectoryWatches) -> Vec<WatchId> {
    let mut ids = Vec::new();
    for _ in 0..3 {
        for event in watches.read().unwrap() {
            match event {
                DirectoryEvent::DirectoryGone(id) => ids.push(id),
                other => panic!("{other:?}"),
            }
        }
    }
    ids
}

#[test]
fn what_cannot_be_watched_is_an_error() {
    let place = directory();
    let watches = DirectoryWatches::open().unwrap();
    fs::write(place.path().join("file"), "").unwrap();
    for name in ["missing", "file"] {
        assert!(watches.watch(&place.path().join(name)).is_err(), "{name}");
    }
}

#[test]
fn the_same_directory_is_the_same_watch() {
    let place = directory();
    let watches = DirectoryWatches::open().unwrap();
    let first = watches.watch(place.path()).unwrap();
    let link = place.path().join("link");
    symlink(place.path(), &link).unwrap();
    assert_eq!(watches.watch(&link).unwrap(), first);
    assert_ne!(watches.watch(Path::new("/")).unwrap(), first);
    watches.forget(first);
    let left = watches.read().unwrap();
    assert!(left.contains(&DirectoryEvent::DirectoryGone(first)));
    fs::write(
        place.path().join("f"),
        OsString::from("1").as_encoded_bytes(),
    )
    .unwrap();
    assert!(watches.read().unwrap().is_empty());
}
