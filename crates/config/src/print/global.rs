//! `global_defs`.

use std::time::Duration;

use evervip_model::{Globals, Mail};

use super::writer::Writer;

/// What `global_defs` says beyond the defaults of instances, which stand at the instances.
pub(super) fn globals(out: &mut Writer<'_>, globals: &Globals) {
    if *globals == Globals::default() {
        return;
    }
    let Globals {
        router_id,
        script_security,
        dynamic_interfaces,
        log_unknown_vrids,
        garp_interval,
        gna_interval,
        mail,
    } = globals;
    out.block("global_defs", |out| {
        out.option("router_id", router_id.as_deref().map(super::writer::word));
        out.flag("enable_script_security", *script_security);
        out.flag("dynamic_interfaces", *dynamic_interfaces);
        out.flag("log_unknown_vrids", *log_unknown_vrids);
        out.time("vrrp_garp_interval", *garp_interval, Duration::ZERO);
        out.time("vrrp_gna_interval", *gna_interval, Duration::ZERO);
        let Mail {
            recipients,
            from,
            server,
        } = mail;
        let recipients = recipients.iter().map(|r| super::writer::word(r));
        out.values("notification_email", recipients);
        out.option(
            "notification_email_from",
            from.as_deref().map(super::writer::word),
        );
        let server = server.as_ref().map(|(host, port)| format!("{host} {port}"));
        out.option("smtp_server", server);
    });
}
