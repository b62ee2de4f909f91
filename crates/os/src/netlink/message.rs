//! The outer layer of netlink: several messages in one datagram, and the answers to requests.

/// One message of a datagram.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Message<'a> {
    /// `nlmsg_type`.
    pub(crate) kind: u16,
    /// `nlmsg_flags`.
    pub(crate) flags: u16,
    /// `nlmsg_seq`; of the request that is answered.
    pub(crate) sequence: u32,
    /// `nlmsg_pid`; in an event the port that caused it, 0 is the kernel itself.
    pub(crate) port: u32,
    /// What follows the header.
    pub(crate) payload: &'a [u8],
}

impl Message<'_> {
    /// For an answer that ends a request: its error number, 0 for success.
    ///
    /// `None` is any other message. An answer too short to hold the number counts as `EBADMSG`.
    pub(crate) fn verdict(&self) -> Option<i32> {
        let kind = i32::from(self.kind);
        if kind != libc::NLMSG_ERROR && kind != libc::NLMSG_DONE {
            return None;
        }
        match read_i32(self.payload, 0) {
            Some(negative) => Some(negative.checked_neg().unwrap_or(libc::EBADMSG)),
            // The end of a dump need not carry a number.
            None if kind == libc::NLMSG_DONE => Some(0),
            None => Some(libc::EBADMSG),
        }
    }

    /// The text that the kernel added to an error (extended acknowledgement).
    pub(crate) fn detail(&self) -> Option<String> {
        if i32::from(self.kind) != libc::NLMSG_ERROR || self.flags & FLAG_ATTRIBUTES == 0 {
            return None;
        }
        // Behind the error number stands the request: its header, and the rest unless it was cut.
        let request = if self.flags & FLAG_CAPPED == 0 {
            usize::try_from(read_u32(self.payload, 4)?).ok()?
        } else {
            HEADER_SIZE
        };
        let mut rest = self.payload.get(4_usize.checked_add(align(request))?..)?;
        loop {
            let length = usize::from(read_u16(rest, 0)?);
            let kind = read_u16(rest, 2)?;
            let value = rest.get(4..length)?;
            if kind == ATTRIBUTE_MESSAGE {
                let text = value.split(|byte| *byte == 0).next()?;
                return Some(String::from_utf8_lossy(text).into_owned());
            }
            rest = rest.get(align(length)..)?;
        }
    }
}

/// The messages of a datagram. Whatever follows a header that cannot be right is left out.
pub(crate) fn messages(datagram: &[u8]) -> impl Iterator<Item = Message<'_>> {
    let mut rest = datagram;
    std::iter::from_fn(move || {
        let length = usize::try_from(read_u32(rest, 0)?).ok()?;
        let message = Message {
            kind: read_u16(rest, 4)?,
            flags: read_u16(rest, 6)?,
            sequence: read_u32(rest, 8)?,
            port: read_u32(rest, 12)?,
            payload: rest.get(HEADER_SIZE..length)?,
        };
        rest = rest.get(align(length)..).unwrap_or_default();
        Some(message)
    })
}

/// Kind and value of each attribute. Whatever follows a length that cannot be right is left out.
pub(crate) fn attributes(bytes: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let length = usize::from(read_u16(rest, 0)?);
        let kind = read_u16(rest, 2)? & KIND_BITS;
        let value = rest.get(4..length)?;
        rest = rest.get(align(length)..).unwrap_or_default();
        Some((kind, value))
    })
}

/// Without the flags for nested attributes and byte order.
const KIND_BITS: u16 = 0x3fff;

/// The next multiple of four.
const fn align(length: usize) -> usize {
    length.saturating_add(3) & !3
}

pub(crate) fn read_u16(bytes: &[u8], offset: usize) -> Option<u16> {
    Some(u16::from_ne_bytes(field(bytes, offset)?))
}

pub(crate) fn read_u32(bytes: &[u8], offset: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(field(bytes, offset)?))
}

fn read_i32(bytes: &[u8], offset: usize) -> Option<i32> {
    Some(i32::from_ne_bytes(field(bytes, offset)?))
}

fn field<const N: usize>(bytes: &[u8], offset: usize) -> Option<[u8; N]> {
    bytes.get(offset..offset.checked_add(N)?)?.try_into().ok()
}

/// Size of a message header.
pub(crate) const HEADER_SIZE: usize = 16;
/// The table changed while it was being dumped (`NLM_F_DUMP_INTR`).
pub(crate) const FLAG_DUMP_INTERRUPTED: u16 = 0x10;
/// The answer holds only the header of the request (`NLM_F_CAPPED`).
const FLAG_CAPPED: u16 = 0x100;
/// The answer has attributes (`NLM_F_ACK_TLVS`).
const FLAG_ATTRIBUTES: u16 = 0x200;
/// The attribute that holds a text (`NLMSGERR_ATTR_MSG`).
const ATTRIBUTE_MESSAGE: u16 = 1;

#[cfg(test)]
mod tests {
    use super::*;

    fn message(kind: i32, flags: u16, payload: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        bytes.extend(u32::try_from(16 + payload.len()).unwrap().to_ne_bytes());
        bytes.extend(u16::try_from(kind).unwrap().to_ne_bytes());
        bytes.extend(flags.to_ne_bytes());
        bytes.extend(7_u32.to_ne_bytes());
        bytes.extend(99_u32.to_ne_bytes());
        bytes.extend(payload);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes
    }

    fn refusal(flags: u16, text: &str) -> Vec<u8> {
        let mut payload = (-19_i32).to_ne_bytes().to_vec();
        payload.extend(20_u32.to_ne_bytes());
        payload.extend([0; 12]);
        if flags & FLAG_CAPPED == 0 {
            payload.extend([9; 4]);
        }
        payload.extend([5, 0, 2, 0, 1, 0, 0, 0]);
        payload.extend(u16::try_from(4 + text.len() + 1).unwrap().to_ne_bytes());
        payload.extend([1, 0]);
        payload.extend(text.bytes());
        payload.push(0);
        message(libc::NLMSG_ERROR, flags, &payload)
    }

    #[test]
    fn messages_are_found_one_behind_the_other() {
        let mut datagram = message(16, 2, b"abcde");
        datagram.extend(message(libc::NLMSG_DONE, 2, &[0; 4]));
        let found: Vec<_> = messages(&datagram).collect();
        assert_eq!(found.len(), 2);
        assert_eq!(
            (found[0].kind, found[0].flags, found[0].sequence),
            (16, 2, 7)
        );
        assert_eq!((found[0].port, found[0].payload), (99, &b"abcde"[..]));
        assert_eq!(found[0].verdict(), None);
        assert_eq!(found[1].verdict(), Some(0));
    }

    #[test]
    fn a_datagram_cut_anywhere_yields_whole_messages_only() {
        let mut datagram = message(16, 2, b"abcd");
        datagram.extend(message(17, 2, b"efgh"));
        for length in 0..datagram.len() {
            let expected = usize::from(length >= 20);
            assert_eq!(messages(&datagram[..length]).count(), expected, "{length}");
        }
    }

    #[test]
    fn a_length_that_cannot_be_right_ends_the_datagram() {
        for length in [0_u32, 1, 15, 1000, u32::MAX] {
            let mut datagram = message(16, 2, b"abcd");
            datagram[..4].copy_from_slice(&length.to_ne_bytes());
            assert_eq!(messages(&datagram).count(), 0, "{length}");
        }
    }

    #[test]
    fn refusals_carry_number_and_text() {
        for flags in [FLAG_ATTRIBUTES, FLAG_ATTRIBUTES | FLAG_CAPPED] {
            let datagram = refusal(flags, "Device not found");
            let message = messages(&datagram).next().unwrap();
            assert_eq!(message.verdict(), Some(libc::ENODEV));
            assert_eq!(message.detail().as_deref(), Some("Device not found"));
            for end in 16..datagram.len() {
                let cut = Message {
                    payload: &datagram[16..end],
                    ..message
                };
                // Whatever it says, it must not panic.
                let _ = (cut.verdict(), cut.detail());
            }
        }
        let datagram = refusal(FLAG_CAPPED, "not announced");
        assert_eq!(messages(&datagram).next().unwrap().detail(), None);
    }

    #[test]
    fn an_answer_without_a_number_is_no_success() {
        let datagram = message(libc::NLMSG_ERROR, 0, &[]);
        let message = messages(&datagram).next().unwrap();
        assert_eq!(message.verdict(), Some(libc::EBADMSG));
    }
}
