//! Finds the packed voice and tells the compiler where it lies.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

const FILES: [&str; 7] = [
    "us.lex",
    "us.tag",
    "norm.tsv",
    "oov.json",
    "oov.onnx",
    "hibari.onnx",
    "vocab.json",
];

fn main() -> ExitCode {
    println!("cargo::rerun-if-env-changed=TTH_VOICE_DIR");
    let folder = match std::env::var_os("TTH_VOICE_DIR") {
        Some(folder) => PathBuf::from(folder),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../.cache/voice/hibari-0.2.1"),
    };
    for name in FILES {
        let file = folder.join(name);
        println!("cargo::rerun-if-changed={}", file.display());
        if !file.is_file() {
            println!(
                "cargo::error=the embedded voice is not set up ({} is missing): \
                 run `cargo xtask build`, or set TTH_VOICE_DIR to a packed voice",
                file.display()
            );
            return ExitCode::FAILURE;
        }
    }
    println!("cargo::rustc-env=TTH_VOICE={}", folder.display());
    ExitCode::SUCCESS
}
