//! Two servers over one database each, SQLite and PostgreSQL, at the same time by their clocks: whoever asks one asks the other as well.
//! Answers must say the same (`alike`); what is asked stands in the stories.

mod alike;

use axum::http::{HeaderMap, Method};
use bugtome::model::time::Span;

pub use self::alike::Alike;
use crate::harness::{Answer, Browser, Client, Kind, Page, Settings, TestApp};

/// The two servers.
pub struct Twins {
    pub sqlite: TestApp,
    pub postgres: TestApp,
    pub alike: Alike,
}

/// Somebody who calls both.
#[derive(Clone)]
pub struct Caller {
    pub name: String,
    pub sqlite: Client,
    pub postgres: Client,
}

/// Somebody who visits both.
pub struct Visitor {
    pub name: String,
    pub sqlite: Browser,
    pub postgres: Browser,
}

/// What is asked, in the names of the SQLite server.
#[derive(Debug, Clone)]
pub struct Ask {
    pub method: Method,
    pub path: String,
    pub headers: Vec<(&'static str, String)>,
    /// The media type (none is said where it is empty) and the body.
    pub body: Option<(String, Vec<u8>)>,
}

impl Ask {
    pub fn get(path: impl Into<String>) -> Self {
        Self { method: Method::GET, path: path.into(), headers: Vec::new(), body: None }
    }
}

impl Twins {
    /// Starts both. Blocks, as [`TestApp::start`] does.
    pub fn start(settings: &Settings) -> Self {
        let mut twins = Self { sqlite: TestApp::start(Kind::Sqlite), postgres: TestApp::start(Kind::Postgres), alike: Alike::default() };
        twins.sqlite.restart(settings);
        twins.postgres.restart(settings);
        twins
    }

    /// Does the same on both.
    pub async fn both<T>(&self, work: impl AsyncFn(&TestApp) -> T) -> (T, T) {
        tokio::join!(work(&self.sqlite), work(&self.postgres))
    }

    /// Makes somebody who calls both.
    pub async fn caller(&self, name: impl Into<String>, work: impl AsyncFn(&TestApp) -> Client) -> Caller {
        let (sqlite, postgres) = self.both(work).await;
        Caller { name: name.into(), sqlite, postgres }
    }

    /// Lets time pass on both.
    pub fn pass(&self, span: Span) {
        self.sqlite.pass(span);
        self.postgres.pass(span);
    }

    /// Asks both, and gives the SQLite server's answer.
    ///
    /// # Errors
    /// What the answers differ in, with both of them.
    pub async fn ask(&mut self, who: &Caller, ask: &Ask) -> Result<Answer, String> {
        let there = Ask {
            path: self.alike.translate(&ask.path),
            headers: ask.headers.iter().map(|(name, value)| (*name, self.alike.translate(value))).collect(),
            body: ask.body.as_ref().map(|(media, body)| (media.clone(), self.translated(body))),
            ..ask.clone()
        };
        let (left, right) = tokio::join!(send(&who.sqlite, ask), send(&who.postgres, &there));
        let same = self.same((left.status, &left.headers, &text(&left.body)), (right.status, &right.headers, &text(&right.body)));
        same.map_err(|what| format!("{what}\n{} asked {ask:?}\n\nSQLite: {left:?}\n\nPostgreSQL: {right:?}", who.name))?;
        Ok(left)
    }

    fn translated(&self, body: &[u8]) -> Vec<u8> {
        std::str::from_utf8(body).map_or_else(|_| body.to_vec(), |text| self.alike.translate(text).into_bytes())
    }

    /// Opens a page of both, and gives the SQLite server's.
    ///
    /// # Errors
    /// As [`Twins::ask`].
    pub async fn open(&mut self, who: &Visitor, path: &str) -> Result<(Page, Page), String> {
        let there = self.alike.translate(path);
        let pages = tokio::join!(who.sqlite.get(path), who.postgres.get(&there));
        self.same_pages(who, path, pages)
    }

    /// Sends a form to both; `once` is what the form had that may be sent only once, on each of them.
    ///
    /// # Errors
    /// As [`Twins::ask`].
    pub async fn submit(
        &mut self,
        who: &Visitor,
        path: &str,
        fields: &[(&str, String)],
        once: Option<(String, String)>,
    ) -> Result<(Page, Page), String> {
        let there = self.alike.translate(path);
        let translated: Vec<_> = fields.iter().map(|(name, value)| (*name, self.alike.translate(value))).collect();
        let (left, right) = once.unzip();
        let (left, right) = (with_once(fields, left.as_deref()), with_once(&translated, right.as_deref()));
        let pages = tokio::join!(who.sqlite.post(path, &left), who.postgres.post(&there, &right));
        self.same_pages(who, &format!("{path} {fields:?}"), pages)
    }

    fn same_pages(&mut self, who: &Visitor, what: &str, (left, right): (Page, Page)) -> Result<(Page, Page), String> {
        let same = self.same((left.status, &left.headers, &left.text), (right.status, &right.headers, &right.text));
        same.map_err(|why| format!("{why}\n{} visited {what}\n\nSQLite: {left:?}\n\nPostgreSQL: {right:?}", who.name))?;
        Ok((left, right))
    }

    fn same(&mut self, left: (u16, &HeaderMap, &str), right: (u16, &HeaderMap, &str)) -> Result<(), String> {
        if left.0 != right.0 {
            return Err(format!("{} is not {}", left.0, right.0));
        }
        self.alike.compare(&headers(left.1), &headers(right.1))?;
        self.alike.compare(left.2, right.2)
    }
}

fn with_once<'a>(fields: &'a [(&'a str, String)], once: Option<&'a str>) -> Vec<(&'a str, &'a str)> {
    fields.iter().map(|(name, value)| (*name, value.as_str())).chain(once.map(|once| ("once", once))).collect()
}

async fn send(who: &Client, ask: &Ask) -> Answer {
    let mut call = who.call(ask.method.clone(), &ask.path);
    for (name, value) in &ask.headers {
        call = call.with(name, value.as_str());
    }
    match &ask.body {
        None => call.await,
        Some((media, body)) if media.is_empty() => call.untyped(body.clone()).await,
        Some((media, body)) => call.raw(media, body.clone()).await,
    }
}

fn text(body: &[u8]) -> String {
    String::from_utf8_lossy(body).into_owned()
}

/// All headers but the request's id and the page's mark; of cookies all but their values.
fn headers(headers: &HeaderMap) -> String {
    let mut lines: Vec<_> = headers
        .iter()
        .filter(|(name, _)| !matches!(name.as_str(), "x-request-id" | "bugtome-page"))
        .map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            let cookie = value.split_once('=').zip(value.split_once(';')).filter(|_| *name == "set-cookie");
            format!("{name}: {}", cookie.map_or(value.clone(), |((name, _), (_, rest))| format!("{name}; {rest}")))
        })
        .collect();
    lines.sort();
    lines.join("\n")
}
