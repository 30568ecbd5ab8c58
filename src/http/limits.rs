//! Rate limits: fixed windows of an hour from a caller's first request, counted for all nodes in Redis where there is one, else by each for itself.
//! Who a caller is, is judged elsewhere; here are only keys and counts.

mod full;
mod own;

use std::net::IpAddr;
use std::time::Instant;

use axum::http::{HeaderMap, HeaderName, HeaderValue};

use crate::app::counters::{Counters, Name};
use crate::domain::Error;
use crate::model::id::Id;
use crate::model::time::{Span, Time};
use crate::model::tokens::Token;
use full::Full;
use own::Windows;

/// How long a window is.
pub const WINDOW: Span = Span::seconds(3_600);

/// How many calls of the finder's revocation an address has in a window.
const REVOCATIONS: u32 = 100;

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

    fn name(self, counters: &Counters) -> Name {
        match self {
            Self::Token(chain) => counters.name("token", chain.to_string().as_bytes()),
            Self::Address(address) => counters.name("address", address.to_string().as_bytes()),
            Self::Finder(address) => counters.name("finder", address.to_string().as_bytes()),
        }
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

impl Standing {
    /// The refusal, where this request was too much.
    pub fn check(self) -> Result<(), Error> {
        if self.over { Err(Error::RateLimited(self.seconds)) } else { Ok(()) }
    }

    /// Lays the limit's headers on an answer, by both their names.
    pub(super) fn lay_on(self, headers: &mut HeaderMap) {
        const NAMES: [HeaderName; 5] = [
            HeaderName::from_static("x-ratelimit-limit"),
            HeaderName::from_static("x-ratelimit-remaining"),
            HeaderName::from_static("x-ratelimit-reset"),
            HeaderName::from_static("ratelimit-policy"),
            HeaderName::from_static("ratelimit"),
        ];
        let [mut one, mut two, mut three, mut four, mut five] = [itoa::Buffer::new(); 5];
        let (limit, remaining, window) = (one.format(self.limit), two.format(self.remaining), three.format(WINDOW.whole_seconds()));
        let (reset, left) = (four.format(self.reset.plus(Span::from_micros(999_999)).seconds()), five.format(self.seconds));
        let values: [&[&str]; 5] =
            [&[limit], &[remaining], &[reset], &["\"default\";q=", limit, ";w=", window], &["\"default\";r=", remaining, ";t=", left]];
        for (name, value) in NAMES.into_iter().zip(values) {
            // Made of digits and quotes, so that none of them fails.
            headers.insert(name, HeaderValue::try_from(value.concat()).unwrap_or(HeaderValue::from_static("")));
        }
    }
}

/// What is known of a request's limit before any other node's count has been asked for.
#[derive(Debug, Clone, Copy, Default)]
pub enum Look {
    /// There is no limit.
    #[default]
    Free,
    /// That is how the caller stands.
    Decided(Standing),
    /// All nodes' count decides; this node's own stands in for it where it cannot be had.
    Open(Counted, Standing),
}

impl Look {
    /// The refusal, where it is certain already, so that no work is done for it.
    pub fn check(self) -> Result<(), Error> {
        if let Self::Decided(standing) = self { standing.check() } else { Ok(()) }
    }
}

/// Counts requests. A limit of 0 is no limit.
pub struct Limiter {
    authenticated: u32,
    anonymous: u32,
    own: Windows,
    shared: Option<Shared>,
}

struct Shared {
    counters: Counters,
    full: Full,
}

impl Limiter {
    /// Limits in requests a window, for this node alone.
    pub fn new(authenticated: u32, anonymous: u32) -> Self {
        Self { authenticated, anonymous, own: Windows::new(), shared: None }
    }

    /// The same limits for all nodes that count there.
    #[must_use]
    pub fn shared(mut self, counters: Option<Counters>) -> Self {
        self.shared = counters.map(|counters| Shared { counters, full: Full::default() });
        self
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

    /// Counts a request in this node's memory, where that does not take long enough to be waited for.
    pub fn look(&self, counted: Counted, now: Time) -> Look {
        let limit = self.limit(counted);
        if limit == 0 {
            return Look::Free;
        }
        let Some(shared) = &self.shared else { return Look::Decided(self.own.count(counted, limit, now)) };
        if !shared.counters.are_shared() {
            shared.counters.note_alone();
            return Look::Decided(self.own.count(counted, limit, now));
        }
        match shared.full.get(counted, Instant::now()) {
            Some(standing) => Look::Decided(standing),
            None => Look::Open(counted, self.own.count(counted, limit, now)),
        }
    }

    /// How the caller stands, `None` where there is no limit. Asks for all nodes' count where that is still open, for 50 ms at most.
    pub async fn decide(&self, look: Look, now: Time) -> Option<Standing> {
        let (counted, own) = match look {
            Look::Free => return None,
            Look::Decided(standing) => return Some(standing),
            Look::Open(counted, own) => (counted, own),
        };
        let standing = match &self.shared {
            Some(shared) => self.ask(shared, counted, own.limit, now).await,
            None => None,
        };
        Some(standing.unwrap_or(own))
    }

    async fn ask(&self, shared: &Shared, counted: Counted, limit: u32, now: Time) -> Option<Standing> {
        let asked = Instant::now();
        let tally = shared.counters.count(&[(counted.name(&shared.counters), limit)], WINDOW).await?;
        let window = *tally.windows.first()?;
        let remaining = limit.saturating_sub(window.count);
        let standing = Standing { limit, remaining, reset: window.end, seconds: window.rest.whole_seconds(), over: tally.full };
        self.own.adopt(counted, now.plus(window.rest).minus(WINDOW), window.count, now);
        if tally.full {
            shared.full.note(counted, standing, window.rest, asked);
        }
        Some(standing)
    }

    /// Counts a request; `None` where there is no limit.
    pub async fn count(&self, counted: Counted, now: Time) -> Option<Standing> {
        self.decide(self.look(counted, now), now).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Time = Time::from_micros(1_700_000_000_000_000);

    fn address(text: &str) -> Counted {
        Counted::address(text.parse().unwrap())
    }

    /// Counts where no other node is to be asked.
    fn count(limiter: &Limiter, counted: Counted, now: Time) -> Option<Standing> {
        match limiter.look(counted, now) {
            Look::Free => None,
            Look::Decided(standing) => Some(standing),
            open @ Look::Open(..) => panic!("{open:?}"),
        }
    }

    #[test]
    fn a_window_begins_with_the_first_request_and_ends_an_hour_later() {
        let limiter = Limiter::new(1_000, 2);
        let count = |seconds| count(&limiter, address("192.0.2.1"), START.plus(Span::seconds(seconds))).unwrap();
        assert_eq!((count(0).remaining, count(1).remaining), (1, 0));
        let third = count(1_800);
        assert!(third.over && third.seconds == 1_800 && third.reset == START.plus(WINDOW));
        assert!(!count(3_600).over);
    }

    #[test]
    fn callers_are_counted_apart_and_an_ipv6_network_together() {
        let limiter = Limiter::new(1_000, 1);
        let over = |counted| count(&limiter, counted, START).unwrap().over;
        assert!(!over(address("2001:db8::1")));
        assert!(over(address("2001:db8::2")));
        assert!(!over(address("2001:db8:0:1::1")));
        assert!(!over(address("192.0.2.1")));
        assert!(over(address("::ffff:192.0.2.1")));
        assert!(!over(Counted::finder("192.0.2.1".parse().unwrap())));
    }

    #[test]
    fn no_limit_is_no_count() {
        assert_eq!(count(&Limiter::new(0, 0), address("192.0.2.1"), START), None);
        assert_eq!(count(&Limiter::new(0, 0), Counted::finder("192.0.2.1".parse().unwrap()), START), None);
    }
}
