//! The doubles as a program: `tth-simulators --listen 127.0.0.1:8000`.

use anyhow::Result;
use clap::Parser;
use std::net::SocketAddr;
use tth_simulators::{Script, Simulator};

/// Doubles of the vendors' servers on the loopback.
#[derive(Parser)]
struct Args {
    /// Where the OpenAI-compatible server (vLLM's protocol) listens.
    #[arg(long, default_value = "127.0.0.1:8000")]
    listen: SocketAddr,
    /// The name of its model.
    #[arg(long)]
    model: Option<String>,
    /// What it answers.
    #[arg(long)]
    answer: Option<String>,
    /// The key that it wants; without, none.
    #[arg(long)]
    key: Option<String>,
    /// Milliseconds before each piece of text.
    #[arg(long, default_value_t = 20)]
    delay_ms: u64,
}

fn main() -> Result<()> {
    let args = Args::parse();
    let own = Script::default();
    let simulator = Simulator::listen(
        Script {
            model: args.model.unwrap_or(own.model),
            answer: args.answer.unwrap_or(own.answer),
            key: args.key,
            delay_ms: args.delay_ms,
        },
        args.listen,
    )?;
    println!("chat completions on {}/v1", simulator.origin());
    simulator.run();
    Ok(())
}
