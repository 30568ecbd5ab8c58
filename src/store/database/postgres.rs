//! PostgreSQL: one session, driven by a runtime of its own on whatever thread holds it, under an absolute deadline.
//! The threads live in `pool`; beginning and ending transactions, in `transaction`.

use std::collections::HashMap;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;
use tokio_postgres::Client;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::ToSql;
use tokio_postgres_rustls::MakeRustlsConnect;

use super::error::{Error, Result};
use super::meter::Meter;
use super::postgres_target::Target;
pub(super) use super::postgres_values::cell;
use super::postgres_values::{driver_type, read};
use super::rows::Row;
use super::value::{Type, Value};

/// More than the program has statements and shapes. Should it ever be passed, all are prepared anew.
const STATEMENTS: usize = 4096;

/// How long ending a transaction may take once its answer is out.
const SETTLING: Duration = Duration::from_secs(1);

pub(super) type DriverError = tokio_postgres::Error;
/// The side of a connection that moves bytes.
type Traffic = Pin<Box<dyn Future<Output = Result<(), DriverError>> + Send>>;
type Statements = HashMap<Box<str>, tokio_postgres::Statement>;

/// A connection made.
pub(super) struct Link {
    pub(super) client: Client,
    /// Gone once the connection has ended.
    pub(super) traffic: Option<Traffic>,
    statements: Statements,
    /// Whether statements are prepared under names. Behind a pooler a name may mean another program's statement.
    pub(super) named: bool,
}

impl Link {
    pub(super) fn new(client: Client, traffic: Traffic) -> Self {
        Self { client, traffic: Some(traffic), statements: HashMap::new(), named: false }
    }
}

/// A session with a server: it connects when first asked, and again after a connection was lost.
pub(super) struct Session {
    target: Arc<Target>,
    runtime: Runtime,
    link: Option<Link>,
    deadline: Option<Instant>,
    /// Commands that go out before the next statement, or never if there is none.
    ahead: Vec<&'static str>,
    /// The command that ends a transaction whose answer is already out.
    owed: Option<&'static str>,
    /// Why the connection was lost within this transaction: nothing may run on another one.
    lost: Option<Error>,
    /// Whether this transaction began on a connection that was made before it.
    idle: bool,
    /// Whether the server has answered within this transaction.
    answered: bool,
}

impl Session {
    pub(super) fn new(target: Arc<Target>) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| {
            Error::Unavailable(format!("no runtime for a PostgreSQL connection ({error}): raise the limit of open files"))
        })?;
        Ok(Self { target, runtime, link: None, deadline: None, ahead: Vec::new(), owed: None, lost: None, idle: false, answered: false })
    }

    /// Bounds everything from now on; `None` lifts the bound.
    pub(super) const fn set_deadline(&mut self, deadline: Option<Instant>) {
        self.deadline = deadline;
    }

    /// Begins a transaction, on the wire only with its first statement.
    pub(super) fn begin(&mut self, command: &'static str) {
        self.ahead.clear();
        self.ahead.push(command);
        self.lost = None;
        self.idle = self.link.is_some();
        self.answered = false;
    }

    /// Whether the transaction failed because the connection it began on had died while idle.
    pub(super) fn was_stale(&self) -> bool {
        self.idle && !self.answered && matches!(self.lost, Some(Error::Unavailable(_)))
    }

    /// Sends a savepoint's command ahead of the next statement. A savepoint without statements is never sent.
    pub(super) fn steer(&mut self, command: &'static str) {
        if self.ahead.last().is_some_and(|last| last.starts_with("SAVEPOINT")) {
            if command.starts_with("RELEASE") {
                self.ahead.pop();
                return;
            }
            if command.starts_with("ROLLBACK TO") {
                return;
            }
        }
        self.ahead.push(command);
    }

    /// Commits, and waits for it.
    pub(super) fn commit(&mut self) -> Result<()> {
        if let Some(error) = &self.lost {
            return Err(error.clone());
        }
        if self.is_unsent() {
            return Ok(());
        }
        self.ahead.push("COMMIT");
        let commands = std::mem::take(&mut self.ahead).join("; ");
        self.exchange(async |client, _, _| client.batch_execute(&commands).await)
    }

    /// Leaves the end of the transaction for `settle`, so that its answer need not wait for it.
    pub(super) fn owe(&mut self, command: &'static str) {
        if !self.is_unsent() && self.lost.is_none() {
            self.owed = Some(command);
        }
        self.ahead.clear();
    }

    fn is_unsent(&self) -> bool {
        self.ahead.first().is_some_and(|first| first.starts_with("BEGIN"))
    }

    /// Ends a transaction whose answer is out.
    pub(super) fn settle(&mut self) {
        self.deadline = Some(Instant::now() + SETTLING);
        self.settle_within_deadline();
        self.deadline = None;
    }

    /// Ends a transaction before the same work tries again.
    pub(super) fn settle_within_deadline(&mut self) {
        if let Some(command) = self.owed.take()
            && self.exchange(async |client, _, _| client.batch_execute(command).await).is_err()
        {
            self.link = None;
        }
    }

    /// Runs commands as they stand, such as a migration's.
    pub(super) fn batch(&mut self, text: &str) -> Result<()> {
        let ahead = std::mem::take(&mut self.ahead).join("; ");
        if !ahead.is_empty() {
            self.exchange(async |client, _, _| client.batch_execute(&ahead).await)?;
        }
        self.exchange(async |client, _, _| client.batch_execute(text).await)
    }

    /// The rows that a statement answers with.
    pub(super) fn fetch<R: Row>(&mut self, text: &str, types: &[Type], values: &[Value<'_>], meter: &mut Option<Meter>) -> Result<Vec<R>> {
        self.rows(text, types, values)?.iter().map(|row| read(row, meter)).collect()
    }

    /// The same as they come: once for all types of rows, and never inlined, so that nobody who reads from SQLite makes room for it on the stack.
    #[inline(never)]
    fn rows(&mut self, text: &str, types: &[Type], values: &[Value<'_>]) -> Result<Vec<tokio_postgres::Row>> {
        let ahead = self.take_ahead(text)?;
        self.exchange(async |client, statements, named| {
            let question = async {
                if !named {
                    return client.query_typed(text, &typed(types, values)).await;
                }
                let statement = prepared(client, statements, text, types).await?;
                client.query(&statement, &untyped(values)).await
            };
            after(client, ahead, question).await
        })
    }

    /// Runs a statement that answers with no rows, and counts the rows it touched.
    pub(super) fn execute(&mut self, text: &str, types: &[Type], values: &[Value<'_>]) -> Result<u64> {
        let ahead = self.take_ahead(text)?;
        self.exchange(async |client, statements, named| {
            let question = async {
                if !named {
                    return client.execute_typed(text, &typed(types, values)).await;
                }
                let statement = prepared(client, statements, text, types).await?;
                client.execute(&statement, &untyped(values)).await
            };
            after(client, ahead, question).await
        })
    }

    /// What goes out in front of `text`. A BEGIN travels with a question, but a change waits until it is answered:
    /// if it failed, the change would commit by itself.
    fn take_ahead(&mut self, text: &str) -> Result<Option<String>> {
        if self.ahead.is_empty() {
            return Ok(None);
        }
        let alone = self.is_unsent() && !self.ahead[0].contains("READ ONLY") && !text.trim_start().starts_with("SELECT");
        let commands = std::mem::take(&mut self.ahead).join("; ");
        if alone {
            self.batch(&commands)?;
            return Ok(None);
        }
        Ok(Some(commands))
    }

    /// One exchange with the server before the deadline, connecting first where there is no connection.
    pub(super) fn exchange<T>(&mut self, talk: impl AsyncFnOnce(&Client, &mut Statements, bool) -> Result<T, DriverError>) -> Result<T> {
        if let Some(error) = &self.lost {
            return Err(error.clone());
        }
        let Self { target, runtime, link, deadline, .. } = self;
        let outcome = runtime.block_on(within(*deadline, async {
            let link = match link {
                Some(link) => link,
                None => link.insert(target.connect(*deadline).await.map_err(Trouble::Connecting)?),
            };
            let Link { client, traffic, statements, named } = link;
            driven(traffic, talk(client, statements, *named)).await.map_err(Trouble::Talking)
        }));
        let outcome = match outcome {
            Some(Ok(answer)) => Ok(answer),
            Some(Err(Trouble::Talking(error))) => Err(self.judge(error)),
            Some(Err(Trouble::Connecting(error))) => {
                self.lost = Some(error.clone());
                Err(error)
            }
            None => Err(self.give_up()),
        };
        self.answered |= outcome.is_ok();
        outcome
    }

    /// The error, after dropping a connection that cannot be used any more.
    fn judge(&mut self, error: DriverError) -> Error {
        let answered = error.as_db_error().is_some();
        let ended = self.link.as_ref().is_none_or(|link| link.traffic.is_none() || link.client.is_closed());
        let outdated = is_outdated(&error);
        // The next connection finds the server that is the primary by now.
        let demoted = error.code() == Some(&SqlState::READ_ONLY_SQL_TRANSACTION);
        let error = if outdated { Error::Retry } else { Error::from(error) };
        if ended || outdated || demoted || !answered {
            self.link = None;
            self.lost = Some(error.clone());
        }
        error
    }

    /// Drops a connection that did not answer in time, and has its query cancelled by the way.
    fn give_up(&mut self) -> Error {
        let error = match self.link.take() {
            None => Error::Unavailable(
                "PostgreSQL accepted no connection before the deadline: check that it runs and is not overloaded".to_owned(),
            ),
            Some(link) => {
                cancel(&link.client, self.target.tls.clone());
                Error::Deadline
            }
        };
        self.lost = Some(error.clone());
        error
    }

    /// Drops the connection, for instance because a panic left a transaction open on it.
    pub(super) fn hang_up(&mut self) {
        self.link = None;
        self.owed = None;
    }
}

/// Whether a prepared statement no longer fits: another process has changed the schema, or a pooler the server's session.
fn is_outdated(error: &DriverError) -> bool {
    error.as_db_error().is_some_and(|refusal| {
        *refusal.code() == SqlState::INVALID_SQL_STATEMENT_NAME
            || (*refusal.code() == SqlState::FEATURE_NOT_SUPPORTED && refusal.message().starts_with("cached plan"))
    })
}

/// Asks the server to cancel what a dropped connection was doing, on a thread of its own: nobody waits for it.
fn cancel(client: &Client, tls: MakeRustlsConnect) {
    let token = client.cancel_token();
    let cancelling = move || {
        if let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() {
            // Best effort: a server that hangs does not hear this either.
            let _ = runtime.block_on(async { tokio::time::timeout(SETTLING, token.cancel_query(tls)).await });
        }
    };
    // Without a thread to be had the query runs on until the server notices the closed connection.
    let _ = std::thread::Builder::new().name("db-cancel".to_owned()).spawn(cancelling);
}

/// What can go wrong in an exchange.
enum Trouble {
    Connecting(Error),
    Talking(DriverError),
}

async fn within<T>(deadline: Option<Instant>, work: impl Future<Output = T>) -> Option<T> {
    match deadline {
        Some(deadline) => tokio::time::timeout_at(deadline.into(), work).await.ok(),
        None => Some(work.await),
    }
}

/// Drives the connection and an exchange over it together: a task for the connection would cost wake-ups.
pub(super) async fn driven<T>(
    traffic: &mut Option<Traffic>,
    exchange: impl Future<Output = Result<T, DriverError>>,
) -> Result<T, DriverError> {
    let mut exchange = pin!(exchange);
    let mut ended = None;
    poll_fn(|context| {
        loop {
            if let Poll::Ready(answer) = exchange.as_mut().poll(context) {
                // The connection's own error says more than "closed".
                return Poll::Ready(match (answer, ended.take()) {
                    (Err(closed), Some(cause)) if closed.is_closed() => Err(cause),
                    (answer, _) => answer,
                });
            }
            let Some(connection) = traffic else { return Poll::Pending };
            match connection.as_mut().poll(context) {
                Poll::Ready(result) => {
                    ended = result.err();
                    *traffic = None;
                }
                Poll::Pending => return exchange.as_mut().poll(context),
            }
        }
    })
    .await
}

/// Sends `ahead` and the question in one go.
async fn after<T>(
    client: &Client,
    ahead: Option<String>,
    question: impl Future<Output = Result<T, DriverError>>,
) -> Result<T, DriverError> {
    let Some(ahead) = ahead else { return question.await };
    let (first, second) = tokio::join!(biased; client.batch_execute(&ahead), question);
    first?;
    second
}

async fn prepared(
    client: &Client,
    statements: &mut Statements,
    text: &str,
    types: &[Type],
) -> Result<tokio_postgres::Statement, DriverError> {
    if let Some(statement) = statements.get(text) {
        return Ok(statement.clone());
    }
    let types: Vec<_> = types.iter().copied().map(driver_type).collect();
    let statement = client.prepare_typed(text, &types).await?;
    if statements.len() >= STATEMENTS {
        statements.clear();
    }
    statements.insert(text.into(), statement.clone());
    Ok(statement)
}

fn untyped<'a>(values: &'a [Value<'a>]) -> Vec<&'a (dyn ToSql + Sync)> {
    values.iter().map(|value| value as &(dyn ToSql + Sync)).collect()
}

fn typed<'a>(types: &[Type], values: &'a [Value<'a>]) -> Vec<(&'a (dyn ToSql + Sync), tokio_postgres::types::Type)> {
    values.iter().zip(types).map(|(value, kind)| (value as &(dyn ToSql + Sync), driver_type(*kind))).collect()
}
