//! Finds the packed voice and tells the compiler where it lies.

use std::path::PathBuf;
use std::process::ExitCode;

const FILES: [&str; 8] = [
    "us.lex",
    "us.tag",
    "norm.tsv",
    "oov.json",
    "oov.onnx",
    "prosody.onnx",
    "decoder.f32",
    "vocab.json",
];

fn main() -> ExitCode {
    println!("cargo::rerun-if-env-changed=TTH_VOICE_DIR");
    // Asked for at run time: a target directory may serve several checkouts.
    let package = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let folder = match std::env::var_os("TTH_VOICE_DIR") {
        Some(folder) => PathBuf::from(folder),
        None => package.join("../../../.cache/voice/hibari-0.2.1"),
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
