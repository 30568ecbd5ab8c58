//! What bugtome is measured against: the hot requests written by hand over axum and rusqlite, `by-hand DATABASE ADDRESS BASE-URL`.
//! The same schema and layout, the same checks in the same order, the same rows and the same bytes; no structure, as fast as we could.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, Response, StatusCode};
use axum::routing::get;
use rusqlite::{Connection, OpenFlags, OptionalExtension, params};
use tokio::sync::oneshot;
use uuid::Uuid;

use hand::{Counts, Judged, PRIORITIES, Person, Refusal, Ticket, digest, now, page_headers, refuse, role, write_ticket};

/// The columns of a ticket with its people, as the product reads them.
const TICKET: &str = "SELECT k.key, k.id, k.organization_id, k.project_id, p.code, k.number, k.status, k.priority, k.version,
    k.comments_version, k.comments_count, k.created_at, k.updated_at, k.deleted_at, k.external_key, k.title, k.given_text, k.when_text,
    k.then_text, k.notes, r.id, r.kind, r.name, r.email, a.id, a.kind, a.name, a.email
    FROM tickets k JOIN projects p ON p.id = k.project_id LEFT JOIN persons r ON r.id = k.reporter_id
    LEFT JOIN persons a ON a.id = k.assignee_id";

const JUDGED: &str = "SELECT t.id, t.user_id, t.project_id, t.scopes, t.life, t.expires_at, t.chain_id, t.stops_at, t.revoked_at,
    u.disabled_at, p.id, p.serial, p.code, p.archived_at, p.deleted_at, o.id, o.max_token_life, m.role
    FROM tokens t LEFT JOIN users u ON u.id = t.user_id LEFT JOIN projects p ON p.id = coalesce(t.project_id, ?2)
    LEFT JOIN organizations o ON o.id = coalesce(p.organization_id, ?3)
    LEFT JOIN members m ON m.organization_id = o.id AND m.user_id = t.user_id WHERE t.digest = ?1";

struct Service {
    file: String,
    base_url: String,
    counts: Counts,
    writer: mpsc::Sender<Job>,
}

thread_local! {
    static READER: RefCell<Option<Connection>> = const { RefCell::new(None) };
}

fn open(file: &str, write: bool) -> Connection {
    let flags = if write { OpenFlags::SQLITE_OPEN_READ_WRITE } else { OpenFlags::SQLITE_OPEN_READ_ONLY };
    let connection = Connection::open_with_flags(file, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX).expect("the database opens");
    connection.set_prepared_statement_cache_capacity(64);
    let pragmas = "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA mmap_size = 268435456; PRAGMA busy_timeout = 5000;";
    connection.set_db_config(rusqlite::config::DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).expect("stable plans");
    connection.execute_batch(pragmas).expect("pragmas");
    connection
}

fn judge(
    db: &Connection,
    digest: &[u8; 32],
    project: Option<[u8; 16]>,
    organization: Option<[u8; 16]>,
    now: i64,
) -> Result<Judged, Refusal> {
    let mut statement = db.prepare_cached(JUDGED).expect("prepared");
    let judged = statement
        .query_row(params![digest, project, organization], |row| {
            let expires: Option<i64> = row.get(5)?;
            let stops: Option<i64> = row.get(7)?;
            let revoked: Option<i64> = row.get(8)?;
            let disabled: Option<i64> = row.get(9)?;
            let judged = Judged {
                token: row.get(0)?,
                user: row.get(1)?,
                own_project: row.get(2)?,
                scopes: row.get(3)?,
                life: row.get(4)?,
                chain: row.get(6)?,
                project: row.get(10)?,
                serial: row.get::<_, Option<i64>>(11)?.unwrap_or(0),
                code: row.get::<_, Option<String>>(12)?.unwrap_or_default(),
                archived: row.get::<_, Option<i64>>(13)?.is_some(),
                deleted: row.get::<_, Option<i64>>(14)?.is_some(),
                organization: row.get(15)?,
                policy: row.get(16)?,
                role: row.get(17)?,
            };
            Ok(judged.alive([expires, stops, revoked, disabled], now))
        })
        .optional()
        .expect("judged");
    judged.flatten().ok_or(StatusCode::UNAUTHORIZED)
}

impl Service {
    fn read<T>(&self, work: impl FnOnce(&Connection) -> T) -> T {
        READER.with_borrow_mut(|reader| {
            let db = reader.get_or_insert_with(|| open(&self.file, false));
            db.prepare_cached("BEGIN").and_then(|mut begin| begin.execute([])).expect("begin");
            let answer = work(db);
            db.prepare_cached("COMMIT").and_then(|mut commit| commit.execute([])).expect("commit");
            answer
        })
    }
}

fn person<'a>(row: &'a rusqlite::Row<'_>, at: usize) -> rusqlite::Result<Option<Person<'a>>> {
    let Some(id) = row.get_ref(at)?.as_blob_or_null()? else { return Ok(None) };
    Ok(Some(Person { id, kind: row.get(at + 1)?, name: row.get_ref(at + 2)?.as_str()?, email: row.get_ref(at + 3)?.as_str_or_null()? }))
}

/// A ticket straight from its row.
fn ticket(out: &mut Vec<u8>, row: &rusqlite::Row<'_>, base_url: &str, hides: bool) -> rusqlite::Result<()> {
    let ticket = Ticket {
        id: row.get_ref(1)?.as_blob()?,
        organization: row.get_ref(2)?.as_blob()?,
        project: row.get_ref(3)?.as_blob()?,
        code: row.get_ref(4)?.as_str()?,
        number: row.get(5)?,
        status: row.get(6)?,
        priority: row.get(7)?,
        comments_count: row.get(10)?,
        created_at: row.get(11)?,
        updated_at: row.get(12)?,
        external_key: row.get_ref(14)?.as_str_or_null()?,
        texts: [row.get_ref(15)?.as_str()?, row.get_ref(16)?.as_str()?, row.get_ref(17)?.as_str()?, row.get_ref(18)?.as_str()?],
        notes: row.get_ref(19)?.as_str_or_null()?,
        reporter: person(row, 20)?,
        assignee: person(row, 24)?,
    };
    write_ticket(out, &ticket, base_url, hides);
    Ok(())
}

/// `GET /api/v1/tickets?project_id=…`
async fn list(State(service): State<Arc<Service>>, headers: HeaderMap, RawQuery(query): RawQuery) -> Response<Body> {
    let Some(digest) = digest(&headers) else { return refuse(StatusCode::UNAUTHORIZED) };
    let query = query.unwrap_or_default();
    let Some(project) = query.strip_prefix("project_id=").and_then(|id| Uuid::try_parse(id).ok()) else {
        return refuse(StatusCode::BAD_REQUEST);
    };
    let project = *project.as_bytes();
    let outcome: Result<_, Refusal> = service.read(|db| {
        let judged = judge(db, &digest, Some(project), None, now())?;
        let standing = service.counts.count(judged.chain);
        if judged.scopes & 1 == 0 {
            return Err(StatusCode::FORBIDDEN);
        }
        role(&judged, project)?;
        let organization = judged.organization;
        let mut out = Vec::with_capacity(24_000);
        let mut statement = db
            .prepare_cached(&format!("{TICKET} WHERE k.project_id = ?1 AND +k.organization_id = ?2 AND k.deleted_at IS NULL ORDER BY k.created_at DESC, k.id DESC LIMIT ?3 OFFSET ?4"))
            .expect("prepared");
        let mut rows = statement.query(params![project, organization, 26, 0]).expect("rows");
        let (mut count, mut last, mut more) = (0, (0_i64, [0_u8; 16]), false);
        out.push(b'[');
        while let Some(row) = rows.next().expect("a row") {
            if count == 25 {
                more = true;
                break;
            }
            if count > 0 {
                out.push(b',');
            }
            ticket(&mut out, row, &service.base_url, judged.own_project.is_some()).expect("a ticket");
            last = (row.get(11).expect("a time"), row.get(1).expect("an id"));
            count += 1;
        }
        out.push(b']');
        let mut counters = db.prepare_cached("SELECT open, in_progress, resolved, closed FROM project_counters WHERE project_id = ?1").expect("prepared");
        let total: i64 = counters
            .query_row([project], |row| Ok(row.get::<_, i64>(0)? + row.get::<_, i64>(1)? + row.get::<_, i64>(2)? + row.get::<_, i64>(3)?))
            .expect("counters");
        Ok((judged.token, standing, out, total, more.then_some(last)))
    });
    match outcome {
        Err(status) => refuse(status),
        Ok((token, standing, out, total, last)) => {
            service.counts.used(token);
            let extra = page_headers(&query, total, last);
            service.counts.finish(StatusCode::OK, out, standing, &extra)
        }
    }
}

/// `GET /api/v1/tickets/{id}`
async fn one(State(service): State<Arc<Service>>, headers: HeaderMap, Path(id): Path<String>) -> Response<Body> {
    let Some(digest) = digest(&headers) else { return refuse(StatusCode::UNAUTHORIZED) };
    let Ok(id) = Uuid::try_parse(&id) else { return refuse(StatusCode::NOT_FOUND) };
    let id = *id.as_bytes();
    let outcome: Result<_, Refusal> = service.read(|db| {
        let judged = judge(db, &digest, None, None, now())?;
        let standing = service.counts.count(judged.chain);
        if judged.scopes & 1 == 0 {
            return Err(StatusCode::FORBIDDEN);
        }
        let mut reach = db
            .prepare_cached(
                "SELECT k.project_id, k.organization_id, k.deleted_at, p.archived_at, p.deleted_at, o.max_token_life, m.role
                 FROM tickets k JOIN projects p ON p.id = k.project_id JOIN organizations o ON o.id = k.organization_id
                 LEFT JOIN members m ON m.organization_id = k.organization_id AND m.user_id = ?2 WHERE k.id = ?1",
            )
            .expect("prepared");
        let reached = reach
            .query_row(params![id, judged.user], |row| {
                let gone = row.get::<_, Option<i64>>(2)?.is_some() || row.get::<_, Option<i64>>(4)?.is_some();
                let policy: Option<i64> = row.get(5)?;
                let role: Option<i64> = row.get(6)?;
                let own = judged.own_project == Some(row.get(0)?);
                let allowed = policy.is_none_or(|longest| judged.life.is_some_and(|life| life <= longest));
                Ok(!gone && allowed && (own || role.is_some()))
            })
            .optional()
            .expect("reached");
        if reached != Some(true) {
            return Err(StatusCode::NOT_FOUND);
        }
        let mut out = Vec::with_capacity(1_200);
        let mut statement = db.prepare_cached(&format!("{TICKET} WHERE k.id = ?1")).expect("prepared");
        let tag = statement
            .query_row([id], |row| {
                ticket(&mut out, row, &service.base_url, judged.own_project.is_some())?;
                Ok(format!("\"{}-{}\"", row.get::<_, i64>(8)?, row.get::<_, i64>(9)?))
            })
            .expect("a ticket");
        Ok((judged.token, standing, out, tag))
    });
    match outcome {
        Err(status) => refuse(status),
        Ok((token, standing, out, tag)) => {
            service.counts.used(token);
            service.counts.finish(StatusCode::OK, out, standing, &[("etag", tag)])
        }
    }
}

#[derive(serde::Deserialize)]
struct Wrapped {
    ticket: Draft,
}

#[derive(serde::Deserialize)]
struct Draft {
    title: String,
    given: String,
    when: String,
    then: String,
    notes: Option<String>,
    priority: Option<String>,
}

struct Job {
    digest: [u8; 32],
    draft: Draft,
    answer: oneshot::Sender<Result<(Vec<u8>, String), Refusal>>,
}

/// `POST /api/v1/tickets` with a project token.
async fn create(State(service): State<Arc<Service>>, headers: HeaderMap, body: bytes::Bytes) -> Response<Body> {
    let Some(digest) = digest(&headers) else { return refuse(StatusCode::UNAUTHORIZED) };
    let seen: Result<_, Refusal> = service.read(|db| {
        let judged = judge(db, &digest, None, None, now())?;
        let standing = service.counts.count(judged.chain);
        if judged.scopes & 2 == 0 { Err(StatusCode::FORBIDDEN) } else { Ok((judged.token, standing)) }
    });
    let (token, standing) = match seen {
        Ok(seen) => seen,
        Err(status) => return refuse(status),
    };
    if headers.get("content-type").is_none_or(|kind| kind != "application/json") {
        return refuse(StatusCode::UNSUPPORTED_MEDIA_TYPE);
    }
    let Ok(Wrapped { ticket }) = serde_json::from_slice(&body) else { return refuse(StatusCode::BAD_REQUEST) };
    let (sender, receiver) = oneshot::channel();
    if service.writer.send(Job { digest, draft: ticket, answer: sender }).is_err() {
        return refuse(StatusCode::SERVICE_UNAVAILABLE);
    }
    match receiver.await {
        Ok(Ok((out, location))) => {
            service.counts.used(token);
            service.counts.finish(StatusCode::CREATED, out, standing, &[("etag", "\"1-0\"".to_owned()), ("location", location)])
        }
        Ok(Err(status)) => refuse(status),
        Err(_) => refuse(StatusCode::SERVICE_UNAVAILABLE),
    }
}

/// Writers share one fsync: what waits is taken together, each in a savepoint.
fn write(file: &str, base_url: &str, jobs: &mpsc::Receiver<Job>) {
    let db = open(file, true);
    db.execute_batch("PRAGMA wal_autocheckpoint = 4000").expect("pragma");
    while let Ok(first) = jobs.recv() {
        db.prepare_cached("BEGIN IMMEDIATE").and_then(|mut begin| begin.execute([])).expect("begin");
        let began = Instant::now();
        let mut done = Vec::new();
        let mut next = Some(first);
        while let Some(job) = next {
            db.prepare_cached("SAVEPOINT s").and_then(|mut one| one.execute([])).expect("savepoint");
            let outcome = insert(&db, base_url, &job);
            if outcome.is_err() {
                db.prepare_cached("ROLLBACK TO s").and_then(|mut one| one.execute([])).expect("rollback");
            }
            db.prepare_cached("RELEASE s").and_then(|mut one| one.execute([])).expect("release");
            done.push((job.answer, outcome));
            next = if done.len() < 64 && began.elapsed() < Duration::from_millis(5) { jobs.try_recv().ok() } else { None };
        }
        db.prepare_cached("COMMIT").and_then(|mut commit| commit.execute([])).expect("commit");
        for (answer, outcome) in done {
            let _ = answer.send(outcome);
        }
    }
}

fn words(code: &str, number: i64, serial: i64, organization: &[u8], draft: &Draft) -> String {
    let mut all = std::collections::BTreeSet::from([
        format!("_p{serial}"),
        format!("_o{}", Uuid::from_slice(organization).expect("a uuid").simple()),
    ]);
    for text in [&draft.title, &draft.given, &draft.when, &draft.then, draft.notes.as_ref().unwrap_or(&String::new()), &code.to_owned()] {
        for word in text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
            all.insert(word.to_lowercase());
        }
    }
    all.insert(number.to_string());
    all.into_iter().collect::<Vec<_>>().join(" ")
}

fn insert(db: &Connection, base_url: &str, job: &Job) -> Result<(Vec<u8>, String), Refusal> {
    let now = now();
    let judged = judge(db, &job.digest, None, None, now)?;
    let project = judged.own_project.ok_or(StatusCode::UNPROCESSABLE_ENTITY)?;
    role(&judged, project)?;
    let draft = &job.draft;
    let lengths = [(&draft.title, 1, 200), (&draft.given, 10, 10_000), (&draft.when, 10, 10_000), (&draft.then, 10, 10_000)];
    if lengths.iter().any(|(text, least, most)| !(*least..=*most).contains(&text.trim().chars().count()) || text.contains('\0')) {
        return Err(StatusCode::UNPROCESSABLE_ENTITY);
    }
    let priority = match draft.priority.as_deref() {
        None => 1,
        Some(word) => PRIORITIES.iter().position(|one| *one == word).ok_or(StatusCode::UNPROCESSABLE_ENTITY)?,
    };
    let organization = judged.organization.ok_or(StatusCode::FORBIDDEN)?;
    let number: i64 = db
        .prepare_cached(
            "UPDATE project_counters SET last_number = last_number + 1, open = open + 1 WHERE project_id = ?1 RETURNING last_number",
        )
        .and_then(|mut one| one.query_row([project], |row| row.get(0)))
        .expect("a number");
    let key = judged.serial << 32 | number;
    let id = fresh_id(now);
    db.prepare_cached(
        "INSERT INTO tickets (key, id, organization_id, project_id, number, status, priority, version, comments_version, comments_count,
            reporter_id, assignee_id, created_at, updated_at, external_key, title, given_text, when_text, then_text, notes)
         VALUES (?1, ?2, ?3, ?4, ?5, 0, ?6, 1, 0, 0, ?7, NULL, ?8, ?8, NULL, ?9, ?10, ?11, ?12, ?13)",
    )
    .and_then(|mut one| {
        one.execute(params![
            key,
            id,
            organization,
            project,
            number,
            i64::try_from(priority).unwrap_or(1),
            judged.token,
            now,
            draft.title.trim(),
            draft.given.trim(),
            draft.when.trim(),
            draft.then.trim(),
            draft.notes
        ])
    })
    .expect("a ticket");
    db.prepare_cached("INSERT INTO ticket_words (rowid, words) VALUES (?1, ?2)")
        .and_then(|mut one| one.execute(params![key, words(&judged.code, number, judged.serial, &organization, draft)]))
        .expect("words");
    db.prepare_cached(
        "INSERT INTO events (id, organization_id, project_id, ticket_id, kind, actor_id, via, created_at, changes)
         VALUES (?1, ?2, ?3, ?4, 0, ?5, 0, ?6, '\"none\"')",
    )
    .and_then(|mut one| one.execute(params![fresh_id(now), organization, project, id, judged.token, now]))
    .expect("an event");
    let mut out = Vec::with_capacity(1_200);
    db.prepare_cached(&format!("{TICKET} WHERE k.id = ?1"))
        .and_then(|mut one| one.query_row([id], |row| ticket(&mut out, row, base_url, true)))
        .expect("the ticket");
    Ok((out, format!("/api/v1/tickets/{}", Uuid::from_bytes(id))))
}

fn fresh_id(now: i64) -> [u8; 16] {
    let mut random = [0_u8; 10];
    bugtome::app::random::Random::system().fill(&mut random);
    *uuid::Builder::from_unix_timestamp_millis(u64::try_from(now / 1_000).unwrap_or(0), &random).into_uuid().as_bytes()
}

#[tokio::main]
async fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, file, address, base_url] = &arguments[..] else { panic!("by-hand DATABASE-FILE ADDRESS BASE-URL") };
    let (writer, jobs) = mpsc::channel();
    let (wfile, wbase) = (file.clone(), base_url.clone());
    std::thread::spawn(move || write(&wfile, &wbase, &jobs));
    let service = Arc::new(Service { file: file.clone(), base_url: base_url.clone(), counts: Counts::default(), writer });
    let router = Router::new().route("/api/v1/tickets", get(list).post(create)).route("/api/v1/tickets/{id}", get(one)).with_state(service);
    bench_listen::serve(address.parse::<SocketAddr>().expect("an address"), router).await;
}

#[path = "../listen.rs"]
mod bench_listen;

#[path = "../hand.rs"]
mod hand;
