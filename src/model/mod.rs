//! Plain types and the constructors that parse them: what a ticket's title, a token or a role is.
//! No I/O, no SQL, no shapes of requests.

pub mod id;
pub mod ticket;
pub mod time;
