//! The walk: every route with every kind of caller, against what the permission table says and nothing else.
//! A route that the walk does not know how to call fails it, so that none escapes.

use std::collections::HashMap;
use std::fmt::Write;

use axum::http::Method;
use bugtome::domain::permissions::{Capability, Door};
use bugtome::domain::tokens;
use bugtome::http::mount::Route;
use bugtome::model::roles::Role;
use bugtome::model::scopes::{Scope, Scopes};
use bugtome::model::time::Span;
use bugtome::model::tokens::{PlainToken, TokenKind};
use serde_json::json;

use crate::harness::{Answer, Call, Client, Person, Project, Settings, TestApp, World, both, ticket};

both! { every_route_with_every_caller }

/// Who calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Caller {
    Anonymous,
    Junk,
    Unknown,
    /// A member with this role; `None` belongs to another organization.
    Personal(Option<Role>, i64),
    /// A token of the project, or of another one.
    Project(bool, i64),
    RevokedPersonal,
    RevokedProject,
    ExpiredPersonal,
    ExpiredProject,
}

/// What the table lets come out.
#[derive(Debug, PartialEq, Eq)]
enum Expected {
    Passes,
    Unauthenticated,
    MissingScope(Option<Scope>),
    Forbidden,
    NotFound,
}

fn callers() -> Vec<Caller> {
    use Caller::{Anonymous, ExpiredPersonal, ExpiredProject, Junk, Personal, RevokedPersonal, RevokedProject, Unknown};
    let mut callers = vec![Anonymous, Junk, Unknown, RevokedPersonal, RevokedProject, ExpiredPersonal, ExpiredProject];
    for preset in [Scopes::FULL, Scopes::READ_ONLY, Scopes::REPORT_ONLY] {
        let roles = Role::ALL.iter().map(|role| Some(*role)).chain([None]);
        callers.extend(roles.map(|role| Personal(role, preset.bits())));
        callers.extend([true, false].map(|own| Caller::Project(own, preset.bits())));
    }
    for scope in Scope::ALL {
        let bits = Scopes::of(&[*scope]).bits();
        callers.extend([Personal(Some(Role::Owner), bits), Caller::Project(true, bits)]);
    }
    callers
}

impl Caller {
    /// Scopes, whether it is a personal token, and the role in the world's organization; `None` for who is nobody.
    fn known(self) -> Option<(Scopes, bool, Option<Role>)> {
        match self {
            Self::Personal(role, bits) => Some((Scopes::from_bits(bits).unwrap(), true, role)),
            // A project token is an admin of its one project.
            Self::Project(own, bits) => Some((Scopes::from_bits(bits).unwrap(), false, own.then_some(Role::Admin))),
            _ => None,
        }
    }
}

/// What the table says, worked out without the program's own way of asking it.
fn expected(route: &Route, caller: Caller, archived: bool) -> Expected {
    let needs = route.capability.rule();
    if needs.door == Door::Anybody {
        return Expected::Passes;
    }
    let Some((scopes, personal, role)) = caller.known() else { return Expected::Unauthenticated };
    if archived && !personal && role.is_some() {
        return Expected::Unauthenticated;
    }
    match needs.door {
        Door::Scoped(scope) | Door::Personal(scope) if !scopes.has(scope) => return Expected::MissingScope(Some(scope)),
        Door::Personal(_) if !personal => return Expected::Forbidden,
        Door::SignedIn => return Expected::Forbidden,
        Door::AnyToken if route.capability == Capability::RotateCurrentToken && scopes == Scopes::REPORT_ONLY => {
            return Expected::MissingScope(None);
        }
        _ => {}
    }
    let about_ticket = route.path.contains("/tickets/{");
    if !route.path.contains('{') && route.capability != Capability::CreateTickets {
        return Expected::Passes;
    }
    let Some(role) = role else { return if about_ticket { Expected::NotFound } else { Expected::Forbidden } };
    // An archived project is read, and so is all else of its organization.
    let in_project = about_ticket || route.path.contains("/projects/{") || route.capability == Capability::CreateTickets;
    if role < needs.role || (archived && in_project && !needs.in_archive) {
        return Expected::Forbidden;
    }
    // The walk's comments are all the owner's.
    let own = personal && role == Role::Owner;
    match (route.path.contains("{comment_id}"), route.method) {
        (true, &Method::PATCH) if !own => Expected::Forbidden,
        (true, &Method::DELETE) if !own && role < Capability::DeleteOthersComments.rule().role => Expected::Forbidden,
        _ => Expected::Passes,
    }
}

/// Where the walk goes.
struct Walk<'a> {
    app: &'a TestApp,
    world: &'a World,
    project: Project,
    archived: bool,
    ticket: String,
    comment: String,
    owner: Client,
    tokens: HashMap<Caller, Client>,
    made: usize,
}

impl<'a> Walk<'a> {
    async fn through(app: &'a TestApp, world: &'a World, project: Project, archived: bool) -> Self {
        let ticket = app.filed(&project, "A").await;
        let owner = app.personal_token(&world.owner, Scopes::FULL).await;
        let mut walk = Self { app, world, project, archived, ticket, comment: String::new(), owner, tokens: HashMap::new(), made: 0 };
        walk.comment = walk.fresh_comment().await;
        app.set_archived(&walk.project, archived).await;
        walk
    }

    async fn fresh_comment(&self) -> String {
        let path = format!("tickets/{}/comments", self.ticket);
        self.owner.post(path, json!({"comment": {"content": "x"}})).await.is(201)["id"].as_str().unwrap().to_owned()
    }

    async fn client(&mut self, caller: Caller, fresh: bool) -> Client {
        if let Some(client) = self.tokens.get(&caller).filter(|_| !fresh) {
            return client.clone();
        }
        let client = self.make(caller).await;
        self.tokens.insert(caller, client.clone());
        client
    }

    async fn make(&self, caller: Caller) -> Client {
        let (app, world) = (self.app, self.world);
        let person = |role: Option<Role>| -> &Person { role.map_or(&world.stranger, |role| world.who(role)) };
        match caller {
            Caller::Anonymous => app.anonymous(),
            Caller::Junk => app.bearer("junk"),
            Caller::Unknown => app.bearer(PlainToken::from_random(TokenKind::Personal, &[7; 64]).unwrap().expose()),
            // So many of one user that none of them could be made by an operation.
            Caller::Personal(role, bits) => {
                app.token_past_the_limit(Ok(person(role)), Scopes::from_bits(bits).unwrap(), tokens::USUAL_LIFE).await
            }
            Caller::Project(own, bits) => {
                let project = if own { &self.project } else { &world.other_project };
                app.token_past_the_limit(Err(project), Scopes::from_bits(bits).unwrap(), tokens::USUAL_LIFE).await
            }
            Caller::RevokedPersonal | Caller::RevokedProject => {
                let personal = caller == Caller::RevokedPersonal;
                let client = self.full(personal, Span::days(1)).await;
                app.anonymous().post("tokens/revoke", json!({"token": client.token()})).await.is(200);
                client
            }
            Caller::ExpiredPersonal | Caller::ExpiredProject => self.full(caller == Caller::ExpiredPersonal, Span::ZERO).await,
        }
    }

    async fn full(&self, personal: bool, life: Span) -> Client {
        let of = if personal { Ok(&self.world.owner) } else { Err(&self.project) };
        self.app.token_past_the_limit(of, Scopes::FULL, life).await
    }

    /// How each route is called so that nothing but a right can be missing; what passes gets something of its own to change.
    async fn call(&mut self, route: &Route, who: &Client, passes: bool) -> Call {
        self.made += 1;
        let code = |letter: char| format!("{letter}{}{}", self.made, if self.archived { "X" } else { "Y" });
        let (organization, project, mut comment, mut t) =
            (self.world.organization.id, self.project.id.to_string(), self.comment.clone(), self.ticket.clone());
        let known = route.path.strip_prefix("/api/v1/").expect("all routes lie under /api/v1");
        let path = match (route.method.as_str(), known) {
            ("GET", "tickets/{id}" | "tickets/{id}/comments" | "tickets/{id}/events")
            | ("PATCH", "tickets/{id}")
            | ("POST", "tickets/{id}/comments" | "tickets/{id}/restore") => known.replace("{id}", &t),
            ("DELETE", "tickets/{id}") => {
                if passes {
                    t = self.app.filed(&self.project, "gone").await;
                }
                known.replace("{id}", &t)
            }
            ("PATCH" | "DELETE", "tickets/{id}/comments/{comment_id}") => {
                if passes {
                    comment = self.fresh_comment().await;
                }
                known.replace("{id}", &t).replace("{comment_id}", &comment)
            }
            (
                "GET",
                "mcp/organizations/{organization_id}/projects"
                | "mcp/organizations/{organization_id}/tickets"
                | "mcp/organizations/{organization_id}/members",
            )
            | ("POST", "mcp/organizations/{organization_id}/projects") => known.replace("{organization_id}", &organization.to_string()),
            ("GET" | "PATCH", "projects/{id}") => known.replace("{id}", &project),
            ("DELETE", "projects/{id}") => {
                let own = if passes { self.app.project(&self.world.organization, &code('D')).await.id.to_string() } else { project };
                known.replace("{id}", &own)
            }
            ("GET", "tickets" | "mcp/organizations" | "tokens/current" | "openapi.json")
            | ("POST", "tickets" | "tokens/current/rotate" | "tokens/revoke")
            | ("DELETE", "tokens/current") => known.to_owned(),
            (method, path) => panic!("the walk does not know how to call {method} {path}: teach it here"),
        };
        let call = who.call(route.method.clone(), path);
        if !matches!(*route.method, Method::POST | Method::PATCH) {
            return call;
        }
        let mut body = ticket(&self.project, &json!({"title": format!("title {}", self.made)}));
        if *route.method == Method::PATCH {
            body["ticket"] = json!({"title": format!("title {}", self.made)});
        }
        body["comment"] = json!({"content": format!("comment {}", self.made)});
        body["project"] = json!({"name": format!("Name {}", self.made)});
        if *route.method == Method::POST {
            body["project"]["code"] = json!(code('C'));
        }
        body["tokens"] = json!([]);
        call.json(&body)
    }

    async fn go(&mut self, route: &Route, caller: Caller) {
        let expected = expected(route, caller, self.archived);
        let ends = matches!(route.capability, Capability::RotateCurrentToken | Capability::RevokeCurrentToken);
        let who = self.client(caller, ends).await;
        let answer = self.call(route, &who, expected == Expected::Passes).await.await;
        if ends {
            self.tokens.remove(&caller);
        }
        let found = outcome(&answer);
        assert_eq!(found, expected, "{} {} by {caller:?}, archived: {}\n{answer:?}", route.method, route.path, self.archived);
    }
}

fn outcome(answer: &Answer) -> Expected {
    let challenge = answer.header("www-authenticate").unwrap_or_default();
    let scope = challenge.split_once("scope=\"").map(|(_, scope)| scope.trim_end_matches('"'));
    match answer.status {
        200..=299 => Expected::Passes,
        401 => Expected::Unauthenticated,
        403 if challenge.contains("insufficient_scope") => Expected::MissingScope(scope.map(|scope| Scope::from_word(scope).unwrap())),
        403 => Expected::Forbidden,
        404 => Expected::NotFound,
        _ => panic!("{answer:?}"),
    }
}

async fn every_route_with_every_caller(mut app: TestApp) {
    let world = app.world().await;
    app.restart(&Settings::unlimited());
    let archive = app.project(&world.organization, "OLD").await;
    for (project, archived) in [(world.project.clone(), false), (archive, true)] {
        let mut walk = Walk::through(&app, &world, project, archived).await;
        for route in bugtome::api::routes::all() {
            for caller in callers() {
                walk.go(&route, caller).await;
            }
        }
    }
}

/// The table as people read it: a change of policy is a change of this text.
#[test]
fn the_permission_table_is_as_agreed() {
    let mut text = String::from("capability                door                        least role  in an archived project\n");
    for capability in Capability::ALL {
        let rule = capability.rule();
        let door = match rule.door {
            Door::Anybody => "anybody".to_owned(),
            Door::AnyToken => "any token".to_owned(),
            Door::SignedIn => "a signed-in person".to_owned(),
            Door::Scoped(scope) => format!("pk_ proj_  {scope}"),
            Door::Personal(scope) => format!("pk_        {scope}"),
        };
        let archive = if rule.in_archive { "yes" } else { "no" };
        writeln!(text, "{:<25} {door:<27} {:<11} {archive}", format!("{capability:?}"), rule.role.word()).unwrap();
    }
    text.push_str("\nroute\n");

    for route in bugtome::api::routes::all() {
        writeln!(text, "{:<6} {:<58} {:?}", route.method.as_str(), route.path, route.capability).unwrap();
    }
    text.push_str("\npage\n");
    for page in bugtome::web::routes::all() {
        writeln!(text, "{:<6} {:<90} {:?}", page.method.as_str(), page.path, page.capability).unwrap();
    }
    insta::assert_snapshot!("permissions", text);
}
