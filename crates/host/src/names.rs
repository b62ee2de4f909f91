//! Names of users and groups.

use evervip_config::print::Names;
use nix::unistd::{Gid, Group, Uid, User};

/// The names that this machine has for ids.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemNames;

impl Names for SystemNames {
    fn user(&self, uid: u32) -> Option<String> {
        Some(User::from_uid(Uid::from_raw(uid)).ok()??.name)
    }

    fn group(&self, gid: u32) -> Option<String> {
        Some(Group::from_gid(Gid::from_raw(gid)).ok()??.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_has_a_name() {
        assert_eq!(SystemNames.user(0).as_deref(), Some("root"));
        assert_eq!(SystemNames.group(0).as_deref(), Some("root"));
        assert_eq!(SystemNames.user(4_000_000_000), None);
    }
}
