//! The contract as the host sees it: generated bindings and their conversion to the types of core.
//!
//! One submodule for each contract version that is served.

pub(crate) mod convert;
pub(crate) mod v0_1;
