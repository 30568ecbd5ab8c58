//! The same answers: some thousand random requests of every kind, and visits of the pages, to a server on SQLite and one on PostgreSQL.
//! What the answers should be is told elsewhere; here they are only held against each other, and every route must have been asked in every way.
//!
//! `BUGTOME_TEST_SEED` asks for other requests, `BUGTOME_TEST_REQUESTS` for more of them.

mod acts;
mod asks;
mod dice;
mod known;
mod visits;

use std::collections::BTreeMap;

use axum::http::Method;
use bugtome::domain::permissions::{Capability, Door};
use bugtome::http::mount::Route;
use bugtome::model::time::Span;

use self::acts::Cast;
use self::dice::Dice;
use self::known::{Known, remember};
use crate::harness::{Answer, Settings, runtime};
use crate::twins::{Ask, Caller, Twins};

/// How many requests there are, unless the environment says otherwise.
const REQUESTS: usize = 4_000;

struct Run {
    twins: Twins,
    dice: Dice,
    known: Known,
    cast: Cast,
    routes: Vec<Route>,
    /// How often each route answered with each status; what led to no route stands under an empty path.
    seen: BTreeMap<(String, &'static str), BTreeMap<u16, usize>>,
}

fn from_environment<T: std::str::FromStr>(name: &str, usual: T) -> T {
    std::env::var(name).ok().map_or(usual, |text| text.parse().unwrap_or_else(|_| panic!("{name} is no number")))
}

#[test]
fn random_requests_are_answered_alike() {
    let (seed, requests) = (from_environment("BUGTOME_TEST_SEED", 43), from_environment("BUGTOME_TEST_REQUESTS", REQUESTS));
    let mut twins = Twins::start(&Settings { authenticated: 500, anonymous: 40, ..Settings::default() });
    runtime().block_on(async {
        let mut known = Known::default();
        let cast = Cast::on(&mut twins, &mut known).await;
        let mut run = Run { twins, dice: Dice::new(seed), known, cast, routes: weighted(), seen: BTreeMap::new() };
        for number in 0..requests {
            if let Err(what) = run.step().await {
                panic!("request {number} with BUGTOME_TEST_SEED={seed}: {what}");
            }
        }
        if let Err(what) = run.look_at_all().await {
            panic!("after all requests with BUGTOME_TEST_SEED={seed}: {what}");
        }
        println!("{} ids stand for each other", run.twins.alike.in_one_order().unwrap());
        if requests >= REQUESTS {
            run.check_that_all_was_asked();
        }
    });
}

/// The routes, those more often that make something or have much to say.
fn weighted() -> Vec<Route> {
    let often = |route: &Route| match (route.capability, route.method) {
        (Capability::CreateTickets, _) => 6,
        (Capability::ReadTickets, _) if route.path == "/api/v1/tickets" => 9,
        (Capability::ReadOrganizationTickets | Capability::EditTickets, _) => 5,
        (Capability::Comment, &Method::POST) | (Capability::RotateCurrentToken | Capability::RevokeCurrentToken, _) => 4,
        (Capability::DeleteTickets | Capability::Comment | Capability::EditProject | Capability::CreateProjects, _) => 3,
        _ => 1,
    };
    bugtome::api::routes::all().into_iter().flat_map(|route| vec![route; often(&route)]).collect()
}

impl Run {
    /// Lets a little time pass, at least a millisecond, so that ids are made in one order; then something is asked, visited or done.
    async fn step(&mut self) -> Result<(), String> {
        self.twins.pass(Span::from_micros(1_000 + i64::try_from(self.dice.below(20_000_000)).unwrap()));
        match self.dice.below(100) {
            0..=3 => self.cast.act(&mut self.twins, &mut self.dice, &mut self.known).await,
            4..=13 => {
                let who = self.dice.below(self.cast.visitors.len());
                visits::visit(&mut self.twins, &mut self.dice, &self.known, &self.cast.visitors[who]).await
            }
            14..=17 => self.repeat().await,
            18..=20 => self.follow().await,
            _ => self.ask().await,
        }
    }

    async fn ask(&mut self) -> Result<(), String> {
        let route = *self.dice.pick(&self.routes);
        let ends = matches!(route.capability, Capability::RotateCurrentToken | Capability::RevokeCurrentToken);
        let who = self.caller(ends).await;
        let ask = asks::ask(&mut self.dice, &mut self.known, &route, self.twins.sqlite.now());
        self.send(who, &ask, &route).await
    }

    /// The number of somebody: those who stay come first. Whose token may end is a spare one mostly, or one that has ended already.
    async fn caller(&mut self, ends: bool) -> usize {
        let staying = self.cast.callers.len();
        if ends && self.dice.percent(85) || self.dice.percent(6) {
            if self.cast.spares.len() < 3 || self.dice.percent(30) {
                self.cast.spare(&mut self.twins, &mut self.dice, &mut self.known).await;
            }
            let back = self.dice.below(self.cast.spares.len().min(6));
            return staying + self.cast.spares.len() - 1 - back;
        }
        if ends {
            // Nobody who could not be named.
            return staying - 1 - self.dice.below(3);
        }
        if self.dice.percent(45) { self.dice.below(3) } else { self.dice.below(staying) }
    }

    fn who(&self, number: usize) -> &Caller {
        let staying = self.cast.callers.len();
        if number < staying { &self.cast.callers[number] } else { &self.cast.spares[(number - staying).min(self.cast.spares.len() - 1)] }
    }

    async fn send(&mut self, who: usize, ask: &Ask, route: &Route) -> Result<(), String> {
        let caller = self.who(who).clone();
        let answer = self.twins.ask(&caller, ask).await?;
        let keyed = ask.headers.iter().any(|(name, _)| *name == "idempotency-key");
        if keyed && who < self.cast.callers.len() {
            remember(&mut self.known.repeatable, (who, ask.clone()));
        }
        self.known.learn(ask, &answer);
        let asked_for = ask.method == *route.method && !ask.path.starts_with("/api/v1/nothing/");
        let template = if asked_for { route.path } else { "" };
        *self.seen.entry((ask.method.to_string(), template)).or_default().entry(answer.status).or_default() += 1;
        self.take_over(&caller, route, &answer);
        Ok(())
    }

    /// A successor calls from now on, beside the one that it followed.
    fn take_over(&mut self, caller: &Caller, route: &Route, answer: &Answer) {
        if route.capability != Capability::RotateCurrentToken || answer.status != 201 {
            return;
        }
        let token = answer.json()["token"].as_str().unwrap().to_owned();
        let successor = Caller {
            name: format!("the successor of {}", caller.name),
            postgres: self.twins.postgres.bearer(&self.twins.alike.translate(&token)),
            sqlite: self.twins.sqlite.bearer(&token),
        };
        remember(&mut self.cast.spares, successor);
    }

    /// The same request once more, or another under its key.
    async fn repeat(&mut self) -> Result<(), String> {
        let Some((who, mut ask)) = self.dice.any(&self.known.repeatable).cloned() else { return Ok(()) };
        if self.dice.percent(25) {
            ask.body = Some(("application/json".to_owned(), br#"{"ticket":{},"comment":{},"project":{}}"#.to_vec()));
        }
        let caller = self.who(who).clone();
        self.twins.ask(&caller, &ask).await.map(|answer| self.known.learn(&ask, &answer))
    }

    /// Along a cursor.
    async fn follow(&mut self) -> Result<(), String> {
        let Some(link) = self.dice.any(&self.known.links).cloned() else { return Ok(()) };
        let who = self.dice.below(7);
        let (caller, ask) = (self.who(who).clone(), Ask::get(link));
        self.twins.ask(&caller, &ask).await.map(|answer| self.known.learn(&ask, &answer))
    }

    /// All that is there in the end, in every order, to the last page; and the history of the last tickets.
    async fn look_at_all(&mut self) -> Result<(), String> {
        self.twins.pass(Span::seconds(7_200));
        for who in 0..6 {
            let caller = self.who(who).clone();
            for sort in ["created_at", "-created_at", "updated_at", "-updated_at", "priority", "-priority"] {
                let mut next = Some(format!("/api/v1/tickets?per_page=100&sort={sort}"));
                while let Some(path) = next.take() {
                    next = self.twins.ask(&caller, &Ask::get(path)).await?.next();
                }
            }
            for organization in self.known.organizations.clone() {
                for what in ["projects", "members", "tickets?sort=priority&per_page=100"] {
                    self.twins.ask(&caller, &Ask::get(format!("/api/v1/mcp/organizations/{organization}/{what}"))).await?;
                }
            }
        }
        let owner = self.who(0).clone();
        // At the very moments at which something was made.
        for time in self.known.times.clone() {
            for filter in ["created_after", "created_before", "updated_after"] {
                self.twins.ask(&owner, &Ask::get(format!("/api/v1/tickets?{filter}={time}"))).await?;
            }
        }
        for ticket in self.known.tickets.clone() {
            for what in ["", "/comments?per_page=100", "/events?per_page=100"] {
                self.twins.ask(&owner, &Ask::get(format!("/api/v1/tickets/{ticket}{what}"))).await?;
            }
        }
        Ok(())
    }

    /// Each route, with success and with each refusal that it knows.
    fn check_that_all_was_asked(&self) {
        let mut missing = Vec::new();
        let nothing = BTreeMap::new();
        for route in bugtome::api::routes::all() {
            let seen = self.seen.get(&(route.method.to_string(), route.path)).unwrap_or(&nothing);
            missing.extend(
                refusals(&route).into_iter().filter(|status| !seen.contains_key(status)).map(|status| (route.method, route.path, status)),
            );
            if !seen.keys().any(|status| (200..300).contains(status)) {
                missing.push((route.method, route.path, 200));
            }
        }
        let anywhere = |status: u16| self.seen.values().any(|seen| seen.contains_key(&status));
        assert!(missing.is_empty(), "never seen: {missing:?}\nseen: {:#?}", self.seen);
        for status in [304, 404, 405, 409, 412, 413, 429] {
            assert!(anywhere(status), "no {status} was seen");
        }
        assert!(!anywhere(500) && !anywhere(503), "{:#?}", self.seen);
    }
}

/// With which statuses a route refuses, by what it needs and what it takes.
fn refusals(route: &Route) -> Vec<u16> {
    let mut statuses = vec![];
    let door = route.capability.rule().door;
    if door != Door::Anybody {
        statuses.push(401);
    }
    if matches!(door, Door::Scoped(_) | Door::Personal(_)) || route.capability == Capability::RotateCurrentToken {
        statuses.push(403);
    }
    if route.path.contains("/tickets/{") {
        statuses.push(404);
    }
    statuses.push(400);
    let takes = matches!(*route.method, Method::POST | Method::PATCH);
    if takes {
        statuses.push(415);
    }
    match route.capability {
        Capability::CreateTickets
        | Capability::EditTickets
        | Capability::CreateProjects
        | Capability::EditProject
        | Capability::RevokeFoundTokens => statuses.push(422),
        Capability::RotateCurrentToken => statuses.extend([409, 422]),
        Capability::Comment if takes => statuses.push(422),
        _ => {}
    }
    if matches!((route.capability, route.method), (Capability::EditTickets, _) | (Capability::DeleteTickets, &Method::DELETE)) {
        statuses.push(412);
    }
    statuses
}
