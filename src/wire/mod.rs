//! The JSON shapes that the API, and later webhooks and the client, share.
//! They are made from the store's rows and decide nothing.

pub mod comments;
pub mod errors;
pub mod events;
mod json;
pub mod members;
pub mod organizations;
pub mod persons;
pub mod projects;
pub mod tickets;
pub mod tokens;

/// What every shape is made for: where links lead, and whether the reader sees e-mail addresses.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'a> {
    /// The server's own address, without a slash at its end.
    pub base_url: &'a str,
    /// Whether e-mail addresses are `null`: so for project tokens, which go to external services.
    pub hides_emails: bool,
}
