//! The register of all statements and families of shapes, and the check that prepares each of them on a database.
//! How statements are declared lives in `statement` and `select`.

use std::collections::{BTreeSet, HashMap};

use super::connection::{Connection, Driver};
use super::error::{Error, Result};
use super::handle::Database;
use super::postgres::Session;
use super::postgres_values::{driver_type, known_type};
use super::rows::ColumnType;
use super::select::{Family, Shape};
use super::statement::{Registered, Statement};
use super::value::Type;

/// All statements of the program.
pub fn statements() -> impl Iterator<Item = &'static Statement> {
    inventory::iter::<Registered>.into_iter().map(|registered| registered.0)
}

/// All families of shapes of the program.
pub fn families() -> impl Iterator<Item = &'static Family> {
    inventory::iter::<Family>.into_iter()
}

/// Prepares every statement of the store's nouns on a migrated database, and says what is wrong with them.
/// Blocks like `Database::run`.
pub fn verify_statements(database: &Database) -> Vec<String> {
    let mut connection = match database.connect() {
        Ok(connection) => connection,
        Err(error) => return vec![format!("no connection: {error}")],
    };
    let mut problems = Vec::new();
    for statement in statements().filter(|statement| is_ours(statement.module)) {
        let found = verify(&mut connection, statement.sqlite, statement.postgres, statement.parameters, statement.columns);
        problems.extend(found.into_iter().map(|problem| format!("{}: {problem}", statement.name)));
    }
    for family in families().filter(|family| is_ours(family.module)) {
        for Shape { sqlite, postgres, parameters, columns } in (family.shapes)() {
            let found = verify(&mut connection, &sqlite, &postgres, &parameters, columns);
            problems.extend(found.into_iter().map(|problem| format!("{}: {problem}\n{sqlite}", family.name)));
        }
    }
    problems
}

/// The statements of the store's nouns that walk a whole table or index on SQLite, with what they walk. Blocks like `Database::run`.
pub fn walking_statements(database: &Database) -> Result<BTreeSet<String>> {
    let connection = database.connect()?;
    let Driver::Sqlite(connection) = &connection.driver else { return Ok(BTreeSet::new()) };
    let fixed = statements().filter(|statement| is_ours(statement.module)).map(|statement| (statement.name, statement.sqlite.to_owned()));
    let assembled = families().filter(|family| is_ours(family.module));
    let assembled = assembled.flat_map(|family| (family.shapes)().into_iter().map(|shape| (family.name, shape.sqlite)));
    let mut walking = BTreeSet::new();
    for (name, text) in fixed.chain(assembled) {
        let mut plan = connection.prepare(&format!("EXPLAIN QUERY PLAN {text}"))?;
        let mut steps = plan.raw_query();
        while let Some(step) = steps.next()? {
            let step: String = step.get(3)?;
            // Full text is asked by its index or by a row's number; what stands in parentheses or is called `w` is a walk's own short result.
            let short = ["CONSTANT ROW", "VIRTUAL TABLE", "(subquery", "SCAN w"].iter().any(|part| step.contains(part));
            if step.starts_with("SCAN") && !short {
                walking.insert(format!("{}: {step}", name.split_once(".rs:").map_or(name, |(file, _)| file)));
            }
        }
    }
    Ok(walking)
}

/// The statements of the store's nouns that look for one ticket's events on SQLite by another index than the ticket's. Blocks like `Database::run`.
pub fn detours_to_events(database: &Database) -> Result<BTreeSet<String>> {
    let connection = database.connect()?;
    let Driver::Sqlite(connection) = &connection.driver else { return Ok(BTreeSet::new()) };
    let mut detours = BTreeSet::new();
    for statement in statements().filter(|statement| is_ours(statement.module) && statement.sqlite.contains("ticket_id = ?")) {
        let mut plan = connection.prepare(&format!("EXPLAIN QUERY PLAN {}", statement.sqlite))?;
        let mut steps = plan.raw_query();
        while let Some(step) = steps.next()? {
            let step: String = step.get(3)?;
            if step.contains("events_by_organization") {
                detours.insert(format!("{}: {step}", statement.name));
            }
        }
    }
    Ok(detours)
}

/// Tests' statements and this room's own are left out: their tables are elsewhere.
fn is_ours(module: &str) -> bool {
    module.starts_with(env!("CARGO_PKG_NAME")) && !module.starts_with(concat!(env!("CARGO_PKG_NAME"), "::store::database"))
}

/// What is wrong with one statement.
pub(super) fn verify(
    connection: &mut Connection,
    sqlite: &str,
    postgres: &str,
    parameters: &[Type],
    columns: &[ColumnType],
) -> Vec<String> {
    let (text, sign) = if connection.is_postgres() { (postgres, '$') } else { (sqlite, '?') };
    let mut problems = numbering(text, sign, parameters.len());
    let described = match &mut connection.driver {
        Driver::Sqlite(connection) => describe_sqlite(connection, text),
        Driver::Postgres(session) => describe_postgres(session, text, parameters),
    };
    match described {
        Err(error) => problems.push(error.to_string()),
        Ok(described) => {
            problems.extend(compare_parameters(&described, parameters));
            problems.extend(compare_columns(&described, columns));
        }
    }
    problems
}

/// What a database says of a statement, as far as it knows.
struct Described {
    parameters: Vec<Known>,
    columns: Vec<Answer>,
}

/// What is known of a type.
enum Known {
    Nothing,
    One(Type),
    /// Several of ours rest in this one.
    Either(Type, Type),
    /// None of ours does.
    Foreign(String),
}

struct Answer {
    kind: Known,
    /// Whether the column it comes from may hold NULL.
    nullable: Option<bool>,
}

impl Known {
    fn admits(&self, declared: Type) -> bool {
        match self {
            Self::Nothing => true,
            Self::One(kind) => *kind == declared,
            Self::Either(one, other) => *one == declared || *other == declared,
            Self::Foreign(_) => false,
        }
    }

    fn name(&self) -> String {
        match self {
            Self::Nothing => "unknown".to_owned(),
            Self::One(kind) => format!("{kind:?}"),
            Self::Either(one, other) => format!("{one:?} or {other:?}"),
            Self::Foreign(name) => format!("{name}, which the store does not read"),
        }
    }
}

/// The parameters must be numbered from 1 without gaps, one for each declared type.
fn numbering(text: &str, sign: char, declared: usize) -> Vec<String> {
    // Quoted pieces stand at odd places between the quotes.
    let unquoted: String = text.split('\'').step_by(2).collect();
    let numbers: BTreeSet<usize> = unquoted
        .split(sign)
        .skip(1)
        .filter_map(|rest| rest.split(|character: char| !character.is_ascii_digit()).next().and_then(|digits| digits.parse().ok()))
        .collect();
    if numbers.iter().copied().eq(1..=declared) {
        Vec::new()
    } else {
        vec![format!("{declared} parameters are declared, the text has {numbers:?}")]
    }
}

fn compare_parameters(described: &Described, declared: &[Type]) -> Vec<String> {
    let pairs = described.parameters.iter().zip(declared).enumerate();
    pairs
        .filter(|(_, (known, declared))| !known.admits(**declared))
        .map(|(index, (known, declared))| format!("parameter {} is declared {declared:?}, the database takes {}", index + 1, known.name()))
        .collect()
}

fn compare_columns(described: &Described, read: &[ColumnType]) -> Vec<String> {
    if described.columns.len() != read.len() {
        return vec![format!("the row type has {} columns, the statement {}", read.len(), described.columns.len())];
    }
    let mut problems = Vec::new();
    for (index, (answer, read)) in described.columns.iter().zip(read).enumerate() {
        if !answer.kind.admits(read.kind) {
            problems.push(format!("column {} is read as {:?}, the database has {}", index + 1, read.kind, answer.kind.name()));
        }
        if answer.nullable == Some(true) && !read.nullable {
            problems.push(format!("column {} may be NULL, the row type does not expect it", index + 1));
        }
    }
    problems
}

fn describe_sqlite(connection: &rusqlite::Connection, text: &str) -> Result<Described> {
    let statement = connection.prepare(text)?;
    let columns = statement.columns();
    let columns = columns.map(|column| Answer { kind: column.decl_type().map_or(Known::Nothing, declared_kind), nullable: None }).collect();
    Ok(Described { parameters: Vec::new(), columns })
}

/// What a column's declaration in SQLite says.
fn declared_kind(declaration: &str) -> Known {
    match declaration.to_ascii_uppercase().as_str() {
        "INTEGER" | "BIGINT" | "SMALLINT" | "INT" => Known::Either(Type::Integer, Type::Bool),
        "BOOLEAN" => Known::One(Type::Bool),
        "TEXT" => Known::One(Type::Text),
        "BLOB" => Known::Either(Type::Bytes, Type::Id),
        "" => Known::Nothing,
        other => Known::Foreign(other.to_owned()),
    }
}

fn describe_postgres(session: &mut Session, text: &str, declared: &[Type]) -> Result<Described> {
    let types: Vec<_> = declared.iter().copied().map(driver_type).collect();
    let prepared = session.exchange(async |client, _, _| client.prepare_typed(text, &types).await)?;
    // Untyped, PostgreSQL says what it would take; where it cannot tell, the declared types stand.
    let inferred = session.exchange(async |client, _, _| client.prepare(text).await).ok();
    let parameters = inferred.iter().flat_map(tokio_postgres::Statement::params).map(known).collect();
    let origins: Vec<_> = prepared.columns().iter().map(|column| column.table_oid().zip(column.column_id())).collect();
    let nullable = nullability(session, &origins)?;
    let kinds = prepared.columns().iter().map(|column| known(column.type_()));
    let columns = kinds.zip(nullable).map(|(kind, nullable)| Answer { kind, nullable }).collect();
    Ok(Described { parameters, columns })
}

fn known(kind: &tokio_postgres::types::Type) -> Known {
    known_type(kind).map_or_else(|| Known::Foreign(kind.name().to_owned()), Known::One)
}

/// For each column of an answer, whether the table's column that it shows may be NULL.
fn nullability(session: &mut Session, origins: &[Option<(u32, i16)>]) -> Result<Vec<Option<bool>>> {
    let mut known: HashMap<(u32, i16), bool> = HashMap::new();
    for origin @ (table, column) in origins.iter().flatten().copied() {
        let rows = session.exchange(async |client, _, _| {
            let text = "SELECT attnotnull FROM pg_catalog.pg_attribute WHERE attrelid = $1 AND attnum = $2";
            client.query(text, &[&table, &column]).await
        })?;
        let row = rows.first().ok_or_else(|| Error::Internal("a column without a description".to_owned()))?;
        known.insert(origin, !row.try_get::<_, bool>(0)?);
    }
    Ok(origins.iter().map(|origin| origin.and_then(|origin| known.get(&origin).copied())).collect())
}
