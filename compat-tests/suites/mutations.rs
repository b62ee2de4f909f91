//! Real configurations with mistakes put in: both programs must come to the same exit code.
//!
//! `EVERVIP_MUTATIONS` sets how many (default 400); every one has a number from which it is made
//! anew. Files whose braces do not match are left out of the count: there evervip saves what the
//! original loses (docs/deviations.md).

use std::{collections::BTreeSet, env};

use crate::{
    corpus::{self, Entry},
    ensure,
    plan::{Combo, Plan},
    verdict::Verdict,
    verdict_of::{Bench, Said},
};

/// Of so many comparisons one may differ.
const ONE_IN: usize = 50;
const SHARES: usize = 4;

/// Adds the comparison in a few shares that run side by side.
pub fn add(plan: &mut Plan) {
    let entries = match corpus::entries() {
        Ok(entries) => entries,
        Err(reason) => {
            eprintln!("SKIPPED: mutations: {reason}");
            return;
        }
    };
    let wanted = env::var("EVERVIP_MUTATIONS").ok();
    let count: usize = wanted.and_then(|n| n.parse().ok()).unwrap_or(400);
    for share in 0..SHARES {
        let entries = entries.clone();
        plan.compare(&format!("mutations::{share}"), move |combo| {
            run(combo, &entries, share, count)
        });
    }
}

fn run(combo: &Combo, entries: &[Entry], share: usize, count: usize) -> Verdict {
    let interfaces: BTreeSet<_> = entries.iter().flat_map(|e| e.interfaces.clone()).collect();
    let bench = Bench::new(combo, &interfaces)?;
    let (mut compared, mut wrong) = (0, Vec::new());
    for seed in (share..count).step_by(SHARES) {
        let entry = &entries[seed % entries.len()];
        let (text, what) = mutate(&entry.text, seed as u64);
        let theirs = bench.theirs(&text)?;
        if is_left_out(&theirs) {
            continue;
        }
        let ours = bench.ours(&text)?;
        compared += 1;
        if ours.code != theirs.code {
            let only = |a: &Said, b: &Said| -> Vec<String> {
                a.lines.difference(&b.lines).take(3).cloned().collect()
            };
            wrong.push(format!(
                "number {seed}, file {} with {what}: {:?}, the original {:?}; theirs only: {:?}; ours only: {:?}",
                entry.id,
                ours.code,
                theirs.code,
                only(&theirs, &ours),
                only(&ours, &theirs),
            ));
        }
    }
    println!("{compared} compared, {} differ", wrong.len());
    for line in &wrong {
        println!("{line}");
    }
    ensure!(compared > 0, "nothing was compared");
    ensure!(
        wrong.len() * ONE_IN <= compared,
        "{} of {compared} differ:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    Ok(())
}

/// The original crashes, hangs or ends itself; or the braces do not match.
fn is_left_out(theirs: &Said) -> bool {
    let crashed = theirs.code.is_none_or(|code| code > 6);
    let braces = theirs.lines.iter().any(|line| {
        line.contains("missing '}'s")
            || line.contains("Extra '}'")
            || line.contains("Unexpected '{'")
            || line.contains("Missing '{'")
    });
    crashed || braces
}

/// A mistake that people make, chosen by the number.
fn mutate(text: &[u8], seed: u64) -> (Vec<u8>, String) {
    let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let mut lines: Vec<Vec<u8>> = text.split(|b| *b == b'\n').map(<[u8]>::to_vec).collect();
    // Most scripts of the files are not on this machine, which would hide all else.
    if random.below(2) == 0 {
        lines.iter_mut().for_each(runnable);
    }
    let full: Vec<_> = (0..lines.len())
        .filter(|&i| !lines[i].trim_ascii().is_empty() && !lines[i].trim_ascii().starts_with(b"#"))
        .collect();
    if full.is_empty() {
        return (text.to_vec(), "nothing".to_owned());
    }
    let at = full[random.below(full.len())];
    let words = |line: &[u8]| -> Vec<Vec<u8>> {
        line.split(|b| b.is_ascii_whitespace())
            .filter(|w| !w.is_empty())
            .map(<[u8]>::to_vec)
            .collect()
    };
    let mut split = words(&lines[at]);
    let word = random.below(split.len());
    let what = match random.below(9) {
        0 => {
            lines.remove(at);
            return (lines.join(&b'\n'), format!("line {} left out", at + 1));
        }
        1 => {
            let copy = lines[at].clone();
            lines.insert(at, copy);
            return (lines.join(&b'\n'), format!("line {} twice", at + 1));
        }
        2 => {
            let other = full[random.below(full.len())];
            lines.swap(at, other);
            return (
                lines.join(&b'\n'),
                format!("lines {} and {} swapped", at + 1, other + 1),
            );
        }
        3 => {
            split.truncate(word.max(1));
            "words cut off"
        }
        4 => {
            split.insert(word + 1, b"surplus".to_vec());
            "a word more"
        }
        5 => {
            let letter = random.below(split[word].len());
            split[word].remove(letter);
            "a letter left out"
        }
        6 => {
            let letter = random.below(split[word].len());
            split[word][letter].make_ascii_uppercase();
            "a capital letter"
        }
        _ => {
            let values: [&[u8]; 12] = [
                b"0",
                b"1",
                b"255",
                b"256",
                b"-1",
                b"1.5",
                b"0.1",
                b"5s",
                b"on",
                b"off",
                b"foo",
                b"10.0.0.300",
            ];
            let last = split.len() - 1;
            split[last] = values[random.below(values.len())].to_vec();
            "another value"
        }
    };
    lines[at] = split.join(&b' ');
    (lines.join(&b'\n'), format!("{what} in line {}", at + 1))
}

/// Puts a command that exists in place of the path of a script line.
pub fn runnable(line: &mut Vec<u8>) {
    let trimmed = line.trim_ascii_start();
    if !(trimmed.starts_with(b"script ") || trimmed.starts_with(b"notify")) {
        return;
    }
    let Some(start) = line.iter().position(|b| *b == b'/') else {
        return;
    };
    let end = line[start..]
        .iter()
        .position(|b| b.is_ascii_whitespace() || matches!(b, b'"' | b'\''))
        .map_or(line.len(), |length| start + length);
    line.splice(start..end, *b"/bin/true");
}

/// A small generator: the same numbers on every machine.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        let bound = u64::try_from(bound).unwrap_or(1).max(1);
        usize::try_from((self.0 >> 16) % bound).unwrap_or(0)
    }
}
