//! What the BFD process knows (`keepalived_bfd.data`).
//!
//! Lines of the original about its own timers' memory addresses are left out.

use evervip_bfd::SessionSnapshot;
use evervip_model::Globals;
use evervip_vrrp::Timestamp;

use crate::Clock;
use crate::state::bfd_globals;
use crate::text::Text;

/// All that is written about.
#[derive(Debug)]
pub struct BfdScene<'a> {
    /// `global_defs`.
    pub globals: &'a Globals,
    /// Every session.
    pub sessions: Vec<BfdFacts<'a>>,
    /// Descriptor that packets are received with.
    pub socket: Option<i32>,
    /// What time it is; the sessions' times are on the same clock.
    pub clock: Clock,
}

/// A session, and what the driver knows beyond it.
#[derive(Debug)]
pub struct BfdFacts<'a> {
    /// What the session knows.
    pub session: SessionSnapshot<'a>,
    /// Descriptor to send with.
    pub socket: Option<i32>,
    /// The last packet could not be sent.
    pub send_error: bool,
}

/// The whole file.
#[must_use]
pub fn bfd(scene: &BfdScene<'_>) -> String {
    let mut text = Text::default();
    bfd_globals(&mut text, scene.globals);
    text.section("BFD Data");
    text.line(format_args!(" fd_in = {}", scene.socket.unwrap_or(-1)));
    if !scene.sessions.is_empty() {
        text.section("BFD Topology");
    }
    for facts in &scene.sessions {
        definition(&mut text, facts);
        state(&mut text, facts, &scene.clock);
    }
    text.finish()
}

fn definition(text: &mut Text, facts: &BfdFacts<'_>) {
    let spec = facts.session.spec;
    text.line(format_args!(" BFD Instance = {}", spec.name));
    if let Some(neighbor) = spec.neighbor {
        text.line(format_args!("   Neighbor IP = {neighbor}"));
    }
    if let Some(source) = spec.source {
        text.line(format_args!("   Source IP = {source}"));
    }
    let micros = |time: std::time::Duration| time.as_micros();
    text.line(format_args!(
        "   Required min RX interval = {} us",
        micros(spec.min_rx)
    ));
    text.line(format_args!(
        "   Desired min TX interval = {} us",
        micros(spec.min_tx)
    ));
    text.line(format_args!(
        "   Desired idle TX interval = {} us",
        micros(spec.idle_tx)
    ));
    text.line(format_args!(
        "   Detection multiplier = {}",
        spec.multiplier
    ));
    let is_ipv6 = spec.neighbor.is_some_and(|neighbor| neighbor.is_ipv6());
    let limit = if is_ipv6 { "hoplimit" } else { "TTL" };
    text.line(format_args!("   {limit} = {}", spec.ttl));
    text.line(format_args!(
        "   max_hops = {}",
        spec.max_hops.unwrap_or(255)
    ));
    text.line(format_args!("   passive = {}", spec.passive));
    if spec.multihop {
        text.fixed("   multihop = true");
    }
    let yes_no = |yes| if yes { "Yes" } else { "No" };
    text.line(format_args!(
        "   send event to VRRP process = {}",
        yes_no(spec.vrrp)
    ));
    text.line(format_args!(
        "   send event to checker process = {}",
        yes_no(spec.checker)
    ));
}

fn state(text: &mut Text, facts: &BfdFacts<'_>, clock: &Clock) {
    let session = &facts.session;
    text.line(format_args!("   fd_out {}", facts.socket.unwrap_or(-1)));
    text.line(format_args!("   send error = {}", facts.send_error));
    text.line(format_args!("   local state = {}", session.state));
    text.line(format_args!("   remote state = {}", session.remote_state));
    text.line(format_args!(
        "   local discriminator = {:#x}",
        session.discriminator
    ));
    text.line(format_args!(
        "   remote discriminator = {:#x}",
        session.remote_discriminator
    ));
    text.line(format_args!("   local diag = {}", session.diagnostic));
    text.line(format_args!(
        "   remote diag = {}",
        session.remote_diagnostic
    ));
    text.line(format_args!(
        "   remote min tx intv = {} us",
        session.remote_min_tx
    ));
    text.line(format_args!(
        "   remote min rx intv = {} us",
        session.remote_min_rx
    ));
    text.fixed("   local demand = 0");
    text.line(format_args!(
        "   remote demand = {}",
        u8::from(session.remote_demand)
    ));
    text.line(format_args!(
        "   remote detect multiplier = {}",
        session.remote_multiplier
    ));
    let poll = if session.polling { "" } else { "!" };
    text.line(format_args!("   {poll}poll, !final"));
    intervals(text, session, clock);
}

fn intervals(text: &mut Text, session: &SessionSnapshot<'_>, clock: &Clock) {
    text.line(format_args!(
        "   local tx intv = {} us",
        session.send_interval
    ));
    text.line(format_args!(
        "   remote tx intv = {} us",
        session.remote_send_interval
    ));
    text.line(format_args!(
        "   local detection time = {} us",
        session.detection_time
    ));
    text.line(format_args!(
        "   remote detection time = {} us",
        session.remote_detection_time
    ));
    match session.last_seen {
        None => text.fixed("   last_seen = [never]"),
        Some(at) => {
            let at = Timestamp::from_nanos(at.as_nanos());
            text.line(format_args!("   last seen = {}", clock.bfd(at)));
        }
    }
}
