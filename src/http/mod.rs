//! What the faces over HTTP share: the listener, the request log and the metrics.
//! No rule about who may do what, no SQL.

pub mod listen;
pub mod log;
pub mod metrics;
pub mod tls;
