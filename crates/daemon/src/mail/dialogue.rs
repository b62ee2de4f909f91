//! What is said to the relay (RFC 5321), one mail per connection: HELO, MAIL, RCPT, DATA, QUIT
//! (spec vrrp-runtime 10). Pure: bytes in, bytes out.
//!
//! The original gives a mail up when one recipient is refused, and when the relay says 251 (will
//! forward). Here the others get theirs, and every code of success is one.

use super::address::{mailbox, printable};

/// Longest answer that is read, all its lines together.
const LONGEST_ANSWER: usize = 4096;
/// Characters of an answer that are repeated in the log.
const QUOTED: usize = 80;

/// A mail on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Envelope {
    /// Name given to the relay.
    pub(super) helo: String,
    /// Sender, as configured.
    pub(super) from: String,
    /// Recipients of this attempt, as configured.
    pub(super) recipients: Vec<String>,
    /// Header and body, with line ends; no line begins with a dot.
    pub(super) text: String,
}

/// What is to be done next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// The answer is not complete yet.
    Listen,
    /// Send this, then listen.
    Say(String),
    /// Everything was said.
    Over,
}

/// An answer that is not the one hoped for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    /// To what, in the words of the original: `(E)SMTP` is the greeting, `BODY` the mail itself.
    pub(super) command: &'static str,
    /// Status code; `None` when there is none.
    pub(super) code: Option<u16>,
    /// What the relay says about it, cut.
    pub(super) text: String,
}

impl Refusal {
    /// Whether it concerns the relay as a whole, and not this mail.
    pub(super) fn is_of_relay(&self) -> bool {
        matches!(self.command, GREETING | HELO) || matches!(self.code, None | Some(421))
    }

    /// Whether the same may work later.
    pub(super) fn is_temporary(&self) -> bool {
        self.is_of_relay() || matches!(self.code, Some(400..=499))
    }
}

/// How it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The relay has taken the mail, but for these recipients.
    Taken(Vec<(String, Refusal)>),
    /// Nobody gets it.
    Refused(Refusal),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Greeting,
    Helo,
    Mail,
    Recipient(usize),
    Data,
    Body,
    Quit,
}

/// The relay says more than anybody listens to.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooLong;

/// One conversation. The relay begins.
#[derive(Debug)]
pub(super) struct Dialogue<'a> {
    envelope: &'a Envelope,
    stage: Stage,
    heard: Vec<u8>,
    refused: Vec<(String, Refusal)>,
    verdict: Option<Verdict>,
}

impl<'a> Dialogue<'a> {
    /// At least one recipient is needed.
    pub(super) const fn new(envelope: &'a Envelope) -> Self {
        Self {
            envelope,
            stage: Stage::Greeting,
            heard: Vec::new(),
            refused: Vec::new(),
            verdict: None,
        }
    }

    /// Takes what the relay has sent.
    ///
    /// # Errors
    /// When an answer is too long.
    pub(super) fn hear(&mut self, bytes: &[u8]) -> Result<Turn, TooLong> {
        self.heard.extend_from_slice(bytes);
        if let Some(answer) = self.answer() {
            self.heard.clear();
            return Ok(self.reply(answer));
        }
        if self.heard.len() > LONGEST_ANSWER {
            return Err(TooLong);
        }
        Ok(Turn::Listen)
    }

    /// How it ended, from the moment on at which that is decided: the parting does not matter.
    pub(super) const fn verdict(&self) -> Option<&Verdict> {
        self.verdict.as_ref()
    }

    /// Code and text of the answer, when its last line is there.
    fn answer(&self) -> Option<(Option<u16>, String)> {
        let mut lines = self.heard.split_inclusive(|byte| *byte == b'\n');
        let last = lines.find(|line| line.ends_with(b"\n") && line.get(3) != Some(&b'-'))?;
        let text = String::from_utf8_lossy(last);
        let code = code(last);
        let text = match code {
            Some(_) => text.get(3..).unwrap_or_default(),
            None => &text,
        };
        Some((code, printable(text.trim()).chars().take(QUOTED).collect()))
    }

    fn reply(&mut self, (code, text): (Option<u16>, String)) -> Turn {
        let (command, good) = self.expected();
        let refusal = Refusal {
            command,
            code,
            text,
        };
        let good = code.is_some_and(|code| good.contains(&code));
        match self.stage {
            Stage::Quit => return Turn::Over,
            Stage::Recipient(place) if !good && !refusal.is_of_relay() => {
                let recipient = self.envelope.recipients.get(place);
                self.refused
                    .push((recipient.cloned().unwrap_or_default(), refusal));
            }
            _ if !good => {
                self.verdict = Some(Verdict::Refused(refusal));
                return self.part();
            }
            _ => {}
        }
        self.next()
    }

    fn expected(&self) -> (&'static str, std::ops::RangeInclusive<u16>) {
        match self.stage {
            Stage::Greeting => (GREETING, 220..=220),
            Stage::Helo => (HELO, 200..=299),
            Stage::Mail => ("MAIL", 200..=299),
            Stage::Recipient(_) => ("RCPT", 200..=299),
            Stage::Data => ("DATA", 354..=354),
            Stage::Body => ("BODY", 200..=299),
            Stage::Quit => ("QUIT", 0..=999),
        }
    }

    fn next(&mut self) -> Turn {
        let (stage, words) = match self.stage {
            Stage::Greeting => (
                Stage::Helo,
                format!("HELO {}\r\n", printable(&self.envelope.helo)),
            ),
            Stage::Helo => (
                Stage::Mail,
                format!("MAIL FROM:<{}>\r\n", mailbox(&self.envelope.from)),
            ),
            Stage::Mail => return self.recipient(0),
            Stage::Recipient(place) => return self.recipient(place + 1),
            Stage::Data => (Stage::Body, format!("{}.\r\n", self.envelope.text)),
            Stage::Body | Stage::Quit => {
                self.verdict = Some(Verdict::Taken(std::mem::take(&mut self.refused)));
                return self.part();
            }
        };
        self.stage = stage;
        Turn::Say(words)
    }

    /// Names the next recipient, or begins with the mail when all are named and one is left.
    fn recipient(&mut self, place: usize) -> Turn {
        if let Some(recipient) = self.envelope.recipients.get(place) {
            self.stage = Stage::Recipient(place);
            return Turn::Say(format!("RCPT TO:<{}>\r\n", mailbox(recipient)));
        }
        if self.refused.len() < self.envelope.recipients.len() {
            self.stage = Stage::Data;
            return Turn::Say("DATA\r\n".to_owned());
        }
        self.verdict = Some(Verdict::Taken(std::mem::take(&mut self.refused)));
        self.part()
    }

    fn part(&mut self) -> Turn {
        self.stage = Stage::Quit;
        Turn::Say("QUIT\r\n".to_owned())
    }
}

/// The three digits at the beginning of a line.
fn code(line: &[u8]) -> Option<u16> {
    let digits = line.get(..3)?;
    let separated = matches!(line.get(3), Some(b' ' | b'\r' | b'\n'));
    if !separated || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(digits).ok()?.parse().ok()
}

const GREETING: &str = "(E)SMTP";
const HELO: &str = "HELO";

#[cfg(test)]
mod tests {
    use super::*;

    fn envelope(recipients: &[&str]) -> Envelope {
        Envelope {
            helo: "vm".to_owned(),
            from: "ka@x".to_owned(),
            recipients: recipients.iter().map(|r| (*r).to_owned()).collect(),
            text: "Subject: s\r\n\r\nbody\r\n\r\n".to_owned(),
        }
    }

    /// What is said to these answers, joined, and how it ends.
    fn talk(recipients: &[&str], answers: &[&str]) -> (String, Option<Verdict>) {
        let envelope = envelope(recipients);
        let mut dialogue = Dialogue::new(&envelope);
        let mut said = String::new();
        for answer in answers {
            match dialogue.hear(answer.as_bytes()).unwrap() {
                Turn::Listen => said.push('~'),
                Turn::Say(words) => said.push_str(&words),
                Turn::Over => said.push_str("(over)"),
            }
        }
        (said, dialogue.verdict().cloned())
    }

    fn refusal(command: &'static str, code: u16, text: &str) -> Refusal {
        Refusal {
            command,
            code: Some(code),
            text: text.to_owned(),
        }
    }

    #[test]
    fn the_words_are_the_originals() {
        let answers = [
            "220 hi\r\n",
            "250 ok\r\n",
            "250 ok\r\n",
            "250 ok\r\n",
            "251 will forward\r\n",
            "354 go\r\n",
            "250 queued\r\n",
            "221 bye\r\n",
        ];
        let (said, verdict) = talk(&["a@x", "B <b@x>"], &answers);
        assert_eq!(
            said,
            "HELO vm\r\nMAIL FROM:<ka@x>\r\nRCPT TO:<a@x>\r\nRCPT TO:<b@x>\r\nDATA\r\n\
             Subject: s\r\n\r\nbody\r\n\r\n.\r\nQUIT\r\n(over)"
        );
        assert_eq!(verdict, Some(Verdict::Taken(Vec::new())));
    }

    #[test]
    fn answers_come_in_lines_and_in_pieces() {
        let answers = ["22", "0-one\r\n220-two\r\n", "220 three\r", "\n", "250\n"];
        let (said, _) = talk(&["a@x"], &answers);
        assert_eq!(said, "~~~HELO vm\r\nMAIL FROM:<ka@x>\r\n");
    }

    #[test]
    fn a_refused_recipient_does_not_keep_the_mail_from_the_others() {
        let answers = [
            "220 a\n", "250 a\n", "250 a\n", "550 no\n", "250 a\n", "354 a\n", "250 a\n",
        ];
        let (said, verdict) = talk(&["a@x", "b@x"], &answers);
        assert!(said.contains("DATA"), "{said}");
        let refused = vec![("a@x".to_owned(), refusal("RCPT", 550, "no"))];
        assert_eq!(verdict, Some(Verdict::Taken(refused)));
    }

    #[test]
    fn without_a_recipient_there_is_no_mail() {
        let answers = ["220 a\n", "250 a\n", "250 a\n", "550 no\n"];
        let (said, verdict) = talk(&["a@x"], &answers);
        assert!(said.ends_with("RCPT TO:<a@x>\r\nQUIT\r\n"), "{said}");
        assert!(matches!(verdict, Some(Verdict::Taken(refused)) if refused.len() == 1));
    }

    #[test]
    fn a_refusal_ends_it_wherever_it_comes() {
        let good = ["220 a\n", "250 a\n", "250 a\n", "250 a\n", "354 a\n"];
        let commands = ["(E)SMTP", "HELO", "MAIL", "RCPT", "DATA", "BODY"];
        for (place, command) in commands.into_iter().enumerate() {
            let mut answers = good[..place].to_vec();
            answers.push("421 closing\n");
            let (said, verdict) = talk(&["a@x"], &answers);
            assert!(said.ends_with("QUIT\r\n"), "{said}");
            let expected = refusal(command, 421, "closing");
            assert!(expected.is_of_relay() && expected.is_temporary());
            assert_eq!(verdict, Some(Verdict::Refused(expected)));
        }
    }

    #[test]
    fn what_a_refusal_means() {
        for (refusal, of_relay, temporary) in [
            (refusal("(E)SMTP", 554, ""), true, true),
            (refusal("HELO", 501, ""), true, true),
            (refusal("MAIL", 452, ""), false, true),
            (refusal("MAIL", 553, ""), false, false),
            (refusal("RCPT", 450, ""), false, true),
            (refusal("BODY", 554, ""), false, false),
            (refusal("DATA", 421, ""), true, true),
        ] {
            assert_eq!(refusal.is_of_relay(), of_relay, "{refusal:?}");
            assert_eq!(refusal.is_temporary(), temporary, "{refusal:?}");
        }
    }

    #[test]
    fn garbage_is_no_code() {
        for garbage in [
            "hello world\r\n",
            "\r\n",
            "22\r\n",
            "2200 x\r\n",
            "\u{ff}\u{0}\n",
            "250x\n",
        ] {
            let (said, verdict) = talk(&["a@x"], &[garbage]);
            assert_eq!(said, "QUIT\r\n", "{garbage:?}");
            let Some(Verdict::Refused(refusal)) = verdict else {
                panic!("{garbage:?}: {verdict:?}");
            };
            assert_eq!(refusal.code, None);
            assert!(refusal.is_of_relay());
            assert!(!refusal.text.contains(char::is_control));
        }
    }

    #[test]
    fn nobody_listens_for_ever() {
        let envelope = envelope(&["a@x"]);
        let mut dialogue = Dialogue::new(&envelope);
        let piece = [b'x'; 1000];
        let told = (0..10).map(|_| dialogue.hear(&piece)).find(Result::is_err);
        assert_eq!(told, Some(Err(TooLong)));
        let mut dialogue = Dialogue::new(&envelope);
        let lines = b"220-more\r\n".repeat(1000);
        assert_eq!(dialogue.hear(&lines), Err(TooLong));
    }
}
