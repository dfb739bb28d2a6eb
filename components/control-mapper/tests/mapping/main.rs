//! The mapper from outside: by table and by property.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail"
)]

mod kit;
mod properties;
mod table;
