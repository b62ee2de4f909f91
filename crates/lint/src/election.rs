//! Who becomes MASTER, and who stays it.

use evervip_config::{Code, Diagnostic};

use crate::merge::finding;
use crate::section::Section;
use crate::subject::Subject;
use crate::weight;

/// `state MASTER` without a priority makes an address owner (spec vrrp-keywords 18-D6).
pub(crate) fn owners(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let instances = subject.instances.iter().copied();
    instances.filter_map(owner).collect()
}

fn owner(instance: Section<'_>) -> Option<Diagnostic> {
    let state = instance.argument("state")?;
    if state.text != "MASTER" || instance.has("priority") {
        return None;
    }
    Some(
        finding(Code::MasterWithoutPriority, state.span, "state MASTER without priority means priority 255")
            .note("255 is the owner of the addresses: MASTER at once after every start, whatever its checks say")
            .help("add priority 100, or another number below 255"),
    )
}

/// `nopreempt` beside weights: a MASTER whose check fails announces less, and nobody takes over
/// because everybody leaves a running MASTER alone.
pub(crate) fn preemption(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let instances = subject.instances.iter().copied();
    instances
        .filter_map(|instance| stuck(subject, instance))
        .collect()
}

fn stuck(subject: &Subject<'_>, instance: Section<'_>) -> Option<Diagnostic> {
    let nopreempt = instance.line("nopreempt")?;
    let undone =
        instance.has("preempt") || instance.is_state("MASTER") || instance.priority() == 255;
    if undone || subject.drops_weights(instance) {
        return None;
    }
    let weighted = weight::known(subject, instance)
        .into_iter()
        .find(|t| t.contribution != 0)?;
    Some(
        finding(Code::NopreemptWithWeights, nopreempt.span(), "with nopreempt this weight moves no address")
            .label(weighted.at, "the weight")
            .note("a MASTER whose check fails only lowers its priority; a member with nopreempt leaves it alone as long as it sends adverts")
            .help("remove nopreempt, or write weight 0, so that a failure is a fault and the MASTER resigns"),
    )
}
