//! How the model's own types rest in columns: ranks and bits as integers, digests as bytes.
//! The types that the databases know by themselves are in `database`.

use super::database::column_as;
use crate::model::events::{EventKind, Via};
use crate::model::persons::PersonKind;
use crate::model::roles::Role;
use crate::model::scopes::Scopes;
use crate::model::secrets::HashedSecret;
use crate::model::sessions::Theme;
use crate::model::tickets::{Priority, Status};
use crate::model::tokens::{AlertKind, HashedToken, RevokedHow};

column_as!(Status as i64, |status| status.rank(), Status::from_rank);
column_as!(Priority as i64, |priority| priority.rank(), Priority::from_rank);
column_as!(Role as i64, |role| role.rank(), Role::from_rank);
column_as!(PersonKind as i64, |kind| kind.rank(), PersonKind::from_rank);
column_as!(EventKind as i64, |kind| kind.rank(), EventKind::from_rank);
column_as!(Via as i64, |via| via.rank(), Via::from_rank);
column_as!(RevokedHow as i64, |how| how.rank(), RevokedHow::from_rank);
column_as!(AlertKind as i64, |kind| kind.rank(), AlertKind::from_rank);
column_as!(Theme as i64, |theme| theme.rank(), Theme::from_rank);
column_as!(Scopes as i64, |scopes| scopes.bits(), Scopes::from_bits);
column_as!(HashedToken as [u8; 32], |digest| *digest.as_bytes(), |bytes| Some(HashedToken::from_bytes(bytes)));
column_as!(HashedSecret as [u8; 32], |digest| *digest.as_bytes(), |bytes| Some(HashedSecret::from_bytes(bytes)));
