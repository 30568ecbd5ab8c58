//! Tickets for SQLite, in one transaction: in the order of their keys, and the indexes made when the rows are there.
//! The schema stays as the migrations made it: what is dropped is made again from its own text.

use bugtome::model::events::{EventKind, Via};
use rusqlite::{Connection, params};

use super::Done;
use super::tickets::{Plan, Progress, timed};

/// Fills the file. It has to be closed everywhere else; a crash meanwhile leaves a file that is good for nothing.
pub fn fill(file: &str, plan: &Plan) -> Done<()> {
    let db = Connection::open(file)?;
    // The main file is written in place, once: no log of it, no waiting for the disk. The server turns the log on again.
    db.execute_batch(
        "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE; PRAGMA cache_size = -2000000;
         PRAGMA foreign_keys = OFF; PRAGMA temp_store = FILE; BEGIN",
    )?;
    let indexes: Vec<(String, String)> = db
        .prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND tbl_name IN ('tickets', 'events') AND sql IS NOT NULL")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    for (name, _) in &indexes {
        db.execute_batch(&format!("DROP INDEX {name}"))?;
    }
    timed("tickets and words", || tickets(&db, plan))?;
    // A server's sweep does this within minutes.
    timed("joining the words' pieces", || db.execute_batch("INSERT INTO ticket_words (ticket_words) VALUES ('optimize')"))?;
    timed("events", || events(&db, plan))?;
    for (name, text) in &indexes {
        timed(name, || db.execute_batch(text))?;
    }
    for (place, counts) in plan.projects.iter().zip(plan.counts()) {
        db.execute(
            "UPDATE project_counters SET last_number = ?2, open = ?3, in_progress = ?4, resolved = ?5, closed = ?6 WHERE project_id = ?1",
            params![place.id.uuid().as_bytes(), counts.iter().sum::<i64>(), counts[0], counts[1], counts[2], counts[3]],
        )?;
    }
    if plan.total <= 1_000_000 {
        let broken: Option<String> = db.query_row("SELECT group_concat(\"table\") FROM pragma_foreign_key_check", [], |row| row.get(0))?;
        if let Some(tables) = broken {
            return Err(format!("rows that refer to nothing: {tables}").into());
        }
    }
    timed("writing", || db.execute_batch("COMMIT; PRAGMA locking_mode = NORMAL; PRAGMA journal_mode = WAL"))?;
    db.close().map_err(|(_, error)| error)?;
    Ok(())
}

/// By key, since both tables lie by it; for the full text any other order would be many times slower.
fn tickets(db: &Connection, plan: &Plan) -> Done<()> {
    let mut ticket = db.prepare(
        "INSERT INTO tickets (key, id, organization_id, project_id, number, status, priority, version, comments_version, comments_count,
            reporter_id, assignee_id, created_at, updated_at, external_key, title, given_text, when_text, then_text, notes)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 1, 0, 0, ?8, ?9, ?10, ?10, NULL, ?11, ?12, ?13, ?14, NULL)",
    )?;
    let mut words = db.prepare("INSERT INTO ticket_words (rowid, words) VALUES (?1, ?2)")?;
    let progress = Progress::new("tickets and words", plan.total);
    let mut done = 0;
    for (project, list) in plan.by_project().iter().enumerate() {
        for (number, index) in (1..).zip(list) {
            let row = plan.ticket(*index as usize, project, number);
            let [title, given, when, then] = &row.texts;
            ticket.execute(params![
                row.key,
                row.id.as_bytes(),
                row.project.organization.uuid().as_bytes(),
                row.project.id.uuid().as_bytes(),
                row.number,
                row.status.rank(),
                row.priority.rank(),
                row.reporter.as_bytes(),
                row.assignee.as_ref().map(uuid::Uuid::as_bytes),
                row.at,
                title,
                given,
                when,
                then
            ])?;
            words.execute(params![row.key, row.words])?;
            done += 1;
            progress.at(done);
        }
    }
    Ok(())
}

fn events(db: &Connection, plan: &Plan) -> Done<()> {
    let mut event = db.prepare(
        "INSERT INTO events (id, organization_id, project_id, ticket_id, kind, actor_id, via, created_at, changes)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, '\"none\"')",
    )?;
    for row in plan.in_time() {
        event.execute(params![
            row.event.as_bytes(),
            row.project.organization.uuid().as_bytes(),
            row.project.id.uuid().as_bytes(),
            row.id.as_bytes(),
            EventKind::TicketCreated.rank(),
            row.reporter.as_bytes(),
            Via::Api.rank(),
            row.at
        ])?;
    }
    Ok(())
}
