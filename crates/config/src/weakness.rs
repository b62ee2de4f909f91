//! Why a script is insecure: the part of its path that others than root could change
//! (spec cli-and-process 9).

use std::fmt;
use std::path::PathBuf;

/// A component of the path of a script that runs as root.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Weakness {
    /// The file, directory or symbolic link.
    pub path: PathBuf,
    /// Id of its owner.
    pub owner: u32,
    /// Id of its group.
    pub group: u32,
    /// Its permissions, with the bits of sticky, set-group-ID and set-user-ID: 0 to 0o7777.
    pub mode: u32,
    /// It is a symbolic link, whose permissions say nothing.
    pub is_link: bool,
}

impl Weakness {
    /// What mends it.
    #[must_use]
    pub fn remedy(&self) -> String {
        let path = self.path.display();
        if self.owner != 0 && self.is_link {
            return format!("chown -h root {path}");
        }
        let mut steps = Vec::new();
        if self.owner != 0 {
            steps.push(format!("chown root {path}"));
        }
        match (self.group_writes(), self.others_write()) {
            (true, true) => steps.push(format!("chmod go-w {path}")),
            (true, false) => steps.push(format!("chmod g-w {path}")),
            (false, true) => steps.push(format!("chmod o-w {path}")),
            (false, false) => {}
        }
        steps.join("; ")
    }

    const fn group_writes(&self) -> bool {
        !self.is_link && self.mode & 0o020 != 0 && self.group != 0
    }

    const fn others_write(&self) -> bool {
        !self.is_link && self.mode & 0o002 != 0
    }
}

impl fmt::Display for Weakness {
    /// Writes `/srv/check.sh (owner 0, group 33, mode 0775) can be changed by its group`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            path,
            owner,
            group,
            mode,
            ..
        } = self;
        write!(
            f,
            "{} (owner {owner}, group {group}, mode {mode:04o})",
            path.display()
        )?;
        let mut who = Vec::new();
        if *owner != 0 {
            who.push("its owner");
        }
        if self.group_writes() {
            who.push("its group");
        }
        if self.others_write() {
            who.push("everybody");
        }
        write!(f, " can be changed by {}", who.join(" and "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(owner: u32, group: u32, mode: u32, is_link: bool) -> (String, String) {
        let weakness = Weakness {
            path: "/x".into(),
            owner,
            group,
            mode,
            is_link,
        };
        (weakness.to_string(), weakness.remedy())
    }

    #[test]
    fn every_kind_has_a_remedy() {
        let check = |(text, remedy): (String, String), expected: [&str; 2]| {
            assert_eq!([text, remedy], expected.map(str::to_owned));
        };
        check(
            shown(33, 0, 0o755, false),
            [
                "/x (owner 33, group 0, mode 0755) can be changed by its owner",
                "chown root /x",
            ],
        );
        check(
            shown(0, 4, 0o775, false),
            [
                "/x (owner 0, group 4, mode 0775) can be changed by its group",
                "chmod g-w /x",
            ],
        );
        check(
            shown(5, 4, 0o777, false),
            [
                "/x (owner 5, group 4, mode 0777) can be changed by its owner and its group and everybody",
                "chown root /x; chmod go-w /x",
            ],
        );
        check(
            shown(5, 4, 0o777, true),
            [
                "/x (owner 5, group 4, mode 0777) can be changed by its owner",
                "chown -h root /x",
            ],
        );
    }
}
