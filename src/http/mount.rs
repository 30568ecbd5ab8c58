//! The way of a request through the door: who is calling, limit, scope, body, operation, answer, in the contract's order of checks.
//! Nothing here knows what an operation does, and no right is judged here: the domain's table is asked.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::body::Body;
use axum::extract::Request as HttpRequest;
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, Method, Response};
use axum::routing::{MethodFilter, on};

use super::answer::Answer;
use super::body;
use super::callers::{self, Line};
use super::client::{Presented, client_address, idempotency_key, presented, wants_problem_json};
use super::guard::StrictTransport;
use super::limits::{Counted, Limiter, Look, Standing, network};
use super::log::{CallerKind, InternalDetail};
use super::metrics::Metrics;
use super::request::{Parameters, Request};
use super::sign_ins::SignIns;
use super::uses::Uses;
use crate::app::App;
use crate::app::audit::Key;
use crate::app::request::Origin;
use crate::app::settings::{Networks, SecurityContact};
use crate::domain::audit::Act;
use crate::domain::idempotency::{self, Done, Repeat};
use crate::domain::permissions::{Capability, Door};
use crate::domain::{About, Ctx, Error, Result, Rotation, Who, tokens};
use crate::model::events::Via;
use crate::model::id::Id;
use crate::model::organizations::Organization;
use crate::model::sessions::Session;
use crate::model::time::{Span, Time};
use crate::model::tokens::{PlainToken, Token};

/// From how long before its end on a token's answers say when that is.
const EXPIRY_NOTICE: Span = Span::days(14);

/// What the faces have in common while the program runs.
pub struct Front {
    /// The program's means.
    pub app: App,
    /// Rate limits.
    pub limiter: Limiter,
    /// When tokens were last used.
    pub uses: Uses<Id<Token>>,
    /// When personal tokens last reached an organization.
    pub reaches: Uses<(Id<Organization>, Id<Token>)>,
    /// When sessions were last seen.
    pub seen: Uses<Id<Session>>,
    /// How often sign-ins have failed.
    pub sign_ins: SignIns,
    /// Peers whose `X-Forwarded-For` is believed.
    pub proxies: Networks,
    /// What browsers are told of TLS.
    pub transport: StrictTransport,
    /// Whom to tell what is wrong with security, where the settings name somebody.
    pub security_contact: Option<SecurityContact>,
    /// What is counted for operators.
    pub metrics: Metrics,
}

/// How a face speaks.
#[derive(Clone, Copy)]
pub struct Face {
    /// What history says of changes that come through it.
    pub via: Via,
    /// Its one mapping from errors to answers.
    pub refuse: fn(&Error, Wording) -> Answer,
}

/// What a refusal depends on besides its error.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wording {
    /// Whether the client asked for RFC 9457.
    pub problem_json: bool,
    /// Whether it sent something as a token.
    pub token_sent: bool,
}

/// A parsed request: what it is about, and what is to be done.
pub struct Operation {
    about: About,
    scans: bool,
    run: Work,
}

type Work = Box<dyn FnMut(&mut Ctx<'_>) -> Result<Answer> + Send>;

impl Operation {
    /// What is to be done. It may be run again, where the database asks for that.
    pub fn new(run: impl FnMut(&mut Ctx<'_>) -> Result<Answer> + Send + 'static) -> Self {
        Self { about: About::Nothing, scans: false, run: Box::new(run) }
    }

    /// What it is about, so that the one query judges that too.
    #[must_use]
    pub const fn about(mut self, about: About) -> Self {
        self.about = about;
        self
    }

    /// Whether it may have to look at many rows.
    #[must_use]
    pub const fn scanning(mut self, scans: bool) -> Self {
        self.scans = scans;
        self
    }
}

/// A route: method, template, capability, and the function that parses a request of it.
#[derive(Clone, Copy)]
pub struct Route {
    /// The method.
    pub method: &'static Method,
    /// The template.
    pub path: &'static str,
    /// What it takes to come in.
    pub capability: Capability,
    /// Parses a request.
    pub parse: fn(Request) -> Result<Operation>,
}

/// Mounts a route. There is no other way to mount one, so none is without a capability.
#[expect(clippy::disallowed_methods, reason = "this is the one place that the ban leads to")]
pub fn mount(router: Router, front: &Arc<Front>, face: Face, route: Route) -> Router {
    let front = Arc::clone(front);
    let handler = move |request: HttpRequest| answer(Arc::clone(&front), face, route, request);
    let filter = MethodFilter::try_from(route.method.clone()).unwrap_or_else(|_| unreachable!("routes have plain methods"));
    router.route(route.path, on(filter, handler))
}

/// What is known of a request once it has been let in or turned away.
#[derive(Debug, Clone, Copy, Default)]
struct Passed {
    look: Look,
    standing: Option<Standing>,
    expires_at: Option<Time>,
    token: Option<Id<Token>>,
    kind: Option<&'static str>,
    first_use: bool,
}

async fn answer(front: Arc<Front>, face: Face, route: Route, request: HttpRequest) -> Response<Body> {
    let (mut parts, body) = request.into_parts();
    if parts.method == Method::HEAD {
        parts.method = Method::GET;
    }
    let credential = presented(&parts.headers);
    let wording = Wording { problem_json: wants_problem_json(&parts.headers), token_sent: !matches!(credential, Presented::Nothing) };
    let address = client_address(&front, &parts);
    let mut passed = Passed::default();
    let app = front.app.for_one_request(Origin { address, request: parts.extensions.get().copied() });
    let line = callers::line(&parts.extensions);
    let outcome = Visit { front: &front, app: &app, face, route, address, wording, line }.run(parts, body, credential, &mut passed).await;
    // A refused request is a use too: somebody who tries what a stolen token may do shall be seen.
    if let Some(token) = passed.token {
        front.uses.note(token, front.app.now(), address);
        if matches!(outcome, Err(Error::MissingScope(_) | Error::Forbidden | Error::Unreachable)) {
            app.tried(Act::Refused, Key::Token(token), None);
        }
    }
    finish(&front, face, outcome, passed, wording)
}

/// One request on its way.
struct Visit<'a> {
    front: &'a Arc<Front>,
    /// With one deadline for all that this request asks of the database.
    app: &'a App,
    face: Face,
    route: Route,
    address: IpAddr,
    wording: Wording,
    /// What its caller has under way.
    line: Option<Arc<Line>>,
}

impl Visit<'_> {
    async fn run(&self, parts: Parts, body: Body, credential: Presented, passed: &mut Passed) -> Result<Answer> {
        let token = match credential {
            Presented::Token(token) => Some(token),
            Presented::Nothing | Presented::Junk => None,
        };
        let public = matches!(self.route.capability.rule().door, Door::Anybody);
        if token.is_none() && !public {
            self.note_stopped(&Error::Unauthenticated);
            return Err(self.turned_away(passed).await);
        }
        let key = if self.route.capability == Capability::RevokeFoundTokens { Ok(None) } else { idempotency_key(&parts) };
        let rotation = match &key {
            Ok(Some(key)) if self.route.capability == Capability::RotateCurrentToken => Rotation::WithKey(tokens::rotation_key_digest(key)),
            _ => Rotation::None,
        };
        let digest = token.as_ref().filter(|_| !public).map(PlainToken::hashed);
        let who = move |about| digest.map_or(Who::Anonymous, |token| Who::Token { token, about, rotation });
        let request = |parts: Parts, body, token| Request {
            method: parts.method,
            uri: parts.uri,
            route: self.route.path,
            headers: parts.headers,
            body,
            base_url: self.app.base_url(),
            token,
        };
        if parts.method == Method::GET {
            let operation = (self.route.parse)(request(parts, bytes::Bytes::new(), token));
            return self.read(who, operation, passed).await;
        }
        self.let_in(who(About::Nothing), passed).await?;
        let body = body::read(&parts.headers, body).await?;
        let key = key?;
        Parameters::none(parts.uri.query().unwrap_or_default())?;
        let repeat =
            key.filter(|_| self.keeps_answers(&parts.method)).map(|key| Repeat::new(parts.method.as_str(), parts.uri.path(), &key, &body));
        let request = request(parts, body, token);
        // No request that writes takes parameters.
        request.parameters()?.end()?;
        let operation = (self.route.parse)(request)?;
        self.write(who(operation.about), repeat, operation).await
    }

    /// Kept are the answers to every POST but those that show a secret or have no caller.
    fn keeps_answers(&self, method: &Method) -> bool {
        *method == Method::POST && !matches!(self.route.capability, Capability::RotateCurrentToken | Capability::RevokeFoundTokens)
    }

    /// Nobody who could be named: counted on the address, and refused as unknown or as too many.
    async fn turned_away(&self, passed: &mut Passed) -> Error {
        passed.standing = self.front.limiter.count(Counted::address(self.address), self.app.now()).await;
        passed.check().err().unwrap_or(Error::Unauthenticated)
    }

    /// A request that only reads: judged once, in its own read. Whether it was too many for all nodes together is known after it; what it
    /// has read is then for nobody.
    async fn read(&self, who: impl Fn(About) -> Who, operation: Result<Operation>, passed: &mut Passed) -> Result<Answer> {
        let (about, scans) = operation.as_ref().map_or((About::Nothing, false), |operation| (operation.about, operation.scans));
        let mut operation = Some(operation);
        let this = self.detached();
        let line = self.line.clone();
        let mut counted: Option<Passed> = None;
        let work = move |ctx: &mut Ctx<'_>| {
            let seen = *counted.get_or_insert_with(|| this.count(ctx));
            // Asked here, just before the answer is made: what waits for the database is not made yet.
            let may = allow(ctx, seen, this.route.capability).and_then(|()| callers::check_before(line.as_ref()));
            let _alone = match may {
                Ok(alone) => alone,
                Err(error) => return Ok((seen, Err(error))),
            };
            let outcome = match &mut operation {
                Some(Ok(operation)) => callers::metered(ctx, line.as_ref(), |ctx| (operation.run)(ctx)),
                other => {
                    Err(other.take().and_then(Result::err).unwrap_or_else(|| Error::Internal("a refusal was asked for twice".to_owned())))
                }
            };
            this.note_reach(ctx);
            match outcome {
                Err(error @ Error::Store(_)) => Err(error),
                outcome => Ok((seen, outcome.and_then(|answer| answer.within(line.as_ref())))),
            }
        };
        let outcome = if scans {
            self.timed("scan", self.app.scan(who(about), self.face.via, work)).await
        } else {
            self.timed("read", self.app.read(who(about), self.face.via, work)).await
        };
        self.limited(outcome, passed).await?
    }

    /// The first read of a request that writes: caller, limit and scope, before any of the body is taken.
    async fn let_in(&self, who: Who, passed: &mut Passed) -> Result<()> {
        let this = self.detached();
        let mut counted: Option<Passed> = None;
        let work = move |ctx: &mut Ctx<'_>| {
            let seen = *counted.get_or_insert_with(|| this.count(ctx));
            Ok((seen, allow(ctx, seen, this.route.capability)))
        };
        let outcome = self.timed("read", self.app.read(who, self.face.via, work)).await;
        self.limited(outcome, passed).await?
    }

    /// What a judged read came to, where the caller's limit allows it. A token that turned out to be worth nothing counts on its address.
    async fn limited<T>(&self, outcome: Result<(Passed, T)>, passed: &mut Passed) -> Result<T> {
        let (seen, outcome) = match outcome {
            Err(error @ (Error::Unauthenticated | Error::StoppedToken(_))) => {
                self.note_stopped(&error);
                return Err(self.turned_away(passed).await);
            }
            outcome => outcome?,
        };
        let standing = self.front.limiter.decide(seen.look, self.app.now()).await;
        *passed = Passed { standing, ..seen };
        self.close_retry_door(seen).await?;
        passed.check()?;
        Ok(outcome)
    }

    /// Counts what came with a token that is worth nothing: its owner sees that in settings, and whoever reads the audit log.
    fn note_stopped(&self, error: &Error) {
        match error {
            Error::StoppedToken(token) => self.app.tried(Act::StoppedTokenTried, Key::Token(*token), None),
            Error::Unauthenticated if self.wording.token_sent => {
                self.app.tried(Act::UnknownTokenTried, Key::Network(network(self.address)), None);
            }
            _ => {}
        }
    }

    /// Tells operators how long the database took, waiting for it included.
    async fn timed<T>(&self, kind: &'static str, work: impl Future<Output = T>) -> T {
        let began = Instant::now();
        let answer = work.await;
        self.front.metrics.database(kind, began.elapsed());
        answer
    }

    /// A successor's first request closes, before it is answered, the door through which the old token could be told it again.
    async fn close_retry_door(&self, passed: Passed) -> Result<()> {
        let (true, Some(token)) = (passed.first_use, passed.token) else { return Ok(()) };
        self.app.write(Who::Anonymous, self.face.via, move |ctx| tokens::note_first_use(ctx.db, token)).await
    }

    async fn write(&self, who: Who, repeat: Option<Repeat>, mut operation: Operation) -> Result<Answer> {
        let (refuse, wording) = (self.face.refuse, self.wording);
        let refused = move |problems: &_| refuse(&Error::Invalid(Clone::clone(problems)), wording).kept();
        let this = self.detached();
        let work = move |ctx: &mut Ctx<'_>| {
            let outcome = idempotency::run(ctx, repeat, |ctx| (operation.run)(ctx), Answer::kept, refused);
            this.note_reach(ctx);
            outcome
        };
        match self.timed("write", self.app.write(who, self.face.via, work)).await {
            Ok(Done::Answered(answer)) => Ok(answer),
            Ok(Done::Refused(problems)) => Err(Error::Invalid(problems)),
            Err(Error::Repeated(kept)) => Ok(Answer::repeated(*kept)),
            Err(error) => {
                // It was revoked since it was let in, or asks for a rotation again whose door is shut.
                self.note_stopped(&error);
                Err(error)
            }
        }
    }

    fn detached(&self) -> Detached {
        Detached { front: Arc::clone(self.front), route: self.route, address: self.address }
    }
}

/// What goes to the database's thread of a [`Visit`], to count and judge there.
struct Detached {
    front: Arc<Front>,
    route: Route,
    address: IpAddr,
}

impl Detached {
    /// Counts the request for its judged caller, as far as that goes without waiting: the database is not to wait for other nodes' counts.
    /// This happens once, also where the database makes the judging run again.
    fn count(&self, ctx: &Ctx<'_>) -> Passed {
        let counted = match (ctx.token(), self.route.capability) {
            (_, Capability::RevokeFoundTokens) => Counted::finder(self.address),
            (Some(judged), _) => Counted::Token(judged.chain()),
            (None, _) => Counted::address(self.address),
        };
        Passed {
            look: self.front.limiter.look(counted, ctx.now),
            standing: None,
            expires_at: ctx.token().and_then(|judged| judged.expires_at).filter(|end| end.since(ctx.now) <= EXPIRY_NOTICE),
            token: ctx.token().map(|judged| judged.id),
            kind: ctx.token().map(|judged| if judged.is_personal() { "personal" } else { "project" }),
            first_use: ctx.is_first_use(),
        }
    }

    /// Notes as far as which organizations a personal token has come: that is what their admins see of its use.
    fn note_reach(&self, ctx: &Ctx<'_>) {
        let Some(judged) = ctx.token() else { return };
        for organization in ctx.reached() {
            self.front.reaches.note((*organization, judged.id), ctx.now, self.address);
        }
    }
}

impl Passed {
    /// The refusal of whoever is over its limit.
    fn check(&self) -> Result<()> {
        self.standing.map_or(Ok(()), Standing::check)
    }
}

/// Limit before scope.
fn allow(ctx: &Ctx<'_>, passed: Passed, capability: Capability) -> Result<()> {
    passed.look.check()?;
    ctx.allow(capability)
}

/// The answer with what every answer carries.
fn finish(front: &Front, face: Face, outcome: Result<Answer>, passed: Passed, wording: Wording) -> Response<Body> {
    let error = outcome.as_ref().err().and_then(reason);
    let detail = outcome.as_ref().err().and_then(detail);
    let answer = outcome.unwrap_or_else(|error| (face.refuse)(&error, wording));
    let mut response = Response::from(answer);
    if let Some(reason) = error {
        front.metrics.refused(reason);
    }
    if let Some(detail) = detail {
        response.extensions_mut().insert(InternalDetail(detail.into()));
    }
    response.extensions_mut().insert(CallerKind(passed.kind.unwrap_or("anonymous")));
    if let Some(standing) = passed.standing {
        standing.lay_on(response.headers_mut());
    }
    if let Some(Ok(end)) = passed.expires_at.map(|end| HeaderValue::try_from(end.to_string())) {
        response.headers_mut().insert(HeaderName::from_static("x-token-expires-at"), end);
    }
    response
}

/// Refusals by reason, for operators.
pub(super) const fn reason(error: &Error) -> Option<&'static str> {
    Some(match error {
        Error::Unauthenticated | Error::StoppedToken(_) => "unauthenticated",
        Error::MissingScope(_) => "scope",
        Error::Forbidden => "role",
        Error::Forged => "forged",
        Error::PasswordNeeded => "password_needed",
        Error::Unreachable => "unreachable",
        Error::NotFound => "not_found",
        Error::Malformed(_) => "malformed",
        Error::TooLarge => "too_large",
        Error::TooMuchAtOnce => "too_much_at_once",
        Error::UnsupportedMediaType => "media_type",
        Error::Invalid(_) => "invalid",
        Error::Conflict(_) => "conflict",
        Error::Stale => "stale",
        Error::RateLimited(_) => "rate_limit",
        Error::Store(_) => "store",
        Error::Internal(_) => "internal",
        Error::Repeated(_) => return None,
    })
}

/// What only the log may know.
pub(super) fn detail(error: &Error) -> Option<String> {
    match error {
        Error::Store(error) => Some(error.to_string()),
        Error::Internal(detail) => Some(detail.clone()),
        _ => None,
    }
}

/// A request for which there is no route or no such method: counted on the address, and it stays what it is.
pub async fn lost(front: &Front, parts: &Parts, mut response: Response<Body>) -> Response<Body> {
    let standing = front.limiter.count(Counted::address(client_address(front, parts)), front.app.now()).await;
    if let Some(standing) = standing {
        standing.lay_on(response.headers_mut());
    }
    response
}
