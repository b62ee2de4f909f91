//! Every keyword with right and wrong values: the same exit code and the same complaints as the
//! original's. The cases are those of the loader's own tests (`crates/config/tests/keywords.rs`),
//! where it also stands what each means in the model.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use crate::{ensure, plan::Plan, verdict::Verdict, verdict_of::Bench};

/// Adds one test for each file of cases.
pub fn add(plan: &mut Plan) {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/config/tests/data/keywords");
    for directory in entries(&data) {
        let files: Vec<_> = entries(&directory)
            .into_iter()
            .filter(|file| file.extension().is_some_and(|e| e == "cases"))
            .collect();
        let block = directory.file_name().unwrap_or_default().to_string_lossy();
        plan.compare(&format!("keywords::{block}"), move |combo| {
            let bench = Bench::new(combo, &BTreeSet::new())?;
            let mut wrong = Vec::new();
            for file in &files {
                check(&bench, file, &mut wrong)?;
            }
            ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
            Ok(())
        });
    }
}

fn entries(directory: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<_> = fs::read_dir(directory)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .collect();
    paths.sort();
    paths
}

fn check(bench: &Bench<'_>, file: &Path, wrong: &mut Vec<String>) -> Verdict {
    let frame = fs::read_to_string(file.with_file_name("frame.conf"));
    let frame = frame.unwrap_or_else(|_| "@@\n".to_owned());
    let name = file.file_stem().unwrap_or_default().to_string_lossy();
    for (header, lines) in cases(&fs::read_to_string(file)?) {
        let text = if header.contains("] whole") {
            lines
        } else {
            frame.replace("@@\n", &lines)
        };
        let ours = bench.ours(text.as_bytes())?;
        let theirs = bench.theirs(text.as_bytes())?;
        let departs = header.contains("differs: ");
        if departs && ours == theirs {
            wrong.push(format!("{name} {header}: no difference any more"));
        } else if !departs && ours != theirs {
            wrong.push(format!(
                "{name} {header}: exit {:?}, the original's {:?}",
                ours.code, theirs.code
            ));
            let only = |a: &BTreeSet<String>, b: &BTreeSet<String>, who: &str| -> Vec<String> {
                a.difference(b).map(|l| format!("    {who}: {l}")).collect()
            };
            wrong.extend(only(&theirs.lines, &ours.lines, "theirs only"));
            wrong.extend(only(&ours.lines, &theirs.lines, "ours only"));
        }
    }
    Ok(())
}

/// Header and lines of each case.
fn cases(text: &str) -> Vec<(String, String)> {
    let mut cases: Vec<(String, String)> = Vec::new();
    for line in text.lines() {
        if line.starts_with('[') && line.contains(']') {
            cases.push((line.to_owned(), String::new()));
        } else if let Some((_, lines)) = cases.last_mut() {
            lines.push_str(line);
            lines.push('\n');
        }
    }
    cases
}
