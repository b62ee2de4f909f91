//! Linux: raw sockets, netlink, timers and processes; the home of unsafe code.
