//! What hostile words meet on their way: no answer that holds them can be put into a page, no error repeats them, no form opens for whoever has read
//! another's key, and what cannot be taken back asks for the password. That nothing of them acts in a browser is told in `tests/browser`.

use axum::http::Method;
use bugtome::domain::{invitations, resets};
use bugtome::http::mount::Route;
use bugtome::model::draft::Field;
use bugtome::model::roles::Role;
use bugtome::model::scopes::Scopes;
use bugtome::model::time::Span;
use serde_json::json;

use crate::harness::{Answer, Browser, PASSWORD, Page, TestApp, World, both, ticket};

both! {
    no_answer_with_others_words_can_be_put_into_a_page,
    what_is_no_page_is_left_to_the_browser,
    an_error_repeats_nothing_that_was_sent,
    what_cannot_be_taken_back_asks_for_the_password,
    a_password_that_is_asked_for_loses_nothing,
    signing_out_leaves_nothing_in_the_browser,
}

/// Words that would act wherever they were taken for a part of a page.
const HOSTILE: &str = r#"<img src=x hx-get="/workspace?zq" hx-trigger="load"> & "zq" 'zq'"#;

/// A world in which everything that has a name or a text says [`HOSTILE`].
struct Hostile {
    world: World,
    owner: Browser,
    ticket: String,
    comment: String,
}

impl Hostile {
    async fn of(app: &TestApp) -> Self {
        let world = app.world().await;
        let owner = app.signed_in(&world.owner).await;
        let api = app.personal_token(&world.owner, Scopes::FULL).await;
        let words = format!("{HOSTILE} and more");
        let fields = json!({"title": HOSTILE, "given": words, "when": words, "then": words, "notes": words});
        let made = api.post("tickets", ticket(&world.project, &fields)).await.is(201);
        let ticket = made["id"].as_str().unwrap().to_owned();
        let comment = api.post(format!("tickets/{ticket}/comments"), json!({"comment": {"content": words}})).await.is(201);
        let settings = format!("/workspace/projects/{}/settings", world.project.id);
        owner.post(&settings, &[("name", HOSTILE), ("code", "WEB"), ("description", HOSTILE)]).await.is(303);
        let organization = format!("/workspace/organizations/{}/settings", world.organization.id);
        owner.post(&organization, &[("name", HOSTILE), ("slug", "acme")]).await.is(303);
        owner.post("/account/settings", &[("name", HOSTILE), ("email", &world.owner.email), ("theme", "dark")]).await.is(303);
        Self { world, owner, ticket, comment: comment["id"].as_str().unwrap().to_owned() }
    }

    /// The path with ids of what is there.
    async fn path(&self, app: &TestApp, template: &str) -> String {
        let token =
            app.personal_token(if template.starts_with("/account") { &self.world.owner } else { &self.world.member }, Scopes::FULL).await;
        let project_token = app.project_token(&self.world.project, Scopes::FULL).await;
        let token = if template.contains("{project_id}") { project_token } else { token };
        let organization = self.world.organization.id;
        let invite =
            move |ctx: &mut bugtome::domain::Ctx<'_>| Ok(invitations::create(ctx, organization, &Field::Absent, Some(Role::Viewer))?.1);
        let member = self.world.member.id;
        let secret = if template.starts_with("/reset") {
            app.command(move |ctx| resets::make_by_command(ctx, member)).await
        } else {
            app.command(invite).await
        };
        let api =
            template.strip_prefix("/api/v1/mcp/organizations/{id}").map(|rest| format!("/api/v1/mcp/organizations/{organization}{rest}"));
        let template = api.as_deref().unwrap_or(template);
        let project =
            template.strip_prefix("/api/v1/projects/{id}").map(|rest| format!("/api/v1/projects/{}{rest}", self.world.project.id));
        let path = project.as_deref().unwrap_or(template);
        let path = path
            .replace("{project_id}", &self.world.project.id.to_string())
            .replace("{ticket_id}", &self.ticket)
            .replace("{id}", &self.ticket)
            .replace("{comment_id}", &self.comment)
            .replace("{organization_id}", &organization.to_string())
            .replace("{user_id}", &member.to_string())
            .replace("{token_id}", &token.id.unwrap().to_string())
            .replace("{secret}", secret.expose());
        assert!(!path.contains('{'), "the walk does not know an id in {path}: teach it here");
        path
    }
}

/// How often something of [`HOSTILE`] stands there as it was typed: as a tag.
fn raw(text: &str) -> bool {
    text.contains("<img")
}

/// Finding 1 (c) and (g), finding 16: every route, asked by a browser and by htmx.
async fn no_answer_with_others_words_can_be_put_into_a_page(app: TestApp) {
    let hostile = Hostile::of(&app).await;
    let mut shown = 0;
    for route in bugtome::web::routes::all().iter().filter(|route| *route.method == Method::GET) {
        let path = hostile.path(&app, route.path).await;
        let path = format!(
            "{path}?q=%3Cimg+src%3Dx+hx-get%3D/zq%3E&title=%3Cimg%3E&next=/%3Cimg%3E&code=%3Cimg%3E&notice=%3Cimg%3E&page=%3Cimg%3E"
        );
        let page = hostile.owner.get(&path).await;
        shown += usize::from(page.text.contains("zq"));
        let is_html = page.header("content-type").is_some_and(|kind| kind == "text/html; charset=utf-8");
        if is_html {
            assert!(!raw(&page.text), "{page:?}");
            assert!(page.header("cache-control").is_some_and(|kept| kept.contains("no-store") || kept == "private, no-cache"), "{page:?}");
        } else if page.header("content-type").is_some() {
            assert!(page.header("content-disposition").is_some_and(|how| how.starts_with("attachment")), "{page:?}");
        }
        // The harness looks at the mark of each page that htmx is given; what is no page it is not given at all.
        let asked = hostile.owner.get_with(&path, "hx-request", "true").await;
        if is_html {
            asked.is(page.status);
        } else if page.status == 200 {
            is_led_away(&asked, &path);
        }
    }
    assert!(shown > 10, "the words stand on {shown} pages: the walk would see them");
    // The API's answers are looked at by the harness: their types, that no copy is kept, and that there is no tag in them.
    let api = app.personal_token(&hostile.world.owner, Scopes::FULL).await;
    let mut shown = 0;
    for route in bugtome::api::routes::all().iter().filter(|route| *route.method == Method::GET) {
        let path = hostile.path(&app, route.path).await;
        let answer = api.get(&path).await;
        shown += usize::from(String::from_utf8_lossy(&answer.body).contains("zq"));
        let asked = api.get(&path).with("hx-request", "true").await;
        assert_eq!((asked.status, asked.header("hx-redirect")), (204, Some(path.as_str())), "{asked:?}");
    }
    assert!(shown > 5, "the words stand in {shown} answers: the walk would see them");
}

fn is_led_away(answer: &Page, path: &str) {
    answer.is(204);
    assert_eq!(answer.header("hx-redirect"), Some(path), "{answer:?}");
    assert_eq!((answer.text.as_str(), answer.header("content-type")), ("", None), "{answer:?}");
}

/// Finding 1 (c): the answers that were put into pages.
async fn what_is_no_page_is_left_to_the_browser(app: TestApp) {
    let hostile = Hostile::of(&app).await;
    let gherkin = format!("/workspace/projects/{}/tickets/{}/gherkin", hostile.world.project.id, hostile.ticket);
    is_led_away(&hostile.owner.get_with(&gherkin, "hx-request", "true").await, &gherkin);
    let file = hostile.owner.get(&gherkin).await;
    file.is(200).has("<img");
    assert_eq!(file.header("content-type"), Some("text/plain; charset=utf-8"));
    assert_eq!(file.header("content-disposition"), Some("attachment; filename=\"WEB-1.feature\""));
    let anybody = app.anonymous();
    for (path, status) in
        [("/api/v1/tickets?%3Cimg%3E=1", 401), ("/api/v1/openapi.json?%3Cimg%3E=1", 400), ("/api/v1/%3Cimg%3E", 404), ("/healthz", 200)]
    {
        assert_eq!(anybody.get(path).await.status, status);
        let asked = anybody.get(path).with("hx-request", "true").await;
        assert_eq!((asked.status, asked.header("hx-redirect")), (204, Some(path)), "{asked:?}");
    }
    // What browsers take for another host is led nowhere.
    let elsewhere = hostile.owner.get_with("//evil.example/api", "hx-request", "true").await;
    assert!(elsewhere.header("hx-redirect").is_none(), "{elsewhere:?}");
    // A page is put in, an error's too; a redirection is followed.
    hostile.owner.get_with("/workspace", "hx-request", "true").await.is(200);
    hostile.owner.get_with("/workspace/nothing", "hx-request", "true").await.is(404);
    hostile.owner.get_with("/", "hx-request", "true").await.is(303);
}

/// What of a request an answer may repeat: a name of up to forty of `[a-z_]`.
const NOWHERE: &str = "0193a3c4-0000-7000-8000-00000000000a";
const MARK: &str = "Zq<9>&\"'";

fn repeats(answer: &Answer) -> bool {
    let text = String::from_utf8_lossy(&answer.body).into_owned();
    let headers = format!("{:?}", answer.headers);
    ["Zq", "zq9", "%3C9"].iter().any(|part| text.contains(part) || headers.contains(part))
}

/// Finding 1 (d), on every route of the API and with every part of a request.
async fn an_error_repeats_nothing_that_was_sent(app: TestApp) {
    let hostile = Hostile::of(&app).await;
    let encoded = percent_encoding::utf8_percent_encode(MARK, percent_encoding::NON_ALPHANUMERIC).to_string();
    let mut errors = 0;
    let mut look = |route: &Route, answer: &Answer| {
        errors += usize::from(answer.status >= 400);
        assert!(!repeats(answer), "{} {}: {answer:?}", route.method, route.path);
    };
    for route in &bugtome::api::routes::all() {
        // Some end their token or what they are about, so each has a token of its own, and nothing is deleted.
        let api = app.personal_token(&hostile.world.owner, Scopes::FULL).await;
        let path = if *route.method == Method::DELETE {
            route.path.replace("{id}", NOWHERE).replace("{comment_id}", NOWHERE)
        } else {
            hostile.path(&app, route.path).await
        };
        let call = |path: &str| api.call(route.method.clone(), path);
        for query in [
            format!("{encoded}=1"),
            format!("page={encoded}"),
            format!("{encoded}=1&{encoded}=2"),
            format!("status={encoded}&q={encoded}"),
            encoded.clone(),
        ] {
            look(route, &call(&format!("{path}?{query}")).await);
        }
        look(route, &call(&route.path.replace("{id}", &encoded).replace("{comment_id}", &encoded)).await);
        for header in ["if-match", "idempotency-key", "accept", "content-type", "if-none-match"] {
            look(route, &call(&path).with(header, MARK).await);
            look(route, &call(&path).with(header, MARK).with(header, MARK).await);
        }
        if *route.method == Method::POST || *route.method == Method::PATCH {
            for body in [
                json!({ MARK: MARK }),
                json!({"ticket": MARK, "comment": MARK, "project": MARK, "token": MARK, "tokens": [MARK], "overlap_seconds": MARK}),
                json!({"ticket": {"title": [MARK], "project_id": MARK, "status": MARK, "priority": MARK, "assignee_id": MARK, MARK: MARK}}),
                json!({"ticket": {"project_id": hostile.world.project.id.to_string(), "status": MARK, "priority": MARK}}),
                json!({"comment": {"content": {MARK: 1}}, "project": {"code": MARK, "name": "", "archived": MARK}}),
                json!({"project": {"code": MARK, "name": ""}}),
            ] {
                look(route, &call(&path).json(&body).await);
            }
            look(route, &call(&path).raw("application/json", format!("{{\"{MARK}")).await);
            look(route, &call(&path).raw(MARK, "{}").await);
        }
    }
    assert!(errors > 100, "{errors} errors were looked at");
}

/// A form: where it is sent, its fields, and the status of what is done.
type Act<'a> = (&'a str, &'a [(&'a str, &'a str)], u16);

/// Finding 1 (f) and finding 22: a session alone, whose password was given long ago, makes no owner, archives and deletes no project, loosens no
/// policy, opens no account and changes no address.
async fn what_cannot_be_taken_back_asks_for_the_password(app: TestApp) {
    let world = app.world().await;
    let owner = app.signed_in(&world.owner).await;
    let (organization, project) =
        (format!("/workspace/organizations/{}", world.organization.id), format!("/workspace/projects/{}", world.project.id));
    let role = format!("{organization}/members/{}/role", world.admin.id);
    let reset = format!("{organization}/members/{}/reset-link", world.member.id);
    let policy = format!("{organization}/policy");
    let (archive, unarchive) = (format!("{project}/settings/archive"), format!("{project}/settings/unarchive"));
    let delete = format!("{project}/settings/delete");
    let invite = format!("{organization}/invitations");
    // Tightening asks for nothing, or a leak could not be stopped at once.
    app.pass(Span::seconds(1_800));
    owner.post(&policy, &[("longest", "7d"), ("sure", "yes")]).await.is(303);
    owner.post(&role, &[("role", "member")]).await.is(303);
    let (policy, role, archive, unarchive, delete) =
        (policy.as_str(), role.as_str(), archive.as_str(), unarchive.as_str(), delete.as_str());
    let acts: [Act<'_>; 9] = [
        (role, &[("role", "owner")], 303),
        (policy, &[("longest", "30d"), ("sure", "yes")], 303),
        (policy, &[("longest", "none"), ("sure", "yes")], 303),
        (&reset, &[], 200),
        (&invite, &[("role", "owner")], 200),
        (archive, &[], 303),
        (unarchive, &[], 303),
        (delete, &[("code", "WEB")], 303),
        ("/account/settings/api", &[("name", "x"), ("expires", "90"), ("access", "full"), ("once", "1")], 200),
    ];
    for (path, fields, done) in acts {
        app.pass(Span::seconds(1_800));
        let asked = owner.post(path, fields).await;
        assert!(asked.status != done && asked.text.contains("Your password"), "{asked:?}");
        if path != "/account/settings/api" {
            asked.is(403);
            // A wrong one does not open it either, nor one that is sent elsewhere.
            let wrong: Vec<_> = fields.iter().copied().chain([("password_again", "not the password")]).collect();
            owner.post(path, &wrong).await.is(422).has("is wrong");
            let right: Vec<_> = fields.iter().copied().chain([("password_again", PASSWORD)]).collect();
            owner.post(path, &right).await.is(done);
        }
    }
    app.pass(Span::seconds(1_800));
    let address = [("name", "Olga"), ("email", "new@example.com"), ("theme", "dark")];
    owner.post("/account/settings", &address).await.is(422);
}

/// What was sent comes back with the question for the password, whatever is in it, and is done then.
async fn a_password_that_is_asked_for_loses_nothing(app: TestApp) {
    let world = app.world().await;
    let owner = app.signed_in(&world.owner).await;
    let invite = format!("/workspace/organizations/{}/invitations", world.organization.id);
    app.pass(Span::seconds(1_800));
    let page = owner.post(&invite, &[("email", "\"><b>nobody"), ("role", "viewer")]).await;
    // What is wrong is told first.
    page.is(422);
    let page = owner.post(&invite, &[("email", "o'neil@example.com"), ("role", "viewer"), ("more", "two\nlines \"<&>\" ")]).await;
    page.is(403).has(r#"name="email" value="o&#39;neil@example.com""#).has("value=\"two\nlines &#34;&#60;&#38;&#62;&#34; \"");
    assert_eq!(page.hidden("role").as_deref(), Some("viewer"));
    let fields = [("email", "o'neil@example.com"), ("role", "viewer"), ("password_again", "")];
    let page = owner.post(&invite, &fields).await;
    page.is(422).has("can&#39;t be blank").has("o&#39;neil@example.com").lacks(PASSWORD);
    let page = owner.post(&invite, &[fields[0], fields[1], ("password_again", PASSWORD)]).await;
    page.is(200).has("/invitations/").lacks(PASSWORD);
    // Nor does it lose anything where there were too many tries.
    app.pass(Span::seconds(1_800));
    let page = loop {
        let page = owner.post(&invite, &[fields[0], fields[1], ("password_again", "not the password")]).await;
        if page.status != 422 {
            break page;
        }
    };
    page.is(429).has("wait 15 minutes").has("o&#39;neil@example.com");
    assert_eq!(page.header("retry-after"), Some("900"));
}

/// Finding 27.
async fn signing_out_leaves_nothing_in_the_browser(app: TestApp) {
    let world = app.world().await;
    let browser = app.signed_in(&world.member).await;
    let answer = browser.post("/logout", &[]).await;
    assert_eq!(answer.location(), "/login?notice=signed-out");
    assert_eq!(answer.header("clear-site-data"), Some("\"cache\", \"storage\""));
}
