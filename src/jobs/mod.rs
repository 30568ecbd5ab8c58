//! What happens later or by itself: writing down when tokens and sessions were used, sweeping what is over.
//! What there is to do is the domain's affair; here is only when.

use std::sync::Arc;
use std::time::Duration;

use crate::app::App;
use crate::app::audit::{Key, Tries};
use crate::app::stop::Stop;
use crate::domain::audit::Act;
use crate::domain::member_tokens::Reached;
use crate::domain::sessions::Seen;
use crate::domain::token_alerts::Tried;
use crate::domain::tokens::Use;
use crate::domain::{Ctx, Result, Who, member_tokens, sessions, sweep, token_alerts, tokens};
use crate::http::mount::Front;
use crate::model::events::Via;
use crate::store::database::Connection;

/// How often uses of tokens and sessions are written down.
const FLUSH: Duration = Duration::from_mins(1);

/// So many uses are written in one transaction: it ends long before its deadline, and others get to write in between.
const BATCH: usize = 1_000;

/// How often there is a look for what is over.
const SWEEP: Duration = Duration::from_mins(10);

/// Between two batches of one sweep: what is filed all the time makes work for it all the time.
const REST: Duration = Duration::from_millis(100);

/// Writes uses of tokens and sessions, and what was tried in vain, down every minute, and once more at the end.
pub async fn flush_uses(front: Arc<Front>, mut stop: Stop) {
    loop {
        let stopped = tokio::select! {
            () = tokio::time::sleep(FLUSH) => false,
            () = stop.wait() => true,
        };
        if let Err(error) = flush_once(&front).await {
            tracing::warn!(%error, "the last uses of tokens and sessions could not be written down");
        }
        if stopped {
            return;
        }
    }
}

/// Writes down what has been noted since the last time. What could not be written does not keep the rest from it; the first error is the answer.
pub async fn flush_once(front: &Front) -> Result<()> {
    let tried: Vec<Tried> = front.app.audit().take().into_iter().filter_map(of_a_token).collect();
    let uses: Vec<Use> = front.uses.take().into_iter().map(|(token, at, from)| Use { token, at, from: from.to_string() }).collect();
    let seen: Vec<Seen> = front.seen.take().into_iter().map(|(session, at, from)| Seen { session, at, from: from.to_string() }).collect();
    let reaches = front.reaches.take().into_iter();
    let in_organizations: Vec<Reached> =
        reaches.map(|((organization, token), at, from)| Reached { organization, token, at, from: from.to_string() }).collect();
    let written = [
        in_batches(front, tried, token_alerts::record_tries).await,
        in_batches(front, uses, tokens::record_uses).await,
        in_batches(front, in_organizations, member_tokens::record_uses).await,
        in_batches(front, seen, sessions::record_seen).await,
    ];
    written.into_iter().collect()
}

/// Writes all of them, so many in one transaction.
async fn in_batches<T: Clone + Send + 'static>(front: &Front, all: Vec<T>, record: fn(&mut Connection, &[T]) -> Result<()>) -> Result<()> {
    let mut outcome = Ok(());
    for batch in all.chunks(BATCH).map(<[T]>::to_vec) {
        let written = front.app.write(Who::Anonymous, Via::Command, move |ctx: &mut Ctx<'_>| record(ctx.db, &batch)).await;
        outcome = outcome.and(written);
    }
    outcome
}

/// Tries with a stopped token are for its owner to see; all else is for the audit log alone.
fn of_a_token((act, key, tries): (Act, Key, Tries)) -> Option<Tried> {
    let (Act::StoppedTokenTried, Key::Token(token)) = (act, key) else { return None };
    let (count, from) = (i64::try_from(tries.count).unwrap_or(i64::MAX), tries.origin.map(|origin| origin.address.to_string()));
    Some(Tried { token, count, first_at: tries.first, last_at: tries.last, from })
}

/// Removes what is over, batch by batch, so that others get to write in between.
pub async fn sweep(app: App, mut stop: Stop) {
    loop {
        let mut rest = SWEEP;
        match sweep_once(&app).await {
            Ok(true) => rest = REST,
            Ok(false) => {}
            Err(error) => tracing::warn!(%error, "sweeping failed; it is tried again later"),
        }
        tokio::select! {
            () = tokio::time::sleep(rest) => {}
            () = stop.wait() => return,
        }
    }
}

/// Removes one batch; the answer is whether there may be more.
pub async fn sweep_once(app: &App) -> Result<bool> {
    app.write(Who::Anonymous, Via::Command, |ctx| sweep::sweep(ctx.db, ctx.now)).await
}
