//! See the target of this name in `tests/fuzz`.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| tth_fuzz::configuration(data));
