//! Every way of losing a right, each of them effective with the next request.
//! The same under load is told in `load`; who may do what at all is walked through in `access`.

use bugtome::domain::returns::OnReturn;
use bugtome::domain::token_settings::{self, Place};
use bugtome::domain::{Error, Who, member_tokens, members, tokens, users};
use bugtome::model::draft::Field;
use bugtome::model::events::Via;
use bugtome::model::id::Id;
use bugtome::model::roles::Role;
use bugtome::model::scopes::Scopes;
use bugtome::model::time::Span;
use bugtome::model::tokens::{RevokedHow, Token};
use serde_json::json;

use crate::harness::{Client, Person, TestApp, World, both, ticket};

both! {
    revoked_by_itself,
    revoked_by_its_owner_or_an_admin,
    whoever_has_no_say_revokes_nothing,
    revoked_by_command,
    revoked_by_a_finder,
    expired,
    rotated,
    a_member_is_removed,
    a_role_is_lowered,
    a_user_is_disabled_and_let_in_again,
    a_project_is_archived,
    a_project_is_deleted,
    a_policy_is_tightened,
    shut_out_of_an_organization,
    one_tokens_end_is_not_anothers,
    a_project_token_outlives_its_maker,
    a_token_never_reaches_beyond_its_user,
    commands_alone_do_what_concerns_everybody,
}

/// Everything of this token is unknown from now on.
async fn is_dead(who: &Client, world: &World) {
    who.get("tickets").await.is(401);
    who.get("tokens/current").await.is(401);
    who.post("tickets", ticket(&world.project, &json!({}))).await.is(401);
    who.post("tokens/current/rotate", json!({})).await.is(401);
    who.delete("tokens/current").await.is(401);
}

async fn lives(who: &Client) {
    who.get("tickets").await.is(200);
}

async fn revoked_by_itself(app: TestApp) {
    let world = app.world().await;
    for who in [app.personal_token(&world.member, Scopes::FULL).await, app.project_token(&world.project, Scopes::FULL).await] {
        lives(&who).await;
        who.delete("tokens/current").await.is(204);
        is_dead(&who, &world).await;
    }
}

async fn revoke(app: &TestApp, by: &Person, place: Place, id: Id<Token>, extent: tokens::Extent) -> bugtome::domain::Result<()> {
    let who = Who::User(by.id);
    app.app.write(who, Via::Web, move |ctx| token_settings::revoke(ctx, place, id, extent, &Field::Absent).map(drop)).await
}

async fn revoked_by_its_owner_or_an_admin(app: TestApp) {
    use tokens::Extent;
    let world = app.world().await;
    let who = app.personal_token(&world.member, Scopes::FULL).await;
    lives(&who).await;
    revoke(&app, &world.member, Place::Account, who.id.unwrap(), Extent::Token).await.unwrap();
    is_dead(&who, &world).await;
    let project = app.project_token(&world.project, Scopes::FULL).await;
    revoke(&app, &world.admin, Place::Project(world.project.id), project.id.unwrap(), Extent::Token).await.unwrap();
    is_dead(&project, &world).await;
    // The whole chain, as settings offer it.
    let old = app.personal_token(&world.member, Scopes::FULL).await;
    let rotated = old.post("tokens/current/rotate", json!({"overlap_seconds": 600})).await.is(201);
    let new = app.bearer(rotated["token"].as_str().unwrap());
    lives(&new).await;
    revoke(&app, &world.member, Place::Account, old.id.unwrap(), Extent::Chain).await.unwrap();
    is_dead(&old, &world).await;
    is_dead(&new, &world).await;
}

async fn whoever_has_no_say_revokes_nothing(app: TestApp) {
    let world = app.world().await;
    let of_owner = app.personal_token(&world.owner, Scopes::FULL).await;
    let of_project = app.project_token(&world.project, Scopes::FULL).await;
    let (project, elsewhere) = (Place::Project(world.project.id), Place::Project(world.other_project.id));
    for (by, place, id) in [
        (&world.member, Place::Account, of_owner.id.unwrap()),
        // Finding 20: an admin revokes nobody else's personal token, and neither does an owner.
        (&world.admin, Place::Account, of_owner.id.unwrap()),
        (&world.admin, project, of_owner.id.unwrap()),
        (&world.viewer, project, of_project.id.unwrap()),
        (&world.stranger, Place::Account, of_owner.id.unwrap()),
        (&world.stranger, project, of_project.id.unwrap()),
        (&world.stranger, elsewhere, of_project.id.unwrap()),
    ] {
        let refused = revoke(&app, by, place, id, tokens::Extent::Chain).await;
        assert!(matches!(refused, Err(Error::NotFound | Error::Forbidden | Error::Unreachable)), "{refused:?}");
    }
    lives(&of_owner).await;
    lives(&of_project).await;
    // Whoever has been shut out is nobody, also where they had signed in before.
    let disabled = world.admin.id;
    app.command(move |ctx| {
        let row = users::all(ctx)?.into_iter().find(|row| row.id == disabled).unwrap();
        users::disable(ctx, &row)
    })
    .await;
    let refused = revoke(&app, &world.admin, project, of_project.id.unwrap(), tokens::Extent::Token).await;
    assert!(matches!(refused, Err(Error::Unauthenticated)));
    lives(&of_project).await;
}

async fn revoked_by_command(app: TestApp) {
    let world = app.world().await;
    let by_id = app.project_token(&world.project, Scopes::FULL).await;
    let by_itself = app.personal_token(&world.member, Scopes::FULL).await;
    let (id, digest) = (by_id.id, bugtome::model::tokens::PlainToken::parse(by_itself.token()).unwrap().hashed());
    app.command(move |ctx| tokens::revoke_by_command(ctx, id, None, true)).await;
    is_dead(&by_id, &world).await;
    lives(&by_itself).await;
    let (row, _) = app.command(move |ctx| tokens::revoke_by_command(ctx, None, Some(&digest), true)).await;
    assert_eq!((Some(row.id), row.revoked_how), (by_itself.id, Some(RevokedHow::Command)));
    is_dead(&by_itself, &world).await;
}

async fn revoked_by_a_finder(app: TestApp) {
    let world = app.world().await;
    let who = app.personal_token(&world.member, Scopes::FULL).await;
    lives(&who).await;
    app.anonymous().post("tokens/revoke", json!({"token": who.token()})).await.is(200);
    is_dead(&who, &world).await;
}

async fn expired(app: TestApp) {
    let world = app.world().await;
    let who = app.personal_token_for(&world.member, Scopes::FULL, Some(Span::seconds(60))).await;
    let endless = app.personal_token_for(&world.member, Scopes::FULL, None).await;
    app.pass(Span::from_micros(59_999_999));
    lives(&who).await;
    app.pass(Span::from_micros(1));
    is_dead(&who, &world).await;
    app.pass(Span::days(10_000));
    lives(&endless).await;
}

async fn rotated(app: TestApp) {
    let world = app.world().await;
    let who = app.project_token(&world.project, Scopes::FULL).await;
    let answer = who.post("tokens/current/rotate", json!({})).await.is(201);
    is_dead(&who, &world).await;
    lives(&app.bearer(answer["token"].as_str().unwrap())).await;
    // With an overlap: when that is over, or by a revocation before.
    let who = app.personal_token(&world.member, Scopes::FULL).await;
    who.post("tokens/current/rotate", json!({"overlap_seconds": 60})).await.is(201);
    lives(&who).await;
    app.pass(Span::seconds(60));
    is_dead(&who, &world).await;
}

/// What a personal token that lost an organization finds there: what a stranger finds.
async fn is_a_stranger(who: &Client, world: &World, t: &str) {
    assert_eq!(who.get("tickets").await.is(200), json!([]));
    who.get(format!("tickets/{t}")).await.is(404);
    who.patch(format!("tickets/{t}"), json!({"ticket": {"title": "x"}})).await.is(404);
    who.get(format!("projects/{}", world.project.id)).await.is(403);
    who.post("tickets", ticket(&world.project, &json!({}))).await.is(403);
    who.get(format!("mcp/organizations/{}/members", world.organization.id)).await.is(403);
    assert_eq!(who.get("mcp/organizations").await.is(200), json!({"organizations": []}));
    who.get("tokens/current").await.is(200);
}

async fn a_member_is_removed(app: TestApp) {
    let world = app.world().await;
    let t = app.filed(&world.project, "A").await;
    let who = app.personal_token(&world.member, Scopes::FULL).await;
    who.get(format!("tickets/{t}")).await.is(200);
    app.remove_member(&world.organization, &world.member).await;
    is_a_stranger(&who, &world, &t).await;
    // And back again, with the same token.
    app.add_member(&world.organization, &world.member, Role::Viewer).await;
    who.get(format!("tickets/{t}")).await.is(200);
    who.patch(format!("tickets/{t}"), json!({"ticket": {"title": "x"}})).await.is(403);
}

async fn a_role_is_lowered(app: TestApp) {
    let world = app.world().await;
    let t = format!("tickets/{}", app.filed(&world.project, "A").await);
    let other = app.user("Second Owner").await;
    app.add_member(&world.organization, &other, Role::Owner).await;
    let who = app.personal_token(&other, Scopes::FULL).await;
    let project = app.project(&world.organization, "OLD").await;
    let delete_project = || who.delete(format!("projects/{}", project.id));
    let edit_project = || who.patch(format!("projects/{}", world.project.id), json!({"project": {"name": "x"}}));
    let delete = || who.delete(&t);
    let edit = || who.patch(&t, json!({"ticket": {"title": "x"}}));
    app.set_role(&world.organization, &other, Role::Admin).await;
    delete_project().await.is(403);
    edit_project().await.is(200);
    app.set_role(&world.organization, &other, Role::Member).await;
    edit_project().await.is(403);
    delete().await.is(403);
    edit().await.is(200);
    app.set_role(&world.organization, &other, Role::Viewer).await;
    edit().await.is(403);
    who.post(format!("{t}/comments"), json!({"comment": {"content": "x"}})).await.is(403);
    who.get(&t).await.is(200);
    app.set_role(&world.organization, &other, Role::Owner).await;
    delete().await.is(204);
    delete_project().await.is(204);
}

async fn a_user_is_disabled_and_let_in_again(app: TestApp) {
    let world = app.world().await;
    let who = app.personal_token(&world.member, Scopes::FULL).await;
    let ci = app.project_token(&world.project, Scopes::FULL).await;
    lives(&who).await;
    let email = world.member.email.parse_email();
    let user = world.member.id;
    app.command(move |ctx| {
        let row = users::by_email(ctx, &email)?;
        users::disable(ctx, &row)
    })
    .await;
    is_dead(&who, &world).await;
    lives(&ci).await;
    // Finding 8: no token comes back unasked.
    app.command(move |ctx| users::enable(ctx, user, Some(OnReturn::Keep))).await;
    lives(&who).await;
}

trait ParseEmail {
    fn parse_email(&self) -> bugtome::model::users::Email;
}

impl ParseEmail for String {
    /// Addresses are compared without case.
    fn parse_email(&self) -> bugtome::model::users::Email {
        let shouted = bugtome::model::draft::Field::Value(self.to_uppercase().into());
        bugtome::model::users::Email::parse(&shouted).unwrap()
    }
}

async fn a_project_is_archived(app: TestApp) {
    let world = app.world().await;
    let t = format!("tickets/{}", app.filed(&world.project, "A").await);
    let ci = app.project_token(&world.project, Scopes::FULL).await;
    let mia = app.personal_token(&world.member, Scopes::FULL).await;
    lives(&ci).await;
    app.set_archived(&world.project, true).await;
    is_dead(&ci, &world).await;
    mia.get(&t).await.is(200);
    mia.patch(&t, json!({"ticket": {"title": "x"}})).await.is(403);
    mia.post("tickets", ticket(&world.project, &json!({}))).await.is(403);
    app.set_archived(&world.project, false).await;
    lives(&ci).await;
    mia.patch(&t, json!({"ticket": {"title": "x"}})).await.is(200);
}

async fn a_project_is_deleted(app: TestApp) {
    let world = app.world().await;
    let t = format!("tickets/{}", app.filed(&world.project, "A").await);
    let ci = app.project_token(&world.project, Scopes::FULL).await;
    let olga = app.personal_token(&world.owner, Scopes::FULL).await;
    lives(&ci).await;
    app.delete_project(&world.project).await;
    is_dead(&ci, &world).await;
    olga.get(&t).await.is(404);
    olga.delete(&t).await.is(404);
    olga.get(format!("projects/{}", world.project.id)).await.is(403);
    olga.patch(format!("projects/{}", world.project.id), json!({"project": {"name": "x"}})).await.is(403);
    olga.post("tickets", ticket(&world.project, &json!({}))).await.is(403);
    assert_eq!(olga.get("tickets").await.is(200), json!([]));
    let listed = olga.get(format!("mcp/organizations/{}/projects", world.organization.id)).await;
    assert_eq!((listed.is(200), listed.pages()), (json!({"projects": []}), (0, 0, 1)));
}

async fn a_policy_is_tightened(app: TestApp) {
    let world = app.world().await;
    let t = app.filed(&world.project, "A").await;
    let who = app.personal_token(&world.member, Scopes::FULL).await;
    let ci = app.project_token(&world.project, Scopes::FULL).await;
    app.set_policy(&world.organization, Some(Span::days(90))).await;
    lives(&ci).await;
    who.get(format!("tickets/{t}")).await.is(200);
    app.set_policy(&world.organization, Some(Span::from_micros(Span::days(90).micros() - 1))).await;
    is_a_stranger(&who, &world, &t).await;
    is_dead(&ci, &world).await;
    app.set_policy(&world.organization, None).await;
    lives(&ci).await;
}

// Finding 20: a way of losing a right, which rotating does not escape.
async fn shut_out_of_an_organization(app: TestApp) {
    let world = app.world().await;
    let t = app.filed(&world.project, "A").await;
    let old = app.personal_token(&world.member, Scopes::FULL).await;
    let other = app.personal_token(&world.member, Scopes::FULL).await;
    let rotated = old.post("tokens/current/rotate", json!({"overlap_seconds": 600})).await.is(201);
    let who = app.bearer(rotated["token"].as_str().unwrap());
    let id: Id<Token> = rotated["id"].as_str().unwrap().parse().unwrap();
    let (organization, by) = (world.organization.id, Who::User(world.admin.id));
    who.get(format!("tickets/{t}")).await.is(200);
    app.app.write(by.clone(), Via::Web, move |ctx| member_tokens::shut_out(ctx, organization, id, &Field::Absent)).await.unwrap();
    // All that it was rotated from and all that it is rotated into.
    is_a_stranger(&old, &world, &t).await;
    is_a_stranger(&who, &world, &t).await;
    let next = who.post("tokens/current/rotate", json!({})).await.is(201);
    let next = app.bearer(next["token"].as_str().unwrap());
    is_a_stranger(&next, &world, &t).await;
    other.get(format!("tickets/{t}")).await.is(200);
    app.app.write(by, Via::Web, move |ctx| member_tokens::let_in(ctx, organization, id)).await.unwrap();
    next.get(format!("tickets/{t}")).await.is(200);
}

async fn one_tokens_end_is_not_anothers(app: TestApp) {
    let world = app.world().await;
    let (one, other) = (app.personal_token(&world.member, Scopes::FULL).await, app.personal_token(&world.member, Scopes::FULL).await);
    one.delete("tokens/current").await.is(204);
    lives(&other).await;
    // Neither does a successor's end bring its predecessor back, nor the other way round.
    let rotated = other.post("tokens/current/rotate", json!({})).await.is(201);
    let new = app.bearer(rotated["token"].as_str().unwrap());
    new.delete("tokens/current").await.is(204);
    is_dead(&new, &world).await;
    is_dead(&other, &world).await;
}

async fn a_project_token_outlives_its_maker(app: TestApp) {
    let world = app.world().await;
    let ci = app.project_token(&world.project, Scopes::FULL).await;
    let (organization, admin) = (world.organization.id, world.admin.id);
    app.command(move |ctx| members::remove(ctx, organization, admin)).await;
    lives(&ci).await;
}

async fn a_token_never_reaches_beyond_its_user(app: TestApp) {
    let world = app.world().await;
    let vera = app.personal_token(&world.viewer, Scopes::FULL).await;
    let t = app.filed(&world.project, "A").await;
    vera.patch(format!("tickets/{t}"), json!({"ticket": {"title": "x"}})).await.is(403);
    vera.delete(format!("projects/{}", world.project.id)).await.is(403);
    let ci = app.project_token(&world.project, Scopes::FULL).await;
    ci.delete(format!("projects/{}", world.project.id)).await.is(403);
    ci.get("mcp/organizations").await.is(403);
}

/// Whether the token is refused to do this in its own name, whatever its scopes.
async fn refused<T: Send + 'static>(
    app: &TestApp,
    who: &Client,
    work: impl FnMut(&mut bugtome::domain::Ctx<'_>) -> bugtome::domain::Result<T> + Send + 'static,
) -> bool {
    use bugtome::domain::{About, Error, Rotation, Who};
    let token = bugtome::model::tokens::PlainToken::parse(who.token()).unwrap().hashed();
    let who = Who::Token { token, about: About::Nothing, rotation: Rotation::None };
    let outcome = app.app.write(who, bugtome::model::events::Via::Api, work).await;
    matches!(outcome, Err(Error::Forbidden))
}

async fn commands_alone_do_what_concerns_everybody(app: TestApp) {
    let world = app.world().await;
    let (organization, project) = (world.organization.id, world.project.id);
    let Person { id: owner, .. } = world.owner;
    let draft = || tokens::Draft { name: bugtome::model::draft::Field::Value("t".into()), scopes: Scopes::FULL, life: None };
    for who in [app.personal_token(&world.owner, Scopes::FULL).await, app.project_token(&world.project, Scopes::FULL).await] {
        // A token cannot make tokens, nor change anything of its user.
        assert!(refused(&app, &who, move |ctx| tokens::create_personal(ctx, owner, &draft())).await);
        assert!(refused(&app, &who, move |ctx| tokens::create_project(ctx, project, &draft())).await);
        assert!(refused(&app, &who, move |ctx| users::set_password(ctx, owner, "x", None)).await);
        assert!(refused(&app, &who, move |ctx| users::enable(ctx, owner, None)).await);
        assert!(refused(&app, &who, move |ctx| members::add(ctx, organization, owner, Role::Admin)).await);
        assert!(refused(&app, &who, move |ctx| members::remove(ctx, organization, owner)).await);
        assert!(refused(&app, &who, move |ctx| bugtome::domain::organizations::set_policy(ctx, organization, None)).await);
        assert!(refused(&app, &who, users::all).await);
        assert!(refused(&app, &who, tokens::all).await);
        let id: Id<bugtome::model::tokens::Token> = who.id.unwrap();
        assert!(refused(&app, &who, move |ctx| tokens::revoke_by_command(ctx, Some(id), None, true)).await);
    }
}
