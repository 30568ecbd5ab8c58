//! A request's body on its way in: at the least pace that is asked of it, and counted for its caller while it comes.
//! How much of it is taken in all is for whoever reads it.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Frame, Incoming, SizeHint};
use tokio::time::{Instant, Sleep, sleep};

use super::House;
use crate::http::callers::{Held, Line};

/// Why a body is not read to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(in crate::http) enum Stopped {
    /// It came too slowly.
    #[error("the body comes too slowly")]
    Late,
    /// Its caller has as much under way as it may.
    #[error("too much is under way for the caller")]
    TooMuchAtOnce,
}

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// How often a body that does not come is looked at.
const PULSE: Duration = Duration::from_millis(250);

/// A body as it comes.
pub(super) struct Arriving {
    body: Incoming,
    house: Arc<House>,
    began: Instant,
    received: u64,
    held: Held,
    pulse: Option<Pin<Box<Sleep>>>,
}

impl Arriving {
    pub(super) fn new(body: Incoming, house: Arc<House>, line: &Arc<Line>) -> Self {
        Self { body, house, began: Instant::now(), received: 0, held: line.hold(0), pulse: None }
    }

    fn take(&mut self, bytes: usize) -> Result<(), Stopped> {
        self.received += bytes as u64;
        // What anybody may hold is always taken, so that small requests go on whatever large answers wait.
        if self.received > self.house.limits.bytes.of_modest && !self.held.has_room_for(bytes as u64) {
            return Err(Stopped::TooMuchAtOnce);
        }
        self.held.add(bytes as u64);
        Ok(())
    }

    /// Whether what has come is enough for the time that it took.
    fn keeps_its_pace(&self) -> bool {
        let limits = &self.house.limits;
        let pace = if self.house.places.are_full() { limits.body_pace_when_full } else { limits.body_pace };
        pace.is_kept(self.began.elapsed(), self.received)
    }

    /// Waits for more, as long as the pace allows.
    fn wait(&mut self, cx: &mut Context<'_>) -> Poll<Stopped> {
        loop {
            if !self.keeps_its_pace() {
                self.house.metrics.closed("slow_body");
                return Poll::Ready(Stopped::Late);
            }
            if self.pulse.get_or_insert_with(|| Box::pin(sleep(PULSE))).as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            self.pulse = None;
        }
    }
}

impl hyper::body::Body for Arriving {
    type Data = Bytes;
    type Error = Failure;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Failure>>> {
        match Pin::new(&mut self.body).poll_frame(cx) {
            Poll::Ready(Some(Ok(frame))) => {
                let taken = self.take(frame.data_ref().map_or(0, Bytes::len));
                Poll::Ready(Some(taken.map(|()| frame).map_err(Failure::from)))
            }
            Poll::Ready(other) => Poll::Ready(other.map(|frame| frame.map_err(Failure::from))),
            Poll::Pending => self.wait(cx).map(|stopped| Some(Err(stopped.into()))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
