//! Comparison with reviewed files.

use std::fmt::Write as _;
use std::path::Path;

/// Compares a text with the file at `path`; `UPDATE_EXPECT=1` in the environment rewrites the file
/// instead.
///
/// # Panics
/// When they differ, with the first lines that do.
pub fn file(path: &Path, text: &str) {
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(path, text).expect("the expected text can be written");
        return;
    }
    let expected = std::fs::read_to_string(path).unwrap_or_default();
    if let Some(difference) = difference(&expected, text) {
        panic!(
            "{} differs; review, then UPDATE_EXPECT=1 rewrites it\n{difference}",
            path.display()
        );
    }
}

/// The first difference with a few lines around it.
fn difference(expected: &str, text: &str) -> Option<String> {
    if expected == text {
        return None;
    }
    let (old, new): (Vec<&str>, Vec<&str>) = (expected.lines().collect(), text.lines().collect());
    let first = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let start = old[..first]
        .iter()
        .rposition(|line| line.starts_with("=="))
        .unwrap_or(0);
    let mut message = String::new();
    for line in &old[start..first] {
        let _ = writeln!(message, "  {line}");
    }
    for (mark, lines) in [('-', &old), ('+', &new)] {
        for line in lines.iter().skip(first).take(12) {
            let _ = writeln!(message, "{mark} {line}");
        }
    }
    Some(message)
}

#[cfg(test)]
mod tests {
    use super::difference;

    #[test]
    fn the_first_difference_is_shown_with_its_heading() {
        assert_eq!(difference("a\n", "a\n"), None);
        let shown = difference("== one\nx\n== two\ny\nz\n", "== one\nx\n== two\ny\nw\n").unwrap();
        assert_eq!(shown, "  == two\n  y\n- z\n+ w\n");
    }

    #[test]
    fn a_missing_end_is_a_difference() {
        assert!(difference("a\nb\n", "a\n").is_some());
    }
}
