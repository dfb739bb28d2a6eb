//! The user's controls as events, sessions and `/v1/generate` carry them.
//!
//! Ranges are the core's business; here is only which field is which.

use crate::fields::{Fields, Invalid};
use tth_core::controls::{Character, Emotion, LatencyMode, Render, RenderWish};

/// `emotion`, checked.
pub(crate) fn read_emotion(outer: &mut Fields) -> Result<Option<Emotion>, Invalid> {
    let Some(mut fields) = outer.object("emotion")? else {
        return Ok(None);
    };
    let emotion = Emotion {
        label: fields.text("label")?,
        intensity: fields.number("intensity")?,
        valence: fields.number("valence")?,
        arousal: fields.number("arousal")?,
    };
    fields.finish()?;
    emotion.check()?;
    Ok(Some(emotion))
}

/// `character`, checked; whether the persona exists only the engine knows.
pub(crate) fn read_character(outer: &mut Fields) -> Result<Option<Character>, Invalid> {
    let Some(mut fields) = outer.object("character")? else {
        return Ok(None);
    };
    let character = Character {
        persona_id: fields.text("persona_id")?,
        speech_rate: fields.number("speech_rate")?,
        pitch_shift: fields.number("pitch_shift")?,
        expressivity: fields.number("expressivity")?,
        motion_gain: fields.number("motion_gain")?,
    };
    fields.finish()?;
    character.check()?;
    Ok(Some(character))
}

/// `render`, checked.
pub(crate) fn read_render(outer: &mut Fields) -> Result<Option<RenderWish>, Invalid> {
    let Some(mut fields) = outer.object("render")? else {
        return Ok(None);
    };
    let modes = [
        ("low", LatencyMode::Low),
        ("balanced", LatencyMode::Balanced),
        ("quality", LatencyMode::Quality),
    ];
    let wish = RenderWish {
        // What does not fit is out of range anyway.
        fps: fields
            .unsigned("fps")?
            .map(|fps| u32::try_from(fps).unwrap_or(u32::MAX)),
        resolution: fields.text("resolution")?,
        latency_mode: fields.choice("latency_mode", &modes)?,
    };
    fields.finish()?;
    wish.settle(Render::default())?;
    Ok(Some(wish))
}
