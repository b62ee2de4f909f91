//! Linux: raw sockets, netlink, timers and processes; the home of unsafe code.
//!
//! Everything here is synchronous and, descriptors being non-blocking, returns at once; there is no
//! runtime and no thread in this crate. Each type that can become ready implements `AsFd` and
//! `AsRawFd`, so that the caller can wait for it in whatever loop it runs.
//!
//! | room | what it is |
//! |---|---|
//! | [`clock`], [`timer`] | the monotonic clock and one absolute deadline, to the nanosecond |
//! | [`netlink`] | links and addresses: what there is, what changes, adding and removing |
//! | [`nftables`] | the packet filter's two tables |
//! | [`sysctl`], [`settings_change`] | settings below `/proc/sys/net`; notes of what was changed |
//! | [`vrrp_socket`] | receiving and sending VRRP packets on one interface |
//! | [`shared_socket`] | the same on all virtual interfaces of a link at once |
//! | [`packet_socket`] | sending complete link-layer frames (gratuitous ARP) |
//! | [`bpf`] | the kernel filters of both, as plain data |
//! | [`bfd_socket`] | receiving and sending BFD control packets |
//! | [`report_channel`] | messages between two processes |
//! | [`directory_watch`] | what happens to the files of directories |
//! | [`open_file`] | locks, and whether a path still leads to it |
//! | [`occupant`] | who runs under a pid file |
//! | [`host_name`] | the name of this machine |
//! | [`link_beat`] | link states by asking transceiver, driver or flags |
//! | [`process_events`], [`process_table`] | processes of the machine as they come and go, and all of them |
//! | [`scheduling`] | priority, real time and processors of a thread |
//! | [`network_namespace`] | entering one by its name |
//! | [`spawn`] | commands, started without copying this process |
//! | [`core_dump`] | how large core dumps may be, and where they go |
//! | [`process`], [`signal`] | fork, names, parent death, daemons; signals as a queue |
//!
//! Invariants: no function blocks unless its documentation says for how long; every descriptor is
//! close-on-exec; nothing outside this crate needs `unsafe`.

pub mod bfd_socket;
pub mod bpf;
pub mod clock;
pub mod core_dump;
pub mod directory_watch;
pub mod host_name;
pub mod link_beat;
pub mod netlink;
pub mod network_namespace;
pub mod nftables;
pub mod occupant;
pub mod open_file;
pub mod packet_socket;
pub mod process;
pub mod process_events;
pub mod process_table;
pub mod report_channel;
pub mod scheduling;
pub mod settings_change;
pub mod shared_socket;
pub mod signal;
pub mod spawn;
pub mod sysctl;
pub mod timer;
pub mod vrrp_socket;

mod batch;
mod socket_option;
