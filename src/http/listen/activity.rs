//! What one connection is doing: reading a head, answering, resting, or stuck; and the time-outs that follow from it.
//! Noted with a few atomics as bytes and answers pass, and judged now and then, so that no request pays for a timer.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use atomic_waker::AtomicWaker;
use axum::http::Version;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::Limits;
use crate::http::bounds::RESTS_AFTER;

const NEVER: u64 = u64::MAX;

/// The notes on one connection. Times are milliseconds since it was opened.
#[derive(Debug)]
pub(super) struct Activity {
    opened: Instant,
    /// Answers that are not wholly handed to the connection.
    running: AtomicU32,
    /// When the last answer ended.
    rests_since: AtomicU64,
    /// When the first byte came after that.
    heard_at: AtomicU64,
    /// Since when the client takes none of what we send.
    stuck_since: AtomicU64,
    /// Answers with more to give, of which nobody takes more: in HTTP/2 a client can block one while the socket stays free.
    blocked: AtomicU32,
    /// When something was last taken of any answer.
    taken_at: AtomicU64,
    /// Whether there was a request at all.
    asked: AtomicBool,
    /// HTTP/2, where bytes come at any time and mean nothing.
    multiplexed: AtomicBool,
    /// Whether its place has gone to another connection, and the task that waits to hear of that: the connection's own.
    gives_way: AtomicBool,
    told: AtomicWaker,
}

/// What is to become of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It may go on.
    Fine,
    /// It has rested long enough and can be closed with good manners.
    Idle,
    /// It is too slow and is cut off, for this reason.
    Slow(Reason),
}

/// Why a connection is cut off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reason {
    TakesNoAnswer,
    SendsNoRequest,
    SlowHead,
}

impl Reason {
    /// As operators count it.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::TakesNoAnswer => "no_answer_taken",
            Self::SendsNoRequest => "no_request",
            Self::SlowHead => "slow_head",
        }
    }
}

impl Activity {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            opened: Instant::now(),
            running: AtomicU32::new(0),
            rests_since: AtomicU64::new(0),
            heard_at: AtomicU64::new(NEVER),
            stuck_since: AtomicU64::new(NEVER),
            blocked: AtomicU32::new(0),
            taken_at: AtomicU64::new(0),
            asked: AtomicBool::new(false),
            multiplexed: AtomicBool::new(false),
            gives_way: AtomicBool::new(false),
            told: AtomicWaker::new(),
        })
    }

    fn now(&self) -> u64 {
        millis(self.opened.elapsed())
    }

    /// A request's head is complete; it counts as running until what is returned is dropped.
    pub(super) fn begin(self: &Arc<Self>, version: Version) -> Turn {
        self.running.fetch_add(1, Ordering::AcqRel);
        self.heard_at.store(NEVER, Ordering::Release);
        self.asked.store(true, Ordering::Release);
        if version == Version::HTTP_2 {
            self.multiplexed.store(true, Ordering::Release);
        }
        Turn(Arc::clone(self))
    }

    fn hear(&self) {
        if self.running.load(Ordering::Acquire) == 0 && self.heard_at.load(Ordering::Acquire) == NEVER {
            self.heard_at.store(self.now(), Ordering::Release);
        }
    }

    fn sent<T>(&self, outcome: &Poll<T>) {
        let stuck = self.stuck_since.load(Ordering::Acquire) != NEVER;
        if outcome.is_pending() != stuck {
            self.stuck_since.store(if stuck { NEVER } else { self.now() }, Ordering::Release);
        }
    }

    /// The TLS handshake is over: what came so far was no request.
    pub(super) fn begin_anew(&self) {
        self.heard_at.store(NEVER, Ordering::Release);
    }

    /// How long nobody has wanted anything here: between two requests, or since the beginning where nothing was sent. None while something is
    /// asked, answered, or not wholly taken.
    pub(super) fn rests_for(&self) -> Option<Duration> {
        let is_stuck = self.stuck_since.load(Ordering::Acquire) != NEVER;
        if self.running.load(Ordering::Acquire) > 0 || is_stuck || (self.is_speaking() && !self.multiplexed.load(Ordering::Acquire)) {
            return None;
        }
        let rests = Duration::from_millis(self.now().saturating_sub(self.rests_since.load(Ordering::Acquire)));
        (self.asked.load(Ordering::Acquire) || rests >= RESTS_AFTER).then_some(rests)
    }

    /// Whether part of a request's head has come.
    fn is_speaking(&self) -> bool {
        self.heard_at.load(Ordering::Acquire) != NEVER
    }

    /// Asks the connection to end: its place has gone to another one.
    pub(super) fn give_way(&self) {
        self.gives_way.store(true, Ordering::Release);
        self.told.wake();
    }

    /// Whether it was asked to.
    #[cfg(test)]
    pub(super) fn has_given_way(&self) -> bool {
        self.gives_way.load(Ordering::Acquire)
    }

    /// Waits until it is asked to. Looked at whenever the connection is, so that it has to cost next to nothing.
    pub(super) async fn must_give_way(&self) {
        poll_fn(|cx| {
            self.told.register(cx.waker());
            if self.gives_way.load(Ordering::Acquire) { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }

    /// Judges the connection. `full` tells that others wait for its place.
    pub(super) fn judge(&self, limits: &Limits, full: bool) -> Verdict {
        let now = self.now();
        let over = |since: &AtomicU64, limit| now.saturating_sub(since.load(Ordering::Acquire)) > millis(limit);
        let of = |usual: Duration, when_full: Duration| if full { usual.min(when_full) } else { usual };
        let (head, write) =
            (of(limits.header_timeout, limits.header_timeout_when_full), of(limits.write_timeout, limits.write_timeout_when_full));
        let blocked = self.blocked.load(Ordering::Acquire) > 0 && over(&self.taken_at, write);
        if blocked || over(&self.stuck_since, write) {
            return Verdict::Slow(Reason::TakesNoAnswer);
        }
        if self.running.load(Ordering::Acquire) > 0 {
            return Verdict::Fine;
        }
        if !self.asked.load(Ordering::Acquire) {
            return if now > millis(head) { Verdict::Slow(Reason::SendsNoRequest) } else { Verdict::Fine };
        }
        if !self.multiplexed.load(Ordering::Acquire) && self.is_speaking() {
            return if over(&self.heard_at, head) { Verdict::Slow(Reason::SlowHead) } else { Verdict::Fine };
        }
        if over(&self.rests_since, of(limits.idle_timeout, limits.idle_timeout_when_full)) { Verdict::Idle } else { Verdict::Fine }
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(NEVER - 1)
}

/// A request that is being answered.
#[derive(Debug)]
pub(super) struct Turn(Arc<Activity>);

impl Drop for Turn {
    fn drop(&mut self) {
        if self.0.running.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.0.rests_since.store(self.0.now(), Ordering::Release);
        }
    }
}

impl Turn {
    /// Whether other requests run on the same connection.
    pub(super) fn is_multiplexed(&self) -> bool {
        self.0.multiplexed.load(Ordering::Acquire)
    }

    /// Something of the answer was taken.
    pub(super) fn note_taken(&self) {
        self.0.taken_at.store(self.0.now(), Ordering::Release);
    }

    /// Whether the answer has more to give and waits until it is taken.
    pub(super) fn note_blocked(&self, blocked: bool) {
        if blocked {
            self.0.blocked.fetch_add(1, Ordering::AcqRel);
        } else {
            self.0.blocked.fetch_sub(1, Ordering::AcqRel);
        }
    }
}

/// A socket whose bytes are noted as they pass.
pub(super) struct Noted<S> {
    pub(super) socket: S,
    pub(super) activity: Arc<Activity>,
}

impl<S: AsyncRead + Unpin> AsyncRead for Noted<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<std::io::Result<()>> {
        let outcome = Pin::new(&mut self.socket).poll_read(cx, buf);
        if outcome.is_ready() {
            self.activity.hear();
        }
        outcome
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Noted<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<std::io::Result<usize>> {
        let outcome = Pin::new(&mut self.socket).poll_write(cx, buf);
        self.activity.sent(&outcome);
        outcome
    }

    fn poll_write_vectored(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bufs: &[std::io::IoSlice<'_>]) -> Poll<std::io::Result<usize>> {
        let outcome = Pin::new(&mut self.socket).poll_write_vectored(cx, bufs);
        self.activity.sent(&outcome);
        outcome
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}
