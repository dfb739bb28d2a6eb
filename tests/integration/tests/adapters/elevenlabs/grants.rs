//! A key that only its vendor sees, and a vendor that nobody allowed.

use super::*;
use crate::secrets;

#[test]
fn a_key_reaches_the_vendor_and_nobody_else() {
    secrets::a_key_reaches_nobody_else(&VOICE, "xi-api-key", "");
}

#[test]
fn a_host_that_is_not_allowed_is_never_asked() {
    for block in [&[ONE][..], &[ONE, HTTP], &[ONE, DIALOGUE]] {
        Provider {
            schemes: &[],
            block,
            ..VOICE
        }
        .is_not_let_out();
    }
}
