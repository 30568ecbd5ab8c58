//! Coming in: the first run, signing in and out, invitations and links for a new password.
//! What somebody finds inside is told elsewhere.

use bugtome::domain::{invitations, resets, setup};
use bugtome::model::draft::Field;
use bugtome::model::roles::Role;
use bugtome::model::scopes::Scopes;
use bugtome::model::time::Span;

use crate::harness::{PASSWORD, TestApp, both};

both! {
    the_first_run_makes_a_user_and_an_organization_once,
    wrong_codes_are_answered_late_and_shut_nobody_out,
    somebody_signs_in_and_out,
    an_unknown_address_and_a_wrong_password_are_told_alike,
    too_many_failures_are_not_looked_at,
    a_stranger_is_sent_to_the_sign_in_and_back,
    a_session_ends_when_nobody_comes_and_in_any_case,
    whoever_is_shut_out_is_out_at_once_and_for_good,
    forged_forms_are_refused,
    an_invitation_makes_a_member_once,
    who_holds_an_invitation_is_not_told_who_is_here,
    an_invitation_is_worth_what_its_maker_may,
    a_link_sets_a_new_password_once,
    a_link_is_worth_what_its_maker_may,
}

const NEW: &str = "another password of mine";

async fn code(app: &TestApp) -> String {
    app.command(|ctx| Ok(setup::prepare(ctx)?.unwrap().expose().to_owned())).await
}

async fn the_first_run_makes_a_user_and_an_organization_once(app: TestApp) {
    let code = code(&app).await;
    let browser = app.browser();
    assert_eq!(browser.get("/").await.location(), "/setup");
    assert_eq!(browser.get("/login").await.location(), "/setup");
    browser.get("/setup").await.is(200).has("One-time code");
    let form = |code: &str, password: &str| {
        [("code", code), ("name", "Fay First"), ("email", "fay@example.com"), ("password", password), ("organization", "Harbour Line")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
    };
    let send = async |code: &str, password: &str| {
        let fields = form(code, password);
        let fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        browser.post("/setup", &fields).await
    };
    send("nonsense", PASSWORD).await.is(422).has("is wrong").has("fay@example.com").lacks(PASSWORD);
    send(&code, "short").await.is(422).has("is too short (minimum is 8 characters)");
    send(&code, "password1").await.is(422).has("is too common");
    let page = send(&code.to_lowercase(), PASSWORD).await;
    assert_eq!(page.location(), "/workspace");
    browser.get("/account/settings").await.is(200).has("fay@example.com").has("Harbour Line");
    // Once.
    assert_eq!(app.browser().get("/setup").await.location(), "/login");
    assert_eq!(send(&code, PASSWORD).await.location(), "/login");
    assert!(app.command(setup::prepare).await.is_none());
}

/// Finding 19: ten wrong codes by a stranger shut the first run until a restart.
async fn wrong_codes_are_answered_late_and_shut_nobody_out(app: TestApp) {
    const FIELDS: [(&str, &str); 4] = [("name", "F"), ("email", "f@x"), ("password", PASSWORD), ("organization", "O")];
    let code = code(&app).await;
    let mut strangers = tokio::task::JoinSet::new();
    for _ in 0..60 {
        let stranger = app.browser();
        stranger.get("/setup").await.is(200);
        strangers.spawn(async move {
            let began = std::time::Instant::now();
            let page = stranger.post("/setup", &[&FIELDS[..], &[("code", "0000-0000-0000-0000")]].concat()).await;
            page.has("is wrong").has("f@x").lacks(PASSWORD);
            match page.status {
                422 => assert!(began.elapsed() >= std::time::Duration::from_secs(1), "a wrong one is answered late"),
                429 => assert_eq!(page.header("retry-after"), Some("1")),
                other => panic!("{other}"),
            }
            page.status
        });
    }
    // Bounded: no more than 32 wait at a time.
    assert_eq!(strangers.join_next().await.unwrap().unwrap(), 429);
    let began = std::time::Instant::now();
    let browser = app.browser();
    browser.get("/setup").await.is(200);
    browser.post("/setup", &[&FIELDS[..], &[("code", code.as_str())]].concat()).await.is(303);
    assert!(began.elapsed() < std::time::Duration::from_secs(10));
    let outcomes = strangers.join_all().await;
    assert_eq!(outcomes.iter().filter(|status| **status == 422).count(), 32, "{outcomes:?}");
}

async fn somebody_signs_in_and_out(app: TestApp) {
    let mia = app.user("Mia Member").await;
    app.give_password(&mia).await;
    let browser = app.browser();
    browser.get("/login").await.is(200).has("Sign in");
    let visitor = browser.cookie("__Host-visitor").unwrap();
    let page = browser.post("/login", &[("email", "MIA.member@example.com"), ("password", PASSWORD)]).await;
    assert_eq!(page.location(), "/workspace");
    let session = browser.cookie("__Host-session").unwrap();
    assert_ne!(session, visitor);
    browser.get("/account/settings").await.is(200).has("Mia Member").has("Firefox on Linux").has("192.0.2.1");
    assert_eq!(browser.get("/login").await.location(), "/workspace");
    // Signing in once more is a new session, and the old one is over.
    let old = browser.stolen();
    browser.post("/login", &[("email", "mia.member@example.com"), ("password", PASSWORD)]).await.is(303);
    assert_ne!(browser.cookie("__Host-session").unwrap(), session);
    assert_eq!(old.get("/account/settings").await.location(), "/login?next=%2Faccount%2Fsettings");
    let stolen = browser.stolen();
    let page = browser.post("/logout", &[]).await;
    browser.follow(page).await.is(200).has("You have signed out");
    assert_eq!(browser.cookie("__Host-session"), None);
    stolen.get("/account/settings").await.location();
    assert!(
        stolen
            .post("/account/settings", &[("name", "Thief"), ("email", "mia.member@example.com"), ("theme", "dark")])
            .await
            .location()
            .starts_with("/login")
    );
}

async fn an_unknown_address_and_a_wrong_password_are_told_alike(app: TestApp) {
    let mia = app.user("Mia Member").await;
    app.give_password(&mia).await;
    let without = app.user("Nora Never").await;
    let browser = app.browser();
    let mut texts = Vec::new();
    for email in [mia.email.as_str(), "nobody@example.com", without.email.as_str(), "no address"] {
        let page = browser.post("/login", &[("email", email), ("password", "not the password")]).await;
        page.is(422).has("Wrong e-mail or password.");
        let (key, own) = (page.key("/login"), page.header("bugtome-page").unwrap());
        texts.push(page.text.replace(email, "…").replace(&key, "…").replace(own, "…"));
    }
    assert!(texts.iter().all(|text| *text == texts[0]));
}

async fn too_many_failures_are_not_looked_at(app: TestApp) {
    let mia = app.user("Mia Member").await;
    app.give_password(&mia).await;
    let known = app.browser();
    known.post("/login", &[("email", &mia.email), ("password", PASSWORD)]).await.is(303);
    known.post("/logout", &[]).await.is(303);
    let browser = app.browser();
    for _ in 0..10 {
        browser.post("/login", &[("email", &mia.email), ("password", "wrong")]).await.is(422);
    }
    let page = browser.post("/login", &[("email", &mia.email), ("password", PASSWORD)]).await;
    page.is(429).has("Too many tries");
    assert_eq!(page.header("retry-after"), Some("900"));
    // Finding 9: neither who shares the address locks a known browser out, nor its failures anybody else.
    for number in 0..90 {
        browser.post("/login", &[("email", &format!("nobody{number}@example.com")), ("password", "wrong")]).await;
    }
    app.browser().post("/login", &[("email", "nora@example.com"), ("password", "wrong")]).await.is(429);
    known.post("/login", &[("email", &mia.email), ("password", PASSWORD)]).await.is(303);
    known.post("/logout", &[]).await.is(303);
    // Strangers at many addresses: the account is shut for them, not for a browser that has been in before.
    for number in 2..6 {
        let stranger = app.browser().at(&format!("198.51.100.{number}"));
        for _ in 0..10 {
            stranger.post("/login", &[("email", &mia.email), ("password", "wrong")]).await;
        }
    }
    app.browser().at("203.0.113.9").post("/login", &[("email", &mia.email), ("password", PASSWORD)]).await.is(429);
    known.at("203.0.113.9").post("/login", &[("email", &mia.email), ("password", PASSWORD)]).await.is(303);
    // Whoever has taken the browser's cookie guesses no more than anybody, wherever they are, and shuts this browser alone.
    let thief = known.stolen();
    thief.post("/logout", &[]).await.is(303);
    for number in 0..10 {
        thief.at(&format!("198.51.100.{number}")).post("/login", &[("email", &mia.email), ("password", "wrong")]).await.is(422);
    }
    thief.at("198.51.100.99").post("/login", &[("email", &mia.email), ("password", PASSWORD)]).await.is(429);
    app.pass(Span::seconds(900));
    app.browser().post("/login", &[("email", &mia.email), ("password", PASSWORD)]).await.is(303);
}

async fn a_stranger_is_sent_to_the_sign_in_and_back(app: TestApp) {
    let mia = app.user("Mia Member").await;
    app.give_password(&mia).await;
    let browser = app.browser();
    let page = browser.get("/account/settings?x=1").await;
    assert_eq!(page.location(), "/login?next=%2Faccount%2Fsettings%3Fx%3D1");
    let page = browser.follow(page).await;
    assert_eq!(page.hidden("next").unwrap(), "/account/settings?x=1");
    let page = browser.post("/login", &[("email", &mia.email), ("password", PASSWORD), ("next", "/account/settings?x=1")]).await;
    assert_eq!(page.location(), "/account/settings?x=1");
    for elsewhere in ["//evil.example", "https://evil.example", "/\\evil.example"] {
        let page = browser.post("/login", &[("email", &mia.email), ("password", PASSWORD), ("next", elsewhere)]).await;
        assert_eq!(page.location(), "/workspace");
    }
    // htmx leaves the page that it is on.
    let page = app.browser().get_with("/account/settings", "hx-request", "true").await;
    assert_eq!(page.is(204).header("hx-redirect"), Some("/login"));
}

async fn a_session_ends_when_nobody_comes_and_in_any_case(app: TestApp) {
    let mia = app.user("Mia Member").await;
    let browser = app.signed_in(&mia).await;
    app.pass(Span::days(13));
    browser.get("/account/settings").await.is(200);
    app.flush_uses().await;
    app.pass(Span::days(13));
    browser.get("/account/settings").await.is(200);
    app.flush_uses().await;
    app.pass(Span::days(14));
    browser.get("/account/settings").await.location();
    let browser = app.signed_in(&mia).await;
    for _ in 0..9 {
        app.pass(Span::days(10));
        browser.get("/account/settings").await;
        app.flush_uses().await;
    }
    browser.get("/account/settings").await.location();
    app.sweep().await;
    let left = app.command(|ctx| Ok(ctx.db.query(bugtome::sql!((i64,): "SELECT created_at FROM sessions"))?)).await;
    assert_eq!(left.len(), 0);
}

async fn whoever_is_shut_out_is_out_at_once_and_for_good(app: TestApp) {
    let mia = app.user("Mia Member").await;
    let browser = app.signed_in(&mia).await;
    let email = bugtome::model::users::Email::parse(&Field::Value(mia.email.as_str().into())).unwrap();
    let user = app.command(move |ctx| bugtome::domain::users::by_email(ctx, &email)).await;
    let id = user.id;
    app.command(move |ctx| bugtome::domain::users::disable(ctx, &user)).await;
    browser.get("/account/settings").await.location();
    app.browser().post("/login", &[("email", &mia.email), ("password", PASSWORD)]).await.is(422);
    app.command(move |ctx| bugtome::domain::users::enable(ctx, id, None)).await;
    browser.get("/account/settings").await.location();
    app.browser().post("/login", &[("email", &mia.email), ("password", PASSWORD)]).await.is(303);
}

async fn forged_forms_are_refused(app: TestApp) {
    let mia = app.user("Mia Member").await;
    let browser = app.signed_in(&mia).await;
    let page = browser.get("/account/settings").await;
    let key = page.key("/account/settings");
    let fields = [("name", "Forged"), ("email", mia.email.as_str()), ("theme", "dark")];
    let with = |key: &'static str| [&fields[..], &[("key", key)]].concat();
    let right: &'static str = Box::leak(key.into_boxed_str());
    // Finding 1 (e): a key that was read from one form opens no other, and one form's key holds as long as the session.
    let elsewhere: &'static str = Box::leak(page.key("/account/settings/password").into_boxed_str());
    let here = ("origin", "https://bugs.example");
    browser.post_raw("/account/settings", &fields, &[here]).await.is(403).has("could not be trusted");
    for wrong in ["0", elsewhere, page.key("/logout").leak()] {
        browser.post_raw("/account/settings", &with(wrong), &[here]).await.is(403);
    }
    let other = app.signed_in(&app.user("Olaf Other").await).await;
    let theirs: &'static str = Box::leak(other.get("/account/settings").await.key("/account/settings").into_boxed_str());
    browser.post_raw("/account/settings", &with(theirs), &[here]).await.is(403);
    for header in
        [("origin", "https://evil.example"), ("origin", "null"), ("sec-fetch-site", "cross-site"), ("sec-fetch-site", "same-site")]
    {
        browser.post_raw("/account/settings", &with(right), &[header]).await.is(403);
    }
    browser.get("/account/settings").await.lacks("Forged");
    browser.post_raw("/account/settings", &with(right), &[here, ("sec-fetch-site", "same-origin")]).await.is(303);
    browser.get("/account/settings").await.has("Forged").has("data-theme=\"dark\"");
}

async fn an_invitation_makes_a_member_once(app: TestApp) {
    let world = app.world().await;
    let organization = world.organization.id;
    let invite = |email: &'static str| {
        move |ctx: &mut bugtome::domain::Ctx<'_>| {
            Ok(invitations::create(ctx, organization, &Field::Value(email.into()), Some(Role::Member))?.1.expose().to_owned())
        }
    };
    let secret = app.command(invite("")).await;
    let path = format!("/invitations/{secret}");
    let newcomer = app.browser();
    let page = newcomer.get(&path).await;
    page.is(200).has("Join acme").has("member");
    assert_eq!(page.header("cache-control"), Some("no-store"));
    newcomer
        .post(&path, &[("name", ""), ("email", "new@example.com"), ("password", "short")])
        .await
        .is(422)
        .has("can&#39;t be blank")
        .has("too short");
    let page = newcomer.post(&path, &[("name", "Nell New"), ("email", "new@example.com"), ("password", NEW)]).await;
    newcomer.get("/account/settings").await.is(200).has("Nell New").has("acme");
    assert!(page.location().starts_with("/workspace"));
    app.browser().get(&path).await.is(404);
    // Somebody who has an account already signs in first.
    let secret = app.command(invite("")).await;
    let stranger = app.signed_in(&world.stranger).await;
    stranger.get(format!("/invitations/{secret}")).await.is(200).has("You are signed in as");
    stranger.post(format!("/invitations/{secret}"), &[]).await.is(303);
    stranger.get("/account/settings").await.has("acme");
    // One for an address is for that address.
    let secret = app.command(invite("just@example.com")).await;
    let path = format!("/invitations/{secret}");
    let wrong = app.signed_in(&app.user("Will Wrong").await).await;
    wrong.post(&path, &[]).await.is(409);
    let right = app.browser();
    right.post(&path, &[("name", "Just You"), ("email", "else@example.com"), ("password", NEW)]).await.is(303);
    right.get("/account/settings").await.has("just@example.com");
    // Seven days.
    let secret = app.command(invite("")).await;
    app.pass(Span::days(7));
    app.browser().get(format!("/invitations/{secret}")).await.is(404);
    app.browser().get("/invitations/nonsense").await.is(404);
}

/// Finding 18: the answer said who has an account, as often as anybody asked.
async fn who_holds_an_invitation_is_not_told_who_is_here(app: TestApp) {
    let world = app.world().await;
    app.give_password(&world.stranger).await;
    let organization = world.organization.id;
    let invite = async || {
        let made = move |ctx: &mut bugtome::domain::Ctx<'_>| {
            Ok(invitations::create(ctx, organization, &Field::Absent, Some(Role::Member))?.1.expose().to_owned())
        };
        format!("/invitations/{}", app.command(made).await)
    };
    let path = invite().await;
    let holder = app.browser();
    // One with a password, one without, one that is shut out: the same words, which do not say that there is an account.
    let shut = app.user("Sven Shut").await;
    app.give_password(&shut).await;
    let id = shut.id;
    app.command(move |ctx| {
        let row = bugtome::domain::users::all(ctx)?.into_iter().find(|row| row.id == id).unwrap();
        bugtome::domain::users::disable(ctx, &row)
    })
    .await;
    let without = app.user("Nora Never").await;
    let mut texts = Vec::new();
    for email in [&world.stranger.email, &without.email, &shut.email] {
        let page = holder.post(&path, &[("name", "N"), ("email", email), ("password", NEW)]).await;
        page.is(422).has("did not open the invitation").lacks("taken").has(email).lacks(NEW);
        let (key, own) = (page.key(&path), page.header("bugtome-page").unwrap());
        texts.push(page.text.replace(email.as_str(), "…").replace(&key, "…").replace(own, "…"));
    }
    assert!(texts.iter().all(|text| *text == texts[0]));
    // Counted as sign-ins are, by the invitation too, from wherever it is tried and with whatever address.
    for number in 0..7 {
        let elsewhere = app.browser().at(&format!("198.51.100.{number}"));
        elsewhere.post(&path, &[("name", "N"), ("email", &world.member.email), ("password", NEW)]).await.is(422);
    }
    let page = app.browser().at("203.0.113.9").post(&path, &[("name", "N"), ("email", "free@example.com"), ("password", NEW)]).await;
    page.is(429).has("Too many tries").has("free@example.com");
    assert!(page.header("retry-after").is_some());
    // Another invitation is another matter, and guesses with it are guesses at the account.
    let other = invite().await;
    app.browser().post(&other, &[("name", "N"), ("email", "free@example.com"), ("password", NEW)]).await.is(303);
    app.pass(Span::seconds(900));
    for _ in 0..10 {
        holder.post("/login", &[("email", &world.stranger.email), ("password", NEW)]).await.is(422);
    }
    let page = holder.post(&path, &[("name", "N"), ("email", &world.stranger.email), ("password", PASSWORD)]).await;
    page.is(429);
    // Who has an account joins with its password, and is signed in.
    app.pass(Span::seconds(900));
    let page = holder.post(&path, &[("name", "Somebody"), ("email", &world.stranger.email), ("password", PASSWORD)]).await;
    assert!(page.location().starts_with("/workspace"));
    holder.get("/account/settings").await.is(200).has(&world.stranger.email).has("acme").lacks("Somebody");
    app.browser().get(&path).await.is(404);
}

async fn an_invitation_is_worth_what_its_maker_may(app: TestApp) {
    let world = app.world().await;
    let admin = app.signed_in(&world.admin).await;
    let organization = world.organization.id;
    let (user, via) = (world.admin.id, bugtome::model::events::Via::Web);
    let made = app.app.write(bugtome::domain::Who::User(user), via, move |ctx| {
        Ok(invitations::create(ctx, organization, &Field::Absent, Some(Role::Member))?.1.expose().to_owned())
    });
    let secret = made.await.unwrap();
    app.browser().get(format!("/invitations/{secret}")).await.is(200);
    let disable = |shut: bool| {
        move |ctx: &mut bugtome::domain::Ctx<'_>| {
            let row = bugtome::domain::users::all(ctx)?.into_iter().find(|row| row.id == user).unwrap();
            if shut { bugtome::domain::users::disable(ctx, &row) } else { bugtome::domain::users::enable(ctx, row.id, None).map(drop) }
        }
    };
    app.command(disable(true)).await;
    app.browser().get(format!("/invitations/{secret}")).await.is(404);
    app.command(disable(false)).await;
    app.browser().get(format!("/invitations/{secret}")).await.is(200);
    app.set_role(&world.organization, &world.admin, Role::Viewer).await;
    app.browser().get(format!("/invitations/{secret}")).await.is(404);
    app.browser().post(format!("/invitations/{secret}"), &[("name", "N"), ("email", "n@x"), ("password", NEW)]).await.is(404);
    drop(admin);
}

async fn a_link_is_worth_what_its_maker_may(app: TestApp) {
    let world = app.world().await;
    let owner = app.signed_in(&world.owner).await;
    let at =
        |person: &crate::harness::Person| format!("/workspace/organizations/{}/members/{}/reset-link", world.organization.id, person.id);
    // A session alone is not enough to come into an account, one's own included.
    owner.post(at(&world.owner), &[]).await.is(409);
    app.pass(Span::seconds(1_800));
    owner.post(at(&world.member), &[]).await.is(403).has("Your password again");
    owner.post(at(&world.member), &[("password_again", "wrong")]).await.is(422).has("is wrong").lacks("/reset/");
    owner.post(at(&world.member), &[("password_again", PASSWORD)]).await.is(200).has("/reset/");
    let link = async || {
        let page = owner.post(at(&world.member), &[]).await;
        let start = page.is(200).text.find("/reset/").unwrap();
        page.text[start..start + 55].to_owned()
    };
    let first = link().await;
    app.browser().get(&first).await.is(200);
    // The member joins another organization: now the link would open that too.
    app.add_member(&world.elsewhere, &world.member, Role::Viewer).await;
    app.browser().get(&first).await.is(404);
    app.browser().post(&first, &[("password", NEW)]).await.is(404);
    app.remove_member(&world.elsewhere, &world.member).await;
    let second = link().await;
    app.browser().get(&second).await.is(200);
    // The owner is none any more.
    app.set_role(&world.organization, &world.admin, Role::Owner).await;
    app.set_role(&world.organization, &world.owner, Role::Member).await;
    app.browser().post(&second, &[("password", NEW)]).await.is(404);
}

async fn a_link_sets_a_new_password_once(app: TestApp) {
    let world = app.world().await;
    let browser = app.signed_in(&world.member).await;
    let token = app.personal_token(&world.member, Scopes::FULL).await;
    let user = world.member.id;
    let link = async || app.command(move |ctx| Ok(resets::make_by_command(ctx, user)?.expose().to_owned())).await;
    let old = link().await;
    let secret = link().await;
    app.browser().get(format!("/reset/{old}")).await.is(404);
    let path = format!("/reset/{secret}");
    let forgetful = app.browser();
    forgetful.get(&path).await.is(200).has("mia.member@example.com");
    forgetful.post(&path, &[("password", "password1")]).await.is(422).has("is too common");
    forgetful.post(&path, &[("password", NEW)]).await.is(303);
    forgetful.get("/account/settings").await.is(200);
    browser.get("/account/settings").await.location();
    app.browser().get(&path).await.is(404);
    app.browser().post("/login", &[("email", &world.member.email), ("password", PASSWORD)]).await.is(422);
    app.browser().post("/login", &[("email", &world.member.email), ("password", NEW)]).await.is(303);
    // Finding 8: nobody said that they are to be kept.
    token.get("tokens/current").await.is(401);
    let secret = link().await;
    app.pass(Span::seconds(3_600));
    app.browser().get(format!("/reset/{secret}")).await.is(404);
    // An owner makes one only for whoever belongs to nobody else.
    let organization = world.organization.id;
    let by_owner = |who| {
        let via = bugtome::model::events::Via::Web;
        app.app.write(bugtome::domain::Who::User(world.owner.id), via, move |ctx| resets::make(ctx, organization, who).map(drop))
    };
    by_owner(world.member.id).await.unwrap();
    app.add_member(&world.elsewhere, &world.member, Role::Viewer).await;
    assert!(matches!(by_owner(world.member.id).await, Err(bugtome::domain::Error::Conflict(_))));
    assert!(matches!(by_owner(world.stranger.id).await, Err(bugtome::domain::Error::NotFound)));
}
