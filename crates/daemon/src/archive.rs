//! Copies of what was read and of what became of it (`config_save_dir`; spec cli-and-process 8).

use std::fs::{DirBuilder, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use evervip_config::SourceMap;

/// Keeps the text of a configuration, `number` being how many were read before it: each of its files
/// as it is, with its name in a comment above. Only its owner may read it, as it may hold passwords.
pub(crate) fn keep_configuration(directory: &Path, number: u32, sources: &SourceMap) {
    let name = format!("keepalived.conf.{}.{number}", std::process::id());
    let path = directory.join(name);
    if let Err(error) = write(directory, &path, sources) {
        tracing::warn!("Cannot write {}: {error}", path.display());
    }
}

/// The file for the state before (`pre`) or after (`post`) a reload.
pub(crate) fn state_file(directory: &Path, number: u32, when: &str) -> PathBuf {
    let process = std::process::id();
    directory.join(format!("keepalived_vrrp.{process}.{number}.{when}"))
}

fn write(directory: &Path, path: &Path, sources: &SourceMap) -> io::Result<()> {
    if !directory.is_dir() {
        DirBuilder::new().mode(0o700).create(directory)?;
    }
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    for (name, text) in sources.texts() {
        writeln!(file, "# {name}")?;
        file.write_all(text)?;
        if !text.ends_with(b"\n") {
            writeln!(file)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn every_file_is_kept_under_its_name_for_its_owner_alone() {
        let place = tempfile::tempdir().unwrap();
        let directory = place.path().join("kept");
        let (mut sources, _) = SourceMap::of_file("/etc/k.conf", b"include a\n".to_vec());
        sources.append(&SourceMap::of_file("/etc/a", b"auth_pass x".to_vec()).0);
        keep_configuration(&directory, 3, &sources);
        let path = directory.join(format!("keepalived.conf.{}.3", std::process::id()));
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(text, "# /etc/k.conf\ninclude a\n# /etc/a\nauth_pass x\n");
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&directory), mode(&path)), (0o700, 0o600));
        // What is there is not overwritten.
        keep_configuration(&directory, 3, &SourceMap::default());
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
    }
}
