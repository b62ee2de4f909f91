//! The drop-in keepalived daemon.
