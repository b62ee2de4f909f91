//! Notify commands that run one after another.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![allow(dead_code, reason = "each test file uses its part of the bench")]

mod bench;

use std::ffi::OsString;
use std::time::{Duration, Instant};

use bench::{Bench, PATIENCE, bench, is_over, until};
use evervip_model::Command;
use evervip_script::{Notice, Report, Request};

/// A command that writes its word, waits for the file `go` unless the word begins with `quick`, and
/// writes the word again with a dot.
fn slow(bench: &Bench) -> Command {
    bench.script(
        "slow",
        "echo $1 >>\"$D/log\"
case $1 in quick*) ;; *) while [ ! -e \"$D/go\" ]; do sleep 0.01; done ;; esac
echo $1. >>\"$D/log\"",
    )
}

fn notice(object: &str, command: &Command, words: &[&str]) -> Notice {
    let one = |word: &&str| (command.clone(), vec![OsString::from(word)]);
    Notice {
        object: object.to_owned(),
        is_state: true,
        commands: words.iter().map(one).collect(),
        limit: Some(PATIENCE),
        retries: 0,
    }
}

impl Bench {
    async fn tell(&self, notice: Notice) {
        self.send(Request::Notice(notice)).await;
    }

    /// Waits until the log has these lines.
    async fn log(&self, lines: &str) {
        let path = self.directory.path().join("log");
        let wanted = lines.replace(' ', "\n") + "\n";
        let mut last = String::new();
        let deadline = Instant::now() + PATIENCE;
        while last != wanted {
            assert!(Instant::now() < deadline, "{last:?}, expected {wanted:?}");
            last = std::fs::read_to_string(&path).unwrap_or_default();
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    fn go(&self) {
        std::fs::write(self.directory.path().join("go"), "").unwrap();
    }
}

#[test]
fn nothing_overtakes_and_only_the_newest_state_waits() {
    bench(|mut b| async move {
        let command = slow(&b);
        b.tell(notice("a", &command, &["one", "quick"])).await;
        b.log("one").await;
        for word in ["two", "three", "four"] {
            b.tell(notice("a", &command, &[word])).await;
        }
        // Another kind of news is not replaced by states.
        let mut other = notice("a", &command, &["lower"]);
        other.is_state = false;
        b.tell(other).await;
        b.tell(notice("a", &command, &["five"])).await;
        b.go();
        b.log("one one. quick quick. lower lower. five five.").await;
        b.send(Request::Drain { within: PATIENCE }).await;
        assert_eq!(b.next().await, Report::Drained { killed: 0 });
    });
}

#[test]
fn objects_do_not_wait_for_each_other() {
    bench(|b| async move {
        let command = slow(&b);
        b.tell(notice("a", &command, &["one"])).await;
        b.log("one").await;
        b.tell(notice("b", &command, &["quick"])).await;
        b.log("one quick quick.").await;
        b.go();
        b.log("one quick quick. one.").await;
    });
}

#[test]
fn a_failure_is_repeated_until_it_succeeds_or_the_count_is_used_up() {
    bench(|b| async move {
        let command = b.script(
            "flaky",
            "echo $1 >>\"$D/log\"; [ $1 = bad ] && exit 1; [ $(grep -c $1 \"$D/log\") = 2 ]",
        );
        let mut told = notice("a", &command, &["flaky", "bad", "flaky"]);
        told.retries = 1;
        b.tell(told).await;
        b.log("flaky flaky bad bad flaky flaky").await;
    });
}

#[test]
fn a_repetition_gives_way_to_something_newer() {
    bench(|b| async move {
        let command = b.script("fails", "echo $1 >>\"$D/log\"; exit 1");
        let mut told = notice("a", &command, &["old", "never"]);
        told.retries = 100;
        b.tell(told).await;
        b.log("old").await;
        // It is in its pause by now, or about to be.
        b.tell(notice("a", &command, &["new"])).await;
        until(|| {
            let text = std::fs::read_to_string(b.directory.path().join("log")).ok()?;
            text.contains("new").then_some(())
        })
        .await;
        b.tell(notice("a", &command, &["last"])).await;
        let text = until(|| {
            let text = std::fs::read_to_string(b.directory.path().join("log")).ok()?;
            text.ends_with("last\n").then_some(text)
        })
        .await;
        assert!(text.matches("old").count() <= 2, "{text}");
    });
}

#[test]
fn one_that_takes_too_long_is_ended_with_its_group() {
    bench(|b| async move {
        let command = b.script(
            "hangs",
            "trap '' TERM; [ $1 = next ] || { echo $$ >\"$D/pid\"; sleep 60; }; echo $1 >>\"$D/log\"",
        );
        let mut told = notice("a", &command, &["hangs", "next"]);
        told.limit = Some(Duration::from_millis(100));
        let start = Instant::now();
        b.tell(told).await;
        let pid = b.content("pid").await;
        b.log("next").await;
        assert!(
            start.elapsed() >= Duration::from_secs(2),
            "SIGKILL too soon"
        );
        assert!(is_over(&pid));
    });
}

#[test]
fn the_end_does_not_wait_longer_than_it_may() {
    bench(|mut b| async move {
        let command = slow(&b);
        b.tell(notice("a", &command, &["one"])).await;
        b.log("one").await;
        b.tell(notice("a", &command, &["two"])).await;
        b.send(Request::Drain {
            within: Duration::from_millis(200),
        })
        .await;
        assert_eq!(b.next().await, Report::Drained { killed: 1 });
        b.log("one").await;
    });
}

#[test]
fn what_cannot_be_executed_holds_nothing_up() {
    bench(|b| async move {
        let absent = bench::command(&b.directory.path().join("absent"));
        let command = slow(&b);
        let mut told = notice("a", &absent, &["x"]);
        told.retries = 3;
        told.commands
            .push((command.clone(), vec![OsString::from("quick")]));
        b.tell(told).await;
        b.log("quick quick.").await;
    });
}
