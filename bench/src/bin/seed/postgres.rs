//! Tickets for PostgreSQL, by `COPY` in one transaction: in the order of time, as they would have come, and keys and indexes made when the rows
//! are there. The schema stays as the migrations made it: what is dropped is made again from the server's own text of it.

use std::fmt::Write;

use bugtome::model::events::{EventKind, Via};
use bytes::Bytes;
use futures_util::SinkExt;
use tokio_postgres::{Client, CopyInSink, NoTls};

use super::Done;
use super::tickets::{Plan, Progress, Ticket};

const TABLES: &str = "('tickets', 'ticket_words', 'events')";

/// Fills the database. With `wal_level = minimal` on the server nothing of this is logged.
pub fn fill(url: &str, plan: &Plan) -> Done<()> {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?.block_on(async {
        let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
        let traffic = tokio::spawn(connection);
        load(&client, plan).await?;
        // Outside of the transaction: what the planner and the visibility map need.
        run(&client, "VACUUM (ANALYZE) tickets, ticket_words, events, tokens, persons, project_counters").await?;
        run(&client, "CHECKPOINT").await?;
        drop(client);
        traffic.await??;
        Ok(())
    })
}

async fn load(client: &Client, plan: &Plan) -> Done<()> {
    client.batch_execute("BEGIN; SET LOCAL maintenance_work_mem = '1GB'; SET LOCAL synchronous_commit = off").await?;
    let constraints = texts(client, &constraints_of("con.contype IN ('p', 'u', 'f')")).await?;
    // Foreign keys first, since they stand on the others.
    for (kind, table, name, _) in constraints.iter().rev() {
        client.batch_execute(&format!("ALTER TABLE {table} DROP CONSTRAINT {name} /* {kind} */")).await?;
    }
    let indexes = texts(
        client,
        &format!("SELECT 'index', tablename::text, indexname::text, indexdef FROM pg_indexes WHERE schemaname = current_schema() AND tablename IN {TABLES}"),
    )
    .await?;
    for (_, _, name, _) in &indexes {
        client.batch_execute(&format!("DROP INDEX {name}")).await?;
    }
    client.batch_execute("TRUNCATE tickets, ticket_words, events").await?;
    copy(client, plan, "tickets", ticket).await?;
    copy(client, plan, "ticket_words (key, organization_id, words)", words).await?;
    copy(client, plan, "events", event).await?;
    for (_, _, _, text) in &indexes {
        run(client, text).await?;
    }
    for (_, table, name, text) in &constraints {
        run(client, &format!("ALTER TABLE {table} ADD CONSTRAINT {name} {text}")).await?;
    }
    let counters = client
        .prepare("UPDATE project_counters SET last_number = $2, open = $3, in_progress = $4, resolved = $5, closed = $6 WHERE project_id = $1::text::uuid")
        .await?;
    for (place, counts) in plan.projects.iter().zip(plan.counts()) {
        let sum: i64 = counts.iter().sum();
        client.execute(&counters, &[&place.id.to_string(), &sum, &counts[0], &counts[1], &counts[2], &counts[3]]).await?;
    }
    run(client, "COMMIT").await
}

/// Constraints of our tables and of those that refer to them: keys first, what stands on them last.
fn constraints_of(kinds: &str) -> String {
    format!(
        "SELECT con.contype::text, con.conrelid::regclass::text, quote_ident(con.conname), pg_get_constraintdef(con.oid)
         FROM pg_constraint con JOIN pg_class c ON c.oid = con.conrelid LEFT JOIN pg_class r ON r.oid = con.confrelid
         WHERE {kinds} AND c.relnamespace = current_schema()::regnamespace AND (c.relname IN {TABLES} OR r.relname IN {TABLES})
         ORDER BY con.contype = 'f', con.conname"
    )
}

async fn texts(client: &Client, query: &str) -> Done<Vec<(String, String, String, String)>> {
    let rows = client.query(query, &[]).await?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1), row.get(2), row.get(3))).collect())
}

async fn run(client: &Client, command: &str) -> Done<()> {
    let began = std::time::Instant::now();
    client.batch_execute(command).await?;
    if began.elapsed().as_secs() > 0 {
        let shown: String = command.chars().take(90).collect();
        eprintln!("  {shown}: {:.0} s", began.elapsed().as_secs_f64());
    }
    Ok(())
}

/// Sends one line for each ticket. Frozen: the rows are as old as the table, and nobody has to mark them as seen later.
async fn copy(client: &Client, plan: &Plan, table: &'static str, line: fn(&mut String, &Ticket<'_>)) -> Done<()> {
    let sink: CopyInSink<Bytes> = client.copy_in(&format!("COPY {table} FROM STDIN WITH (FREEZE)")).await?;
    let mut sink = std::pin::pin!(sink);
    let progress = Progress::new(table, plan.total);
    let mut buffer = String::with_capacity(1 << 17);
    for (done, row) in (1..).zip(plan.in_time()) {
        line(&mut buffer, &row);
        if buffer.len() > 1 << 16 {
            sink.send(Bytes::from(std::mem::replace(&mut buffer, String::with_capacity(1 << 17)))).await?;
        }
        progress.at(done);
    }
    sink.send(Bytes::from(buffer)).await?;
    sink.finish().await?;
    Ok(())
}

// Nothing in these lines needs an escape: ids, numbers, and words of small letters.

fn ticket(out: &mut String, row: &Ticket<'_>) {
    let [title, given, when, then] = &row.texts;
    let assignee = row.assignee.map_or_else(|| "\\N".to_owned(), |id| id.to_string());
    let (organization, project) = (row.project.organization.uuid(), row.project.id.uuid());
    // Writing to a String cannot fail.
    let _ = writeln!(
        out,
        "{}\t{}\t{organization}\t{project}\t{}\t{}\t{}\t1\t0\t0\t{}\t{assignee}\t{at}\t{at}\t\\N\t\\N\t{title}\t{given}\t{when}\t{then}\t\\N",
        row.key,
        row.id,
        row.number,
        row.status.rank(),
        row.priority.rank(),
        row.reporter,
        at = row.at
    );
}

fn words(out: &mut String, row: &Ticket<'_>) {
    let _ = writeln!(out, "{}\t{}\t{}", row.key, row.project.organization.uuid(), row.words);
}

fn event(out: &mut String, row: &Ticket<'_>) {
    let (organization, project) = (row.project.organization.uuid(), row.project.id.uuid());
    let (kind, via) = (EventKind::TicketCreated.rank(), Via::Api.rank());
    let _ = writeln!(out, "{}\t{organization}\t{project}\t{}\t{kind}\t{}\t{via}\t{}\t\"none\"", row.event, row.id, row.reporter, row.at);
}
