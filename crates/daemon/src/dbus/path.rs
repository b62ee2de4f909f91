//! Where objects are (spec vrrp-runtime 21).

use evervip_model::{Globals, Instance};

/// The bus name, unless the configuration has another.
const NAME: &str = "org.keepalived.Vrrp1";
/// Where all objects are below.
const ROOT: &str = "/org/keepalived/Vrrp1";
/// In the place of the interface, unless the configuration has another word.
const NO_INTERFACE: &str = "none";

/// What names and paths are made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Settings {
    /// The bus name.
    pub(super) name: String,
    /// Where the objects of this daemon are below.
    root: String,
    /// The path element of an instance without interface.
    no_interface: String,
}

impl Settings {
    pub(super) fn of(globals: &Globals) -> Self {
        let bus = &globals.dbus;
        let daemon = &globals.daemon;
        let mut root = ROOT.to_owned();
        for part in [&daemon.net_namespace, &daemon.instance]
            .into_iter()
            .flatten()
        {
            root.push('/');
            root.push_str(&element(part));
        }
        let named =
            |name: &Option<String>, usual: &str| name.clone().unwrap_or_else(|| usual.to_owned());
        Self {
            name: named(&bus.service_name, NAME),
            root,
            no_interface: element(&named(&bus.no_interface_name, NO_INTERFACE)),
        }
    }

    /// The object of the daemon.
    pub(super) fn daemon(&self) -> String {
        format!("{}/Vrrp", self.root)
    }

    /// The object of an instance.
    pub(super) fn instance(&self, instance: &Instance) -> String {
        let interface = match &instance.interface {
            Some(interface) => element(interface),
            None => self.no_interface.clone(),
        };
        let Instance { vrid, family, .. } = instance;
        format!("{}/Instance/{interface}/{vrid}/{family}", self.root)
    }
}

/// A word as an element of a path, which has letters, digits and underscores alone, and one at least.
fn element(word: &str) -> String {
    if word.is_empty() {
        return "_".to_owned();
    }
    let plain = |letter: char| {
        if letter.is_ascii_alphanumeric() {
            letter
        } else {
            '_'
        }
    };
    word.chars().map(plain).collect()
}

#[cfg(test)]
mod tests {
    use evervip_model::{Family, Vrid};

    use super::*;

    fn instance(interface: Option<&str>, family: Family) -> Instance {
        let mut instance = Instance::new("V".into(), Vrid::new(51).unwrap());
        instance.interface = interface.map(str::to_owned);
        instance.family = family;
        instance
    }

    #[test]
    fn usual_paths() {
        let settings = Settings::of(&Globals::default());
        assert_eq!(settings.name, "org.keepalived.Vrrp1");
        assert_eq!(settings.daemon(), "/org/keepalived/Vrrp1/Vrrp");
        let path = settings.instance(&instance(Some("eth-a.1"), Family::Inet));
        assert_eq!(path, "/org/keepalived/Vrrp1/Instance/eth_a_1/51/IPv4");
        let path = settings.instance(&instance(None, Family::Inet6));
        assert_eq!(path, "/org/keepalived/Vrrp1/Instance/none/51/IPv6");
    }

    #[test]
    fn namespace_and_instance_of_the_daemon_are_part_of_the_path() {
        let mut globals = Globals::default();
        globals.daemon.net_namespace = Some("red-1".to_owned());
        globals.daemon.instance = Some("b".to_owned());
        globals.dbus.service_name = Some("org.example.K".to_owned());
        globals.dbus.no_interface_name = Some("no one".to_owned());
        let settings = Settings::of(&globals);
        assert_eq!(settings.name, "org.example.K");
        assert_eq!(settings.daemon(), "/org/keepalived/Vrrp1/red_1/b/Vrrp");
        let path = settings.instance(&instance(None, Family::Inet));
        let expected = "/org/keepalived/Vrrp1/red_1/b/Instance/no_one/51/IPv4";
        assert_eq!(path, expected);
    }

    #[test]
    fn no_element_is_empty() {
        let mut globals = Globals::default();
        globals.dbus.no_interface_name = Some(String::new());
        let path = Settings::of(&globals).instance(&instance(None, Family::Inet));
        assert_eq!(path, "/org/keepalived/Vrrp1/Instance/_/51/IPv4");
    }
}
