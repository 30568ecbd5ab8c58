//! Under load: numbers without gaps, counters that agree, and rights that end at once while requests pour in.
//! A request that was begun before a right ended may still pass; one that is begun after that was acknowledged never does.

use std::collections::BTreeSet;
use std::future::{Future, IntoFuture};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use bugtome::domain::{member_tokens, tokens, users};
use bugtome::model::draft::Field;
use bugtome::model::roles::Role;
use bugtome::model::scopes::Scopes;
use bugtome::model::time::Span;
use bugtome::model::users::Email;
use serde_json::json;

use crate::harness::{Call, Client, Settings, TestApp, World, both, ticket};

both! { eight_writers_leave_no_gap, counters_agree_after_all_kinds_of_changes, no_request_passes_after_its_right_has_ended }

async fn eight_writers_leave_no_gap(mut app: TestApp) {
    let world = app.world().await;
    app.restart(&Settings::unlimited());
    let mia = app.personal_token(&world.member, Scopes::FULL).await;
    let writers: Vec<_> = (0..8)
        .map(|writer| {
            let (mia, project) = (mia.clone(), world.project.clone());
            tokio::spawn(async move {
                let mut numbers = Vec::new();
                for turn in 0..12 {
                    // Some fail, and take no number with them.
                    if turn % 4 == 3 {
                        mia.post("tickets", ticket(&project, &json!({"title": ""}))).await.is(422);
                    }
                    let filed = mia.post("tickets", ticket(&project, &json!({"title": format!("{writer}.{turn}")}))).await.is(201);
                    numbers.push(filed["number"].as_i64().unwrap());
                }
                numbers
            })
        })
        .collect();
    let mut all = Vec::new();
    for writer in writers {
        let numbers = writer.await.unwrap();
        assert!(numbers.is_sorted());
        all.extend(numbers);
    }
    all.sort_unstable();
    assert_eq!(all, (1..=96).collect::<Vec<_>>());
    assert_eq!(mia.get("tickets").await.pages().0, 96);
    assert_eq!(mia.get("tickets?priority=medium").await.pages().0, 96);
}

async fn counters_agree_after_all_kinds_of_changes(mut app: TestApp) {
    let world = app.world().await;
    app.restart(&Settings::unlimited());
    let adam = app.personal_token(&world.admin, Scopes::FULL).await;
    let mut tickets = Vec::new();
    for number in 0..6 {
        tickets.push(app.filed(&world.project, &format!("{number}")).await);
    }
    let tickets = Arc::new(tickets);
    let writers: Vec<_> = (0..6_usize)
        .map(|writer| {
            let (adam, tickets, project) = (adam.clone(), Arc::clone(&tickets), world.project.clone());
            tokio::spawn(async move {
                for turn in 0..8 {
                    let path = format!("tickets/{}", tickets[(writer * 5 + turn) % tickets.len()]);
                    let status = ["open", "in_progress", "resolved", "closed"][(writer + turn) % 4];
                    let answer = match (writer + turn) % 5 {
                        0 => adam.delete(&path).await,
                        1 => adam.post(format!("{path}/restore"), json!({})).await,
                        2 => adam.post("tickets", ticket(&project, &json!({}))).await,
                        3 => adam.post(format!("{path}/comments"), json!({"comment": {"content": "x"}})).await,
                        _ => adam.patch(&path, json!({"ticket": {"status": status}})).await,
                    };
                    assert!(matches!(answer.status, 200 | 201 | 204 | 404), "{answer:?}");
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    let listed = adam.get("tickets?per_page=100").await;
    let all = listed.is(200);
    let all = all.as_array().unwrap();
    assert_eq!(usize::try_from(listed.pages().0).unwrap(), all.len());
    for status in ["open", "in_progress", "resolved", "closed"] {
        let counted = adam.get(format!("tickets?status={status}")).await.pages().0;
        assert_eq!(usize::try_from(counted).unwrap(), all.iter().filter(|ticket| ticket["status"] == status).count(), "{status}");
    }
    for ticket in all {
        let comments = adam.get(format!("tickets/{}/comments", ticket["id"].as_str().unwrap())).await;
        assert_eq!(comments.is(200).as_array().unwrap().len(), usize::try_from(ticket["comments_count"].as_u64().unwrap()).unwrap());
    }
    let numbers: BTreeSet<_> = all.iter().map(|ticket| ticket["number"].as_i64().unwrap()).collect();
    assert_eq!(numbers.len(), all.len());
}

/// Four tasks pour in requests, half of them reading and half writing, while `end` takes the right away.
async fn pour(name: &str, reading: Call, writing: Call, end: impl Future<Output = ()>) {
    let (ended, stop, passed) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let late = Arc::new(AtomicUsize::new(0));
    let tasks: Vec<_> = [reading.clone(), writing.clone(), reading.clone(), writing.clone()]
        .into_iter()
        .map(|call| {
            let (ended, stop, passed, late) = (Arc::clone(&ended), Arc::clone(&stop), Arc::clone(&passed), Arc::clone(&late));
            tokio::spawn(async move {
                while !stop.load(Ordering::SeqCst) {
                    let begun_after = ended.load(Ordering::SeqCst);
                    let answer = call.clone().into_future().await;
                    if begun_after {
                        assert!(matches!(answer.status, 401 | 403 | 404), "a request passed after the right had ended: {answer:?}");
                        late.fetch_add(1, Ordering::SeqCst);
                    } else if answer.status < 300 {
                        passed.fetch_add(1, Ordering::SeqCst);
                    }
                }
            })
        })
        .collect();
    let until = async |count: &AtomicUsize, least: usize| {
        while count.load(Ordering::SeqCst) < least && !tasks.iter().any(tokio::task::JoinHandle::is_finished) {
            tokio::task::yield_now().await;
        }
    };
    until(&passed, 8).await;
    end.await;
    ended.store(true, Ordering::SeqCst);
    until(&late, 12).await;
    stop.store(true, Ordering::SeqCst);
    for task in tasks {
        task.await.unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    assert!(late.load(Ordering::SeqCst) >= 12 && passed.load(Ordering::SeqCst) >= 8, "{name}");
}

/// The two kinds of requests by this caller about the world's project.
fn requests(who: &Client, world: &World, t: &str) -> (Call, Call) {
    (who.get(format!("tickets/{t}")), who.post("tickets", ticket(&world.project, &json!({}))))
}

async fn no_request_passes_after_its_right_has_ended(mut app: TestApp) {
    let world = app.world().await;
    app.restart(&Settings::unlimited());
    let t = app.filed(&world.project, "A").await;
    let personal = async || app.personal_token(&world.member, Scopes::FULL).await;
    let project = async || app.project_token(&world.project, Scopes::FULL).await;
    for (name, who) in [("itself", personal().await), ("itself", project().await)] {
        let (read, write) = requests(&who, &world, &t);
        pour(name, read, write, async { drop(who.delete("tokens/current").await.is(204)) }).await;
    }
    let who = personal().await;
    let (read, write) = requests(&who, &world, &t);
    let kill = async { drop(app.anonymous().post("tokens/revoke", json!({"token": who.token()})).await.is(200)) };
    pour("finder", read, write, kill).await;

    let who = project().await;
    let (read, write) = requests(&who, &world, &t);
    let id = who.id;
    pour("command", read, write, async { drop(app.command(move |ctx| tokens::revoke_by_command(ctx, id, None, true)).await) }).await;

    let who = project().await;
    let (read, write) = requests(&who, &world, &t);
    pour("rotated", read, write, async { drop(who.post("tokens/current/rotate", json!({})).await.is(201)) }).await;

    let who = app.personal_token_for(&world.member, Scopes::FULL, Some(Span::days(1))).await;
    let (read, write) = requests(&who, &world, &t);
    pour("expired", read, write, async { app.pass(Span::days(1)) }).await;

    let who = personal().await;
    let (read, write) = requests(&who, &world, &t);
    pour("member removed", read, write, app.remove_member(&world.organization, &world.member)).await;
    app.add_member(&world.organization, &world.member, Role::Member).await;

    let (_, write) = requests(&who, &world, &t);
    pour("role lowered", write.clone(), write, app.set_role(&world.organization, &world.member, Role::Viewer)).await;
    app.set_role(&world.organization, &world.member, Role::Member).await;

    let (read, write) = requests(&who, &world, &t);
    let email = Email::parse(&Field::Value(world.member.email.as_str().into())).unwrap();
    let disable = app.command(move |ctx| {
        let row = users::by_email(ctx, &email)?;
        users::disable(ctx, &row)
    });
    pour("user disabled", read, write, disable).await;

    let who = app.personal_token(&world.admin, Scopes::FULL).await;
    let (read, write) = requests(&who, &world, &t);
    pour("policy tightened", read, write, app.set_policy(&world.organization, Some(Span::days(1)))).await;
    app.set_policy(&world.organization, None).await;

    let who = app.personal_token(&world.admin, Scopes::FULL).await;
    let (read, write) = requests(&who, &world, &t);
    let (organization, id) = (world.organization.id, who.id.unwrap());
    let shut_out = app.command(move |ctx| member_tokens::shut_out(ctx, organization, id, &Field::Absent));
    pour("shut out", read, write, shut_out).await;

    let who = project().await;
    let (read, write) = requests(&who, &world, &t);
    pour("project archived", read, write, app.set_archived(&world.project, true)).await;
    app.set_archived(&world.project, false).await;

    let (read, write) = requests(&who, &world, &t);
    pour("project deleted", read, write, app.delete_project(&world.project)).await;
}
