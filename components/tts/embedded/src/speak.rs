//! An utterance to events, one window of frames at a time.
//!
//! The text is split at sentence ends, and the first piece at its first clause mark, so that its
//! prosody is quick. A piece's visemes and text marks are known before any of its sound and are
//! given out first. Then 24 frames are decoded, so that sound starts soon, and 48 at a time after
//! that.

mod durations;
mod pieces;
mod sound;
mod timing;

use crate::assets;
use crate::decoder::{Decoder, Weights};
use crate::expression::{Expression, Style};
use crate::net::{Net, NetError, Prosody};
use crate::text::{LoadError, Reader, Script, SourceWord, Spoken};
use crate::vocoder::{HOP, Noise, Synthesis};
use sound::Sound;
use std::collections::{HashMap, VecDeque};
use std::ops::Range;
use tth_sdk::tts::Event;
use tth_sdk::{AudioChunk, AudioFormat, TextMark, Viseme, VisemeMark};

/// Samples per second, mono.
pub const SAMPLE_RATE: u32 = 24_000;
/// Frames of the first window of a call: sound starts after it.
const FIRST_WINDOW: usize = 24;
/// Frames of all others: 0.6 s of sound, which is also how long a cancelled call goes on at most,
/// at the speed of the decoder.
const WINDOW: usize = 48;
/// Samples of a chunk: 100 ms.
const CHUNK: usize = 2_400;
/// Frames of silence kept before the first sound and after the last.
const MARGIN: (usize, usize) = (2, 5);
/// A piece is at least this long: shorter ones have no whole window.
const SHORTEST: usize = 8;
/// Sound of an utterance that has nothing to say.
const NOTHING_MS: u64 = 40;

/// The loaded voice.
pub struct Voice {
    reader: Reader,
    net: Net,
    weights: Weights,
    ids: HashMap<char, i32>,
    synthesis: Synthesis,
    noise: Noise,
}

/// Where a call has come to on its timeline; one for each call.
pub struct Progress {
    samples: u64,
    /// Silence due before more speech, in samples at normal rate.
    pause: u64,
    noise: Noise,
}

/// Why the voice could not go on.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct SpeakError(#[from] NetError);

impl Voice {
    /// Loads the nets and tables that are built into the component.
    ///
    /// # Errors
    /// They are not the pinned ones.
    pub fn load(seed: u64) -> Result<Self, LoadError> {
        Ok(Voice {
            reader: Reader::load()?,
            net: Net::load(assets::PROSODY_NET)?,
            weights: Weights::load(assets::DECODER)?,
            ids: serde_json::from_str(assets::PHONEME_IDS)?,
            synthesis: Synthesis::new(),
            noise: Noise::new(seed),
        })
    }

    /// The start of a call.
    pub fn start(&self) -> Progress {
        Progress {
            samples: 0,
            pause: 0,
            noise: self.noise.clone(),
        }
    }

    /// Begins an utterance; any text is accepted.
    pub fn utterance<'a>(
        &'a self,
        text: &'a str,
        expression: &Expression,
        progress: &'a mut Progress,
    ) -> Utterance<'a> {
        Utterance {
            voice: self,
            text,
            script: Script::new(text),
            style: expression.style(),
            progress,
            pieces: VecDeque::new(),
            sources: Vec::new(),
            marked: 0,
            playing: None,
            spoke: false,
        }
    }

    /// The phonemes of a text, as they are given to the net.
    pub fn phonemes(&self, text: &str) -> String {
        let mut script = Script::new(text);
        let mut out = String::new();
        while let Some(sentence) = script.sentence(|w| self.reader.abbreviates(w)) {
            for unit in self.reader.read(&sentence.words) {
                out.push_str(&unit.phonemes);
                if unit.space {
                    out.push(' ');
                }
            }
        }
        out.trim_end().to_owned()
    }
}

impl Progress {
    fn now(&self) -> u64 {
        micros(self.samples)
    }

    /// Chunks of sound from here on.
    fn audio(&mut self, samples: &[i16], events: &mut Vec<Event>) {
        for chunk in samples.chunks(CHUNK) {
            events.push(Event::Audio(AudioChunk {
                at: self.now(),
                format: AudioFormat {
                    sample_rate: SAMPLE_RATE,
                    channels: 1,
                },
                pcm: chunk.iter().flat_map(|s| s.to_le_bytes()).collect(),
            }));
            self.samples += chunk.len() as u64;
        }
    }

    fn silence(&mut self, samples: u64, events: &mut Vec<Event>) {
        if samples == 0 {
            return;
        }
        events.push(Event::Viseme(VisemeMark {
            at: self.now(),
            duration_us: u32::try_from(micros(samples)).unwrap_or(u32::MAX),
            shape: Viseme::Sil,
            weight: 1.0,
        }));
        let length = usize::try_from(samples).unwrap_or(0);
        self.audio(&vec![0; length], events);
    }
}

fn micros(samples: u64) -> u64 {
    samples * 1_000_000 / u64::from(SAMPLE_RATE)
}

/// An utterance being spoken.
pub struct Utterance<'a> {
    voice: &'a Voice,
    text: &'a str,
    script: Script<'a>,
    style: Style,
    progress: &'a mut Progress,
    /// Pieces of the sentence that are still to come.
    pieces: VecDeque<Vec<Spoken>>,
    /// Source words of the sentence, and how many of them have their marks.
    sources: Vec<SourceWord>,
    marked: usize,
    playing: Option<Playing>,
    spoke: bool,
}

/// A piece being decoded.
struct Playing {
    prosody: Prosody,
    decoder: Decoder,
    sound: Sound,
    frames: Range<usize>,
    /// Pause that its last mark asks for, in milliseconds at normal rate.
    pause_ms: u64,
}

impl Utterance<'_> {
    /// Does the next bit of work; nothing once the utterance is spoken. A step takes as long as
    /// one window of the decoder: let others have their turn between.
    ///
    /// # Errors
    /// The net failed, which no text should bring about.
    pub fn step(&mut self) -> Result<Option<Vec<Event>>, SpeakError> {
        let mut events = Vec::new();
        if let Some(playing) = self.playing.take() {
            self.play(playing, &mut events);
        } else if let Some(piece) = self.pieces.pop_front() {
            self.begin(&piece, &mut events)?;
        } else if let Some(sentence) = self.script.sentence(|w| self.voice.reader.abbreviates(w)) {
            let spoken = self.voice.reader.read(&sentence.words);
            self.mark_rest(&mut events);
            self.sources = sentence.sources;
            self.marked = 0;
            self.pieces = pieces::cut(spoken, self.progress.samples == 0).into();
        } else {
            self.mark_rest(&mut events);
            if self.spoke {
                return Ok((!events.is_empty()).then_some(events));
            }
            self.spoke = true;
            let samples = NOTHING_MS * u64::from(SAMPLE_RATE) / 1000;
            self.progress.silence(samples, &mut events);
        }
        Ok(Some(events))
    }

    /// Prosody of a piece, and its marks.
    fn begin(&mut self, piece: &[Spoken], events: &mut Vec<Event>) -> Result<(), SpeakError> {
        let known = |c: char| self.voice.ids.contains_key(&c);
        let given = timing::given(piece, known);
        if !given.iter().any(|g| g.phoneme.is_alphabetic()) {
            return Ok(());
        }
        let edge = std::iter::once(0);
        let inner = given
            .iter()
            .filter_map(|g| self.voice.ids.get(&g.phoneme).copied());
        let ids: Vec<i32> = edge.clone().chain(inner).chain(edge).collect();
        let encoded = self.voice.net.encode(&ids)?;
        let slots = durations::at_rate(&encoded.durations, self.style.rate);
        let mut prosody = self.voice.net.prosody(&encoded, &slots)?;
        let Some(frames) = heard(&prosody.loudness) else {
            return Ok(());
        };

        let pause = std::mem::take(&mut self.progress.pause);
        self.progress.silence(pause, events);
        let timing = timing::time(&given, &slots, &prosody.loudness, frames.clone());
        self.marks(&timing, frames.start, events);

        self.style.apply(&mut prosody);
        let pitch = prosody.f0.get(frames.clone()).unwrap_or_default().to_vec();
        let noise = self.progress.noise.clone();
        self.playing = Some(Playing {
            sound: Sound::new(&self.voice.synthesis, pitch, &self.style, noise),
            decoder: Decoder::new(frames.start),
            frames,
            pause_ms: pause_after(piece),
            prosody,
        });
        Ok(())
    }

    /// Visemes and word marks of a piece that begins now.
    fn marks(&mut self, timing: &timing::Timing, first_frame: usize, events: &mut Vec<Event>) {
        let start = self.progress.now();
        let samples = HOP as f32 / self.style.warp;
        let at = |frame: f32| -> u64 {
            let samples = (frame - first_frame as f32).max(0.0) * samples;
            start + micros(samples.round() as u64)
        };
        let length = |from: f32, to: f32| u32::try_from(at(to) - at(from)).unwrap_or(u32::MAX);
        for shape in &timing.shapes {
            events.push(Event::Viseme(VisemeMark {
                at: at(shape.from),
                duration_us: length(shape.from, shape.to),
                shape: shape.viseme,
                weight: shape.weight,
            }));
        }
        for word in &timing.words {
            // words without a sound of their own are passed over in no time
            self.mark(word.source.start, at(word.from), 0, true, events);
            let duration = length(word.from, word.to);
            self.mark(word.source.end, at(word.from), duration, false, events);
        }
    }

    /// Marks the source words up to `end`: one by one, or as one stretch.
    fn mark(&mut self, end: usize, at: u64, duration_us: u32, each: bool, events: &mut Vec<Event>) {
        while self.marked < end.min(self.sources.len()) {
            let to = if each { self.marked + 1 } else { end };
            let words = self.sources.get(self.marked..to).unwrap_or_default();
            if let (Some(first), Some(last)) = (words.first(), words.last()) {
                let text = self.text.get(first.start..last.end).unwrap_or_default();
                let text = text.trim().to_owned();
                // nothing new where a word that was marked before goes on
                if !text.is_empty() {
                    events.push(Event::TextMark(TextMark {
                        at,
                        duration_us,
                        text,
                    }));
                }
            }
            self.marked = to;
        }
    }

    /// Marks what is left of the sentence once all of it has been said.
    fn mark_rest(&mut self, events: &mut Vec<Event>) {
        let now = self.progress.now();
        self.mark(self.sources.len(), now, 0, true, events);
    }

    /// Decodes the next window of a piece.
    fn play(&mut self, mut playing: Playing, events: &mut Vec<Event>) {
        let start = playing.frames.start;
        let soon = self.progress.samples == 0;
        let window = if soon { FIRST_WINDOW } else { WINDOW };
        let end = (start + window).min(playing.frames.end);
        let planes = playing
            .decoder
            .decode(&self.voice.weights, &playing.prosody, start..end);
        let samples =
            playing
                .sound
                .render(&self.voice.synthesis, &planes, end == playing.frames.end);
        self.progress.audio(&samples, events);
        playing.frames.start = end;
        if end < playing.frames.end {
            self.playing = Some(playing);
        } else {
            self.spoke = true;
            let rate = f64::from(self.style.rate * self.style.warp);
            let pause = playing.pause_ms as f64 / rate * f64::from(SAMPLE_RATE) / 1000.0;
            self.progress.pause = pause as u64;
            self.progress.noise = playing.sound.into_noise();
        }
    }
}

/// The frames worth hearing: from just before the first sound to just after the last.
fn heard(loudness: &[f32]) -> Option<Range<usize>> {
    let loud = |l: &f32| *l > 0.0;
    let first = loudness.iter().position(loud)?.saturating_sub(MARGIN.0);
    let last = (loudness.iter().rposition(loud)? + 1 + MARGIN.1).min(loudness.len());
    (last - first >= SHORTEST).then_some(first..last)
}

/// The pause a piece's last mark asks for before more speech, beyond the silence it keeps.
fn pause_after(piece: &[Spoken]) -> u64 {
    let marks = piece
        .iter()
        .rev()
        .flat_map(|unit| unit.phonemes.chars().rev());
    let mark = marks
        .take_while(|c| !c.is_alphabetic())
        .find(|c| !"”“()\" ".contains(*c));
    match mark {
        Some('.' | '!' | '?') => 320,
        Some('…' | '—') => 260,
        Some(';' | ':') => 200,
        Some(',') => 130,
        _ => 30,
    }
}

#[cfg(test)]
mod tests;
