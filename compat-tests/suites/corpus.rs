//! The collection of real configurations, where this machine has it: `EVERVIP_CORPUS`, or
//! `../shared/corpus` beside the project. The files are data for tests and no part of the project.

use std::{
    collections::BTreeSet,
    env, fs,
    path::{Path, PathBuf},
};

/// A real configuration.
#[derive(Debug, Clone)]
pub struct Entry {
    pub id: String,
    pub text: Vec<u8>,
    /// Whether it has VRRP instances.
    pub has_vrrp: bool,
    /// Whether the original runs with it.
    pub runs: bool,
    /// Interfaces it names beside the usual ones.
    pub interfaces: BTreeSet<String>,
}

/// All configurations; the reason when there are none here.
pub fn entries() -> Result<Vec<Entry>, String> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpus");
    let corpus = env::var_os("EVERVIP_CORPUS").map_or(beside, PathBuf::from);
    let index = fs::read_to_string(corpus.join("index.tsv"))
        .map_err(|_| "no collection of configurations here (set EVERVIP_CORPUS)".to_owned())?;
    Ok(index
        .lines()
        .skip(1)
        .filter_map(|line| entry(&corpus, line))
        .collect())
}

fn entry(corpus: &Path, line: &str) -> Option<Entry> {
    let fields: Vec<_> = line.split('\t').collect();
    let [id, tags, _, _, run, ..] = fields.as_slice() else {
        return None;
    };
    let verdict = fs::read(corpus.join(format!("verdict/{id}.txt"))).unwrap_or_default();
    let verdict = String::from_utf8_lossy(&verdict);
    let added = verdict
        .lines()
        .find_map(|line| line.strip_prefix("interfaces-added: "));
    let names = added.unwrap_or_default().split_whitespace();
    Some(Entry {
        id: (*id).to_owned(),
        text: fs::read(corpus.join(format!("{id}.conf"))).ok()?,
        has_vrrp: tags.split(',').any(|tag| tag == "vrrp"),
        runs: *run == "alive",
        interfaces: names
            .filter_map(|name| name.split('@').next())
            .filter(|name| *name != "-")
            .map(str::to_owned)
            .collect(),
    })
}
