//! The doubles as a program: `tth-simulators --listen 127.0.0.1:8900`.

use anyhow::Result;
use clap::Parser;
use std::io::Write;
use std::net::SocketAddr;
use tth_simulators::{House, Script, Vendor, speech};

/// The key of vendors that are never without one.
const KEY: &str = "simulated-key";

/// Doubles of the vendors' servers on the loopback, each below its name. Prints where each is, then
/// "ready".
#[derive(Parser)]
struct Args {
    /// Where they listen.
    #[arg(long, default_value = "127.0.0.1:8900")]
    listen: SocketAddr,
    /// The key that vLLM's, OpenAI's and ElevenLabs' want; without, vLLM's wants none and the others
    /// "simulated-key". CosyVoice's and GLM-TTS's know no keys.
    #[arg(long)]
    key: Option<String>,
    /// Milliseconds before each piece of text or of sound.
    #[arg(long, default_value_t = 20)]
    delay_ms: u64,
    /// The name of vLLM's model.
    #[arg(long)]
    model: Option<String>,
    /// What models answer; without, they quote what they are told.
    #[arg(long)]
    answer: Option<String>,
}

fn main() -> Result<()> {
    let args = Args::parse();
    let own = Script::default();
    let script = |vendor: Vendor| Script {
        model: args.model.clone().unwrap_or_else(|| own.model.clone()),
        answer: args.answer.clone().unwrap_or_else(|| own.answer.clone()),
        echo: args.answer.is_none(),
        key: match (&args.key, vendor.wants_key()) {
            (Some(key), _) => Some(key.clone()),
            (None, true) => Some(KEY.to_owned()),
            (None, false) => None,
        },
        delay_ms: args.delay_ms,
    };
    let doubles = Vendor::ALL.map(|vendor| (vendor, script(vendor)));
    let house = House::listen(doubles.into(), args.listen)?;
    // So that nobody's first sentence waits for the voice to be loaded.
    speech::Speech::of("Hello.");
    let mut out = std::io::stdout();
    for (vendor, base) in house.bases() {
        writeln!(out, "{} {base}", vendor.name())?;
    }
    writeln!(out, "ready")?;
    out.flush()?;
    house.run();
    Ok(())
}
