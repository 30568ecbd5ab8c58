//! The binary: hands the command line to `bugtome::cli`.

fn main() {}
