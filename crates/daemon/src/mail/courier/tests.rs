//! The thread, with relays on the loopback.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::sync_channel;
use std::time::Duration;

use evervip_model::{Instance, State, Vrid};
use evervip_vrrp::{AlertNews, Subject};

use super::*;
use crate::inbox::{Inbox, inbox};
use crate::mail::session::SESSIONS;

/// What nothing here takes, however busy the machine is.
const AGES: Duration = Duration::from_secs(30);

/// A courier at work, and its surroundings.
struct Stage {
    orders: Arc<SyncSender<Order>>,
    inbox: Inbox,
    relay: TcpListener,
}

impl Stage {
    /// One mail after the other, however slow this machine is.
    fn new() -> Self {
        Self::with_pace(AGES)
    }

    fn with_pace(pace: Duration) -> Self {
        let (orders, receiver) = sync_channel(64);
        let orders = Arc::new(orders);
        let (outlet, inbox) = inbox().unwrap();
        let pace = Pace {
            usual: pace,
            at_the_end: pace,
        };
        let courier = Courier::new(receiver, Arc::downgrade(&orders), outlet, pace);
        std::thread::spawn(move || courier.run());
        let relay = TcpListener::bind("127.0.0.1:0").unwrap();
        let stage = Self {
            orders,
            inbox,
            relay,
        };
        let port = stage.relay.local_addr().unwrap().port();
        stage.order(Order::Configure(settings(Some(port))));
        stage
    }

    fn order(&self, order: Order) {
        self.orders.send(order).unwrap();
    }

    fn mail(&self, state: State) {
        self.order(Order::Send(alert(state), SystemTime::now()));
    }

    /// Waits for the courier's last word.
    fn finish(&self) {
        self.order(Order::Finish);
        self.wait_for_end();
    }

    fn wait_for_end(&self) {
        let until = Instant::now() + AGES;
        while !matches!(self.inbox.next(), Some(Message::MailFinished)) {
            assert!(Instant::now() < until, "the courier goes on");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Serves one connection; gives the recipients and the subject of a mail that was taken.
    fn serve(&self, refused: &str) -> (Vec<String>, String) {
        let (stream, _) = self.relay.accept().unwrap();
        stream.set_read_timeout(Some(AGES)).unwrap();
        serve(stream, refused)
    }
}

fn serve(stream: TcpStream, refused: &str) -> (Vec<String>, String) {
    let mut writer = stream.try_clone().unwrap();
    let mut say = |words: &str| writer.write_all(words.as_bytes()).unwrap();
    say("220 a\r\n");
    let (mut recipients, mut subject, mut in_mail) = (Vec::new(), String::new(), false);
    for line in BufReader::new(stream).lines().map_while(Result::ok) {
        in_mail &= line != ".";
        if in_mail {
            if let Some(text) = line.strip_prefix("Subject: ") {
                subject = text.to_owned();
            }
            continue;
        }
        if line == "DATA" {
            in_mail = true;
            say("354 a\r\n");
        } else if !refused.is_empty() && line.contains(refused) {
            say("450 later\r\n");
        } else {
            recipients.extend(line.strip_prefix("RCPT TO:").map(str::to_owned));
            say("250 a\r\n");
        }
    }
    (recipients, subject)
}

/// A relay on this port of the loopback, or none.
fn settings(port: Option<u16>) -> Arc<Settings> {
    let mail = Mail {
        recipients: vec!["a@x".to_owned(), "b@x".to_owned()],
        from: Some("ka@x".to_owned()),
        server: port.map(|port| ("127.0.0.1".to_owned(), port)),
        helo_name: Some("vm".to_owned()),
        connect_timeout: AGES,
        ..Mail::default()
    };
    Arc::new(Settings {
        mail,
        router_id: Some("R".to_owned()),
    })
}

fn alert(state: State) -> Alert {
    let instance = Instance::new("V".into(), Vrid::new(1).unwrap());
    Alert {
        subject: Subject::Instance(Arc::new(instance)),
        news: AlertNews::Entered(state),
    }
}

fn entering(state: &str) -> String {
    format!("[R] VRRP Instance V - Entering {state} state")
}

#[test]
fn mails_leave_in_their_order_and_the_end_waits_for_them() {
    let stage = Stage::new();
    stage.mail(State::Backup);
    stage.mail(State::Master);
    stage.order(Order::Finish);
    for state in ["BACKUP", "MASTER"] {
        let recipients = ["<a@x>", "<b@x>"].map(str::to_owned).to_vec();
        assert_eq!(stage.serve(""), (recipients, entering(state)));
    }
    stage.wait_for_end();
}

#[test]
fn who_was_put_off_alone_gets_the_mail_later() {
    let stage = Stage::new();
    stage.mail(State::Backup);
    stage.mail(State::Master);
    let (first, both) = (
        vec!["<a@x>".to_owned()],
        ["<a@x>", "<b@x>"].map(str::to_owned),
    );
    assert_eq!(stage.serve("b@x"), (first, entering("BACKUP")));
    assert_eq!(stage.serve(""), (both.to_vec(), entering("MASTER")));
    let second = vec!["<b@x>".to_owned()];
    assert_eq!(stage.serve(""), (second, entering("BACKUP")));
    stage.finish();
}

#[test]
fn a_mail_that_failed_is_sent_again() {
    let stage = Stage::new();
    stage.mail(State::Fault);
    drop(stage.relay.accept().unwrap());
    assert_eq!(stage.serve("").1, entering("FAULT"));
    stage.finish();
}

#[test]
fn a_new_relay_gets_what_the_old_one_did_not_take() {
    let stage = Stage::new();
    stage.mail(State::Fault);
    drop(stage.relay.accept().unwrap());
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = other.local_addr().unwrap().port();
    stage.order(Order::Configure(settings(Some(port))));
    assert_eq!(serve(other.accept().unwrap().0, "").1, entering("FAULT"));
    stage.finish();
}

#[test]
fn the_end_does_not_wait_for_a_relay_that_does_not_work() {
    let stage = Stage::new();
    let port = stage.relay.local_addr().unwrap().port();
    stage.mail(State::Fault);
    drop(stage.relay.accept().unwrap());
    let Stage {
        orders,
        inbox,
        relay,
    } = stage;
    drop(relay);
    let relay = TcpListener::bind("127.0.0.1:0").unwrap();
    assert_ne!(relay.local_addr().unwrap().port(), port);
    let stage = Stage {
        orders,
        inbox,
        relay,
    };
    stage.mail(State::Stop);
    stage.finish();
    // Nothing is left to be tried.
    stage.order(Order::Configure(settings(None)));
    stage.finish();
}

#[test]
fn a_session_that_hangs_delays_no_other_mail_and_is_tried_again() {
    let stage = Stage::with_pace(Duration::from_millis(10));
    stage.mail(State::Backup);
    let hanging = stage.relay.accept().unwrap();
    stage.mail(State::Master);
    stage.mail(State::Fault);
    let mut subjects = [stage.serve("").1, stage.serve("").1];
    subjects.sort();
    assert_eq!(subjects, [entering("FAULT"), entering("MASTER")]);
    drop(hanging);
    assert_eq!(stage.serve("").1, entering("BACKUP"));
    stage.finish();
}

#[test]
fn so_many_sessions_and_no_more() {
    let stage = Stage::with_pace(Duration::ZERO);
    for _ in 0..SESSIONS + 2 {
        stage.mail(State::Backup);
    }
    let mut hanging: Vec<_> = (0..SESSIONS)
        .map(|_| stage.relay.accept().unwrap().0)
        .collect();
    stage.relay.set_nonblocking(true).unwrap();
    // Time enough for one more, if it were begun.
    std::thread::sleep(Duration::from_millis(100));
    assert!(stage.relay.accept().is_err(), "one session too many");
    stage.relay.set_nonblocking(false).unwrap();
    for _ in 0..2 {
        assert_eq!(serve(hanging.remove(0), "").1, entering("BACKUP"));
        hanging.push(stage.relay.accept().unwrap().0);
    }
    for stream in hanging {
        assert_eq!(serve(stream, "").1, entering("BACKUP"));
    }
    stage.finish();
}
