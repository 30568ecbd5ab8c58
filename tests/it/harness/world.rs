//! The world that most stories play in: an organization with a member of each role and a project, and another one with strangers.
//! It is built through the domain's functions, as commands do.

use bugtome::domain::{members, organizations, projects, tokens, users};
use bugtome::model::draft::{Field, Text};
use bugtome::model::id::Id;
use bugtome::model::persons::PersonKind;
use bugtome::model::roles::Role;
use bugtome::model::scopes::Scopes;
use bugtome::model::time::Span;
use bugtome::model::tokens::{PlainToken, Token, TokenKind};
use bugtome::model::{organizations as organization, projects as project, users as user};
use bugtome::store::persons::{self, PersonRow};
use bugtome::store::tokens::{self as store, NewToken};
use serde_json::{Value, json};

use super::{Client, TestApp};

/// A user.
#[derive(Debug, Clone)]
pub struct Person {
    pub id: Id<user::User>,
    pub name: String,
    pub email: String,
}

/// An organization.
#[derive(Debug, Clone)]
pub struct Organization {
    pub id: Id<organization::Organization>,
}

/// A project.
#[derive(Debug, Clone)]
pub struct Project {
    pub id: Id<project::Project>,
}

/// Who and what there is.
pub struct World {
    pub organization: Organization,
    pub project: Project,
    pub owner: Person,
    pub admin: Person,
    pub member: Person,
    pub viewer: Person,
    pub elsewhere: Organization,
    pub other_project: Project,
    pub stranger: Person,
}

fn text(value: &str) -> Field<Text> {
    Field::Value(value.into())
}

impl World {
    /// The person with this role.
    pub fn who(&self, role: Role) -> &Person {
        match role {
            Role::Viewer => &self.viewer,
            Role::Member => &self.member,
            Role::Admin => &self.admin,
            Role::Owner => &self.owner,
        }
    }
}

impl TestApp {
    /// The world that most stories play in.
    pub async fn world(&self) -> World {
        let owner = self.user("Olga Owner").await;
        let admin = self.user("Adam Admin").await;
        let member = self.user("Mia Member").await;
        let viewer = self.user("Vera Viewer").await;
        let stranger = self.user("Stan Stranger").await;
        let organization = self.organization("acme", &owner).await;
        for (person, role) in [(&admin, Role::Admin), (&member, Role::Member), (&viewer, Role::Viewer)] {
            self.add_member(&organization, person, role).await;
        }
        let project = self.project(&organization, "WEB").await;
        let elsewhere = self.organization("elsewhere", &stranger).await;
        let other_project = self.project(&elsewhere, "FAR").await;
        World { organization, project, owner, admin, member, viewer, elsewhere, other_project, stranger }
    }

    /// Makes a user; the address is made from the name.
    pub async fn user(&self, name: &str) -> Person {
        let (name, email) = (name.to_owned(), format!("{}@example.com", name.to_lowercase().replace(' ', ".")));
        self.command(move |ctx| {
            let row = users::create(ctx, &text(&name), &text(&email), None)?;
            Ok(Person { id: row.id, name: row.name, email: row.email })
        })
        .await
    }

    /// Makes an organization.
    pub async fn organization(&self, slug: &str, owner: &Person) -> Organization {
        let (slug, owner) = (slug.to_owned(), owner.id);
        self.command(move |ctx| {
            let row = organizations::create(ctx, &text(&slug), &text(&slug), owner)?;
            Ok(Organization { id: row.id })
        })
        .await
    }

    /// Makes somebody a member.
    pub async fn add_member(&self, organization: &Organization, person: &Person, role: Role) {
        let (organization, person) = (organization.id, person.id);
        self.command(move |ctx| members::add(ctx, organization, person, role)).await;
    }

    /// Gives a member another role.
    pub async fn set_role(&self, organization: &Organization, person: &Person, role: Role) {
        let (organization, person) = (organization.id, person.id);
        self.command(move |ctx| members::set_role(ctx, organization, person, role)).await;
    }

    /// Removes a member.
    pub async fn remove_member(&self, organization: &Organization, person: &Person) {
        let (organization, person) = (organization.id, person.id);
        self.command(move |ctx| members::remove(ctx, organization, person).map(drop)).await;
    }

    /// Sets the longest life of tokens that reach the organization.
    pub async fn set_policy(&self, organization: &Organization, longest: Option<Span>) {
        let organization = organization.id;
        self.command(move |ctx| organizations::set_policy(ctx, organization, longest)).await;
    }

    /// Makes a project.
    pub async fn project(&self, organization: &Organization, code: &str) -> Project {
        let (organization, code) = (organization.id, code.to_owned());
        self.command(move |ctx| {
            let draft = projects::Draft { name: text(&format!("Project {code}")), code: text(&code), ..projects::Draft::default() };
            let row = projects::create(ctx, organization, &draft)?;
            Ok(Project { id: row.id })
        })
        .await
    }

    /// Archives a project, or opens it again.
    pub async fn set_archived(&self, project: &Project, archived: bool) {
        let id = project.id;
        let draft = projects::Draft { archived: Field::Value(archived), ..projects::Draft::default() };
        self.command(move |ctx| projects::edit(ctx, id, &draft).map(drop)).await;
    }

    /// Deletes a project.
    pub async fn delete_project(&self, project: &Project) {
        let id = project.id;
        self.command(move |ctx| projects::delete(ctx, id)).await;
    }

    /// Somebody with a personal token for 90 days.
    pub async fn personal_token(&self, person: &Person, scopes: Scopes) -> Client {
        self.personal_token_for(person, scopes, Some(tokens::USUAL_LIFE)).await
    }

    /// As [`TestApp::personal_token`] with another length of life.
    pub async fn personal_token_for(&self, person: &Person, scopes: Scopes, life: Option<Span>) -> Client {
        let user = person.id;
        let draft = tokens::Draft { name: text("script"), scopes, life };
        let made = self.command(move |ctx| tokens::create_personal(ctx, user, &draft)).await;
        Client { id: Some(made.token.id), ..self.bearer(made.plain.expose()) }
    }

    /// A service with a project's token for 90 days.
    pub async fn project_token(&self, project: &Project, scopes: Scopes) -> Client {
        self.project_token_for(project, scopes, Some(tokens::USUAL_LIFE)).await
    }

    /// As [`TestApp::project_token`] with another length of life.
    pub async fn project_token_for(&self, project: &Project, scopes: Scopes, life: Option<Span>) -> Client {
        let project = project.id;
        let draft = tokens::Draft { name: text("ci"), scopes, life };
        let made = self.command(move |ctx| tokens::create_project(ctx, project, &draft)).await;
        Client { id: Some(made.token.id), ..self.bearer(made.plain.expose()) }
    }

    /// A token as an earlier release may have left it: beyond how many may live, which no operation makes any more.
    pub async fn token_past_the_limit(&self, of: Result<&Person, &Project>, scopes: Scopes, life: Span) -> Client {
        let (user, project) = (of.ok().map(|person| person.id), of.err().map(|project| project.id));
        let kind = if user.is_some() { TokenKind::Personal } else { TokenKind::Project };
        let (id, plain) = self
            .command(move |ctx| {
                let plain = PlainToken::from_random(kind, &ctx.random()).expect("enough of 64 random bytes are digits");
                let id: Id<Token> = ctx.new_id();
                let new = NewToken {
                    id,
                    digest: plain.hashed(),
                    user,
                    project,
                    name: "from before",
                    last_four: plain.last_four(),
                    scopes,
                    created_by: None,
                    life: Some(life),
                    expires_at: Some(ctx.now.plus(life)),
                    continues: None,
                };
                store::insert(ctx.db, &new, ctx.now)?;
                if project.is_some() {
                    let row = PersonRow { id: id.cast(), kind: PersonKind::ProjectToken, name: "from before".to_owned(), email: None };
                    persons::insert(ctx.db, &row)?;
                }
                Ok((id, plain.expose().to_owned()))
            })
            .await;
        Client { id: Some(id), ..self.bearer(&plain) }
    }

    /// As [`TestApp::project_token`], made by the person.
    pub async fn project_token_of(&self, person: &Person, project: &Project) -> Client {
        let (who, project) = (bugtome::domain::Who::User(person.id), project.id);
        let draft = tokens::Draft { name: text("deploy bot"), scopes: Scopes::FULL, life: Some(tokens::USUAL_LIFE) };
        let made =
            self.app.write(who, bugtome::model::events::Via::Web, move |ctx| tokens::create_project(ctx, project, &draft)).await.unwrap();
        Client { id: Some(made.token.id), ..self.bearer(made.plain.expose()) }
    }

    /// Files a ticket in the project, as a command does, and answers its id.
    pub async fn filed(&self, project: &Project, title: &str) -> String {
        let (project, title) = (project.id, title.to_owned());
        self.command(move |ctx| {
            let long = || text("something long enough");
            let draft = bugtome::domain::tickets::Draft {
                title: text(&title),
                given: long(),
                when: long(),
                then: long(),
                project_id: Field::Value(project),
                ..bugtome::domain::tickets::Draft::default()
            };
            Ok(bugtome::domain::tickets::create(ctx, &draft)?.id.to_string())
        })
        .await
    }
}

/// The members of a ticket that is well.
pub fn draft() -> Value {
    json!({
        "title": "The cart forgets its items",
        "given": "a cart with two items",
        "when": "the page is loaded again",
        "then": "both items are still there",
    })
}

/// A body that files a ticket in the project; `more` is laid over what is well.
pub fn ticket(project: &Project, more: &Value) -> Value {
    let mut ticket = draft();
    ticket["project_id"] = project.id.to_string().into();
    for (name, value) in more.as_object().unwrap() {
        ticket[name] = value.clone();
    }
    json!({ "ticket": ticket })
}
