//! The files in which iproute2 gives names to numbers (spec vrrp-keywords 2.4).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use evervip_config::IprouteFile;

/// The names of a file, from the directories given or the usual ones.
///
/// The administrator's file replaces the distribution's; below it `*.conf` of the directory
/// `FILE.d` of both add to it, one of the administrator's replacing one of the same name.
pub(crate) fn names(
    file: IprouteFile,
    etc: Option<&Path>,
    usr: Option<&Path>,
) -> Vec<(String, u32)> {
    let etc = etc.unwrap_or(Path::new("/etc/iproute2"));
    let usr = usr.unwrap_or(Path::new("/usr/share/iproute2"));
    let name = file_name(file);
    let main = [etc.join(name), usr.join(name)];
    let main = main.iter().find(|path| path.is_file());
    let mut found: Vec<_> = main.map(|path| read(path)).unwrap_or_default();
    let mut parts: BTreeMap<std::ffi::OsString, PathBuf> = BTreeMap::new();
    for directory in [usr, etc] {
        let entries = std::fs::read_dir(directory.join(format!("{name}.d")));
        for entry in entries.into_iter().flatten().flatten() {
            let path = entry.path();
            if path.extension().is_some_and(|e| e == "conf") {
                parts.insert(entry.file_name(), path);
            }
        }
    }
    found.extend(parts.values().flat_map(|path| read(path)));
    found
}

fn file_name(file: IprouteFile) -> &'static str {
    match file {
        IprouteFile::Tables => "rt_tables",
        IprouteFile::Scopes => "rt_scopes",
        IprouteFile::Protocols => "rt_protos",
        IprouteFile::Realms => "rt_realms",
        IprouteFile::Dsfields => "rt_dsfield",
        IprouteFile::Groups => "group",
    }
}

/// Lines `NUMBER NAME`; what is no such line is left out.
fn read(path: &Path) -> Vec<(String, u32)> {
    let text = std::fs::read(path).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    text.lines().filter_map(line).collect()
}

fn line(text: &str) -> Option<(String, u32)> {
    let text = text.split('#').next()?;
    let mut words = text.split_whitespace();
    let number = words.next()?;
    let number = match number.strip_prefix("0x") {
        Some(digits) => u32::from_str_radix(digits, 16).ok()?,
        None => number.parse().ok()?,
    };
    Some((words.next()?.to_owned(), number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_administrators_files_come_first() {
        let dir = tempfile::tempdir().unwrap();
        let (etc, usr) = (dir.path().join("etc"), dir.path().join("usr"));
        let write = |path: PathBuf, text: &str| {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        write(usr.join("rt_tables"), "100 usr\n");
        write(usr.join("rt_tables.d/a.conf"), "1 a-of-usr\n");
        write(usr.join("rt_tables.d/b.conf"), "2 b\n");
        write(etc.join("rt_tables.d/a.conf"), "3 a-of-etc\n");
        write(etc.join("rt_tables.d/c.txt"), "4 c\n");
        let found = || names(IprouteFile::Tables, Some(&etc), Some(&usr));
        let pairs = |all: &[(&str, u32)]| -> Vec<(String, u32)> {
            all.iter().map(|(n, i)| ((*n).to_owned(), *i)).collect()
        };
        assert_eq!(found(), pairs(&[("usr", 100), ("a-of-etc", 3), ("b", 2)]));
        write(
            etc.join("rt_tables"),
            "# comment\n0x10 hex # more\nbad line\n7\n",
        );
        assert_eq!(found(), pairs(&[("hex", 16), ("a-of-etc", 3), ("b", 2)]));
    }
}
