//! The VRRP engine: events and time in, actions out.
