//! The one connection to Redis that all requests share: asked with little patience, let alone after a failure, and made anew in the background.
//! What is asked is not known here.

use std::fmt::Display;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, FromRedisValue, RedisResult, Script, ScriptInvocation};
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};

use super::RedisUrl;

/// How long a request waits for an answer: with all else it has to do it goes on within 100 ms.
const PATIENCE: Duration = Duration::from_millis(50);

/// How long connecting may take. No request waits for it.
const CONNECTING: Duration = Duration::from_secs(1);

/// How long nobody asks after a failure.
const REST: Duration = Duration::from_secs(1);

/// How often there is a look whether the connection still stands, so that a request is rarely the first to find out, and none is closed as idle.
const LOOK: Duration = Duration::from_secs(1);

/// How many requests may wait to be written.
const WAITING: usize = 1_024;

pub(super) struct Link {
    url: RedisUrl,
    state: RwLock<State>,
    lost: Notify,
}

#[derive(Default)]
struct State {
    connection: Option<MultiplexedConnection>,
    /// How many connections there have been: who was failed by an earlier one says nothing about this one.
    number: u64,
    /// Whether the log has been told that there is none.
    told: bool,
}

impl Link {
    /// Not connected yet.
    pub(super) fn new(url: RedisUrl) -> Self {
        Self { url, state: RwLock::default(), lost: Notify::new() }
    }

    fn state(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn state_mut(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether there is a server that answers, as far as we know.
    pub(super) fn is_up(&self) -> bool {
        self.state().connection.is_some()
    }

    fn connection(&self) -> Option<(MultiplexedConnection, u64)> {
        let state = self.state();
        state.connection.clone().map(|connection| (connection, state.number))
    }

    /// Runs a script. `None` at once where there is no connection, and after [`PATIENCE`] at the latest.
    pub(super) async fn run<T: FromRedisValue>(&self, call: &ScriptInvocation<'_>) -> Option<T> {
        let (mut connection, number) = self.connection()?;
        match timeout(PATIENCE, call.invoke_async(&mut connection)).await {
            Ok(Ok(answer)) => return Some(answer),
            Ok(Err(error)) => self.lose(number, &error),
            Err(_) => self.lose(number, &format_args!("no answer within {} ms", PATIENCE.as_millis())),
        }
        None
    }

    /// The connection of this number is of no use any more. The log is told once.
    fn lose(&self, number: u64, why: &dyn Display) {
        let mut state = self.state_mut();
        if state.number != number || state.connection.take().is_none() {
            return;
        }
        self.tell(&mut state, why);
        drop(state);
        self.lost.notify_one();
    }

    fn tell(&self, state: &mut State, why: &dyn Display) {
        if !std::mem::replace(&mut state.told, true) {
            tracing::warn!(redis = %self.url, error = %why, "Redis is of no use: until it is, this node limits requests and sign-ins by itself");
        }
    }

    /// Connects, if that can be done in a second; else the log is told, unless it knows.
    pub(super) async fn connect(&self, scripts: &[&Script], probe: &ScriptInvocation<'_>) {
        let outcome = self.reach(scripts, probe).await;
        let mut state = self.state_mut();
        match outcome {
            Ok(connection) => {
                *state = State { connection: Some(connection), number: state.number + 1, told: false };
                tracing::info!(redis = %self.url, "limits are shared by all nodes");
            }
            Err(why) => self.tell(&mut state, &why),
        }
    }

    /// A connection, or why there is none. The server is there when it has the scripts and does what `probe` asks as quickly as a request wants it.
    pub(super) async fn reach(&self, scripts: &[&Script], probe: &ScriptInvocation<'_>) -> Result<MultiplexedConnection, String> {
        let connected = timeout(CONNECTING, self.dial(scripts)).await;
        let connected = connected.map_err(|_| format!("no connection within {} ms", CONNECTING.as_millis()))?;
        let mut connection = connected.map_err(|error| error.to_string())?;
        let answered = timeout(PATIENCE, probe.invoke_async::<redis::Value>(&mut connection)).await;
        let answered = answered.map_err(|_| format!("no answer within {} ms", PATIENCE.as_millis()))?;
        answered.map(|_| connection).map_err(|error| error.to_string())
    }

    async fn dial(&self, scripts: &[&Script]) -> RedisResult<MultiplexedConnection> {
        let client = redis::Client::open(self.url.info())?;
        let config = AsyncConnectionConfig::new().set_connection_timeout(None).set_response_timeout(None).set_pipeline_buffer_size(WAITING);
        let mut connection = client.get_multiplexed_async_connection_with_config(&config).await?;
        for script in scripts {
            script.load_async(&mut connection).await?;
        }
        Ok(connection)
    }

    /// Looks after the connection for ever: makes it anew a second after it was lost, and again each second until that is done.
    pub(super) async fn keep(&self, scripts: &[&Script], probe: &ScriptInvocation<'_>) {
        loop {
            if !self.is_up() {
                sleep(REST).await;
                self.connect(scripts, probe).await;
            } else if timeout(LOOK, self.lost.notified()).await.is_err() {
                self.look().await;
            }
        }
    }

    async fn look(&self) {
        let Some((mut connection, number)) = self.connection() else { return };
        match timeout(CONNECTING, redis::cmd("PING").query_async::<()>(&mut connection)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => self.lose(number, &error),
            Err(_) => self.lose(number, &format_args!("no answer within {} ms", CONNECTING.as_millis())),
        }
    }
}
