//! Classic BPF programs that decide in the kernel which packets wake the daemon.
//!
//! Pure: programs are data, attaching them is the sockets' business. A raw IPv4 socket runs its
//! filter on the whole packet, IP header first. A load beyond the end of the packet ends the program
//! with "drop", which is what a packet too short to have a VRID deserves.

use std::net::Ipv6Addr;

use evervip_model::Vrid;
use evervip_wire::{AH_LEN, AH_PROTOCOL};
use socket2::SockFilter;

/// A set of VRIDs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct VridSet {
    words: [u32; 8],
}

impl VridSet {
    /// The set without members.
    pub const EMPTY: Self = Self { words: [0; 8] };

    /// Adds a member.
    pub fn insert(&mut self, vrid: Vrid) {
        let (word, mask) = position(vrid);
        self.words[word] |= mask;
    }

    /// Takes a member out.
    pub fn remove(&mut self, vrid: Vrid) {
        let (word, mask) = position(vrid);
        self.words[word] &= !mask;
    }

    /// Whether `vrid` is a member.
    #[must_use]
    pub fn contains(&self, vrid: Vrid) -> bool {
        let (word, mask) = position(vrid);
        self.words[word] & mask != 0
    }

    /// Whether there is no member.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::EMPTY
    }
}

impl FromIterator<Vrid> for VridSet {
    fn from_iter<I: IntoIterator<Item = Vrid>>(vrids: I) -> Self {
        let mut set = Self::EMPTY;
        for vrid in vrids {
            set.insert(vrid);
        }
        set
    }
}

/// Which packets a VRRP socket lets through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VridFilter {
    /// Only those with a VRID of the set; an empty set lets nothing through.
    Only(VridSet),
    /// All of the protocol (`log_unknown_vrids`).
    Everything,
}

/// One instruction of a program, as in linux/filter.h.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Instruction {
    /// Operation.
    pub code: u16,
    /// Instructions to skip when a comparison holds.
    pub jump_true: u8,
    /// Instructions to skip when it does not.
    pub jump_false: u8,
    /// Operand.
    pub operand: u32,
}

impl From<Instruction> for SockFilter {
    fn from(from: Instruction) -> Self {
        Self::new(from.code, from.jump_true, from.jump_false, from.operand)
    }
}

/// The program that lets nothing through.
#[must_use]
pub fn drop_all() -> Vec<Instruction> {
    vec![plain(RETURN, DROP)]
}

/// The program for the receiving raw IPv4 socket of IP protocol `protocol`.
///
/// A malformed packet that carries a VRID of the set passes, whatever its version, type or length
/// say: it is the daemon that counts and reports it. The length of the IP header is respected.
///
/// The cost does not depend on the number of VRIDs: they are bits of up to eight masks.
#[must_use]
pub fn vrrp_ipv4(protocol: u8, filter: &VridFilter) -> Vec<Instruction> {
    match filter {
        VridFilter::Only(set) if set.is_empty() => drop_all(),
        VridFilter::Only(set) => {
            let mut program = only_protocol(protocol);
            program.extend(vrid_member(protocol, set));
            program
        }
        VridFilter::Everything => {
            let mut program = only_protocol(protocol);
            program.push(plain(RETURN, ACCEPT));
            program
        }
    }
}

/// The program for the receiving raw IPv6 socket: the kernel hands out the packet behind its headers
/// and only that of the socket's protocol.
#[must_use]
pub fn vrrp_ipv6(filter: &VridFilter) -> Vec<Instruction> {
    match filter {
        VridFilter::Only(set) if set.is_empty() => drop_all(),
        VridFilter::Only(set) => {
            let mut program = vec![plain(LOAD_BYTE, OFFSET_VRID)];
            program.extend(member(set));
            program
        }
        VridFilter::Everything => vec![plain(RETURN, ACCEPT)],
    }
}

/// The program for a socket that receives on many interfaces: a packet passes that came in on one of
/// them and has a VRID that is wanted there. With `group` the socket is an IPv6 one, whose packets
/// begin behind the IP header, and the packet must be for that group.
///
/// Its length grows with the number of wanted pairs; for more than the kernel allows it lets
/// everything through, which costs time and harms nothing.
#[must_use]
pub fn vrrp_on_interfaces<'a>(
    group: Option<Ipv6Addr>,
    interfaces: impl IntoIterator<Item = (&'a u32, &'a VridFilter)>,
) -> Vec<Instruction> {
    let mut program = Vec::new();
    if let Some(group) = group {
        for (word, offset) in group.octets().chunks_exact(4).zip((24_u32..).step_by(4)) {
            let word = u32::from_be_bytes([word[0], word[1], word[2], word[3]]);
            program.push(plain(LOAD_WORD, NETWORK_HEADER + offset));
            program.push(jump(JUMP_EQUAL, word, 1, 0));
            program.push(plain(RETURN, DROP));
        }
        program.push(plain(LOAD_BYTE, OFFSET_VRID));
    } else {
        program.push(plain(LOAD_X_HEADER_LENGTH, 0));
        program.push(plain(LOAD_BYTE_AT_X, OFFSET_VRID));
    }
    program.extend([
        plain(COPY_A_TO_X, 0),
        plain(LOAD_WORD, INTERFACE_INDEX),
        plain(STORE, 0),
        plain(SHIFT_LEFT, 8),
        plain(OR_X, 0),
    ]);
    let mut whole = Vec::new();
    for (ifindex, filter) in interfaces {
        match filter {
            VridFilter::Only(set) => {
                let vrids = (1..=255).filter_map(|vrid| Vrid::new(vrid).ok());
                for vrid in vrids.filter(|vrid| set.contains(*vrid)) {
                    let key = (ifindex << 8) | u32::from(vrid.value());
                    program.push(jump(JUMP_EQUAL, key, 0, 1));
                    program.push(plain(RETURN, ACCEPT));
                }
            }
            VridFilter::Everything => whole.push(*ifindex),
        }
    }
    program.push(plain(LOAD_STORED, 0));
    for ifindex in whole {
        program.push(jump(JUMP_EQUAL, ifindex, 0, 1));
        program.push(plain(RETURN, ACCEPT));
    }
    program.push(plain(RETURN, DROP));
    if program.len() > LONGEST {
        return vec![plain(RETURN, ACCEPT)];
    }
    program
}

fn only_protocol(protocol: u8) -> Vec<Instruction> {
    vec![
        plain(LOAD_BYTE, OFFSET_PROTOCOL),
        jump(JUMP_EQUAL, u32::from(protocol), 1, 0),
        plain(RETURN, DROP),
    ]
}

fn vrid_member(protocol: u8, set: &VridSet) -> Vec<Instruction> {
    let between = if protocol == AH_PROTOCOL { AH_BYTES } else { 0 };
    let mut program = vec![
        plain(LOAD_X_HEADER_LENGTH, 0),
        plain(LOAD_BYTE_AT_X, between + OFFSET_VRID),
    ];
    program.extend(member(set));
    program
}

/// With the VRID in A: X = VRID mod 32, A = VRID / 32; pick the mask number A and look at its bit X.
fn member(set: &VridSet) -> Vec<Instruction> {
    let mut program = vec![
        plain(STORE, 0),
        plain(AND, 31),
        plain(COPY_A_TO_X, 0),
        plain(LOAD_STORED, 0),
        plain(SHIFT_RIGHT, 5),
    ];
    let masks = || (0_u32..).zip(set.words).filter(|&(_, mask)| mask != 0);
    let count = u32::try_from(masks().count()).unwrap_or(8);
    for (done, (word, mask)) in (0_u32..).zip(masks()) {
        // Behind this triple stand the remaining triples and the "drop".
        let to_test = (count - done - 1) * 3 + 1;
        program.push(jump(JUMP_EQUAL, word, 0, 2));
        program.push(plain(LOAD_IMMEDIATE, mask));
        program.push(plain(JUMP, to_test));
    }
    program.extend([
        plain(RETURN, DROP),
        plain(SHIFT_RIGHT_BY_X, 0),
        jump(JUMP_IF_BITS, 1, 0, 1),
        plain(RETURN, ACCEPT),
        plain(RETURN, DROP),
    ]);
    program
}

fn position(vrid: Vrid) -> (usize, u32) {
    let value = vrid.value();
    (usize::from(value >> 5), 1 << (value & 31))
}

pub(crate) const fn plain(code: u16, operand: u32) -> Instruction {
    jump(code, operand, 0, 0)
}

pub(crate) const fn jump(code: u16, operand: u32, jump_true: u8, jump_false: u8) -> Instruction {
    Instruction {
        code,
        jump_true,
        jump_false,
        operand,
    }
}

/// Offset of the protocol number in the IPv4 header.
const OFFSET_PROTOCOL: u32 = 9;
/// Offset of the VRID behind the IP header, without an authentication header between them.
const OFFSET_VRID: u32 = 1;

/// Where the network header begins, whatever the packet's own start is (`SKF_NET_OFF`).
const NETWORK_HEADER: u32 = 0xfff0_0000;
/// The index of the interface instead of a part of the packet (`SKF_AD_OFF + SKF_AD_IFINDEX`).
const INTERFACE_INDEX: u32 = 0xffff_f008;
/// Instructions that the kernel allows (`BPF_MAXINSNS`).
const LONGEST: usize = 4096;
/// Bytes of the authentication header.
#[expect(clippy::cast_possible_truncation, reason = "AH_LEN is 24")]
const AH_BYTES: u32 = AH_LEN as u32;

/// How many bytes of the packet to keep.
pub(crate) const ACCEPT: u32 = u32::MAX;
pub(crate) const DROP: u32 = 0;

// The operations used, with the kernel's names for them.
/// `LD | B | ABS`
const LOAD_BYTE: u16 = 0x30;
/// `LD | B | IND`
const LOAD_BYTE_AT_X: u16 = 0x50;
/// `LD | IMM`
const LOAD_IMMEDIATE: u16 = 0x00;
/// `LD | MEM`
const LOAD_STORED: u16 = 0x60;
/// `LDX | B | MSH`: four times the low half of a byte.
const LOAD_X_HEADER_LENGTH: u16 = 0xb1;
/// `ST`
const STORE: u16 = 0x02;
/// `ALU | AND | K`
const AND: u16 = 0x54;
/// `ALU | RSH | K`
const SHIFT_RIGHT: u16 = 0x74;
/// `ALU | RSH | X`
const SHIFT_RIGHT_BY_X: u16 = 0x7c;
/// `ALU | LSH | K`
const SHIFT_LEFT: u16 = 0x64;
/// `ALU | OR | X`
const OR_X: u16 = 0x4c;
/// `LD | W | ABS`
const LOAD_WORD: u16 = 0x20;
/// `JMP | JA`
const JUMP: u16 = 0x05;
/// `JMP | JEQ | K`
pub(crate) const JUMP_EQUAL: u16 = 0x15;
/// `JMP | JSET | K`
const JUMP_IF_BITS: u16 = 0x45;
/// `RET | K`
pub(crate) const RETURN: u16 = 0x06;
/// `MISC | TAX`
const COPY_A_TO_X: u16 = 0x07;

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs a program as the kernel would; the answer is whether the packet passes.
    fn passes(program: &[Instruction], packet: &[u8]) -> bool {
        let (mut a, mut x, mut store) = (0_u32, 0_u32, 0_u32);
        let mut next = 0_usize;
        // Jumps only lead forward, so that the program ends.
        loop {
            let i = program[next];
            next += 1;
            let byte = |offset: u32| packet.get(offset as usize).map(|b| u32::from(*b));
            let branch = |holds: bool| usize::from(if holds { i.jump_true } else { i.jump_false });
            match i.code {
                LOAD_BYTE => match byte(i.operand) {
                    Some(value) => a = value,
                    None => return false,
                },
                LOAD_BYTE_AT_X => match byte(i.operand + x) {
                    Some(value) => a = value,
                    None => return false,
                },
                LOAD_X_HEADER_LENGTH => match byte(i.operand) {
                    Some(value) => x = (value & 15) * 4,
                    None => return false,
                },
                LOAD_IMMEDIATE => a = i.operand,
                STORE => store = a,
                LOAD_STORED => a = store,
                AND => a &= i.operand,
                SHIFT_RIGHT => a >>= i.operand,
                SHIFT_RIGHT_BY_X => a >>= x,
                COPY_A_TO_X => x = a,
                JUMP => next += i.operand as usize,
                JUMP_EQUAL => next += branch(a == i.operand),
                JUMP_IF_BITS => next += branch(a & i.operand != 0),
                RETURN => return i.operand != 0,
                code => panic!("unknown instruction {code:#x}"),
            }
        }
    }

    fn packet(header_words: u8, protocol: u8, vrid: u8) -> Vec<u8> {
        let mut bytes = vec![0; usize::from(header_words) * 4];
        bytes[0] = 0x40 | header_words;
        bytes[9] = protocol;
        bytes.extend([0x21, vrid, 100, 1, 0, 1, 0, 0]);
        bytes
    }

    fn set(vrids: &[u8]) -> VridSet {
        vrids.iter().map(|v| Vrid::new(*v).unwrap()).collect()
    }

    #[track_caller]
    fn check_all(vrids: &[u8]) {
        let program = vrrp_ipv4(112, &VridFilter::Only(set(vrids)));
        for vrid in 0..=255 {
            for header_words in [5, 6, 15] {
                assert_eq!(
                    passes(&program, &packet(header_words, 112, vrid)),
                    vrids.contains(&vrid),
                    "VRID {vrid}, set {vrids:?}, header of {header_words} words"
                );
            }
        }
    }

    #[test]
    fn exactly_the_members_pass() {
        check_all(&[]);
        check_all(&[1]);
        check_all(&[51]);
        check_all(&[31, 32, 33]);
        check_all(&[255]);
        check_all(&[1, 40, 70, 100, 130, 170, 200, 255]);
        check_all(&(1..=255).collect::<Vec<_>>());
        check_all(&(1..=255).filter(|v| v % 3 == 0).collect::<Vec<_>>());
    }

    #[test]
    fn over_ipv6_exactly_the_members_pass() {
        let vrids = [1, 31, 32, 200, 255];
        let program = vrrp_ipv6(&VridFilter::Only(set(&vrids)));
        for vrid in 0..=255 {
            let packet = [0x31, vrid, 100, 0, 0, 100, 0, 0];
            assert_eq!(passes(&program, &packet), vrids.contains(&vrid), "{vrid}");
        }
        assert!(!passes(&program, &[0x31]));
        assert!(passes(&vrrp_ipv6(&VridFilter::Everything), &[0x31, 9]));
        assert!(!passes(&vrrp_ipv6(&VridFilter::Only(set(&[]))), &[0x31, 9]));
    }

    #[test]
    fn the_vrid_is_found_behind_an_authentication_header() {
        let program = vrrp_ipv4(51, &VridFilter::Only(set(&[7])));
        for header_words in [5, 15] {
            let sealed = |vrid| {
                let mut bytes = packet(header_words, 51, vrid);
                let advert = bytes.split_off(usize::from(header_words) * 4);
                bytes.extend([0; 24]);
                bytes.extend(advert);
                bytes
            };
            assert!(passes(&program, &sealed(7)));
            assert!(!passes(&program, &sealed(8)));
            assert!(!passes(&program, &packet(header_words, 51, 7)));
            let mut plain = sealed(7);
            plain[9] = 112;
            assert!(!passes(&program, &plain));
        }
    }

    #[test]
    fn another_protocol_never_passes() {
        let only = vrrp_ipv4(112, &VridFilter::Only(set(&[1])));
        let everything = vrrp_ipv4(112, &VridFilter::Everything);
        for protocol in [1, 51, 89, 113] {
            assert!(!passes(&only, &packet(5, protocol, 1)));
            assert!(!passes(&everything, &packet(5, protocol, 1)));
        }
    }

    #[test]
    fn everything_lets_every_vrid_through() {
        let program = vrrp_ipv4(112, &VridFilter::Everything);
        for vrid in 0..=255 {
            assert!(passes(&program, &packet(5, 112, vrid)));
        }
    }

    #[test]
    fn a_malformed_packet_with_our_vrid_is_ours_to_count() {
        let program = vrrp_ipv4(112, &VridFilter::Only(set(&[7])));
        let mut odd = packet(5, 112, 7);
        odd[20] = 0xff;
        assert!(passes(&program, &odd));
        odd.truncate(22);
        assert!(passes(&program, &odd));
    }

    #[test]
    fn a_packet_without_a_vrid_is_dropped() {
        let program = vrrp_ipv4(112, &VridFilter::Only(set(&[7])));
        let whole = packet(5, 112, 7);
        for length in 0..22 {
            assert!(!passes(&program, &whole[..length]), "{length} bytes");
        }
    }

    #[test]
    fn drop_all_drops() {
        assert!(!passes(&drop_all(), &packet(5, 112, 1)));
    }

    #[test]
    fn members_can_be_removed() {
        let mut some = set(&[5, 200]);
        let vrid = Vrid::new(200).unwrap();
        assert!(some.contains(vrid));
        some.remove(vrid);
        assert_eq!(some, set(&[5]));
        some.remove(Vrid::new(5).unwrap());
        assert!(some.is_empty());
    }
}
