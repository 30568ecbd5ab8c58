//! Work that is finished once it has begun, also where whoever waited for it goes away.
//! What is done when it is finished is its own affair.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::runtime::Handle;

/// Work that goes on as a task of its own when it is dropped after it has begun. Until then it costs no task, and whoever waits for it drives it.
pub(super) struct Finished<T: Send + 'static> {
    work: Option<Pin<Box<dyn Future<Output = T> + Send>>>,
    has_begun: bool,
}

impl<T: Send + 'static> Finished<T> {
    pub(super) fn new(work: impl Future<Output = T> + Send + 'static) -> Self {
        Self { work: Some(Box::pin(work)), has_begun: false }
    }
}

impl<T: Send + 'static> Future for Finished<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        self.has_begun = true;
        let Some(work) = &mut self.work else { return Poll::Pending };
        let polled = work.as_mut().poll(cx);
        if polled.is_ready() {
            self.work = None;
        }
        polled
    }
}

impl<T: Send + 'static> Drop for Finished<T> {
    fn drop(&mut self) {
        let (Some(work), true) = (self.work.take(), self.has_begun) else { return };
        // In a box without a type of its own, so that there is one kind of task and not one for each kind of work.
        let rest: Pin<Box<dyn Future<Output = ()> + Send>> = Box::pin(async move { drop(work.await) });
        // Without a runtime the process is ending.
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(rest);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn what_has_begun_is_finished_and_what_has_not_is_not() {
        for (begins, expected) in [(true, true), (false, false)] {
            let done = Arc::new(AtomicBool::new(false));
            let seen = Arc::clone(&done);
            let mut work = Finished::new(async move {
                tokio::time::sleep(Duration::from_millis(5)).await;
                seen.store(true, Ordering::SeqCst);
            });
            if begins {
                let _ = tokio::time::timeout(Duration::from_millis(1), &mut work).await;
            }
            drop(work);
            tokio::time::sleep(Duration::from_millis(50)).await;
            assert_eq!(done.load(Ordering::SeqCst), expected);
        }
        assert_eq!(Finished::new(async { 7 }).await, 7);
    }
}
