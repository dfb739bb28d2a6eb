//! A short chaos over real sockets; `tth-chaos sockets --minutes 10` takes as long as you like.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use std::time::Duration;
use tth_chaos::sockets::{Options, run};

#[test]
fn a_real_server_keeps_the_rules_and_is_well_in_the_end() {
    let outcome = run(Options {
        seed: 1,
        sessions: 16,
        duration: Duration::from_secs(10),
    })
    .unwrap();
    eprintln!("{outcome:?}");
    assert!(
        outcome.completed > 0 && outcome.interrupted > 0,
        "{outcome:?}"
    );
    assert!(outcome.dropped > 0 && outcome.switched > 0, "{outcome:?}");
    assert!(
        outcome.resumed > 0 && outcome.reloads > 1 && outcome.refused > 0,
        "{outcome:?}"
    );
}
