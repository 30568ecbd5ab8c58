//! What bugtome is measured against: the hot requests written by hand over axum and rusqlite, `by-hand DATABASE ADDRESS BASE-URL`.
//! The same schema and layout, the same checks in the same order, the same rows and the same bytes; no structure, as fast as we could.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io::Write;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use axum::routing::get;
use rusqlite::{Connection, OpenFlags, OptionalExtension, params};
use sha2::{Digest, Sha256};
use tokio::sync::oneshot;
use uuid::Uuid;

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

const STATUSES: [&str; 4] = ["open", "in_progress", "resolved", "closed"];
const PRIORITIES: [&str; 4] = ["low", "medium", "high", "critical"];
const KINDS: [&str; 3] = ["user", "project_token", "imported"];
const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const LIMIT: u32 = 1_000_000_000;

struct Service {
    file: String,
    base_url: String,
    windows: Vec<Mutex<HashMap<[u8; 16], (Instant, i64, u32)>>>,
    uses: Mutex<HashMap<[u8; 16], i64>>,
    requests: AtomicU64,
    writer: mpsc::Sender<Job>,
}

struct Judged {
    token: [u8; 16],
    user: Option<[u8; 16]>,
    own_project: Option<[u8; 16]>,
    scopes: i64,
    life: Option<i64>,
    chain: [u8; 16],
    project: Option<[u8; 16]>,
    serial: i64,
    code: String,
    archived: bool,
    deleted: bool,
    organization: Option<[u8; 16]>,
    policy: Option<i64>,
    role: Option<i64>,
}

type Refusal = StatusCode;

thread_local! {
    static READER: RefCell<Option<Connection>> = const { RefCell::new(None) };
}

fn now() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |span| span.as_micros())).unwrap_or(0)
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

/// The token's digest, if its form and checksum are right.
fn digest(headers: &HeaderMap) -> Option<[u8; 32]> {
    let token = headers.get("authorization")?.to_str().ok()?.strip_prefix("Bearer ")?;
    let body = token.strip_prefix("pk_bt1").or_else(|| token.strip_prefix("proj_bt1"))?;
    if body.len() != 38 || !body.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    let (checked, sum) = token.split_at(token.len() - 6);
    let mut rest = crc32fast::hash(checked.as_bytes());
    for byte in sum.bytes().rev() {
        if byte != ALPHABET[(rest % 62) as usize] {
            return None;
        }
        rest /= 62;
    }
    Some(Sha256::digest(token).into())
}

fn judge(db: &Connection, digest: &[u8; 32], project: Option<[u8; 16]>, organization: Option<[u8; 16]>, now: i64) -> Result<Judged, Refusal> {
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
            let dead = expires.is_some_and(|end| end <= now) || stops.is_some_and(|end| end <= now) || revoked.is_some() || disabled.is_some();
            let lost = judged.own_project.is_some() && (judged.archived || judged.deleted || !within(&judged));
            Ok((!dead && !lost).then_some(judged))
        })
        .optional()
        .expect("judged");
    judged.flatten().ok_or(StatusCode::UNAUTHORIZED)
}

fn within(judged: &Judged) -> bool {
    judged.policy.is_none_or(|longest| judged.life.is_some_and(|life| life <= longest))
}

/// The role in the project that was judged along, if it is reached.
fn role(judged: &Judged, project: [u8; 16]) -> Result<i64, Refusal> {
    if judged.project != Some(project) || judged.deleted || !within(judged) {
        return Err(StatusCode::FORBIDDEN);
    }
    if judged.user.is_some() { judged.role.ok_or(StatusCode::FORBIDDEN) } else { Ok(2) }
}

impl Service {
    fn count(&self, chain: [u8; 16]) -> (u32, i64, i64) {
        let shard = usize::from(chain[15]) % self.windows.len();
        let mut windows = self.windows[shard].lock().expect("a lock");
        let moment = Instant::now();
        let window = windows.entry(chain).or_insert_with(|| (moment, now() / 1_000_000 + 3_600, 0));
        if moment.duration_since(window.0) >= Duration::from_secs(3_600) {
            *window = (moment, now() / 1_000_000 + 3_600, 0);
        }
        window.2 += 1;
        (LIMIT - window.2, window.1, 3_600 - i64::try_from(moment.duration_since(window.0).as_secs()).unwrap_or(0))
    }

    fn finish(&self, status: StatusCode, body: Vec<u8>, standing: (u32, i64, i64), extra: &[(&'static str, String)]) -> Response<Body> {
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        let mut set = |name: &'static str, value: &str| {
            headers.insert(HeaderName::from_static(name), HeaderValue::from_str(value).expect("a header"));
        };
        set("content-type", "application/json");
        for (name, value) in extra {
            set(name, value);
        }
        let (remaining, reset, seconds) = standing;
        set("x-ratelimit-limit", itoa::Buffer::new().format(LIMIT));
        set("x-ratelimit-remaining", itoa::Buffer::new().format(remaining));
        set("x-ratelimit-reset", itoa::Buffer::new().format(reset));
        set("ratelimit-policy", &format!("\"default\";q={LIMIT};w=3600"));
        set("ratelimit", &format!("\"default\";r={remaining};t={seconds}"));
        headers.insert("access-control-allow-origin", HeaderValue::from_static("*"));
        headers.insert("access-control-expose-headers", HeaderValue::from_static(EXPOSED));
        let id = self.requests.fetch_add(1, Ordering::Relaxed);
        headers.insert("x-request-id", HeaderValue::from_str(&format!("{:016x}{id:016x}", 0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(id + 1))).expect("a header"));
        response
    }

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

const EXPOSED: &str = "X-Total-Count, X-Total-Pages, X-Current-Page, X-Total-Count-Exact, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, RateLimit, RateLimit-Policy, Link, ETag, Retry-After, WWW-Authenticate, X-Token-Expires-At, X-Request-Id";

fn text(out: &mut Vec<u8>, text: &str) {
    serde_json::to_writer(out, text).expect("text");
}

fn optional(out: &mut Vec<u8>, value: Option<&str>) {
    match value {
        Some(value) => text(out, value),
        None => out.extend_from_slice(b"null"),
    }
}

fn uuid(out: &mut Vec<u8>, bytes: &[u8]) {
    let mut buffer = Uuid::encode_buffer();
    let text = Uuid::from_slice(bytes).expect("a uuid").as_hyphenated().encode_lower(&mut buffer);
    out.extend_from_slice(text.as_bytes());
}

/// RFC 3339 with six decimals, by the days-from-civil algorithm turned round.
fn time(out: &mut Vec<u8>, micros: i64) {
    let (days, rest) = (micros.div_euclid(86_400_000_000), micros.rem_euclid(86_400_000_000));
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1_460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let (day, month) = (doy - (153 * mp + 2) / 5 + 1, if mp < 10 { mp + 3 } else { mp - 9 });
    let year = yoe + era * 400 + i64::from(month <= 2);
    let (hour, minute, second, fraction) = (rest / 3_600_000_000, rest / 60_000_000 % 60, rest / 1_000_000 % 60, rest % 1_000_000);
    let mut digits = *b"\"0000-00-00T00:00:00.000000Z\"";
    for (at, width, mut value) in [(1, 4, year), (6, 2, month), (9, 2, day), (12, 2, hour), (15, 2, minute), (18, 2, second), (21, 6, fraction)] {
        for place in (at..at + width).rev() {
            digits[place] = b'0' + u8::try_from(value % 10).unwrap_or(0);
            value /= 10;
        }
    }
    out.extend_from_slice(&digits);
}

fn person(out: &mut Vec<u8>, row: &rusqlite::Row<'_>, at: usize, hides: bool) -> rusqlite::Result<()> {
    let Some(id) = row.get_ref(at)?.as_blob_or_null()? else {
        out.extend_from_slice(b"null");
        return Ok(());
    };
    let kind = usize::try_from(row.get::<_, i64>(at + 1)?).unwrap_or(0);
    out.extend_from_slice(b"{\"id\":");
    if kind == 2 {
        out.extend_from_slice(b"null");
    } else {
        out.push(b'"');
        uuid(out, id);
        out.push(b'"');
    }
    out.extend_from_slice(b",\"name\":");
    text(out, row.get_ref(at + 2)?.as_str()?);
    out.extend_from_slice(b",\"email\":");
    optional(out, row.get_ref(at + 3)?.as_str_or_null()?.filter(|_| !hides));
    out.extend_from_slice(b",\"kind\":\"");
    out.extend_from_slice(KINDS[kind].as_bytes());
    out.extend_from_slice(b"\"}");
    Ok(())
}

/// A ticket straight from its row.
fn ticket(out: &mut Vec<u8>, row: &rusqlite::Row<'_>, base_url: &str, hides: bool) -> rusqlite::Result<()> {
    let id = row.get_ref(1)?.as_blob()?;
    let project = row.get_ref(3)?.as_blob()?;
    out.extend_from_slice(b"{\"id\":\"");
    uuid(out, id);
    out.extend_from_slice(b"\",\"code\":\"");
    out.extend_from_slice(row.get_ref(4)?.as_str()?.as_bytes());
    let number: i64 = row.get(5)?;
    let mut buffer = itoa::Buffer::new();
    let digits = buffer.format(number).as_bytes();
    out.push(b'-');
    out.extend_from_slice(digits);
    out.extend_from_slice(b"\",\"number\":");
    out.extend_from_slice(digits);
    for (name, at) in [("title", 15), ("given", 16), ("when", 17), ("then", 18)] {
        let _ = write!(out, ",\"{name}\":");
        text(out, row.get_ref(at)?.as_str()?);
    }
    out.extend_from_slice(b",\"notes\":");
    optional(out, row.get_ref(19)?.as_str_or_null()?);
    out.extend_from_slice(b",\"status\":\"");
    out.extend_from_slice(STATUSES[usize::try_from(row.get::<_, i64>(6)?).unwrap_or(0)].as_bytes());
    out.extend_from_slice(b"\",\"priority\":\"");
    out.extend_from_slice(PRIORITIES[usize::try_from(row.get::<_, i64>(7)?).unwrap_or(0)].as_bytes());
    out.extend_from_slice(b"\",\"organization_id\":\"");
    uuid(out, row.get_ref(2)?.as_blob()?);
    out.extend_from_slice(b"\",\"project_id\":\"");
    uuid(out, project);
    out.extend_from_slice(b"\",\"reporter\":");
    person(out, row, 20, hides)?;
    out.extend_from_slice(b",\"assignee\":");
    person(out, row, 24, hides)?;
    out.extend_from_slice(b",\"comments_count\":");
    out.extend_from_slice(itoa::Buffer::new().format(row.get::<_, i64>(10)?).as_bytes());
    out.extend_from_slice(b",\"external_key\":");
    optional(out, row.get_ref(14)?.as_str_or_null()?);
    out.extend_from_slice(b",\"url\":\"");
    out.extend_from_slice(base_url.as_bytes());
    out.extend_from_slice(b"/workspace/projects/");
    uuid(out, project);
    out.extend_from_slice(b"/tickets/");
    uuid(out, id);
    out.extend_from_slice(b"\",\"created_at\":");
    time(out, row.get(11)?);
    out.extend_from_slice(b",\"updated_at\":");
    time(out, row.get(12)?);
    out.push(b'}');
    Ok(())
}

fn refuse(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

/// `GET /api/v1/tickets?project_id=…`
async fn list(State(service): State<Arc<Service>>, headers: HeaderMap, RawQuery(query): RawQuery) -> Response<Body> {
    let Some(digest) = digest(&headers) else { return refuse(StatusCode::UNAUTHORIZED) };
    let query = query.unwrap_or_default();
    let Some(project) = query.strip_prefix("project_id=").and_then(|id| Uuid::try_parse(id).ok()) else { return refuse(StatusCode::BAD_REQUEST) };
    let project = *project.as_bytes();
    let outcome: Result<_, Refusal> = service.read(|db| {
        let judged = judge(db, &digest, Some(project), None, now())?;
        let standing = service.count(judged.chain);
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
            service.uses.lock().expect("a lock").insert(token, now());
            let mut extra = vec![
                ("x-total-count", total.to_string()),
                ("x-total-pages", ((total + 24) / 25).to_string()),
                ("x-current-page", "1".to_owned()),
            ];
            if let Some((value, id)) = last {
                let id = Uuid::from_bytes(id);
                extra.push(("link", format!("</api/v1/tickets?{query}&cursor=-created_at.{value}.{}>; rel=\"next\"", id.simple())));
            }
            service.finish(StatusCode::OK, out, standing, &extra)
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
        let standing = service.count(judged.chain);
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
            service.uses.lock().expect("a lock").insert(token, now());
            service.finish(StatusCode::OK, out, standing, &[("etag", tag)])
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
        let standing = service.count(judged.chain);
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
            service.uses.lock().expect("a lock").insert(token, now());
            service.finish(StatusCode::CREATED, out, standing, &[("etag", "\"1-0\"".to_owned()), ("location", location)])
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
    let mut all = std::collections::BTreeSet::from([format!("_p{serial}"), format!("_o{}", Uuid::from_slice(organization).expect("a uuid").simple())]);
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
        .prepare_cached("UPDATE project_counters SET last_number = last_number + 1, open = open + 1 WHERE project_id = ?1 RETURNING last_number")
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
            key, id, organization, project, number, i64::try_from(priority).unwrap_or(1), judged.token, now, draft.title.trim(), draft.given.trim(),
            draft.when.trim(), draft.then.trim(), draft.notes
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
    let service = Arc::new(Service {
        file: file.clone(),
        base_url: base_url.clone(),
        windows: (0..64).map(|_| Mutex::default()).collect(),
        uses: Mutex::default(),
        requests: AtomicU64::new(0),
        writer,
    });
    let router = Router::new().route("/api/v1/tickets", get(list).post(create)).route("/api/v1/tickets/{id}", get(one)).with_state(service);
    bench_listen::serve(address.parse::<SocketAddr>().expect("an address"), router).await;
}

#[path = "../listen.rs"]
mod bench_listen;
