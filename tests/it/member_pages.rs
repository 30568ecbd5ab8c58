//! The page of an organization's members: who sees it, roles, removals, invitations and links for a new password.
//! The rules themselves are in `members` and `rights`; here is that the pages keep them, and that the API feels it at once.

use bugtome::model::roles::Role;
use bugtome::model::scopes::Scopes;
use bugtome::model::time::Span;
use serde_json::json;

use crate::harness::{Organization, Person, TestApp, both};

both! {
    a_forged_form_changes_nothing,
    everybody_sees_the_members_and_only_who_may_the_controls,
    every_form_is_refused_to_who_may_not,
    a_stranger_finds_nothing,
    a_lowered_role_holds_at_once,
    roles_are_given_below_ones_own,
    the_last_owner_stays,
    a_removed_member_loses_all_and_their_project_tokens_go_along,
    project_tokens_that_are_not_chosen_live_on,
    a_token_made_meanwhile_is_shown_before_anything_happens,
    members_leave_by_themselves,
    an_invitation_is_shown_once_and_withdrawn,
    an_owner_makes_a_link_for_a_forgotten_password,
    no_link_opens_an_account_that_reaches_further,
}

/// What a form carries.
type Fields<'a> = &'a [(&'a str, &'a str)];

fn at(organization: &Organization, rest: &str) -> String {
    format!("/workspace/organizations/{}/{rest}", organization.id)
}

fn of(organization: &Organization, person: &Person, rest: &str) -> String {
    at(organization, &format!("members/{}/{rest}", person.id))
}

async fn everybody_sees_the_members_and_only_who_may_the_controls(app: TestApp) {
    let world = app.world().await;
    app.personal_token(&world.member, Scopes::FULL).await;
    for role in Role::ALL {
        let page = app.signed_in(world.who(*role)).await.get(&at(&world.organization, "members")).await;
        page.is(200);
        for person in [&world.owner, &world.admin, &world.member, &world.viewer] {
            page.has(&person.name);
            page.has(&person.email);
        }
        let has = |text: &str| page.text.contains(text);
        let (admin, owner) = (*role >= Role::Admin, *role == Role::Owner);
        assert_eq!(
            (has("Make a link"), has("name=\"role\""), has("/remove\""), has("/shut-out\"")),
            (admin, admin, admin, admin),
            "{role:?}"
        );
        assert_eq!(
            (has("/reset-link\""), has("Save policy"), has(&at(&world.organization, "settings"))),
            (owner, owner, owner),
            "{role:?}"
        );
        // All but the last owner may leave.
        assert_eq!(has("/leave\""), !owner, "{role:?}");
    }
}

async fn every_form_is_refused_to_who_may_not(app: TestApp) {
    let world = app.world().await;
    let token = app.personal_token(&world.member, Scopes::FULL).await.id.unwrap();
    let (shut_out, let_in) = (format!("tokens/{token}/shut-out"), format!("tokens/{token}/let-in"));
    let (role, remove, reset) = (
        of(&world.organization, &world.viewer, "role"),
        of(&world.organization, &world.viewer, "remove"),
        of(&world.organization, &world.viewer, "reset-link"),
    );
    let forms: [(String, Fields<'_>, Role); 8] = [
        (role, &[("role", "member")], Role::Admin),
        (at(&world.organization, "invitations"), &[("role", "viewer")], Role::Admin),
        (at(&world.organization, &shut_out), &[], Role::Admin),
        (at(&world.organization, &let_in), &[], Role::Admin),
        (at(&world.organization, "policy"), &[("longest", "365d")], Role::Owner),
        (at(&world.organization, "settings"), &[("name", "acme"), ("slug", "acme")], Role::Owner),
        (reset, &[], Role::Owner),
        (remove, &[], Role::Admin),
    ];
    for (path, fields, least) in &forms {
        for who in [Role::Viewer, Role::Member, Role::Admin].into_iter().filter(|role| role < least) {
            app.signed_in(world.who(who)).await.post(path, fields).await.is(403);
        }
    }
    for (path, fields, least) in &forms {
        let answer = app.signed_in(world.who(*least)).await.post(path, fields).await;
        assert!(matches!(answer.status, 200 | 303), "{path}: {}", answer.status);
    }
    for (path, least) in [(at(&world.organization, &shut_out), Role::Admin), (at(&world.organization, "settings"), Role::Owner)] {
        for role in Role::ALL {
            app.signed_in(world.who(*role)).await.get(&path).await.is(match role {
                Role::Viewer => 404,
                role if *role >= least => 200,
                _ => 403,
            });
        }
    }
}

async fn a_stranger_finds_nothing(app: TestApp) {
    let world = app.world().await;
    let token = app.personal_token(&world.member, Scopes::FULL).await.id.unwrap();
    let browser = app.signed_in(&world.stranger).await;
    let (shut_out, let_in) = (format!("tokens/{token}/shut-out"), format!("tokens/{token}/let-in"));
    for path in ["members", "settings", "leave", &shut_out] {
        browser.get(&at(&world.organization, path)).await.is(404);
    }
    for path in ["settings", "policy", "invitations", "leave", &shut_out, &let_in] {
        browser.post(&at(&world.organization, path), &[("role", "owner"), ("longest", "none"), ("name", "x"), ("slug", "x")]).await.is(404);
    }
    for rest in ["role", "remove", "reset-link"] {
        browser.post(&of(&world.organization, &world.member, rest), &[("role", "viewer")]).await.is(404);
    }
    // Nor does an owner reach, through an own organization, who belongs to another one alone.
    for rest in ["role", "remove", "reset-link"] {
        browser.post(&of(&world.elsewhere, &world.member, rest), &[("role", "viewer")]).await.is(404);
    }
    browser.get(&at(&world.elsewhere, &shut_out)).await.is(404);
    browser.post(&at(&world.elsewhere, &shut_out), &[]).await.is(404);
    browser.post(&at(&world.elsewhere, &let_in), &[]).await.is(404);
    app.browser().get(&at(&world.organization, "members")).await.is(303);
}

async fn a_lowered_role_holds_at_once(app: TestApp) {
    let world = app.world().await;
    let t = format!("tickets/{}", app.filed(&world.project, "A").await);
    let mia = app.personal_token(&world.member, Scopes::FULL).await;
    mia.patch(&t, json!({"ticket": {"title": "x"}})).await.is(200);
    let browser = app.signed_in(&world.admin).await;
    let answer = browser.post(&of(&world.organization, &world.member, "role"), &[("role", "viewer")]).await;
    answer.is(303);
    mia.patch(&t, json!({"ticket": {"title": "y"}})).await.is(403);
    browser.follow(answer).await.is(200);
    let refused = browser.post(&of(&world.organization, &world.member, "role"), &[("role", "emperor")]).await;
    refused.is(422);
    refused.has("is not included in the list");
}

async fn roles_are_given_below_ones_own(app: TestApp) {
    let world = app.world().await;
    let admin = app.signed_in(&world.admin).await;
    for (person, role) in [(&world.member, "admin"), (&world.member, "owner"), (&world.owner, "viewer"), (&world.admin, "owner")] {
        admin.post(&of(&world.organization, person, "role"), &[("role", role)]).await.is(403);
    }
    admin.post(&of(&world.organization, &world.owner, "remove"), &[]).await.is(403);
    admin.post(&at(&world.organization, "invitations"), &[("role", "admin")]).await.is(403);
    let owner = app.signed_in(&world.owner).await;
    for role in ["owner", "admin", "viewer"] {
        owner.post(&of(&world.organization, &world.member, "role"), &[("role", role)]).await.is(303);
    }
}

async fn the_last_owner_stays(app: TestApp) {
    let world = app.world().await;
    let browser = app.signed_in(&world.owner).await;
    let sentence = "The last owner of an organization cannot leave or be lowered";
    for (path, fields) in [
        (of(&world.organization, &world.owner, "role"), &[("role", "admin")][..]),
        (of(&world.organization, &world.owner, "remove"), &[]),
        (at(&world.organization, "leave"), &[("sure", "yes")]),
    ] {
        let refused = browser.post(&path, fields).await;
        refused.is(409);
        refused.has(sentence);
        refused.has("Vera Viewer");
    }
    browser.get(&at(&world.organization, "leave")).await.is(409);
    app.set_role(&world.organization, &world.admin, Role::Owner).await;
    browser.post(&of(&world.organization, &world.owner, "role"), &[("role", "admin")]).await.is(303);
}

async fn a_removed_member_loses_all_and_their_project_tokens_go_along(app: TestApp) {
    let world = app.world().await;
    let bot = app.project_token_of(&world.admin, &world.project).await;
    let other = app.project_token(&world.project, Scopes::FULL).await;
    let adam = app.personal_token(&world.admin, Scopes::FULL).await;
    let adams = app.signed_in(&world.admin).await;
    adams.get(&at(&world.organization, "members")).await.is(200);
    let browser = app.signed_in(&world.owner).await;
    let path = of(&world.organization, &world.admin, "remove");
    let page = browser.get(&path).await;
    page.is(200);
    page.has("deploy bot");
    let id = bot.id.unwrap().to_string();
    page.has(&id);
    page.lacks(&other.id.unwrap().to_string());
    bot.get("tickets").await.is(200);
    // Tokens of others are not in reach of this form.
    let foreign = other.id.unwrap().to_string();
    let answer = browser.post(&path, &[("shown", &id), ("revoke", &id), ("revoke", &foreign)]).await;
    answer.is(303);
    bot.get("tickets").await.is(401);
    other.get("tickets").await.is(200);
    adam.get(format!("projects/{}", world.project.id)).await.is(403);
    adams.get(&at(&world.organization, "members")).await.is(404);
    browser.follow(answer).await.lacks(&world.admin.email);
    browser.post(&path, &[]).await.is(404);
}

async fn project_tokens_that_are_not_chosen_live_on(app: TestApp) {
    let world = app.world().await;
    let bot = app.project_token_of(&world.admin, &world.project).await;
    let rotated = bot.post("tokens/current/rotate", json!({"overlap_seconds": 600})).await.is(201);
    let successor = app.bearer(rotated["token"].as_str().unwrap());
    let browser = app.signed_in(&world.owner).await;
    let path = of(&world.organization, &world.admin, "remove");
    // Of a chain the newest is shown, and stands for all of it.
    let page = browser.get(&path).await;
    let newest = rotated["id"].as_str().unwrap();
    page.has(newest);
    page.lacks(&bot.id.unwrap().to_string());
    browser.post(&path, &[("shown", newest)]).await.is(303);
    bot.get("tickets").await.is(200);
    successor.get("tickets").await.is(200);
    app.add_member(&world.organization, &world.admin, Role::Admin).await;
    browser.post(&path, &[("shown", newest), ("revoke", newest)]).await.is(303);
    bot.get("tickets").await.is(401);
    successor.get("tickets").await.is(401);
}

async fn a_token_made_meanwhile_is_shown_before_anything_happens(app: TestApp) {
    let world = app.world().await;
    let browser = app.signed_in(&world.owner).await;
    let path = of(&world.organization, &world.admin, "remove");
    browser.get(&path).await.lacks("deploy bot");
    let bot = app.project_token_of(&world.admin, &world.project).await;
    let again = browser.post(&path, &[]).await;
    again.is(409);
    again.has("deploy bot");
    browser.get(&at(&world.organization, "members")).await.has(&world.admin.email);
    let id = bot.id.unwrap().to_string();
    browser.post(&path, &[("shown", &id), ("revoke", &id)]).await.is(303);
    bot.get("tickets").await.is(401);
}

async fn members_leave_by_themselves(app: TestApp) {
    let world = app.world().await;
    let path = at(&world.organization, "leave");
    let bot = app.project_token_of(&world.admin, &world.project).await;
    let id = bot.id.unwrap().to_string();
    // Once lowered, one cannot revoke any more what one has made as an admin.
    app.set_role(&world.organization, &world.admin, Role::Member).await;
    let adam = app.signed_in(&world.admin).await;
    let page = adam.get(&path).await;
    page.has("Only an admin can revoke them");
    adam.post(&path, &[("shown", &id), ("revoke", &id), ("sure", "yes")]).await.is(403);
    bot.get("tickets").await.is(200);
    app.set_role(&world.organization, &world.admin, Role::Admin).await;
    adam.post(&path, &[("shown", &id), ("revoke", &id), ("sure", "yes")]).await.is(303);
    bot.get("tickets").await.is(401);
    adam.get(&path).await.is(404);
    let vera = app.signed_in(&world.viewer).await;
    let token = app.personal_token(&world.viewer, Scopes::FULL).await;
    vera.get(&path).await.is(200);
    vera.post(&path, &[]).await.is(200);
    token.get(format!("projects/{}", world.project.id)).await.is(200);
    vera.post(&path, &[("sure", "yes")]).await.is(303);
    token.get(format!("projects/{}", world.project.id)).await.is(403);
    vera.get(&at(&world.organization, "members")).await.is(404);
}

async fn an_invitation_is_shown_once_and_withdrawn(app: TestApp) {
    let world = app.world().await;
    let browser = app.signed_in(&world.admin).await;
    let (members, invitations) = (at(&world.organization, "members"), at(&world.organization, "invitations"));
    for (fields, sentence) in [
        ([("email", "nobody"), ("role", "member")], "is invalid"),
        ([("email", "mia.member@example.com"), ("role", "member")], "has already been taken"),
        ([("email", "sven@example.com"), ("role", "emperor")], "is not included in the list"),
    ] {
        let refused = browser.post(&invitations, &fields).await;
        refused.is(422);
        refused.has(sentence);
        refused.has(fields[0].1);
    }
    let page = browser.post(&invitations, &[("email", "sven@example.com"), ("role", "viewer")]).await;
    page.is(200);
    page.has("sven@example.com");
    assert_eq!(page.headers["cache-control"], "no-store");
    let link = secret(&page.text, "/invitations/");
    app.browser().get(&link).await.is(200);
    let listed = browser.get(&members).await;
    listed.has("sven@example.com");
    listed.has("7 days left");
    listed.lacks(&link);
    let withdraw = between(&listed.text, &format!("{invitations}/"), "/withdraw").to_owned();
    // Another organization's owner cannot.
    app.signed_in(&world.stranger).await.post(&at(&world.elsewhere, &format!("invitations/{withdraw}/withdraw")), &[]).await.is(404);
    browser.post(&format!("{invitations}/{withdraw}/withdraw"), &[]).await.is(303);
    browser.get(&members).await.lacks("sven@example.com");
    app.browser().get(&link).await.is(404);
    browser.post(&format!("{invitations}/{withdraw}/withdraw"), &[]).await.is(404);
}

/// The path of the link that a page shows.
fn secret(text: &str, door: &str) -> String {
    let end = &text[text.find(door).unwrap_or_else(|| panic!("no {door}"))..];
    end.chars().take_while(|c| *c != '<' && *c != '"').collect()
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let text = &text[text.find(before).unwrap_or_else(|| panic!("no {before}")) + before.len()..];
    &text[..text.find(after).unwrap_or_else(|| panic!("no {after}"))]
}

async fn an_owner_makes_a_link_for_a_forgotten_password(app: TestApp) {
    let world = app.world().await;
    let browser = app.signed_in(&world.owner).await;
    let page = browser.post(&of(&world.organization, &world.member, "reset-link"), &[]).await;
    page.is(200);
    page.has("one hour");
    page.has("Mia Member");
    assert_eq!(page.headers["cache-control"], "no-store");
    let link = secret(&page.text, "/reset/");
    app.browser().get(&link).await.is(200);
    app.pass(Span::seconds(3_600));
    app.browser().get(&link).await.is(404);
}

async fn no_link_opens_an_account_that_reaches_further(app: TestApp) {
    let world = app.world().await;
    app.add_member(&world.elsewhere, &world.member, Role::Viewer).await;
    let browser = app.signed_in(&world.owner).await;
    let reset = of(&world.organization, &world.member, "reset-link");
    browser.get(&at(&world.organization, "members")).await.lacks(&reset);
    let refused = browser.post(&reset, &[]).await;
    refused.is(409);
    refused.has("an organization that you do not own");
    refused.lacks("/reset/");
    app.add_member(&world.elsewhere, &world.owner, Role::Admin).await;
    browser.post(&reset, &[]).await.is(409);
    app.set_role(&world.elsewhere, &world.owner, Role::Owner).await;
    browser.get(&at(&world.organization, "members")).await.has(&reset);
    browser.post(&reset, &[]).await.is(200);
}

async fn a_forged_form_changes_nothing(app: TestApp) {
    let world = app.world().await;
    let token = app.personal_token(&world.member, Scopes::FULL).await;
    let browser = app.signed_in(&world.owner).await;
    let page = browser.get(&at(&world.organization, "members")).await;
    let stranger = app.signed_in(&world.stranger).await;
    let (project, shut_out) =
        (format!("/workspace/projects/{}/settings", world.project.id), format!("tokens/{}/shut-out", token.id.unwrap()));
    let forms: [(String, Fields<'_>); 11] = [
        (of(&world.organization, &world.member, "role"), &[("role", "viewer")]),
        (of(&world.organization, &world.member, "remove"), &[]),
        (of(&world.organization, &world.member, "reset-link"), &[]),
        (at(&world.organization, "invitations"), &[("role", "owner")]),
        (at(&world.organization, "policy"), &[("longest", "7d"), ("sure", "yes")]),
        (at(&world.organization, "settings"), &[("name", "Forged"), ("slug", "forged")]),
        (at(&world.organization, &shut_out), &[]),
        (project.clone(), &[("name", "Forged"), ("code", "WEB"), ("description", "")]),
        (format!("{project}/archive"), &[]),
        (format!("{project}/unarchive"), &[]),
        (format!("{project}/delete"), &[("code", "WEB")]),
    ];
    let (ours, theirs) = ([("origin", crate::harness::BASE_URL)], [("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")]);
    for (path, fields) in &forms {
        let with =
            |key: &'static str, value: &str| fields.iter().copied().chain([(key, value.to_owned().leak() as &str)]).collect::<Vec<_>>();
        browser.post_raw(path, fields, &ours).await.is(403);
        browser.post_raw(path, &with("key", &stranger.key(path).await), &ours).await.is(403);
        browser.post_raw(path, &with("key", &browser.key(path).await), &theirs).await.is(403);
        // Finding 1 (e): what stands on a page opens nothing but its own form.
        for (action, key) in page.forms().iter().filter(|(action, _)| action != path) {
            let answer = browser.post_raw(path, &with("key", key), &ours).await;
            assert_eq!(answer.status, 403, "the key for {action} opens {path}");
        }
    }
    let page = browser.get(&at(&world.organization, "members")).await;
    page.has(&world.member.email);
    page.lacks("Withdraw");
    page.lacks("Forged");
    token.get(format!("projects/{}", world.project.id)).await.is(200);
    token.post("tickets", crate::harness::ticket(&world.project, &json!({}))).await.is(201);
}
