//! `docs/keywords.md` is what the keyword table says.
#![expect(
    clippy::disallowed_methods,
    reason = "the test reads the file it is about"
)]

use std::path::Path;

#[test]
fn the_reference_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/keywords.md");
    let expect = evervip_config::keyword::markdown();
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&path, &expect).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == expect,
        "docs/keywords.md is old: run with UPDATE_EXPECT=1"
    );
}
