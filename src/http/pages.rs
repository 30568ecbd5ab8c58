//! The way of a page's request through the door: which session, is the form ours, answer, cookies, headers.
//! Nothing here knows what a page shows, and no right is judged here: the domain's table is asked within each transaction.

use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::Request as HttpRequest;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue, Method, Response, Uri};
use axum::routing::{MethodFilter, on};

use super::answer::Answer;
use super::body;
use super::bounds::{LARGEST_BODY, LARGEST_BODY_WITHOUT_SESSION};
use super::callers::{self, Line};
use super::client::client_address;
use super::compression;
use super::cookies::{self, Name};
use super::forms::{self, Form, Keys};
use super::guard::{self, Marker};
use super::limits::network;
use super::log::{CallerKind, InternalDetail};
use super::mount::{Front, detail, reason};
use crate::app::App;
use crate::app::audit::Key;
use crate::app::request::{Origin, RequestId};
use crate::domain::audit::Act;
use crate::domain::idempotency::{self, Repeat};
use crate::domain::permissions::{Capability, Door};
use crate::domain::sessions::Browser;
use crate::domain::{Ctx, Error, Result, Who};
use crate::model::events::Via;
use crate::model::id::Id;
use crate::model::secrets::Secret;
use crate::model::users::User;

/// What a page's function gives.
pub type Answering = Pin<Box<dyn Future<Output = Result<Answer>> + Send>>;

/// A page: method, template, capability, and the function that answers.
#[derive(Clone, Copy)]
pub struct PageRoute {
    /// GET or POST.
    pub method: &'static Method,
    /// The template.
    pub path: &'static str,
    /// What it takes to come in.
    pub capability: Capability,
    /// Answers a request.
    pub answer: fn(Visit) -> Answering,
}

/// The pages' one mapping from errors to answers.
pub type Refuse = fn(Visit, Error) -> Pin<Box<dyn Future<Output = Answer> + Send>>;

/// Mounts a page. There is no other way to mount one, so none is without a capability.
#[expect(clippy::disallowed_methods, reason = "this is the other place that the ban leads to")]
pub fn mount_page(router: Router, front: &Arc<Front>, refuse: Refuse, route: PageRoute) -> Router {
    let front = Arc::clone(front);
    let handler = move |request: HttpRequest| answer(Arc::clone(&front), refuse, route, request);
    let filter = MethodFilter::try_from(route.method.clone()).unwrap_or_else(|_| unreachable!("routes have plain methods"));
    router.route(route.path, on(filter, handler))
}

/// A request of a page, cheap to clone.
#[derive(Clone)]
pub struct Visit(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    front: Arc<Front>,
    /// With one deadline for all that this request asks of the database.
    app: App,
    path: &'static str,
    capability: Capability,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    address: IpAddr,
    request: Option<RequestId>,
    /// What its caller has under way.
    line: Option<Arc<Line>>,
    form: Form,
    session: Option<Secret>,
    visitor: Secret,
    is_new: bool,
    secure: bool,
    marker: Marker,
}

impl Visit {
    /// A request as it came; its form is not read yet.
    fn new(front: Arc<Front>, path: &'static str, capability: Capability, parts: axum::http::request::Parts, form: Form) -> Self {
        let secure = front.app.base_url().starts_with("https:");
        let address = client_address(&front, &parts);
        let session = cookies::secret(&parts.headers, Name::Session, secure);
        let visitor = cookies::secret(&parts.headers, Name::Visitor, secure);
        let is_new = visitor.is_none() && session.is_none();
        let visitor = visitor.unwrap_or_else(|| Secret::from_random(&front.app.random().bytes()));
        let method = if parts.method == Method::HEAD { Method::GET } else { parts.method };
        let request = parts.extensions.get::<RequestId>().copied();
        let marker = Marker::new(front.app.random().bytes());
        let line = callers::line(&parts.extensions);
        let inner = Inner {
            app: front.app.for_one_request(Origin { address, request }),
            front,
            path,
            capability,
            method,
            uri: parts.uri,
            headers: parts.headers,
            address,
            request,
            line,
            form,
            session,
            visitor,
            is_new,
            secure,
            marker,
        };
        Self(Arc::new(inner))
    }

    /// A request for which there is no page, so that it can be answered with one.
    pub fn lost(front: &Arc<Front>, request: HttpRequest) -> Self {
        let (parts, _) = request.into_parts();
        Self::new(Arc::clone(front), "", Capability::SignIn, parts, Form::default())
    }

    /// What the faces have in common.
    pub fn front(&self) -> &Arc<Front> {
        &self.0.front
    }

    /// What a POST carries; empty for a GET.
    pub fn form(&self) -> &Form {
        &self.0.form
    }

    /// GET or POST.
    pub fn method(&self) -> &Method {
        &self.0.method
    }

    /// Path and query as they were sent.
    pub fn uri(&self) -> &Uri {
        &self.0.uri
    }

    /// All headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.0.headers
    }

    /// The client's address.
    pub fn address(&self) -> IpAddr {
        self.0.address
    }

    fn origin(&self) -> Origin {
        Origin { address: self.0.address, request: self.0.request }
    }

    /// Counts for the audit log that a password, or a code, was tried in vain; `user` is the account that it was about.
    pub fn failed(&self, act: Act, user: Option<Id<User>>) {
        self.0.app.tried(act, Key::Network(network(self.0.address)), user);
    }

    /// The request's id, by which it is found in the log.
    pub fn request_id(&self) -> Option<RequestId> {
        self.0.request
    }

    /// Whether the server is reached by TLS.
    pub fn is_secure(&self) -> bool {
        self.0.secure
    }

    /// Whether htmx asks, which follows redirections by itself.
    pub fn is_htmx(&self) -> bool {
        guard::is_htmx(&self.0.headers)
    }

    /// The id in the path that the template calls `name`; `NotFound` where it is no UUID.
    pub fn id<T>(&self, name: &str) -> Result<Id<T>> {
        self.segment(name).and_then(|segment| segment.parse().ok()).ok_or(Error::NotFound)
    }

    /// The segment of the path that the template calls `name`.
    pub fn segment(&self, name: &str) -> Option<&str> {
        super::request::segment(self.0.path, self.0.uri.path(), name)
    }

    /// A parameter of the query, trimmed; `None` where it is absent, blank or unreadable.
    pub fn query(&self, name: &str) -> Option<String> {
        self.query_all(name).into_iter().next()
    }

    /// All values of a parameter of the query, trimmed, without blank ones.
    pub fn query_all(&self, name: &str) -> Vec<String> {
        let query = Form::parse(self.0.uri.query().unwrap_or_default().as_bytes()).unwrap_or_default();
        query.all(name).into_iter().map(str::trim).filter(|value| !value.is_empty()).map(ToOwned::to_owned).collect()
    }

    /// A cookie that is no secret.
    pub fn cookie(&self, name: &str) -> Option<&str> {
        cookies::value(&self.0.headers, name)
    }

    /// The keys for the forms of one page.
    pub fn form_keys(&self) -> Keys {
        Keys::new(self.secret().clone(), self.0.front.app.random().bytes())
    }

    /// What marks the page that answers this request as ours; see [`Marker`].
    pub fn marker(&self) -> &Marker {
        &self.0.marker
    }

    /// A value for a form that shall do its work once, however often it is sent.
    pub fn fresh_once(&self) -> String {
        Secret::from_random(&self.0.front.app.random().bytes()).expose().to_owned()
    }

    /// What this browser's keys are made from.
    fn secret(&self) -> &Secret {
        self.0.session.as_ref().unwrap_or(&self.0.visitor)
    }

    /// The browser, as a session is begun in it.
    pub fn browser(&self) -> Browser {
        let agent = self.0.headers.get(axum::http::header::USER_AGENT).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        Browser {
            device: cookies::secret(&self.0.headers, Name::Device, self.0.secure),
            session: self.0.session.as_ref().map(Secret::hashed),
            name: agent.unwrap_or_default(),
            from: self.0.address.to_string(),
        }
    }

    /// Who says to be calling. Where anybody may come, a session that is over is no hindrance.
    fn who(&self) -> Who {
        let public = self.0.capability.rule().door == Door::Anybody;
        match &self.0.session {
            None => Who::Anonymous,
            Some(session) if public => Who::Visitor(session.hashed()),
            Some(session) => Who::Session(session.hashed()),
        }
    }

    /// The same request as anybody's, for pages that say what went wrong.
    #[must_use]
    pub fn as_anybody(&self) -> Self {
        Self(Arc::new(Inner { capability: Capability::SignIn, ..Inner::clone(&self.0) }))
    }

    /// The same request without the fields of this name in its form: what has been looked at need not go further.
    #[must_use]
    pub fn without_field(&self, name: &str) -> Self {
        if !self.form().has(name) {
            return self.clone();
        }
        Self(Arc::new(Inner { form: self.form().without(name), ..Inner::clone(&self.0) }))
    }

    /// The same request with the form that it carried. The database's time begins with it: what the form took to arrive is not the database's.
    fn with(&self, form: Form) -> Self {
        Self(Arc::new(Inner { form, app: self.0.front.app.for_one_request(self.origin()), ..Inner::clone(&self.0) }))
    }

    /// Notes the session's use, and asks whether its user may come in at all.
    fn let_in(&self, ctx: &Ctx<'_>) -> Result<()> {
        if let Some(session) = ctx.session() {
            self.0.front.seen.note(session.id, ctx.now, self.0.address);
        }
        ctx.allow(self.0.capability)
    }

    fn judged<T>(
        &self,
        mut work: impl FnMut(&mut Ctx<'_>) -> Result<T> + Send + 'static,
    ) -> impl FnMut(&mut Ctx<'_>) -> Result<T> + Send + 'static {
        let (visit, mut is_counted) = (self.clone(), false);
        move |ctx| {
            let outcome = visit.let_in(ctx).and_then(|()| work(ctx));
            // Once, however often the database has it run.
            if let (Err(Error::Forbidden | Error::Unreachable), Some(user), false) = (&outcome, ctx.user(), is_counted) {
                is_counted = true;
                visit.0.app.tried(Act::Refused, Key::User(user), None);
            }
            outcome
        }
    }

    /// Makes nothing more for a caller who has not taken what was made before.
    fn bounded<T>(
        &self,
        mut work: impl FnMut(&mut Ctx<'_>) -> Result<T> + Send + 'static,
    ) -> impl FnMut(&mut Ctx<'_>) -> Result<T> + Send + 'static {
        let line = self.0.line.clone();
        move |ctx| {
            let _alone = callers::check_before(line.as_ref())?;
            callers::metered(ctx, line.as_ref(), &mut work)
        }
    }

    /// Judges the session and reads, in one snapshot.
    pub async fn read<T: Send + 'static>(&self, work: impl FnMut(&mut Ctx<'_>) -> Result<T> + Send + 'static) -> Result<T> {
        self.0.app.read(self.who(), Via::Web, self.judged(self.bounded(work))).await
    }

    /// As [`Visit::read`] for what may have to look at many rows.
    pub async fn scan<T: Send + 'static>(&self, work: impl FnMut(&mut Ctx<'_>) -> Result<T> + Send + 'static) -> Result<T> {
        self.0.app.scan(self.who(), Via::Web, self.judged(self.bounded(work))).await
    }

    /// Judges the session and writes, in one transaction.
    pub async fn write<T: Send + 'static>(&self, work: impl FnMut(&mut Ctx<'_>) -> Result<T> + Send + 'static) -> Result<T> {
        self.0.app.write(self.who(), Via::Web, self.judged(work)).await
    }

    /// As [`Visit::write`], once: a form with the same field `once` and the same content, sent again, gets the first answer and does nothing.
    /// What is invalid is not kept. The answer must hold no secret.
    pub async fn write_once(&self, mut work: impl FnMut(&mut Ctx<'_>) -> Result<Answer> + Send + 'static) -> Result<Answer> {
        let mut content = String::new();
        for (name, value) in self.0.form.fields() {
            content.extend([name, "\0", value, "\0"]);
        }
        let key = format!("{}\0{content}", self.0.form.text("once"));
        let repeat = Repeat::new("POST", self.0.uri.path(), &key, b"");
        let outcome = self.write(move |ctx| idempotency::run_once(ctx, repeat, &mut work, Answer::kept)).await;
        match outcome {
            Err(Error::Repeated(kept)) => Ok(Answer::repeated(*kept)),
            outcome => outcome,
        }
    }
}

async fn answer(front: Arc<Front>, refuse: Refuse, route: PageRoute, request: HttpRequest) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let mut visit = Visit::new(front, route.path, route.capability, parts, Form::default());
    let taken = if *route.method == Method::POST { take_form(&mut visit, body).await } else { Ok(()) };
    let outcome = match taken {
        Err(error) => Err(error),
        // Without a session there is nothing to be looked at, not even what was sent.
        Ok(()) if visit.0.session.is_none() && route.capability.rule().door != Door::Anybody => Err(Error::Unauthenticated),
        // What a form has done is done: its answer is given in any case.
        Ok(()) if *route.method == Method::POST => (route.answer)(visit.clone()).await,
        Ok(()) => (route.answer)(visit.clone()).await.and_then(|answer| answer.within(visit.0.line.as_ref())),
    };
    let kind = if visit.0.session.is_some() { "user" } else { "anonymous" };
    let (error, inside) = (outcome.as_ref().err().and_then(reason), outcome.as_ref().err().and_then(detail));
    let answer = match outcome {
        Ok(answer) => answer,
        Err(error) => refuse(visit.clone(), error).await,
    };
    let mut response = finish(&visit, answer);
    if let Some(reason) = error {
        visit.0.front.metrics.refused(reason);
    }
    if let Some(detail) = inside {
        response.extensions_mut().insert(InternalDetail(detail.into()));
    }
    response.extensions_mut().insert(CallerKind(kind));
    response
}

/// Takes the form that a POST carries, and judges on the way whether more of it is worth waiting for: the head, then its length and, where that
/// is much, the session, then the key as soon as it is there.
async fn take_form(visit: &mut Visit, body: Body) -> Result<()> {
    let headers = &visit.0.headers;
    if !forms::is_form(headers) {
        return Err(Error::UnsupportedMediaType);
    }
    if !comes_from_here(visit) {
        return Err(Error::Forged);
    }
    let is_small = body::announced(headers).is_some_and(|length| length <= LARGEST_BODY_WITHOUT_SESSION as u64);
    let largest = if is_small || !is_signed_in(visit).await? { LARGEST_BODY_WITHOUT_SESSION } else { LARGEST_BODY };
    let form = forms::read(headers, body, largest, |form| has_our_key(visit, form)).await?;
    *visit = visit.with(form);
    if has_our_key(visit, &visit.0.form) { Ok(()) } else { Err(Error::Forged) }
}

/// Whether the browser's session lives; asked before much is taken from it.
async fn is_signed_in(visit: &Visit) -> Result<bool> {
    Ok(visit.0.session.is_some() && visit.as_anybody().read(|ctx| Ok(ctx.session().is_some())).await?)
}

/// Whether a page of this server has sent the form, as far as the browser says.
fn comes_from_here(visit: &Visit) -> bool {
    let base = visit.0.front.app.base_url();
    let origin = base.match_indices('/').nth(2).map_or(&*base, |(end, _)| &base[..end]);
    forms::is_from_here(&visit.0.headers, origin)
}

/// Whether a page that was given to this browser has sent the form.
fn has_our_key(visit: &Visit, form: &Form) -> bool {
    forms::opens(form.text(forms::KEY), visit.secret(), visit.0.uri.path())
}

/// The answer with its cookies and, where that is safe and worth it, compressed.
pub fn finish(visit: &Visit, answer: Answer) -> Response<Body> {
    let mut answer = compression::compressed(answer, &visit.0.headers);
    let is_page = answer.headers.iter().any(|(name, value)| name == CONTENT_TYPE && value.as_bytes().starts_with(b"text/html"));
    if !answer.headers.iter().any(|(name, _)| name == CACHE_CONTROL) {
        answer = answer.with(CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    }
    if visit.0.is_new && is_page {
        answer = answer.with(SET_COOKIE, cookies::set(Name::Visitor, &visit.0.visitor, visit.0.secure));
    }
    if is_page {
        answer = answer.with(guard::PAGE, visit.marker().to_string());
    }
    answer.into()
}
