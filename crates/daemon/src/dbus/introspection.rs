//! What an object says of itself (D-Bus specification, "Introspection Data Format").

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::objects::Object;

/// Of the daemon's object.
pub(super) const DAEMON: &str = "org.keepalived.Vrrp1.Vrrp";
/// Of an instance's object.
pub(super) const INSTANCE: &str = "org.keepalived.Vrrp1.Instance";

const HEAD: &str = "<!DOCTYPE node PUBLIC \"-//freedesktop//DTD D-BUS Object Introspection 1.0//EN\"\n \
                    \"http://www.freedesktop.org/standards/dbus/1.0/introspect.dtd\">\n<node>\n";

/// The interfaces that every object has.
const STANDARD: &str = r#"  <interface name="org.freedesktop.DBus.Properties">
    <method name="Get">
      <arg type="s" name="interface_name" direction="in"/>
      <arg type="s" name="property_name" direction="in"/>
      <arg type="v" name="value" direction="out"/>
    </method>
    <method name="GetAll">
      <arg type="s" name="interface_name" direction="in"/>
      <arg type="a{sv}" name="properties" direction="out"/>
    </method>
    <method name="Set">
      <arg type="s" name="interface_name" direction="in"/>
      <arg type="s" name="property_name" direction="in"/>
      <arg type="v" name="value" direction="in"/>
    </method>
    <signal name="PropertiesChanged">
      <arg type="s" name="interface_name"/>
      <arg type="a{sv}" name="changed_properties"/>
      <arg type="as" name="invalidated_properties"/>
    </signal>
  </interface>
  <interface name="org.freedesktop.DBus.Introspectable">
    <method name="Introspect">
      <arg type="s" name="xml_data" direction="out"/>
    </method>
  </interface>
  <interface name="org.freedesktop.DBus.Peer">
    <method name="Ping"/>
    <method name="GetMachineId">
      <arg type="s" name="machine_uuid" direction="out"/>
    </method>
  </interface>
"#;

const OF_DAEMON: &str = include_str!("../../../../packaging/dbus/org.keepalived.Vrrp1.Vrrp.xml");
const OF_INSTANCE: &str =
    include_str!("../../../../packaging/dbus/org.keepalived.Vrrp1.Instance.xml");

/// The description of what is at a path: nothing but its children where there is no object.
pub(super) fn describe(object: Option<Object<'_>>, children: &BTreeSet<&str>) -> String {
    let mut text = HEAD.to_owned();
    if let Some(object) = object {
        text.push_str(STANDARD);
        text.push_str(interface_of(match object {
            Object::Daemon => OF_DAEMON,
            Object::Instance(_) => OF_INSTANCE,
        }));
    }
    for child in children {
        let _ = writeln!(text, "  <node name=\"{child}\"/>");
    }
    text.push_str("</node>\n");
    text
}

/// The interface of a file that describes nothing else.
fn interface_of(file: &str) -> &str {
    let begin = file.find("  <interface").unwrap_or(0);
    let end = file.rfind("</node>").unwrap_or(file.len());
    &file[begin..end]
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use evervip_model::State;

    use super::*;
    use crate::dbus::objects::{Entry, Status};

    #[test]
    fn an_object_describes_its_interface_and_its_children() {
        let text = describe(Some(Object::Daemon), &BTreeSet::new());
        assert!(text.contains("<interface name=\"org.keepalived.Vrrp1.Vrrp\">\n    <method"));
        assert_eq!(text.matches("<interface").count(), 4);
        assert_eq!(text.matches("<node").count(), 1);
        let entry = Entry {
            name: Arc::from("V"),
            status: Status::In(State::Backup),
        };
        let text = describe(Some(Object::Instance(&entry)), &BTreeSet::new());
        assert!(text.contains("<property type=\"(us)\" name=\"State\" access=\"read\"/>"));
        assert!(text.ends_with("  </interface>\n</node>\n"));
        let text = describe(None, &BTreeSet::from(["a", "b"]));
        assert_eq!(
            text.strip_prefix(HEAD).unwrap(),
            "  <node name=\"a\"/>\n  <node name=\"b\"/>\n</node>\n"
        );
    }

    #[test]
    fn the_files_name_the_interfaces_that_are_answered_for() {
        assert!(OF_DAEMON.contains(&format!("<interface name=\"{DAEMON}\">")));
        assert!(OF_INSTANCE.contains(&format!("<interface name=\"{INSTANCE}\">")));
    }
}
