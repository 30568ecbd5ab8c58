//! A bounded queue between the faces and the database's threads.
//! What waits in it is decided by `pool` and `writer`.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::error::{Error, Result};

/// A bounded queue that many push into and threads pop from.
pub(super) struct Queue<T> {
    state: Mutex<State<T>>,
    arrived: Condvar,
    limit: usize,
}

struct State<T> {
    waiting: VecDeque<T>,
    closed: bool,
}

impl<T> Queue<T> {
    pub(super) fn new(limit: usize) -> Self {
        Self { state: Mutex::new(State { waiting: VecDeque::new(), closed: false }), arrived: Condvar::new(), limit }
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a piece of work in line, or refuses it at once.
    pub(super) fn push(&self, item: T) -> Result<()> {
        let mut state = self.lock();
        if state.closed {
            return Err(shut_down());
        }
        if state.waiting.len() >= self.limit {
            return Err(Error::Unavailable("too much work is waiting for the database".to_owned()));
        }
        state.waiting.push_back(item);
        drop(state);
        self.arrived.notify_one();
        Ok(())
    }

    /// Waits for the next piece; `None` once the queue is closed and empty.
    pub(super) fn pop(&self) -> Option<T> {
        let mut state = self.lock();
        loop {
            if let Some(item) = state.waiting.pop_front() {
                return Some(item);
            }
            if state.closed {
                return None;
            }
            state = self.arrived.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// The next piece if one is there.
    pub(super) fn pop_now(&self) -> Option<T> {
        self.lock().waiting.pop_front()
    }

    /// Takes no more; what is in line is still done.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.arrived.notify_all();
    }

    pub(super) fn len(&self) -> usize {
        self.lock().waiting.len()
    }
}

/// The error of work that comes after the end.
pub(super) fn shut_down() -> Error {
    Error::Unavailable("the database has been closed: the server is shutting down".to_owned())
}

/// Waits for a thread to end, unless it is the one that asks.
pub(super) fn join(thread: std::thread::JoinHandle<()>) {
    if thread.thread().id() != std::thread::current().id() {
        // A panic of a database thread has been reported by the panic hook.
        let _ = thread.join();
    }
}
