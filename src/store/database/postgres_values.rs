//! Values and cells as PostgreSQL's protocol has them, and how a server is trusted.
//! Talking to it lives in `postgres`.

use std::error::Error as StdError;
use std::sync::Arc;

use bytes::BytesMut;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type as DriverType, to_sql_checked};
use tokio_postgres_rustls::MakeRustlsConnect;
use uuid::Uuid;

use super::error::{Error, Result};
use super::meter::{self, Meter};
use super::rows::{Cells, Row};
use super::value::{Cell, Type, Value};

/// PostgreSQL's name for a type.
pub(super) const fn driver_type(kind: Type) -> DriverType {
    match kind {
        Type::Integer => DriverType::INT8,
        Type::Bool => DriverType::BOOL,
        Type::Text => DriverType::TEXT,
        Type::Bytes => DriverType::BYTEA,
        Type::Id => DriverType::UUID,
    }
}

/// Our name for a type of PostgreSQL's, if it is one that we read.
pub(super) fn known_type(kind: &DriverType) -> Option<Type> {
    match *kind {
        DriverType::INT2 | DriverType::INT4 | DriverType::INT8 => Some(Type::Integer),
        DriverType::BOOL => Some(Type::Bool),
        DriverType::TEXT | DriverType::VARCHAR | DriverType::NAME | DriverType::BPCHAR | DriverType::UNKNOWN => Some(Type::Text),
        DriverType::BYTEA => Some(Type::Bytes),
        DriverType::UUID => Some(Type::Id),
        _ => None,
    }
}

impl ToSql for Value<'_> {
    fn to_sql(&self, kind: &DriverType, out: &mut BytesMut) -> Result<IsNull, Box<dyn StdError + Sync + Send>> {
        let (expected, bytes): (Type, &[u8]) = match self {
            Self::Null => return Ok(IsNull::Yes),
            Self::Integer(number) => (Type::Integer, &number.to_be_bytes()),
            Self::Bool(truth) => (Type::Bool, &[u8::from(*truth)]),
            Self::Text(text) => (Type::Text, text.as_bytes()),
            Self::Bytes(bytes) => (Type::Bytes, bytes),
            Self::Id(uuid) => (Type::Id, uuid.as_bytes()),
        };
        if *kind != driver_type(expected) {
            return Err(format!("{expected:?} bound to a parameter of type {kind}").into());
        }
        out.extend_from_slice(bytes);
        Ok(IsNull::No)
    }

    fn accepts(_: &DriverType) -> bool {
        true
    }

    to_sql_checked!();
}

impl<'a> FromSql<'a> for Cell<'a> {
    fn from_sql(kind: &DriverType, raw: &'a [u8]) -> Result<Self, Box<dyn StdError + Sync + Send>> {
        Ok(match *kind {
            DriverType::INT8 => Self::Integer(i64::from_be_bytes(raw.try_into()?)),
            DriverType::INT4 => Self::Integer(i64::from(i32::from_be_bytes(raw.try_into()?))),
            DriverType::INT2 => Self::Integer(i64::from(i16::from_be_bytes(raw.try_into()?))),
            DriverType::BOOL => Self::Bool(raw != [0]),
            DriverType::BYTEA => Self::Bytes(raw),
            DriverType::UUID => Self::Id(Uuid::from_slice(raw)?),
            _ if known_type(kind) == Some(Type::Text) => Self::Text(std::str::from_utf8(raw)?),
            _ => return Err(format!("type {kind} is not read: cast it to one of the store's types").into()),
        })
    }

    fn from_sql_null(_: &DriverType) -> Result<Self, Box<dyn StdError + Sync + Send>> {
        Ok(Self::Null)
    }

    fn accepts(_: &DriverType) -> bool {
        true
    }
}

/// One cell of a row, borrowed from it. Apart, so that nobody who reads from SQLite passes through it.
#[inline(never)]
pub(super) fn cell(row: &tokio_postgres::Row, index: usize) -> Result<Cell<'_>> {
    Ok(row.try_get(index)?)
}

/// A row read into its type.
pub(super) fn read<R: Row>(row: &tokio_postgres::Row, meter: &mut Option<Meter>) -> Result<R> {
    let mut cells = Cells::of_postgres(row);
    let read = R::take(&mut cells)?;
    meter::note(meter, cells.written())?;
    Ok(read)
}

/// TLS: certificates are verified against the system's roots, which are read where one may have to be.
pub(super) fn tls(used: bool) -> Result<MakeRustlsConnect> {
    let mut roots = rustls::RootCertStore::empty();
    if used {
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let client = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::Internal(format!("no TLS version that both sides know: {error}")))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(client))
}
