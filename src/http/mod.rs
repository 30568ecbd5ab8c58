//! What the faces over HTTP share: the way of a request through the door, limits, the listener, the request log and the metrics.
//! No rule about who may do what, no SQL.

pub mod answer;
pub mod body;
pub mod client;
pub mod limits;
pub mod listen;
pub mod log;
pub mod metrics;
pub mod mount;
pub mod request;
pub mod tls;
pub mod uses;
