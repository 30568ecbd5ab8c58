//! The windows that this node keeps in its memory: the only ones where there is no Redis, and what is fallen back on where it is gone.
//! How far a caller may go is not known here.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{Counted, Standing, WINDOW};
use crate::model::time::Time;

const SHARDS: usize = 64;

/// Beyond this many callers in a shard the oldest half is forgotten, so that addresses cannot fill the memory (16 MB in all).
const LARGEST_SHARD: usize = 4_096;

#[derive(Debug, Clone, Copy)]
struct Window {
    began: Time,
    count: u32,
}

type Shard = HashMap<Counted, Window>;

/// Windows by caller.
pub(super) struct Windows {
    hash: RandomState,
    shards: Vec<Mutex<Shard>>,
}

impl Windows {
    pub(super) fn new() -> Self {
        Self { hash: RandomState::new(), shards: (0..SHARDS).map(|_| Mutex::default()).collect() }
    }

    /// The caller's shard, with room for it.
    fn shard(&self, counted: Counted, now: Time) -> MutexGuard<'_, Shard> {
        let shard = usize::try_from(self.hash.hash_one(counted) % SHARDS as u64).unwrap_or(0);
        // A count is whole after each statement, so that a panic elsewhere leaves nothing broken behind.
        let mut windows = self.shards[shard].lock().unwrap_or_else(PoisonError::into_inner);
        if windows.len() >= LARGEST_SHARD && !windows.contains_key(&counted) {
            make_room(&mut windows, now);
        }
        windows
    }

    /// Counts a request, unless there have been `limit` in the window.
    pub(super) fn count(&self, counted: Counted, limit: u32, now: Time) -> Standing {
        let mut windows = self.shard(counted, now);
        let window = windows.entry(counted).or_insert(Window { began: now, count: 0 });
        if now.since(window.began) >= WINDOW {
            *window = Window { began: now, count: 0 };
        }
        let over = window.count >= limit;
        if !over {
            window.count += 1;
        }
        let reset = window.began.plus(WINDOW);
        Standing { limit, remaining: limit - window.count.min(limit), reset, seconds: reset.since(now).whole_seconds(), over }
    }

    /// Takes over what all nodes together have counted in a window that began then, so that it is where this node goes on if it must alone.
    pub(super) fn adopt(&self, counted: Counted, began: Time, count: u32, now: Time) {
        let mut windows = self.shard(counted, now);
        let window = windows.entry(counted).or_insert(Window { began, count });
        // Answers overtake each other; within a window the higher count is the later one.
        let same = began.since(window.began).whole_seconds().abs() <= 1;
        *window = Window { began, count: if same { window.count.max(count) } else { count } };
    }
}

fn make_room(windows: &mut Shard, now: Time) {
    windows.retain(|_, window| now.since(window.began) < WINDOW);
    if windows.len() >= LARGEST_SHARD {
        let mut began: Vec<Time> = windows.values().map(|window| window.began).collect();
        let middle = began.len() / 2;
        let (_, median, _) = began.select_nth_unstable(middle);
        let median = *median;
        windows.retain(|_, window| window.began > median);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::Span;

    const START: Time = Time::from_micros(1_700_000_000_000_000);

    #[test]
    fn addresses_do_not_fill_the_memory() {
        let windows = Windows::new();
        for number in 0..400_000_u32 {
            let counted = Counted::address(std::net::Ipv4Addr::from(number).into());
            windows.count(counted, 100, START.plus(Span::from_micros(number.into())));
        }
        let kept: usize = windows.shards.iter().map(|shard| shard.lock().unwrap().len()).sum();
        assert!(kept <= SHARDS * LARGEST_SHARD, "{kept}");
    }

    #[test]
    fn alone_a_node_goes_on_where_all_had_come_to() {
        let windows = Windows::new();
        let counted = Counted::address([192, 0, 2, 1].into());
        let at = |seconds| START.plus(Span::seconds(seconds));
        // This node has seen one request, all together eight in a window that began before.
        windows.count(counted, 10, at(60));
        windows.adopt(counted, at(0), 8, at(60));
        // An answer that was overtaken takes nothing back.
        windows.adopt(counted, at(0), 7, at(60));
        assert_eq!(windows.count(counted, 10, at(61)).remaining, 1);
        assert_eq!(windows.count(counted, 10, at(61)).remaining, 0);
        let refused = windows.count(counted, 10, at(61));
        assert!(refused.over && refused.reset == at(3_600), "{refused:?}");
        // The next window's low count is no answer that was overtaken.
        windows.adopt(counted, at(3_600), 1, at(3_601));
        assert_eq!(windows.count(counted, 10, at(3_602)).remaining, 8);
    }
}
