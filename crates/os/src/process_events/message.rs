//! The bytes of the process connector (`linux/connector.h`, `linux/cn_proc.h`): a netlink header, a
//! connector header, and an event. All numbers are in the machine's byte order.

use super::ProcessEvent;
use crate::bpf::{ACCEPT, DROP, Instruction, JUMP_EQUAL, RETURN, jump, plain};

/// Asks for events.
pub(super) fn listen_request() -> [u8; EVENT + 4] {
    let mut request = [0; EVENT + 4];
    let length = u32::try_from(request.len()).unwrap_or(u32::MAX);
    put(&mut request, 0, length);
    // `NLMSG_DONE` in the first half, no flags in the second.
    request[4..6].copy_from_slice(&NLMSG_DONE.to_ne_bytes());
    put(&mut request, NETLINK_HEADER, CN_IDX_PROC);
    put(&mut request, NETLINK_HEADER + 4, CN_VAL_PROC);
    request[NETLINK_HEADER + 16..][..2].copy_from_slice(&4_u16.to_ne_bytes());
    put(&mut request, EVENT, PROC_CN_MCAST_LISTEN);
    request
}

/// Reads an event; `None` when it is none of those wanted, or makes no sense.
pub(super) fn decode(datagram: &[u8]) -> Option<ProcessEvent> {
    if number(datagram, NETLINK_HEADER)? != CN_IDX_PROC {
        return None;
    }
    let id = |offset| number(datagram, offset).and_then(|id| i32::try_from(id).ok());
    let process = || {
        // The same number twice: no thread but the process.
        let (thread, pid) = (id(DATA)?, id(DATA + 4)?);
        (thread == pid).then_some(pid)
    };
    Some(match number(datagram, EVENT)? {
        ANSWER => ProcessEvent::Answered { error: id(DATA)? },
        FORK => {
            let (thread, child) = (id(DATA + 8)?, id(DATA + 12)?);
            if thread != child {
                return None;
            }
            ProcessEvent::Forked {
                parent: id(DATA + 4)?,
                child,
            }
        }
        EXEC => ProcessEvent::Executed { pid: id(DATA + 4)? },
        RENAME => ProcessEvent::Renamed { pid: process()? },
        EXIT => ProcessEvent::Exited { pid: process()? },
        _ => return None,
    })
}

/// The program that lets answers pass, and what happens to processes rather than threads.
pub(super) fn only_processes() -> Vec<Instruction> {
    let same = |first: usize, second: usize| {
        [
            load(first),
            plain(COPY_A_TO_X, 0),
            load(second),
            jump(JUMP_EQUAL_X, 0, 0, 1),
            plain(RETURN, ACCEPT),
            plain(RETURN, DROP),
        ]
    };
    let mut program = vec![
        load(EVENT),
        jump(JUMP_EQUAL, ANSWER.to_be(), 5, 0),
        jump(JUMP_EQUAL, EXEC.to_be(), 4, 0),
        jump(JUMP_EQUAL, FORK.to_be(), 4, 0),
        jump(JUMP_EQUAL, EXIT.to_be(), 9, 0),
        jump(JUMP_EQUAL, RENAME.to_be(), 8, 0),
        plain(RETURN, DROP),
        plain(RETURN, ACCEPT),
    ];
    program.extend(same(DATA + 8, DATA + 12));
    program.extend(same(DATA, DATA + 4));
    program
}

/// Loads a number, as if it were in network byte order: compare with `to_be`.
fn load(offset: usize) -> Instruction {
    plain(LOAD_WORD, u32::try_from(offset).unwrap_or(u32::MAX))
}

fn number(datagram: &[u8], offset: usize) -> Option<u32> {
    let bytes = datagram.get(offset..)?.first_chunk()?;
    Some(u32::from_ne_bytes(*bytes))
}

fn put(request: &mut [u8], offset: usize, value: u32) {
    request[offset..][..4].copy_from_slice(&value.to_ne_bytes());
}

const NETLINK_HEADER: usize = 16;
/// Where the event, or a request, begins.
const EVENT: usize = NETLINK_HEADER + 20;
/// Where the data of an event begin, behind kind, processor and time.
const DATA: usize = EVENT + 16;

const NLMSG_DONE: u16 = 3;
const CN_IDX_PROC: u32 = 1;
const CN_VAL_PROC: u32 = 1;
const PROC_CN_MCAST_LISTEN: u32 = 1;

// Kinds of events.
const ANSWER: u32 = 0;
const FORK: u32 = 1;
const EXEC: u32 = 2;
const RENAME: u32 = 0x200;
const EXIT: u32 = 0x8000_0000;

/// `LD | W | ABS`
const LOAD_WORD: u16 = 0x20;
/// `JMP | JEQ | X`
const JUMP_EQUAL_X: u16 = 0x1d;
/// `MISC | TAX`
const COPY_A_TO_X: u16 = 0x07;

#[cfg(test)]
mod tests {
    use super::*;

    /// An event of this kind with these numbers.
    fn event(kind: u32, data: &[u32]) -> Vec<u8> {
        let mut bytes = vec![0; DATA + 24];
        put(&mut bytes, NETLINK_HEADER, CN_IDX_PROC);
        put(&mut bytes, EVENT, kind);
        for (at, value) in data.iter().enumerate() {
            put(&mut bytes, DATA + 4 * at, *value);
        }
        bytes
    }

    /// Runs the program as the kernel would; the answer is whether the event passes.
    fn passes(event: &[u8]) -> bool {
        let program = only_processes();
        let (mut a, mut x, mut next) = (0, 0, 0);
        loop {
            let Instruction {
                code,
                jump_true,
                jump_false,
                operand,
            } = program[next];
            next += 1;
            let mut skip = |holds: bool| {
                next += usize::from(if holds { jump_true } else { jump_false });
            };
            match code {
                LOAD_WORD => a = number(event, operand as usize).unwrap().to_be(),
                COPY_A_TO_X => x = a,
                JUMP_EQUAL => skip(a == operand),
                JUMP_EQUAL_X => skip(a == x),
                RETURN => return operand == ACCEPT,
                other => panic!("{other:#x}"),
            }
        }
    }

    #[test]
    fn events_of_processes_pass_and_are_read() {
        for (bytes, expected) in [
            (event(ANSWER, &[1]), ProcessEvent::Answered { error: 1 }),
            (
                event(FORK, &[7, 5, 9, 9]),
                ProcessEvent::Forked {
                    parent: 5,
                    child: 9,
                },
            ),
            // The thread that calls exec becomes the process.
            (event(EXEC, &[8, 8]), ProcessEvent::Executed { pid: 8 }),
            (event(RENAME, &[8, 8]), ProcessEvent::Renamed { pid: 8 }),
            (event(EXIT, &[8, 8, 9]), ProcessEvent::Exited { pid: 8 }),
        ] {
            assert!(passes(&bytes), "{expected:?}");
            assert_eq!(decode(&bytes), Some(expected));
        }
    }

    #[test]
    fn threads_and_other_news_do_not_pass() {
        for bytes in [
            event(FORK, &[7, 5, 9, 5]),
            event(RENAME, &[9, 8]),
            event(EXIT, &[9, 8]),
            event(4, &[8, 8]),
            event(0x80, &[8, 8]),
        ] {
            assert!(!passes(&bytes), "{bytes:?}");
            assert_eq!(decode(&bytes), None);
        }
    }

    #[test]
    fn short_and_foreign_datagrams_are_none() {
        let whole = event(EXIT, &[8, 8]);
        for length in 0..DATA + 8 {
            assert_eq!(decode(&whole[..length]), None, "{length}");
        }
        let mut foreign = whole;
        put(&mut foreign, NETLINK_HEADER, 2);
        assert_eq!(decode(&foreign), None);
    }

    #[test]
    fn the_request_has_the_right_length() {
        let request = listen_request();
        assert_eq!(number(&request, 0), Some(40));
        assert_eq!(number(&request, EVENT), Some(PROC_CN_MCAST_LISTEN));
    }
}
