//! The licences of what is linked into the programs: each asks to be handed on with them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::{cargo, top};

/// What the programs are linked with.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Linking {
    /// The C library is the machine's.
    Dynamic,
    /// The C library is inside.
    Static,
}

/// Writes names, licences and texts of everything of others in the programs.
pub(crate) fn write(file: &Path, linking: Linking) -> Result<()> {
    let directory = file.parent().context("a file stands in a directory")?;
    fs::create_dir_all(directory)?;
    fs::write(file, text(&metadata()?, linking)?).with_context(|| format!("{}", file.display()))
}

fn text(metadata: &Value, linking: Linking) -> Result<String> {
    let mut text = String::from(
        "evervip is licensed as MIT OR Apache-2.0 (LICENSE-MIT, LICENSE-APACHE). Its programs contain the\n\
         software of others that is named below, each with the licence under which it is used.\n",
    );
    // One text often serves many.
    let mut holders: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for package in linked(metadata)? {
        let name = format!(
            "{} {}",
            string(package, "name")?,
            string(package, "version")?
        );
        for licence in licences(package)? {
            holders.entry(licence).or_default().insert(name.clone());
        }
    }
    let standard_library = mit("The Rust Project Contributors")?;
    let holder = "the Rust standard library".to_owned();
    holders.entry(standard_library).or_default().insert(holder);
    if linking == Linking::Static {
        holders.entry(c_library()?).or_default().insert(
            "the GNU C library; `make tarball` in evervip's source links the programs with another one".to_owned(),
        );
    }
    let mut sections: Vec<_> = holders.into_iter().collect();
    sections.sort_by(|a, b| a.1.cmp(&b.1));
    for (licence, names) in sections {
        let names: Vec<_> = names.into_iter().collect();
        writeln!(text, "\n{RULE}\n{}\n{RULE}\n\n{licence}", names.join("\n"))?;
    }
    Ok(text)
}

const RULE: &str =
    "--------------------------------------------------------------------------------";

/// What cargo knows of all packages, as they are used on this architecture.
fn metadata() -> Result<Value> {
    let triple = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let output = cargo()
        .current_dir(top()?)
        .args([
            "metadata",
            "--format-version=1",
            "--locked",
            "--filter-platform",
        ])
        .arg(triple)
        .output()
        .context("cargo metadata")?;
    ensure!(
        output.status.success(),
        "cargo metadata: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// Packages of others that the two programs are linked with: not what only runs at build time.
fn linked(metadata: &Value) -> Result<Vec<&Value>> {
    let by_id = |list: &'static str| -> Result<BTreeMap<&str, &Value>> {
        let list = match list {
            "nodes" => &metadata["resolve"]["nodes"],
            other => &metadata[other],
        };
        array(list)?
            .iter()
            .map(|item| Ok((string(item, "id")?, item)))
            .collect()
    };
    let (packages, nodes) = (by_id("packages")?, by_id("nodes")?);
    let is_program = |package: &Value| PROGRAMS.iter().any(|name| package["name"] == *name);
    let mut open: Vec<&str> = Vec::new();
    open.extend(
        packages
            .iter()
            .filter(|(_, package)| is_program(package))
            .map(|(id, _)| *id),
    );
    ensure!(
        open.len() == PROGRAMS.len(),
        "a program's package is missing"
    );
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    while let Some(id) = open.pop() {
        let package = packages
            .get(id)
            .context("a package that cargo does not describe")?;
        if !seen.insert(id) || runs_at_build_time(package)? {
            continue;
        }
        if !package["source"].is_null() {
            found.push(*package);
        }
        let node = nodes
            .get(id)
            .context("a package that cargo does not resolve")?;
        for dependency in array(&node["deps"])? {
            let kinds = array(&dependency["dep_kinds"])?;
            if kinds.iter().any(|kind| kind["kind"].is_null()) {
                open.push(string(dependency, "pkg")?);
            }
        }
    }
    Ok(found)
}

const PROGRAMS: [&str; 2] = ["evervip-daemon", "evervip-ctl"];

fn runs_at_build_time(package: &Value) -> Result<bool> {
    let targets = array(&package["targets"])?;
    let is_macro = |target: &Value| {
        target["kind"]
            .as_array()
            .is_some_and(|kinds| kinds.contains(&"proc-macro".into()))
    };
    Ok(targets.iter().any(is_macro))
}

/// The texts of a package's licences; of the alternatives that it gives, MIT's.
fn licences(package: &Value) -> Result<Vec<String>> {
    let manifest = Path::new(string(package, "manifest_path")?);
    let directory = manifest
        .parent()
        .context("a manifest stands in a directory")?;
    let mut names: Vec<String> = Vec::new();
    for entry in fs::read_dir(directory).with_context(|| format!("{}", directory.display()))? {
        names.extend(entry?.file_name().into_string().ok());
    }
    names.retain(|name| is_licence(name));
    names.sort();
    let is_free_to_choose = string(package, "license")?.contains("MIT");
    if is_free_to_choose && names.iter().any(|name| is_of_mit(name)) {
        names.retain(|name| !is_alternative(name));
    }
    if names.is_empty() {
        let name = string(package, "name")?;
        ensure!(
            is_free_to_choose,
            "{name} comes without the text of its licence"
        );
        let authors: Vec<&str> = array(&package["authors"])?
            .iter()
            .filter_map(Value::as_str)
            .collect();
        return Ok(vec![mit(&authors.join(", "))?]);
    }
    names
        .iter()
        .map(|name| tidy(&fs::read_to_string(directory.join(name))?))
        .collect()
}

fn is_licence(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    ["LICENSE", "LICENCE", "COPYING", "COPYRIGHT", "NOTICE"]
        .iter()
        .any(|word| name.starts_with(word))
}

fn is_of_mit(name: &str) -> bool {
    name.to_ascii_uppercase().contains("MIT")
}

/// What stands beside the text of MIT and says nothing that is needed with it.
fn is_alternative(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    let other = ["APACHE", "ZLIB", "0BSD"]
        .iter()
        .any(|word| name.contains(word));
    other || name == "COPYING" || name == "LICENSE"
}

/// Without differences that are of no meaning.
fn tidy(text: &str) -> Result<String> {
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    let text = lines.join("\n").trim_matches('\n').to_owned();
    ensure!(!text.is_empty(), "the text of a licence is empty");
    Ok(text)
}

/// The text of MIT's licence for a holder of the copyright.
fn mit(holder: &str) -> Result<String> {
    let own = fs::read_to_string(top()?.join("LICENSE-MIT"))?;
    let line = own
        .lines()
        .find(|line| line.starts_with("Copyright"))
        .context("LICENSE-MIT names nobody")?;
    tidy(&own.replace(line, &format!("Copyright (c) {holder}")))
}

/// The licence of the C library that static programs contain, from where Debian has it.
fn c_library() -> Result<String> {
    let file = "/usr/share/common-licenses/LGPL-2.1";
    tidy(&fs::read_to_string(file).with_context(|| format!("the C library's licence, {file}"))?)
}

fn array(value: &Value) -> Result<&Vec<Value>> {
    value
        .as_array()
        .context("cargo metadata: a list is missing")
}

fn string<'a>(value: &'a Value, key: &str) -> Result<&'a str> {
    value[key]
        .as_str()
        .with_context(|| format!("cargo metadata: {key} is missing"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_linked_is_named_and_what_only_builds_is_not() {
        let metadata = metadata().unwrap();
        let text = text(&metadata, Linking::Dynamic).unwrap();
        let is_named = |name: &str| text.lines().any(|line| line.starts_with(name));
        for name in [
            "libc 0.",
            "neli 0.",
            "nom 8.",
            "tokio 1.",
            "zbus 5.",
            "etherparse 0.",
            "the Rust standard",
        ] {
            assert!(is_named(name), "{name} is not named");
        }
        for name in ["proptest ", "tempfile ", "serde_derive ", "evervip-", "cc "] {
            assert!(!is_named(name), "{name} is named");
        }
    }

    /// A licence that nobody has weighed does not slip in: `deny.toml` lists those that may.
    #[test]
    fn every_licence_is_one_of_those_in_deny_toml() {
        let deny = fs::read_to_string(top().unwrap().join("deny.toml")).unwrap();
        let list = deny
            .lines()
            .find(|line| line.starts_with("allow = "))
            .unwrap();
        let metadata = metadata().unwrap();
        for package in linked(&metadata).unwrap() {
            let licence = package["license"].as_str().unwrap();
            let all = licence.replace(['(', ')'], "");
            let is_allowed = |alternatives: &str| {
                alternatives
                    .split(" OR ")
                    .any(|one| list.contains(&format!("\"{one}\"")))
            };
            assert!(
                all.split(" AND ").all(is_allowed),
                "{}: {licence}",
                package["name"]
            );
        }
    }
}
