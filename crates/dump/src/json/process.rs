//! Tracked processes (layout 2 alone).

use evervip_model::ParameterMatch;
use evervip_vrrp::ProcessSnapshot;

use super::writer::Writer;

/// One tracked process.
pub(super) fn write(json: &mut Writer, process: &ProcessSnapshot) {
    let spec = &process.spec;
    json.object(|json| {
        json.text("process", &spec.process.to_string_lossy());
        if !spec.parameters.is_empty() {
            let words: Vec<_> = spec
                .parameters
                .iter()
                .map(|w| w.to_string_lossy())
                .collect();
            json.text("parameters", &words.join(" "));
        }
        json.text("param_match", parameter_match(spec.parameter_match));
        json.number("min_processes", spec.quorum);
        if let Some(most) = spec.quorum_max {
            json.number("max_processes", most);
        }
        json.number("current_processes", process.count);
        json.number("have_quorum", process.quorum);
        json.number("weight", spec.weight);
        json.number("terminate_delay", spec.terminate_delay.as_secs_f64());
        json.number("fork_delay", spec.fork_delay.as_secs_f64());
        json.number(
            "fork_delay_timer_running",
            process.delayed && !process.quorum,
        );
        json.number(
            "terminate_delay_timer_running",
            process.delayed && process.quorum,
        );
        json.number("full_command", spec.full_command);
    });
}

const fn parameter_match(how: ParameterMatch) -> &'static str {
    match how {
        ParameterMatch::Ignored => "none",
        ParameterMatch::Exact => "exact",
        ParameterMatch::Partial => "partial",
        ParameterMatch::Initial => "initial",
    }
}
