//! What the original takes from the machine where the configuration is silent.

use evervip_model::Globals;
use evervip_os::host_name::listed_host_name;
use nix::unistd::{User, getuid};

/// Fills in names after that of the host.
pub(super) fn fill_in(globals: &mut Globals, host_name: &str) {
    if host_name.is_empty() {
        return;
    }
    let named = || host_name.to_owned();
    globals.router_id.get_or_insert_with(named);
    let mail = &mut globals.mail;
    if mail.server.is_some() {
        mail.helo_name.get_or_insert_with(named);
        mail.from
            .get_or_insert_with(|| format!("{}@{host_name}", user_name()));
    }
}

/// The same for processes that must not wait for the name service.
pub(crate) fn at_once(globals: &Globals) -> Globals {
    let mut globals = globals.clone();
    fill_in(&mut globals, &listed_host_name());
    globals
}

fn user_name() -> String {
    let user = User::from_uid(getuid()).ok().flatten();
    user.map_or_else(|| getuid().to_string(), |user| user.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_configured_stays() {
        let mut globals = Globals {
            router_id: Some("R".to_owned()),
            ..Globals::default()
        };
        fill_in(&mut globals, "host");
        assert_eq!(globals.router_id.as_deref(), Some("R"));
        assert_eq!(globals.mail.helo_name, None);
        globals.router_id = None;
        globals.mail.server = Some(("192.0.2.1".to_owned(), 25));
        globals.mail.helo_name = Some("H".to_owned());
        fill_in(&mut globals, "host");
        assert_eq!(globals.router_id.as_deref(), Some("host"));
        assert_eq!(globals.mail.helo_name.as_deref(), Some("H"));
        let from = globals.mail.from.unwrap_or_default();
        assert!(from.ends_with("@host"), "{from}");
    }
}
