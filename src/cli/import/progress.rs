//! How far an import has come: a bar on a terminal, plain lines elsewhere.
//! Both go to standard error, so that standard output has the outcome alone.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use super::outcome::Tally;
use crate::cli::terminal::complain;
use crate::model::visible::visible;

/// Elsewhere than on a terminal a line is written after that many rows, or after that time.
const ROWS: u64 = 500;
const SECONDS: Duration = Duration::from_secs(5);

/// Shows how far an import has come.
pub(super) enum Progress {
    Bar(ProgressBar),
    Lines { told_rows: u64, told_at: Instant },
}

impl Progress {
    /// Over a file of `length` bytes.
    pub(super) fn new(length: u64) -> Self {
        if !std::io::stderr().is_terminal() {
            return Self::Lines { told_rows: 0, told_at: Instant::now() };
        }
        let bar = ProgressBar::new(length);
        // A fixed template that a test reads; were it wrong, the usual bar would do.
        if let Ok(style) = ProgressStyle::with_template(TEMPLATE) {
            bar.set_style(style);
        }
        Self::Bar(bar)
    }

    /// So many bytes of the file have been used, with this outcome.
    pub(super) fn tell(&mut self, bytes: u64, tally: &Tally) {
        match self {
            Self::Bar(bar) => {
                bar.set_position(bytes);
                bar.set_message(tally.to_string());
            }
            Self::Lines { told_rows, told_at } => {
                let rows = tally.rows();
                if rows - *told_rows >= ROWS || told_at.elapsed() >= SECONDS {
                    complain(&format!("{rows} rows read: {tally}"));
                    (*told_rows, *told_at) = (rows, Instant::now());
                }
            }
        }
    }

    /// Says something, without the bar getting in its way.
    pub(super) fn say(&self, line: &str) {
        match self {
            Self::Bar(bar) => bar.println(visible(line)),
            Self::Lines { .. } => complain(&visible(line)),
        }
    }

    /// Takes the bar away.
    pub(super) fn end(&self) {
        if let Self::Bar(bar) = self {
            bar.finish_and_clear();
        }
    }
}

const TEMPLATE: &str = "{bar:30} {percent}% {msg} ({eta} left)";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_can_be_drawn() {
        assert!(ProgressStyle::with_template(TEMPLATE).is_ok());
    }
}
