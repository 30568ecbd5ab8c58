//! One request as the whole program knows it: by its id and by the address that it came from.
//! What it asks for is the faces' affair.

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// A request's id: 32 hexadecimal digits, never taken from the client.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct RequestId([u8; 32]);

/// From where a request came, and which it is.
#[derive(Debug, Clone, Copy)]
pub struct Origin {
    /// The client's address.
    pub address: IpAddr,
    /// The request's id, by which it is found in the log.
    pub request: Option<RequestId>,
}

impl RequestId {
    /// A new id: 16 digits of this process's own, and a keyed hash of a counter. No system call, and it does not tell how many requests there were, as the
    /// bare counter would; two alike are to be expected only after some 2^32 requests.
    pub fn next() -> Self {
        static KEY: LazyLock<(RandomState, [u8; 16])> = LazyLock::new(|| (RandomState::new(), hex(RandomState::new().hash_one(0_u8))));
        static COUNTER: AtomicU64 = AtomicU64::new(0);
        let (key, prefix) = &*KEY;
        let mut text = [0; 32];
        text[..16].copy_from_slice(prefix);
        text[16..].copy_from_slice(&hex(key.hash_one(COUNTER.fetch_add(1, Ordering::Relaxed))));
        Self(text)
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        // Digits only, see `next`.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

fn hex(bits: u64) -> [u8; 16] {
    let bytes = bits.to_be_bytes();
    std::array::from_fn(|at| {
        let half = if at % 2 == 0 { bytes[at / 2] >> 4 } else { bytes[at / 2] & 15 };
        b"0123456789abcdef"[usize::from(half)]
    })
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn ids_do_not_repeat() {
        let ids: HashSet<_> = (0..10_000).map(|_| RequestId::next().as_str().to_owned()).collect();
        assert_eq!(ids.len(), 10_000);
    }
}
