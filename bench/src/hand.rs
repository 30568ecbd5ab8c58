//! What the two services by hand share: the form of a token, the checks of its row, the count against the limit, the headers, and the JSON.
//! The databases are in `by_hand` and `by_hand_postgres`.

use std::collections::HashMap;
use std::io::Write;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use sha2::{Digest, Sha256};
use uuid::Uuid;

pub const STATUSES: [&str; 4] = ["open", "in_progress", "resolved", "closed"];
pub const PRIORITIES: [&str; 4] = ["low", "medium", "high", "critical"];
pub const KINDS: [&str; 3] = ["user", "project_token", "imported"];
const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const LIMIT: u32 = 1_000_000_000;

pub struct Judged {
    pub token: [u8; 16],
    pub user: Option<[u8; 16]>,
    pub own_project: Option<[u8; 16]>,
    pub scopes: i64,
    pub life: Option<i64>,
    pub chain: [u8; 16],
    pub project: Option<[u8; 16]>,
    pub serial: i64,
    pub code: String,
    pub archived: bool,
    pub deleted: bool,
    pub organization: Option<[u8; 16]>,
    pub policy: Option<i64>,
    pub role: Option<i64>,
}

pub type Refusal = StatusCode;

impl Judged {
    /// The row, unless the token is worth nothing.
    pub fn alive(self, ends: [Option<i64>; 4], now: i64) -> Option<Self> {
        let [expires, stops, revoked, disabled] = ends;
        let dead = expires.is_some_and(|end| end <= now) || stops.is_some_and(|end| end <= now) || revoked.is_some() || disabled.is_some();
        let lost = self.own_project.is_some() && (self.archived || self.deleted || !within(&self));
        (!dead && !lost).then_some(self)
    }
}

pub fn now() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |span| span.as_micros())).unwrap_or(0)
}

/// The token's digest, if its form and checksum are right.
pub fn digest(headers: &HeaderMap) -> Option<[u8; 32]> {
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

pub fn within(judged: &Judged) -> bool {
    judged.policy.is_none_or(|longest| judged.life.is_some_and(|life| life <= longest))
}

/// The role in the project that was judged along, if it is reached.
pub fn role(judged: &Judged, project: [u8; 16]) -> Result<i64, Refusal> {
    if judged.project != Some(project) || judged.deleted || !within(judged) {
        return Err(StatusCode::FORBIDDEN);
    }
    if judged.user.is_some() { judged.role.ok_or(StatusCode::FORBIDDEN) } else { Ok(2) }
}

/// What is kept in memory: windows of the limit, last uses, a number for each request.
pub struct Counts {
    windows: Vec<Mutex<HashMap<[u8; 16], (Instant, i64, u32)>>>,
    uses: Mutex<HashMap<[u8; 16], i64>>,
    requests: AtomicU64,
}

impl Default for Counts {
    fn default() -> Self {
        Self { windows: (0..64).map(|_| Mutex::default()).collect(), uses: Mutex::default(), requests: AtomicU64::new(0) }
    }
}

impl Counts {
    pub fn used(&self, token: [u8; 16]) {
        self.uses.lock().expect("a lock").insert(token, now());
    }

    pub fn count(&self, chain: [u8; 16]) -> (u32, i64, i64) {
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

    pub fn finish(&self, status: StatusCode, body: Vec<u8>, standing: (u32, i64, i64), extra: &[(&'static str, String)]) -> Response<Body> {
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
        headers.insert(
            "x-request-id",
            HeaderValue::from_str(&format!("{:016x}{id:016x}", 0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(id + 1))).expect("a header"),
        );
        response
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
    for (at, width, mut value) in
        [(1, 4, year), (6, 2, month), (9, 2, day), (12, 2, hour), (15, 2, minute), (18, 2, second), (21, 6, fraction)]
    {
        for place in (at..at + width).rev() {
            digits[place] = b'0' + u8::try_from(value % 10).unwrap_or(0);
            value /= 10;
        }
    }
    out.extend_from_slice(&digits);
}

/// A person beside a ticket.
pub struct Person<'a> {
    pub id: &'a [u8],
    pub kind: i64,
    pub name: &'a str,
    pub email: Option<&'a str>,
}

fn person(out: &mut Vec<u8>, person: Option<&Person<'_>>, hides: bool) {
    let Some(person) = person else {
        out.extend_from_slice(b"null");
        return;
    };
    let kind = usize::try_from(person.kind).unwrap_or(0);
    out.extend_from_slice(b"{\"id\":");
    if kind == 2 {
        out.extend_from_slice(b"null");
    } else {
        out.push(b'"');
        uuid(out, person.id);
        out.push(b'"');
    }
    out.extend_from_slice(b",\"name\":");
    text(out, person.name);
    out.extend_from_slice(b",\"email\":");
    optional(out, person.email.filter(|_| !hides));
    out.extend_from_slice(b",\"kind\":\"");
    out.extend_from_slice(KINDS[kind].as_bytes());
    out.extend_from_slice(b"\"}");
}

/// A ticket, borrowed from its row.
pub struct Ticket<'a> {
    pub id: &'a [u8],
    pub organization: &'a [u8],
    pub project: &'a [u8],
    pub code: &'a str,
    pub number: i64,
    pub status: i64,
    pub priority: i64,
    pub comments_count: i64,
    pub created_at: i64,
    pub updated_at: i64,
    pub external_key: Option<&'a str>,
    pub texts: [&'a str; 4],
    pub notes: Option<&'a str>,
    pub reporter: Option<Person<'a>>,
    pub assignee: Option<Person<'a>>,
}

/// Writes the ticket straight from its row.
pub fn write_ticket(out: &mut Vec<u8>, row: &Ticket<'_>, base_url: &str, hides: bool) {
    out.extend_from_slice(b"{\"id\":\"");
    uuid(out, row.id);
    out.extend_from_slice(b"\",\"code\":\"");
    out.extend_from_slice(row.code.as_bytes());
    let mut buffer = itoa::Buffer::new();
    let digits = buffer.format(row.number).as_bytes();
    out.push(b'-');
    out.extend_from_slice(digits);
    out.extend_from_slice(b"\",\"number\":");
    out.extend_from_slice(digits);
    for (name, value) in ["title", "given", "when", "then"].into_iter().zip(row.texts) {
        let _ = write!(out, ",\"{name}\":");
        text(out, value);
    }
    out.extend_from_slice(b",\"notes\":");
    optional(out, row.notes);
    out.extend_from_slice(b",\"status\":\"");
    out.extend_from_slice(STATUSES[usize::try_from(row.status).unwrap_or(0)].as_bytes());
    out.extend_from_slice(b"\",\"priority\":\"");
    out.extend_from_slice(PRIORITIES[usize::try_from(row.priority).unwrap_or(0)].as_bytes());
    out.extend_from_slice(b"\",\"organization_id\":\"");
    uuid(out, row.organization);
    out.extend_from_slice(b"\",\"project_id\":\"");
    uuid(out, row.project);
    out.extend_from_slice(b"\",\"reporter\":");
    person(out, row.reporter.as_ref(), hides);
    out.extend_from_slice(b",\"assignee\":");
    person(out, row.assignee.as_ref(), hides);
    out.extend_from_slice(b",\"comments_count\":");
    out.extend_from_slice(itoa::Buffer::new().format(row.comments_count).as_bytes());
    out.extend_from_slice(b",\"external_key\":");
    optional(out, row.external_key);
    out.extend_from_slice(b",\"url\":\"");
    out.extend_from_slice(base_url.as_bytes());
    out.extend_from_slice(b"/workspace/projects/");
    uuid(out, row.project);
    out.extend_from_slice(b"/tickets/");
    uuid(out, row.id);
    out.extend_from_slice(b"\",\"created_at\":");
    time(out, row.created_at);
    out.extend_from_slice(b",\"updated_at\":");
    time(out, row.updated_at);
    out.push(b'}');
}

/// The headers of a list's first page: totals, and where it goes on.
pub fn page_headers(query: &str, total: i64, last: Option<(i64, [u8; 16])>) -> Vec<(&'static str, String)> {
    let mut headers =
        vec![("x-total-count", total.to_string()), ("x-total-pages", ((total + 24) / 25).to_string()), ("x-current-page", "1".to_owned())];
    if let Some((value, id)) = last {
        let id = Uuid::from_bytes(id);
        headers.push(("link", format!("</api/v1/tickets?{query}&cursor=-created_at.{value}.{}>; rel=\"next\"", id.simple())));
    }
    headers
}

pub fn refuse(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}
