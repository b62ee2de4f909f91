//! A relay of each kind, on the loopback.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::thread::JoinHandle;

use super::*;

const LIMIT: Duration = Duration::from_millis(300);
/// What nothing here takes, however busy the machine is.
const AGES: Duration = Duration::from_secs(30);

fn envelope() -> Envelope {
    Envelope {
        helo: "vm".to_owned(),
        from: "ka@x".to_owned(),
        recipients: vec!["a@x".to_owned()],
        text: "Subject: s\r\n\r\nbody\r\n\r\n".to_owned(),
    }
}

/// Delivers to a relay that serves one connection so.
fn delivered<T: Send + 'static>(
    limit: Duration,
    serve: impl FnOnce(TcpStream) -> T + Send + 'static,
) -> (Result<Verdict, String>, T) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let server: JoinHandle<T> = std::thread::spawn(move || serve(listener.accept().unwrap().0));
    let relay = Relay {
        host: "127.0.0.1".to_owned(),
        port,
        limit,
    };
    let result = relay.deliver(&envelope());
    let result = result
        .map(|(_, verdict)| verdict)
        .map_err(|trouble| trouble.to_string().replace(&port.to_string(), "P"));
    (result, server.join().unwrap())
}

/// Reads lines until the end; answers each with the next of these.
fn answer(stream: TcpStream, answers: &'static [&'static str]) -> Vec<String> {
    answer_until(stream, answers, "no such line")
}

/// The same, and hangs up after this line.
fn answer_until(stream: TcpStream, answers: &'static [&'static str], last: &str) -> Vec<String> {
    let mut writer = stream.try_clone().unwrap();
    let mut answers = answers.iter();
    let mut say = || answers.next().map(|text| writer.write_all(text.as_bytes()));
    say();
    let mut lines = Vec::new();
    let mut in_mail = false;
    for line in BufReader::new(stream).lines().map_while(Result::ok) {
        in_mail = (in_mail || line == "DATA") && line != ".";
        if !in_mail || line == "DATA" {
            say();
        }
        let ends = line == last;
        lines.push(line);
        if ends {
            break;
        }
    }
    lines
}

const GOOD: &[&str] = &[
    "220 a\r\n",
    "250 a\r\n",
    "250 a\r\n",
    "250 a\r\n",
    "354 a\r\n",
    "250 a\r\n",
    "221 a\r\n",
];

#[test]
fn a_mail_is_handed_over() {
    // The relay ends the connection after its good-bye, or does not: both are fine.
    let (result, lines) = delivered(AGES, |stream| answer(stream, GOOD));
    assert_eq!(result, Ok(Verdict::Taken(Vec::new())));
    assert_eq!(
        lines,
        [
            "HELO vm",
            "MAIL FROM:<ka@x>",
            "RCPT TO:<a@x>",
            "DATA",
            "Subject: s",
            "",
            "body",
            "",
            ".",
            "QUIT"
        ]
    );
}

#[test]
fn a_relay_without_good_bye_has_the_mail_all_the_same() {
    let (result, _) = delivered(LIMIT, |stream| answer(stream, &GOOD[..6]));
    assert_eq!(result, Ok(Verdict::Taken(Vec::new())));
    let (result, _) = delivered(AGES, |stream| answer_until(stream, GOOD, "."));
    assert_eq!(result, Ok(Verdict::Taken(Vec::new())));
}

#[test]
fn a_relay_that_says_nothing_is_left() {
    let begun = Instant::now();
    let line = Err("Timeout reading data to remote SMTP server [127.0.0.1]:P.".to_owned());
    let (result, _) = delivered(LIMIT, |stream| answer(stream, &[]));
    assert_eq!(result, line);
    let (result, _) = delivered(LIMIT, |stream| answer(stream, &GOOD[..2]));
    assert_eq!(result, line);
    // Nor is one that says a letter from time to time.
    let (result, _) = delivered(LIMIT, |mut stream| {
        while stream.write_all(b"2").is_ok() {
            std::thread::sleep(LIMIT / 10);
        }
    });
    assert_eq!(result, line);
    assert!(begun.elapsed() < AGES);
}

#[test]
fn a_relay_that_hangs_up_is_named() {
    let (result, ()) = delivered(AGES, drop);
    let line = result.unwrap_err();
    assert_eq!(
        line,
        "Remote SMTP server [127.0.0.1]:P has closed the connection."
    );
}

#[test]
fn a_relay_that_resets_is_named() {
    let (result, ()) = delivered(AGES, |mut stream| {
        // Closing with unread bytes is a reset.
        stream.write_all(b"220 a\r\n").unwrap();
        let mut byte = [0];
        stream.peek(&mut byte).unwrap();
    });
    let line = result.unwrap_err();
    assert!(
        line.starts_with("Error in the connection to remote SMTP server [127.0.0.1]:P: "),
        "{line}"
    );
}

#[test]
fn a_relay_that_talks_nonsense_is_named() {
    let (result, lines) = delivered(AGES, |stream| {
        answer(stream, &["hello\tworld\r\n", "bye\r\n"])
    });
    assert_eq!(
        result.unwrap_err(),
        "Error processing (E)SMTP cmd on SMTP server [127.0.0.1]:P. SMTP status code = none (hello world)"
    );
    assert_eq!(lines, ["QUIT"]);
    let (result, ()) = delivered(
        AGES,
        |mut stream| {
            while stream.write_all(&[b'x'; 1000]).is_ok() {}
        },
    );
    assert_eq!(
        result.unwrap_err(),
        "Received buffer from remote SMTP server [127.0.0.1]:P overflow our get read buffer length."
    );
}

#[test]
fn a_relay_that_refuses_a_mail_works() {
    let answers: &[&str] = &["220 a\r\n", "250 a\r\n", "553 no\r\n", "221 a\r\n"];
    let (result, lines) = delivered(AGES, |stream| answer(stream, answers));
    assert!(matches!(result, Ok(Verdict::Refused(_))), "{result:?}");
    assert_eq!(lines, ["HELO vm", "MAIL FROM:<ka@x>", "QUIT"]);
}

#[test]
fn a_relay_that_is_not_there_is_named() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let deliver = |host: &str| {
        let relay = Relay {
            host: host.to_owned(),
            port,
            limit: AGES,
        };
        relay.deliver(&envelope()).unwrap_err().to_string()
    };
    let line = deliver("127.0.0.1");
    let start = format!("Error opening connection to remote SMTP server [127.0.0.1]:{port}: ");
    assert!(line.starts_with(&start), "{line}");
    let line = deliver("relay.invalid");
    let start = format!("Invalid smtp server relay.invalid {port}: ");
    assert!(line.starts_with(&start), "{line}");
}
