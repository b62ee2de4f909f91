//! What the tool asks.

use crate::LONGEST_REQUEST;

/// A request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// Let an instance out of the FAULT that it is held in (`@evervip fault_latch`).
    ClearFault {
        /// Its name.
        instance: String,
    },
    /// The same for every instance that is held.
    ClearAllFaults,
}

impl Request {
    /// The line, with its end; `None` when a name is none that a configuration could have.
    #[must_use]
    pub fn to_line(&self) -> Option<String> {
        let line = match self {
            Self::ClearFault { instance } => format!("clear-fault {instance}\n"),
            Self::ClearAllFaults => "clear-all-faults\n".to_owned(),
        };
        let is_one_line = line.bytes().filter(|b| *b == b'\n').count() == 1;
        let has_name = !matches!(self, Self::ClearFault { instance } if instance.is_empty());
        (is_one_line && has_name && line.len() <= LONGEST_REQUEST).then_some(line)
    }

    /// The meaning of a line without its end; `None` for one that this version does not know.
    #[must_use]
    pub fn from_line(line: &str) -> Option<Self> {
        match line.split_once(' ') {
            Some(("clear-fault", "")) => None,
            Some(("clear-fault", name)) => Some(Self::ClearFault {
                instance: name.to_owned(),
            }),
            None if line == "clear-all-faults" => Some(Self::ClearAllFaults),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clear(instance: &str) -> Request {
        Request::ClearFault {
            instance: instance.to_owned(),
        }
    }

    #[test]
    fn lines_are_read_as_written() {
        for request in [clear("VI_1"), clear("two words"), Request::ClearAllFaults] {
            let line = request.to_line().unwrap();
            let line = line.strip_suffix('\n').unwrap();
            assert_eq!(Request::from_line(line), Some(request));
        }
    }

    #[test]
    fn what_is_no_request_is_none() {
        for line in [
            "",
            "clear-fault",
            "clear-fault ",
            "clear-all-faults now",
            "status",
            " ",
        ] {
            assert_eq!(Request::from_line(line), None, "{line:?}");
        }
        for name in ["", "a\nb", &"x".repeat(LONGEST_REQUEST)] {
            assert_eq!(clear(name).to_line(), None);
        }
    }
}
