//! The walk through the pages: every page and form with every kind of visitor, against what the permission table says and nothing else.
//! A route whose ids the walk does not know fails it, so that none escapes; what the pages show is told elsewhere.

use axum::http::Method;
use bugtome::domain::permissions::{Capability, Door};
use bugtome::domain::{comments, invitations, tokens};
use bugtome::http::pages::PageRoute;
use bugtome::model::draft::{Field, Text};
use bugtome::model::events::Via;
use bugtome::model::id::Id;
use bugtome::model::roles::Role;
use bugtome::model::scopes::Scopes;

use crate::harness::{Browser, Page, Person, Project, TestApp, World, both};

both! { every_page_with_every_visitor }

/// Who comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Visitor {
    /// Nobody has signed in.
    Anonymous,
    /// A member of the organization.
    Member(Role),
    /// Somebody who belongs to another organization.
    Stranger,
}

/// What the table lets come out.
#[derive(Debug, PartialEq, Eq)]
enum Expected {
    Passes,
    SignsIn,
    Forbidden,
    NotFound,
}

/// What the table says, worked out without the program's own way of asking it.
fn expected(route: &PageRoute, visitor: Visitor, archived: bool) -> Expected {
    let needs = route.capability.rule();
    if needs.door == Door::Anybody {
        // Links that nobody was given lead nowhere; those that hold are told in `door_pages`.
        return if route.path.contains("{secret}") { Expected::NotFound } else { Expected::Passes };
    }
    let role = match visitor {
        Visitor::Anonymous => return Expected::SignsIn,
        Visitor::Stranger if is_about_a_place(route) => return Expected::NotFound,
        Visitor::Stranger => return Expected::Passes,
        Visitor::Member(role) => role,
    };
    let shut = archived && route.path.contains("{project_id}") && !needs.in_archive;
    if is_about_a_place(route) && (role < needs.role || shut) { Expected::Forbidden } else { Expected::Passes }
}

/// Whether the path names something of the organization, so that a role in it counts.
fn is_about_a_place(route: &PageRoute) -> bool {
    route.path.contains("{project_id}") || route.path.contains("{organization_id}")
}

fn outcome(page: &Page) -> Expected {
    match page.status {
        303 if page.location().starts_with("/login?next=") || page.location() == "/login" => Expected::SignsIn,
        // What is sent without a word may be refused for that, but not for who sent it.
        200 | 201 | 204 | 303 | 400 | 409 | 422 => Expected::Passes,
        403 => Expected::Forbidden,
        404 => Expected::NotFound,
        _ => panic!("{page:?}"),
    }
}

struct Walk<'a> {
    app: &'a TestApp,
    world: &'a World,
    archived: bool,
    made: usize,
}

impl Walk<'_> {
    fn person(&self, visitor: Visitor) -> Option<&Person> {
        match visitor {
            Visitor::Anonymous => None,
            Visitor::Member(role) => Some(self.world.who(role)),
            Visitor::Stranger => Some(&self.world.stranger),
        }
    }

    /// A project of its own for each form that may change it, so that one visitor does not take it from the next.
    async fn fresh_project(&mut self) -> Project {
        self.made += 1;
        let mut code = String::from("Q");
        let mut rest = self.made;
        while rest > 0 {
            code.push(char::from(b'A' + u8::try_from(rest % 26).unwrap()));
            rest /= 26;
        }
        code.push(if self.archived { 'Y' } else { 'X' });
        self.app.project(&self.world.organization, &code).await
    }

    /// The path with ids of things that are there.
    async fn path(&mut self, route: &PageRoute, visitor: Visitor) -> String {
        let project = self.fresh_project().await;
        let ticket = self.app.filed(&project, "A ticket to walk through").await;
        let comment = self.comment(&ticket, visitor).await;
        let member = self.app.user(&format!("Max Extra {} {}", self.made, self.archived)).await;
        self.app.add_member(&self.world.organization, &member, Role::Viewer).await;
        let token = self.token(route, &project, visitor, &member).await;
        let organization = self.world.organization.id;
        let invite =
            move |ctx: &mut bugtome::domain::Ctx<'_>| Ok(invitations::create(ctx, organization, &Field::Absent, Some(Role::Viewer))?.0.id);
        let invitation = self.app.command(invite).await;
        self.app.set_archived(&project, self.archived).await;
        let path = route
            .path
            .replace("{project_id}", &project.id.to_string())
            .replace("{ticket_id}", &ticket)
            .replace("{comment_id}", &comment)
            .replace("{organization_id}", &organization.to_string())
            .replace("{user_id}", &member.id.to_string())
            .replace("{token_id}", &token)
            .replace("{invitation_id}", &invitation.to_string())
            .replace("{secret}", &"0".repeat(48));
        assert!(!path.contains('{'), "the walk does not know an id in {}: teach it here", route.path);
        path
    }

    /// A comment of the visitor's own where they may write one, else the owner's.
    async fn comment(&self, ticket: &str, visitor: Visitor) -> String {
        let author = match visitor {
            Visitor::Member(role) if Capability::Comment.is_for(role) => self.world.who(role),
            _ => &self.world.owner,
        };
        let (who, ticket): (_, Id<_>) = (bugtome::domain::Who::User(author.id), ticket.parse().unwrap());
        let content = Field::Value(Text::from("a comment"));
        let made = self.app.app.write(who, Via::Web, move |ctx| Ok(comments::create(ctx, ticket, &content)?.id.to_string()));
        made.await.unwrap()
    }

    /// A token of what the route is about: the visitor's own, the project's, or a member's.
    async fn token(&self, route: &PageRoute, project: &Project, visitor: Visitor, member: &Person) -> String {
        let draft = tokens::Draft { name: Field::Value("walker".into()), scopes: Scopes::FULL, life: Some(tokens::USUAL_LIFE) };
        let (project, own) = (project.id, self.person(visitor).map_or(member.id, |person| person.id));
        let user = if route.path.starts_with("/account/") { own } else { member.id };
        let of_project = route.path.contains("{project_id}");
        let made = self.app.command(move |ctx| {
            if of_project { tokens::create_project(ctx, project, &draft) } else { tokens::create_personal(ctx, user, &draft) }
        });
        made.await.token.id.to_string()
    }

    async fn go(&mut self, route: &PageRoute, visitor: Visitor) {
        let path = self.path(route, visitor).await;
        // A session of its own, since some forms end it.
        let browser: Browser = match self.person(visitor) {
            Some(person) => self.app.signed_in(person).await,
            None => self.app.browser(),
        };
        let page = if *route.method == Method::GET { browser.get(&path).await } else { browser.post(&path, &[]).await };
        let wanted = expected(route, visitor, self.archived);
        let mut found = outcome(&page);
        // Where anybody may come, the sign-in is one of the places that they are led to.
        if route.capability.rule().door == Door::Anybody && found == Expected::SignsIn {
            found = Expected::Passes;
        }
        assert_eq!(found, wanted, "{} {} by {visitor:?}, archived: {}\n{page:?}", route.method, route.path, self.archived);
    }
}

async fn every_page_with_every_visitor(app: TestApp) {
    let world = app.world().await;
    for person in [&world.owner, &world.admin, &world.member, &world.viewer, &world.stranger] {
        app.give_password(person).await;
    }
    let visitors = Role::ALL.iter().map(|role| Visitor::Member(*role)).chain([Visitor::Anonymous, Visitor::Stranger]);
    let visitors: Vec<_> = visitors.collect();
    for archived in [false, true] {
        let mut walk = Walk { app: &app, world: &world, archived, made: 0 };
        for route in bugtome::web::routes::all() {
            // Only what is about a project can be archived.
            if archived && !route.path.contains("{project_id}") {
                continue;
            }
            for visitor in &visitors {
                walk.go(&route, *visitor).await;
            }
        }
    }
}
