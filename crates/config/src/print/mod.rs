//! A model as the text of a `keepalived.conf`.
//!
//! What is printed loads to the same model again (a property test says so). Everything that
//! differs from its default is written, in the order in which the language wants it: objects
//! before those that name them.

mod address;
mod global;
mod instance;
mod object;
mod routing;
mod tracks;
mod writer;

use evervip_model::{Command, Config, Credentials};

pub use routing::{route, rule};
use writer::Writer;

/// Names of the users and groups that commands run as: the language has no numbers for them.
pub trait Names {
    /// Name of a user id.
    fn user(&self, uid: u32) -> Option<String>;
    /// Name of a group id.
    fn group(&self, gid: u32) -> Option<String>;
}

/// Prints a configuration.
///
/// A user or group without a name appears as its number, which the language does not take; passwords
/// are in the text, so it must be kept as secret as the file that they come from.
#[must_use]
pub fn print(config: &Config, names: &dyn Names) -> String {
    let mut out = Writer::new(names);
    global::globals(&mut out, config);
    object::surroundings(&mut out, config);
    routing::fixtures(&mut out, config);
    object::objects(&mut out, config);
    for instance in &config.instances {
        instance::instance(&mut out, config, instance);
    }
    for group in &config.sync_groups {
        object::sync_group(&mut out, config, group);
    }
    out.finish()
}

/// `USER GROUP` of a command, `USER :GROUP` of one that has the user's other groups.
fn runner(names: &dyn Names, command: &Command) -> String {
    let who = identity(names, command.credentials);
    match who.split_once(' ') {
        Some((user, group)) if !command.supplementary_groups.is_empty() => {
            format!("{user} :{group}")
        }
        _ => who,
    }
}

/// `USER GROUP`.
fn identity(names: &dyn Names, credentials: Credentials) -> String {
    let Credentials { uid, gid } = credentials;
    let user = names.user(uid).unwrap_or_else(|| uid.to_string());
    let group = names.group(gid).unwrap_or_else(|| gid.to_string());
    format!("{user} {group}")
}
