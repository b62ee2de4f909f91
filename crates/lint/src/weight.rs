//! Weights: what trackers add to the priority, and where the sum is cut (spec vrrp-runtime 6).

use evervip_config::{Code, Diagnostic, Node, Span};

use crate::merge::finding;
use crate::section::Section;
use crate::subject::Subject;

/// A tracker whose weight is known from the text.
pub(crate) struct Weighted<'a> {
    pub(crate) name: &'a str,
    /// What it adds when it adds anything; at other times it adds 0.
    pub(crate) contribution: i32,
    /// The weight, or the name when the weight stands at the definition.
    pub(crate) at: Span,
}

/// Weighted trackers of an instance, those with weight 0 too. Files are left out: what they add is
/// in the file.
pub(crate) fn known<'a>(subject: &Subject<'a>, instance: Section<'a>) -> Vec<Weighted<'a>> {
    let mut known = Vec::new();
    for list in [
        "track_interface",
        "track_script",
        "track_process",
        "track_bfd",
    ] {
        for entry in instance.entries(list) {
            known.extend(weighted(subject, entry, list));
        }
    }
    known
}

fn weighted<'a>(
    subject: &Subject<'a>,
    entry: &'a Node,
    list: &'static str,
) -> Option<Weighted<'a>> {
    let name = entry.keyword();
    let words = entry.args();
    let own = words.first().is_some_and(|word| word.text == "weight");
    let number = words.get(1).filter(|_| own);
    let (weight, reverse, at) = match number {
        Some(number) => {
            let reverse = words.get(2).is_some_and(|word| word.text == "reverse");
            (number.text.parse::<i32>().ok()?, reverse, number.span)
        }
        None => {
            let section = subject.tracked(list, &name.text)?;
            let line = section.line("weight");
            let word = |at: usize| line.and_then(|line| line.args().get(at));
            let weight = word(0).map_or(Some(0), |word| word.text.parse().ok())?;
            let reverse = word(1).is_some_and(|word| word.text == "reverse");
            (weight, reverse, name.span)
        }
    };
    // No file has a use for more, whatever number it names.
    let weight = weight.clamp(-254, 254);
    Some(Weighted {
        name: &name.text,
        contribution: if reverse { -weight } else { weight },
        at,
    })
}

/// Sums that are cut at 1 or 254.
pub(crate) fn sums(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for instance in subject.instances.iter().copied() {
        // What files add is anybody's guess.
        if !instance.has("track_file") && !subject.drops_weights(instance) {
            found.extend(instance_sums(instance, &known(subject, instance)));
        }
    }
    found
}

fn instance_sums(instance: Section<'_>, trackers: &[Weighted<'_>]) -> Vec<Diagnostic> {
    let base = instance.priority();
    let highest: i32 = trackers.iter().map(|t| t.contribution.max(0)).sum();
    let lowest: i32 = trackers.iter().map(|t| t.contribution.min(0)).sum();
    let (all_good, all_bad) = (base + highest, base + lowest);
    let useless: Vec<_> = trackers
        .iter()
        .filter(|t| never_counts(t.contribution, all_good, all_bad))
        .map(|t| without_effect(t, base))
        .collect();
    if useless.is_empty() && all_good > 254 && highest > 0 {
        return clamped(instance, trackers, base, all_good)
            .into_iter()
            .collect();
    }
    useless
}

/// Whether every sum is cut to the same number with and without this weight.
fn never_counts(weight: i32, all_good: i32, all_bad: i32) -> bool {
    let others_high = all_good - weight.max(0);
    let others_low = all_bad - weight.min(0);
    match weight.signum() {
        1 => others_low >= 254 || others_high + weight <= 1,
        -1 => others_high <= 1 || others_low + weight >= 254,
        _ => false,
    }
}

fn without_effect(tracker: &Weighted<'_>, base: i32) -> Diagnostic {
    let text = format!(
        "weight {:+} of '{}' never changes the priority",
        tracker.contribution, tracker.name
    );
    finding(Code::WeightWithoutEffect, tracker.at, text)
        .note(format!(
            "the sum is cut to 1..254, and with priority {base} it is cut either way"
        ))
        .help("choose a priority that leaves room for the weight")
}

fn clamped(
    instance: Section<'_>,
    trackers: &[Weighted<'_>],
    base: i32,
    sum: i32,
) -> Option<Diagnostic> {
    let largest = trackers.iter().max_by_key(|t| t.contribution)?;
    let text = format!("priority and weights make {sum}, which is cut to 254");
    let finding = finding(Code::WeightClamped, largest.at, text)
        .note("what is cut off does not count when a check fails, so the priority falls by less than the weight")
        .help("choose a smaller priority, so that the sum stays below 255");
    Some(match instance.argument("priority") {
        Some(word) => finding.label(word.span, format!("priority {base}")),
        None => finding,
    })
}

#[cfg(test)]
mod tests {
    use super::never_counts;

    #[test]
    fn a_weight_counts_unless_the_sum_is_cut_either_way() {
        assert!(!never_counts(2, 102, 100));
        assert!(never_counts(5, 259, 254));
        assert!(!never_counts(5, 258, 253));
        assert!(never_counts(-10, 1, -9));
        assert!(!never_counts(-10, 2, -8));
        // Another tracker may take the sum down to where it counts.
        assert!(!never_counts(5, 259, 204));
        assert!(!never_counts(0, 254, 254));
    }
}
