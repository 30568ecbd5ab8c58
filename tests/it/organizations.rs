//! Organizations: listed for who belongs to them, and what their token policy does.
//! Projects and members have files of their own.

use bugtome::model::roles::Role;
use bugtome::model::scopes::Scopes;
use bugtome::model::time::Span;
use serde_json::json;

use crate::harness::{TestApp, both};

both! { organizations_are_listed_by_name, a_project_token_is_refused, a_policy_shuts_out_tokens_of_longer_life, a_policy_shuts_out_project_tokens }

async fn organizations_are_listed_by_name(app: TestApp) {
    let world = app.world().await;
    let vera = app.personal_token(&world.viewer, Scopes::READ_ONLY).await;
    let acme = json!({"id": world.organization.id, "name": "acme", "slug": "acme"});
    let answer = vera.get("mcp/organizations").await;
    assert_eq!((answer.is(200), answer.pages()), (json!({"organizations": [acme]}), (1, 1, 1)));
    app.add_member(&world.elsewhere, &world.viewer, Role::Viewer).await;
    let elsewhere = json!({"id": world.elsewhere.id, "name": "elsewhere", "slug": "elsewhere"});
    assert_eq!(vera.get("mcp/organizations").await.is(200), json!({"organizations": [acme, elsewhere]}));
    let second = vera.get("mcp/organizations?per_page=1&page=2").await;
    assert_eq!((second.is(200), second.pages()), (json!({"organizations": [elsewhere]}), (2, 2, 2)));
    assert_eq!(vera.get("mcp/organizations?page=3").await.is(200), json!({"organizations": []}));
    vera.get("mcp/organizations?per_page=1001").await.is(400);
}

async fn a_project_token_is_refused(app: TestApp) {
    let world = app.world().await;
    let ci = app.project_token(&world.project, Scopes::FULL).await;
    let organization = format!("mcp/organizations/{}", world.organization.id);
    for path in
        ["mcp/organizations", &format!("{organization}/projects"), &format!("{organization}/tickets"), &format!("{organization}/members")]
    {
        let answer = ci.get(path).await;
        assert_eq!((answer.status, answer.header("www-authenticate")), (403, None), "{path}");
    }
}

async fn a_policy_shuts_out_tokens_of_longer_life(app: TestApp) {
    let world = app.world().await;
    app.add_member(&world.elsewhere, &world.member, Role::Member).await;
    let t = format!("tickets/{}", app.filed(&world.project, "A").await);
    app.filed(&world.other_project, "B").await;
    let short = app.personal_token_for(&world.member, Scopes::FULL, Some(Span::days(30))).await;
    let long = app.personal_token_for(&world.member, Scopes::FULL, Some(Span::seconds(30 * 86_400 + 1))).await;
    let endless = app.personal_token_for(&world.member, Scopes::FULL, None).await;
    app.set_policy(&world.organization, Some(Span::days(30))).await;
    let organization = format!("mcp/organizations/{}", world.organization.id);
    for refused in [&long, &endless] {
        for path in [
            format!("{organization}/projects"),
            format!("{organization}/members"),
            format!("{organization}/tickets"),
            format!("projects/{}", world.project.id),
            format!("tickets?project_id={}", world.project.id),
            format!("tickets?organization_id={}", world.organization.id),
        ] {
            assert_eq!(refused.get(path).await.is(403)["message"], "You don't have permission to access this resource");
        }
        refused.get(&t).await.is(404);
        refused.post("tickets", crate::harness::ticket(&world.project, &json!({}))).await.is(403);
        // It is left out of lists, and keeps its other organizations.
        let listed = refused.get("tickets").await;
        assert_eq!((listed.is(200)[0]["title"].clone(), listed.pages()), (json!("B"), (1, 1, 1)));
        assert_eq!(refused.get("mcp/organizations").await.is(200)["organizations"].as_array().unwrap().len(), 1);
        refused.get(format!("projects/{}", world.other_project.id)).await.is(200);
        refused.get("tokens/current").await.is(200);
    }
    short.get(&t).await.is(200);
    assert_eq!(short.get("tickets").await.pages().0, 2);
    app.set_policy(&world.organization, None).await;
    endless.get(&t).await.is(200);
}

async fn a_policy_shuts_out_project_tokens(app: TestApp) {
    let world = app.world().await;
    let long = app.project_token_for(&world.project, Scopes::FULL, Some(Span::days(90))).await;
    let short = app.project_token_for(&world.project, Scopes::FULL, Some(Span::days(7))).await;
    app.set_policy(&world.organization, Some(Span::days(7))).await;
    long.get("tickets").await.is(401);
    long.get("tokens/current").await.is(401);
    short.get("tickets").await.is(200);
    let rotated = short.post("tokens/current/rotate", json!({})).await.is(201);
    app.bearer(rotated["token"].as_str().unwrap()).get("tickets").await.is(200);
}
