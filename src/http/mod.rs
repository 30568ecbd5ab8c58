//! What the faces over HTTP share: the way of a request through the door, limits, the listener, the request log and the metrics.
//! No rule about who may do what, no SQL.

pub mod answer;
pub(crate) mod arrival;
pub mod body;
pub mod bounds;
mod callers;
pub mod certificate;
pub mod client;
pub mod compression;
pub mod cookies;
pub mod faces;
pub mod forms;
pub mod guard;
pub mod limits;
pub mod listen;
pub mod log;
pub mod metrics;
pub mod mount;
pub mod pages;
pub mod request;
pub mod sign_ins;
pub mod tls;
pub mod uses;
