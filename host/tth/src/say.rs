//! The command `say`: one turn without a server, as a video file or as a report of what each stage
//! did.

mod clip;
mod progress;
mod report;
mod turn;

use crate::cli::SayArgs;
use crate::config::Loaded;
use crate::environment::Environment;
use crate::wire;
use anyhow::{Context, Result, bail};
use clip::Clip;
use futures::StreamExt;
use progress::Progress;
use std::time::Instant;
use tth_core::controls::{Emotion, Persona};
use tth_core::engine::{Engine, GenerateRequest, OpenError, SessionRequest};
use tth_core::events::TurnMode;
use tth_core::hub::Hub;
use tth_core::media::VideoCodec;
use tth_core::text;
use turn::Turn;

/// Says it.
///
/// # Errors
/// What kept the turn from being complete, or its file from being written.
pub(crate) async fn say(args: &SayArgs, loaded: Loaded, environment: &Environment) -> Result<()> {
    // Before anything is loaded: what is refused in the end need not be tried.
    let request = request(args);
    check(&request, &loaded.config.personas)?;
    let mut clip = args.out.as_deref().map(Clip::create).transpose()?;
    let progress = Progress::new();
    progress.step(&format!("loading {}", args.source.profile));
    let (hub, _fleet) = wire::hub(&loaded.config, environment).await?;

    progress.step(if args.chat { "answering" } else { "speaking" });
    let began = Instant::now();
    let turn = run(&hub, request, clip.as_mut(), &progress).await;
    let took = began.elapsed();
    progress.clear();
    let turn = turn?;
    turn.check()?;

    match clip {
        Some(clip) => {
            progress.step("writing the file");
            let written = clip.finish().await?;
            progress.clear();
            println!("{}", report::file(&written, &turn, took));
        }
        None => println!("{}", report::stages(&turn, took)),
    }
    hub.shut_down();
    Ok(())
}

fn request(args: &SayArgs) -> GenerateRequest {
    let emotion = Emotion {
        label: args.emotion.clone(),
        intensity: args.intensity,
        ..Emotion::default()
    };
    let codecs = match args.out {
        Some(_) => vec![VideoCodec::H264Annexb, VideoCodec::Jpeg],
        None => vec![VideoCodec::Jpeg, VideoCodec::H264Annexb],
    };
    GenerateRequest {
        text: args.text.clone(),
        mode: if args.chat {
            TurnMode::Chat
        } else {
            TurnMode::Say
        },
        session: SessionRequest {
            persona_id: args.persona.clone(),
            emotion: (emotion != Emotion::default()).then_some(emotion),
            ..SessionRequest::default()
        },
        codecs,
    }
}

/// # Errors
/// What the engine would refuse.
fn check(request: &GenerateRequest, personas: &[Persona]) -> Result<()> {
    text::accept(&request.text)?;
    if let Some(emotion) = &request.session.emotion {
        emotion.check()?;
    }
    let known = |id: &str| personas.iter().any(|persona| persona.id == id);
    match &request.session.persona_id {
        Some(id) if !personas.is_empty() && !known(id) => {
            let known = personas.iter().map(|persona| persona.id.clone()).collect();
            let id = id.clone();
            Err(OpenError::UnknownPersona { id, known }.into())
        }
        _ => Ok(()),
    }
}

async fn run(
    hub: &Hub,
    request: GenerateRequest,
    mut clip: Option<&mut Clip>,
    progress: &Progress,
) -> Result<Turn> {
    let mut turn = Turn::new(&request);
    let mut events = match hub.generate(request).await {
        Ok(events) => events,
        Err(error) => bail!("{error}"),
    };
    while let Some(envelope) = events.next().await {
        let media = envelope.event.is_media();
        if let (true, Some(clip)) = (media, clip.as_mut()) {
            let event = envelope.event.clone();
            clip.add(event).await.context("making the video")?;
        }
        turn.take(envelope.event);
        if media {
            progress.media(turn.audio_us, turn.frames);
        }
    }
    Ok(turn)
}
