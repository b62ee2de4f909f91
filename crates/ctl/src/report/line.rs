//! A line of a file as a terminal shows it.

/// A line cut into what is shown, with the columns of a marked part.
pub(super) struct Shown {
    pub(super) text: String,
    /// Columns before the mark.
    pub(super) before: usize,
    /// Columns of the mark, at least one.
    pub(super) marked: usize,
}

/// Shows a line with the characters `from..to` marked: tabs become blanks, what has no picture a
/// replacement, and of a long line only the surroundings are shown.
pub(super) fn show(line: &str, from: usize, to: usize) -> Shown {
    let start = from.saturating_sub(if from > FAR { NEAR } else { from });
    let mut shown = Shown {
        text: String::new(),
        before: 0,
        marked: 0,
    };
    let mut column = 0;
    if start > 0 {
        shown.text.push('…');
        column = 1;
    }
    let first = column;
    for (index, c) in line.chars().enumerate().skip(start) {
        if index == from {
            shown.before = column;
        }
        if column > first + LONGEST {
            shown.text.push('…');
            column += 1;
            break;
        }
        let width = push(&mut shown.text, c, column);
        column += width;
        if (from..to).contains(&index) {
            shown.marked += width;
        }
    }
    // A place behind the last character.
    if from >= line.chars().count() {
        shown.before = column;
    }
    shown.marked = shown.marked.max(1);
    shown
}

/// Appends a character; returns how many columns it takes.
fn push(text: &mut String, c: char, column: usize) -> usize {
    match c {
        '\t' => {
            let width = TAB - column % TAB;
            text.extend(std::iter::repeat_n(' ', width));
            width
        }
        c if c.is_control() || is_invisible(c) => {
            text.push(char::REPLACEMENT_CHARACTER);
            1
        }
        c => {
            text.push(c);
            columns(c)
        }
    }
}

fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{feff}')
}

/// Columns of a terminal that a character takes (Unicode Standard Annex 11, in broad ranges).
fn columns(c: char) -> usize {
    match c {
        '\u{300}'..='\u{36f}' | '\u{20d0}'..='\u{20ff}' | '\u{fe00}'..='\u{fe0f}' => 0,
        '\u{1100}'..='\u{115f}'
        | '\u{2e80}'..='\u{a4cf}'
        | '\u{ac00}'..='\u{d7a3}'
        | '\u{f900}'..='\u{faff}'
        | '\u{fe30}'..='\u{fe6f}'
        | '\u{ff00}'..='\u{ff60}'
        | '\u{ffe0}'..='\u{ffe6}'
        | '\u{1f300}'..='\u{1f64f}'
        | '\u{1f900}'..='\u{1f9ff}'
        | '\u{20000}'..='\u{3fffd}' => 2,
        _ => 1,
    }
}

const TAB: usize = 4;
/// Columns of a line that are shown.
const LONGEST: usize = 140;
/// A mark that begins behind this column moves the line to the left,
const FAR: usize = 90;
/// and so much before it is still shown.
const NEAR: usize = 40;

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, from: usize, to: usize, text: &str, before: usize, marked: usize) {
        let shown = show(line, from, to);
        assert_eq!(shown.text, text);
        assert_eq!((shown.before, shown.marked), (before, marked));
    }

    #[test]
    fn columns_are_those_of_a_terminal() {
        check("ab cd", 3, 5, "ab cd", 3, 2);
        check("\tab\tcd", 4, 6, "    ab  cd", 8, 2);
        check("日本 x", 3, 4, "日本 x", 5, 1);
        check("日本 x", 0, 2, "日本 x", 0, 4);
        check("e\u{301}x", 2, 3, "e\u{301}x", 1, 1);
        check("a\u{200b}b\x1b", 2, 3, "a\u{fffd}b\u{fffd}", 2, 1);
        check("ab", 2, 2, "ab", 2, 1);
    }

    #[test]
    fn of_a_long_line_the_place_is_shown() {
        let line = "x".repeat(1000);
        let shown = show(&line, 500, 503);
        assert_eq!((shown.before, shown.marked), (41, 3));
        assert!(shown.text.chars().count() < 150);
        assert!(shown.text.starts_with('…') && shown.text.ends_with('…'));
        let shown = show(&line, 0, 1000);
        assert!(shown.marked < 150);
    }
}
