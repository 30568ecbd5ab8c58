//! What a session in a browser is, and how an account looks there.
//! How long sessions last and how one begins is the domain's affair.

use std::fmt;

use super::tickets::words;

/// The noun of `Id<Session>`.
pub enum Session {}

/// The noun of `Id<Invitation>`.
pub enum Invitation {}

words! {
    /// How pages look to a user.
    Theme {
        /// As the system wishes.
        System = "system",
        /// Dark on light.
        Light = "light",
        /// Light on dark.
        Dark = "dark",
    }
}
