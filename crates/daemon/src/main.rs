//! The drop-in daemon. All code is in the library.
fn main() -> std::process::ExitCode {
    evervip_daemon::main()
}
