//! Ports for servers that must be told theirs. Whoever can listen on port 0 needs none of this.

use std::net::TcpListener;
use std::sync::atomic::{AtomicU32, Ordering};

const FIRST: u32 = 10_000;
/// Up to where `./test` looks for its own; what the system gives away by itself begins higher still, so that no connection takes them.
const COUNT: u32 = 10_000;
/// So many apart begin the processes of tests that run at the same time.
const APART: u32 = 10;

/// A port of this machine on which nobody listens.
pub(crate) fn free_port() -> u16 {
    static TAKEN: AtomicU32 = AtomicU32::new(0);
    let first = std::process::id() % (COUNT / APART) * APART;
    let ports = (0..COUNT).map(|_| FIRST + (first + TAKEN.fetch_add(1, Ordering::Relaxed)) % COUNT);
    let mut free = ports.filter_map(|port| u16::try_from(port).ok()).filter(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok());
    free.next().expect("one of ten thousand ports is free")
}
