//! Programs of others that chores call, in the versions that they are written for.

use std::path::PathBuf;

use anyhow::Result;

use crate::package::succeed;
use crate::{cargo, target};

/// A program that `cargo install` makes.
pub(crate) struct Tool {
    pub(crate) name: &'static str,
    pub(crate) version: &'static str,
    /// What `cargo install` is to heed.
    pub(crate) arguments: &'static [&'static str],
}

impl Tool {
    /// Its program; built below the target directory when this machine has none.
    pub(crate) fn program(&self) -> Result<PathBuf> {
        let root = target()?.join("tools");
        let program = root.join("bin").join(self.name);
        if !program.exists() {
            let mut install = cargo();
            install
                .args(["install", "--quiet", "--locked", "--debug", "--root"])
                .arg(&root)
                .args(self.arguments)
                .arg(format!("{}@{}", self.name, self.version))
                .env("CARGO_TARGET_DIR", root.join("build"))
                // Unoptimised it takes minutes to compress a package.
                .env("CARGO_PROFILE_DEV_OPT_LEVEL", "1");
            succeed(&mut install)?;
        }
        Ok(program)
    }
}
