//! Rate limits: fixed windows of an hour from a caller's first request, kept in this process's memory.
//! Who a caller is, is judged elsewhere; here are only keys and counts.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use crate::model::id::Id;
use crate::model::time::{Span, Time};
use crate::model::tokens::Token;

/// How long a window is.
pub const WINDOW: Span = Span::seconds(3_600);

/// How many calls of the finder's revocation an address has in a window.
const REVOCATIONS: u32 = 100;

const SHARDS: usize = 64;

/// Beyond this many callers in a shard the oldest half is forgotten, so that addresses cannot fill the memory (16 MB in all).
const LARGEST_SHARD: usize = 4_096;

/// Whose requests are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Counted {
    /// A token with its successors.
    Token(Id<Token>),
    /// An address; of IPv6 its /64.
    Address(IpAddr),
    /// An address that revokes tokens it found.
    Finder(IpAddr),
}

impl Counted {
    /// The address by which anonymous callers are counted.
    pub fn address(address: IpAddr) -> Self {
        Self::Address(network(address))
    }

    /// The address by which finders are counted.
    pub fn finder(address: IpAddr) -> Self {
        Self::Finder(network(address))
    }
}

/// An IPv6 caller has a whole /64 at hand; an IPv4 address in IPv6 clothes is that address.
pub(super) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6((u128::from(v6) & !u128::from(u64::MAX)).into()),
        v4 @ IpAddr::V4(_) => v4,
    }
}

/// How a caller stands after a request has been counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Requests a window.
    pub limit: u32,
    /// Requests that are left in this one.
    pub remaining: u32,
    /// When the window ends.
    pub reset: Time,
    /// Seconds until then, rounded up.
    pub seconds: i64,
    /// Whether this request was too much.
    pub over: bool,
}

#[derive(Debug, Clone, Copy)]
struct Window {
    began: Time,
    count: u32,
}

/// Counts requests. A limit of 0 is no limit.
pub struct Limiter {
    authenticated: u32,
    anonymous: u32,
    hash: RandomState,
    shards: Vec<Mutex<HashMap<Counted, Window>>>,
}

impl Limiter {
    /// Limits in requests a window.
    pub fn new(authenticated: u32, anonymous: u32) -> Self {
        let shards = (0..SHARDS).map(|_| Mutex::default()).collect();
        Self { authenticated, anonymous, hash: RandomState::new(), shards }
    }

    /// Requests a window for a token; 0 is no limit.
    pub const fn authenticated(&self) -> u32 {
        self.authenticated
    }

    /// Requests a window for an address; 0 is no limit.
    pub const fn anonymous(&self) -> u32 {
        self.anonymous
    }

    fn limit(&self, counted: Counted) -> u32 {
        match counted {
            Counted::Token(_) => self.authenticated,
            Counted::Address(_) => self.anonymous,
            Counted::Finder(_) if self.anonymous == 0 => 0,
            Counted::Finder(_) => REVOCATIONS,
        }
    }

    /// Counts a request; `None` where there is no limit.
    pub fn count(&self, counted: Counted, now: Time) -> Option<Standing> {
        let limit = self.limit(counted);
        if limit == 0 {
            return None;
        }
        let shard = usize::try_from(self.hash.hash_one(counted) % SHARDS as u64).unwrap_or(0);
        // A count is whole after each statement, so that a panic elsewhere leaves nothing broken behind.
        let mut windows = self.shards[shard].lock().unwrap_or_else(PoisonError::into_inner);
        if windows.len() >= LARGEST_SHARD && !windows.contains_key(&counted) {
            make_room(&mut windows, now);
        }
        let window = windows.entry(counted).or_insert(Window { began: now, count: 0 });
        if now.since(window.began) >= WINDOW {
            *window = Window { began: now, count: 0 };
        }
        let over = window.count >= limit;
        if !over {
            window.count += 1;
        }
        let reset = window.began.plus(WINDOW);
        Some(Standing { limit, remaining: limit - window.count, reset, seconds: reset.since(now).whole_seconds(), over })
    }
}

fn make_room(windows: &mut HashMap<Counted, Window>, now: Time) {
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

    const START: Time = Time::from_micros(1_700_000_000_000_000);

    fn address(text: &str) -> Counted {
        Counted::address(text.parse().unwrap())
    }

    #[test]
    fn a_window_begins_with_the_first_request_and_ends_an_hour_later() {
        let limiter = Limiter::new(1_000, 2);
        let count = |seconds| limiter.count(address("192.0.2.1"), START.plus(Span::seconds(seconds))).unwrap();
        assert_eq!((count(0).remaining, count(1).remaining), (1, 0));
        let third = count(1_800);
        assert!(third.over && third.seconds == 1_800 && third.reset == START.plus(WINDOW));
        assert!(!count(3_600).over);
    }

    #[test]
    fn callers_are_counted_apart_and_an_ipv6_network_together() {
        let limiter = Limiter::new(1_000, 1);
        assert!(!limiter.count(address("2001:db8::1"), START).unwrap().over);
        assert!(limiter.count(address("2001:db8::2"), START).unwrap().over);
        assert!(!limiter.count(address("2001:db8:0:1::1"), START).unwrap().over);
        assert!(!limiter.count(address("192.0.2.1"), START).unwrap().over);
        assert!(limiter.count(address("::ffff:192.0.2.1"), START).unwrap().over);
        assert!(!limiter.count(Counted::finder("192.0.2.1".parse().unwrap()), START).unwrap().over);
    }

    #[test]
    fn no_limit_is_no_count() {
        assert_eq!(Limiter::new(0, 0).count(address("192.0.2.1"), START), None);
        assert_eq!(Limiter::new(0, 0).count(Counted::finder("192.0.2.1".parse().unwrap()), START), None);
    }

    #[test]
    fn addresses_do_not_fill_the_memory() {
        let limiter = Limiter::new(1_000, 100);
        for number in 0..400_000_u32 {
            limiter.count(Counted::address(std::net::Ipv4Addr::from(number).into()), START.plus(Span::from_micros(number.into())));
        }
        let kept: usize = limiter.shards.iter().map(|shard| shard.lock().unwrap().len()).sum();
        assert!(kept <= SHARDS * LARGEST_SHARD, "{kept}");
    }
}
