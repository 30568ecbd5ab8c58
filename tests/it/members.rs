//! Members: listed over REST, and the rules by which they come, change and go.
//! What a member loses by that is told in `rights`.

use bugtome::domain::{Error, members};
use bugtome::model::roles::Role;
use bugtome::model::scopes::Scopes;
use serde_json::json;

use crate::harness::{TestApp, both};

both! { members_are_listed_by_name, the_last_owner_cannot_leave_or_be_lowered, a_removed_member_leaves_project_tokens_behind }

async fn members_are_listed_by_name(app: TestApp) {
    let world = app.world().await;
    let vera = app.personal_token(&world.viewer, Scopes::READ_ONLY).await;
    let path = format!("mcp/organizations/{}/members", world.organization.id);
    let answer = vera.get(&path).await;
    let person =
        |person: &crate::harness::Person, role: &str| json!({"id": person.id, "name": person.name, "email": person.email, "role": role});
    let all = json!({"members": [
        person(&world.admin, "admin"), person(&world.member, "member"), person(&world.owner, "owner"), person(&world.viewer, "viewer"),
    ]});
    assert_eq!((answer.is(200), answer.pages()), (all, (4, 1, 1)));
    let last = vera.get(format!("{path}?per_page=3&page=2")).await;
    assert_eq!((last.is(200), last.pages()), (json!({"members": [person(&world.viewer, "viewer")]}), (4, 2, 2)));
    vera.get(format!("{path}?per_page=1001")).await.is(400);
}

async fn the_last_owner_cannot_leave_or_be_lowered(app: TestApp) {
    let world = app.world().await;
    let (organization, owner, admin) = (world.organization.id, world.owner.id, world.admin.id);
    let refused = app
        .command(move |ctx| {
            let outcomes = [
                members::remove(ctx, organization, owner).map(drop),
                members::set_role(ctx, organization, owner, Role::Admin),
                members::set_role(ctx, organization, owner, Role::Viewer),
            ];
            Ok(outcomes.iter().filter(|outcome| matches!(outcome, Err(Error::Conflict(_)))).count())
        })
        .await;
    assert_eq!(refused, 3);
    app.command(move |ctx| members::set_role(ctx, organization, owner, Role::Owner)).await;
    app.command(move |ctx| members::set_role(ctx, organization, admin, Role::Owner)).await;
    app.command(move |ctx| members::set_role(ctx, organization, owner, Role::Viewer)).await;
    // Two owners who go at the same time do not both go.
    app.command(move |ctx| members::set_role(ctx, organization, owner, Role::Owner)).await;
    let means = &app.app;
    let leave = |user| {
        means
            .write(bugtome::domain::Who::Command, bugtome::model::events::Via::Command, move |ctx| members::remove(ctx, organization, user))
    };
    let (one, other) = tokio::join!(leave(owner), leave(admin));
    assert!(one.is_ok() != other.is_ok(), "{one:?} {other:?}");
    let owners = app.command(move |ctx| Ok(bugtome::store::members::owners(ctx.db, organization)?)).await;
    assert_eq!(owners, 1);
}

async fn a_removed_member_leaves_project_tokens_behind(app: TestApp) {
    let world = app.world().await;
    let (organization, admin, project) = (world.organization.id, world.admin.id, world.project.id);
    let ci = app.project_token(&world.project, Scopes::FULL).await;
    let id = ci.id.unwrap();
    // Made by a person, as the settings page will do.
    app.command(move |ctx| Ok(ctx.db.execute(bugtome::sql!(
        "UPDATE tokens SET created_by = ?1 WHERE id = ?2", bugtome::model::id::Id<bugtome::model::users::User> = admin, bugtome::model::id::Id<bugtome::model::tokens::Token> = id
    ))?))
    .await;
    let left = app.command(move |ctx| members::remove(ctx, organization, admin)).await;
    assert_eq!(left.iter().map(|token| (token.id, token.project_id)).collect::<Vec<_>>(), [(id, Some(project))]);
    ci.get("tickets").await.is(200);
}
