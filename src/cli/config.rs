//! `bugtome config`: what is in force and where it comes from, secrets masked.
//! Reading the settings is `app::settings`' affair.

use super::Outcome;
use super::terminal::{complain, say};
use crate::app::settings::{Flags, Settings};
use crate::model::visible::visible;

/// Prints the settings as a TOML file would have them.
pub(super) fn run(flags: &Flags) -> Outcome {
    let loaded = Settings::load(flags)?;
    for warning in &loaded.warnings {
        complain(&format!("bugtome: {}", visible(warning)));
    }
    for setting in &loaded.in_force {
        say(&visible(setting))?;
    }
    Ok(())
}
