//! A session beside a master agent whose messages are written out byte by byte (RFC 2741, 6).
#![allow(clippy::unwrap_used, reason = "a test panics where it fails")]

use std::time::Duration;

use evervip_agentx::{
    Ended, Header, HeaderKind, Identity, Malformed, Oid, Query, Refusal, Session, Step, Subtree,
    Tree, TreeBuilder, Value, VarBind,
};
use proptest::prelude::*;

const OPEN: u8 = 1;
const CLOSE: u8 = 2;
const REGISTER: u8 = 3;
const GET: u8 = 5;
const GET_NEXT: u8 = 6;
const GET_BULK: u8 = 7;
const TEST_SET: u8 = 8;
const COMMIT_SET: u8 = 9;
const UNDO_SET: u8 = 10;
const CLEANUP_SET: u8 = 11;
const NOTIFY: u8 = 12;
const PING: u8 = 13;
const ADD_CAPABILITIES: u8 = 16;
const RESPONSE: u8 = 18;

/// A message of the master, in little-endian order as `snmpd` writes it on most machines.
fn message(kind: u8, session: u32, packet: u32, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![1, kind, 0, 0];
    for number in [session, 77, packet, u32::try_from(payload.len()).unwrap()] {
        bytes.extend(number.to_le_bytes());
    }
    bytes.extend(payload);
    bytes
}

fn oid(parts: &[u32], include: u8) -> Vec<u8> {
    let mut bytes = vec![u8::try_from(parts.len()).unwrap(), 0, include, 0];
    for part in parts {
        bytes.extend(part.to_le_bytes());
    }
    bytes
}

fn answer(session: u32, packet: u32, error: u16) -> Vec<u8> {
    let mut payload = vec![0; 4];
    payload.extend(error.to_le_bytes());
    payload.extend([0, 0]);
    message(RESPONSE, session, packet, &payload)
}

fn identity() -> Identity {
    Identity {
        description: "evervip".to_owned(),
        subtrees: vec![Subtree {
            root: Oid::new(&[1, 3, 6, 1, 4, 1, 5]),
            description: "a part".to_owned(),
        }],
    }
}

fn tree() -> Tree {
    let root = Oid::new(&[1, 3, 6, 1, 4, 1, 5]);
    let mut builder = TreeBuilder::default();
    builder.object(root.join(&[1]));
    builder.object(root.join(&[2]));
    builder.instance(root.join(&[1, 1]), Value::Integer(-11));
    builder.instance(root.join(&[1, 2]), Value::text("abcde"));
    builder.instance(root.join(&[2, 1]), Value::Counter64(1 << 40));
    builder.build()
}

const START: Duration = Duration::from_secs(100);

/// What is to be sent next: kind, packet number and payload.
fn sent(session: &mut Session) -> (u8, u32, Vec<u8>) {
    loop {
        match session.step() {
            Some(Step::Send(bytes)) => return parts(&bytes),
            Some(Step::Query(query)) => return parts(&query.answer(&tree())),
            Some(_) => {}
            None => panic!("nothing is to be sent"),
        }
    }
}

fn parts(bytes: &[u8]) -> (u8, u32, Vec<u8>) {
    assert_eq!(bytes[2], 1 << 4, "network order");
    let header = Header::parse(bytes).unwrap();
    assert_eq!(
        usize::try_from(header.length).unwrap(),
        bytes.len() - Header::LEN
    );
    (bytes[1], header.packet, bytes[Header::LEN..].to_vec())
}

/// A session that is open as number 9, its registrations answered.
fn open() -> Session {
    let mut session = Session::new(identity(), START);
    let (kind, packet, _) = sent(&mut session);
    assert_eq!(kind, OPEN);
    session.receive(&answer(9, packet, 0), START).unwrap();
    assert_eq!(session.step(), Some(Step::Connected));
    for expected in [REGISTER, ADD_CAPABILITIES] {
        let (kind, packet, _) = sent(&mut session);
        assert_eq!(kind, expected);
        session.receive(&answer(9, packet, 0), START).unwrap();
    }
    assert_eq!(session.step(), None);
    session
}

/// The payload of the answer to a question.
fn asked(session: &mut Session, kind: u8, payload: &[u8]) -> Vec<u8> {
    session
        .receive(&message(kind, 9, 5, payload), START)
        .unwrap();
    let (kind, packet, payload) = sent(session);
    assert_eq!((kind, packet), (RESPONSE, 5));
    payload
}

/// The error and its index in an answer.
fn error(payload: &[u8]) -> [u8; 4] {
    payload[4..8].try_into().unwrap()
}

#[test]
fn an_open_message_says_who_speaks() {
    let mut session = Session::new(identity(), START);
    let (_, _, payload) = sent(&mut session);
    let mut expected = vec![0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7];
    expected.extend(b"evervip\0");
    assert_eq!(payload, expected);
}

#[test]
fn a_registration_has_the_short_prefix() {
    let mut session = Session::new(identity(), START);
    let (_, packet, _) = sent(&mut session);
    session.receive(&answer(9, packet, 0), START).unwrap();
    let (_, _, payload) = sent(&mut session);
    // 1.3.6.1.4 is the prefix 4; 1.5 follows.
    let expected = [0, 127, 0, 0, 2, 4, 0, 0, 0, 0, 0, 1, 0, 0, 0, 5];
    assert_eq!(payload, expected);
}

#[test]
fn a_refused_part_is_told_and_the_rest_served() {
    let mut session = Session::new(identity(), START);
    let (_, packet, _) = sent(&mut session);
    session.receive(&answer(9, packet, 0), START).unwrap();
    let (_, packet, _) = sent(&mut session);
    session.receive(&answer(9, packet, 263), START).unwrap();
    let (kind, ..) = sent(&mut session);
    assert_eq!(kind, ADD_CAPABILITIES);
    let refused = Step::Refused(Oid::new(&[1, 3, 6, 1, 4, 1, 5]), Refusal(263));
    assert_eq!(session.step(), Some(refused));
    assert_eq!(Refusal(263).to_string(), "duplicateRegistration (263)");
    assert!(session.is_open());
}

#[test]
fn values_are_asked_for() {
    let mut session = open();
    let mut names = Vec::new();
    for name in [
        &[1, 3, 6, 1, 4, 1, 5, 1, 1][..],
        &[1, 3, 6, 1, 4, 1, 5, 1, 9],
        &[1, 3, 6, 1, 4, 1, 5, 3, 1],
    ] {
        names.extend(oid(name, 0));
        names.extend(oid(&[], 0));
    }
    let payload = asked(&mut session, GET, &names);
    let mut expected = vec![0; 8];
    expected.extend([
        0, 2, 0, 0, 4, 4, 0, 0, 0, 0, 0, 1, 0, 0, 0, 5, 0, 0, 0, 1, 0, 0, 0, 1,
    ]);
    expected.extend([0xff, 0xff, 0xff, 0xf5]);
    expected.extend([
        0, 129, 0, 0, 4, 4, 0, 0, 0, 0, 0, 1, 0, 0, 0, 5, 0, 0, 0, 1, 0, 0, 0, 9,
    ]);
    expected.extend([
        0, 128, 0, 0, 4, 4, 0, 0, 0, 0, 0, 1, 0, 0, 0, 5, 0, 0, 0, 3, 0, 0, 0, 1,
    ]);
    assert_eq!(payload, expected);
}

#[test]
fn next_values_keep_within_their_range() {
    let mut session = open();
    let root = [1, 3, 6, 1, 4, 1, 5];
    let mut range = oid(&[&root[..], &[1, 1]].concat(), 0);
    range.extend(oid(&[&root[..], &[2]].concat(), 0));
    let payload = asked(&mut session, GET_NEXT, &range);
    let mut expected = vec![0; 8];
    expected.extend([
        0, 4, 0, 0, 4, 4, 0, 0, 0, 0, 0, 1, 0, 0, 0, 5, 0, 0, 0, 1, 0, 0, 0, 2,
    ]);
    expected.extend(b"\0\0\0\x05abcde\0\0\0");
    assert_eq!(payload, expected);

    let mut range = oid(&[&root[..], &[1, 2]].concat(), 0);
    range.extend(oid(&[&root[..], &[2]].concat(), 0));
    let payload = asked(&mut session, GET_NEXT, &range);
    assert_eq!(&payload[8..12], [0, 130, 0, 0], "nothing before the end");

    let mut range = oid(&[&root[..], &[1, 2]].concat(), 1);
    range.extend(oid(&[], 0));
    let payload = asked(&mut session, GET_NEXT, &range);
    assert_eq!(
        &payload[8..12],
        [0, 4, 0, 0],
        "the place itself is in the range"
    );
}

#[test]
fn many_values_are_asked_for_at_once() {
    let mut session = open();
    let mut bulk = vec![0, 0, 200, 0];
    bulk.extend(oid(&[1], 0));
    bulk.extend(oid(&[], 0));
    let payload = asked(&mut session, GET_BULK, &bulk);
    let binding = |value_len: usize| 4 + 4 + 4 * 4 + value_len;
    let values = binding(4) + binding(4 + 8) + binding(8);
    // Behind the last value its name stands once more, with "end of view".
    assert_eq!(payload.len(), 8 + values + binding(0));
}

#[test]
fn nothing_can_be_set() {
    let mut session = open();
    let mut binding = vec![2, 0, 0, 0];
    binding.extend(oid(&[1, 3, 6, 1, 4, 1, 5, 1, 1], 0));
    binding.extend([7, 0, 0, 0]);
    let payload = asked(&mut session, TEST_SET, &binding);
    assert_eq!(error(&payload), [0, 17, 0, 1]);
    assert_eq!(
        error(&asked(&mut session, TEST_SET, &[2, 0])),
        [1, 10, 0, 0]
    );
    assert_eq!(error(&asked(&mut session, COMMIT_SET, &[])), [0, 14, 0, 1]);
    assert_eq!(error(&asked(&mut session, UNDO_SET, &[])), [0, 15, 0, 1]);
    session
        .receive(&message(CLEANUP_SET, 9, 5, &[]), START)
        .unwrap();
    assert_eq!(session.step(), None);
}

#[test]
fn questions_that_cannot_be_read_or_belong_to_nobody() {
    let mut session = open();
    assert_eq!(
        error(&asked(&mut session, GET, &[9, 0, 0, 0])),
        [1, 10, 0, 0]
    );
    session.receive(&message(GET, 8, 5, &[]), START).unwrap();
    let (_, _, payload) = sent(&mut session);
    assert_eq!(error(&payload), [1, 1, 0, 0]);
}

#[test]
fn notifications_name_what_they_are() {
    let mut session = open();
    let value = VarBind {
        name: Oid::new(&[1, 3, 6, 1, 2]),
        value: Value::Ticks(3),
    };
    session.notify(Oid::new(&[1, 3, 6, 1, 9, 8]), &[value], START);
    let (kind, _, payload) = sent(&mut session);
    assert_eq!(kind, NOTIFY);
    let mut expected = vec![0, 6, 0, 0, 6, 6, 0, 0];
    for part in [3_u32, 1, 1, 4, 1, 0] {
        expected.extend(part.to_be_bytes());
    }
    expected.extend([1, 9, 0, 0, 0, 0, 0, 8]);
    expected.extend([0, 67, 0, 0, 0, 2, 0, 0, 0, 0, 0, 3]);
    assert_eq!(payload, expected);
}

#[test]
fn a_silent_master_is_asked_and_given_up() {
    let mut session = open();
    let later = session.deadline();
    assert_eq!(later, START + Duration::from_secs(15));
    session.elapse(later).unwrap();
    let (kind, packet, _) = sent(&mut session);
    assert_eq!(kind, PING);
    let mut answered = open();
    answered.elapse(later).unwrap();
    answered.receive(&answer(9, packet, 0), later).unwrap();
    let end = later + Duration::from_secs(10);
    assert_eq!(session.elapse(end), Err(Ended::Silent));
    assert_eq!(answered.elapse(end), Ok(()));
}

#[test]
fn a_master_that_began_anew_knows_no_session() {
    let mut session = open();
    session.elapse(session.deadline()).unwrap();
    let (_, packet, _) = sent(&mut session);
    assert_eq!(
        session.receive(&answer(9, packet, 257), START),
        Err(Ended::Unknown)
    );
}

#[test]
fn a_master_ends_or_refuses_a_session() {
    let closed = open().receive(&message(CLOSE, 9, 1, &[2, 0, 0, 0]), START);
    assert_eq!(closed, Err(Ended::Closed(2)));
    let mut session = Session::new(identity(), START);
    let (_, packet, _) = sent(&mut session);
    let refused = session.receive(&answer(0, packet, 256), START);
    assert_eq!(refused, Err(Ended::Refused(Refusal(256))));
    assert_eq!(session.close(), None);
}

#[test]
fn who_leaves_says_so_once() {
    let mut session = open();
    let (kind, _, payload) = parts(&session.close().unwrap());
    assert_eq!((kind, payload), (CLOSE, vec![5, 0, 0, 0]));
    assert_eq!(session.close(), None);
}

#[test]
fn messages_come_in_any_pieces() {
    let mut session = open();
    let mut question = oid(&[1], 0);
    question.extend(oid(&[], 0));
    let mut stream = message(GET_NEXT, 9, 5, &question);
    stream.extend(message(GET_NEXT, 9, 6, &question));
    for byte in &stream {
        session.receive(&[*byte], START).unwrap();
    }
    assert_eq!(sent(&mut session).1, 5);
    assert_eq!(sent(&mut session).1, 6);
    assert_eq!(session.step(), None);
}

#[test]
fn what_is_not_agentx_ends_the_session() {
    let wrong_version = [2; 20];
    assert_eq!(
        open().receive(&wrong_version, START),
        Err(Ended::Malformed(Malformed::Version(2)))
    );
    let mut long = message(GET, 9, 5, &[]);
    long[16..20].copy_from_slice(&0x7fff_ffff_u32.to_le_bytes());
    assert_eq!(
        open().receive(&long, START),
        Err(Ended::Malformed(Malformed::Length(0x7fff_ffff)))
    );
}

/// A message of the greatest length that is read, full of ranges from the beginning to no end.
fn crowd(kind: u8, head: &[u8]) -> Query {
    let length = usize::try_from(Header::MAX_LENGTH).unwrap();
    let mut payload = vec![0; length];
    payload[..head.len()].copy_from_slice(head);
    payload.truncate(length - (length - head.len()) % 8);
    let mut session = open();
    session
        .receive(&message(kind, 9, 5, &payload), START)
        .unwrap();
    match session.step() {
        Some(Step::Query(query)) => query,
        other => panic!("{other:?}"),
    }
}

#[test]
fn no_question_has_an_answer_of_many_megabytes() {
    let mut builder = TreeBuilder::default();
    builder.instance(Oid::new(&[1]), Value::text(&"long ".repeat(1000)));
    let tree = builder.build();
    let (once, each) = ([0xff, 0xff, 0, 0], [0, 0, 0xff, 0xff]);
    for (kind, head) in [
        (GET_NEXT, &[][..]),
        (GET_BULK, &once[..]),
        (GET_BULK, &each[..]),
    ] {
        let answer = crowd(kind, head).answer(&tree);
        assert!(answer.len() < 2 << 20, "{}", answer.len());
        let expected = if head == each { [0; 4] } else { [0, 5, 0, 0] };
        assert_eq!(error(&answer[Header::LEN..]), expected, "{kind} {head:?}");
    }
}

#[test]
fn a_name_that_is_too_long_is_not_taken_for_a_shorter_one() {
    let mut session = open();
    for (length, expected) in [(128, [0; 4]), (129, [1, 10, 0, 0])] {
        let mut question = oid(&vec![1; length], 0);
        question.extend(oid(&[], 0));
        let payload = asked(&mut session, GET_NEXT, &question);
        assert_eq!(error(&payload), expected, "{length}");
    }
}

fn kinds() -> impl Strategy<Value = u8> {
    prop_oneof![
        Just(GET),
        Just(GET_NEXT),
        Just(GET_BULK),
        Just(TEST_SET),
        0..20_u8
    ]
}

proptest! {
    #[test]
    fn any_bytes_are_taken(
        pieces in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..80), 0..8),
    ) {
        let mut session = open();
        for piece in pieces {
            if session.receive(&piece, START).is_err() {
                break;
            }
            while session.step().is_some() {}
        }
    }

    #[test]
    fn any_payload_is_answered_once(kind in kinds(), flags: u8, payload in proptest::collection::vec(prop_oneof![Just(0_u8), 0..4_u8, any::<u8>()], 0..120)) {
        let mut session = open();
        let mut bytes = message(kind, 9, 5, &payload);
        bytes[2] = flags & !(1 << 4);
        if session.receive(&bytes, START).is_ok() {
            let mut answers = 0;
            while let Some(step) = session.step() {
                answers += 1;
                if let Step::Query(query) = step {
                    prop_assert!(is_answer(&query));
                }
            }
            prop_assert!(answers <= 1);
        }
    }
}

fn is_answer(query: &Query) -> bool {
    let bytes = query.answer(&tree());
    Header::parse(&bytes).is_ok_and(|header| header.kind == HeaderKind::Response)
}
