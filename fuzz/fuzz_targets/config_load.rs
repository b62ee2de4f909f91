//! Any bytes as `keepalived.conf`. What comes before the first NUL is the main file, what follows
//! it a file that an `include` may name.
#![no_main]

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use evervip_config::{Config, FileKind, Files, Host, InterfaceFacts, Mode, ScriptCheck, load};
use evervip_model::{Credentials, Version};
use evervip_testkit::sample;
use evervip_vrrp::{Engine, Event, Timestamp};
use libfuzzer_sys::fuzz_target;

const MAIN: &str = "/etc/keepalived/keepalived.conf";
const OTHER: &str = "/etc/keepalived/other.conf";

fuzz_target!(|bytes: &[u8]| {
    let mut parts = bytes.splitn(2, |byte| *byte == 0);
    let disk = Disk {
        main: parts.next().unwrap_or_default(),
        other: parts.next().unwrap_or_default(),
    };
    for mode in [Mode::Test, Mode::Start] {
        let loaded = load(Path::new(MAIN), &disk, &Machine, mode);
        assert_eq!(loaded.config.is_none(), loaded.start_failure().is_some());
        let _ = (loaded.test_exit_code(), loaded.test_lines().count());
        let _ = loaded.log_lines().count();
        if let Some(config) = loaded.config {
            check(&config);
            run(config);
        }
    }
});

/// The invariants that the model's documentation states.
fn check(config: &Config) {
    for instance in &config.instances {
        let scripts = &instance.track_scripts;
        assert!(
            scripts
                .iter()
                .all(|track| track.script.0 < config.scripts.len())
        );
        assert!(instance.addresses.len() <= 255);
        assert!(instance.interface.is_some() || instance.unsupported.is_some());
        let millis = instance.advert_interval.as_millis();
        match instance.version {
            Version::V2 => assert!(millis % 1000 == 0 && (1..=255).contains(&(millis / 1000))),
            Version::V3 => assert!(millis % 10 == 0 && (10..=40_950).contains(&millis)),
        }
    }
    for group in &config.sync_groups {
        assert!(!group.members.is_empty());
        assert!(
            group
                .members
                .iter()
                .all(|member| member.0 < config.instances.len())
        );
    }
}

/// Whatever loads can be run.
fn run(config: Config) {
    let mut engine = Engine::new(config, sample::links(), &sample::addresses(1));
    let mut now = Timestamp::default();
    engine.handle(now, Event::Started);
    for _ in 0..20 {
        while engine.poll_action().is_some() {}
        let Some(at) = engine.next_deadline() else {
            break;
        };
        now = at.max(now + Duration::from_millis(1));
        engine.handle(now, Event::DeadlineReached);
    }
    engine.handle(now, Event::StopRequested);
}

struct Disk<'a> {
    main: &'a [u8],
    other: &'a [u8],
}

impl Files for Disk<'_> {
    fn kind(&self, path: &Path) -> io::Result<FileKind> {
        self.read(path)
            .map(|_| FileKind::Regular { executable: false })
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        match path.to_str() {
            Some(MAIN) => Ok(self.main.to_vec()),
            Some(OTHER) => Ok(self.other.to_vec()),
            _ => Err(io::ErrorKind::NotFound.into()),
        }
    }

    fn is_shared(&self, _: &Path) -> bool {
        false
    }

    fn glob(&self, directory: &Path, _: &str) -> Vec<PathBuf> {
        vec![directory.join("other.conf")]
    }
}

struct Machine;

impl Host for Machine {
    fn interface(&self, name: &str) -> Option<InterfaceFacts> {
        let facts = InterfaceFacts {
            loopback: name == "lo",
            multicast: name != "lo",
            ethernet: name != "lo",
            parent: None,
            mtu: 1500,
        };
        ["lo", "eth0", "eth1"].contains(&name).then_some(facts)
    }

    fn interface_names(&self) -> Vec<String> {
        ["lo", "eth0", "eth1"].map(str::to_owned).to_vec()
    }

    fn user(&self, name: &str) -> Option<Credentials> {
        (name == "root").then(|| self.own_credentials())
    }

    fn group(&self, name: &str) -> Option<u32> {
        (name == "root").then_some(0)
    }

    fn processors(&self) -> u32 {
        2
    }

    fn own_credentials(&self) -> Credentials {
        Credentials { uid: 0, gid: 0 }
    }

    fn check_script(&self, path: &Path, _: Credentials) -> ScriptCheck {
        match path.as_os_str().len() % 3 {
            0 => ScriptCheck::NotExecutable,
            1 => ScriptCheck::NotFound {
                reason: "No such file or directory".to_owned(),
            },
            _ => ScriptCheck::Usable {
                path: path.to_owned(),
                insecure: false,
            },
        }
    }

    fn search_path(&self, name: &str) -> Option<PathBuf> {
        (name == "true").then(|| PathBuf::from("/bin/true"))
    }

    fn resolves(&self, _: &str) -> bool {
        false
    }

    fn environment(&self, _: &str) -> Option<Vec<u8>> {
        None
    }

    fn random_seed(&self) -> u64 {
        1
    }

    fn node_name(&self) -> String {
        "node1.example".to_owned()
    }
}
