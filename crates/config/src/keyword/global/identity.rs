//! Identification and mail (spec config-language 11.1).

use crate::keyword::{Keyword, boolean, flag, values, word};

pub(super) const IDENTITY: &[Keyword] = &[
    word(
        "router_id",
        "STRING",
        "Name of this machine in mails and dumps.",
    )
    .default("host name")
    .lenient()
    .yes(),
    values(
        "notification_email",
        "{ ADDRESS … }",
        "Recipients of mails.",
    )
    .yes(),
    word("notification_email_from", "ADDRESS", "Sender of mails.")
        .default("user at host name")
        .lenient()
        .yes(),
    word(
        "smtp_server",
        "HOST [PORT]",
        "Mail relay, spoken to without encryption or password.",
    )
    .default("port 25")
    .yes(),
    word("smtp_helo_name", "STRING", "Name given to the mail relay.")
        .default("host name")
        .optional()
        .yes(),
    word(
        "smtp_connect_timeout",
        "SECONDS, 0 to 4294",
        "Time allowed to the mail relay for the connection and for each answer.",
    )
    .default("30")
    .yes(),
    boolean(
        "smtp_alert",
        "Send mail at state changes, unless a block says otherwise.",
    )
    .since("2.0.0")
    .yes(),
    boolean("smtp_alert_vrrp", "The same for instances and groups.")
        .since("2.0.0")
        .yes(),
    boolean("smtp_alert_checker", "The same for LVS checks.")
        .since("2.0.0")
        .lvs(),
    flag("no_email_faults", "No mail for FAULT.")
        .since("2.0.0")
        .yes(),
    boolean("no_checker_emails", "No mail for single checks.")
        .since("2.0.0")
        .lvs(),
    boolean("checker_log_all_failures", "Log every failed check.")
        .since("2.0.11")
        .lvs(),
];
