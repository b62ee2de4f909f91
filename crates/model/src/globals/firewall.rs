//! Packet filter (spec config-language 11.4).

/// `nftables*` and `vrrp_ip*`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Firewall {
    /// `nftables`: name of the table; `None` unless the file asks for one.
    pub table: Option<String>,
    /// `nftables_priority`: of the base chains.
    pub priority: i32,
    /// `nftables_counters`.
    pub counters: bool,
    /// `nftables_ifindex`: sets hold interface indices, not names.
    pub interface_indices: bool,
    /// `vrrp_ipsets`: names of up to six sets.
    pub ipsets: Vec<String>,
}

impl Default for Firewall {
    fn default() -> Self {
        Self {
            table: None,
            priority: -1,
            counters: false,
            interface_indices: false,
            ipsets: Vec::new(),
        }
    }
}

impl Firewall {
    /// Name of the tables, also when the file asks for none.
    #[must_use]
    pub fn table_name(&self) -> &str {
        self.table.as_deref().unwrap_or("keepalived")
    }
}
