//! Redis, where one counts for all nodes: does it count, and soon enough for requests to wait for it.
//! Its URL is checked where settings are read.

use std::io;

use tokio::runtime::Builder;

use super::Finding;
use crate::app::counters::{Counters, RedisUrl};

/// One answer that comes late says little.
const LOOKS: usize = 3;

pub(super) fn check(url: &RedisUrl) -> Finding {
    const WHAT: &str = "redis";
    match look(url) {
        Ok(Ok(())) => Finding::ok(WHAT, format!("{url} counts for all nodes")),
        Ok(Err(why)) => Finding::warn(
            WHAT,
            format!("{url} does not count ({why}): each node limits requests and sign-ins by itself"),
            "check that it runs, takes changes and is near, and that redis_url names it",
        ),
        Err(error) => Finding::warn(WHAT, format!("{url} was not asked: {error}"), "look again"),
    }
}

fn look(url: &RedisUrl) -> io::Result<Result<(), String>> {
    // Any key will do: an installation's own is in its database, which may not be there.
    let counters = Counters::new(url.clone(), [0; 32]);
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let mut outcome = runtime.block_on(counters.look());
    for _ in 1..LOOKS {
        if outcome.is_err() {
            outcome = runtime.block_on(counters.look());
        }
    }
    // A host name that nobody answers for would be waited for.
    runtime.shutdown_background();
    Ok(outcome)
}
