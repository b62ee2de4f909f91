//! Which crate may use which (ARCHITECTURE.md): a forbidden arrow is an error, found by reading
//! what cargo says about the workspace.
//!
//! The tables are complete: a crate or a dependency that is not listed is forbidden, so every new
//! one is a decision made here.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::{cargo, top};

/// What one crate may use.
struct Layer {
    name: &'static str,
    /// Crates of this workspace.
    ours: &'static [&'static str],
    /// Crates of others.
    outside: &'static [&'static str],
}

/// From the bottom to the top.
///
/// `model`, `wire`, `config` and `vrrp` know no socket, no clock and no file: nothing that
/// could reach one is listed for them. tokio stays in `daemon` and `script`, neli and socket2
/// in `os`, nix where the operating system is.
const LAYERS: &[Layer] = &[
    Layer {
        name: "evervip-model",
        ours: &[],
        outside: &["thin-vec"],
    },
    Layer {
        name: "evervip-wire",
        ours: &[],
        outside: &["etherparse", "hmac", "md-5", "sha2", "thiserror"],
    },
    Layer {
        name: "evervip-api",
        ours: &[],
        outside: &["thiserror"],
    },
    Layer {
        name: "evervip-agentx",
        ours: &[],
        outside: &["thiserror"],
    },
    Layer {
        name: "evervip-convert",
        ours: &[],
        outside: &["serde", "serde_json", "thiserror"],
    },
    Layer {
        name: "evervip-config",
        ours: &["evervip-convert", "evervip-model"],
        outside: &["glob", "nom", "thiserror"],
    },
    Layer {
        name: "evervip-lint",
        ours: &["evervip-config", "evervip-model"],
        outside: &[],
    },
    Layer {
        name: "evervip-vrrp",
        ours: &["evervip-model", "evervip-wire"],
        outside: &[],
    },
    Layer {
        name: "evervip-bfd",
        ours: &["evervip-model", "evervip-wire"],
        outside: &[],
    },
    Layer {
        name: "evervip-dump",
        ours: &["evervip-bfd", "evervip-model", "evervip-vrrp"],
        outside: &[],
    },
    Layer {
        name: "evervip-mib",
        ours: &[
            "evervip-agentx",
            "evervip-dump",
            "evervip-model",
            "evervip-vrrp",
        ],
        outside: &[],
    },
    Layer {
        name: "evervip-os",
        ours: &["evervip-model", "evervip-wire"],
        outside: &["libc", "neli", "nix", "socket2", "thiserror"],
    },
    Layer {
        name: "evervip-script",
        ours: &["evervip-model", "evervip-os"],
        outside: &["nix", "thiserror", "tokio", "tracing"],
    },
    Layer {
        name: "evervip-host",
        ours: &["evervip-config", "evervip-model", "evervip-os"],
        outside: &["glob", "miniz_oxide", "nix", "thiserror"],
    },
    Layer {
        name: "evervip-daemon",
        ours: &[
            "evervip-agentx",
            "evervip-api",
            "evervip-bfd",
            "evervip-config",
            "evervip-dump",
            "evervip-host",
            "evervip-mib",
            "evervip-model",
            "evervip-os",
            "evervip-script",
            "evervip-vrrp",
            "evervip-wire",
        ],
        outside: &[
            "anyhow",
            "chrono",
            "futures-core",
            "lexopt",
            "nix",
            "thiserror",
            "tokio",
            "tracing",
            "tracing-subscriber",
            "zbus",
        ],
    },
    Layer {
        name: "evervip-simulation",
        ours: &["evervip-model", "evervip-vrrp", "evervip-wire"],
        outside: &[],
    },
    Layer {
        name: "evervip-ctl",
        ours: &[
            "evervip-api",
            "evervip-config",
            "evervip-convert",
            "evervip-host",
            "evervip-lint",
            "evervip-model",
            "evervip-os",
            "evervip-simulation",
            "evervip-vrrp",
        ],
        outside: &["anyhow", "lexopt", "nom", "serde_json"],
    },
    // What follows is never shipped.
    Layer {
        name: "evervip-manual",
        ours: &["evervip-config", "evervip-ctl", "evervip-daemon"],
        outside: &["anyhow", "serde_json", "yaml-rust2"],
    },
    Layer {
        name: "evervip-testkit",
        ours: &[
            "evervip-config",
            "evervip-model",
            "evervip-simulation",
            "evervip-vrrp",
            "evervip-wire",
        ],
        outside: &["proptest", "tempfile"],
    },
    Layer {
        name: "evervip-lab",
        ours: &[],
        outside: &["nix"],
    },
    Layer {
        name: "evervip-demo",
        ours: &["evervip-lab"],
        outside: &["anyhow", "nix"],
    },
    Layer {
        name: "evervip-example-failover",
        ours: &["evervip-lab"],
        outside: &["anyhow", "nix"],
    },
    Layer {
        name: "evervip-example-virtual-circuit",
        ours: &["evervip-lab"],
        outside: &["anyhow", "nix", "serde_json"],
    },
    Layer {
        name: "evervip-example-route-server",
        ours: &["evervip-lab"],
        outside: &["anyhow", "nix"],
    },
    Layer {
        name: "evervip-bench",
        ours: &["evervip-lab"],
        outside: &["anyhow", "nix"],
    },
    Layer {
        name: "xtask",
        ours: &[],
        outside: &["anyhow", "serde_json"],
    },
];

/// Allowed as a dev-dependency anywhere, on top of the above.
const FOR_TESTS: &[&str] = &[
    "evervip-config",
    "evervip-lab",
    "evervip-testkit",
    "nix",
    "proptest",
    "tempfile",
];

/// Checks the workspace; prints each forbidden arrow and says whether there was none.
#[expect(clippy::print_stdout, reason = "the output of a chore")]
pub(crate) fn run() -> Result<bool> {
    let faults = faults(&metadata()?)?;
    for fault in &faults {
        println!("layers: {fault}");
    }
    if faults.is_empty() {
        println!("layers: {} crates, no forbidden arrow", LAYERS.len());
    }
    Ok(faults.is_empty())
}

fn metadata() -> Result<Value> {
    let output = cargo()
        .current_dir(top()?)
        .args([
            "metadata",
            "--format-version=1",
            "--no-deps",
            "--offline",
            "--locked",
        ])
        .output()?;
    ensure!(
        output.status.success(),
        "cargo metadata: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).context("what cargo metadata printed")
}

/// Every forbidden arrow in words.
fn faults(metadata: &Value) -> Result<Vec<String>> {
    let packages = metadata["packages"].as_array().context("no packages")?;
    let mut faults = Vec::new();
    let mut seen = BTreeSet::new();
    for package in packages {
        let name = package["name"].as_str().context("a package has no name")?;
        seen.insert(name);
        let Some(layer) = LAYERS.iter().find(|layer| layer.name == name) else {
            faults.push(format!("{name} has no line in the table of layers"));
            continue;
        };
        let dependencies = package["dependencies"].as_array();
        for dependency in dependencies.context("no list of dependencies")? {
            let to = dependency["name"].as_str().context("no name")?;
            // null: normal; else "dev" or "build".
            let kind = dependency["kind"].as_str().unwrap_or("normal");
            if !allowed(layer, to, kind) {
                faults.push(format!("{name} must not use {to} ({kind})"));
            }
        }
    }
    for layer in LAYERS.iter().filter(|layer| !seen.contains(layer.name)) {
        faults.push(format!("{} is in the table but not there", layer.name));
    }
    Ok(faults)
}

fn allowed(layer: &Layer, to: &str, kind: &str) -> bool {
    layer.ours.contains(&to)
        || layer.outside.contains(&to)
        || (kind == "dev" && FOR_TESTS.contains(&to))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The whole table as cargo would describe it, with one more dependency.
    fn workspace_with(name: &str, to: &str, kind: Option<&str>) -> Value {
        let packages: Vec<_> = LAYERS
            .iter()
            .map(|layer| {
                let mut dependencies: Vec<_> = [layer.ours, layer.outside]
                    .concat()
                    .into_iter()
                    .map(|to| json!({"name": to, "kind": null}))
                    .collect();
                if layer.name == name {
                    dependencies.push(json!({"name": to, "kind": kind}));
                }
                json!({"name": layer.name, "dependencies": dependencies})
            })
            .collect();
        json!({ "packages": packages })
    }

    #[test]
    fn the_table_allows_itself() {
        let faults = faults(&workspace_with("", "", None)).unwrap();
        assert_eq!(faults, Vec::<String>::new());
    }

    #[test]
    fn forbidden_arrows_are_found() {
        for (name, to, kind) in [
            ("evervip-vrrp", "tokio", None),
            ("evervip-model", "evervip-wire", None),
            ("evervip-wire", "nix", None),
            ("evervip-config", "evervip-vrrp", None),
            ("evervip-daemon", "socket2", None),
            ("evervip-daemon", "evervip-lab", None),
            ("evervip-ctl", "tempfile", Some("build")),
        ] {
            let faults = faults(&workspace_with(name, to, kind)).unwrap();
            assert_eq!(faults.len(), 1, "{name} -> {to}: {faults:?}");
            assert!(faults[0].contains(name) && faults[0].contains(to));
        }
    }

    #[test]
    fn tests_may_use_more() {
        let workspace = workspace_with("evervip-wire", "proptest", Some("dev"));
        assert_eq!(faults(&workspace).unwrap(), Vec::<String>::new());
    }

    #[test]
    fn unknown_and_absent_crates_are_found() {
        let mut workspace = workspace_with("", "", None);
        workspace["packages"][0]["name"] = "evervip-new".into();
        let faults = faults(&workspace).unwrap();
        assert_eq!(faults.len(), 2, "{faults:?}");
    }

    #[test]
    fn arrows_point_downwards() {
        for (index, layer) in LAYERS.iter().enumerate() {
            for to in layer.ours {
                assert!(
                    LAYERS[..index].iter().any(|below| below.name == *to),
                    "{} -> {to}",
                    layer.name
                );
            }
        }
    }
}
