//! The fault harness: random clients and random faults against real sessions, all from one seed.
//!
//! A [`world`] is one session of the core on fake time with simulated stages around it. What the
//! stages send carries tags ([`tag`]), so that whatever arrives tells where it comes from. While a
//! world runs, the checkers ([`check`]) look at every output of the session and every event that a
//! reader gets. A seed gives the same world again; [`run`] goes through many, and boils one that
//! broke a rule down to the fewest acts and faults that still break it.
//!
//! [`sockets`] does the same to a real server, as far as that can be seen from outside.
//!
//! Breakers and reloads are drawn, too: who is barred, and who serves from the next turn on, is the
//! world's [`roster`]. Streams are lost and resumed, with events on the way that never arrived.
//!
//! To add a fault, add a line to [`fault`] and let a stage suffer it; to add something that clients
//! do, add an [`act`]; both are drawn from then on. Where the core's own inputs and outputs change,
//! `world/carry.rs` and `world/step.rs` are the only files that name them.

pub mod act;
pub mod call;
pub mod check;
pub mod fault;
pub mod plan;
pub mod rng;
pub mod roster;
pub mod run;
pub mod sabotage;
pub mod shrink;
pub mod sockets;
pub mod stage;
pub mod tag;
pub mod world;
