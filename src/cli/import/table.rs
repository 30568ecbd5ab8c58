//! Reads rows of CSV one by one, whatever the order of their columns, and says what is wrong with those that cannot be used.
//! Which column means what is the business of the trackers' own files.

use std::io::{Cursor, Read};

use super::lines::Lines;
use super::mapping::{Column, Dialect, Mapping, Place};
use super::report::{BadRow, RawReport};
use super::{Rows, Unreadable, jira, times};

/// A CSV file of one tracker.
pub(super) struct Table<R> {
    rows: csv::Reader<Lines<R>>,
    names: Vec<String>,
    places: Vec<Place>,
    ended: bool,
}

/// Longer than any key, shorter than a description that slipped into its column.
pub(super) const LONGEST_KEY: usize = 200;

impl<R: Read> Table<R> {
    /// Reads the header.
    pub(super) fn open(dialect: &Dialect, file: R, mapping: &mut Mapping) -> Result<Self, Unreadable> {
        let mut rows = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(Lines::new(file));
        let mut header = csv::ByteRecord::new();
        if !rows.read_byte_record(&mut header).map_err(csv_error)? {
            return Err(Unreadable::Empty);
        }
        let start = rows.get_mut().next_start();
        let line = start.map_or(1, |start| start.line);
        if let Some(fault) = start.and_then(|start| start.fault) {
            return Err(Unreadable::TooMuch { line, fault: fault.to_string() });
        }
        let header = csv::StringRecord::from_byte_record(header).map_err(|_| Unreadable::NotUtf8 { line })?;
        if header.iter().any(|name| name.contains(|char: char| char.is_control() && !char.is_whitespace())) {
            return Err(Unreadable::NotCsv);
        }
        let names = named(&header);
        let places = dialect.places(&names);
        for place in [Place::Key, Place::Title, Place::Created] {
            if !places.contains(&place) {
                return Err(missing(dialect, place, &names));
            }
        }
        mapping.columns = names.iter().zip(&places).map(|(name, place)| Column { name: name.clone(), place: *place, filled: 0 }).collect();
        Ok(Self { rows, names, places, ended: false })
    }

    fn raw(&self, line: u64, record: &csv::StringRecord, mapping: &mut Mapping) -> Result<RawReport, BadRow> {
        let bad = |key: Option<&str>, problem: String| BadRow { line, key: key.map(str::to_owned), problem };
        if record.len() != self.names.len() {
            let problem = format!(
                "has {} fields where the header has {}; look for a comma or a quote too many or too few",
                record.len(),
                self.names.len()
            );
            return Err(bad(None, problem));
        }
        let key = self.one(record, Place::Key);
        if key.is_empty() {
            return Err(bad(None, format!("its {} is empty", self.name_of(Place::Key))));
        }
        if key.chars().count() > LONGEST_KEY {
            return Err(bad(None, format!("its {} is longer than {LONGEST_KEY} characters", self.name_of(Place::Key))));
        }
        let title = self.one(record, Place::Title);
        if title.is_empty() {
            return Err(bad(Some(key), format!("its {} is empty", self.name_of(Place::Title))));
        }
        let created = self.one(record, Place::Created);
        let Some(created) = times::read(created) else {
            return Err(bad(Some(key), no_time(self.name_of(Place::Created), created)));
        };
        let mut raw = RawReport {
            line,
            key: key.to_owned(),
            title: title.to_owned(),
            description: self.one(record, Place::Description).to_owned(),
            status: self.one(record, Place::Status).to_owned(),
            priority: self.one(record, Place::Priority).to_owned(),
            reporter: Some(self.one(record, Place::Reporter).to_owned()),
            created,
            updated: None,
            affects: Vec::new(),
            notes: Vec::new(),
            comments: Vec::new(),
        };
        for (index, cell) in record.iter().enumerate().filter(|(_, cell)| !cell.trim().is_empty()) {
            mapping.columns[index].filled += 1;
            self.take(&mut raw, index, cell);
        }
        Ok(raw)
    }

    /// Puts a cell where it belongs, if that is not one of the places already filled.
    fn take(&self, raw: &mut RawReport, index: usize, cell: &str) {
        let place = self.places[index];
        let time = times::read(cell).filter(|time| *time >= raw.created);
        let kept = match place {
            Place::Key | Place::Title | Place::Description | Place::Status | Place::Priority | Place::Reporter | Place::Created => true,
            Place::Updated => {
                raw.updated = time.or(raw.updated);
                time.is_some()
            }
            Place::Resolved => {
                // A column `Updated` that comes later in the row still wins.
                raw.updated = raw.updated.or(time);
                false
            }
            Place::Affects => {
                raw.affects.push(cell.trim().to_owned());
                false
            }
            Place::Comment => match jira::comment(cell) {
                Some(comment) => {
                    raw.comments.push(comment);
                    true
                }
                None => false,
            },
            Place::Notes => false,
        };
        if !kept {
            raw.notes.push((self.names[index].clone(), cell.to_owned()));
        }
    }

    fn one<'a>(&self, record: &'a csv::StringRecord, place: Place) -> &'a str {
        self.places.iter().position(|other| *other == place).and_then(|index| record.get(index)).unwrap_or("").trim()
    }

    fn name_of(&self, place: Place) -> &str {
        self.places.iter().position(|other| *other == place).map_or("column", |index| &self.names[index])
    }

    fn row(&mut self, mapping: &mut Mapping, record: csv::ByteRecord) -> Result<RawReport, BadRow> {
        let position = record.position().map_or(0, csv::Position::line);
        let start = self.rows.get_mut().next_start();
        let line = start.map_or(position, |start| start.line);
        if let Some(fault) = start.and_then(|start| start.fault) {
            return Err(BadRow { line, key: None, problem: fault.to_string() });
        }
        if self.rows.get_ref().is_cut() {
            let problem = "a quote opens in it and is never closed, so that it runs to the end of the file; is the file cut short?";
            return Err(BadRow { line, key: None, problem: problem.to_owned() });
        }
        let record = csv::StringRecord::from_byte_record(record).map_err(|error| {
            let column = self.names.get(error.utf8_error().field()).map_or("a field", String::as_str);
            BadRow { line, key: None, problem: format!("its {column} is not UTF-8; save the file as UTF-8") }
        })?;
        self.raw(line, &record, mapping)
    }
}

impl<R: Read + Send> Rows for Table<R> {
    fn next_row(&mut self, mapping: &mut Mapping) -> Option<Result<RawReport, BadRow>> {
        if self.ended {
            return None;
        }
        let mut record = csv::ByteRecord::new();
        match self.rows.read_byte_record(&mut record) {
            Ok(true) => Some(self.row(mapping, record)),
            Ok(false) => None,
            Err(error) => {
                self.ended = true;
                let line = self.rows.position().line();
                Some(Err(BadRow { line, key: None, problem: format!("the file cannot be read beyond this row: {error}") }))
            }
        }
    }

    fn position(&self) -> u64 {
        self.rows.get_ref().passed()
    }
}

/// The names in a header; a column without one is called by its number.
fn named(header: &csv::StringRecord) -> Vec<String> {
    let name = |(index, name): (usize, &str)| if name.trim().is_empty() { format!("Column {}", index + 1) } else { name.trim().to_owned() };
    header.iter().enumerate().map(name).collect()
}

fn missing(dialect: &Dialect, place: Place, names: &[String]) -> Unreadable {
    let wanted = dialect.names_of(place).join("`, `");
    let mut found: String = names.join(", ").chars().take(200).collect();
    if names.len() == 1 && found.contains([';', '\t']) {
        found.push_str(" (are the fields separated by something else than commas?)");
    }
    Unreadable::MissingColumn { tracker: dialect.name, wanted, found }
}

fn no_time(name: &str, value: &str) -> String {
    if value.is_empty() {
        format!("its {name} is empty")
    } else {
        format!("its {name} `{}` is not a time such as 30/Sep/21 17:20 or 2021-09-30 17:20", shown(value))
    }
}

/// A foreign value, short enough for a message.
pub(super) fn shown(value: &str) -> String {
    value.chars().take(60).collect::<String>().escape_debug().to_string()
}

fn csv_error(error: csv::Error) -> Unreadable {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => Unreadable::Io(error),
        _ => Unreadable::NotCsv,
    }
}

/// A file without its byte order mark.
pub(super) type Unmarked<R> = std::io::Chain<Cursor<Vec<u8>>, R>;

/// Takes a byte order mark off, and refuses what UTF-16 looks like. The answer has how many bytes were taken off, too.
pub(super) fn unmarked<R: Read>(mut file: R) -> Result<(Unmarked<R>, u64), Unreadable> {
    let mut start = Vec::new();
    file.by_ref().take(3).read_to_end(&mut start)?;
    if start.starts_with(&[0xff, 0xfe]) || start.starts_with(&[0xfe, 0xff]) {
        return Err(Unreadable::Utf16);
    }
    let mut mark = 0;
    if start == [0xef, 0xbb, 0xbf] {
        start.clear();
        mark = 3;
    }
    Ok((Cursor::new(start).chain(file), mark))
}
