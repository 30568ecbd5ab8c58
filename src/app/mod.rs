//! The running program's means: clock and randomness.
//! No routes, no rules, no SQL.

pub mod clock;
pub mod random;
