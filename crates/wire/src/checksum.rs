//! The Internet checksum (RFC 1071).

/// Sum of 16-bit words in one's complement, fed piece by piece.
///
/// Every piece but the last must have an even length.
#[derive(Debug, Clone, Copy, Default)]
pub struct Checksum(u32);

impl Checksum {
    /// Adds bytes; an odd last byte counts as the high byte of a word.
    #[must_use]
    pub fn chain(mut self, bytes: &[u8]) -> Self {
        let mut words = bytes.chunks_exact(2);
        for word in &mut words {
            self = self.chain_word(u16::from_be_bytes([word[0], word[1]]));
        }
        if let [last] = words.remainder() {
            self = self.chain_word(u16::from_be_bytes([*last, 0]));
        }
        self
    }

    /// Adds one word.
    #[must_use]
    pub fn chain_word(self, word: u16) -> Self {
        let sum = self.0 + u32::from(word);
        Self((sum & 0xffff) + (sum >> 16))
    }

    /// The value for the checksum field; over a packet with a right checksum this is 0.
    #[must_use]
    pub fn finish(self) -> u16 {
        // `chain_word` folds, so that the sum always fits 16 bits here.
        !u16::try_from(self.0).unwrap_or(u16::MAX)
    }
}

/// Checksum of one piece of bytes.
#[must_use]
pub fn internet_checksum(bytes: &[u8]) -> u16 {
    Checksum::default().chain(bytes).finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc_1071_example() {
        let sum = internet_checksum(&[0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7]);
        assert_eq!(sum, !0xddf2);
    }

    #[test]
    fn odd_byte_counts_as_high_byte() {
        assert_eq!(internet_checksum(&[0xab]), !0xab00);
    }

    #[test]
    fn many_large_words_do_not_overflow() {
        assert_eq!(internet_checksum(&[0xff; 60_000]), 0);
    }
}
