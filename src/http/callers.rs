//! What each caller has going on at the moment: requests that run, and bytes that the server holds for them.
//! Whose requests are counted over an hour is `limits`' affair, and what may be held is said in `bounds`.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError, Weak};
use std::time::Instant;

use axum::http::Extensions;

use super::bounds::Limits;
use super::limits::network;
use crate::domain::{Ctx, Error, Result};
use crate::store::database::Meter;

/// All callers that have something going on.
#[derive(Debug)]
pub(super) struct Callers {
    limits: Limits,
    known: Mutex<HashMap<IpAddr, Weak<Caller>>>,
    /// Bytes held for all of them.
    held: AtomicU64,
    began: Instant,
    /// Held by whoever makes an answer although one of theirs found no room just now.
    alone: Mutex<()>,
}

/// Makes the answers of those whose last one found no room one after another, so that not several large ones are made for nothing at once. Nobody
/// waits for it: whoever finds it taken is refused, and it is nothing to all others.
pub(super) type Alone<'a> = Option<MutexGuard<'a, ()>>;

/// An address, of IPv6 its /64.
#[derive(Debug)]
pub(super) struct Caller {
    network: IpAddr,
    running: AtomicU32,
    held: AtomicU64,
    /// What was last made for it in vain, and when.
    refused: AtomicU64,
    refused_at: AtomicU64,
    all: Arc<Callers>,
}

impl Callers {
    pub(super) fn new(limits: &Limits) -> Arc<Self> {
        Arc::new(Self {
            limits: limits.clone(),
            known: Mutex::default(),
            held: AtomicU64::new(0),
            began: Instant::now(),
            alone: Mutex::default(),
        })
    }

    /// Bytes held for all callers.
    pub(super) fn held(&self) -> u64 {
        self.held.load(Ordering::Relaxed)
    }

    /// Milliseconds, from 1 on.
    fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).map_or(u64::MAX, |passed| passed.saturating_add(1))
    }

    /// Whether that was just now.
    fn is_recent(&self, refused_at: &AtomicU64) -> bool {
        let at = refused_at.load(Ordering::Relaxed);
        at > 0 && self.now().saturating_sub(at) < REMEMBERED
    }

    /// The caller with this address.
    pub(super) fn of(self: &Arc<Self>, address: IpAddr) -> Arc<Caller> {
        let network = network(address);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(caller) = known.get(&network).and_then(Weak::upgrade) {
            return caller;
        }
        let none = || AtomicU64::new(0);
        let caller =
            Caller { network, running: AtomicU32::new(0), held: none(), refused: none(), refused_at: none(), all: Arc::clone(self) };
        let caller = Arc::new(caller);
        known.insert(network, Arc::downgrade(&caller));
        caller
    }
}

impl Drop for Caller {
    fn drop(&mut self) {
        let mut known = self.all.known.lock().unwrap_or_else(PoisonError::into_inner);
        // Another one may have come in its place already.
        if known.get(&self.network).is_some_and(|caller| caller.strong_count() == 0) {
            known.remove(&self.network);
        }
    }
}

/// What one caller holds on one connection; in each request's extensions, so that whoever makes large answers can ask before.
#[derive(Debug)]
pub struct Line {
    caller: Arc<Caller>,
    held: AtomicU64,
}

impl Line {
    pub(super) fn new(caller: Arc<Caller>) -> Arc<Self> {
        Arc::new(Self { caller, held: AtomicU64::new(0) })
    }

    /// Begins a request; none if as many run as may.
    pub(super) fn run(self: &Arc<Self>) -> Option<Running> {
        let most = self.caller.all.limits.running_of_caller;
        // Counted first, so that many at once are no way around the limit.
        let running = Running(Arc::clone(self));
        (self.caller.running.fetch_add(1, Ordering::AcqRel) < most).then_some(running)
    }

    /// Holds bytes for the caller until what is returned is dropped.
    pub(super) fn hold(self: &Arc<Self>, bytes: u64) -> Held {
        let mut held = Held { line: Arc::clone(self), bytes: 0 };
        held.add(bytes);
        held
    }

    /// Whether so many bytes more may be held for this caller. What is larger than a share is made when nothing else is held; and where all
    /// together hold too much, whoever holds little goes on.
    fn has_room_for(&self, bytes: u64) -> bool {
        self.has_room_beside(0, bytes)
    }

    /// The same, where `counted` of what is held for it are what is made just now.
    fn has_room_beside(&self, counted: u64, bytes: u64) -> bool {
        let may = &self.caller.all.limits.bytes;
        let of = |held: &AtomicU64| held.load(Ordering::Relaxed).saturating_sub(counted);
        let (own, all) = (of(&self.caller.held), of(&self.caller.all.held));
        let within_share = own == 0 || (of(&self.held) + bytes <= may.of_connection && own + bytes <= may.of_caller);
        within_share && (all <= may.of_all / 2 || all + bytes <= may.of_all || own + bytes <= may.of_modest)
    }

    /// Refuses to make anything where there is no room, or where there was none just now for what was made.
    fn check_before(&self) -> Result<Alone<'_>> {
        let all = &self.caller.all;
        let is_recent = all.is_recent(&self.caller.refused_at);
        if !self.has_room_for(if is_recent { self.caller.refused.load(Ordering::Relaxed) } else { 0 }) {
            return Err(Error::TooMuchAtOnce);
        }
        if !is_recent {
            return Ok(None);
        }
        match all.alone.try_lock() {
            Ok(alone) => Ok(Some(alone)),
            Err(TryLockError::Poisoned(alone)) => Ok(Some(alone.into_inner())),
            Err(TryLockError::WouldBlock) => Err(Error::TooMuchAtOnce),
        }
    }

    /// Refuses what has been made where there is no room for it.
    fn check_made(&self, bytes: u64) -> Result<()> {
        if self.has_room_for(bytes) {
            return Ok(());
        }
        self.refuse(bytes);
        Err(Error::TooMuchAtOnce)
    }

    fn refuse(&self, bytes: u64) {
        self.caller.refused.store(bytes, Ordering::Relaxed);
        self.caller.refused_at.store(self.caller.all.now(), Ordering::Relaxed);
    }

    /// Holds what an answer is made of while it is read, and says whether there is room for it. What is short is not told to all at once: most
    /// answers are, and touch none of the counts.
    fn meter(self: &Arc<Self>) -> Meter {
        let (mut held, mut untold) = (self.hold(0), 0);
        Box::new(move |bytes| {
            untold += bytes;
            if untold < TOLD_AT_ONCE {
                return true;
            }
            held.add(std::mem::take(&mut untold));
            let has_room = held.line.has_room_beside(held.bytes, held.bytes);
            if !has_room {
                held.line.refuse(held.bytes);
            }
            has_room
        })
    }
}

/// For how many milliseconds a caller whose answer found no room is refused without making it again.
const REMEMBERED: u64 = 2_000;

/// So many bytes are read before all who read are told of them.
const TOLD_AT_ONCE: u64 = 64 << 10;

/// Does what makes an answer, as long as there is room for what it reads: several that are made at once count together, before any of them is.
pub(super) fn metered<T>(ctx: &mut Ctx<'_>, line: Option<&Arc<Line>>, work: impl FnOnce(&mut Ctx<'_>) -> Result<T>) -> Result<T> {
    ctx.db.set_meter(line.map(Line::meter));
    let outcome = work(ctx);
    ctx.db.set_meter(None);
    outcome
}

/// Refuses a request whose caller has enough under way; where requests come by no listener of ours there is nothing to be held.
pub(super) fn check_before(line: Option<&Arc<Line>>) -> Result<Alone<'_>> {
    line.map_or(Ok(None), |line| line.check_before())
}

/// Refuses an answer for which there is no room: it is dropped, and not held.
pub(super) fn check_made(line: Option<&Arc<Line>>, bytes: usize) -> Result<()> {
    line.map_or(Ok(()), |line| line.check_made(bytes as u64))
}

/// The line by which a request came.
pub(super) fn line(extensions: &Extensions) -> Option<Arc<Line>> {
    extensions.get::<Arc<Line>>().cloned()
}

/// A request that runs.
#[derive(Debug)]
pub(super) struct Running(Arc<Line>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.caller.running.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Bytes that are held.
#[derive(Debug)]
pub(super) struct Held {
    line: Arc<Line>,
    bytes: u64,
}

impl Held {
    /// Holds so many more.
    pub(super) fn add(&mut self, bytes: u64) {
        self.bytes += bytes;
        self.each(bytes, AtomicU64::fetch_add);
    }

    /// Changes each count by so many bytes. Most hold nothing, and to add that would still take the count from all others for a moment.
    fn each(&self, bytes: u64, change: impl Fn(&AtomicU64, u64, Ordering) -> u64) {
        if bytes == 0 {
            return;
        }
        for held in [&self.line.held, &self.line.caller.held, &self.line.caller.all.held] {
            change(held, bytes, Ordering::Relaxed);
        }
    }

    /// Whether the caller may hold so many more.
    pub(super) fn has_room_for(&self, bytes: u64) -> bool {
        self.line.has_room_for(bytes)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.each(self.bytes, AtomicU64::fetch_sub);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(callers: &Arc<Callers>, address: &str) -> Arc<Line> {
        Line::new(callers.of(address.parse().unwrap()))
    }

    fn quick() -> Arc<Callers> {
        let bytes = super::super::bounds::Bytes { of_connection: 100, of_caller: 150, of_all: 250, of_modest: 10, uncounted: 0 };
        Callers::new(&Limits { running_of_caller: 2, bytes, ..Limits::default() })
    }

    // Finding 3: behind a proxy each address that it forwards for has its own share.
    #[test]
    fn so_many_requests_run_for_each_caller() {
        let callers = quick();
        let (one, same, other) = (line(&callers, "2001:db8::1"), line(&callers, "2001:db8::2"), line(&callers, "2001:db8:0:1::1"));
        let first = one.run().unwrap();
        let _second = same.run().unwrap();
        assert!(one.run().is_none() && same.run().is_none() && other.run().is_some());
        drop(first);
        assert!(same.run().is_some(), "and those that were refused count for nothing");
    }

    // Finding 4: a connection, a caller and all together have a share of bytes, and who holds little goes on.
    #[test]
    fn so_much_is_held_for_a_connection_a_caller_and_all() {
        let callers = quick();
        let (one, two) = (line(&callers, "192.0.2.1"), line(&callers, "192.0.2.1"));
        assert!(one.has_room_for(10_000), "what is larger than a share is made when nothing else is held");
        let first = one.hold(90);
        assert!(!one.has_room_for(11) && two.has_room_for(11), "another connection of the caller has some left");
        let second = two.hold(60);
        assert!(!two.has_room_for(1) && !line(&callers, "192.0.2.1").has_room_for(1), "no connection of the caller has");
        let other = line(&callers, "192.0.2.2");
        assert!(other.has_room_for(100) && !other.has_room_for(101), "all together");
        let third = other.hold(100);
        let modest = line(&callers, "192.0.2.3");
        assert!(!other.has_room_for(1) && modest.has_room_for(10) && !modest.has_room_for(11));
        drop((first, second, third));
        assert!(one.has_room_for(10_000) && callers.held() == 0);
        drop((one, two, other, modest));
        assert!(callers.known.lock().unwrap().is_empty(), "nobody is remembered who has nothing going on");
    }

    // Finding 4: several large answers that are made at once count together while they are made.
    #[test]
    fn what_is_read_counts_before_it_is_an_answer() {
        let bytes = super::super::bounds::Bytes {
            of_connection: 200 << 10,
            of_caller: 200 << 10,
            of_all: 400 << 10,
            of_modest: 70 << 10,
            uncounted: 0,
        };
        let callers = Callers::new(&Limits { bytes, ..Limits::default() });
        let (one, other) = (line(&callers, "192.0.2.1"), line(&callers, "192.0.2.2"));
        let (mut first, mut second) = (one.meter(), other.meter());
        assert!(first(1 << 10) && callers.held() == 0, "what is small is not told");
        for _ in 0..3 {
            assert!(first(70 << 10));
        }
        assert!(callers.held() >= 210 << 10, "larger than a share, with nothing beside it");
        assert!(second(70 << 10) && !second(200 << 10), "another one has some room, and not for all");
        assert!(!one.meter()(70 << 10), "nor has the same caller, beside what it makes already");
        assert!(other.check_before().is_err(), "and it is remembered");
        drop((first, second));
        assert_eq!(callers.held(), 0);
    }

    #[test]
    fn what_found_no_room_is_not_made_again_at_once() {
        let callers = quick();
        let (greedy, other) = (line(&callers, "192.0.2.1"), line(&callers, "192.0.2.2"));
        let held = greedy.hold(200);
        assert!(other.check_before().is_ok() && other.check_made(60).is_err());
        assert!(other.check_before().is_err(), "there is still none");
        drop(held);
        assert!(other.check_before().is_ok());
    }

    // Who is refused makes nobody wait: an answer that takes long to make, a search of two seconds, would else hold up everybody's.
    #[test]
    fn what_is_made_alone_holds_nobody_else_up() {
        let callers = quick();
        let (greedy, other, third) = (line(&callers, "192.0.2.1"), line(&callers, "192.0.2.2"), line(&callers, "192.0.2.3"));
        let held = third.hold(200);
        assert!(greedy.check_made(60).is_err() && other.check_made(60).is_err());
        drop(held);
        let alone = greedy.check_before().unwrap();
        assert!(alone.is_some(), "it was refused just now");
        assert!(matches!(other.check_before(), Err(Error::TooMuchAtOnce)), "so was this one, and it does not wait");
        assert!(third.check_before().unwrap().is_none(), "others have nothing to do with it");
        drop(alone);
        assert!(other.check_before().unwrap().is_some());
    }
}
