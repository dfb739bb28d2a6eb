//! Guests that mean harm, one after the other, as the primary of a server whose scripted provider comes
//! next: what the operator reads, how soon the session is served all the same, and whether its
//! neighbours, who speak on the same server all the while, keep their pace.
//!
//! Where the guest is a voice, the neighbours are spoken for by other instances of the same component,
//! which behaves well there.

mod guest;
mod spoil;

use super::together;
use crate::client::{Session, open_many};
use crate::guests::Guests;
use crate::http::get_json;
use crate::report::{Report, Target};
use crate::server::Server;
use crate::stats::{median, ms, quantile};
use crate::story::Story;
use crate::wire::{Kind, Mode, Said};
use anyhow::{Context, Result, bail, ensure};
use guest::{GUESTS, Guest, ID};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const ROUNDS: usize = 3;
const NEIGHBOURS: usize = 6;
/// Two seconds of the fixture's speech, a tenth of a second each word.
const LONG: &str = "My neighbour may do whatever it likes while I go on and on with what I have to say \
    to you";
/// What a neighbour may have to buffer at most, in milliseconds.
const BUFFER_MS: f64 = 60.0;
/// What the next provider may take beyond what the guest was allowed, in milliseconds.
const BEYOND_MS: f64 = 300.0;
/// How long somebody listens to a guest that never ends.
const PATIENCE: Duration = Duration::from_secs(1);

/// A line of the table.
struct Found {
    guest: &'static Guest,
    /// What the operator reads; nothing where nothing is wrong.
    reads: String,
    /// Until the provider that serves in the end is heard, in milliseconds.
    served_ms: f64,
    /// The 99th percentile of what its neighbours had to buffer, in milliseconds, and of how many turns.
    buffer_ms: f64,
    turns: usize,
}

pub(super) async fn run(report: &Report) -> Result<()> {
    let guests = Guests::new()?;
    let mut all = Vec::new();
    for guest in &GUESTS {
        let found = meet(&guests, guest).await.context(guest.name)?;
        all.push(found);
    }
    report.note(&format!(
        "p50 of {ROUNDS} turns, {NEIGHBOURS} neighbours; the waits include what the guest is allowed"
    ));
    report.note(&table(&all));
    let worst = |value: fn(&Found) -> f64| all.iter().map(value).fold(0.0, f64::max);
    let name = "hostile guests: served beyond what they are allowed, worst";
    let beyond = worst(|found| found.served_ms - found.guest.allowed_ms as f64);
    report.result(name, beyond, "ms", Target::AtMost(BEYOND_MS));
    let name = "hostile guests: a neighbour's play-out buffer p99, worst";
    let buffer = worst(|found| found.buffer_ms);
    report.result(name, buffer, "ms", Target::AtMost(BUFFER_MS));
    Ok(())
}

fn table(all: &[Found]) -> String {
    let head = "| guest | what the operator reads | served after, ms (allowed) | neighbours' buffer p99, ms \
                (turns) |\n|---|---|---|---|";
    let line = |found: &Found| {
        format!(
            "| {} | {} | {:.0} ({}) | {:.0} ({}) |",
            found.guest.name,
            found.reads,
            found.served_ms,
            found.guest.allowed_ms,
            found.buffer_ms,
            found.turns
        )
    };
    let lines = all.iter().map(line);
    std::iter::once(head.to_owned())
        .chain(lines)
        .collect::<Vec<_>>()
        .join("\n")
}

/// One guest and those who live with it.
async fn meet(guests: &Guests, guest: &'static Guest) -> Result<Found> {
    // Held while the guest is asked to reach it: a host that is there, but not for it.
    let forbidden = guest.forbidden()?;
    let server = guest.serve(guests, forbidden.as_ref())?.run()?;
    let mut sessions = open_many(server.address, NEIGHBOURS + 1).await?;
    for session in &mut sessions {
        // Making its instances is not what is measured.
        session.turn("All is well.", Mode::Say).await?;
    }
    let culprit = sessions.pop().context("no session was opened")?;
    let over = Arc::new(AtomicBool::new(false));
    let neighbours = sessions
        .into_iter()
        .map(|session| neighbour(session, over.clone()));
    let (waits, buffers) = tokio::join!(misbehave(culprit, guest, &over), together(neighbours));
    let (stories, buffers) = (waits?, buffers?.concat());
    let served = stories.iter().map(|story| {
        let served = story.served.context("nobody was heard")?;
        Ok(ms(served))
    });
    let served: Vec<f64> = served.collect::<Result<_>>()?;
    let reads = reads(&server, guests, guest, &stories).await?;
    Ok(Found {
        guest,
        reads,
        served_ms: median(&served),
        buffer_ms: quantile(&buffers, 0.99),
        turns: buffers.len(),
    })
}

/// Speaks until it is over; what each turn would have needed for a buffer, in milliseconds.
async fn neighbour(mut session: Session, over: Arc<AtomicBool>) -> Result<Vec<f64>> {
    let mut buffers = Vec::new();
    while !over.load(Ordering::Relaxed) {
        // Fails if its provider is replaced, too.
        let seen = session.turn(LONG, Mode::Say).await;
        let seen = seen.context("a neighbour was disturbed")?;
        buffers.push(seen.audio.needed_ms());
    }
    Ok(buffers)
}

/// Some turns with the guest, each followed by one that must go well.
async fn misbehave(mut session: Session, guest: &Guest, over: &AtomicBool) -> Result<Vec<Story>> {
    let told = async {
        let mut stories = Vec::new();
        for _ in 0..ROUNDS {
            let text = guest.text();
            let story = match guest.ends {
                true => Story::of(&mut session, &text, guest.mode()).await?,
                false => stopped(&mut session, &text).await?,
            };
            let switches = usize::from(guest.replaced);
            ensure!(
                story.switches.len() == switches && story.errors.is_empty(),
                "{switches} replacements were expected: {story:?}"
            );
            let well = Story::of(&mut session, "All is well.", Mode::Say).await?;
            ensure!(well.smooth(), "the next turn pays for it: {well:?}");
            stories.push(story);
        }
        Ok(stories)
    };
    let stories = told.await;
    over.store(true, Ordering::Relaxed);
    stories
}

/// A turn that never ends, until its listener has had enough.
async fn stopped(session: &mut Session, text: &str) -> Result<Story> {
    let mode = Mode::Say;
    let sent = session.say(&Said::UserText { text, mode }).await?;
    let mut story = Story::default();
    while story.served.is_none() {
        let (at, event) = session.next().await?;
        if event.kind == Kind::AudioChunk {
            story.served = Some(at - sent);
        }
    }
    session.listen_until(Instant::now() + PATIENCE).await?;
    session.say(&Said::Interrupt).await?;
    loop {
        let (_, event) = session.next().await?;
        match event.kind {
            Kind::TurnEnded if event.reason.as_deref() == Some("interrupted") => return Ok(story),
            Kind::TurnEnded => bail!("it ended by itself: {:?}", event.reason),
            _ => {}
        }
    }
}

/// What tells the operator: why the provider was replaced, or else what the log and `/v1/health` say.
async fn reads(
    server: &Server,
    guests: &Guests,
    guest: &Guest,
    stories: &[Story],
) -> Result<String> {
    let why = stories.iter().flat_map(|story| &story.switches).next();
    let text = match why {
        Some((_, why)) => {
            let logged = server.log();
            ensure!(
                logged.contains(why),
                "{why:?} is not in the log: {logged:?}"
            );
            why.clone()
        }
        None if guest.loads() => String::new(),
        None => {
            let log = server.log();
            let line = log.iter().find(|line| line.contains(ID));
            let line = line.context("the log does not name the guest")?;
            missing(server).await?;
            line.clone()
        }
    };
    let folder = format!("{}/", guests.path("").display());
    let text = text.replace(folder.trim_end_matches('/'), "…");
    Ok(text
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .replace('|', "\\|"))
}

/// `/v1/health` says that the guest is not there.
async fn missing(server: &Server) -> Result<()> {
    let health = get_json(server.address, "/v1/health").await?;
    let providers = health.get("providers").and_then(|all| all.as_array());
    let guest = providers
        .into_iter()
        .flatten()
        .find(|one| one.get("id") == Some(&json!(ID)));
    let down = guest.is_some_and(|guest| guest.get("status") == Some(&json!("down")));
    ensure!(down, "health does not say that it is down: {health}");
    Ok(())
}
