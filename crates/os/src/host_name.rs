//! The name of this machine.

use std::ffi::{CStr, CString};

use nix::unistd::gethostname;

/// The host name as the kernel has it; empty when there is none.
#[must_use]
pub fn host_name() -> String {
    let name = gethostname().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

/// The host name as the resolver completes it (`vm` to `vm.example.org`), else as it is; empty when
/// there is none. Waits for the name service.
#[must_use]
pub fn canonical_host_name() -> String {
    let name = host_name();
    canonical(&name).unwrap_or(name)
}

/// The host name as `/etc/hosts` completes it, else as it is; empty when there is none. For those who
/// must not wait.
#[must_use]
pub fn listed_host_name() -> String {
    let name = host_name();
    let hosts = std::fs::read(HOSTS).unwrap_or_default();
    listed(&String::from_utf8_lossy(&hosts), &name).unwrap_or(name)
}

const HOSTS: &str = "/etc/hosts";

/// The first name of the first line that has this one.
fn listed(hosts: &str, name: &str) -> Option<String> {
    hosts.lines().find_map(|line| {
        let line = line.split('#').next().unwrap_or_default();
        let mut names = line.split_whitespace().skip(1).peekable();
        let first = *names.peek()?;
        let has_it = names.any(|other| other.eq_ignore_ascii_case(name));
        has_it.then(|| first.to_owned())
    })
}

fn canonical(name: &str) -> Option<String> {
    let name = CString::new(name).ok()?;
    let hints = libc::addrinfo {
        ai_flags: libc::AI_CANONNAME,
        ai_family: libc::AF_UNSPEC,
        ai_socktype: libc::SOCK_STREAM,
        ai_protocol: 0,
        ai_addrlen: 0,
        ai_addr: std::ptr::null_mut(),
        ai_canonname: std::ptr::null_mut(),
        ai_next: std::ptr::null_mut(),
    };
    let mut found: *mut libc::addrinfo = std::ptr::null_mut();
    // SAFETY: the name is a C string and the hints are initialised; both live for the call. The
    // result is written to a pointer of ours.
    let answer = unsafe {
        libc::getaddrinfo(
            name.as_ptr(),
            std::ptr::null(),
            &raw const hints,
            &raw mut found,
        )
    };
    if answer != 0 || found.is_null() {
        return None;
    }
    // SAFETY: after success `found` is the head of a list made by getaddrinfo, whose name is null or
    // a C string; it is copied before the list is freed.
    let canonical = unsafe {
        let name = (*found).ai_canonname;
        (!name.is_null()).then(|| CStr::from_ptr(name).to_string_lossy().into_owned())
    };
    // SAFETY: the list came from getaddrinfo, and nothing refers to it any more.
    unsafe { libc::freeaddrinfo(found) };
    canonical.filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_the_hosts_file_completes_a_name() {
        let hosts =
            "127.0.0.1 localhost # vm.no\n\n127.0.1.1\tvm.example.org  VM\n::1 vm6 vm\n10.0.0.1\n";
        for (name, wanted) in [
            ("vm", Some("vm.example.org")),
            ("vm6", Some("vm6")),
            ("localhost", Some("localhost")),
            ("vm.no", None),
            ("", None),
        ] {
            assert_eq!(listed(hosts, name).as_deref(), wanted, "{name}");
        }
    }

    #[test]
    fn names_are_completed_or_left_alone() {
        assert!(canonical("127.0.0.1").is_some());
        assert_eq!(canonical("no such name"), None);
        assert_eq!(canonical("nul\0"), None);
        assert!(!canonical_host_name().is_empty());
        assert!(!host_name().contains('\0'));
    }
}
