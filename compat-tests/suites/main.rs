//! One set of scenarios, run with evervip and with keepalived 2.2.7 on either side.
//!
//! See `README.md` for the variables and for what a skipped case means.

mod addresses;
mod adverts_go_on;
mod alone;
mod auth;
mod bad_files;
mod bad_input;
mod bad_log;
mod bad_scripts;
mod bfd;
mod cli;
mod cli_rows;
mod client_view;
mod clients;
mod cluster;
mod conf;
mod corpus;
mod corpus_dumps;
mod daemon;
mod dbus;
mod dumps;
mod elections;
mod fifo;
mod fifo_groups;
mod fifo_settings;
mod firewall;
mod forgeries;
mod garp_groups;
mod group_reload;
mod hostile;
mod interfaces;
mod ipv6;
mod keyword_cases;
mod mail;
mod models;
mod mutations;
mod namespace;
mod notify;
mod notify_matrix;
mod options;
mod packets;
mod plan;
mod processes;
mod program;
mod reload;
mod reload_files;
mod routing;
mod script_security;
mod settings;
mod signals;
mod smtp_sink;
mod snmp;
mod stalls;
mod stalls_several;
mod static_entries;
mod swap;
mod sync_groups;
mod system_bus;
mod tracking;
mod unicast;
mod verdict;
mod verdict_of;
mod vmac;

use std::process::ExitCode;

use libtest_mimic::{Arguments, run};

/// Cases mostly wait for timers of daemons, so many more fit side by side than there are cores.
const THREADS: usize = 12;

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(THREADS);
    let mut plan = match plan::Plan::new() {
        Ok(plan) => plan,
        Err(reason) => {
            eprintln!("compat-tests: {reason}");
            return ExitCode::FAILURE;
        }
    };
    elections::add(&mut plan);
    options::add(&mut plan);
    packets::add(&mut plan);
    interfaces::add(&mut plan);
    ipv6::add(&mut plan);
    unicast::add(&mut plan);
    script_security::add(&mut plan);
    settings::add(&mut plan);
    signals::add(&mut plan);
    daemon::add(&mut plan);
    dbus::add(&mut plan);
    garp_groups::add(&mut plan);
    cli::add(&mut plan);
    processes::add(&mut plan);
    namespace::add(&mut plan);
    notify::add(&mut plan);
    notify_matrix::add(&mut plan);
    fifo::add(&mut plan);
    fifo_groups::add(&mut plan);
    fifo_settings::add(&mut plan);
    firewall::add(&mut plan);
    mail::add(&mut plan);
    reload::add(&mut plan);
    reload_files::add(&mut plan);
    group_reload::add(&mut plan);
    bfd::add(&mut plan);
    tracking::add(&mut plan);
    sync_groups::add(&mut plan);
    hostile::add(&mut plan);
    keyword_cases::add(&mut plan);
    models::add(&mut plan);
    mutations::add(&mut plan);
    vmac::add(&mut plan);
    addresses::add(&mut plan);
    auth::add(&mut plan);
    forgeries::add(&mut plan);
    routing::add(&mut plan);
    static_entries::add(&mut plan);
    dumps::add(&mut plan);
    corpus_dumps::add(&mut plan);
    snmp::add(&mut plan);
    stalls::add(&mut plan);
    stalls_several::add(&mut plan);
    bad_files::add(&mut plan);
    bad_input::add(&mut plan);
    bad_log::add(&mut plan);
    bad_scripts::add(&mut plan);
    swap::add(&mut plan);
    clients::add(&mut plan);
    let (trials, tally) = plan.finish();
    let conclusion = run(&arguments, trials);
    if !arguments.list {
        print!("{tally}");
        match alone::passed_alone() {
            0 => {}
            count => println!("{count} of them passed only when run alone (lines `AGAIN`)"),
        }
    }
    conclusion.exit_code()
}
