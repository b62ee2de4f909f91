//! The example runs and passes.

use std::process::Command;

/// The reason why it cannot be tried here; the example says the same.
#[allow(clippy::print_stdout, reason = "the harness shows it with the test")]
fn is_possible() -> bool {
    let possible = evervip_lab::Lab::available();
    if let Err(reason) = &possible {
        println!("SKIPPED: {reason}");
    }
    possible.is_ok()
}

#[test]
#[allow(clippy::print_stdout, reason = "the harness shows it with the test")]
fn every_step_goes_as_it_must() {
    if !is_possible() {
        return;
    }
    let output = Command::new(env!("CARGO_BIN_EXE_evervip-example-failover")).output();
    let output = output.expect("it was built");
    let (shown, complaints) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    if complaints.contains("no daemon was built") {
        println!("SKIPPED: {complaints}");
        return;
    }
    assert!(output.status.success(), "{shown}\n{complaints}");
    assert_eq!(shown.matches("PASS").count(), 6, "{shown}");
}
