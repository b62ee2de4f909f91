//! Any bytes as what an SNMP agent says to a subagent, in pieces of any length.
#![no_main]

use std::time::Duration;

use evervip_agentx::{Header, HeaderKind, Identity, Oid, Session, Step, Subtree, TreeBuilder, Value};
use libfuzzer_sys::fuzz_target;

/// Answer of the master to the first message: session 9 is open.
const OPENED: [u8; 28] = [
    1, 18, 16, 0, 0, 0, 0, 9, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0,
];

fuzz_target!(|bytes: &[u8]| {
    let Some((&size, mut rest)) = bytes.split_first() else {
        return;
    };
    let root = Oid::new(&[1, 3, 6, 1, 4, 1, 5]);
    let identity = Identity {
        description: "fuzz".to_owned(),
        subtrees: vec![Subtree {
            root: root.clone(),
            description: String::new(),
        }],
    };
    let mut builder = TreeBuilder::default();
    for part in 0..5 {
        builder.instance(root.join(&[part, part]), Value::text("value"));
    }
    let tree = builder.build();
    let mut session = Session::new(identity, Duration::ZERO);
    if session.receive(&OPENED, Duration::ZERO).is_err() {
        return;
    }
    while !rest.is_empty() {
        let (piece, behind) = rest.split_at(rest.len().min(usize::from(size) + 1));
        rest = behind;
        if session.receive(piece, Duration::ZERO).is_err() {
            return;
        }
        while let Some(step) = session.step() {
            if let Step::Query(query) = step {
                let answer = query.answer(&tree);
                let header = Header::parse(&answer).expect("an answer is a message");
                assert_eq!(header.kind, HeaderKind::Response);
            }
        }
    }
});
