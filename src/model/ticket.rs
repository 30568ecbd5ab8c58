//! What states and priorities a ticket may have.
//! Its texts and their limits are not here yet.

/// Where a ticket stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Status {
    /// Nobody works on it yet.
    Open,
    /// Somebody works on it.
    InProgress,
    /// The work is done.
    Resolved,
    /// Nothing more will happen.
    Closed,
}

/// How soon a ticket wants attention.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Priority {
    /// When there is time.
    Low,
    /// In its turn.
    Medium,
    /// Before others.
    High,
    /// Now.
    Critical,
}
