//! The running program's means: settings, clock, randomness, logging and the signal to stop.
//! No routes, no rules, no SQL.

pub mod clock;
pub mod logs;
pub mod random;
pub mod settings;
pub mod stop;
