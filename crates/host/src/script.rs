//! Whether a script can be run by its user, and whether others could replace it
//! (spec cli-and-process 9).

use std::ffi::OsStr;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use evervip_config::{ScriptCheck, Weakness};
use evervip_model::Credentials;

/// Looks at a script for the user who will run it.
///
/// Permissions are read from the mode bits: access lists and capabilities are not looked at, the
/// kernel has the last word when the script is started.
pub(crate) fn check(path: &Path, who: Credentials) -> ScriptCheck {
    let not_found = |reason: &str| ScriptCheck::NotFound {
        reason: reason.to_owned(),
    };
    let resolved = match std::fs::canonicalize(path) {
        Ok(resolved) => resolved,
        Err(error) => return not_found(&reason(&error)),
    };
    let Ok(metadata) = std::fs::metadata(&resolved) else {
        return not_found("No such file or directory");
    };
    let unreachable =
        directories(&resolved).any(|d| !std::fs::metadata(d).is_ok_and(|m| may_execute(&m, who)));
    if unreachable {
        return not_found("Permission denied");
    }
    if !metadata.is_file() {
        return ScriptCheck::NotAFile;
    }
    if !may_execute(&metadata, who) {
        return ScriptCheck::NotExecutable;
    }
    ScriptCheck::Usable {
        weakness: runs_as_root(&metadata, who)
            .then(|| weakness(path, &resolved))
            .flatten(),
        path: run_as(path, resolved),
    }
}

/// What is run and shown: a link to a neighbour of its own directory keeps its name, as keepalived 2.2.7
/// has it; any other link gives way to what it leads to.
fn run_as(written: &Path, resolved: PathBuf) -> PathBuf {
    let beside = written.parent().zip(written.file_name());
    let beside = beside.and_then(|(directory, name)| {
        let directory = std::fs::canonicalize(directory).ok()?;
        (Some(directory.as_path()) == resolved.parent()).then(|| directory.join(name))
    });
    beside.unwrap_or(resolved)
}

/// Finds a command name in the directories of `PATH`.
pub(crate) fn search(name: &str, path: Option<&OsStr>) -> Option<PathBuf> {
    if name.is_empty() {
        return None;
    }
    let path = path.unwrap_or_else(|| OsStr::new(DEFAULT_PATH));
    std::env::split_paths(path)
        .filter(|directory| directory.is_absolute())
        .map(|directory| directory.join(name))
        .find(|p| std::fs::metadata(p).is_ok_and(|m| m.is_file() && m.mode() & 0o111 != 0))
}

fn may_execute(metadata: &Metadata, who: Credentials) -> bool {
    let mode = metadata.mode();
    if who.uid == 0 {
        // Root enters every directory, and runs what anybody may run.
        metadata.is_dir() || mode & 0o111 != 0
    } else if metadata.uid() == who.uid {
        mode & 0o100 != 0
    } else if metadata.gid() == who.gid {
        mode & 0o010 != 0
    } else {
        mode & 0o001 != 0
    }
}

fn runs_as_root(metadata: &Metadata, who: Credentials) -> bool {
    let set_uid = metadata.mode() & 0o4000 != 0 && metadata.uid() == 0;
    let set_gid = metadata.mode() & 0o2000 != 0 && metadata.gid() == 0;
    who.uid == 0 || who.gid == 0 || set_uid || set_gid
}

/// Where others than root could put something else in the script's place: by the path as written,
/// with its symbolic links, or by the path that it leads to. The outermost one is named.
fn weakness(written: &Path, resolved: &Path) -> Option<Weakness> {
    let absolute = std::path::absolute(written).unwrap_or_else(|_| written.to_owned());
    [absolute.as_path(), resolved].into_iter().find_map(|path| {
        let mut steps: Vec<&Path> = path.ancestors().collect();
        steps.reverse();
        steps.into_iter().find_map(weak_step)
    })
}

fn weak_step(path: &Path) -> Option<Weakness> {
    let Ok(metadata) = std::fs::symlink_metadata(path) else {
        // It was there a moment ago: who took it away can put something else there.
        return Some(Weakness {
            path: path.to_owned(),
            owner: u32::MAX,
            group: u32::MAX,
            mode: 0,
            is_link: false,
        });
    };
    writable_by_others(&metadata).then(|| Weakness {
        path: path.to_owned(),
        owner: metadata.uid(),
        group: metadata.gid(),
        mode: metadata.mode() & 0o7777,
        is_link: metadata.is_symlink(),
    })
}

fn writable_by_others(metadata: &Metadata) -> bool {
    if metadata.uid() != 0 {
        return true;
    }
    // A link's mode says nothing; a sticky directory protects what is in it.
    if metadata.is_symlink() || (metadata.is_dir() && metadata.mode() & 0o1000 != 0) {
        return false;
    }
    let group_writes = metadata.mode() & 0o020 != 0 && metadata.gid() != 0;
    group_writes || metadata.mode() & 0o002 != 0
}

fn directories(path: &Path) -> impl Iterator<Item = &Path> {
    path.ancestors().skip(1)
}

/// The system's text without Rust's "(os error N)".
fn reason(error: &std::io::Error) -> String {
    let text = error.to_string();
    match text.find(" (os error") {
        Some(end) => text[..end].to_owned(),
        None => text,
    }
}

/// What `confstr(_CS_PATH)` gives.
const DEFAULT_PATH: &str = "/bin:/usr/bin";

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    const ROOT: Credentials = Credentials { uid: 0, gid: 0 };
    const NOBODY: Credentials = Credentials {
        uid: 65534,
        gid: 65534,
    };

    fn file(dir: &Path, name: &str, mode: u32) -> PathBuf {
        let path = dir.join(name);
        std::fs::write(&path, "#!/bin/sh\n").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        path
    }

    #[test]
    fn a_system_command_is_usable_and_safe() {
        let usable = check(Path::new("/bin/sh"), ROOT);
        let ScriptCheck::Usable { path, weakness } = usable else {
            panic!("{usable:?}");
        };
        assert!(path.is_absolute());
        assert_eq!(weakness, None, "{}", path.display());
    }

    #[test]
    fn what_is_absent_or_not_executable_is_not_usable() {
        let dir = tempfile::tempdir().unwrap();
        let absent = check(&dir.path().join("absent"), ROOT);
        assert_eq!(
            absent,
            ScriptCheck::NotFound {
                reason: "No such file or directory".to_owned()
            }
        );
        let plain = file(dir.path(), "plain", 0o644);
        assert_eq!(check(&plain, ROOT), ScriptCheck::NotExecutable);
        assert_eq!(check(dir.path(), ROOT), ScriptCheck::NotAFile);
        // The directory is closed to others.
        std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
        let script = file(dir.path(), "script", 0o755);
        assert!(matches!(
            check(&script, NOBODY),
            ScriptCheck::NotFound { .. }
        ));
    }

    /// What is run for a path that can be run.
    fn run(path: &Path) -> PathBuf {
        match check(path, ROOT) {
            ScriptCheck::Usable { path, .. } => path,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_link_to_a_neighbour_keeps_its_name() {
        let dir = tempfile::tempdir().unwrap();
        let top = dir.path().canonicalize().unwrap();
        let (a, b) = (top.join("a"), top.join("b"));
        std::fs::create_dir(&a).unwrap();
        std::fs::create_dir(&b).unwrap();
        let real = file(&a, "real", 0o755);
        symlink("real", a.join("same")).unwrap();
        symlink(&real, b.join("other")).unwrap();
        symlink("../b/other", a.join("twice")).unwrap();
        symlink(&a, top.join("link")).unwrap();
        assert_eq!(run(&real), real);
        assert_eq!(run(&a.join("same")), a.join("same"));
        assert_eq!(run(&a.join("twice")), a.join("twice"));
        assert_eq!(run(&b.join("other")), real);
        assert_eq!(run(&top.join("link/same")), a.join("same"));
        assert_eq!(run(&top.join("link/../a/real")), real);
    }

    #[test]
    fn only_what_runs_as_root_can_be_insecure() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        let script = file(dir.path(), "script", 0o777);
        let insecure = |path: &Path, who| {
            matches!(
                check(path, who),
                ScriptCheck::Usable {
                    weakness: Some(_),
                    ..
                }
            )
        };
        assert!(insecure(&script, ROOT));
        assert!(!insecure(&script, NOBODY));
        let link = dir.path().join("link");
        symlink(&script, &link).unwrap();
        assert!(insecure(&link, ROOT));
    }

    #[test]
    fn commands_are_searched_in_order() {
        let (a, b) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        file(a.path(), "x", 0o644);
        let second = file(b.path(), "x", 0o755);
        let path = std::env::join_paths([a.path(), b.path()]).unwrap();
        assert_eq!(search("x", Some(&path)), Some(second));
        assert_eq!(search("y", Some(&path)), None);
        assert!(search("sh", None).is_some());
    }
}
