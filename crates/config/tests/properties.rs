//! Whatever the bytes: no panic, no endless loop, spans inside their files, and a configuration
//! only when nothing forbids it.

mod support;

use std::path::Path;

use evervip_config::{Mode, Severity, load};
use proptest::prelude::*;
use support::{FakeHost, MemoryFiles};

fn check(bytes: Vec<u8>) {
    let files = MemoryFiles::default()
        .with("k", bytes)
        .with("a.inc", "include k\nfoo {\n");
    for mode in [Mode::Test, Mode::Start] {
        let loaded = load(Path::new("k"), &files, &FakeHost::default(), mode);
        for d in &loaded.diagnostics {
            let spans = d.primary.into_iter().chain(d.labels.iter().map(|l| l.span));
            for span in spans {
                let length = loaded.sources.bytes(span.file).len();
                assert!(
                    span.start <= span.end && span.end as usize <= length,
                    "{d:?}"
                );
                let at = loaded.sources.position(span);
                assert!(at.line >= 1 && at.column >= 1);
                let _ = loaded.sources.line_text(span);
            }
            let line = d.one_line(&loaded.sources);
            assert!(!line.contains('\n') && line.len() < LONGEST_SAID, "{line}");
        }
        assert!(loaded.diagnostics.len() <= MOST_SAID);
        assert_eq!(loaded.config.is_none(), loaded.start_failure().is_some());
        let errors = loaded
            .diagnostics
            .iter()
            .any(|d| d.severity == Severity::Error);
        assert_eq!(loaded.config.is_none(), errors);
        if let Some(config) = &loaded.config {
            for instance in &config.instances {
                assert!(instance.addresses.len() <= 255);
                assert!(instance.garp.repeat >= 1);
                for track in &instance.track_scripts {
                    assert!(track.script.0 < config.scripts.len());
                }
            }
            for group in &config.sync_groups {
                assert!(!group.members.is_empty());
                assert!(group.members.iter().all(|m| m.0 < config.instances.len()));
            }
        }
    }
}

/// Whatever the file, so much is said and no more: bytes of a line, and lines.
const LONGEST_SAID: usize = 8 << 10;
const MOST_SAID: usize = 1010;

const SAMPLES: &[&str] = &[
    include_str!("data/invalid/haproxy-master.conf"),
    include_str!("data/valid/everything.conf"),
    include_str!("data/invalid/numbers.conf"),
    include_str!("data/invalid/addresses.conf"),
    include_str!("data/invalid/groups.conf"),
];

/// Pieces that mean something to the loader.
fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("{".to_owned()),
        Just("}".to_owned()),
        Just("\n".to_owned()),
        Just("\"".to_owned()),
        Just("\\".to_owned()),
        Just("vrrp_instance".to_owned()),
        Just("vrrp_script".to_owned()),
        Just("global_defs".to_owned()),
        Just("virtual_ipaddress".to_owned()),
        Just("virtual_server".to_owned()),
        Just("include a.inc".to_owned()),
        Just("include {a,b}{c,d}*".to_owned()),
        Just("@node1".to_owned()),
        Just("\n$A=".to_owned()),
        Just("\n$B=x ${A} \\\n".to_owned()),
        Just("\n$B=".to_owned()),
        Just("$A".to_owned()),
        Just("$B\n".to_owned()),
        Just("${_RANDOM 1 3}".to_owned()),
        Just("${_ENV HOME}".to_owned()),
        Just("\n~LST({A, B}, {1, 2}, 3)".to_owned()),
        Just("\n~SEQx(B, 0x9, 11)".to_owned()),
        Just("\n@^x".to_owned()),
        Just("\u{200b}".to_owned()),
        Just("\0".to_owned()),
        Just("${A}".to_owned()),
        Just("~SEQ(A, 1, 3)".to_owned()),
        Just("notify".to_owned()),
        Just("advert_int".to_owned()),
        "[ -~]{0,8}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        check(bytes);
    }

    #[test]
    fn any_words(words in proptest::collection::vec(word(), 0..80)) {
        check(words.join(" ").into_bytes());
    }

    #[test]
    fn mutated_samples(
        which in 0..SAMPLES.len(),
        edits in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3_u8), 1..12),
    ) {
        let mut bytes = SAMPLES[which].as_bytes().to_vec();
        for (at, byte, kind) in edits {
            if bytes.is_empty() {
                break;
            }
            let at = at.index(bytes.len());
            match kind {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                _ => { bytes.remove(at); }
            }
        }
        check(bytes);
    }
}

/// Runs a check that must end soon; a minute is for slow machines, square time takes many.
fn ends(input: impl Fn() -> Vec<u8> + Send + 'static) {
    let (done, ended) = std::sync::mpsc::channel();
    let worker = std::thread::spawn(move || {
        check(input());
        let _ = done.send(());
    });
    let outcome = ended.recv_timeout(std::time::Duration::from_secs(60));
    assert!(outcome.is_ok() || worker.is_finished(), "no end");
    if let Err(panic) = worker.join() {
        std::panic::resume_unwind(panic);
    }
}

#[test]
fn deep_nesting_and_many_includes_end() {
    ends(|| "a {\n".repeat(200_000).into_bytes());
    ends(|| "}\n".repeat(200_000).into_bytes());
    ends(|| "vrrp_instance a {\n".repeat(50_000).into_bytes());
    ends(|| vec![b'"'; 100_000]);
    ends(|| vec![b'a'; 1_000_000]);
    ends(|| [vec![b'$'; 100_000], b"A".repeat(100_000)].concat());
    ends(|| {
        b"$A=x\nfoo "
            .iter()
            .chain(b"${A}".repeat(50_000).iter())
            .copied()
            .collect()
    });
    ends(|| b"$A=$A x\n$A=${A}${A}\nfoo $A\n".repeat(10_000));
    ends(|| "include a.inc\n".repeat(2_000).into_bytes());
}

/// Everything that is looked up by name or address is looked up in more than a list.
#[test]
fn large_files_take_no_square_time() {
    ends(large_file);
}

fn large_file() -> Vec<u8> {
    let count = 20_000;
    let addresses: String = (0..count)
        .map(|n| format!("10.{}.{}.1\n", n / 250, n % 250))
        .collect();
    let scripts: String = (0..count)
        .map(|n| format!("vrrp_script s{n} {{\nscript /x\n}}\n"))
        .collect();
    let tracks: String = (0..count).map(|n| format!("s{n}\nx{n}\n")).collect();
    let instances: String = (0..count)
        .map(|n| {
            format!(
                "vrrp_instance i{n} {{\ninterface eth{}\nvirtual_router_id {}\n}}\n",
                n % 4,
                n / 4 % 255 + 1
            )
        })
        .collect();
    let members: String = (0..count).map(|n| format!("i{n} z{n}\n")).collect();
    format!(
            "{scripts}vrrp_instance a {{\ninterface eth0\nvirtual_router_id 1\nvirtual_ipaddress {{\n{addresses}}}\ntrack_script {{\n{tracks}}}\n}}\n{instances}vrrp_sync_group g {{\ngroup {{\n{members}}}\n}}\n"
        )
        .into_bytes()
}
