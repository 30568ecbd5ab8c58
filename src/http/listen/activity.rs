//! What one connection is doing: reading a head, answering, resting, or stuck; and the time-outs that follow from it.
//! Noted with a few atomics as bytes and answers pass, and judged now and then, so that no request pays for a timer.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::Version;
use bytes::Bytes;
use hyper::body::{Frame, SizeHint};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::Limits;

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
}

/// What is to become of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It may go on.
    Fine,
    /// It has rested long enough and can be closed with good manners.
    Idle,
    /// It is too slow and is cut off, for this reason.
    Slow(&'static str),
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

    /// Judges the connection. `full` tells that others wait for its place.
    pub(super) fn judge(&self, limits: &Limits, full: bool) -> Verdict {
        let now = self.now();
        let over = |since: &AtomicU64, limit| now.saturating_sub(since.load(Ordering::Acquire)) > millis(limit);
        let blocked = self.blocked.load(Ordering::Acquire) > 0 && over(&self.taken_at, limits.write_timeout);
        if blocked || over(&self.stuck_since, limits.write_timeout) {
            return Verdict::Slow("takes no answer");
        }
        if self.running.load(Ordering::Acquire) > 0 {
            return Verdict::Fine;
        }
        if !self.asked.load(Ordering::Acquire) {
            return if now > millis(limits.header_timeout) { Verdict::Slow("sends no request") } else { Verdict::Fine };
        }
        if !self.multiplexed.load(Ordering::Acquire) && self.heard_at.load(Ordering::Acquire) != NEVER {
            return if over(&self.heard_at, limits.header_timeout) {
                Verdict::Slow("does not end its request's head")
            } else {
                Verdict::Fine
            };
        }
        let patience = if full { limits.idle_timeout.min(Limits::IDLE_WHEN_FULL) } else { limits.idle_timeout };
        if over(&self.rests_since, patience) { Verdict::Idle } else { Verdict::Fine }
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

/// An answer's body; its request's turn ends with it.
pub(super) struct Answer {
    body: Body,
    turn: Turn,
    blocked: bool,
}

impl Answer {
    pub(super) fn new(body: Body, turn: Turn) -> Self {
        Self { body, turn, blocked: false }
    }

    fn note_blocked(&mut self, blocked: bool) {
        if self.blocked != blocked {
            self.blocked = blocked;
            let count = &self.turn.0.blocked;
            if blocked {
                count.fetch_add(1, Ordering::AcqRel)
            } else {
                count.fetch_sub(1, Ordering::AcqRel)
            };
        }
    }
}

impl hyper::body::Body for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        self.note_blocked(false);
        let outcome = Pin::new(&mut self.body).poll_frame(cx);
        if matches!(outcome, Poll::Ready(Some(Ok(_)))) && !self.body.is_end_stream() {
            let activity = &self.turn.0;
            activity.taken_at.store(activity.now(), Ordering::Release);
            self.note_blocked(true);
        }
        outcome
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        self.note_blocked(false);
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
