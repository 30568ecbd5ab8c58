//! The failures that this node keeps in its memory: all there are where there is no Redis, and what is fallen back on where it is gone.
//! How far a try may go is not known here.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{Counted, WINDOW};
use crate::app::counters::Tally;
use crate::model::time::{Span, Time};

/// The most entries of one kind; those of each kind are kept apart, so that many addresses push no account out. An entry is 32 bytes, so that all are
/// 32 MB at most. Each costs a hash: two threads fill half of it within a window at 20 ms each.
const MOST: usize = 200_000;

#[derive(Debug, Clone, Copy)]
struct Window {
    began: Time,
    count: u32,
}

/// By a keyed digest, so that what a client sends as its address takes no more room than another's, and nobody can choose what falls together.
type Windows = HashMap<u64, Window>;

#[derive(Default)]
pub(super) struct Own {
    hash: RandomState,
    kinds: Mutex<[Windows; Counted::KINDS]>,
}

impl Own {
    fn kinds(&self) -> MutexGuard<'_, [Windows; Counted::KINDS]> {
        // A count is whole after each statement, so that a panic elsewhere leaves nothing broken behind.
        self.kinds.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts under each of the keys, or under none where one has had its number.
    pub(super) fn attempt(&self, keys: &[Counted], now: Time) -> Result<(), i64> {
        let mut kinds = self.kinds();
        let full = keys.iter().filter_map(|key| {
            let window = kinds[key.kind()].get(&self.hash.hash_one(key))?;
            let rest = window.began.plus(WINDOW).since(now);
            (window.count >= key.most() && rest > Span::ZERO).then(|| rest.whole_seconds())
        });
        if let Some(seconds) = full.max() {
            return Err(seconds);
        }
        for key in keys {
            let windows = &mut kinds[key.kind()];
            make_room(windows, now);
            let window = windows.entry(self.hash.hash_one(key)).or_insert(Window { began: now, count: 0 });
            if now.since(window.began) >= WINDOW {
                *window = Window { began: now, count: 0 };
            }
            window.count += 1;
        }
        Ok(())
    }

    /// Takes over what all nodes together have counted, so that it is where this node goes on if it must alone.
    pub(super) fn adopt(&self, keys: &[Counted], tally: &Tally, now: Time) {
        let mut kinds = self.kinds();
        for (key, window) in keys.iter().zip(&tally.windows) {
            let windows = &mut kinds[key.kind()];
            make_room(windows, now);
            windows.insert(self.hash.hash_one(key), Window { began: now.plus(window.rest).minus(WINDOW), count: window.count });
        }
    }

    /// Takes back what was counted then, as far as its window has not ended.
    pub(super) fn take_back(&self, keys: &[Counted], at: Time) {
        let mut kinds = self.kinds();
        for key in keys {
            let (windows, digest) = (&mut kinds[key.kind()], self.hash.hash_one(key));
            let Some(window) = windows.get_mut(&digest).filter(|window| window.began <= at) else { continue };
            window.count = window.count.saturating_sub(1);
            if window.count == 0 {
                windows.remove(&digest);
            }
        }
    }
}

/// Forgets what is over; where that is not enough, the half that has failed least, the oldest of it first: a count that matters is the last to go.
fn make_room(windows: &mut Windows, now: Time) {
    if windows.len() < MOST {
        return;
    }
    windows.retain(|_, window| now.since(window.began) < WINDOW);
    if windows.len() >= MOST {
        let mut weights: Vec<_> = windows.values().map(|window| (window.count, window.began)).collect();
        let middle = weights.len() / 2;
        let median = *weights.select_nth_unstable(middle).1;
        let mut left = middle;
        windows.retain(|_, window| {
            let goes = left > 0 && (window.count, window.began) <= median;
            left -= usize::from(goes);
            !goes
        });
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;

    const NOW: Time = Time::from_micros(1_700_000_000_000_000);

    fn address(number: u32) -> IpAddr {
        std::net::Ipv6Addr::from(u128::from(number) << 64).into()
    }

    /// Finding 9: who has many addresses, or names many accounts, cannot have a count forgotten.
    #[test]
    fn a_count_is_not_pushed_out_by_many_others() {
        let own = Own::default();
        let (account, pair) = (Counted::Account("a@x".to_owned()), Counted::Pair(address(1), "a@x".to_owned()));
        let keys = [account.clone(), pair.clone()];
        for _ in 0..9 {
            own.attempt(&keys, NOW).unwrap();
        }
        for number in 0..450_000 {
            let others = [
                Counted::Address(address(number)),
                Counted::Pair(address(number), "b@x".to_owned()),
                Counted::Account(format!("{number}@x")),
            ];
            own.attempt(&others, NOW.plus(Span::from_micros(number.into()))).unwrap();
        }
        assert!(own.kinds().iter().all(|windows| windows.len() <= MOST));
        own.attempt(&keys, NOW).unwrap();
        assert_eq!(own.attempt(std::slice::from_ref(&pair), NOW), Err(900), "the tenth was the last");
        for _ in 0..40 {
            own.attempt(std::slice::from_ref(&account), NOW).unwrap();
        }
        assert_eq!(own.attempt(&[account], NOW), Err(900), "the fiftieth was the last");
    }
}
