//! Guests and files that mean harm: what the operator reads, and that whoever comes next is served.
//!
//! Language models that loop, hoard or trap are in `faults.rs`, forbidden hosts and name servers that
//! lie in `http.rs`.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    clippy::indexing_slicing
)]

#[path = "../common/mod.rs"]
mod common;

mod files;
mod habits;
mod headers;
