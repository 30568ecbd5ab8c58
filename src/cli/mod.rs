//! What the `bugtome` command does besides serving.
//! Nothing here is needed by a running server.

pub mod import;
