//! The windows that this node keeps in its memory: the only ones where there is no Redis, and what is fallen back on where it is gone.
//! How far a caller may go is not known here.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{Counted, Standing, WINDOW};
use crate::model::time::Time;

const SHARDS: usize = 64;

/// Windows in a shard of each kind; beyond it the oldest half is forgotten, so that callers cannot fill the memory. Only what the database has
/// confirmed counts as a token, so strangers make none of these (262,144 in all, 12 MB).
const TOKENS: usize = 4_096;

/// Anybody with a large network has as many addresses as they like: those push out one another, and nothing else (131,072, 6 MB).
const ADDRESSES: usize = 2_048;

/// Likewise (65,536, 3 MB).
const FINDERS: usize = 1_024;

#[derive(Debug, Clone, Copy)]
struct Window {
    began: Time,
    count: u32,
}

type Shard = HashMap<Counted, Window>;

/// Windows of one kind of caller, with room for so many in each shard.
struct Kind {
    shards: Vec<Mutex<Shard>>,
    largest: usize,
}

impl Kind {
    fn new(largest: usize) -> Self {
        Self { shards: (0..SHARDS).map(|_| Mutex::default()).collect(), largest }
    }
}

/// Windows by caller.
pub(super) struct Windows {
    hash: RandomState,
    tokens: Kind,
    addresses: Kind,
    finders: Kind,
}

impl Windows {
    pub(super) fn new() -> Self {
        let (tokens, addresses, finders) = (Kind::new(TOKENS), Kind::new(ADDRESSES), Kind::new(FINDERS));
        Self { hash: RandomState::new(), tokens, addresses, finders }
    }

    fn kind(&self, counted: Counted) -> &Kind {
        match counted {
            Counted::Token(_) => &self.tokens,
            Counted::Address(_) => &self.addresses,
            Counted::Finder(_) => &self.finders,
        }
    }

    /// The caller's shard, with room for it.
    fn shard(&self, counted: Counted, now: Time) -> MutexGuard<'_, Shard> {
        let kind = self.kind(counted);
        let shard = usize::try_from(self.hash.hash_one(counted) % SHARDS as u64).unwrap_or(0);
        // A count is whole after each statement, so that a panic elsewhere leaves nothing broken behind.
        let mut windows = kind.shards[shard].lock().unwrap_or_else(PoisonError::into_inner);
        if windows.len() >= kind.largest && !windows.contains_key(&counted) {
            make_room(&mut windows, kind.largest, now);
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

fn make_room(windows: &mut Shard, largest: usize, now: Time) {
    windows.retain(|_, window| now.since(window.began) < WINDOW);
    if windows.len() >= largest {
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

    fn kept(kind: &Kind) -> usize {
        kind.shards.iter().map(|shard| shard.lock().unwrap().len()).sum()
    }

    /// A network of IPv6 has more of them than any memory.
    fn stranger(number: u64) -> std::net::IpAddr {
        std::net::Ipv6Addr::from(u128::from(number) << 64).into()
    }

    // Finding 29: who has many addresses pushes out no token's window, and no finder's.
    #[test]
    fn strangers_with_many_addresses_push_out_one_another_alone() {
        let windows = Windows::new();
        let at = |number: u64| START.plus(Span::from_micros(i64::try_from(number).unwrap()));
        let tokens: Vec<_> =
            (1..=1_000).map(|number| Counted::Token(crate::model::id::Id::from_uuid(uuid::Uuid::from_u128(number)))).collect();
        let finder = Counted::finder([192, 0, 2, 1].into());
        for counted in tokens.iter().chain([&finder]) {
            windows.count(*counted, 1, START);
        }
        for number in 0..400_000 {
            windows.count(Counted::address(stranger(number)), 100, at(number));
        }
        assert!(kept(&windows.addresses) <= SHARDS * ADDRESSES);
        for counted in tokens.iter().chain([&finder]) {
            assert!(windows.count(*counted, 1, at(500_000)).over, "{counted:?} begins anew");
        }
        for number in 0..200_000 {
            windows.count(Counted::finder(stranger(number)), 100, at(500_000 + number));
        }
        assert!(kept(&windows.finders) <= SHARDS * FINDERS);
        assert!(tokens.iter().all(|counted| windows.count(*counted, 1, at(900_000)).over));
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
