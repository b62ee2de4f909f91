//! The checks after the whole file, in the original's order (spec vrrp-keywords 18).
//!
//! A check that the original calls fatal ends them: what follows is not looked at, and there is no
//! configuration.

mod address_macs;
mod addresses;
mod authentication;
mod delivery;
mod duplicates;
mod group_owners;
mod hmac;
mod instance;
mod strict;
mod timing;
mod virtual_interface;
mod weights;

use std::collections::{HashMap, HashSet};

use evervip_model::{Config, UnrunnableScripts};

use super::build::{Check, Resolved};
use super::draft::{GroupDraft, InstanceDraft, ScriptDraft};
use super::resolve::{Dropped, Seen, as_written};
use super::{Lower, Lowered};
use crate::diagnostic::{Class, Code, Diagnostic};
use crate::load::Refusal;

/// A check that ends the run; its diagnostic is made.
pub(super) struct Fatal;

impl Lower<'_> {
    pub(super) fn finish(mut self) -> Lowered {
        let outcome = if self.missing_parameter {
            Err(Refusal::MissingParameter)
        } else {
            self.checked().map_err(|Fatal| Refusal::Fatal)
        };
        let (config, refusal) = match outcome {
            Ok(config) => (Some(config), None),
            Err(refusal) => (None, Some(refusal)),
        };
        Lowered {
            config,
            refusal,
            has_vrrp: self.has_vrrp,
            has_lvs: self.lvs.is_some(),
        }
    }

    fn checked(&mut self) -> Result<Config, Fatal> {
        self.check_services();
        if self.missing_interface {
            let diagnostic = Diagnostic::new(
                Code::MissingInterface,
                Class::BadInterface,
                "Non-existent interface specified in configuration",
            )
            .error()
            .help("correct the name, create the interface first, or write dynamic_interfaces into global_defs");
            self.say(diagnostic);
            return Err(Fatal);
        }
        self.resolve_daemon_scripts();
        // Without an instance the original looks at no script, and complains about none.
        let resolved = if self.instances.is_empty() {
            Resolved::default()
        } else {
            self.resolve_all()
        };

        let mut drafts = std::mem::take(&mut self.instances);
        for draft in &drafts {
            self.check_minimum(draft)?;
        }
        let groups = self.check_groups(&drafts);
        let group_of: HashMap<&str, &GroupDraft> = groups
            .iter()
            .flat_map(|g| g.members.iter().map(move |(m, _)| (m.as_str(), g)))
            .collect();
        for draft in &mut drafts {
            let group = group_of.get(draft.name.as_str()).copied();
            draft.notify_priority_changes = draft
                .notify_priority_changes
                .or(group.and_then(|g| g.notify_priority_changes));
            self.check_instance(draft, group)?;
        }
        let mut config = self.build(&mut drafts, &groups, resolved);
        self.check_duplicates(&config.instances, &drafts)?;
        self.check_shared_macs(&mut config, &drafts);
        self.fold_group_trackers(&mut config, &groups);
        self.drop_unused_scripts(&mut config);
        self.place_objects(&mut config);
        Ok(config)
    }

    fn resolve_all(&mut self) -> Resolved {
        let mut seen = Seen::default();
        let mut resolved = Resolved::default();
        self.script_names = self.scripts.iter().map(|s| s.name.clone()).collect();
        for script in std::mem::take(&mut self.scripts) {
            let check = self.resolve_check(&script, &mut seen);
            resolved.scripts.push((script, check));
        }
        let drafts = std::mem::take(&mut self.instances);
        for draft in &drafts {
            let notify = self.resolve_notify(&draft.notify, &mut seen);
            let notify = (!notify.is_empty()).then(|| Box::new(notify));
            resolved.instances.push(notify);
        }
        self.instances = drafts;
        for group in std::mem::take(&mut self.groups) {
            let notify = self.resolve_notify(&group.notify, &mut seen);
            resolved.groups.push((group.name.clone(), notify));
            self.groups.push(group);
        }
        self.resolve_fifos(&mut seen);
        self.report_script_security(&seen, "scripts");
        resolved
    }

    /// A check that cannot be run is not tracked; where the file says that it fails, it is kept.
    fn resolve_check(&mut self, script: &ScriptDraft, seen: &mut Seen) -> Option<Check> {
        let unusable = |reason| Check {
            command: as_written(&script.command),
            unusable: Some(reason),
        };
        if !script.has_user {
            return Some(unusable("there is no user to run it"));
        }
        let why = match self.resolve(&script.command, seen) {
            Ok(command) => {
                return Some(Check {
                    command,
                    unusable: None,
                });
            }
            Err(why) => why,
        };
        let fails = self.globals.model.extensions.unrunnable_scripts == UnrunnableScripts::Fail;
        self.script_disabled(script, &why, fails);
        fails.then(|| unusable(why.reason()))
    }

    /// The original says nothing more about a script that is merely not executable.
    fn script_disabled(&mut self, script: &ScriptDraft, why: &Dropped, fails: bool) {
        let name = &script.name;
        let text = match why {
            Dropped::NotFound => {
                format!("Disabling track script {name} since not found/accessible")
            }
            Dropped::Insecure(_) | Dropped::NotAFile => {
                format!("Disabling track script {name} due to insecure")
            }
            Dropped::NotExecutable => return,
        };
        let until = if fails {
            "until that is put right, the check counts as failed"
        } else {
            "until that is put right, instances run as if they did not track it"
        };
        let help = match why {
            Dropped::Insecure(weakness) => format!("{weakness}: {}; {until}", weakness.remedy()),
            _ => until.to_owned(),
        };
        self.say(
            Diagnostic::new(Code::UnusableScript, Class::General, text)
                .label(script.command.span, "this command")
                .help(help),
        );
    }

    /// A diagnostic without line, as the original makes them here, that knows its instance.
    pub(super) fn after(
        &mut self,
        draft: &InstanceDraft,
        code: Code,
        text: &str,
    ) -> &mut Diagnostic {
        self.after_text(draft, code, format!("({}) {text}", draft.name))
    }

    /// The same with a text that is complete.
    fn after_text(
        &mut self,
        draft: &InstanceDraft,
        code: Code,
        message: impl Into<String>,
    ) -> &mut Diagnostic {
        self.say(
            Diagnostic::new(code, Class::General, message).label(draft.span, "in this instance"),
        )
    }

    pub(super) fn fatal(
        &mut self,
        draft: &InstanceDraft,
        code: Code,
        text: &str,
        help: &str,
    ) -> Fatal {
        let said = self.after(draft, code, text);
        said.severity = crate::diagnostic::Severity::Error;
        said.help = Some(help.to_owned());
        Fatal
    }

    fn check_minimum(&mut self, draft: &InstanceDraft) -> Result<(), Fatal> {
        if draft.vrid.is_none() {
            return Err(self.fatal(
                draft,
                Code::MissingParameter,
                "the virtual router id must be set",
                "write virtual_router_id N, the same on all its machines",
            ));
        }
        if draft.interface.is_some() {
            return Ok(());
        }
        if !draft.unicast_wanted {
            return Err(self.fatal(
                draft,
                Code::MissingInterface,
                "Unknown interface!",
                "write interface IFNAME",
            ));
        }
        if draft.peers.is_empty() && !draft.fault_no_peer {
            // It would go on by multicast, and that needs one.
            return Err(self.fatal(
                draft,
                Code::MissingInterface,
                "Unknown interface!",
                "write interface IFNAME, or unicast_peer { ADDRESS }",
            ));
        }
        if draft.source.is_none() {
            return Err(self.fatal(
                draft,
                Code::MissingInterface,
                "Unknown interface!",
                "write interface IFNAME, or at least unicast_src_ip ADDRESS",
            ));
        }
        // 2.2.7 refuses to start; from 2.2.8 on such an instance runs.
        Ok(())
    }

    fn check_groups(&mut self, drafts: &[InstanceDraft]) -> Vec<GroupDraft> {
        let mut taken: HashSet<String> = HashSet::new();
        let by_name: HashMap<&str, &InstanceDraft> =
            drafts.iter().map(|d| (d.name.as_str(), d)).collect();
        let mut kept = Vec::new();
        for mut group in std::mem::take(&mut self.groups) {
            let name = group.name.clone();
            let had_members = !group.members.is_empty();
            let mut members = Vec::new();
            for (member, span) in std::mem::take(&mut group.members) {
                if !self.instance_names.contains(&member) {
                    let text = format!(
                        "Virtual router {member} specified in sync group {name} doesn't exist - ignoring"
                    );
                    let known = drafts.iter().map(|d| d.name.as_str());
                    let help = self
                        .closest_name(&member, known)
                        .map(|n| format!("did you mean '{n}'?"));
                    let said = self.say(
                        Diagnostic::new(Code::UnknownName, Class::General, text)
                            .label(span, "here"),
                    );
                    said.help = help;
                } else if taken.contains(&member) {
                    let text = format!(
                        "Virtual router {member} cannot exist in more than one sync group; ignoring {name}"
                    );
                    self.say(
                        Diagnostic::new(Code::Duplicate, Class::General, text).label(span, "here"),
                    );
                } else {
                    taken.insert(member.clone());
                    members.push((member, span));
                }
            }
            group.members = members;
            if self.group_has_members(&group, had_members) {
                self.check_group_owners(&group, &by_name);
                kept.push(group);
            }
        }
        kept
    }

    fn group_has_members(&mut self, group: &GroupDraft, had_members: bool) -> bool {
        let name = &group.name;
        let text = match group.members.len() {
            0 if had_members => {
                format!(
                    "Sync group {name}, no matching virtual router found in group declaration - removing"
                )
            }
            0 => format!("Sync group {name} has no virtual router(s). removing"),
            1 => format!(
                "Sync group {name} has only 1 virtual router(s) - this probably isn't what you want"
            ),
            _ => return true,
        };
        self.say(
            Diagnostic::new(Code::Suspicious, Class::General, text).label(group.span, "this group"),
        );
        !group.members.is_empty()
    }
}
