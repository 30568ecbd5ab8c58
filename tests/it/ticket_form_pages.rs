//! The forms in which a ticket's texts are written: a new ticket with its likely duplicates, and an edit that never writes over somebody else's words.
//! The ticket's page is in `ticket_pages`.

use bugtome::model::scopes::Scopes;
use bugtome::model::time::Span;
use serde_json::json;

use crate::harness::{Page, Project, TestApp, World, both};

both! {
    a_new_ticket_is_filed_from_its_form,
    what_is_wrong_stands_beside_the_field_and_what_was_typed_is_kept,
    a_form_sent_twice_files_one_ticket,
    likely_duplicates_stand_under_the_title,
    likely_duplicates_never_leave_the_project,
    only_those_who_may_file_see_the_form,
    texts_are_edited,
    somebody_was_faster,
    a_change_in_place_is_no_conflict,
    words_of_both_are_kept_where_they_do_not_meet,
    a_form_sent_twice_is_no_conflict,
    what_was_not_touched_is_not_judged,
}

const TEXTS: [(&str, &str); 5] = [
    ("title", "The cart forgets its items"),
    ("given", "a cart with two items"),
    ("when", "the page is loaded again"),
    ("then", "both items are still there"),
    ("notes", ""),
];

fn new(project: &Project) -> String {
    format!("/workspace/projects/{}/tickets/new", project.id)
}

/// The value of the hidden field.
fn hidden(page: &Page, name: &str) -> String {
    page.hidden(name).unwrap_or_else(|| panic!("no field {name} in {page:?}"))
}

/// The fields of a form, some of them with other words.
fn with<'a>(more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let kept = TEXTS.iter().filter(|(name, _)| !more.iter().any(|(other, _)| other == name));
    kept.copied().chain(more.iter().copied()).collect()
}

async fn edited(app: &TestApp, world: &World, id: &str, body: serde_json::Value) {
    app.personal_token(&world.admin, Scopes::FULL).await.patch(format!("tickets/{id}"), json!({"ticket": body})).await.is(200);
}

/// A ticket with [`TEXTS`]: its id and the path of its page.
async fn filed(app: &TestApp, world: &World) -> (String, String) {
    let mia = app.personal_token(&world.member, Scopes::FULL).await;
    let ticket = mia.post("tickets", crate::harness::ticket(&world.project, &json!({}))).await.is(201);
    let id = ticket["id"].as_str().unwrap().to_owned();
    let path = format!("/workspace/projects/{}/tickets/{id}", world.project.id);
    (id, path)
}

async fn a_new_ticket_is_filed_from_its_form(app: TestApp) {
    let world = app.world().await;
    let mia = app.signed_in(&world.member).await;
    let form = mia.get(&new(&world.project)).await;
    form.is(200);
    for text in [
        ">Title</label>",
        ">Given</label>",
        ">When</label>",
        ">Then</label>",
        ">Priority</legend>",
        ">Notes</label>",
        ">Create ticket</button>",
        "A good one",
    ] {
        form.has(text);
    }
    let once = hidden(&form, "once");
    let filed = mia.post(&new(&world.project), &with(&[("once", &once), ("priority", "high"), ("notes", "*soon*")])).await;
    filed.is(303);
    let page = mia.follow(filed).await;
    page.is(200).has("WEB-1").has("a cart with two items").has("High").has("<em>soon</em>").has("Mia Member");
}

async fn what_is_wrong_stands_beside_the_field_and_what_was_typed_is_kept(app: TestApp) {
    let world = app.world().await;
    let mia = app.signed_in(&world.member).await;
    let page =
        mia.post(&new(&world.project), &with(&[("title", " "), ("given", "k \"<b>"), ("priority", "mild"), ("notes", "\nkept")])).await;
    page.is(422).has("The ticket was not created.").has("role=\"alert\"");
    page.has("<a href=\"#title\">Title</a> can&#39;t be blank");
    page.has("id=\"title-e\"").has("id=\"given-e\"").has("is too short (minimum is 10 characters)").has("is not included in the list");
    page.has("k &#34;&#60;b&#62;").has("the page is loaded again").has("kept");
    assert_eq!(page.text.matches("aria-invalid=\"true\"").count(), 2);
    let count = app.personal_token(&world.member, Scopes::FULL).await.get("tickets").await.is(200);
    assert_eq!(count, json!([]), "nothing was filed");
    let long = "x".repeat(201);
    mia.post(&new(&world.project), &with(&[("title", &long)])).await.is(422).has(&long).has("is too long (maximum is 200 characters)");
}

async fn a_form_sent_twice_files_one_ticket(app: TestApp) {
    let world = app.world().await;
    let mia = app.signed_in(&world.member).await;
    let once = hidden(&mia.get(&new(&world.project)).await, "once");
    // What is refused may be sent again, from the form that is then shown and from the one before.
    mia.post(&new(&world.project), &with(&[("once", &once), ("title", "")])).await.is(422);
    let fields = with(&[("once", &once)]);
    let (first, second) = (mia.post(&new(&world.project), &fields).await, mia.post(&new(&world.project), &fields).await);
    assert_eq!(first.is(303).location(), second.is(303).location());
    // Shown again, the form files another.
    let once = hidden(&mia.get(&new(&world.project)).await, "once");
    let third = mia.post(&new(&world.project), &with(&[("once", &once)])).await;
    assert_ne!(third.is(303).location(), first.location());
    let listed = app.personal_token(&world.member, Scopes::FULL).await.get("tickets").await.is(200);
    assert_eq!(listed.as_array().unwrap().len(), 2);
}

async fn likely_duplicates_stand_under_the_title(app: TestApp) {
    let world = app.world().await;
    for title in [
        "Crossing can be booked for a vehicle higher than the car deck",
        "The page of the voucher is slow",
        "The page is white after login",
    ] {
        app.filed(&world.project, title).await;
    }
    let mia = app.signed_in(&world.member).await;
    let likely = format!("/workspace/projects/{}/tickets/likely?title=", world.project.id);
    let part = mia.get(&format!("{likely}Crossing+can+be+booked+for+a+camper+too+high")).await;
    part.is(200).has("Perhaps already here").has("WEB-1").lacks("WEB-2").lacks("<html");
    for nothing in ["", "crossing", "%3Cscript%3E", "%22+OR+_p1+NEAR(", "an+altogether+different+affair"] {
        mia.get(&format!("{likely}{nothing}")).await.is(200).lacks("WEB-");
    }
    // Without the script they come with the form, when it is refused.
    let refused = mia.post(&new(&world.project), &[("title", "Vehicle higher than the deck can be booked")]).await;
    refused.is(422).has("Perhaps already here").has("WEB-1");
}

async fn likely_duplicates_never_leave_the_project(app: TestApp) {
    let world = app.world().await;
    let other = app.project(&world.organization, "APP").await;
    let title = "The voucher of yesterday is still taken";
    for project in [&world.project, &other, &world.other_project] {
        app.filed(project, title).await;
    }
    let mia = app.signed_in(&world.member).await;
    let likely = |project: &Project| format!("/workspace/projects/{}/tickets/likely?title={}", project.id, title.replace(' ', "+"));
    mia.get(&likely(&world.project)).await.is(200).has("WEB-1").lacks("APP-1").lacks("FAR-1");
    mia.get(&likely(&other)).await.is(200).has("APP-1").lacks("WEB-1");
    mia.get(&likely(&world.other_project)).await.is(404);
}

async fn only_those_who_may_file_see_the_form(app: TestApp) {
    let world = app.world().await;
    for (person, status) in [(&world.viewer, 403), (&world.member, 200), (&world.stranger, 404)] {
        let browser = app.signed_in(person).await;
        browser.get(&new(&world.project)).await.is(status);
        if status != 200 {
            browser.post(&new(&world.project), &TEXTS).await.is(status);
        }
    }
    app.browser().get(&new(&world.project)).await.is(303);
}

async fn texts_are_edited(app: TestApp) {
    let world = app.world().await;
    let (_, path) = filed(&app, &world).await;
    let mia = app.signed_in(&world.member).await;
    let form = mia.get(&format!("{path}/edit")).await;
    form.is(200).has("Edit WEB-1").has("a cart with two items").has(">Save</button>");
    let opened = hidden(&form, "opened");
    let saved = mia.post(&format!("{path}/edit"), &with(&[("opened", &opened), ("then", "both items are there, in their order")])).await;
    saved.is(303);
    mia.follow(saved).await.has("both items are there, in their order").has("edited <b dir=\"auto\">Then</b>");
    let opened = hidden(&mia.get(&format!("{path}/edit")).await, "opened");
    let wrong = mia.post(&format!("{path}/edit"), &with(&[("opened", &opened), ("when", "short"), ("title", "New words")])).await;
    wrong.is(422).has("Nothing was saved.").has("is too short (minimum is 10 characters)").has("New words").has(&opened);
    mia.post(&format!("{path}/edit"), &with(&[("opened", "7")])).await.is(409);
}

async fn somebody_was_faster(app: TestApp) {
    let world = app.world().await;
    let (id, path) = filed(&app, &world).await;
    let mia = app.signed_in(&world.member).await;
    let opened = hidden(&mia.get(&format!("{path}/edit")).await, "opened");
    // Not by the clock: it stands still.
    edited(&app, &world, &id, json!({"then": "both items are still there and paid"})).await;
    let fields = with(&[("opened", &opened), ("then", "both items are still there and fresh")]);
    let clash = mia.post(&format!("{path}/edit"), &fields).await;
    clash.is(409).has("Adam Admin").has("was faster.").has("Save mine over theirs").has("Take theirs");
    clash.has("both items are still there and fresh</textarea>").has("both items are still there and <del>fresh</del><b>paid</b>");
    let read = async || app.personal_token(&world.member, Scopes::FULL).await.get(format!("tickets/{id}")).await.is(200);
    assert_eq!(read().await["then"], "both items are still there and paid", "nothing is written over");
    // A third who is faster still.
    edited(&app, &world, &id, json!({"then": "both items are still there and free"})).await;
    let again = hidden(&clash, "opened");
    let clash = mia.post(&format!("{path}/edit"), &with(&[("opened", &again), ("then", "both items are still there and fresh")])).await;
    clash.is(409).has("<b>free</b>");
    let theirs = mia.post(&format!("{path}/edit"), &with(&[("opened", &again), ("choice", "theirs")])).await;
    mia.follow(theirs).await.is(200).has("and free");
    let last = hidden(&clash, "opened");
    mia.post(&format!("{path}/edit"), &with(&[("opened", &last), ("then", "both items are still there and fresh")])).await.is(303);
    assert_eq!(read().await["then"], "both items are still there and fresh");
}

async fn a_change_in_place_is_no_conflict(app: TestApp) {
    let world = app.world().await;
    let (id, path) = filed(&app, &world).await;
    let mia = app.signed_in(&world.member).await;
    let opened = hidden(&mia.get(&format!("{path}/edit")).await, "opened");
    edited(&app, &world, &id, json!({"status": "in_progress", "priority": "critical"})).await;
    mia.post(&format!("{path}/edit"), &with(&[("opened", &opened), ("title", "The cart forgets everything")])).await.is(303);
    mia.get(&path).await.has("The cart forgets everything").has("In progress").has("Critical");
}

async fn words_of_both_are_kept_where_they_do_not_meet(app: TestApp) {
    let world = app.world().await;
    let (id, path) = filed(&app, &world).await;
    let mia = app.signed_in(&world.member).await;
    let opened = hidden(&mia.get(&format!("{path}/edit")).await, "opened");
    edited(&app, &world, &id, json!({"given": "a cart with three items"})).await;
    let clash = mia.post(&format!("{path}/edit"), &with(&[("opened", &opened), ("title", "The cart forgets everything")])).await;
    clash.is(409).has("a cart with three items</textarea>").has("The cart forgets everything").has("Save mine as well").lacks("<del>");
    let fields = with(&[("opened", ""), ("title", "The cart forgets everything"), ("given", "a cart with three items")]);
    let opened = hidden(&clash, "opened");
    let fields: Vec<_> = fields.into_iter().map(|(name, value)| (name, if name == "opened" { opened.as_str() } else { value })).collect();
    mia.post(&format!("{path}/edit"), &fields).await.is(303);
    mia.get(&path).await.has("The cart forgets everything").has("a cart with three items");
}

async fn a_form_sent_twice_is_no_conflict(app: TestApp) {
    let world = app.world().await;
    let (_, path) = filed(&app, &world).await;
    let mia = app.signed_in(&world.member).await;
    let opened = hidden(&mia.get(&format!("{path}/edit")).await, "opened");
    let fields = with(&[("opened", &opened), ("title", "The cart forgets everything")]);
    mia.post(&format!("{path}/edit"), &fields).await.is(303);
    mia.post(&format!("{path}/edit"), &fields).await.is(303);
    // In another window one can be faster than oneself.
    app.pass(Span::seconds(61));
    let own = mia.post(&format!("{path}/edit"), &with(&[("opened", &opened), ("title", "The cart forgets something")])).await;
    own.is(409).has("You were faster yourself.");
}

async fn what_was_not_touched_is_not_judged(app: TestApp) {
    let world = app.world().await;
    let (id, path) = filed(&app, &world).await;
    edited(&app, &world, &id, json!({"notes": "one\r\ntwo"})).await;
    let mia = app.signed_in(&world.member).await;
    let opened = hidden(&mia.get(&format!("{path}/edit")).await, "opened");
    mia.post(&format!("{path}/edit"), &with(&[("opened", &opened), ("notes", "one\r\ntwo"), ("title", "Other words")])).await.is(303);
    let ticket = app.personal_token(&world.member, Scopes::FULL).await.get(format!("tickets/{id}")).await.is(200);
    assert_eq!((&ticket["notes"], &ticket["title"]), (&json!("one\r\ntwo"), &json!("Other words")));
}
