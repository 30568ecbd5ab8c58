//! What the owners of tokens have to look at: raised, listed, dismissed.
//! What raises an alert is the domain's affair; tokens themselves are in `tokens`.

use super::database::{Cells, ColumnType, Connection, Result, Row, beside, row, sql};
use super::tokens::{TokenRow, token_columns, token_joins};
use crate::model::id::Id;
use crate::model::projects::Project;
use crate::model::time::Time;
use crate::model::tokens::{AlertKind, Token};
use crate::model::users::User;

row! {
    /// What happened, and how often.
    #[derive(Debug, Clone)]
    pub struct Happened {
        /// What.
        pub kind: AlertKind,
        /// How often.
        pub count: i64,
        /// When for the first time.
        pub first_at: Time,
        /// When for the last time.
        pub last_at: Time,
        /// From which address that came, where one is known.
        pub last_from: Option<String>,
    }
}

/// An alert, with its token.
#[derive(Debug, Clone)]
pub struct AlertRow {
    /// The token.
    pub token: TokenRow,
    /// What happened.
    pub happened: Happened,
}

impl Row for AlertRow {
    const COLUMNS: &'static [ColumnType] =
        &beside::<{ TokenRow::COLUMNS.len() + Happened::COLUMNS.len() }>(TokenRow::COLUMNS, Happened::COLUMNS);

    fn take(cells: &mut Cells<'_>) -> Result<Self> {
        Ok(Self { token: Row::take(cells)?, happened: Row::take(cells)? })
    }
}

macro_rules! alerts {
    ($where:literal) => {
        concat!(
            "SELECT ",
            token_columns!("t.last_used_at, t.last_used_from"),
            ", a.kind, a.count, a.first_at, a.last_at, a.last_from FROM tokens t JOIN token_alerts a ON a.token_id = t.id ",
            token_joins!(),
            " WHERE ",
            $where,
            " ORDER BY a.kind, a.last_at DESC, a.token_id LIMIT ?2"
        )
    };
}

/// The alerts of the user's personal tokens, by kind, of each the latest first.
pub fn of_user(db: &mut Connection, user: Id<User>, most: i64) -> Result<Vec<AlertRow>> {
    db.query(sql!(AlertRow: alerts!("t.user_id = ?1"), Id<User> = user, i64 = most))
}

/// The alerts of the project's tokens, by kind, of each the latest first.
pub fn of_project(db: &mut Connection, project: Id<Project>, most: i64) -> Result<Vec<AlertRow>> {
    db.query(sql!(AlertRow: alerts!("t.project_id = ?1"), Id<Project> = project, i64 = most))
}

/// The chains of the user's tokens of which one was found.
pub fn found_of_user(db: &mut Connection, user: Id<User>) -> Result<Vec<Id<Token>>> {
    let rows = db.query(sql!((Id<Token>,):
        "SELECT DISTINCT t.chain_id FROM tokens t JOIN token_alerts a ON a.token_id = t.id WHERE t.user_id = ?1 AND a.kind = ?2",
        Id<User> = user, AlertKind = AlertKind::Found
    ))?;
    Ok(rows.into_iter().map(|(chain,)| chain).collect())
}

/// The chains of the project's tokens of which one was found.
pub fn found_of_project(db: &mut Connection, project: Id<Project>) -> Result<Vec<Id<Token>>> {
    let rows = db.query(sql!((Id<Token>,):
        "SELECT DISTINCT t.chain_id FROM tokens t JOIN token_alerts a ON a.token_id = t.id WHERE t.project_id = ?1 AND a.kind = ?2",
        Id<Project> = project, AlertKind = AlertKind::Found
    ))?;
    Ok(rows.into_iter().map(|(chain,)| chain).collect())
}

/// Raises an alert, or adds to one that nobody has dismissed.
pub fn raise(db: &mut Connection, token: Id<Token>, new: &Happened) -> Result<()> {
    db.execute(sql!(
        "INSERT INTO token_alerts (token_id, kind, count, first_at, last_at, last_from) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (token_id, kind) DO UPDATE SET
            count = CASE WHEN token_alerts.count < 1000000000 THEN token_alerts.count + excluded.count ELSE token_alerts.count END,
            last_from = CASE WHEN excluded.last_at < token_alerts.last_at THEN token_alerts.last_from ELSE excluded.last_from END,
            last_at = CASE WHEN excluded.last_at < token_alerts.last_at THEN token_alerts.last_at ELSE excluded.last_at END",
        Id<Token> = token, AlertKind = new.kind, i64 = new.count, Time = new.first_at, Time = new.last_at, Option<&str> = new.last_from.as_deref()
    ))?;
    Ok(())
}

/// Removes an alert to which nothing has been added since it said `seen` and `count`; 0 when there is none, or something has.
pub fn dismiss(db: &mut Connection, token: Id<Token>, kind: AlertKind, seen: Time, count: i64) -> Result<u64> {
    db.execute(sql!(
        "DELETE FROM token_alerts WHERE token_id = ?1 AND kind = ?2 AND last_at <= ?3 AND count <= ?4",
        Id<Token> = token, AlertKind = kind, Time = seen, i64 = count
    ))
}
