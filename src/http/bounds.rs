//! What one client may use up, in one place: connections, requests, bytes and time, each with its reason.
//! How many requests an hour it has is counted in `limits`; what a field may hold is said in `model`.

use std::time::Duration;

/// The largest body of a request, in bytes.
pub const LARGEST_BODY: usize = 1 << 20;

/// The largest form of somebody without a session, in bytes: no page that such a person sees has room for more, and it is read before anything
/// is known of them.
pub const LARGEST_BODY_WITHOUT_SESSION: usize = 64 << 10;

/// How long a body may take to arrive. At the largest that is 35 kB a second, which every line manages; who is slower holds a place.
pub const BODY_ARRIVES_WITHIN: Duration = Duration::from_secs(30);

pub use crate::domain::ticket_lists::LARGEST_PAGE;

/// An answer goes to HTTP/2 in pieces of so many bytes, each when the client has room for it: so it is seen when a client takes no more, and of
/// the rest nothing is copied.
pub const PIECE: usize = 16 << 10;

/// A connection that has sent nothing rests only after so long: what it wants to ask may be under way.
pub const RESTS_AFTER: Duration = Duration::from_millis(20);

/// Bytes of bodies and answers that the server holds for clients that have not sent or taken them whole.
#[derive(Debug, Clone)]
pub struct Bytes {
    /// For one connection. What does not fit is answered 503 until some of it was taken; what is larger in itself fits when nothing is held.
    pub of_connection: u64,
    /// For one caller (see [`Limits::running_of_caller`]), likewise: ten pages of a hundred usual tickets.
    pub of_caller: u64,
    /// For all together. This, and not the number of callers, bounds memory: half of it is left for one answer that is larger than all.
    pub of_all: u64,
    /// What each caller may hold however much the others do: a page of 25 usual tickets, and any ticket.
    pub of_modest: u64,
    /// Smaller answers are not counted: there are at most [`Limits::running_of_caller`] of them for each caller.
    pub uncounted: usize,
}

/// How fast a body has to come: after `patience`, so many bytes for each second since its head.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// A pause that every line may make.
    pub patience: Duration,
    /// Bytes a second after that.
    pub bytes_a_second: u64,
}

impl Pace {
    /// Whether `bytes` in `elapsed` are enough.
    pub fn is_kept(self, elapsed: Duration, bytes: u64) -> bool {
        bytes >= self.bytes_a_second * elapsed.saturating_sub(self.patience).as_secs()
    }
}

/// What a client may use up at the listener.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Connections at one time; more wait in the operating system's backlog until one ends or rests.
    pub max_connections: usize,
    /// Connections of one address (of IPv6 its /64), unless it is a trusted proxy: a quarter, so that nobody alone takes all. An office behind
    /// one address has room: a browser keeps one connection with TLS here, six without.
    pub connections_of_address: usize,
    /// Requests that run at one time for one caller: an address (of IPv6 its /64), behind a trusted proxy the one that it forwards for.
    pub running_of_caller: u32,
    /// Connections that were asked to give way and are not gone yet, beyond those in use.
    pub leaving: usize,
    /// Bytes of a request's line and headers; more is answered 431 by the HTTP library.
    pub header_bytes: u32,
    /// For a whole request head, from its first byte (the first one: from the connection's beginning).
    pub header_timeout: Duration,
    /// The same when all connections are taken.
    pub header_timeout_when_full: Duration,
    /// For a body.
    pub body_pace: Pace,
    /// The same when all connections are taken.
    pub body_pace_when_full: Pace,
    /// For the TLS handshake.
    pub handshake_timeout: Duration,
    /// For a client that takes nothing of what we send.
    pub write_timeout: Duration,
    /// The same when all connections are taken.
    pub write_timeout_when_full: Duration,
    /// For a connection between requests.
    pub idle_timeout: Duration,
    /// The same when all connections are taken. It gives way sooner where somebody waits.
    pub idle_timeout_when_full: Duration,
    /// Bytes held.
    pub bytes: Bytes,
    /// From the signal to stop until what still runs is dropped.
    pub grace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_connections: 1024,
            connections_of_address: 256,
            running_of_caller: 256,
            leaving: 256,
            header_bytes: 32 * 1024,
            header_timeout: Duration::from_secs(10),
            header_timeout_when_full: Duration::from_secs(2),
            body_pace: Pace { patience: Duration::from_secs(5), bytes_a_second: 8 << 10 },
            body_pace_when_full: Pace { patience: Duration::from_secs(2), bytes_a_second: 32 << 10 },
            handshake_timeout: Duration::from_secs(10),
            write_timeout: Duration::from_secs(30),
            write_timeout_when_full: Duration::from_secs(5),
            idle_timeout: Duration::from_secs(75),
            idle_timeout_when_full: Duration::from_secs(1),
            bytes: Bytes { of_connection: 4 << 20, of_caller: 8 << 20, of_all: 12 << 20, of_modest: 128 << 10, uncounted: 4 << 10 },
            // Whoever sends SIGTERM often sends SIGKILL ten seconds later; the last second is for what has to be written down.
            grace: Duration::from_secs(8),
        }
    }
}

impl Limits {
    /// How much longer than the grace the last connections may take to be gone.
    pub(super) const FAREWELL: Duration = Duration::from_secs(1);

    /// How often a connection is judged, so by how much a time-out may be late.
    pub(super) fn pulse(&self) -> Duration {
        let shortest = self.header_timeout.min(self.write_timeout).min(self.idle_timeout);
        (shortest / 4).clamp(Duration::from_millis(10), Duration::from_millis(500))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_may_pause_and_then_keeps_its_pace() {
        let pace = Pace { patience: Duration::from_secs(5), bytes_a_second: 1_000 };
        let kept = |seconds, bytes| pace.is_kept(Duration::from_secs(seconds), bytes);
        assert!(kept(5, 0) && kept(6, 1_000) && kept(15, 10_000));
        assert!(!kept(6, 0) && !kept(6, 999) && !kept(15, 9_000));
    }
}
