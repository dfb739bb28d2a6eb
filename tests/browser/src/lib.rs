//! What the browser tests stand on: a chromedriver, a `tth` server, a server of the bare page, and
//! the console as an object.
//!
//! The tests need Debian's `chromium` and `chromium-driver`, and for those that talk to a server the
//! `tth` binary with its components. Where one is missing a test is skipped with a loud note; with
//! `TTH_REQUIRE_BROWSER` set it fails instead.

pub mod driver;
pub mod live;
pub mod lock;
pub mod page;
pub mod pages;
pub mod process;
pub mod server;
pub mod setup;

pub use driver::Driver;
pub use page::Console;
pub use server::Server;
pub use setup::{Need, output_dir, workspace};
