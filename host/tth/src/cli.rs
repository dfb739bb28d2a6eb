//! The command line.

use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;

/// Text in, a talking person out.
#[derive(Debug, Parser)]
#[command(name = "tth", version, about)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve the console and the API until told to stop
    Serve(ServeArgs),
    /// Speak one turn without a server
    Say(SayArgs),
    /// Ask every provider of a profile how it is and for one word; exit 1 if a primary fails
    Doctor(Source),
    /// Look at the configuration
    Config {
        #[command(subcommand)]
        command: ConfigCommand,
    },
    /// Look at a provider's component
    Plugin {
        #[command(subcommand)]
        command: PluginCommand,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Print everything that is wrong with a profile; exit 1 if anything is
    Check(Source),
}

#[derive(Debug, Subcommand)]
pub(crate) enum PluginCommand {
    /// Print contract version, role, imports, capabilities, and what it would have to be granted
    Inspect {
        /// A component, e.g. target/components/tts-embedded.wasm
        file: PathBuf,
        /// Print one JSON object, for programs
        #[arg(long)]
        json: bool,
    },
}

/// Where the configuration is.
#[derive(Args, Clone, Debug)]
pub(crate) struct Source {
    /// A profile: a file in the configuration's `profiles`
    #[arg(long, default_value = "local_embedded")]
    pub(crate) profile: String,
    /// The directory with base.yaml, profiles and personas
    #[arg(long, default_value = "configs", value_name = "DIR")]
    pub(crate) config: PathBuf,
}

#[derive(Args, Debug)]
pub(crate) struct ServeArgs {
    #[command(flatten)]
    pub(crate) source: Source,
    /// The address to listen on; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:8787", value_name = "ADDR")]
    pub(crate) listen: String,
}

#[derive(Args, Debug)]
pub(crate) struct SayArgs {
    /// What is said, or, with --chat, what is answered
    pub(crate) text: String,
    #[command(flatten)]
    pub(crate) source: Source,
    /// neutral, joy, sadness, anger, fear, surprise, disgust, calm, excited or tender
    #[arg(long, value_name = "LABEL")]
    pub(crate) emotion: Option<String>,
    /// How strongly, 0 to 1
    #[arg(long, value_name = "NUMBER")]
    pub(crate) intensity: Option<f32>,
    /// Who speaks: the id of a persona
    #[arg(long, value_name = "ID")]
    pub(crate) persona: Option<String>,
    /// Let the language model answer the text instead of speaking it
    #[arg(long)]
    pub(crate) chat: bool,
    /// Write a video to this file; without it, print what each stage did
    #[arg(long, value_name = "FILE.mp4")]
    pub(crate) out: Option<PathBuf>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_commands_are_as_documented() {
        Cli::command().debug_assert();
        for line in [
            "tth serve --profile mock --config configs --listen 127.0.0.1:0",
            "tth say hello --emotion joy --intensity 0.5 --persona theo --chat --out clip.mp4",
            "tth config check --profile mock",
            "tth doctor --profile mock --config configs",
            "tth plugin inspect a.wasm",
            "tth plugin inspect --json a.wasm",
        ] {
            let parsed = Cli::try_parse_from(line.split(' '));
            assert!(parsed.is_ok(), "{line}: {parsed:?}");
        }
    }

    #[test]
    fn the_defaults_are_as_documented() {
        let Command::Serve(args) = Cli::try_parse_from(["tth", "serve"]).unwrap().command else {
            panic!("not serve")
        };
        assert_eq!(args.listen, "127.0.0.1:8787");
        assert_eq!(args.source.profile, "local_embedded");
        assert_eq!(args.source.config, PathBuf::from("configs"));
    }
}
