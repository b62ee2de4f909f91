//! Virtual LAN and builders for tests; never shipped.
