//! Members' tokens as the organization sees them: what it sees, whose, and shutting one out.
//! That shutting out is a way of losing a right is told in `rights`, and under load in `load` and `nodes`.

use bugtome::domain::{Error, Result, Who, member_tokens};
use bugtome::model::draft::Field;
use bugtome::model::events::Via;
use bugtome::model::id::Id;
use bugtome::model::roles::Role;
use bugtome::model::scopes::Scopes;
use bugtome::model::time::Span;
use bugtome::model::tokens::Token;
use serde_json::json;

use crate::harness::{Client, Organization, Page, Person, TestApp, both, ticket};

both! {
    an_admin_shuts_a_token_out_and_lets_it_in_again,
    an_admin_sees_uses_of_their_own_organization_alone,
    nobody_sees_or_shuts_out_tokens_above_their_own_role,
    a_shut_out_tokens_other_organizations_are_untouched,
    letting_in_asks_for_a_fresh_password,
    shutting_out_outlives_a_removal,
    what_a_policy_would_keep_out_tells_uses_here_alone,
}

fn members(organization: &Organization) -> String {
    format!("/workspace/organizations/{}/members", organization.id)
}

fn at(organization: &Organization, token: &Client, act: &str) -> String {
    format!("/workspace/organizations/{}/tokens/{}/{act}", organization.id, token.id.unwrap())
}

/// The row of a token in the organization's list, if it is there.
fn row<'a>(page: &'a Page, token: &Client) -> Option<&'a str> {
    let last_four = format!("…<b>{}</b>", &token.token()[token.token().len() - 4..]);
    page.text.split("<tr").find(|row| row.contains(&last_four))
}

async fn by(app: &TestApp, person: &Person, act: fn(&mut bugtome::domain::Ctx<'_>, Place) -> Result<()>, place: Place) -> Result<()> {
    app.app.write(Who::User(person.id), Via::Web, move |ctx| act(ctx, place)).await
}

type Place = (Id<bugtome::model::organizations::Organization>, Id<Token>);

fn shut_out(ctx: &mut bugtome::domain::Ctx<'_>, (organization, token): Place) -> Result<()> {
    member_tokens::shut_out(ctx, organization, token, &Field::Absent)
}

fn let_in(ctx: &mut bugtome::domain::Ctx<'_>, (organization, token): Place) -> Result<()> {
    member_tokens::let_in(ctx, organization, token)
}

// Finding 20: an admin shuts a token out of the organization, and its owner is told.
async fn an_admin_shuts_a_token_out_and_lets_it_in_again(app: TestApp) {
    let world = app.world().await;
    let token = app.personal_token(&world.member, Scopes::FULL).await;
    let other = app.personal_token(&world.member, Scopes::FULL).await;
    let browser = app.signed_in(&world.admin).await;
    let own = app.signed_in(&world.member).await;
    let project = format!("projects/{}", world.project.id);
    token.get(&project).await.is(200);
    let asked = browser.get(&at(&world.organization, &token, "shut-out")).await;
    asked.is(200);
    let refused = browser.post(&at(&world.organization, &token, "shut-out"), &[("reason", &"x".repeat(201))]).await;
    refused.is(422);
    refused.has(&"x".repeat(201));
    token.get(&project).await.is(200);
    let done = browser.post(&at(&world.organization, &token, "shut-out"), &[("reason", "seen in a screenshot")]).await;
    done.is(303);
    token.get(&project).await.is(403);
    token.get("tokens/current").await.is(200);
    other.get(&project).await.is(200);
    let listed = browser.follow(done).await;
    let shown = row(&listed, &token).unwrap();
    assert!(shown.contains("shut out") && shown.contains("Adam Admin") && shown.contains("seen in a screenshot"), "{shown}");
    assert!(shown.contains("/let-in\"") && !row(&listed, &other).unwrap().contains("/let-in\""), "{shown}");
    // Its owner sees it where they manage their tokens.
    let account = own.get("/account/settings/api").await;
    let shown = row(&account, &token).unwrap();
    for part in ["Shut out", "acme", "Adam Admin", "seen in a screenshot"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    assert!(!row(&account, &other).unwrap().contains("Shut out"));
    // Done twice it stays as it was.
    browser.post(&at(&world.organization, &token, "shut-out"), &[("reason", "again")]).await.is(303);
    browser.get(&members(&world.organization)).await.has("seen in a screenshot");
    browser.post(&at(&world.organization, &token, "let-in"), &[]).await.is(303);
    token.get(&project).await.is(200);
    assert!(!row(&own.get("/account/settings/api").await, &token).unwrap().contains("Shut out"));
}

// Finding 20: what an admin sees of a token is about their organization only.
async fn an_admin_sees_uses_of_their_own_organization_alone(app: TestApp) {
    let world = app.world().await;
    app.add_member(&world.elsewhere, &world.member, Role::Member).await;
    let token = app.personal_token(&world.member, Scopes::FULL).await;
    let (admin, stranger) = (app.signed_in(&world.admin).await, app.signed_in(&world.stranger).await);
    let here = async |address: &str| {
        app.flush_uses().await;
        let page = admin.get(&members(&world.organization)).await;
        row(&page, &token).unwrap().contains(address)
    };
    let there = async |address: &str| {
        let page = stranger.get(&members(&world.elsewhere)).await;
        row(&page, &token).unwrap().contains(address)
    };
    // Whatever it does in the other organization, reading or writing, is not to be seen here.
    let away = token.at("198.51.100.7");
    away.get(format!("projects/{}", world.other_project.id)).await.is(200);
    away.post("tickets", ticket(&world.other_project, &json!({}))).await.is(201);
    away.get("tokens/current").await.is(200);
    assert!(here("data-th=\"Last here\">never<").await && !here("198.51.100.7").await);
    assert!(there("198.51.100.7").await);
    admin.get(&at(&world.organization, &token, "shut-out")).await.lacks("198.51.100.7");
    let t = app.filed(&world.project, "A").await;
    for (address, act) in [
        ("198.51.100.11", token.at("198.51.100.11").get(format!("tickets/{t}"))),
        ("198.51.100.12", token.at("198.51.100.12").patch(format!("tickets/{t}"), json!({"ticket": {"title": "x"}}))),
        ("198.51.100.13", token.at("198.51.100.13").get(format!("tickets?project_id={}", world.project.id))),
        ("198.51.100.14", token.at("198.51.100.14").get(format!("mcp/organizations/{}/projects", world.organization.id))),
        ("198.51.100.15", token.at("198.51.100.15").get(format!("projects/{}", world.project.id))),
        ("198.51.100.16", token.at("198.51.100.16").post("tickets", ticket(&world.project, &json!({})))),
        // What a role forbids has reached the organization all the same.
        ("198.51.100.17", token.at("198.51.100.17").delete(format!("tickets/{t}"))),
    ] {
        assert!(matches!(act.await.status, 200 | 201 | 403), "{address}");
        assert!(here(address).await && !there(address).await, "{address}");
        app.pass(Span::seconds(1));
    }
    // A list over all organizations reaches them all.
    token.at("198.51.100.20").get("tickets").await.is(200);
    assert!(here("198.51.100.20").await && there("198.51.100.20").await);
    // Shut out, it does not reach it any more.
    app.pass(Span::seconds(1));
    admin.post(&at(&world.organization, &token, "shut-out"), &[]).await.is(303);
    token.at("198.51.100.21").get("tickets").await.is(200);
    assert!(!here("198.51.100.21").await && there("198.51.100.21").await);
}

// Finding 20: nobody's above their own role.
async fn nobody_sees_or_shuts_out_tokens_above_their_own_role(app: TestApp) {
    let world = app.world().await;
    let of_owner = app.personal_token(&world.owner, Scopes::FULL).await;
    let of_admin = app.personal_token(&world.admin, Scopes::FULL).await;
    let of_viewer = app.personal_token(&world.viewer, Scopes::FULL).await;
    let of_project = app.project_token(&world.project, Scopes::FULL).await;
    let of_stranger = app.personal_token(&world.stranger, Scopes::FULL).await;
    let admin = app.signed_in(&world.admin).await;
    let page = admin.get(&members(&world.organization)).await;
    assert!(row(&page, &of_owner).is_none() && row(&page, &of_stranger).is_none() && row(&page, &of_project).is_none());
    assert!(row(&page, &of_admin).is_some() && row(&page, &of_viewer).is_some());
    page.has("not yours to see");
    for hidden in [&of_owner, &of_project, &of_stranger] {
        admin.get(&at(&world.organization, hidden, "shut-out")).await.is(404);
        for act in ["shut-out", "let-in"] {
            admin.post(&at(&world.organization, hidden, act), &[]).await.is(404);
        }
    }
    of_owner.get(format!("projects/{}", world.project.id)).await.is(200);
    let place = |token: &Client| (world.organization.id, token.id.unwrap());
    for (person, token) in [(&world.member, &of_viewer), (&world.viewer, &of_viewer)] {
        assert!(matches!(by(&app, person, shut_out, place(token)).await, Err(Error::Forbidden)));
        assert!(matches!(by(&app, person, let_in, place(token)).await, Err(Error::Forbidden)));
    }
    assert!(matches!(by(&app, &world.stranger, shut_out, place(&of_viewer)).await, Err(Error::Unreachable)));
    // Nor through an organization of one's own to which its user does not belong.
    let through = (world.elsewhere.id, of_viewer.id.unwrap());
    assert!(matches!(by(&app, &world.stranger, shut_out, through).await, Err(Error::NotFound)));
    // An owner sees all; what an owner shut out, an admin lets in where it is not above them.
    let owner = app.signed_in(&world.owner).await;
    let page = owner.get(&members(&world.organization)).await;
    assert!([&of_owner, &of_admin, &of_viewer].iter().all(|token| row(&page, token).is_some()));
    for token in [&of_admin, &of_owner] {
        owner.post(&at(&world.organization, token, "shut-out"), &[]).await.is(303);
        token.get(format!("projects/{}", world.project.id)).await.is(403);
    }
    by(&app, &world.admin, let_in, place(&of_admin)).await.unwrap();
    of_admin.get(format!("projects/{}", world.project.id)).await.is(200);
    assert!(matches!(by(&app, &world.admin, let_in, place(&of_owner)).await, Err(Error::NotFound)));
    // There is no page any more on which somebody else revokes a personal token.
    owner.post(&at(&world.organization, &of_viewer, "revoke"), &[]).await.is(404);
    of_viewer.get("tokens/current").await.is(200);
}

// Finding 20: its other organizations are nobody's business here.
async fn a_shut_out_tokens_other_organizations_are_untouched(app: TestApp) {
    let world = app.world().await;
    app.add_member(&world.elsewhere, &world.member, Role::Member).await;
    let token = app.personal_token(&world.member, Scopes::FULL).await;
    let here = app.filed(&world.project, "Here").await;
    app.pass(Span::seconds(1));
    let there = app.filed(&world.other_project, "There").await;
    let titles = async |who: &Client| {
        let all = who.get("tickets").await.is(200);
        all.as_array().unwrap().iter().map(|ticket| ticket["title"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(titles(&token).await, ["There", "Here"]);
    by(&app, &world.admin, shut_out, (world.organization.id, token.id.unwrap())).await.unwrap();
    assert_eq!(titles(&token).await, ["There"]);
    token.get(format!("tickets/{here}")).await.is(404);
    token.get(format!("tickets/{there}")).await.is(200);
    let listed = token.get("mcp/organizations").await.is(200);
    assert_eq!(
        listed["organizations"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect::<Vec<_>>(),
        ["elsewhere"]
    );
    token.get(format!("tickets?organization_id={}", world.organization.id)).await.is(403);
    token.get(format!("tickets?project_id={}", world.project.id)).await.is(403);
    token.get(format!("mcp/organizations/{}/tickets", world.organization.id)).await.is(403);
    token.get(format!("mcp/organizations/{}/projects", world.organization.id)).await.is(403);
    token.get("tickets?q=here").await.is(200).as_array().unwrap().iter().for_each(|ticket| assert_eq!(ticket["title"], "There"));
    token.post("tickets", ticket(&world.other_project, &json!({}))).await.is(201);
    // Its user is not shut out, in the browser or with another token.
    app.signed_in(&world.member).await.get(&format!("/workspace/projects/{}", world.project.id)).await.is(200);
}

// Finding 20: letting in gives a right back, so a session alone is not enough.
async fn letting_in_asks_for_a_fresh_password(app: TestApp) {
    let world = app.world().await;
    let token = app.personal_token(&world.member, Scopes::FULL).await;
    let browser = app.signed_in(&world.admin).await;
    app.pass(Span::seconds(31 * 60));
    browser.post(&at(&world.organization, &token, "shut-out"), &[]).await.is(303);
    token.get(format!("projects/{}", world.project.id)).await.is(403);
    let asked = browser.post(&at(&world.organization, &token, "let-in"), &[]).await;
    assert!(asked.status != 303 || asked.location().starts_with("/account/confirm"), "{asked:?}");
    token.get(format!("projects/{}", world.project.id)).await.is(403);
}

// Finding 20: until an admin lets it in again, and not until its user has been removed and added.
async fn shutting_out_outlives_a_removal(app: TestApp) {
    let world = app.world().await;
    let token = app.personal_token(&world.member, Scopes::FULL).await;
    by(&app, &world.admin, shut_out, (world.organization.id, token.id.unwrap())).await.unwrap();
    app.remove_member(&world.organization, &world.member).await;
    // Whoever does not belong to it hears nothing of it.
    app.signed_in(&world.member).await.get("/account/settings/api").await.lacks("Shut out");
    app.add_member(&world.organization, &world.member, Role::Member).await;
    token.get(format!("projects/{}", world.project.id)).await.is(403);
    by(&app, &world.admin, let_in, (world.organization.id, token.id.unwrap())).await.unwrap();
    token.get(format!("projects/{}", world.project.id)).await.is(200);
}

// Finding 20: the page that asks before a policy is tightened lists tokens too.
async fn what_a_policy_would_keep_out_tells_uses_here_alone(app: TestApp) {
    let world = app.world().await;
    app.add_member(&world.elsewhere, &world.member, Role::Member).await;
    let token = app.personal_token(&world.member, Scopes::FULL).await;
    let out = app.personal_token(&world.member, Scopes::FULL).await;
    by(&app, &world.admin, shut_out, (world.organization.id, out.id.unwrap())).await.unwrap();
    token.at("198.51.100.7").get(format!("projects/{}", world.other_project.id)).await.is(200);
    app.flush_uses().await;
    let path = format!("/workspace/organizations/{}/policy", world.organization.id);
    let asked = app.signed_in(&world.owner).await.post(&path, &[("longest", "7d")]).await;
    asked.is(200);
    asked.lacks("198.51.100.7");
    assert!(row(&asked, &token).is_some() && row(&asked, &out).is_none());
    token.at("198.51.100.8").get(format!("projects/{}", world.project.id)).await.is(200);
    app.flush_uses().await;
    app.signed_in(&world.owner).await.post(&path, &[("longest", "7d")]).await.has("198.51.100.8");
}
