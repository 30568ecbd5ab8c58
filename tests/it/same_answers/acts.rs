//! Who there is, and what happens beside the requests: time passes, tokens are made, roles, policies and archives change, what is over is swept.
//! All of it happens on both servers alike, by commands.

use bugtome::domain::tickets::{self, Draft};
use bugtome::domain::{Ctx, Who, members, organizations, projects, users};
use bugtome::model::draft::{Field, Text};
use bugtome::model::events::Via;
use bugtome::model::id::Id;
use bugtome::model::roles::Role;
use bugtome::model::scopes::{Scope, Scopes};
use bugtome::model::time::Span;
use bugtome::model::tokens::{PlainToken, TokenKind};

use super::dice::Dice;
use super::known::{Known, remember};
use crate::harness::{Client, Person, TestApp, World};
use crate::twins::{Caller, Twins, Visitor};

/// The worlds of both servers, and who calls.
pub struct Cast {
    pub worlds: (World, World),
    /// Somebody whose role changes.
    pub max: (Person, Person),
    /// A project that is archived and opened again.
    pub old: (String, String),
    /// Those who stay.
    pub callers: Vec<Caller>,
    /// Those whose tokens may end.
    pub spares: Vec<Caller>,
    pub visitors: Vec<Visitor>,
}

fn text(value: &str) -> Field<Text> {
    Field::Value(value.into())
}

/// Members whose names are in another order in every language, and a second project and more.
async fn people(app: &TestApp, world: &World) -> Person {
    let organization = world.organization.id;
    for (at, name) in
        ["zoe", "Zoë", "_under", "Ångström", "ärger", "Ärger", "日本", "O'Brien", "👩 Person", "a b", "a-b", "ab"].into_iter().enumerate()
    {
        app.pass(Span::from_micros(1_000));
        app.command(move |ctx| {
            let row = users::create(ctx, &text(name), &text(&format!("extra{at}@example.com")), None)?;
            members::add(ctx, organization, row.id, Role::Viewer)
        })
        .await;
    }
    app.pass(Span::from_micros(1_000));
    let max = app.user("Max Moving").await;
    app.add_member(&world.organization, &max, Role::Member).await;
    max
}

impl Cast {
    /// Makes the same worlds on both.
    pub async fn on(twins: &mut Twins, known: &mut Known) -> Self {
        let worlds = twins.both(TestApp::world).await;
        let max = tokio::join!(people(&twins.sqlite, &worlds.0), people(&twins.postgres, &worlds.1));
        let (bea, zed) = twins.both(async |app: &TestApp| app.user("Bea Both").await).await;
        for (app, world, bea) in [(&twins.sqlite, &worlds.0, &bea), (&twins.postgres, &worlds.1, &zed)] {
            app.add_member(&world.organization, bea, Role::Member).await;
            app.add_member(&world.elsewhere, bea, Role::Admin).await;
        }
        twins.pass(Span::seconds(1));
        let old = tokio::join!(twins.sqlite.project(&worlds.0.organization, "OLD"), twins.postgres.project(&worlds.1.organization, "OLD"));
        let old = (old.0.id.to_string(), old.1.id.to_string());
        let ids = |world: &World, max: &Person, bea: &Person, old: &str| {
            let people = [&world.owner, &world.admin, &world.member, &world.viewer, &world.stranger, max, bea];
            let places = [world.organization.id.to_string(), world.elsewhere.id.to_string()];
            let projects = [world.project.id.to_string(), world.other_project.id.to_string(), old.to_owned()];
            people.iter().map(|person| person.id.to_string()).chain(places).chain(projects).collect::<Vec<_>>()
        };
        let (left, right) = (ids(&worlds.0, &max.0, &bea, &old.0), ids(&worlds.1, &max.1, &zed, &old.1));
        for (left, right) in left.iter().zip(&right) {
            twins.alike.pair(left, right).unwrap();
        }
        known.people = left[..7].to_vec();
        known.organizations = left[7..9].to_vec();
        known.projects = vec![left[9].clone(), left[9].clone(), left[10].clone(), left[11].clone()];
        let mut cast = Self { worlds, max, old, callers: Vec::new(), spares: Vec::new(), visitors: Vec::new() };
        cast.engage(twins, (&bea, &zed)).await;
        cast
    }

    /// Makes callers and visitors.
    async fn engage(&mut self, twins: &Twins, bea: (&Person, &Person)) {
        let (left, right) = &self.worlds;
        let report = Scopes::REPORT_ONLY;
        for (name, one, other, scopes) in [
            ("the owner", &left.owner, &right.owner, Scopes::FULL),
            ("the admin", &left.admin, &right.admin, Scopes::FULL),
            ("the member", &left.member, &right.member, Scopes::FULL),
            ("the viewer", &left.viewer, &right.viewer, Scopes::FULL),
            ("the stranger", &left.stranger, &right.stranger, Scopes::FULL),
            ("Bea of both", bea.0, bea.1, Scopes::FULL),
            ("Max", &self.max.0, &self.max.1, Scopes::FULL),
            ("the admin who reads", &left.admin, &right.admin, Scopes::READ_ONLY),
            ("the member who reports", &left.member, &right.member, report),
            ("the owner for comments", &left.owner, &right.owner, Scopes::of(&[Scope::CommentsWrite])),
            ("the owner for members", &left.owner, &right.owner, Scopes::of(&[Scope::MembersRead, Scope::ProjectsRead])),
        ] {
            // Ids are in one order where they are made a millisecond apart.
            twins.pass(Span::from_micros(1_000));
            let clients =
                tokio::join!(twins.sqlite.personal_token_for(one, scopes, None), twins.postgres.personal_token_for(other, scopes, None));
            self.callers.push(Caller { name: name.to_owned(), sqlite: clients.0, postgres: clients.1 });
        }
        for (name, one, other, scopes) in [
            ("a project", &left.project, &right.project, Scopes::FULL),
            ("a project that reports", &left.project, &right.project, report),
            ("a project that reads", &left.project, &right.project, Scopes::READ_ONLY),
            ("another project", &left.other_project, &right.other_project, Scopes::FULL),
        ] {
            twins.pass(Span::from_micros(1_000));
            let clients =
                tokio::join!(twins.sqlite.project_token_for(one, scopes, None), twins.postgres.project_token_for(other, scopes, None));
            self.callers.push(Caller { name: name.to_owned(), sqlite: clients.0, postgres: clients.1 });
        }
        let unknown = PlainToken::from_random(TokenKind::Personal, &[7; 64]).unwrap();
        for (name, token) in [("nobody", None), ("junk", Some("junk")), ("an unknown token", Some(unknown.expose()))] {
            let client = async |app: &TestApp| token.map_or_else(|| app.anonymous(), |token| app.bearer(token));
            self.callers.push(twins.caller(name, client).await);
        }
        for (name, one, other) in [
            ("the owner", &left.owner, &right.owner),
            ("the member", &left.member, &right.member),
            ("Bea", bea.0, bea.1),
            ("the stranger", &left.stranger, &right.stranger),
        ] {
            let (sqlite, postgres) = tokio::join!(twins.sqlite.signed_in(one), twins.postgres.signed_in(other));
            self.visitors.push(Visitor { name: name.to_owned(), sqlite, postgres });
        }
        self.visitors.push(Visitor { name: "nobody".to_owned(), sqlite: twins.sqlite.browser(), postgres: twins.postgres.browser() });
    }

    /// A token that may end, of somebody or of a project.
    pub async fn spare(&mut self, twins: &mut Twins, dice: &mut Dice, known: &mut Known) {
        let scopes = *dice.pick(&[Scopes::FULL, Scopes::FULL, Scopes::READ_ONLY, Scopes::REPORT_ONLY]);
        let life = *dice.pick(&[None, Some(Span::seconds(600)), Some(Span::days(1)), Some(Span::days(10)), Some(Span::days(90))]);
        let personal = dice.percent(60);
        let (left, right) = &self.worlds;
        let make = async |app: &TestApp, world: &World| -> Client {
            if personal {
                app.personal_token_for(&world.admin, scopes, life).await
            } else {
                app.project_token_for(&world.project, scopes, life).await
            }
        };
        let (sqlite, postgres) = tokio::join!(make(&twins.sqlite, left), make(&twins.postgres, right));
        twins.alike.pair(sqlite.token(), postgres.token()).unwrap();
        // What is asked next shall not be of the same millisecond.
        twins.pass(Span::from_micros(1_000));
        remember(&mut known.tokens, sqlite.token().to_owned());
        remember(&mut self.spares, Caller { name: format!("a spare token {scopes:?} for {life:?}"), sqlite, postgres });
    }

    /// Something happens that no request does.
    pub async fn act(&mut self, twins: &mut Twins, dice: &mut Dice, known: &mut Known) -> Result<(), String> {
        match dice.below(14) {
            0..=4 => self.spare(twins, dice, known).await,
            5 => twins.pass(*dice.pick(&[Span::seconds(7_200), Span::seconds(7_200), Span::days(1), Span::days(6)])),
            6 => drop(
                twins
                    .both(async |app: &TestApp| {
                        app.sweep().await;
                        app.flush_uses().await;
                    })
                    .await,
            ),
            7 | 8 => {
                let role = *dice.pick(&[Some(Role::Viewer), Some(Role::Member), Some(Role::Admin), None]);
                let ids = (self.worlds.0.organization.id, self.max.0.id, self.worlds.1.organization.id, self.max.1.id);
                let change = async |app: &TestApp, organization, person| {
                    said(app, move |ctx| match role {
                        None => members::remove(ctx, organization, person).map(drop),
                        Some(Role::Member) => members::add(ctx, organization, person, Role::Member),
                        Some(role) => members::set_role(ctx, organization, person, role),
                    })
                    .await
                };
                same(tokio::join!(change(&twins.sqlite, ids.0, ids.1), change(&twins.postgres, ids.2, ids.3)))?;
            }
            9 => {
                let longest = if dice.percent(30) { Some(Span::days(60)) } else { None };
                let set = async |app: &TestApp, world: &World| {
                    let id = world.elsewhere.id;
                    said(app, move |ctx| organizations::set_policy(ctx, id, longest)).await
                };
                same(tokio::join!(set(&twins.sqlite, &self.worlds.0), set(&twins.postgres, &self.worlds.1)))?;
            }
            10 => {
                let archived = dice.percent(40);
                let set = async |app: &TestApp, id: &str| {
                    let id = id.parse().unwrap();
                    let draft = projects::Draft { archived: Field::Value(archived), ..projects::Draft::default() };
                    said(app, move |ctx| projects::edit(ctx, id, &draft).map(drop)).await
                };
                same(tokio::join!(set(&twins.sqlite, &self.old.0), set(&twins.postgres, &self.old.1)))?;
            }
            _ => self.file(twins, dice).await?,
        }
        Ok(())
    }

    /// Several tickets of one moment, so that there are ties.
    async fn file(&self, twins: &Twins, dice: &mut Dice) -> Result<(), String> {
        let titles: Vec<_> = (0..=dice.below(4)).map(|_| format!("one of a few: {}", dice.words(3))).collect();
        let file = async |app: &TestApp, world: &World| {
            let (project, titles) = (world.project.id, titles.clone());
            said(app, move |ctx| titles.iter().try_for_each(|title| tickets::create(ctx, &plain(title, project)).map(drop))).await
        };
        same(tokio::join!(file(&twins.sqlite, &self.worlds.0), file(&twins.postgres, &self.worlds.1)))
    }
}

fn plain(title: &str, project: Id<bugtome::model::projects::Project>) -> Draft {
    let long = || text("something long enough");
    let title = Field::Value(title.chars().take(200).collect::<String>().as_str().into());
    Draft { title, given: long(), when: long(), then: long(), project_id: Field::Value(project), ..Draft::default() }
}

/// What a command says for itself.
async fn said(app: &TestApp, work: impl FnMut(&mut Ctx<'_>) -> bugtome::domain::Result<()> + Send + 'static) -> String {
    format!("{:?}", app.app.write(Who::Command, Via::Command, work).await)
}

fn same((left, right): (String, String)) -> Result<(), String> {
    if left == right { Ok(()) } else { Err(format!("a command said {left} on SQLite and {right} on PostgreSQL")) }
}
