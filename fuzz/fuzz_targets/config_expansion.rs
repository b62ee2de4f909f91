//! Definitions, loops, conditions and includes in any order. Nothing expands without end, and what
//! is said about it stays short.
#![no_main]

mod machine;

use std::path::Path;

use arbitrary::Arbitrary;
use evervip_config::{Mode, load};
use libfuzzer_sys::fuzz_target;
use machine::{Disk, MAIN, Machine};

#[derive(Debug, Arbitrary)]
enum Piece {
    Define(u8),
    DefineLines(u8),
    Use(u8),
    UseInBraces(u8),
    Continue,
    EndLine,
    Sequence(u8, i8, i8),
    HexSequence(u8, u8),
    List(u8, u8),
    Condition(bool),
    Random(u8),
    Include,
    Open,
    Close,
    Quote,
    Text(char),
    Word,
}

impl Piece {
    fn write(&self, text: &mut String) {
        let name = |n: &u8| char::from(b'A' + n % 4);
        text.push_str(&match self {
            Self::Define(n) => format!("\n${}=", name(n)),
            Self::DefineLines(n) => format!("\n${}=\\\n", name(n)),
            Self::Use(n) => format!("${} ", name(n)),
            Self::UseInBraces(n) => format!("${{{}}}", name(n)),
            Self::Continue => " \\\n".to_owned(),
            Self::EndLine => "\n".to_owned(),
            Self::Sequence(n, from, to) => format!("\n~SEQ({}, {from}, {to}) ", name(n)),
            Self::HexSequence(n, to) => format!("~SEQx({}, {to}) ", name(n)),
            Self::List(n, m) => format!("~LST({{{}, {}}}, {{1, $A}}, {{b}}) ", name(n), name(m)),
            Self::Condition(true) => "\n@^other ".to_owned(),
            Self::Condition(false) => "\n@node1 ".to_owned(),
            Self::Random(n) => format!("${{_RANDOM {n} 9}}"),
            Self::Include => "\ninclude other.conf\n".to_owned(),
            Self::Open => "{".to_owned(),
            Self::Close => "}".to_owned(),
            Self::Quote => "\"".to_owned(),
            Self::Text(c) => c.to_string(),
            Self::Word => "vrrp_instance ".to_owned(),
        });
    }
}

fuzz_target!(|pieces: (Vec<Piece>, Vec<Piece>)| {
    let text = |pieces: &[Piece]| {
        let mut text = String::new();
        pieces.iter().for_each(|piece| piece.write(&mut text));
        text
    };
    let (main, other) = (text(&pieces.0), text(&pieces.1));
    let disk = Disk {
        main: main.as_bytes(),
        other: other.as_bytes(),
    };
    let loaded = load(Path::new(MAIN), &disk, &Machine, Mode::Start);
    assert!(loaded.diagnostics.len() <= 1010);
    assert!(loaded.log_lines().all(|line| line.len() < 8 << 10));
    assert_eq!(loaded.config.is_none(), loaded.start_failure().is_some());
});
