//! One error for both databases, and how each driver's errors become it.
//! What a caller is told about them is decided by the domain and the faces.

use rusqlite::ErrorCode;
use tokio_postgres::error::SqlState;

/// What can go wrong with the database. Texts are for the log, never for a caller.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A unique constraint or primary key is violated. Which one is for the log: the databases may name different ones first.
    #[error("a unique constraint is violated: {0}")]
    Unique(String),
    /// A foreign key is violated.
    #[error("a foreign key is violated")]
    ForeignKey,
    /// A lock was not to be had in time.
    #[error("the database is locked by another process")]
    Busy,
    /// The transaction lost against a concurrent one and may be run again.
    #[error("the transaction lost against a concurrent one")]
    Retry,
    /// The deadline passed.
    #[error("the database did not answer before the deadline")]
    Deadline,
    /// The database cannot be used at present; the text says why and what to do.
    #[error("{0}")]
    Unavailable(String),
    /// The schema was made by a newer program; the text says so and what to do.
    #[error("{0}")]
    Newer(String),
    /// What would be read is more than there is room for: see `Connection::set_meter`.
    #[error("there is no room for what would be read")]
    NoRoom,
    /// A text holds a NUL character, which PostgreSQL cannot store.
    #[error("a text holds a NUL character")]
    NulInText,
    /// A defect of the program or its schema.
    #[error("{0}")]
    Internal(String),
}

/// The result of work on the database.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error that can carry one of the database: by it the transaction functions decide whether to run the work again.
pub trait Failure: From<Error> + Send + 'static {
    /// The database's error inside, if that is what went wrong.
    fn database(&self) -> Option<&Error>;
}

impl Failure for Error {
    fn database(&self) -> Option<&Error> {
        Some(self)
    }
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        let rusqlite::Error::SqliteFailure(failure, text) = &error else {
            return Self::Internal(error.to_string());
        };
        let text = text.clone().unwrap_or_else(|| failure.to_string());
        match failure.code {
            ErrorCode::ConstraintViolation => match failure.extended_code {
                rusqlite::ffi::SQLITE_CONSTRAINT_UNIQUE | rusqlite::ffi::SQLITE_CONSTRAINT_PRIMARYKEY => {
                    Self::Unique(text.rsplit(": ").next().unwrap_or_default().to_owned())
                }
                rusqlite::ffi::SQLITE_CONSTRAINT_ROWID => Self::Unique(text),
                rusqlite::ffi::SQLITE_CONSTRAINT_FOREIGNKEY => Self::ForeignKey,
                _ => Self::Internal(text),
            },
            ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Self::Busy,
            ErrorCode::OperationInterrupted => Self::Deadline,
            ErrorCode::DiskFull => Self::Unavailable(format!("the disk is full: make room where the database file lies ({text})")),
            ErrorCode::SystemIoFailure => {
                Self::Unavailable(format!("the disk or file system of the database file fails: check it and the system's log ({text})"))
            }
            ErrorCode::ReadOnly | ErrorCode::PermissionDenied => {
                Self::Unavailable(format!("the database file or its folder is not writable: check owner and permissions ({text})"))
            }
            ErrorCode::CannotOpen => {
                Self::Unavailable(format!("the database file cannot be opened: check that its folder exists and is writable ({text})"))
            }
            ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => {
                Self::Unavailable(format!("the database file is damaged or no SQLite database: restore it from a backup ({text})"))
            }
            _ => Self::Internal(text),
        }
    }
}

impl From<tokio_postgres::Error> for Error {
    fn from(error: tokio_postgres::Error) -> Self {
        let Some(refusal) = error.as_db_error() else {
            return from_connection(&error);
        };
        let code = refusal.code();
        let text = || format!("PostgreSQL says {}: {}", code.code(), refusal.message());
        if *code == SqlState::UNIQUE_VIOLATION {
            Self::Unique(refusal.constraint().unwrap_or_default().to_owned())
        } else if *code == SqlState::FOREIGN_KEY_VIOLATION {
            Self::ForeignKey
        } else if *code == SqlState::T_R_SERIALIZATION_FAILURE || *code == SqlState::T_R_DEADLOCK_DETECTED {
            Self::Retry
        } else if *code == SqlState::QUERY_CANCELED {
            Self::Deadline
        } else if *code == SqlState::LOCK_NOT_AVAILABLE {
            Self::Busy
        } else if *code == SqlState::READ_ONLY_SQL_TRANSACTION {
            Self::Unavailable(format!("{}; this server is no longer the primary, or is set to read only", text()))
        } else if *code == SqlState::CHARACTER_NOT_IN_REPERTOIRE {
            Self::NulInText
        } else {
            match code.code().get(..2) {
                // 08 connection, 28 login, 3D no such database, 53 resources (too many clients, disk full), 57P shutting down, 58 system.
                Some("08" | "28" | "3D" | "53" | "57" | "58") => {
                    Self::Unavailable(format!("{}; check the server and the database URL", text()))
                }
                _ => Self::Internal(text()),
            }
        }
    }
}

/// The error of a connection, as opposed to what the server answered.
fn from_connection(error: &tokio_postgres::Error) -> Error {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    let internal = ["error serializing", "error deserializing", "invalid column", "expected ", "query returned", "error encoding"];
    if internal.iter().any(|beginning| text.starts_with(beginning)) {
        return Error::Internal(text);
    }
    let advice = if text.contains("does not support TLS") {
        "have it speak TLS (ssl = on), or write sslmode=disable where the network is private and may see the password"
    } else if text.contains("TLS") || text.contains("certificate") {
        "have its certificate signed by an authority that this system trusts (SSL_CERT_FILE names another), \
         or write sslmode=disable where the network is private"
    } else {
        "check that it runs and that the database URL is right"
    };
    Error::Unavailable(format!("PostgreSQL cannot be reached ({text}): {advice}"))
}
