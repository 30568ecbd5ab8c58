//! Callers of whom Redis has said that they are over their limit, until when: they are refused without work and without asking again.
//! Nobody gets in here who was not refused by all nodes' count.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::{Counted, Standing};
use crate::model::time::Span;

/// Beyond this many those whose window is over are forgotten, and if that does not help, all: they are asked for again.
const MOST: usize = 10_000;

/// Who is over, and until when. By a clock that nobody sets.
#[derive(Default)]
pub(super) struct Full(Mutex<HashMap<Counted, (Instant, Standing)>>);

impl Full {
    /// How the caller stands, where it is over its limit.
    pub(super) fn get(&self, counted: Counted, now: Instant) -> Option<Standing> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (until, standing) = *known.get(&counted)?;
        let rest = until.saturating_duration_since(now);
        if rest.is_zero() {
            known.remove(&counted);
            return None;
        }
        Some(Standing { seconds: span(rest).whole_seconds(), ..standing })
    }

    /// Notes that the caller is over its limit. `asked` is when Redis was asked, so that what is noted ends no later than the window.
    pub(super) fn note(&self, counted: Counted, standing: Standing, rest: Span, asked: Instant) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST {
            known.retain(|_, (until, _)| *until > asked);
            if known.len() >= MOST {
                known.clear();
            }
        }
        let rest = Duration::from_micros(u64::try_from(rest.micros()).unwrap_or(0));
        known.insert(counted, (asked + rest, standing));
    }
}

fn span(duration: Duration) -> Span {
    Span::from_micros(i64::try_from(duration.as_micros()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::Time;

    fn caller(number: u32) -> Counted {
        Counted::address(std::net::Ipv4Addr::from(number).into())
    }

    fn standing() -> Standing {
        Standing { limit: 5, remaining: 0, reset: Time::from_micros(1_700_000_000_000_000), seconds: 90, over: true }
    }

    #[test]
    fn whoever_is_over_is_known_until_the_window_ends() {
        let full = Full::default();
        let asked = Instant::now();
        full.note(caller(1), standing(), Span::seconds(90), asked);
        let at = |millis| asked + Duration::from_millis(millis);
        assert_eq!(full.get(caller(1), at(500)).map(|known| (known.seconds, known.reset)), Some((90, standing().reset)));
        assert_eq!(full.get(caller(1), at(89_999)).map(|known| known.seconds), Some(1));
        assert_eq!(full.get(caller(2), at(0)), None);
        assert_eq!(full.get(caller(1), at(90_000)), None);
    }

    #[test]
    fn callers_do_not_fill_the_memory() {
        let full = Full::default();
        let asked = Instant::now();
        for number in 0..25_000 {
            full.note(caller(number), standing(), Span::seconds(90), asked);
        }
        assert!(full.0.lock().unwrap().len() <= MOST);
    }
}
