//! What a database says about itself: its version, what it does to keep what it is given, its room and its time.
//! Whether that is good enough is for others to judge.

use std::collections::BTreeMap;

use super::database::{Connection, Result, sql};
use crate::model::time::Time;

/// Names and values, as the database has them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts(BTreeMap<String, String>);

impl Facts {
    /// From pairs; of two with one name the later counts.
    pub fn from_pairs(pairs: impl IntoIterator<Item = (String, String)>) -> Self {
        Self(pairs.into_iter().collect())
    }

    /// The value of this name; nothing if it is not known.
    pub fn text(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    /// The value as a number, if it is one.
    pub fn number(&self, name: &str) -> Option<i64> {
        self.text(name).parse().ok()
    }

    /// Whether the value is `true`.
    pub fn truth(&self, name: &str) -> bool {
        self.text(name) == "true"
    }
}

/// What time it is by the database's clock; on SQLite there is none but ours.
pub fn told(db: &mut Connection) -> Result<Option<Time>> {
    let (told,) = db.query_one(sql!((Option<Time>,):
        "SELECT CAST(NULL AS INTEGER)"; pg "SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT)"
    ))?;
    Ok(told)
}

/// What it says. On SQLite, whose file says the rest, the version alone.
///
/// On PostgreSQL: its settings by their own names, and `encrypted` (this connection), `client` (our address, empty on a
/// socket), `now` (microseconds since 1970), `connections` (open ones of all clients) and `may_create` (tables).
pub fn facts(db: &mut Connection) -> Result<Facts> {
    let rows = db.query(sql!((String, String):
        "SELECT 'server_version', sqlite_version()";
        pg "SELECT name, setting FROM pg_catalog.pg_settings WHERE name IN ('server_version', 'server_version_num', 'server_encoding',
                'fsync', 'full_page_writes', 'synchronous_commit', 'max_connections',
                'superuser_reserved_connections')
            UNION ALL SELECT 'encrypted', CAST(COALESCE((SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), false) AS TEXT)
            UNION ALL SELECT 'client', COALESCE(host(inet_client_addr()), '')
            UNION ALL SELECT 'now', CAST(CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT) AS TEXT)
            UNION ALL SELECT 'connections', CAST(COUNT(*) AS TEXT) FROM pg_stat_activity WHERE backend_type = 'client backend'
            UNION ALL SELECT 'may_create', CAST(COALESCE(has_schema_privilege(current_schema(), 'CREATE'), false) AS TEXT)"
    ))?;
    Ok(Facts::from_pairs(rows))
}

/// The first damage found in a SQLite file, reading it through; PostgreSQL looks after its files itself.
pub fn damage(db: &mut Connection) -> Result<Option<String>> {
    let (found,) = db.query_one(sql!((String,): "SELECT CAST(quick_check AS TEXT) FROM pragma_quick_check LIMIT 1"; pg "SELECT 'ok'"))?;
    Ok((found != "ok").then_some(found))
}
