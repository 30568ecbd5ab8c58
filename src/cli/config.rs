//! `bugtome config`: what is in force and where it comes from, secrets masked.
//! Reading the settings is `app::settings`' affair.

use super::Outcome;
use crate::app::settings::{Flags, Settings};

/// Prints the settings as a TOML file would have them.
pub(super) fn run(flags: &Flags) -> Outcome {
    let loaded = Settings::load(flags)?;
    for warning in &loaded.warnings {
        eprintln!("bugtome: {warning}");
    }
    for setting in &loaded.in_force {
        println!("{setting}");
    }
    Ok(())
}
