//! The table of contents of the book.

use std::collections::BTreeSet;
use std::path::Path;

use crate::page::{book, top};

const SUMMARY: &str = "docs/SUMMARY.md";

#[test]
fn the_book_has_every_page_once() {
    let pages = book();
    let summary = pages.iter().find(|page| page.name == SUMMARY).unwrap();
    let mut listed = BTreeSet::new();
    for line in summary.text.lines() {
        let Some((_, target)) = line.split_once("](") else {
            continue;
        };
        let target = target.trim_end_matches(')');
        let file = top().join("docs").join(target).canonicalize();
        let file = file.unwrap_or_else(|error| panic!("{target}: {error}"));
        let name = file.strip_prefix(top().canonicalize().unwrap()).unwrap();
        assert!(listed.insert(name.to_owned()), "{target} stands twice");
    }
    let missing: Vec<_> = pages
        .iter()
        .map(|page| page.name.as_str())
        .filter(|name| *name != SUMMARY && !listed.contains(Path::new(name)))
        .collect();
    assert!(missing.is_empty(), "{SUMMARY} lacks {}", missing.join(", "));
}
