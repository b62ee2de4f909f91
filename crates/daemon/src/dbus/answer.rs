//! What a call is answered, with the errors of the original's library.

use std::sync::Arc;

use super::introspection::{DAEMON, INSTANCE, describe};
use super::objects::{Entry, Object, Objects};

const INTROSPECTABLE: &str = "org.freedesktop.DBus.Introspectable";
const PEER: &str = "org.freedesktop.DBus.Peer";
const PROPERTIES: &str = "org.freedesktop.DBus.Properties";

/// A method call.
#[derive(Debug, Clone, Copy)]
pub(super) struct Call<'a> {
    pub(super) path: &'a str,
    /// A caller may leave it out.
    pub(super) interface: Option<&'a str>,
    pub(super) member: &'a str,
    /// The types of the arguments.
    pub(super) signature: &'a str,
    /// The arguments that are words.
    pub(super) words: &'a [String],
}

/// The answer, or what is to be done before there is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answer {
    /// Nothing.
    Empty,
    /// A text.
    Text(String),
    /// The identity of the machine.
    MachineId,
    /// A property.
    Property(Property),
    /// Properties by name.
    Properties(Vec<(&'static str, Property)>),
    /// To be done first.
    Task(Task),
    /// An error.
    Failure(Failure),
}

/// A property of an instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Property {
    /// The instance's name.
    Name(Arc<str>),
    /// The number and the word of its state.
    State(u32, &'static str),
}

/// What a caller wants done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Task {
    /// `keepalived.data`.
    PrintData,
    /// `keepalived.stats`; the counters are set to 0 afterwards if so wanted.
    PrintStats { clear: bool },
    /// The configuration is read again.
    Reload,
    /// The neighbours are told the addresses of this instance.
    SendGarp(Arc<str>),
}

/// An error by its name on the bus, and its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failure {
    pub(super) name: &'static str,
    pub(super) text: String,
}

impl Failure {
    pub(super) const fn invalid_arguments(text: String) -> Self {
        let name = "org.freedesktop.DBus.Error.InvalidArgs";
        Self { name, text }
    }

    const fn unknown_method(text: String) -> Self {
        let name = "org.freedesktop.DBus.Error.UnknownMethod";
        Self { name, text }
    }

    /// The daemon cannot do it now.
    pub(super) fn failed(text: &str) -> Self {
        let name = "org.freedesktop.DBus.Error.Failed";
        let text = text.to_owned();
        Self { name, text }
    }

    fn no_method(call: &Call<'_>) -> Self {
        Self::unknown_method(format!("No such method “{}”", call.member))
    }

    fn no_interface(name: &str) -> Self {
        Self::invalid_arguments(format!("No such interface “{name}”"))
    }

    fn no_property(name: &str) -> Self {
        Self::invalid_arguments(format!("No such property “{name}”"))
    }
}

/// What a call is answered.
pub(super) fn answer(objects: &Objects, call: &Call<'_>) -> Answer {
    checked(objects, call).unwrap_or_else(Answer::Failure)
}

fn checked(objects: &Objects, call: &Call<'_>) -> Result<Answer, Failure> {
    let object = objects.find(call.path);
    let interface = interface_of(call);
    // These are there even where there is no object.
    match (interface, call.member, call.signature) {
        (INTROSPECTABLE, "Introspect", "") => {
            let children = objects.children(call.path);
            return Ok(Answer::Text(describe(object, &children)));
        }
        (PEER, "Ping", "") => return Ok(Answer::Empty),
        (PEER, "GetMachineId", "") => return Ok(Answer::MachineId),
        _ => {}
    }
    let object = object.ok_or_else(|| {
        Failure::unknown_method(format!("Object does not exist at path “{}”", call.path))
    })?;
    match (interface, object) {
        (PROPERTIES, _) if takes_properties(call) => property(object, call),
        (DAEMON, Object::Daemon) => of_daemon(call),
        (INSTANCE, Object::Instance(entry)) => of_instance(entry, call),
        // Also what is no call of a standard interface.
        _ => Err(Failure::unknown_method(format!(
            "No such interface “{interface}” on object at path {}",
            call.path
        ))),
    }
}

/// The interface of a call: no two have a method in common, so that it may be left out.
fn interface_of<'a>(call: &Call<'a>) -> &'a str {
    call.interface.unwrap_or(match call.member {
        "Introspect" => INTROSPECTABLE,
        "Ping" | "GetMachineId" => PEER,
        "Get" | "GetAll" | "Set" => PROPERTIES,
        "SendGarp" => INSTANCE,
        _ => DAEMON,
    })
}

fn takes_nothing(call: &Call<'_>) -> Result<(), Failure> {
    if call.signature.is_empty() {
        return Ok(());
    }
    Err(Failure::invalid_arguments(format!(
        "Type of message, “({})”, does not match expected type “()”",
        call.signature
    )))
}

fn of_daemon(call: &Call<'_>) -> Result<Answer, Failure> {
    let task = match call.member {
        "PrintData" => Task::PrintData,
        "PrintStats" => Task::PrintStats { clear: false },
        "PrintStatsClear" => Task::PrintStats { clear: true },
        "ReloadConfig" => Task::Reload,
        _ => return Err(Failure::no_method(call)),
    };
    takes_nothing(call)?;
    Ok(Answer::Task(task))
}

fn of_instance(entry: &Entry, call: &Call<'_>) -> Result<Answer, Failure> {
    if call.member != "SendGarp" {
        return Err(Failure::no_method(call));
    }
    takes_nothing(call)?;
    Ok(Answer::Task(Task::SendGarp(Arc::clone(&entry.name))))
}

fn takes_properties(call: &Call<'_>) -> bool {
    matches!(
        (call.member, call.signature),
        ("GetAll", "s") | ("Get", "ss") | ("Set", "ssv")
    )
}

fn property(object: Object<'_>, call: &Call<'_>) -> Result<Answer, Failure> {
    let word = |at: usize| call.words.get(at).map_or("", String::as_str);
    let (interface, name) = (word(0), word(1));
    let properties = properties(object, interface)?;
    if call.member == "GetAll" {
        return Ok(Answer::Properties(properties));
    }
    let found = properties.into_iter().find(|(known, _)| *known == name);
    let (_, property) = found.ok_or_else(|| Failure::no_property(name))?;
    if call.member == "Set" {
        let text = format!("Property “{name}” is not writable");
        return Err(Failure::invalid_arguments(text));
    }
    Ok(Answer::Property(property))
}

fn properties(
    object: Object<'_>,
    interface: &str,
) -> Result<Vec<(&'static str, Property)>, Failure> {
    match (object, interface) {
        (Object::Daemon, DAEMON) => Ok(Vec::new()),
        (Object::Instance(Entry { name, status }), INSTANCE) => Ok(vec![
            ("Name", Property::Name(Arc::clone(name))),
            ("State", Property::State(status.number(), status.word())),
        ]),
        _ => Err(Failure::no_interface(interface)),
    }
}

#[cfg(test)]
mod tests {
    use evervip_model::{Globals, Instance, State, Vrid};

    use super::*;
    use crate::dbus::objects::Status;
    use crate::dbus::path::Settings;

    const AT_DAEMON: &str = "/org/keepalived/Vrrp1/Vrrp";
    const AT_INSTANCE: &str = "/org/keepalived/Vrrp1/Instance/eth0/51/IPv4";

    /// `PATH INTERFACE MEMBER SIGNATURE WORD...`, where `-` is nothing.
    fn asked(line: &str) -> Answer {
        let mut objects = Objects::new(Settings::of(&Globals::default()));
        let mut instance = Instance::new("VI_1".into(), Vrid::new(51).unwrap());
        instance.interface = Some("eth0".to_owned());
        objects.set(&instance, Status::In(State::Master));
        let parts: Vec<&str> = line.split(' ').map(|part| part.trim_matches('-')).collect();
        let words: Vec<String> = parts[4..].iter().map(|word| (*word).to_owned()).collect();
        let call = Call {
            path: parts[0],
            interface: Some(parts[1]).filter(|name| !name.is_empty()),
            member: parts[2],
            signature: parts[3],
            words: &words,
        };
        answer(&objects, &call)
    }

    fn failure(line: &str) -> String {
        match asked(line) {
            Answer::Failure(Failure { name, text }) => {
                format!("{} {text}", name.rsplit('.').next().unwrap())
            }
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn tasks_of_the_daemon() {
        for (member, task) in [
            ("PrintData", Task::PrintData),
            ("PrintStats", Task::PrintStats { clear: false }),
            ("PrintStatsClear", Task::PrintStats { clear: true }),
            ("ReloadConfig", Task::Reload),
        ] {
            for interface in [DAEMON, "-"] {
                let line = format!("{AT_DAEMON} {interface} {member} -");
                assert_eq!(asked(&line), Answer::Task(task.clone()));
            }
        }
    }

    #[test]
    fn an_instance() {
        let line = format!("{AT_INSTANCE} {INSTANCE} SendGarp -");
        assert_eq!(asked(&line), Answer::Task(Task::SendGarp("VI_1".into())));
        let line = format!("{AT_INSTANCE} {PROPERTIES} Get ss {INSTANCE} State");
        let state = Property::State(2, "Master");
        assert_eq!(asked(&line), Answer::Property(state.clone()));
        let line = format!("{AT_INSTANCE} {PROPERTIES} GetAll s {INSTANCE}");
        let all = vec![("Name", Property::Name("VI_1".into())), ("State", state)];
        assert_eq!(asked(&line), Answer::Properties(all));
        let line = format!("{AT_DAEMON} {PROPERTIES} GetAll s {DAEMON}");
        assert_eq!(asked(&line), Answer::Properties(Vec::new()));
    }

    #[test]
    fn every_path_can_be_introspected() {
        for (path, part) in [
            ("/", "<node name=\"org\"/>"),
            (AT_DAEMON, "PrintStatsClear"),
            (AT_INSTANCE, "SendGarp"),
            ("/nothing/here", "<node>\n</node>"),
        ] {
            let Answer::Text(text) = asked(&format!("{path} {INTROSPECTABLE} Introspect -")) else {
                panic!("{path}");
            };
            assert!(text.contains(part), "{path}: {text}");
        }
        assert_eq!(asked(&format!("/org {PEER} Ping -")), Answer::Empty);
    }

    #[test]
    fn errors_are_those_of_the_original() {
        let rows = [
            (
                format!("{AT_DAEMON} {DAEMON} PrintData s"),
                "InvalidArgs Type of message, “(s)”, does not match expected type “()”",
            ),
            (
                format!("{AT_DAEMON} {DAEMON} Baz -"),
                "UnknownMethod No such method “Baz”",
            ),
            (
                format!("{AT_DAEMON} org.foo.Bar Baz -"),
                "UnknownMethod No such interface “org.foo.Bar” on object at path \
                 /org/keepalived/Vrrp1/Vrrp",
            ),
            (
                format!("{AT_INSTANCE} {DAEMON} PrintData -"),
                "UnknownMethod No such interface “org.keepalived.Vrrp1.Vrrp” on object at path \
                 /org/keepalived/Vrrp1/Instance/eth0/51/IPv4",
            ),
            (
                format!("/org {DAEMON} PrintData -"),
                "UnknownMethod Object does not exist at path “/org”",
            ),
            (
                format!("{AT_DAEMON} {PROPERTIES} GetAll -"),
                "UnknownMethod No such interface “org.freedesktop.DBus.Properties” on object at \
                 path /org/keepalived/Vrrp1/Vrrp",
            ),
            (
                format!("{AT_INSTANCE} {PROPERTIES} Get ss {INSTANCE} x"),
                "InvalidArgs No such property “x”",
            ),
            (
                format!("{AT_INSTANCE} {PROPERTIES} GetAll s -"),
                "InvalidArgs No such interface “”",
            ),
            (
                format!("{AT_INSTANCE} {PROPERTIES} Set ssv {INSTANCE} Name"),
                "InvalidArgs Property “Name” is not writable",
            ),
        ];
        for (line, expected) in rows {
            assert_eq!(failure(&line), expected, "{line}");
        }
    }
}
