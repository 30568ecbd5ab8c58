//! Where log lines go and how they look: text on a terminal, JSON otherwise, always to standard error.
//! What is logged about a request lives in `http::log`.

use std::io::{IsTerminal, Write};

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};
use tracing_subscriber::{Layer, fmt};

use crate::model::visible::{visible_in_colour, visible_json};

/// Logging could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// `BUGTOME_LOG` holds something else than a level.
    #[error("log (from environment BUGTOME_LOG): {0:?} is not one of off, error, warn, info, debug, trace")]
    Level(String),
    /// Another logger was set before.
    #[error("logging is set up already")]
    Again(#[from] TryInitError),
}

/// Sends log lines to standard error from now on, at the level that `BUGTOME_LOG` names (`off error warn info debug trace`; `info` when unset or empty).
pub fn set_up() -> Result<(), Error> {
    let level = level(std::env::var("BUGTOME_LOG").unwrap_or_default())?;
    let terminal = std::io::stderr().is_terminal();
    let lines = fmt::layer().with_writer(move || Shown { terminal });
    let lines = if terminal { lines.boxed() } else { lines.with_ansi(false).json().flatten_event(true).boxed() };
    tracing_subscriber::registry().with(lines.with_filter(filter(level))).try_init()?;
    std::panic::set_hook(Box::new(log_panic));
    Ok(())
}

/// Standard error, on which no character of somebody's words acts. The escape sequences that colour a line on a terminal are the formatter's own:
/// it writes those of others as text.
struct Shown {
    terminal: bool,
}

impl Write for Shown {
    fn write(&mut self, line: &[u8]) -> std::io::Result<usize> {
        let text = String::from_utf8_lossy(line);
        let shown = if self.terminal { visible_in_colour(&text) } else { visible_json(text.trim_end_matches('\n')) + "\n" };
        std::io::stderr().lock().write_all(shown.as_bytes()).map(|()| line.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        std::io::stderr().lock().flush()
    }
}

/// A panic's place goes to the log, and its text only where that is fixed: a formatted one may hold what somebody sent.
fn log_panic(panic: &std::panic::PanicHookInfo<'_>) {
    let place = panic.location().map(ToString::to_string);
    let text = panic.payload().downcast_ref::<&'static str>().copied();
    tracing::error!(place, text, "a panic");
}

fn level(text: String) -> Result<LevelFilter, Error> {
    let named = ["off", "error", "warn", "info", "debug", "trace"].contains(&text.as_str());
    match text.parse() {
        _ if text.is_empty() => Ok(LevelFilter::INFO),
        Ok(level) if named => Ok(level),
        _ => Err(Error::Level(text)),
    }
}

/// The level counts for our own lines. What we depend on never says more than warnings: at debug tokio-postgres writes the parameters of
/// statements, digests and addresses among them, and nobody has read what all the others write.
fn filter(level: LevelFilter) -> Targets {
    Targets::new().with_default(level.min(LevelFilter::WARN)).with_target("bugtome", level).with_target("audit", level)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tracing::Level;

    #[test]
    fn a_level_is_a_word() {
        assert_eq!(level(String::new()).unwrap(), LevelFilter::INFO);
        assert_eq!(level("debug".to_owned()).unwrap(), LevelFilter::DEBUG);
        for wrong in ["verbose", "bugtome=debug", "3"] {
            assert!(level(wrong.to_owned()).unwrap_err().to_string().contains(wrong), "{wrong}");
        }
    }

    #[test]
    fn others_never_say_more_than_warnings() {
        let filter = filter(LevelFilter::TRACE);
        assert!(filter.would_enable("bugtome::http::log", &Level::TRACE));
        assert!(filter.would_enable("audit", &Level::INFO));
        assert!(filter.would_enable("hyper", &Level::WARN));
        assert!(!filter.would_enable("tokio_postgres", &Level::DEBUG));
        assert!(!self::filter(LevelFilter::OFF).would_enable("hyper", &Level::ERROR));
    }
}
