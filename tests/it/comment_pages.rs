//! Comments on a ticket's page: written, sent twice, edited and deleted, by whom the contract lets.
//! How the history shows them is in `ticket_pages`.

use bugtome::model::scopes::Scopes;
use bugtome::model::time::Span;

use crate::harness::{Page, TestApp, World, both};

both! {
    a_comment_is_written_on_the_page,
    a_comment_that_is_refused_is_kept_in_its_field,
    a_comment_sent_twice_is_written_once,
    a_comment_can_resolve_the_ticket,
    only_its_author_edits_a_comment,
    a_comment_is_deleted_by_its_author_or_an_admin,
}

async fn filed(app: &TestApp, world: &World) -> String {
    format!("/workspace/projects/{}/tickets/{}", world.project.id, app.filed(&world.project, "A ticket").await)
}

fn hidden(page: &Page, name: &str) -> String {
    page.hidden(name).unwrap_or_else(|| panic!("no field {name} in {page:?}"))
}

/// The path of the comment to which the answer leads.
fn comment(answer: &Page) -> String {
    let (path, id) = answer.is(303).location().split_once("#comment-").expect("it leads to the comment");
    format!("{path}/comments/{id}")
}

async fn a_comment_is_written_on_the_page(app: TestApp) {
    let world = app.world().await;
    let path = filed(&app, &world).await;
    let mia = app.signed_in(&world.member).await;
    let page = mia.get(&path).await;
    page.has(">Comment</label>").has(">Comment</button>");
    let once = hidden(&page, "once");
    let answer = mia.post(&format!("{path}/comments"), &[("once", &once), ("content", "It is the **key**.\r\nReally.")]).await;
    let written = mia.follow(answer).await;
    written.is(200).has("<strong>key</strong>").has("Mia Member").has("id=\"comment-").lacks("edited</span>");
    app.signed_in(&world.viewer).await.get(&path).await.has("<strong>key</strong>").lacks("Edit this comment").lacks("Delete this comment");
}

async fn a_comment_that_is_refused_is_kept_in_its_field(app: TestApp) {
    let world = app.world().await;
    let path = filed(&app, &world).await;
    let mia = app.signed_in(&world.member).await;
    mia.post(&format!("{path}/comments"), &[("content", " \n")]).await.is(422).has("can&#39;t be blank").has("id=\"content-e\"");
    let long = format!("<i>{}", "x".repeat(50_000));
    let page = mia.post(&format!("{path}/comments"), &[("content", &long)]).await;
    page.is(422).has("is too long (maximum is 50000 characters)").has("&#60;i&#62;xxx");
    mia.get(&path).await.lacks("id=\"comment-");
}

async fn a_comment_sent_twice_is_written_once(app: TestApp) {
    let world = app.world().await;
    let path = filed(&app, &world).await;
    let mia = app.signed_in(&world.member).await;
    let once = hidden(&mia.get(&path).await, "once");
    let fields = [("once", once.as_str()), ("content", "+1")];
    let first = mia.post(&format!("{path}/comments"), &fields).await;
    let second = mia.post(&format!("{path}/comments"), &fields).await;
    assert_eq!(comment(&first), comment(&second));
    let page = mia.get(&path).await;
    assert_eq!(page.text.matches("<li id=\"comment-").count(), 1);
    // From the page as it is now the same can be said again.
    let once = hidden(&page, "once");
    mia.post(&format!("{path}/comments"), &[("once", &once), ("content", "+1")]).await.is(303);
    assert_eq!(mia.get(&path).await.text.matches("<li id=\"comment-").count(), 2);
}

async fn a_comment_can_resolve_the_ticket(app: TestApp) {
    let world = app.world().await;
    let path = filed(&app, &world).await;
    let mia = app.signed_in(&world.member).await;
    mia.get(&path).await.has("Comment and resolve");
    // Both or neither.
    mia.post(&format!("{path}/comments"), &[("content", "done"), ("status", "gone")]).await.is(422);
    mia.get(&path).await.lacks("<p>done</p>");
    mia.post(&format!("{path}/comments"), &[("content", "done"), ("status", "resolved")]).await.is(303);
    mia.get(&path).await.has("<p>done</p>").has("<b dir=\"auto\">Resolved</b>").lacks("Comment and resolve");
}

async fn only_its_author_edits_a_comment(app: TestApp) {
    let world = app.world().await;
    let path = filed(&app, &world).await;
    let (mia, adam) = (app.signed_in(&world.member).await, app.signed_in(&world.admin).await);
    let one = comment(&mia.post(&format!("{path}/comments"), &[("content", "first words")]).await);
    let form = mia.get(&format!("{one}/edit")).await;
    form.is(200).has("first words</textarea>").has(">Comment</label>");
    app.pass(Span::seconds(1));
    mia.post(&format!("{one}/edit"), &[("content", "")]).await.is(422).has("can&#39;t be blank");
    let saved = mia.post(&format!("{one}/edit"), &[("content", "better words")]).await;
    assert!(saved.is(303).location().contains("#comment-"));
    mia.get(&path).await.has("better words").has("edited</span>").lacks("first words");
    adam.get(&path).await.lacks("Edit this comment");
    adam.get(&format!("{one}/edit")).await.is(403);
    adam.post(&format!("{one}/edit"), &[("content", "not mine")]).await.is(403);
    app.signed_in(&world.stranger).await.get(&format!("{one}/edit")).await.is(404);
}

async fn a_comment_is_deleted_by_its_author_or_an_admin(app: TestApp) {
    let world = app.world().await;
    let path = filed(&app, &world).await;
    let (mia, adam) = (app.signed_in(&world.member).await, app.signed_in(&world.admin).await);
    let otto = app.user("Otto Other").await;
    app.add_member(&world.organization, &otto, bugtome::model::roles::Role::Member).await;
    let otto = app.signed_in(&otto).await;
    let mut made = Vec::new();
    for content in ["words one", "words two"] {
        made.push(comment(&mia.post(&format!("{path}/comments"), &[("content", content)]).await));
    }
    otto.get(&path).await.lacks("Delete this comment");
    otto.post(&format!("{}/delete", made[0]), &[]).await.is(403);
    adam.get(&path).await.has("Delete this comment");
    mia.post(&format!("{}/delete", made[0]), &[]).await.is(303);
    adam.post(&format!("{}/delete", made[1]), &[]).await.is(303);
    adam.post(&format!("{}/delete", made[1]), &[]).await.is(404);
    let page = mia.get(&path).await;
    page.lacks("words one").lacks("words two").has("deleted a comment");
    let count = app.personal_token(&world.member, Scopes::FULL).await.get("tickets").await.is(200);
    assert_eq!(count[0]["comments_count"], 0);
}
