//! Building netlink messages: a header, a fixed part, attributes. Pure.
//!
//! Used where `neli` knows neither the message nor its attributes: links to be made, their settings,
//! and `nf_tables`.

/// A message that grows.
#[derive(Debug)]
pub(crate) struct MessageBuilder {
    bytes: Vec<u8>,
}

impl MessageBuilder {
    /// Starts a message; `fixed` is what stands between the header and the attributes, in full.
    pub(crate) fn new(kind: u16, flags: u16, sequence: u32, fixed: &[u8]) -> Self {
        let mut bytes = Vec::with_capacity(128);
        bytes.extend_from_slice(&0_u32.to_ne_bytes());
        bytes.extend_from_slice(&kind.to_ne_bytes());
        bytes.extend_from_slice(&flags.to_ne_bytes());
        bytes.extend_from_slice(&sequence.to_ne_bytes());
        bytes.extend_from_slice(&0_u32.to_ne_bytes());
        bytes.extend_from_slice(fixed);
        Self { bytes }
    }

    /// Adds an attribute.
    pub(crate) fn attribute(&mut self, kind: u16, value: &[u8]) -> &mut Self {
        let start = self.begin(kind);
        self.bytes.extend_from_slice(value);
        self.end(start);
        self
    }

    /// Adds a number in host byte order.
    pub(crate) fn number(&mut self, kind: u16, value: u32) -> &mut Self {
        self.attribute(kind, &value.to_ne_bytes())
    }

    /// Adds a number in network byte order.
    pub(crate) fn network_number(&mut self, kind: u16, value: u32) -> &mut Self {
        self.attribute(kind, &value.to_be_bytes())
    }

    /// Adds a text with the NUL byte that ends it.
    pub(crate) fn text(&mut self, kind: u16, value: &str) -> &mut Self {
        let start = self.begin(kind);
        self.bytes.extend_from_slice(value.as_bytes());
        self.bytes.push(0);
        self.end(start);
        self
    }

    /// Adds an attribute that consists of attributes. `kind` carries `NLA_F_NESTED` where the
    /// receiver wants it.
    pub(crate) fn nested(&mut self, kind: u16, content: impl FnOnce(&mut Self)) -> &mut Self {
        let start = self.begin(kind);
        content(self);
        self.end(start);
        self
    }

    /// Adds a structure that begins with its own length and ends with attributes, as next hops do;
    /// `fixed` is what stands behind the length.
    pub(crate) fn structure(&mut self, fixed: &[u8], content: impl FnOnce(&mut Self)) -> &mut Self {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(&0_u16.to_ne_bytes());
        self.bytes.extend_from_slice(fixed);
        content(self);
        self.end(start);
        self
    }

    /// The whole message.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        let length = u32::try_from(self.bytes.len()).unwrap_or(u32::MAX);
        self.bytes[..4].copy_from_slice(&length.to_ne_bytes());
        self.bytes
    }

    fn begin(&mut self, kind: u16) -> usize {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(&0_u16.to_ne_bytes());
        self.bytes.extend_from_slice(&kind.to_ne_bytes());
        start
    }

    /// Writes the length of the attribute that began at `start`, and pads to four bytes. Callers
    /// keep attributes below 64 KiB; the kernel refuses a longer one, whose length is cut.
    fn end(&mut self, start: usize) {
        let length = u16::try_from(self.bytes.len() - start).unwrap_or(u16::MAX);
        self.bytes[start..start + 2].copy_from_slice(&length.to_ne_bytes());
        while self.bytes.len() % 4 != 0 {
            self.bytes.push(0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::MessageBuilder;

    #[test]
    fn attributes_are_padded_and_lengths_are_true() {
        let mut message = MessageBuilder::new(16, 5, 7, &[9; 4]);
        message.text(3, "ab").nested(18, |inner| {
            inner.number(1, 2).attribute(2, &[0xaa]);
        });
        let bytes = message.finish();
        let mut expected = Vec::new();
        expected.extend(48_u32.to_ne_bytes());
        expected.extend(16_u16.to_ne_bytes());
        expected.extend(5_u16.to_ne_bytes());
        expected.extend(7_u32.to_ne_bytes());
        expected.extend([0; 4]);
        expected.extend([9; 4]);
        expected.extend([7_u16.to_ne_bytes(), 3_u16.to_ne_bytes()].concat());
        expected.extend(*b"ab\0\0");
        expected.extend([20_u16.to_ne_bytes(), 18_u16.to_ne_bytes()].concat());
        expected.extend([8_u16.to_ne_bytes(), 1_u16.to_ne_bytes()].concat());
        expected.extend(2_u32.to_ne_bytes());
        expected.extend([5_u16.to_ne_bytes(), 2_u16.to_ne_bytes()].concat());
        expected.extend([0xaa, 0, 0, 0]);
        assert_eq!(bytes, expected);
    }
}
