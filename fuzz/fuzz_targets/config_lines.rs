//! Any bytes as lines: comments, words, quotes, script words. Every word stands where it says, and
//! the words of a line stand one behind the other.
#![no_main]

mod machine;

use std::path::Path;

use evervip_config::{Mode, Node, Options, SourceMap, load_with_tree};
use libfuzzer_sys::fuzz_target;
use machine::{Disk, MAIN, Machine};

fuzz_target!(|bytes: &[u8]| {
    let main = [b"vrrp_instance I {\ntrack_interface {\n", bytes].concat();
    let disk = Disk {
        main: &main,
        other: bytes,
    };
    let options = Options::default();
    let (loaded, tree) = load_with_tree(Path::new(MAIN), &disk, &Machine, Mode::Test, &options);
    let mut nodes: Vec<_> = tree.nodes().iter().collect();
    while let Some(node) = nodes.pop() {
        check(node, &loaded.sources);
        nodes.extend(node.nodes());
    }
});

fn check(node: &Node, sources: &SourceMap) {
    let line = node.line_span();
    let mut last = line.start;
    for word in std::iter::once(node.keyword()).chain(node.args()) {
        assert_eq!(word.span.file, line.file);
        assert!(last <= word.span.start && word.span.start <= word.span.end);
        assert!(word.span.end <= line.end);
        assert!(word.span.end as usize <= sources.bytes(line.file).len());
        // Words that a definition has brought stand for the same place.
        last = word.span.start;
    }
    if let Some(words) = node.script_words() {
        let length: usize = words.iter().map(Vec::len).sum();
        assert!(length <= node.text().len());
    }
}
