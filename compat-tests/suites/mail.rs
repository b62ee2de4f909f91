//! SMTP alerts: who is told what, word for word, and relays that do not do their work.
//!
//! The original sends the mails of one moment side by side, so that only the set of them counts.

use std::time::{Duration, SystemTime};

use evervip_lab::{Error, wait_until};

use crate::{
    cluster::{Cluster, PATIENCE, with_single},
    conf::{Conf, INTERFACE, Mode, V2_MULTICAST},
    ensure,
    plan::{Combo, Plan},
    program::{Program, Side},
    smtp_sink::{Manner, Sink},
    verdict::Verdict,
};

/// Adds the cases.
pub fn add(plan: &mut Plan) {
    plan.single("mail::lifecycle", |program| with_single(program, lifecycle));
    plan.single("mail::group", |program| with_single(program, group));
    plan.single("mail::switches", |program| with_single(program, switches));
    plan.single("mail::other-switches", |program| {
        with_single(program, other_switches)
    });
    plan.single("mail::no-faults", |program| with_single(program, no_faults));
    plan.single("mail::reload", |program| with_single(program, reload));
    plan.single("mail::time-zone", |program| with_single(program, date));
    plan.compare("mail::defaults", defaults);
    for (name, manner, line) in TROUBLES {
        plan.single(&format!("mail::relay-{name}"), move |program| {
            with_single(program, |cluster| trouble(cluster, manner, line))
        });
    }
    plan.single("mail::relay-silent", |program| {
        with_single(program, silent_relay)
    });
    plan.single("mail::relay-hangs-once", |program| {
        with_single(program, hangs_once)
    });
    plan.ours_only("mail::relay-comes-back", |program| {
        with_single(program, relay_comes_back)
    });
    plan.ours_only("mail::stop", |program| with_single(program, stop));
    plan.ours_only("mail::one-recipient-refused", |program| {
        with_single(program, one_recipient_refused)
    });
}

const MODE: Mode = V2_MULTICAST;
const RELAY: &str = "router_id LB_1\nnotification_email {\n ops@example.org\n second@example.org\n}\n\
                     notification_email_from ka@example.org\nsmtp_server 127.0.0.1\n\
                     smtp_helo_name ka.example.org\nsmtp_connect_timeout 1\n";

/// What a relay does, and the words that the line about it has with both.
const TROUBLES: [(&str, Manner, &str); 6] = [
    (
        "refuses-service",
        Manner::Greets("554 no service"),
        "Error processing (E)SMTP cmd on SMTP server [127.0.0.1]:25. SMTP status code = 554",
    ),
    (
        "refuses-sender",
        Manner::Refuses("MAIL", "553 not you"),
        "Error processing MAIL cmd on SMTP server [127.0.0.1]:25. SMTP status code = 553",
    ),
    (
        "refuses-recipients",
        Manner::Refuses("RCPT", "550 not them"),
        "Error processing RCPT cmd on SMTP server [127.0.0.1]:25. SMTP status code = 550",
    ),
    (
        "refuses-mail",
        Manner::Refuses(".", "554 not this"),
        "Error processing BODY cmd on SMTP server [127.0.0.1]:25. SMTP status code = 554",
    ),
    (
        "talks-nonsense",
        Manner::Greets("hello world"),
        "Error processing (E)SMTP cmd on SMTP server [127.0.0.1]:25. SMTP status code = ",
    ),
    (
        "hangs-up",
        Manner::HangsUp,
        "Remote SMTP server [127.0.0.1]:25 has closed the connection.",
    ),
];

fn with_globals(lines: &str, rest: &str) -> String {
    format!("global_defs {{\n{lines}\n}}\n{rest}")
}

/// The whole session of one alert.
fn session(subject: &str, body: &str) -> String {
    let lines = [
        "HELO ka.example.org",
        "MAIL FROM:<ka@example.org>",
        "RCPT TO:<ops@example.org>",
        "RCPT TO:<second@example.org>",
        "DATA",
        "Date: ...",
        "From: ka@example.org",
        &format!("Subject: [LB_1] {subject}"),
        "X-Mailer: Keepalived",
        "To: ops@example.org, second@example.org",
        "",
        &format!("=> {body} <="),
        "",
        ".",
        "QUIT",
    ];
    lines.map(|line| format!("{line}\r\n")).concat()
}

fn of_instance(name: &str, state: &str) -> String {
    let body = if state == "MASTER" {
        "VRRP Instance is now owning VRRP VIPs"
    } else {
        "VRRP Instance is no longer owning VRRP VIPs"
    };
    session(
        &format!("VRRP Instance {name} - Entering {state} state"),
        body,
    )
}

fn of_group(state: &str) -> String {
    session(
        &format!("VRRP Group G - Entering {state} state"),
        &format!("All VRRP group instances are now in {state} state"),
    )
}

/// Reads mails in portions.
struct Reader {
    sink: Sink,
    read: usize,
}

impl Reader {
    fn start(cluster: &Cluster) -> Verdict<Self> {
        let sink = Sink::start(&cluster.members[0].node, Manner::Good)?;
        Ok(Self { sink, read: 0 })
    }

    /// The next mails must be these, in any order.
    fn expect(&mut self, wanted: &[String]) -> Verdict {
        let sessions = self.sink.wait_for(self.read + wanted.len())?;
        let mut got = sessions[self.read..].to_vec();
        let mut wanted = wanted.to_vec();
        got.sort();
        wanted.sort();
        ensure!(got == wanted, "got {got:#?}\nexpected {wanted:#?}");
        self.read = sessions.len();
        Ok(())
    }
}

/// Start, takeover, fault, recovery.
fn lifecycle(cluster: &mut Cluster) -> Verdict {
    let mut reader = Reader::start(cluster)?;
    let conf = Conf::new(MODE, 0).check().extra("    smtp_alert\n");
    cluster.members[0].start(&conf.with_globals(RELAY))?;
    reader.expect(&[of_instance("LB_VIP", "BACKUP")])?;
    reader.expect(&[of_instance("LB_VIP", "MASTER")])?;
    cluster.members[0].set_check(false)?;
    reader.expect(&[of_instance("LB_VIP", "FAULT")])?;
    cluster.members[0].set_check(true)?;
    reader.expect(&[of_instance("LB_VIP", "BACKUP")])?;
    reader.expect(&[of_instance("LB_VIP", "MASTER")])?;
    let log = cluster.log(0);
    log.wait_for("Remote SMTP server [127.0.0.1]:25 connected.", PATIENCE)?;
    log.wait_for("SMTP alert successfully sent.", PATIENCE)?;
    Ok(())
}

fn two_in_a_group(of_group: &str, of_first: &str, of_second: &str) -> String {
    let first = Conf::new(MODE, 0).check().extra(of_first).text();
    let second = Conf::new(MODE, 0).extra(of_second).text();
    let second = second
        .replace("LB_VIP", "OTHER")
        .replace("virtual_router_id 50", "virtual_router_id 51")
        .replace("10.150.160.32/32", "10.150.160.33/32");
    let group = format!(
        "vrrp_sync_group G {{\n    group {{\n        LB_VIP\n        OTHER\n    }}\n{of_group}}}\n"
    );
    [first, second, group].concat()
}

/// Members and group are told of each for themselves.
fn group(cluster: &mut Cluster) -> Verdict {
    let mut reader = Reader::start(cluster)?;
    let conf = two_in_a_group("", "", "");
    let globals = format!("{RELAY}smtp_alert\n");
    cluster.members[0].start(&with_globals(&globals, &conf))?;
    for state in ["BACKUP", "MASTER"] {
        reader.expect(&both_and_group(state))?;
    }
    cluster.members[0].set_check(false)?;
    reader.expect(&both_and_group("FAULT"))
}

fn both_and_group(state: &str) -> [String; 3] {
    [
        of_instance("LB_VIP", state),
        of_instance("OTHER", state),
        of_group(state),
    ]
}

/// The switch nearest to an object counts; a group's is none for its members.
fn switches(cluster: &mut Cluster) -> Verdict {
    let mut reader = Reader::start(cluster)?;
    let on = "    smtp_alert on\n";
    let globals = format!("{RELAY}smtp_alert on\nsmtp_alert_vrrp off\n");
    let conf = two_in_a_group(on, "", "    smtp_alert off\n");
    cluster.members[0].start(&with_globals(&globals, &conf))?;
    reader.expect(&[of_group("BACKUP")])?;
    reader.expect(&[of_group("MASTER")])
}

/// The same the other way round.
fn other_switches(cluster: &mut Cluster) -> Verdict {
    let mut reader = Reader::start(cluster)?;
    let globals = format!("{RELAY}smtp_alert off\nsmtp_alert_vrrp yes\n");
    let conf = two_in_a_group("    smtp_alert no\n", "    smtp_alert off\n", "");
    cluster.members[0].start(&with_globals(&globals, &conf))?;
    reader.expect(&[of_instance("OTHER", "BACKUP")])?;
    reader.expect(&[of_instance("OTHER", "MASTER")])
}

/// No mail of faults, and none of a BACKUP of which the last mail has told already.
fn no_faults(cluster: &mut Cluster) -> Verdict {
    let mut reader = Reader::start(cluster)?;
    cluster.members[0].node.set_carrier(INTERFACE, false)?;
    let conf = Conf::new(MODE, 0).extra("    smtp_alert\n");
    let globals = format!("{RELAY}no_email_faults\n");
    cluster.members[0].start(&conf.with_globals(&globals))?;
    cluster.log(0).wait_for("entering FAULT state", PATIENCE)?;
    cluster.members[0].node.set_carrier(INTERFACE, true)?;
    reader.expect(&[of_instance("LB_VIP", "BACKUP")])?;
    for (up, line) in [(false, "FAULT STATE"), (true, "BACKUP STATE")] {
        let mark = cluster.log(0).mark();
        cluster.members[0].node.set_carrier(INTERFACE, up)?;
        cluster.log(0).wait_after(mark, line, PATIENCE)?;
    }
    reader.expect(&[of_instance("LB_VIP", "MASTER")])
}

/// Removed instances, one that is new, and one that goes on.
fn reload(cluster: &mut Cluster) -> Verdict {
    let mut reader = Reader::start(cluster)?;
    let of = |name: &str, vrid: u8, extra: &str| {
        let conf = Conf::new(MODE, 0).extra(extra).text();
        conf.replace("LB_VIP", name)
            .replace("virtual_router_id 50", &format!("virtual_router_id {vrid}"))
            .replace("10.150.160.32/32", &format!("10.150.160.{vrid}/32"))
    };
    let globals = format!("{RELAY}smtp_alert\n");
    let old = [
        of("TOLD", 101, "    notify_deleted\n"),
        of("GONE", 102, ""),
        of("KEPT", 103, ""),
    ];
    cluster.members[0].start(&with_globals(&globals, &old.concat()))?;
    for state in ["BACKUP", "MASTER"] {
        reader.expect(&["TOLD", "GONE", "KEPT"].map(|name| of_instance(name, state)))?;
    }
    let new = [of("KEPT", 103, ""), of("NEW", 104, "")];
    cluster.reload(0, &with_globals(&globals, &new.concat()))?;
    reader.expect(&[
        session("VRRP Instance TOLD - Deleted", "VRRP Deleted at reload"),
        of_instance("GONE", "FAULT"),
        of_instance("NEW", "BACKUP"),
    ])?;
    // The mails of the last reload are forgotten.
    cluster.members[0].node.set_carrier(INTERFACE, false)?;
    reader.expect(&["KEPT", "NEW"].map(|name| of_instance(name, "FAULT")))
}

/// The date is that of the alert, in the words of the standard.
fn date(cluster: &mut Cluster) -> Verdict {
    let reader = Reader::start(cluster)?;
    let conf = Conf::new(MODE, 0).extra("    smtp_alert\n");
    let before = SystemTime::now();
    cluster.members[0].start(&conf.with_globals(RELAY))?;
    reader.sink.wait_for(1)?;
    let first = reader.sink.first().unwrap_or_default();
    let date = first.lines().find_map(|line| line.strip_prefix("Date: "));
    let date = date.ok_or_else(|| Error::new(first.clone()))?;
    let parsed = std::process::Command::new("date")
        .args(["--date", date, "+%s %a, %d %b %Y %H:%M:%S %z"])
        .env("LC_ALL", "C")
        .output()?;
    let parsed = String::from_utf8_lossy(&parsed.stdout).into_owned();
    let (seconds, again) = parsed.split_once(' ').unwrap_or_default();
    ensure!(again.trim_end() == date, "`{date}` is read as `{again}`");
    let unix = |time: SystemTime| {
        time.duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default()
    };
    let seconds = seconds.parse().unwrap_or(0);
    let range = unix(before).as_secs()..=unix(SystemTime::now()).as_secs();
    ensure!(range.contains(&seconds), "`{date}` is not in {range:?}");
    Ok(())
}

/// Names that nobody has given are found in the same way.
fn defaults(combo: &Combo) -> Verdict {
    let globals =
        "notification_email {\n ops@example.org\n}\nsmtp_server 127.0.0.1 25\nsmtp_alert\n";
    let names = "127.0.0.1 localhost\n127.0.1.1 lab-host.example.org lab-host\n";
    let told = |program: &Program| {
        let mut mails = Vec::new();
        with_single(program, |cluster| {
            let reader = Reader::start(cluster)?;
            let host = cluster.members[0].node.exec(&["hostname"])?.stdout;
            let names = names.replace("lab-host", host.trim());
            let node = &cluster.members[0].node;
            let hosts = format!("evervip-hosts-{}-{}", std::process::id(), program.side);
            let hosts = std::env::temp_dir().join(hosts);
            std::fs::write(&hosts, names)?;
            let bound = node.bind(&hosts, "/etc/hosts");
            std::fs::remove_file(&hosts)?;
            bound?;
            cluster.members[0].start(&Conf::new(MODE, 0).with_globals(globals))?;
            mails = reader.sink.wait_for(2)?;
            Ok(())
        })?;
        Ok::<_, Error>(mails)
    };
    let (ours, theirs) = (told(&combo.subject)?, told(&combo.peer)?);
    ensure!(ours == theirs, "ours {ours:#?}\ntheirs {theirs:#?}");
    Ok(())
}

/// One line says what is wrong with the relay, and VRRP goes on.
fn trouble(cluster: &mut Cluster, manner: Manner, line: &str) -> Verdict {
    let _sink = Sink::start(&cluster.members[0].node, manner)?;
    let conf = Conf::new(MODE, 0).extra("    smtp_alert\n");
    cluster.members[0].start(&conf.with_globals(RELAY))?;
    cluster.log(0).wait_for(line, PATIENCE)?;
    cluster.log(0).wait_for("Entering MASTER STATE", PATIENCE)?;
    if cluster.members[0].program.side == Side::Ours {
        let relay = ["(E)SMTP", "closed"].iter().any(|word| line.contains(word));
        let count = cluster.log(0).count(line);
        ensure!(!relay || count <= 2, "the line stands there {count} times");
    }
    Ok(())
}

/// A relay that says nothing delays no advert, and is left after the time that it has.
fn silent_relay(cluster: &mut Cluster) -> Verdict {
    let _sink = Sink::start(&cluster.members[0].node, Manner::Silent)?;
    let conf = Conf::new(MODE, 0).extra("    smtp_alert\n");
    cluster.members[0].start(&conf.with_globals(RELAY))?;
    let line = "Timeout reading data to remote SMTP server [127.0.0.1]:25.";
    cluster.log(0).wait_for(line, PATIENCE)?;
    let mark = cluster.capture.mark();
    let adverts = cluster
        .capture
        .wait_adverts(mark, 4, PATIENCE, |advert| advert.priority == 150)?;
    for pair in adverts.windows(2) {
        let gap = pair[1].at.duration_since(pair[0].at).unwrap_or_default();
        ensure!(
            gap < MODE.advert() + Duration::from_millis(500),
            "{gap:?} between adverts"
        );
    }
    let stopped = SystemTime::now();
    cluster.stop(0)?;
    let took = stopped.elapsed().unwrap_or_default();
    ensure!(took < Duration::from_secs(4), "the end took {took:?}");
    if cluster.members[0].program.side == Side::Ours {
        let line = "SMTP alerts were not sent";
        ensure!(cluster.log(0).count(line) > 0, "no line `{line}`");
    }
    Ok(())
}

/// A session that hangs delays no other mail. The original begins all side by side, and never
/// sends again what one of them did not get through.
fn hangs_once(cluster: &mut Cluster) -> Verdict {
    let sink = Sink::start(&cluster.members[0].node, Manner::HangsFirst)?;
    let of = |name: &str, vrid: u8| {
        let conf = Conf::new(MODE, 0).text();
        conf.replace("LB_VIP", name)
            .replace("virtual_router_id 50", &format!("virtual_router_id {vrid}"))
            .replace("10.150.160.32/32", &format!("10.150.160.{vrid}/32"))
    };
    // Longer than anybody here is ready to wait for the other mails.
    let timeout = PATIENCE * 2;
    let globals = RELAY.replace(
        "smtp_connect_timeout 1\n",
        &format!("smtp_connect_timeout {}\n", timeout.as_secs()),
    );
    let all = ["ONE", "TWO", "THREE"];
    let conf: String = all
        .iter()
        .zip(101..)
        .map(|(name, vrid)| of(name, vrid))
        .collect();
    cluster.members[0].start(&with_globals(&format!("{globals}smtp_alert\n"), &conf))?;
    let mut got = sink.wait_for(5)?;
    let mut wanted: Vec<String> = ["BACKUP", "MASTER"]
        .iter()
        .flat_map(|state| all.map(|name| of_instance(name, state)))
        .collect();
    let hung = wanted.iter().position(|mail| !got.contains(mail));
    ensure!(hung.is_some(), "nothing hung: {got:#?}");
    wanted.remove(hung.unwrap_or_default());
    got.sort();
    wanted.sort();
    ensure!(got == wanted, "got {got:#?}\nexpected {wanted:#?}");
    Ok(())
}

/// What happened while nobody listened arrives later, in its order.
fn relay_comes_back(cluster: &mut Cluster) -> Verdict {
    let conf = Conf::new(MODE, 0).check().extra("    smtp_alert\n");
    cluster.members[0].start(&conf.with_globals(RELAY))?;
    let line = "Error opening connection to remote SMTP server [127.0.0.1]:25: ";
    cluster.log(0).wait_for(line, PATIENCE)?;
    cluster.log(0).wait_for("Entering MASTER STATE", PATIENCE)?;
    cluster.members[0].set_check(false)?;
    cluster.log(0).wait_for("Entering FAULT STATE", PATIENCE)?;
    let sink = Sink::start(&cluster.members[0].node, Manner::Good)?;
    let patience = PATIENCE * 2;
    let waited = wait_until(patience, "mails", || sink.sessions().len() >= 3);
    let wanted = ["BACKUP", "MASTER", "FAULT"].map(|state| of_instance("LB_VIP", state));
    let got = sink.sessions();
    ensure!(waited.is_ok() && got == wanted, "got {got:#?}");
    cluster
        .log(0)
        .wait_for("SMTP server [127.0.0.1]:25 works again", PATIENCE)?;
    Ok(())
}

/// The last mails leave before the daemon does. The original begins to send them, and ends.
fn stop(cluster: &mut Cluster) -> Verdict {
    let mut reader = Reader::start(cluster)?;
    let conf = two_in_a_group("", "", "");
    let globals = format!("{RELAY}smtp_alert\n");
    cluster.members[0].start(&with_globals(&globals, &conf))?;
    reader.expect(&both_and_group("BACKUP"))?;
    cluster.stop(0)?;
    let instance = |name: &str| {
        let subject = format!("VRRP Instance {name} - Stopping");
        session(&subject, "VRRP Instance stopping")
    };
    reader.expect(&[
        instance("LB_VIP"),
        instance("OTHER"),
        session(
            "VRRP Group G - Stopping",
            "All VRRP group instances are now stopping",
        ),
    ])
}

/// The others get their mail. The original gives it up.
fn one_recipient_refused(cluster: &mut Cluster) -> Verdict {
    let manner = Manner::Refuses("RCPT TO:<ops@", "550 gone");
    let sink = Sink::start(&cluster.members[0].node, manner)?;
    let conf = Conf::new(MODE, 0).extra("    smtp_alert\n");
    cluster.members[0].start(&conf.with_globals(RELAY))?;
    let sessions = sink.wait_for(1)?;
    ensure!(
        sessions[0] == of_instance("LB_VIP", "BACKUP"),
        "got {sessions:#?}"
    );
    cluster
        .log(0)
        .wait_for("SMTP status code = 550 (gone)", PATIENCE)?;
    Ok(())
}
