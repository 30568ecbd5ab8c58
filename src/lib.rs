//! bugtome, the bug tracker whose API tokens can be trusted.
//! The floors are `model ← store ← domain ← app ← faces`; each knows only those below it, and a test keeps it so.

pub mod api;
pub mod app;
pub mod cli;
pub mod domain;
pub mod http;
pub mod jobs;
pub mod model;
pub mod store;
pub mod web;
pub mod wire;
