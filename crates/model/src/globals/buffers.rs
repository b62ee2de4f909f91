//! Sizes of receive buffers (spec config-language 11.4).

/// A netlink socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct NetlinkBuffer {
    /// Bytes; 0 leaves it to the system.
    pub bytes: u32,
    /// Beyond the system's limit (`SO_RCVBUFFORCE`).
    pub force: bool,
}

/// `vrrp_rx_bufs_policy`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ReceivePolicy {
    /// What the system gives.
    #[default]
    System,
    /// Multiples of the MTU.
    Mtu,
    /// Multiples of the longest advert.
    Advert,
    /// Bytes.
    Bytes(u32),
}

/// All of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ReceiveBuffers {
    /// `vrrp_netlink_cmd_rcv_bufs`.
    pub netlink_commands: NetlinkBuffer,
    /// `vrrp_netlink_monitor_rcv_bufs`.
    pub netlink_monitor: NetlinkBuffer,
    /// `process_monitor_rcv_bufs`.
    pub process_monitor: NetlinkBuffer,
    /// `vrrp_rx_bufs_policy`.
    pub policy: ReceivePolicy,
    /// `vrrp_rx_bufs_multiplier`: packets that a buffer holds, at least 1.
    pub multiplier: u32,
}

impl Default for ReceiveBuffers {
    fn default() -> Self {
        Self {
            netlink_commands: NetlinkBuffer::default(),
            netlink_monitor: NetlinkBuffer::default(),
            process_monitor: NetlinkBuffer::default(),
            policy: ReceivePolicy::System,
            multiplier: 3,
        }
    }
}
