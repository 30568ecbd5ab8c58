//! An answer on its way out: in pieces where HTTP/2 would else hold it whole, counted for its caller until the last byte is sent.
//! What the answer says is the faces' affair.

use std::io::IoSlice;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use axum::body::Body;
use bytes::{Buf, Bytes};
use hyper::body::{Body as _, Frame, SizeHint};

use super::activity::Turn;
use crate::http::bounds::PIECE;
use crate::http::callers::{Held, Line, Running};

/// An answer's body; its request's turn ends with it.
pub(super) struct Answer {
    /// What is there already of the body: for all answers but streams, the whole of it.
    ready: Bytes,
    body: Body,
    turn: Turn,
    /// The request, which runs until its answer has been handed over.
    _running: Option<Running>,
    /// What is held of memory; bytes that all answers share are not.
    held: Option<Arc<Held>>,
    /// Bytes that are handed over at a time.
    piece: usize,
    blocked: bool,
}

impl Answer {
    /// The answer to a request that came by this line. `uncounted` is up to how many bytes nothing is counted.
    pub(super) fn new(mut body: Body, turn: Turn, running: Option<Running>, line: &Arc<Line>, uncounted: usize) -> Self {
        let mut ready = Bytes::new();
        if !body.is_end_stream() {
            // A stream that is not ready is asked again by whoever sends it, with a waker of its own.
            let polled = Pin::new(&mut body).poll_frame(&mut Context::from_waker(Waker::noop()));
            if let Poll::Ready(Some(Ok(frame))) = polled {
                ready = frame.into_data().unwrap_or_default();
            }
        }
        let held = (ready.len() > uncounted && ready.is_unique()).then(|| Arc::new(line.hold(ready.len() as u64)));
        let piece = if turn.is_multiplexed() { PIECE } else { usize::MAX };
        Self { ready, body, turn, _running: running, held, piece, blocked: false }
    }

    fn note_blocked(&mut self, blocked: bool) {
        if self.blocked != blocked {
            self.blocked = blocked;
            self.turn.note_blocked(blocked);
        }
    }

    fn next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Piece>, axum::Error>>> {
        if self.ready.is_empty() {
            let held = self.held.clone();
            return Pin::new(&mut self.body)
                .poll_frame(cx)
                .map(|frame| frame.map(|frame| frame.map(|frame| frame.map_data(|bytes| Piece { bytes, _held: held }))));
        }
        let bytes = self.ready.split_to(self.ready.len().min(self.piece));
        Poll::Ready(Some(Ok(Frame::data(Piece { bytes, _held: self.held.clone() }))))
    }
}

impl hyper::body::Body for Answer {
    type Data = Piece;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Piece>, axum::Error>>> {
        self.note_blocked(false);
        let outcome = self.next(cx);
        if matches!(outcome, Poll::Ready(Some(Ok(_)))) && !self.is_end_stream() {
            self.turn.note_taken();
            self.note_blocked(true);
        }
        outcome
    }

    fn is_end_stream(&self) -> bool {
        self.ready.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let (ready, rest) = (self.ready.len() as u64, self.body.size_hint());
        let mut hint = SizeHint::new();
        hint.set_lower(rest.lower() + ready);
        if let Some(upper) = rest.upper() {
            hint.set_upper(upper + ready);
        }
        hint
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        self.note_blocked(false);
    }
}

/// Some bytes of an answer, held until they have gone out.
pub(super) struct Piece {
    bytes: Bytes,
    _held: Option<Arc<Held>>,
}

impl Buf for Piece {
    fn remaining(&self) -> usize {
        self.bytes.len()
    }

    fn chunk(&self) -> &[u8] {
        &self.bytes
    }

    fn advance(&mut self, count: usize) {
        self.bytes.advance(count);
    }

    fn chunks_vectored<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        self.bytes.chunks_vectored(slices)
    }
}
