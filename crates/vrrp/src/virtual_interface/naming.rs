//! Names of virtual interfaces (spec vrrp-runtime 14).

use evervip_model::Family;

use super::{VirtualInterface, VirtualInterfaceKind};

/// Longest name of an interface, in bytes.
const NAME_MAX: usize = 15;
/// Numbered names that are tried. There are at most 255 routers of a family on each of a few
/// interfaces; who has used up that many names has another problem.
const NUMBERS: u32 = 999;

/// An interface that has a name we would like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Existing {
    /// Its index.
    pub index: u32,
    /// It is what we would make: same kind, mode, base and hardware address.
    pub matches: bool,
    /// It is of the same kind, so that it may be replaced when the file names it.
    pub same_kind: bool,
    /// It serves another of our purposes.
    pub taken: bool,
}

/// What the machine tells of an interface that has a name we would like.
#[derive(Debug, Clone, Copy)]
pub struct Candidate<'a> {
    /// Its index.
    pub index: u32,
    /// What kind of virtual interface it is, such as `macvlan`.
    pub kind: Option<&'a str>,
    /// It is a macvlan of mode private.
    pub private_macvlan: bool,
    /// Its hardware address.
    pub hardware_address: &'a [u8],
    /// It is built upon the base of the interface that is wanted.
    pub on_base: bool,
    /// It serves another of our purposes.
    pub taken: bool,
}

/// How to come by an interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    /// One of that name exists and is what we would make.
    TakeOver(u32),
    /// The one with this index is in the way: delete it and make one of the same name.
    Replace(u32, String),
    /// Make one of this name.
    Create(String),
}

impl VirtualInterface {
    /// Compares an interface with what is wanted.
    #[must_use]
    pub fn compare(&self, candidate: &Candidate<'_>) -> Existing {
        let (kind, alike) = match self.key.kind {
            VirtualInterfaceKind::MacVlan(address) => (
                "macvlan",
                candidate.private_macvlan && candidate.hardware_address == address,
            ),
            VirtualInterfaceKind::IpVlan { .. } => ("ipvlan", true),
        };
        let same_kind = candidate.kind == Some(kind);
        Existing {
            index: candidate.index,
            matches: same_kind && alike && candidate.on_base,
            same_kind,
            taken: candidate.taken,
        }
    }

    /// Chooses a name. `find` looks up what has a name now. `None` when every name is taken.
    pub fn choose(&self, find: impl Fn(&str) -> Option<Existing>) -> Option<Choice> {
        if let Some(name) = &self.name {
            match find(name) {
                None => return Some(Choice::Create(name.clone())),
                Some(found) if found.matches && !found.taken => {
                    return Some(Choice::TakeOver(found.index));
                }
                Some(found) if found.same_kind && !found.taken => {
                    return Some(Choice::Replace(found.index, name.clone()));
                }
                Some(_) => {}
            }
        }
        self.automatic_names().find_map(|name| match find(&name) {
            None => Some(Choice::Create(name)),
            Some(found) if found.matches && !found.taken => Some(Choice::TakeOver(found.index)),
            Some(_) => None,
        })
    }

    /// `vrrp.51`, for IPv6 then `vrrp6.51`, `vrrp1.51`, `vrrp2.51` and so on.
    fn automatic_names(&self) -> impl Iterator<Item = String> + '_ {
        let inet6 = self.family == Family::Inet6;
        let second = inet6.then(|| "6".to_owned());
        let numbered = (1..=NUMBERS)
            .filter(move |number| !inet6 || *number != 6)
            .map(|number| number.to_string());
        std::iter::once(String::new())
            .chain(second)
            .chain(numbered)
            .map(|number| automatic_name(&self.prefix, &number, self.vrid))
    }
}

/// The prefix is cut so that the rest finds room.
fn automatic_name(prefix: &str, number: &str, vrid: u8) -> String {
    let rest = format!("{number}.{vrid}");
    let mut room = NAME_MAX.saturating_sub(rest.len()).min(prefix.len());
    while !prefix.is_char_boundary(room) {
        room -= 1;
    }
    format!("{}{rest}", &prefix[..room])
}

#[cfg(test)]
mod tests {
    use super::automatic_name;

    #[test]
    fn prefixes_are_cut_to_fit() {
        for (prefix, number, vrid, name) in [
            ("vrrp", "", 51, "vrrp.51"),
            ("vrrp", "6", 51, "vrrp6.51"),
            ("averylongprefix", "", 151, "averylongpr.151"),
            ("averylongprefix", "12", 151, "averylong12.151"),
            ("ééééééééé", "", 151, "ééééé.151"),
            ("", "", 1, ".1"),
        ] {
            assert_eq!(automatic_name(prefix, number, vrid), name);
        }
    }
}
