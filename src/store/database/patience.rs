//! How long a caller waits for the database: so long for each piece of work, or for all pieces of one request together.
//! What happens when it is used up lives in `pool` and `postgres`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Clones share what is left.
#[derive(Clone)]
pub(super) struct Patience {
    whole: Duration,
    /// Nanoseconds that are left; `None` where each piece of work has the whole.
    left: Option<Arc<AtomicU64>>,
}

impl Patience {
    /// So long for each piece of work.
    pub(super) const fn new(whole: Duration) -> Self {
        Self { whole, left: None }
    }

    /// The whole once more, for several pieces of work together. What happens between them costs nothing.
    pub(super) fn shared(&self) -> Self {
        Self { whole: self.whole, left: Some(Arc::new(AtomicU64::new(nanos(self.whole)))) }
    }

    /// When work that begins now has to end.
    pub(super) fn deadline(&self, now: Instant) -> Instant {
        now + self.left.as_ref().map_or(self.whole, |left| Duration::from_nanos(left.load(Ordering::Relaxed)))
    }

    /// Takes off what a piece of work took.
    pub(super) fn took(&self, time: Duration) {
        if let Some(left) = &self.left {
            // Pieces of one request run one after the other.
            left.store(left.load(Ordering::Relaxed).saturating_sub(nanos(time)), Ordering::Relaxed);
        }
    }
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_piece_has_the_whole_or_all_share_it() {
        let (now, whole) = (Instant::now(), Duration::from_secs(2));
        let each = Patience::new(whole);
        each.took(Duration::from_secs(9));
        assert_eq!(each.deadline(now), now + whole);

        let request = each.shared();
        request.took(Duration::from_millis(1_500));
        assert_eq!(request.clone().deadline(now), now + Duration::from_millis(500));
        request.clone().took(Duration::from_secs(1));
        assert_eq!(request.deadline(now), now, "there is never less than nothing");
        assert_eq!(each.shared().deadline(now), now + whole, "another request has its own");
    }
}
