//! The binary: hands the command line to `bugtome::cli`.
//! Everything else is in the library, so that tests reach it.

fn main() -> std::process::ExitCode {
    bugtome::cli::main()
}
