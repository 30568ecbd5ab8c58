//! The clock: the operating system's, or one that a test sets by hand.
//! What a moment is and how it is written lives in `model::time`.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::SystemTime;

use crate::model::time::{Span, Time};

/// Tells the time; cheap to clone.
#[derive(Debug, Clone)]
pub struct Clock(Source);

#[derive(Debug, Clone)]
enum Source {
    System,
    Set(Arc<AtomicI64>),
}

/// Sets the clock that was made with it by [`Clock::set_to`].
#[derive(Debug, Clone)]
pub struct Hand(Arc<AtomicI64>);

impl Clock {
    /// The operating system's clock.
    pub const fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that stands at `time` until its hand moves it.
    pub fn set_to(time: Time) -> (Self, Hand) {
        let micros = Arc::new(AtomicI64::new(time.micros()));
        (Self(Source::Set(Arc::clone(&micros))), Hand(micros))
    }

    /// Whether it was set by hand, so that no other clock counts beside it.
    pub const fn is_set(&self) -> bool {
        matches!(self.0, Source::Set(_))
    }

    /// The present moment, to the microsecond. The system's clock may be set back, so this may too.
    #[expect(clippy::disallowed_methods, reason = "this is the clock that everything else takes the time from")]
    pub fn now(&self) -> Time {
        match &self.0 {
            Source::System => {
                let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
                Time::from_micros(i64::try_from(since_epoch.as_micros()).unwrap_or(i64::MAX))
            }
            Source::Set(micros) => Time::from_micros(micros.load(Ordering::Acquire)),
        }
    }
}

impl Hand {
    /// Sets the clock to `time`, forward or back.
    pub fn set(&self, time: Time) {
        self.0.store(time.micros(), Ordering::Release);
    }

    /// Moves the clock by `span`; a negative span moves it back.
    pub fn advance(&self, span: Span) {
        self.0.fetch_add(span.micros(), Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_clock_moves_only_by_its_hand() {
        let start: Time = "2024-01-15T10:30:00Z".parse().unwrap();
        let (clock, hand) = Clock::set_to(start);
        let twin = clock.clone();
        assert_eq!(clock.now(), start);
        hand.advance(Span::seconds(90));
        assert_eq!(twin.now().since(start), Span::seconds(90));
        hand.set(start);
        assert_eq!(clock.now(), start);
    }

    #[test]
    fn the_system_clock_runs() {
        let before = Clock::system().now();
        assert!(before > "2024-01-01T00:00:00Z".parse().unwrap());
    }
}
