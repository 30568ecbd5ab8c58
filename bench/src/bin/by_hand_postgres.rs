//! What bugtome on PostgreSQL is measured against: the hot reads written by hand over axum and tokio-postgres,
//! `by-hand-postgres URL ADDRESS BASE-URL`. The same schema, the same statements, prepared, in one snapshot; the same checks and the same bytes.
//!
//! A few connections on one runtime. What need not wait for an answer is sent along: `BEGIN` with the judging, the counters and `COMMIT` with the list.

use std::error::Error;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, Response, StatusCode};
use axum::routing::get;
use bytes::BytesMut;
use tokio::sync::Semaphore;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};
use tokio_postgres::{Client, NoTls, Row, Statement};
use uuid::Uuid;

use hand::{Counts, Judged, Person, Refusal, Ticket, digest, now, page_headers, refuse, role, write_ticket};

/// The columns of a ticket with its people, as the product reads them.
const TICKET: &str = "SELECT k.key, k.id, k.organization_id, k.project_id, p.code, k.number, k.status, k.priority, k.version,
    k.comments_version, k.comments_count, k.created_at, k.updated_at, k.deleted_at, k.external_key, k.title, k.given_text, k.when_text,
    k.then_text, k.notes, r.id, r.kind, r.name, r.email, a.id, a.kind, a.name, a.email";
const JOINS: &str = "JOIN projects p ON p.id = k.project_id LEFT JOIN persons r ON r.id = k.reporter_id
    LEFT JOIN persons a ON a.id = k.assignee_id";

const JUDGED: &str =
    "SELECT t.id, t.user_id, t.project_id, t.scopes, t.life, t.expires_at, t.chain_id, t.predecessor_id, t.created_at, t.used,
    t.rotated_at, t.stops_at, t.retry_key_digest, t.revoked_at, u.disabled_at,
    p.id, p.serial, p.code, p.name, p.archived_at, p.deleted_at, o.id, o.max_token_life, m.role
    FROM tokens t LEFT JOIN users u ON u.id = t.user_id LEFT JOIN projects p ON p.id = coalesce(t.project_id, $2)
    LEFT JOIN organizations o ON o.id = coalesce(p.organization_id, $3)
    LEFT JOIN members m ON m.organization_id = o.id AND m.user_id = t.user_id WHERE t.digest = $1";

const BEGIN: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// As many as the product has on two cores.
const CONNECTIONS: usize = 4;

/// An id as the protocol has it.
#[derive(Debug, Clone, Copy)]
struct Key([u8; 16]);

impl ToSql for Key {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        out.extend_from_slice(&self.0);
        Ok(IsNull::No)
    }

    fn accepts(kind: &Type) -> bool {
        *kind == Type::UUID
    }

    to_sql_checked!();
}

/// An id borrowed from a row.
struct Raw<'a>(&'a [u8]);

impl<'a> FromSql<'a> for Raw<'a> {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(raw))
    }

    fn accepts(kind: &Type) -> bool {
        *kind == Type::UUID
    }
}

fn id(row: &Row, at: usize) -> Option<[u8; 16]> {
    row.get::<_, Option<Raw<'_>>>(at).and_then(|raw| raw.0.try_into().ok())
}

struct Session {
    client: Client,
    judged: Statement,
    list: Statement,
    counters: Statement,
    one: Statement,
}

impl Session {
    async fn open(url: &str) -> Self {
        let (client, connection) = tokio_postgres::connect(url, NoTls).await.expect("a connection");
        tokio::spawn(connection);
        let list = format!(
            "{TICKET} FROM tickets k {JOINS} WHERE k.project_id = $1 AND k.organization_id = $2 AND k.deleted_at IS NULL
             ORDER BY k.created_at DESC, k.id DESC LIMIT 26"
        );
        let ticket = TICKET.trim_start_matches("SELECT ");
        let one = format!(
            "SELECT k.project_id, k.organization_id, k.deleted_at, p.archived_at, p.deleted_at, o.max_token_life, m.role, {ticket}
             FROM tickets k JOIN organizations o ON o.id = k.organization_id {JOINS}
             LEFT JOIN members m ON m.organization_id = k.organization_id AND m.user_id = $2 WHERE k.id = $1"
        );
        Self {
            judged: client.prepare(JUDGED).await.expect("prepared"),
            list: client.prepare(&list).await.expect("prepared"),
            counters: client
                .prepare("SELECT open, in_progress, resolved, closed FROM project_counters WHERE project_id = $1")
                .await
                .expect("prepared"),
            one: client.prepare(&one).await.expect("prepared"),
            client,
        }
    }

    /// Begins a snapshot and judges in it.
    async fn judge(&self, digest: &[u8; 32], project: Option<[u8; 16]>) -> Result<Judged, Refusal> {
        let (digest, project, organization) = (&digest[..], project.map(Key), None::<Key>);
        let values: [&(dyn ToSql + Sync); 3] = [&digest, &project, &organization];
        let (began, row) = tokio::join!(self.client.batch_execute(BEGIN), self.client.query_opt(&self.judged, &values));
        began.expect("begun");
        row.expect("judged").and_then(|row| judged(&row)).ok_or(StatusCode::UNAUTHORIZED)
    }

    async fn end(&self) {
        self.client.batch_execute("COMMIT").await.expect("ended");
    }
}

fn judged(row: &Row) -> Option<Judged> {
    let judged = Judged {
        token: id(row, 0)?,
        user: id(row, 1),
        own_project: id(row, 2),
        scopes: row.get(3),
        life: row.get(4),
        chain: id(row, 6)?,
        project: id(row, 15),
        serial: row.get::<_, Option<i64>>(16).unwrap_or(0),
        code: row.get::<_, Option<String>>(17).unwrap_or_default(),
        archived: row.get::<_, Option<i64>>(19).is_some(),
        deleted: row.get::<_, Option<i64>>(20).is_some(),
        organization: id(row, 21),
        policy: row.get(22),
        role: row.get(23),
    };
    judged.alive([row.get(5), row.get(11), row.get(13), row.get(14)], now())
}

fn person<'a>(row: &'a Row, at: usize) -> Option<Person<'a>> {
    let id = row.get::<_, Option<Raw<'a>>>(at)?.0;
    Some(Person { id, kind: row.get(at + 1), name: row.get(at + 2), email: row.get(at + 3) })
}

/// A ticket straight from its row, whose columns begin at `at`.
fn ticket(out: &mut Vec<u8>, row: &Row, at: usize, base_url: &str, hides: bool) {
    let raw = |place: usize| row.get::<_, Raw<'_>>(at + place).0;
    let ticket = Ticket {
        id: raw(1),
        organization: raw(2),
        project: raw(3),
        code: row.get(at + 4),
        number: row.get(at + 5),
        status: row.get(at + 6),
        priority: row.get(at + 7),
        comments_count: row.get(at + 10),
        created_at: row.get(at + 11),
        updated_at: row.get(at + 12),
        external_key: row.get(at + 14),
        texts: [row.get(at + 15), row.get(at + 16), row.get(at + 17), row.get(at + 18)],
        notes: row.get(at + 19),
        reporter: person(row, at + 20),
        assignee: person(row, at + 24),
    };
    write_ticket(out, &ticket, base_url, hides);
}

struct Service {
    base_url: String,
    counts: Counts,
    idle: Mutex<Vec<Session>>,
    free: Semaphore,
}

impl Service {
    /// Runs `work` on one of the connections.
    async fn with<T>(self: &Arc<Self>, work: impl AsyncFnOnce(&Session) -> T) -> T {
        self.free.acquire().await.expect("open").forget();
        let session = self.idle.lock().expect("a lock").pop();
        let mut held = Held { service: self, session, done: false };
        let answer = work(held.session.as_ref().expect("one for each permit")).await;
        held.done = true;
        answer
    }

    fn give_back(&self, session: Session) {
        self.idle.lock().expect("a lock").push(session);
        self.free.add_permits(1);
    }
}

/// A connection in use. A client that goes away leaves a transaction open, which has to end before anybody else gets the connection.
struct Held<'a> {
    service: &'a Arc<Service>,
    session: Option<Session>,
    done: bool,
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        let Some(session) = self.session.take() else { return };
        if self.done {
            return self.service.give_back(session);
        }
        let service = Arc::clone(self.service);
        tokio::spawn(async move {
            session.client.batch_execute("ROLLBACK").await.expect("rolled back");
            service.give_back(session);
        });
    }
}

/// `GET /api/v1/tickets?project_id=…`
async fn list(State(service): State<Arc<Service>>, headers: HeaderMap, RawQuery(query): RawQuery) -> Response<Body> {
    let Some(digest) = digest(&headers) else { return refuse(StatusCode::UNAUTHORIZED) };
    let query = query.unwrap_or_default();
    let Some(project) = query.strip_prefix("project_id=").and_then(|id| Uuid::try_parse(id).ok()) else {
        return refuse(StatusCode::BAD_REQUEST);
    };
    let project = *project.as_bytes();
    let outcome: Result<_, Refusal> = service
        .with(async |session| {
            let judged = session.judge(&digest, Some(project)).await;
            let may = judged.and_then(|judged| {
                let standing = service.counts.count(judged.chain);
                if judged.scopes & 1 == 0 {
                    return Err(StatusCode::FORBIDDEN);
                }
                role(&judged, project)?;
                let organization = judged.organization.ok_or(StatusCode::FORBIDDEN)?;
                Ok((judged, standing, organization))
            });
            let (judged, standing, organization) = match may {
                Ok(may) => may,
                Err(refusal) => {
                    session.end().await;
                    return Err(refusal);
                }
            };
            let (project, organization) = (Key(project), Key(organization));
            let values: [&(dyn ToSql + Sync); 2] = [&project, &organization];
            let counted: [&(dyn ToSql + Sync); 1] = [&project];
            let client = &session.client;
            let (rows, counters, ()) =
                tokio::join!(client.query(&session.list, &values), client.query_one(&session.counters, &counted), session.end());
            Ok((judged, standing, rows.expect("rows"), counters.expect("counters")))
        })
        .await;
    match outcome {
        Err(status) => refuse(status),
        Ok((judged, standing, rows, counters)) => {
            let mut out = Vec::with_capacity(24_000);
            out.push(b'[');
            for (count, row) in rows.iter().take(25).enumerate() {
                if count > 0 {
                    out.push(b',');
                }
                ticket(&mut out, row, 0, &service.base_url, judged.own_project.is_some());
            }
            out.push(b']');
            let last = rows.get(24).filter(|_| rows.len() > 25).and_then(|row| Some((row.get(11), id(row, 1)?)));
            let total = (0..4).map(|at| counters.get::<_, i64>(at)).sum();
            service.counts.used(judged.token);
            service.counts.finish(StatusCode::OK, out, standing, &page_headers(&query, total, last))
        }
    }
}

/// `GET /api/v1/tickets/{id}`
async fn one(State(service): State<Arc<Service>>, headers: HeaderMap, Path(id): Path<String>) -> Response<Body> {
    let Some(digest) = digest(&headers) else { return refuse(StatusCode::UNAUTHORIZED) };
    let Ok(wanted) = Uuid::try_parse(&id) else { return refuse(StatusCode::NOT_FOUND) };
    let outcome: Result<_, Refusal> = service
        .with(async |session| {
            let judged = session.judge(&digest, None).await;
            let may = judged.and_then(|judged| {
                let standing = service.counts.count(judged.chain);
                if judged.scopes & 1 == 0 { Err(StatusCode::FORBIDDEN) } else { Ok((judged, standing)) }
            });
            let (judged, standing) = match may {
                Ok(may) => may,
                Err(refusal) => {
                    session.end().await;
                    return Err(refusal);
                }
            };
            let (wanted, user) = (Key(*wanted.as_bytes()), judged.user.map(Key));
            let values: [&(dyn ToSql + Sync); 2] = [&wanted, &user];
            let (row, ()) = tokio::join!(session.client.query_opt(&session.one, &values), session.end());
            Ok((judged, standing, row.expect("a row").ok_or(StatusCode::NOT_FOUND)?))
        })
        .await;
    match outcome {
        Err(status) => refuse(status),
        Ok((judged, standing, row)) => {
            let gone = row.get::<_, Option<i64>>(2).is_some() || row.get::<_, Option<i64>>(4).is_some();
            let policy: Option<i64> = row.get(5);
            let within = policy.is_none_or(|longest| judged.life.is_some_and(|life| life <= longest));
            let own = judged.own_project.is_some() && judged.own_project == self::id(&row, 0);
            if gone || !within || !(own || row.get::<_, Option<i64>>(6).is_some()) {
                return refuse(StatusCode::NOT_FOUND);
            }
            let mut out = Vec::with_capacity(1_200);
            ticket(&mut out, &row, 7, &service.base_url, judged.own_project.is_some());
            let tag = format!("\"{}-{}\"", row.get::<_, i64>(15), row.get::<_, i64>(16));
            service.counts.used(judged.token);
            service.counts.finish(StatusCode::OK, out, standing, &[("etag", tag)])
        }
    }
}

#[tokio::main]
async fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, url, address, base_url] = &arguments[..] else { panic!("by-hand-postgres URL ADDRESS BASE-URL") };
    let mut sessions = Vec::new();
    for _ in 0..CONNECTIONS {
        sessions.push(Session::open(url).await);
    }
    let service = Arc::new(Service {
        base_url: base_url.clone(),
        counts: Counts::default(),
        idle: Mutex::new(sessions),
        free: Semaphore::new(CONNECTIONS),
    });
    let router = Router::new().route("/api/v1/tickets", get(list)).route("/api/v1/tickets/{id}", get(one)).with_state(service);
    listen::serve(address.parse::<SocketAddr>().expect("an address"), router).await;
}

#[path = "../hand.rs"]
#[expect(dead_code, reason = "filing is written by hand for SQLite alone")]
mod hand;
#[path = "../listen.rs"]
mod listen;
