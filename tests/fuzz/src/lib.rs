//! Fuzz targets: everything that reads what strangers wrote, each with what must hold whatever comes.
//!
//! A target is a function of bytes that panics when a property is broken. The same functions run in
//! two ways: `cargo fuzz` (the `fuzz` folder) looks for new paths with libFuzzer on a nightly
//! toolchain, and [`driver`] mutates the corpus on stable Rust, briefly in every test run and longer
//! with `cargo xtask fuzz`. Both start from `fuzz/corpus`, a folder for each target.

mod configuration;
mod cuts;
pub mod driver;
mod event_codec;
mod mutate;
mod plugin_header;
mod rng;
mod sentence_buffer;
mod sse_parser;
mod tag_stripper;

pub use configuration::configuration;
pub use event_codec::event_codec;
pub use plugin_header::plugin_header;
pub use sentence_buffer::sentence_buffer;
pub use sse_parser::sse_parser;
pub use tag_stripper::tag_stripper;

/// One target.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Its name, of the folder of its corpus and of the program for `cargo fuzz` too.
    pub name: &'static str,
    /// The properties.
    ///
    /// # Panics
    /// When one is broken.
    pub run: fn(&[u8]),
    /// Parts of its inputs that are unlikely to come up by chance.
    pub words: &'static [&'static str],
}

/// Every target, sorted.
pub const TARGETS: [Target; 6] = [
    Target {
        name: "configuration",
        run: configuration,
        words: configuration::WORDS,
    },
    Target {
        name: "event_codec",
        run: event_codec,
        words: event_codec::WORDS,
    },
    Target {
        name: "plugin_header",
        run: plugin_header,
        words: plugin_header::WORDS,
    },
    Target {
        name: "sentence_buffer",
        run: sentence_buffer,
        words: sentence_buffer::WORDS,
    },
    Target {
        name: "sse_parser",
        run: sse_parser,
        words: sse_parser::WORDS,
    },
    Target {
        name: "tag_stripper",
        run: tag_stripper,
        words: tag_stripper::WORDS,
    },
];

/// The value of a result that must be one.
///
/// # Panics
/// When it is an error: the property is that it never is.
#[allow(clippy::panic, reason = "a broken property is told by panicking")]
fn must<T, E: std::fmt::Debug>(result: Result<T, E>, what: &str) -> T {
    match result {
        Ok(value) => value,
        Err(error) => panic!("{what}: {error:?}"),
    }
}
