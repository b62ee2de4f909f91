//! Mail (spec config-language 11.1).

use std::time::Duration;

/// Mail settings of `global_defs`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// `notification_email`.
    pub recipients: Vec<String>,
    /// `notification_email_from`; `None` is the user at the host name.
    pub from: Option<String>,
    /// `smtp_server`, host and port.
    pub server: Option<(String, u16)>,
    /// `smtp_helo_name`; `None` is the host name.
    pub helo_name: Option<String>,
    /// `smtp_connect_timeout`, 1 to 4294 s.
    pub connect_timeout: Duration,
    /// `smtp_alert`: default of all `smtp_alert` keywords; `None` leaves it to each kind of block.
    pub alerts: Option<bool>,
    /// `smtp_alert_vrrp`: the same for instances and groups, before `smtp_alert`.
    pub vrrp_alerts: Option<bool>,
    /// `no_email_faults`: nothing is sent for FAULT.
    pub no_faults: bool,
}

impl Mail {
    /// Whether there is a relay, and somebody to write to.
    #[must_use]
    pub fn is_possible(&self) -> bool {
        self.server.is_some() && !self.recipients.is_empty()
    }
}

impl Default for Mail {
    fn default() -> Self {
        Self {
            recipients: Vec::new(),
            from: None,
            server: None,
            helo_name: None,
            connect_timeout: Duration::from_secs(30),
            alerts: None,
            vrrp_alerts: None,
            no_faults: false,
        }
    }
}
