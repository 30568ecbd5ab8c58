//! Counts that all nodes share, in Redis or Valkey: how often something happened in a window of time that begins with the first.
//! What is counted, how far, and what follows from it is `http`'s affair.

mod link;
#[cfg(test)]
mod tests;
mod url;

use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};

use hmac::{Hmac, KeyInit, Mac};
use redis::{Script, ScriptInvocation};
use sha2::Sha256;
pub use url::RedisUrl;

use super::stop::Stop;
use crate::model::time::{Span, Time};
use link::Link;

static COUNT: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("counters/count.lua")));
static TAKE_BACK: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("counters/take_back.lua")));

/// Shared counts; cheap to clone.
#[derive(Clone)]
pub struct Counters(Arc<Inner>);

struct Inner {
    link: Link,
    key: [u8; 32],
    alone: AtomicU64,
}

/// Under which something is counted. Of what it is about only a keyed digest is in it, so that whoever reads the server learns no address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name(String);

/// What the server said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tally {
    /// Whether one of the names had had its number, so that nothing was counted.
    pub full: bool,
    /// The windows of the names, in their order.
    pub windows: Vec<Window>,
}

/// A window as it stands after counting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// How often it was counted in it.
    pub count: u32,
    /// When it ends, by the server's clock: the same on all nodes.
    pub end: Time,
    /// How long that is from now, whatever this node's clock says.
    pub rest: Span,
}

impl Counters {
    /// Over the server at `url`, which nobody has spoken to yet. `key` is the installation's: others' counts at the same server are other names.
    pub fn new(url: RedisUrl, key: [u8; 32]) -> Self {
        Self(Arc::new(Inner { link: Link::new(url), key, alone: AtomicU64::new(0) }))
    }

    /// Connects; takes a second at most, and tells the log how it went.
    pub async fn connect(&self) {
        self.0.link.connect(&scripts(), &self.probe()).await;
    }

    /// Whether the server counts, as soon as requests want it; else why it is of no use. Takes 1.05 seconds at most, and tells the log nothing.
    /// It leaves there what each node does: the scripts, and a count that ends after a second.
    pub async fn look(&self) -> Result<(), String> {
        self.0.link.reach(&scripts(), &self.probe()).await.map(drop)
    }

    /// Looks after the connection until `stop`.
    pub async fn keep(self, mut stop: Stop) {
        let (scripts, probe) = (scripts(), self.probe());
        tokio::select! {
            () = self.0.link.keep(&scripts, &probe) => {}
            () = stop.wait() => {}
        }
    }

    /// What requests do, so that a server that answers but counts nothing (a replica, a full one) is not taken for one that does.
    fn probe(&self) -> ScriptInvocation<'static> {
        count(&[(self.name("probe", b""), u32::MAX)], Span::seconds(1))
    }

    /// Whether counts are shared at present, as far as we know.
    pub fn are_shared(&self) -> bool {
        self.0.link.is_up()
    }

    /// Notes that this node decided something alone, for operators.
    pub fn note_alone(&self) {
        self.0.alone.fetch_add(1, Ordering::Relaxed);
    }

    /// How often this node decided alone.
    pub fn alone(&self) -> u64 {
        self.0.alone.load(Ordering::Relaxed)
    }

    /// The name for `what`, among things of this kind.
    pub fn name(&self, kind: &str, what: &[u8]) -> Name {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0.key).unwrap_or_else(|_| unreachable!("HMAC takes keys of any length"));
        for part in [kind.as_bytes(), b"\0", what] {
            mac.update(part);
        }
        let mut name = format!("bugtome:{kind}:");
        for byte in &mac.finalize().into_bytes()[..16] {
            // Writing to a String cannot fail.
            let _ = write!(name, "{byte:02x}");
        }
        Name(name)
    }

    /// Counts once more under each name, or under none where one has had its number within `window`: in one step, on all nodes together.
    /// `None` within 50 ms where the server does not answer.
    pub async fn count(&self, names: &[(Name, u32)], window: Span) -> Option<Tally> {
        let told: Option<Vec<i64>> = self.0.link.run(&count(names, window)).await;
        let tally = told.and_then(|told| Tally::read(&told));
        if tally.is_none() {
            self.note_alone();
        }
        tally
    }

    /// Takes back what was counted once under each name, where the window that ends then has not ended. What cannot be taken back stays counted.
    pub async fn take_back(&self, counted: &[(Name, Time)]) {
        let mut call = TAKE_BACK.prepare_invoke();
        for (name, end) in counted {
            call.key(&name.0).arg(end.micros() / 1_000);
        }
        self.0.link.run::<i64>(&call).await;
    }
}

fn scripts() -> [&'static Script; 2] {
    [&COUNT, &TAKE_BACK]
}

fn count(names: &[(Name, u32)], window: Span) -> ScriptInvocation<'static> {
    let mut call = COUNT.prepare_invoke();
    call.arg(window.micros() / 1_000);
    for (name, most) in names {
        call.key(&name.0).arg(most);
    }
    call
}

impl Tally {
    fn read(told: &[i64]) -> Option<Self> {
        let [full, now, windows @ ..] = told else { return None };
        let window = |window: &[i64]| Window {
            count: u32::try_from(window[0]).unwrap_or(u32::MAX),
            end: Time::from_micros(window[1].saturating_mul(1_000)),
            rest: Span::from_micros(window[1].saturating_sub(*now).saturating_mul(1_000)),
        };
        Some(Self { full: *full != 0, windows: windows.chunks_exact(2).map(window).collect() })
    }
}
