//! What the host does for guests beyond computing: each capability in a file of its own.

pub(crate) mod egress;
pub(crate) mod http;
