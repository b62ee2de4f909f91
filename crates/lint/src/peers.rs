//! Where adverts come from and go to.

use std::collections::HashSet;
use std::net::IpAddr;

use evervip_config::{Code, Diagnostic, Token};

use crate::merge::finding;
use crate::section::{Section, address};
use crate::subject::Subject;

/// Lints of sources and unicast peers.
pub(crate) fn addresses(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let own = subject.input.host.own_addresses().into_iter().collect();
    let mut found = Vec::new();
    for instance in subject.instances.iter().copied() {
        let virtual_ones: HashSet<_> = instance.virtual_addresses().map(|(at, _)| at).collect();
        peers(instance, &own, &virtual_ones, &mut found);
        found.extend(virtual_source(instance, &virtual_ones));
        found.extend(multicast_source(instance));
    }
    found
}

/// The line that counts is the last of the two spellings.
fn source(instance: Section<'_>) -> Option<&Token> {
    let lines = instance.node.nodes().iter();
    let mut sources = lines.filter(|line| SOURCES.contains(&line.keyword().text.as_str()));
    sources.next_back()?.args().first()
}

fn peers(
    instance: Section<'_>,
    own: &HashSet<IpAddr>,
    virtual_ones: &HashSet<IpAddr>,
    found: &mut Vec<Diagnostic>,
) {
    let source = source(instance);
    let source_address = source.and_then(|word| address(&word.text));
    for (peer, entry) in instance.addresses("unicast_peer") {
        let at = entry.span();
        if virtual_ones.contains(&peer) {
            let text = format!("the peer {peer} is a virtual address");
            found.push(
                finding(Code::VirtualAddressAsPeer, at, text)
                    .note("it moves: whoever is MASTER would send its adverts to itself")
                    .help("write the fixed address of the other machine"),
            );
        } else if source_address == Some(peer) || own.contains(&peer) {
            let text = format!("the peer {peer} is this machine itself");
            let mut finding = finding(Code::OwnAddressAsPeer, at, text)
                .note("it sends its adverts to itself, too")
                .help("list only the other machines");
            if let Some(word) = source.filter(|_| source_address == Some(peer)) {
                finding = finding.label(word.span, "the source of its adverts");
            }
            found.push(finding);
        }
    }
}

/// Only the owner of an address (priority 255) has it at any time.
fn virtual_source(instance: Section<'_>, virtual_ones: &HashSet<IpAddr>) -> Option<Diagnostic> {
    let word = source(instance)?;
    let at = address(&word.text)?;
    if instance.priority() == 255 || !virtual_ones.contains(&at) {
        return None;
    }
    let text = format!("{at} is a virtual address: a BACKUP does not have it");
    Some(
        finding(Code::VirtualAddressAsSource, word.span, text)
            .note("adverts cannot be sent from an address that the machine does not have")
            .help("write the fixed address of this machine"),
    )
}

fn multicast_source(instance: Section<'_>) -> Option<Diagnostic> {
    let line = instance.line("mcast_src_ip")?;
    let peers = instance
        .line("unicast_peer")
        .filter(|_| instance.entries("unicast_peer").next().is_some())?;
    let text = "mcast_src_ip in an instance that sends no multicast";
    let note = if instance.has("unicast_src_ip") {
        "mcast_src_ip and unicast_src_ip are one setting: the last one counts"
    } else {
        "keepalived takes it for unicast_src_ip: the two are one setting"
    };
    Some(
        finding(Code::McastSrcIpWithUnicast, line.span(), text)
            .label(peers.span(), "adverts go to these peers only")
            .note(note)
            .help("write unicast_src_ip, or remove unicast_peer"),
    )
}

const SOURCES: [&str; 2] = ["mcast_src_ip", "unicast_src_ip"];
