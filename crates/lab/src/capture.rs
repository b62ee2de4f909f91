//! A packet capture with the kernel's time stamps.

use std::{
    io::IoSliceMut,
    os::fd::{AsRawFd, OwnedFd},
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant, SystemTime},
};

use nix::sys::{
    socket::{
        AddressFamily, ControlMessageOwned, LinkAddr, MsgFlags, SockFlag, SockProtocol, SockType,
        bind, recvmsg, setsockopt, socket,
        sockopt::{RcvBufForce, ReceiveTimeout, ReceiveTimestampns},
    },
    time::{TimeSpec, TimeVal, TimeValLike},
};

use crate::{Advert, Arp, Error, Frame, Result, inject::link_address, space::Space, wait_until};

/// Longest wait for our own thread.
const CATCH_UP: Duration = Duration::from_secs(2);

/// Frames seen on an interface since the start of the capture. It ends when dropped.
#[derive(Debug)]
pub struct Capture {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    frames: Mutex<Vec<Frame>>,
    arrived: Condvar,
    /// Everything that the kernel took before this moment has been read, as nanoseconds since
    /// the epoch.
    read_until: AtomicU64,
    stop: AtomicBool,
}

impl Capture {
    pub(crate) fn start(space: &Space, interface: &str) -> Result<Self> {
        let socket = space.run(|| packet_socket(interface))??;
        let shared = Arc::new(Shared::default());
        let writer = Arc::clone(&shared);
        let thread = thread::Builder::new()
            .name("lab capture".into())
            .spawn(move || writer.receive(&socket))?;
        Ok(Self {
            shared,
            thread: Some(thread),
        })
    }

    /// All frames so far. This and the methods below first wait (some milliseconds) for frames that
    /// the kernel has but our thread has not read yet, so that their answer is complete.
    pub fn frames(&self) -> Vec<Frame> {
        self.caught_up().clone()
    }

    /// Number of frames so far: a mark for the methods that take one.
    pub fn mark(&self) -> usize {
        self.caught_up().len()
    }

    /// Frames after a mark.
    pub fn frames_after(&self, mark: usize) -> Vec<Frame> {
        self.caught_up().get(mark..).unwrap_or_default().to_vec()
    }

    /// VRRP advertisements after a mark.
    pub fn adverts_after(&self, mark: usize) -> Vec<Advert> {
        self.caught_up()
            .iter()
            .skip(mark)
            .filter_map(Frame::advert)
            .collect()
    }

    /// ARP packets after a mark.
    pub fn arps_after(&self, mark: usize) -> Vec<Arp> {
        self.caught_up()
            .iter()
            .skip(mark)
            .filter_map(Frame::arp)
            .collect()
    }

    fn caught_up(&self) -> MutexGuard<'_, Vec<Frame>> {
        let now = nanos(SystemTime::now());
        // A failure would show in the frames themselves, so it is no error here.
        let _ = wait_until(CATCH_UP, "capture thread", || {
            self.shared.read_until.load(Ordering::Acquire) >= now
        });
        self.shared.lock()
    }

    /// Waits for the first frame after a mark that satisfies `wanted`.
    ///
    /// # Errors
    /// After `timeout`.
    pub fn wait_for(
        &self,
        mark: usize,
        timeout: Duration,
        wanted: impl Fn(&Frame) -> bool,
    ) -> Result<Frame> {
        self.find(mark, timeout, |frame| wanted(frame).then(|| frame.clone()))
    }

    /// Waits for the first advertisement after a mark that satisfies `wanted`.
    ///
    /// # Errors
    /// After `timeout`, with the adverts seen meanwhile.
    pub fn wait_advert(
        &self,
        mark: usize,
        timeout: Duration,
        wanted: impl Fn(&Advert) -> bool,
    ) -> Result<Advert> {
        self.find(mark, timeout, |frame| {
            frame.advert().filter(|advert| wanted(advert))
        })
        .map_err(|e| {
            let seen: Vec<_> = self
                .adverts_after(mark)
                .iter()
                .map(|a| (a.source, a.vrid, a.priority))
                .collect();
            Error::new(format!(
                "{e}; adverts seen (source, vrid, priority): {seen:?}"
            ))
        })
    }

    /// Waits until `count` advertisements after a mark satisfy `wanted` and returns them.
    ///
    /// # Errors
    /// After `timeout`.
    pub fn wait_adverts(
        &self,
        mark: usize,
        count: usize,
        timeout: Duration,
        wanted: impl Fn(&Advert) -> bool,
    ) -> Result<Vec<Advert>> {
        let mut adverts = Vec::new();
        self.find(mark, timeout, |frame| {
            adverts.extend(frame.advert().filter(|advert| wanted(advert)));
            (adverts.len() >= count).then_some(())
        })
        .map_err(|e| e.context(&format!("{count} adverts")))?;
        Ok(adverts)
    }

    /// Shows each frame after `mark` once to `probe` until that gives a value.
    fn find<T>(
        &self,
        mark: usize,
        timeout: Duration,
        mut probe: impl FnMut(&Frame) -> Option<T>,
    ) -> Result<T> {
        let deadline = Instant::now() + timeout;
        let mut next = mark;
        let mut frames = self.shared.lock();
        loop {
            while let Some(frame) = frames.get(next) {
                next += 1;
                if let Some(value) = probe(frame) {
                    return Ok(value);
                }
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(Error::new(format!(
                    "no such frame within {timeout:?} ({} frames seen)",
                    next - mark.min(next)
                )));
            }
            frames = self
                .shared
                .arrived
                .wait_timeout(frames, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }
}

impl Drop for Capture {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Vec<Frame>> {
        self.frames.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn receive(&self, socket: &OwnedFd) {
        let mut buffer = vec![0; 65536];
        let mut control = nix::cmsg_space!(TimeSpec);
        while !self.stop.load(Ordering::Relaxed) {
            let before = nanos(SystemTime::now());
            let mut slices = [IoSliceMut::new(&mut buffer)];
            let message = recvmsg::<LinkAddr>(
                socket.as_raw_fd(),
                &mut slices,
                Some(&mut control),
                MsgFlags::empty(),
            );
            let Ok(message) = message else {
                // Timeout: there was nothing when we asked.
                self.read_until.store(before, Ordering::Release);
                continue;
            };
            let at = message
                .cmsgs()
                .ok()
                .and_then(|mut list| list.find_map(|c| receive_time(&c)));
            let length = message.bytes;
            let bytes = buffer.get(..length).unwrap_or_default().to_vec();
            let at = at.unwrap_or_else(SystemTime::now);
            self.lock().push(Frame { at, bytes });
            self.read_until.store(nanos(at), Ordering::Release);
            self.arrived.notify_all();
        }
    }
}

fn nanos(at: SystemTime) -> u64 {
    let since = at
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

fn receive_time(control: &ControlMessageOwned) -> Option<SystemTime> {
    let ControlMessageOwned::ScmTimestampns(time) = control else {
        return None;
    };
    let seconds = u64::try_from(time.tv_sec()).ok()?;
    Some(SystemTime::UNIX_EPOCH + Duration::new(seconds, u32::try_from(time.tv_nsec()).ok()?))
}

/// A packet socket for all protocols, bound to one interface of the thread's namespace.
fn packet_socket(interface: &str) -> Result<OwnedFd> {
    let flags = SockFlag::SOCK_CLOEXEC;
    let socket = socket(
        AddressFamily::Packet,
        SockType::Raw,
        flags,
        SockProtocol::EthAll,
    )?;
    bind(socket.as_raw_fd(), &link_address(interface)?)?;
    setsockopt(&socket, ReceiveTimestampns, &true)?;
    setsockopt(&socket, RcvBufForce, &(8 << 20))?;
    // So that silence, and the end of the capture, are noticed.
    setsockopt(&socket, ReceiveTimeout, &TimeVal::milliseconds(10))?;
    Ok(socket)
}
