//! The platform on this machine: see `--help`.

fn main() -> std::process::ExitCode {
    local::cli::run()
}
