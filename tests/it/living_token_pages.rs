//! How many tokens may live at once, and lists with pages, in which nothing that lives is hidden.
//! What a row of a list tells is in `token_pages`, how tokens end in `token_end_pages`.

use std::collections::BTreeSet;

use bugtome::domain::token_settings::{self, Place};
use bugtome::domain::tokens::{self, Draft, MOST_LIVING};
use bugtome::domain::{Error, Who};
use bugtome::model::draft::Field;
use bugtome::model::events::Via;
use bugtome::model::id::Id;
use bugtome::model::persons::{Person as AnyPerson, PersonKind};
use bugtome::model::scopes::Scopes;
use bugtome::model::time::{Span, Time};
use bugtome::model::tokens::HashedToken;
use bugtome::store::persons::{self, PersonRow};
use bugtome::store::tokens::{self as store, NewToken};
use serde_json::json;

use crate::harness::{Page, Person, Project, TestApp, both};
use crate::token_pages::{HERE, make};

both! {
    a_user_has_at_most_fifty_that_live,
    a_project_has_at_most_fifty_that_live,
    a_chain_counts_once_and_no_rotation_is_refused,
    two_at_once_do_not_both_find_room,
    lists_have_pages_with_the_living_ones_first,
    members_tokens_have_pages,
}

fn draft(name: &str) -> Draft {
    Draft { name: Field::Value(name.into()), scopes: Scopes::FULL, life: Some(tokens::USUAL_LIFE) }
}

const FULL: &str = "is one too many: 50 work already";

/// As an earlier release may have left them: so many tokens of a user or a project, each of the given end.
async fn stored(app: &TestApp, of: Result<&Person, &Project>, count: usize, ends: Option<Time>) {
    let (user, project) = (of.ok().map(|person| person.id), of.err().map(|project| project.id));
    app.command(move |ctx| {
        for _ in 0..count {
            let id: Id<bugtome::model::tokens::Token> = ctx.new_id();
            let digest = HashedToken::from_bytes(ctx.random());
            let new = NewToken {
                id,
                digest,
                user,
                project,
                name: "from before",
                last_four: "abcd",
                scopes: Scopes::FULL,
                created_by: None,
                life: ends.map(|_| Span::days(1)),
                expires_at: ends,
                continues: None,
            };
            store::insert(ctx.db, &new, ctx.now)?;
            if project.is_some() {
                let row = PersonRow { id: id.cast::<AnyPerson>(), kind: PersonKind::ProjectToken, name: "from before".into(), email: None };
                persons::insert(ctx.db, &row)?;
            }
        }
        Ok(())
    })
    .await;
}

// Finding 14: at most 50 living tokens a user.
async fn a_user_has_at_most_fifty_that_live(app: TestApp) {
    let world = app.world().await;
    let browser = app.signed_in(&world.member).await;
    stored(&app, Ok(&world.member), 300, Some(app.now())).await;
    stored(&app, Ok(&world.member), 49, None).await;
    let made = make(&browser, HERE, "the fiftieth", "full").await;
    made.is(200);
    let refused = make(&browser, HERE, "kept name", "full").await;
    refused.is(422);
    refused.has(FULL);
    refused.has("value=\"kept name\"");
    let user = world.member.id;
    let by_command = app.app.write(Who::Command, Via::Command, move |ctx| tokens::create_personal(ctx, user, &draft("x")).map(drop)).await;
    assert!(matches!(by_command, Err(Error::Invalid(problems)) if problems.of("name") == [FULL]));
    // Others have their own, and so has a project.
    make(&app.signed_in(&world.viewer).await, HERE, "another", "full").await.is(200);
    app.project_token(&world.project, Scopes::FULL).await;
    // One that ends makes room.
    let token = crate::token_pages::secret(&made);
    app.bearer(&token).delete("tokens/current").await.is(204);
    make(&browser, HERE, "in its place", "full").await.is(200);
    // Who has more from before keeps them, and makes no other.
    stored(&app, Ok(&world.member), 10, None).await;
    make(&browser, HERE, "more", "full").await.is(422).has("is one too many: 60 work already");
}

// Finding 14: and 50 a project.
async fn a_project_has_at_most_fifty_that_live(app: TestApp) {
    let world = app.world().await;
    stored(&app, Err(&world.project), 50, None).await;
    let here = format!("/workspace/projects/{}/settings/api-token", world.project.id);
    let browser = app.signed_in(&world.admin).await;
    make(&browser, &here, "one more", "report").await.is(422).has(FULL);
    let other = app.project(&world.organization, "NEXT").await;
    app.project_token(&other, Scopes::FULL).await;
    app.pass(Span::days(1));
    stored(&app, Err(&other), 49, Some(app.now())).await;
    app.project_token(&other, Scopes::FULL).await;
}

// Finding 14: a chain counts once, so that no rotation is refused for it.
async fn a_chain_counts_once_and_no_rotation_is_refused(app: TestApp) {
    let world = app.world().await;
    let mut newest = app.personal_token(&world.member, Scopes::FULL).await;
    for _ in 0..60 {
        let rotated = newest.post("tokens/current/rotate", json!({"overlap_seconds": 86_400})).await.is(201);
        newest = app.bearer(rotated["token"].as_str().unwrap());
    }
    stored(&app, Ok(&world.member), 48, None).await;
    let browser = app.signed_in(&world.member).await;
    make(&browser, HERE, "the fiftieth", "full").await.is(200);
    make(&browser, HERE, "one more", "full").await.is(422).has(FULL);
    let rotated = newest.post("tokens/current/rotate", json!({})).await.is(201);
    app.bearer(rotated["token"].as_str().unwrap()).get("tokens/current").await.is(200);
}

// Finding 14: on PostgreSQL too, where two transactions run at once.
async fn two_at_once_do_not_both_find_room(app: TestApp) {
    let world = app.world().await;
    stored(&app, Ok(&world.member), 45, None).await;
    stored(&app, Err(&world.project), 45, None).await;
    let (user, project) = (world.member.id, world.project.id);
    let one = |of_user: bool| {
        let app = app.app.clone();
        tokio::spawn(async move {
            let made = app.write(Who::Command, Via::Command, move |ctx| {
                let draft = draft("at once");
                if of_user { tokens::create_personal(ctx, user, &draft) } else { tokens::create_project(ctx, project, &draft) }.map(drop)
            });
            made.await.is_ok()
        })
    };
    let all: Vec<_> = (0..30).map(|number| (number % 2 == 0, one(number % 2 == 0))).collect();
    let mut made = [0, 0];
    for (of_user, one) in all {
        made[usize::from(of_user)] += usize::from(one.await.unwrap());
    }
    assert_eq!(made, [5, 5]);
    let living = app
        .command(move |ctx| {
            let of_user = bugtome::store::token_lists::living_chains_of_user(ctx.db, user, ctx.now)?;
            Ok((of_user, bugtome::store::token_lists::living_chains_of_project(ctx.db, project, ctx.now)?))
        })
        .await;
    assert_eq!(living, (MOST_LIVING, MOST_LIVING));
}

fn ids(page: &Page) -> Vec<String> {
    page.text.split("id=\"t-").skip(1).map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
}

// Finding 14: nothing living is hidden by what has ended.
async fn lists_have_pages_with_the_living_ones_first(app: TestApp) {
    let world = app.world().await;
    let project = format!("/workspace/projects/{}/settings/api-token", world.project.id);
    for (here, person, of) in [(HERE.to_owned(), &world.member, Ok(&world.member)), (project, &world.admin, Err(&world.project))] {
        let browser = app.signed_in(person).await;
        browser.get(&here).await.lacks("class=\"pager\"");
        // More than the limit lets live, as an earlier release did, and the living ones are the oldest of all.
        stored(&app, of, 70, None).await;
        stored(&app, of, 520, Some(app.now())).await;
        let (mut seen, mut living) = (BTreeSet::new(), 0);
        for number in 1..=12 {
            let page = browser.get(&format!("{here}?page={number}")).await;
            page.is(200);
            page.has("class=\"pager\"");
            page.has("of 590");
            let works = page.text.matches("/rotate\"").count();
            assert_eq!(
                works,
                match number {
                    1 => 50,
                    2 => 20,
                    _ => 0,
                },
                "page {number}"
            );
            living += works;
            let shown = ids(&page);
            assert_eq!(shown.len(), if number == 12 { 40 } else { 50 });
            seen.extend(shown);
        }
        assert_eq!((seen.len(), living), (590, 70));
        browser.get(&format!("{here}?page=13")).await.is(200).lacks("id=\"t-");
        for odd in ["0", "-1", "x", "99999999999999999999"] {
            assert_eq!(ids(&browser.get(&format!("{here}?page={odd}")).await).len(), 50);
        }
    }
    // The rest of a chain is known, whatever page it stands on.
    let old = app.personal_token(&world.viewer, Scopes::FULL).await;
    let rotated = old.post("tokens/current/rotate", json!({})).await.is(201);
    stored(&app, Ok(&world.viewer), 60, None).await;
    let browser = app.signed_in(&world.viewer).await;
    let second = browser.get(&format!("{HERE}?page=2")).await;
    let row = second.text.split("<tr id=\"t-").find(|row| row.starts_with(&old.id.unwrap().to_string())).unwrap();
    let token = rotated["token"].as_str().unwrap();
    assert!(row.contains("Revoke its chain") && row.contains(&token[token.len() - 4..]), "{row}");
    let listing = app.app.read(Who::User(world.viewer.id), Via::Web, |ctx| {
        token_settings::list(ctx, Place::Account, bugtome::model::pages::Page { number: 1, size: 1_000 })
    });
    assert_eq!(listing.await.unwrap().total, 62);
}

// Finding 14: an owner's list of all members' tokens.
async fn members_tokens_have_pages(app: TestApp) {
    let world = app.world().await;
    for person in [&world.owner, &world.admin, &world.member, &world.viewer] {
        stored(&app, Ok(person), 40, None).await;
        stored(&app, Ok(person), 200, Some(app.now())).await;
    }
    let path = format!("/workspace/organizations/{}/members", world.organization.id);
    for (person, total) in [(&world.owner, 160), (&world.admin, 120)] {
        let browser = app.signed_in(person).await;
        let mut seen = BTreeSet::new();
        for number in 1..=2 {
            let page = browser.get(&format!("{path}?tokens={number}")).await;
            page.has(&format!("of {total}"));
            seen.extend(page.text.split("/tokens/").skip(1).map(|rest| rest.split('/').next().unwrap().to_owned()));
        }
        assert_eq!(seen.len(), total);
    }
}
