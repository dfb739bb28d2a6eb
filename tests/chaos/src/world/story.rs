//! What happened in a world, for people to read.

use crate::tag::{Ledger, Picture, runs};
use std::collections::VecDeque;
use std::fmt::{Arguments, Display, Write as _, from_fn};
use tth_core::events::ServerEvent;
use tth_core::media::{AudioChunk, Micros, VideoFrame};
use tth_core::provider::{AvatarEvent, AvatarInput, TtsEvent};
use tth_core::session::{Input, Output};

/// Lines that are kept; the end of a story is what matters.
const MOST_LINES: usize = 400;
/// Letters of a line that are kept.
const MOST_LETTERS: usize = 180;

/// The last lines of what happened, or nothing where nobody wants to know.
#[derive(Clone, Debug, Default)]
pub struct Story {
    told: bool,
    lines: VecDeque<String>,
}

impl Story {
    /// A story that is told.
    pub fn told() -> Self {
        Story {
            told: true,
            lines: VecDeque::new(),
        }
    }

    /// It goes on.
    pub fn add(&mut self, now: Micros, what: Arguments<'_>) {
        if !self.told {
            return;
        }
        let mut line = format!("{:>12.6} ", now as f64 / 1e6);
        // Writing to a string cannot fail.
        let _written = write!(line, "{what}");
        if let Some((cut, _)) = line.char_indices().nth(MOST_LETTERS) {
            line.truncate(cut);
            line.push_str("...");
        }
        if self.lines.back() == Some(&line) {
            // Whoever goes round in a circle does not tell it a thousand times.
            return;
        }
        if self.lines.len() == MOST_LINES {
            self.lines.pop_front();
        }
        self.lines.push_back(line);
    }

    /// Its lines.
    pub fn lines(&self) -> impl Iterator<Item = &str> {
        self.lines.iter().map(String::as_str)
    }
}

/// An input, its media in short.
pub(super) fn input(input: &Input, ledger: &Ledger) -> impl Display {
    from_fn(move |f| match input {
        Input::Tts(ticket, Some(Ok(TtsEvent::Audio(chunk)))) => {
            write!(f, "Tts({ticket}) {}", sound(chunk, ledger))
        }
        Input::Avatar(ticket, Some(Ok(AvatarEvent::Audio(chunk)))) => {
            write!(f, "Avatar({ticket}) {}", sound(chunk, ledger))
        }
        Input::Avatar(ticket, Some(Ok(AvatarEvent::Frame(frame)))) => {
            write!(f, "Avatar({ticket}) {}", picture(frame))
        }
        other => write!(f, "{other:?}"),
    })
}

/// An output, its media in short.
pub(super) fn output(output: &Output, ledger: &Ledger) -> impl Display {
    from_fn(move |f| match output {
        Output::Emit(turn, ServerEvent::Audio(chunk)) => {
            write!(f, "Emit({turn:?}) {}", sound(chunk, ledger))
        }
        Output::Emit(turn, ServerEvent::Video(frame)) => {
            write!(f, "Emit({turn:?}) {}", picture(frame))
        }
        Output::Avatar(AvatarInput::Audio(chunk)) => {
            write!(f, "Avatar {}", sound(chunk, ledger))
        }
        other => write!(f, "{other:?}"),
    })
}

fn sound(chunk: &AudioChunk, ledger: &Ledger) -> impl Display {
    from_fn(move |f| {
        write!(f, "sound {}..{}:", chunk.at, chunk.end())?;
        for (number, samples) in runs(&chunk.pcm) {
            match ledger.look_up(number) {
                Some((_, spoken)) => {
                    let word = spoken.words.first().map(ToString::to_string);
                    write!(f, " {}*{samples}", word.unwrap_or_default())?;
                }
                None => write!(f, " #{number}*{samples}")?,
            }
        }
        Ok(())
    })
}

fn picture(frame: &VideoFrame) -> impl Display {
    from_fn(move |f| {
        let key = if frame.keyframe { ", key" } else { "" };
        write!(
            f,
            "{:?} {}..{}{key}",
            Picture::read(&frame.data),
            frame.at,
            frame.end()
        )
    })
}
