//! Plain types and the constructors that parse them: what a ticket's title, a token or a role is.
//! No I/O, no SQL, no shapes of requests.

pub mod draft;
pub mod escapes;
pub mod events;
pub mod id;
pub mod organizations;
pub mod pages;
pub mod persons;
pub mod problems;
pub mod projects;
pub mod roles;
pub mod scopes;
pub mod secrets;
pub mod sessions;
pub mod text;
pub mod tickets;
pub mod time;
pub mod tokens;
pub mod users;
pub mod visible;
