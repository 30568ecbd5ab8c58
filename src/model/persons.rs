//! Who did something: a user, a project's token, or somebody known only from an import.
//! Whether a reader may see the e-mail address is the domain's affair.

use std::fmt;

use super::tickets::words;

/// The noun of `Id<Person>`. A user and a project token have the same id as the person that they are.
pub enum Person {}

words! {
    /// What kind of person somebody is.
    PersonKind {
        /// Signs in.
        User = "user",
        /// Acts for a project.
        ProjectToken = "project_token",
        /// Wrote in another tracker.
        Imported = "imported",
    }
}
