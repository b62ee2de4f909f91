//! Tracked files, processes and links of arbitrary configurations.

use std::net::Ipv4Addr;
use std::time::Duration;

use evervip_model::{
    BfdIndex, BfdInstance, Config, FileIndex, LinkDelays, Linkbeat, LinkbeatMethod, ProcessIndex,
    TrackFile, TrackProcess, TrackedBfd, TrackedFile, TrackedProcess,
};

/// A process of this name; its changes count after a while.
pub(crate) fn process(name: &str) -> TrackProcess {
    TrackProcess {
        quorum_max: Some(2),
        terminate_delay: Duration::from_millis(300),
        ..TrackProcess::new(name.into(), name.into())
    }
}

fn bfd(name: &str) -> BfdInstance {
    BfdInstance {
        neighbor: Some(Ipv4Addr::LOCALHOST.into()),
        ..BfdInstance::new(name.into())
    }
}

/// Has every instance track files, processes and BFD sessions, the second one also without weight; `eth1` is asked
/// for its state, and `eth0` has delays.
pub(crate) fn add(config: &mut Config, reverse: bool) {
    let names = ["t0", "t1"];
    let file = |name: &str| TrackFile {
        name: name.into(),
        path: name.into(),
        weight: 1,
        reverse: false,
        initial: None,
    };
    config.files = names.map(file).into();
    config.processes = names.map(process).into();
    config.bfd_instances = names.map(bfd).into();
    for (number, instance) in config.instances.iter_mut().enumerate() {
        // Faults for one of them alone.
        let tracked = if number == 1 {
            [(1, 0), (0, -30)]
        } else {
            [(0, 3), (1, 20)]
        };
        for (index, weight) in tracked {
            instance.track_files.push(TrackedFile {
                file: FileIndex(index),
                weight,
                reverse,
            });
            instance.track_processes.push(TrackedProcess {
                process: ProcessIndex(index),
                weight,
                reverse,
            });
            instance.track_bfd.push(TrackedBfd {
                bfd: BfdIndex(index),
                weight,
                // What was never heard of is no fault.
                reverse: reverse || weight == 0,
            });
        }
    }
    config.linkbeat = vec![Linkbeat {
        interface: "eth1".to_owned(),
        method: LinkbeatMethod::Any,
    }];
    config.link_delays = vec![LinkDelays {
        interface: "eth0".to_owned(),
        down: Duration::from_millis(200),
        up: Duration::from_millis(100),
    }];
}
