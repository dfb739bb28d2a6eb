//! What is measured, one file each.

mod cpu;
mod embedded;
mod failover;
mod hostile;
mod interrupt;
mod interrupts;
mod latency;
mod memory;
mod overhead;
mod pace;
mod soak;
mod startup;
mod throughput;
mod traps;

use crate::report::Report;
use anyhow::{Context, Result};
use clap::ValueEnum;
use futures::future::try_join_all;
use std::future::Future;

/// A measurement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Scenario {
    /// All of them.
    All,
    /// First sound and first picture through the sandbox, with doubles.
    Latency,
    /// CPU time of a turn.
    Cpu,
    /// Whether many speaking sessions keep real time.
    Pace,
    /// How soon an interrupt is answered, and that it is final.
    Interrupt,
    /// Memory at rest and of an idle session.
    Memory,
    /// Until the server listens.
    Startup,
    /// First sound and first picture of the embedded voice and face.
    Embedded,
    /// Speed of the embedded voice and face on one core.
    Throughput,
    /// What adapters and host add to a vendor's own time, with doubles of vendors' servers.
    Overhead,
    /// How soon a dead provider is replaced, before the first sound and in mid-utterance.
    Failover,
    /// How soon an interrupt is answered among many speaking sessions, and that it is final.
    Interrupts,
    /// How soon a session is told that its voice trapped, or computes for ever.
    Traps,
    /// What guests that mean harm do to their session and to its neighbours.
    Hostile,
    /// What ten thousand turns, and a minute of interrupts, leave behind.
    Soak,
}

impl Scenario {
    const ALL: [Scenario; 14] = [
        Scenario::Latency,
        Scenario::Cpu,
        Scenario::Pace,
        Scenario::Interrupt,
        Scenario::Memory,
        Scenario::Startup,
        Scenario::Embedded,
        Scenario::Throughput,
        Scenario::Overhead,
        Scenario::Failover,
        Scenario::Interrupts,
        Scenario::Traps,
        Scenario::Hostile,
        Scenario::Soak,
    ];

    /// What is to be run.
    pub(crate) fn each(self) -> Vec<Scenario> {
        if self == Scenario::All {
            Scenario::ALL.to_vec()
        } else {
            vec![self]
        }
    }

    /// Its name on the command line.
    pub(crate) fn title(self) -> String {
        self.to_possible_value()
            .map(|value| value.get_name().to_owned())
            .unwrap_or_default()
    }

    /// Measure.
    pub(crate) async fn run(self, report: &Report) -> Result<()> {
        match self {
            Scenario::Latency => latency::run(report).await,
            Scenario::Cpu => cpu::run(report).await,
            Scenario::Pace => pace::run(report).await,
            Scenario::Interrupt => interrupt::run(report).await,
            Scenario::Memory => memory::run(report).await,
            Scenario::Startup => startup::run(report),
            Scenario::Embedded => embedded::run(report).await,
            Scenario::Throughput => throughput::run(report).await,
            Scenario::Overhead => overhead::run(report).await,
            Scenario::Failover => failover::run(report).await,
            Scenario::Interrupts => interrupts::run(report).await,
            Scenario::Traps => traps::run(report).await,
            Scenario::Hostile => hostile::run(report).await,
            Scenario::Soak => soak::run(report).await,
            // `each` has made single ones of it.
            Scenario::All => Ok(()),
        }
    }
}

/// Text that the scripted voice speaks for `units` times its time for a letter. It has no mark
/// before its end, where the full stop counts four letters, so it is one utterance up to 240.
fn text_of(units: usize) -> String {
    let mut text: String = "lorem ipsum dolor "
        .chars()
        .cycle()
        .take(units - 4)
        .collect();
    if text.ends_with(' ') {
        text.pop();
        text.push('a');
    }
    text.push('.');
    text
}

/// Run one task for each session; the first failure ends them all.
async fn together<T: Send + 'static>(
    tasks: impl IntoIterator<Item: Future<Output = Result<T>> + Send + 'static>,
) -> Result<Vec<T>> {
    let tasks = tasks.into_iter().map(|task| {
        let handle = tokio::spawn(task);
        async move { handle.await.context("a session's task broke down")? }
    });
    try_join_all(tasks).await
}

#[cfg(test)]
mod tests {
    use super::text_of;

    #[test]
    fn text_has_its_length_and_ends_in_a_word() {
        for units in [22, 23, 67, 100] {
            let text = text_of(units);
            assert_eq!(text.len() + 3, units);
            assert!(text.ends_with('.') && !text.ends_with(" ."), "{text}");
            assert!(!text.trim_end_matches('.').contains('.'));
        }
    }
}
