//! Where every command writes: no character of it acts on the terminal, whoever wrote the words in it.
//! What is written is the commands' affair; words of others are made visible where they are put into a sentence, so that they add no lines to it.

use std::io::Write;

use serde::Serialize;

use super::Outcome;
use crate::model::visible::{visible_json, visible_lines};

/// Writes to standard output. A reader that went away (`| head`) is no failure worth a panic.
pub(super) fn say(text: &str) -> Outcome {
    writeln!(std::io::stdout().lock(), "{}", visible_lines(text))?;
    Ok(())
}

/// Writes JSON to standard output.
pub(super) fn say_json(thing: &impl Serialize) -> Outcome {
    let text = serde_json::to_string(thing).map_err(std::io::Error::from)?;
    writeln!(std::io::stdout().lock(), "{}", visible_json(&text))?;
    Ok(())
}

/// Writes to standard error, which may be gone as well.
pub(super) fn complain(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{}", visible_lines(text));
}
