//! The operator's tool.
fn main() -> std::process::ExitCode {
    evervip_ctl::main()
}
