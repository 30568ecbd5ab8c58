//! Moving an installation into another database, step by step: held still, copied table by table, indexed, compared, and only then fit for use.
//! How rows are read and written is the store's affair, what is told of it the command's.

use super::random::Random;
use crate::store::database::moving::{Found, Measured, Portion, Source, Sum, Table, Target, Walk};
use crate::store::database::{self, Connection, DatabaseUrl};
use crate::store::search::{self, Mark};
use crate::store::tables::{NEVER_EMPTY, TABLES};
use crate::store::{clock, persons};

/// How many documents are indexed in one transaction.
const DOCUMENTS: i64 = 500;

/// Why nothing was copied, or not all.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// Both are one.
    #[error("the database cannot be copied into itself")]
    Same,
    /// Somebody uses one of the databases.
    #[error("a server or another command is using {0}: stop it first; nothing has been changed")]
    InUse(DatabaseUrl),
    /// One of the databases cannot be used.
    #[error("{url}: {why}")]
    Unusable {
        /// Which.
        url: DatabaseUrl,
        /// Why.
        why: database::Error,
    },
    /// There is something in the target.
    #[error("{url} has data in it already ({}), and no copy writes over it: name an empty database; nothing has been changed", .tables.join(", "))]
    Filled {
        /// The target.
        url: DatabaseUrl,
        /// Where the data is.
        tables: Vec<&'static str>,
    },
    /// The target holds an unfinished copy of something else.
    #[error("{0} holds an unfinished copy of another installation: name an empty database; nothing has been changed")]
    OtherCopy(DatabaseUrl),
    /// A table could not be copied.
    #[error("{table}: {why}; what has been copied stays, the same command goes on with it")]
    Broken {
        /// Which.
        table: &'static str,
        /// Why.
        why: database::Error,
    },
    /// The copy is not what was copied.
    #[error("the copy of {table} differs: {there} were read, {here} have arrived; the copy cannot be used")]
    Differs {
        /// Which table.
        table: &'static str,
        /// What was read.
        there: Measured,
        /// What arrived.
        here: Measured,
    },
    /// Anything else.
    #[error(transparent)]
    Failed(#[from] database::Error),
}

/// How the copy came to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// From nothing.
    New,
    /// An unfinished one went on.
    Continued,
    /// An unfinished one was thrown away, since the source has changed meanwhile or its schema was older.
    Anew,
    /// It was complete already.
    Complete,
}

/// What was done: each table with what both databases hold of it.
#[derive(Debug)]
pub struct Copied {
    /// The tables.
    pub tables: Vec<(&'static str, Measured)>,
    /// How they came to be there.
    pub way: Way,
}

/// How far it has come: so many rows of so many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doing {
    /// A table is compared with what is there of it already.
    Comparing(&'static str),
    /// A table is copied.
    Copying(&'static str),
    /// The full-text index is made.
    Indexing,
    /// A copied table is read again.
    Checking(&'static str),
}

/// Who is told how far it has come: doing what, at which row, of how many.
pub type Tell<'a> = &'a mut dyn FnMut(Doing, u64, u64);

/// Copies everything, or goes on with an unfinished copy. The source stays as it is; nobody else can change it meanwhile.
pub fn copy(from: &DatabaseUrl, to: &DatabaseUrl, random: Random, tell: Tell<'_>) -> Result<Copied, Refused> {
    if same(from, to) {
        return Err(Refused::Same);
    }
    let mut source = Source::at(from).map_err(|error| refused(from, error))?;
    // What goes wrong inside says by itself whose fault it is; the rest is the source's.
    let outcome = source.still(TABLES, |still| Ok::<_, Inside>(move_into(still, to, random, tell)));
    outcome.unwrap_or_else(|Inside(error)| Err(refused(from, error)))
}

/// An error from holding the source still.
struct Inside(database::Error);

impl From<database::Error> for Inside {
    fn from(error: database::Error) -> Self {
        Self(error)
    }
}

fn refused(url: &DatabaseUrl, error: database::Error) -> Refused {
    match error {
        database::Error::Busy => Refused::InUse(url.clone()),
        why => Refused::Unusable { url: url.clone(), why },
    }
}

fn same(from: &DatabaseUrl, to: &DatabaseUrl) -> bool {
    match (from, to) {
        (DatabaseUrl::Sqlite(from), DatabaseUrl::Sqlite(to)) => {
            from == to || from.canonicalize().is_ok_and(|from| to.canonicalize().is_ok_and(|to| from == to))
        }
        (from, to) => from == to,
    }
}

fn move_into(source: &mut Connection, to: &DatabaseUrl, random: Random, tell: Tell<'_>) -> Result<Copied, Refused> {
    let mut target = Target::at(to).map_err(|error| refused(to, error))?;
    let of = persons::oldest(source)?.map_or_else(|| "an empty installation".to_owned(), |id| id.to_string());
    let found = target.look(TABLES, NEVER_EMPTY).map_err(|error| refused(to, error))?;
    let run = String::from_utf8_lossy(&random.base62::<16>()).into_owned();
    let moving = Moving { source, target: &mut target, of, run, tell, lengths: Vec::new() };
    let outcome = match found {
        Found::Nothing => moving.anew(Way::New),
        Found::Unfinished { of, .. } if of != moving.of => Err(Refused::OtherCopy(to.clone())),
        Found::Unfinished { current, .. } => moving.go_on(current),
        Found::Data { tables, current } => {
            moving.recognise(current).and_then(|complete| complete.ok_or_else(|| Refused::Filled { url: to.clone(), tables }))
        }
    };
    target.close();
    outcome
}

struct Moving<'a> {
    source: &'a mut Connection,
    target: &'a mut Target,
    /// The installation's sign.
    of: String,
    /// This copy's own sign.
    run: String,
    tell: Tell<'a>,
    /// How many rows each table has.
    lengths: Vec<u64>,
}

impl Moving<'_> {
    fn anew(mut self, way: Way) -> Result<Copied, Refused> {
        self.target.begin(TABLES, NEVER_EMPTY, &self.of, &self.run)?;
        match self.all(false)? {
            Some(tables) => Ok(Copied { tables, way }),
            None => Err(Refused::Failed(database::Error::Internal("a new copy was compared with an older one".to_owned()))),
        }
    }

    /// Goes on with an unfinished copy where it holds the beginning of what the source holds now; otherwise begins anew.
    fn go_on(mut self, current: bool) -> Result<Copied, Refused> {
        self.target.resume(&self.of, &self.run)?;
        if current && let Some(tables) = self.all(true)? {
            return Ok(Copied { tables, way: Way::Continued });
        }
        self.target.empty(TABLES, search::forget_all)?;
        self.anew(Way::Anew)
    }

    /// What both databases hold, if they hold the same.
    fn recognise(mut self, current: bool) -> Result<Option<Copied>, Refused> {
        let sign = if current { self.target.read(persons::oldest)? } else { None };
        if sign.map(|id| id.to_string()).as_ref() != Some(&self.of) {
            return Ok(None);
        }
        self.measure_lengths()?;
        let mut tables = Vec::new();
        for (table, length) in TABLES.iter().zip(self.lengths.clone()) {
            let tell = &mut *self.tell;
            let here = self.target.measure(table, &mut |rows| tell(Doing::Checking(table.name), rows, length))?;
            if here.rows != length || self.sum(table)? != here {
                return Ok(None);
            }
            tables.push((table.name, here));
        }
        Ok(Some(Copied { tables, way: Way::Complete }))
    }

    /// What the source holds of a table.
    fn sum(&mut self, table: &'static Table) -> database::Result<Measured> {
        let (mut sum, mut walk) = (Sum::over(table), Walk::through(table));
        loop {
            let page = walk.page(self.source)?;
            if page.is_empty() {
                return Ok(sum.measured());
            }
            for record in &page {
                sum.add(record);
            }
        }
    }

    fn measure_lengths(&mut self) -> database::Result<()> {
        self.lengths = TABLES.iter().map(|table| self.source.count_records(table)).collect::<database::Result<_>>()?;
        Ok(())
    }

    /// All steps, and what they come to. `None` where the unfinished copy does not begin as the source does.
    fn all(&mut self, go_on: bool) -> Result<Option<Vec<(&'static str, Measured)>>, Refused> {
        self.measure_lengths()?;
        let mut read = Vec::with_capacity(TABLES.len());
        for (table, length) in TABLES.iter().zip(self.lengths.clone()) {
            let there = if go_on { Some(self.measured(table, length, Doing::Comparing(table.name))?) } else { None };
            let copied = self.table(table, length, there).map_err(|why| Refused::Broken { table: table.name, why })?;
            let Some(measured) = copied else { return Ok(None) };
            read.push((table.name, measured));
        }
        self.index()?;
        for (table, (name, there)) in TABLES.iter().zip(&read) {
            let here = self.measured(table, there.rows, Doing::Checking(name))?;
            if here != *there {
                return Err(Refused::Differs { table: name, there: *there, here });
            }
        }
        // What had ended by the time that was told stays ended.
        let told = clock::kept_until(self.source)?;
        self.target.change(|db| clock::keep_until(db, told))?;
        self.target.finish(TABLES)?;
        Ok(Some(read))
    }

    fn measured(&mut self, table: &'static Table, length: u64, doing: Doing) -> Result<Measured, Refused> {
        let tell = &mut *self.tell;
        let measured = self.target.measure(table, &mut |rows| tell(doing, rows, length));
        measured.map_err(|why| Refused::Broken { table: table.name, why })
    }

    /// Copies what is not there yet of a table. `None` where what is there is not how the source's rows begin.
    fn table(&mut self, table: &'static Table, length: u64, there: Option<Measured>) -> database::Result<Option<Measured>> {
        let there = there.unwrap_or_else(|| Sum::over(table).measured());
        let (mut sum, mut walk, mut portion) = (Sum::over(table), Walk::through(table), Portion::default());
        loop {
            let page = walk.page(self.source)?;
            if page.is_empty() {
                break;
            }
            for record in page {
                if sum.rows() == there.rows && sum.measured() != there {
                    return Ok(None);
                }
                sum.add(&record);
                if sum.rows() > there.rows {
                    portion.push(record);
                }
                if portion.is_full() {
                    self.target.write(table, &std::mem::take(&mut portion))?;
                }
            }
            (self.tell)(Doing::Copying(table.name), sum.rows(), length);
        }
        if !portion.is_empty() {
            self.target.write(table, &portion)?;
        }
        let all = sum.measured();
        let fits = if all.rows <= there.rows { all == there } else { true };
        Ok(fits.then_some(all))
    }

    /// Makes the full-text index of the target.
    fn index(&mut self) -> Result<(), Refused> {
        let length = TABLES.iter().zip(&self.lengths).filter(|(table, _)| DOCUMENTED.contains(&table.name)).map(|(_, length)| length).sum();
        let mut done = 0;
        for renew in [search::renew_tickets, search::renew_comments] {
            let mut mark = Some(Mark::START);
            while let Some(after) = mark {
                mark = self.target.change(|db| renew(db, after, DOCUMENTS))?;
                if mark.is_some() {
                    done = (done + DOCUMENTS.unsigned_abs()).min(length);
                    (self.tell)(Doing::Indexing, done, length);
                }
            }
        }
        Ok(())
    }
}

/// The tables whose rows the full-text index has documents of.
const DOCUMENTED: [&str; 2] = ["tickets", "comments"];
