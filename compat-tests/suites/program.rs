//! The programs under test: where they are and what they call themselves.

use std::{
    env, fmt,
    path::{Path, PathBuf},
    process::Command,
};

/// Which program stands on a side of a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The `keepalived` binary of evervip.
    Ours,
    /// Debian's keepalived 2.2.7.
    Theirs,
}

impl Side {
    /// Both, in the order in which cases are listed.
    pub const ALL: [Self; 2] = [Self::Ours, Self::Theirs];

    /// The sides that an environment variable asks for: all when it is not set.
    pub fn chosen_by(variable: &str) -> Result<Vec<Self>, String> {
        match env::var(variable).as_deref() {
            Err(_) | Ok("") => Ok(Self::ALL.to_vec()),
            Ok("ours") => Ok(vec![Self::Ours]),
            Ok("theirs") => Ok(vec![Self::Theirs]),
            Ok(other) => Err(format!("{variable}={other}: use ours or theirs")),
        }
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ours => "ours",
            Self::Theirs => "theirs",
        })
    }
}

/// A program that can be tested.
#[derive(Debug, Clone)]
pub struct Program {
    pub side: Side,
    pub path: PathBuf,
    /// First line of `-v`.
    pub version: String,
}

impl Program {
    /// Looks for the program of a side; the error says where.
    pub fn find(side: Side) -> Result<Self, String> {
        let candidates = match side {
            Side::Ours => our_paths(),
            Side::Theirs => vec![PathBuf::from("/usr/sbin/keepalived")],
        };
        let Some(path) = candidates.iter().find(|path| path.is_file()) else {
            return Err(format!(
                "no program for `{side}`; looked for {}",
                list(&candidates)
            ));
        };
        let output = Command::new(path)
            .arg("-v")
            .output()
            .map_err(|e| format!("{}: {e}", path.display()))?;
        let text = String::from_utf8_lossy(&output.stderr);
        let version = text.lines().next().unwrap_or_default().to_owned();
        Ok(Self {
            side,
            path: path.clone(),
            version,
        })
    }

    /// Whether deviations of evervip (docs/deviations.md) are to be expected.
    pub fn is_ours(&self) -> bool {
        self.side == Side::Ours
    }
}

/// An explicit path counts alone: a typo must not silently test another binary.
fn our_paths() -> Vec<PathBuf> {
    if let Some(path) = env::var_os("EVERVIP_KEEPALIVED") {
        return vec![path.into()];
    }
    let target = target();
    ["release", "debug"]
        .map(|profile| target.join(profile).join("keepalived"))
        .into()
}

/// The target directory of the top directory's workspace.
pub fn target() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |dir| root.join(dir))
}

fn list(paths: &[PathBuf]) -> String {
    paths
        .iter()
        .map(|path| path.display().to_string())
        .collect::<Vec<_>>()
        .join(", ")
}
