//! The sound of a vendor's voice as the events of a voice: the call's timeline, and lips for it.
//!
//! A [`Track`] is given each utterance's text and the bytes of its sound as they come, and gives
//! audio with the visemes and text marks that belong to it. A voice that tells when its characters
//! sound has them from these times ([`Track::begin_timed`]); for any other the text is laid along
//! the sound by its loudness ([`Track::begin`]).

mod aligner;
mod energy;
pub mod letters;
#[cfg(feature = "http")]
pub mod requests;
mod resample;
mod split;
mod timed;
mod words;

use crate::tts::Event;
use crate::{AudioChunk, AudioFormat, TextMark, Viseme, VisemeMark};
use aligner::{Aligner, Mark, Pace};
use energy::{FRAMES, Gate};
use resample::Resampler;
pub use split::split;
pub use timed::Character;
use timed::Timed;
use words::Script;

/// Frames of one chunk of audio: 40 ms.
const CHUNK: usize = 4;

/// One call of a voice that speaks mono, signed 16-bit little-endian.
#[derive(Debug)]
pub struct Track {
    rate: u32,
    /// Samples of the call that were given out.
    samples: u64,
    /// Where the utterance begins.
    start: u64,
    pace: Pace,
    script: Script,
    gate: Gate,
    aligner: Aligner,
    timed: Option<Timed>,
    /// Where the voice has another rate than the track.
    resampler: Option<Resampler>,
    /// Sound that was not given out yet, from the place `samples`; may end with half a sample.
    held: Vec<u8>,
    /// Frames of it that the gate has heard.
    heard: usize,
    /// Marks for it.
    marks: Vec<Mark>,
}

impl Track {
    /// The start of a call at that many samples a second.
    pub fn new(sample_rate: u32) -> Self {
        Track {
            // At least one sample a frame.
            rate: sample_rate.max(FRAMES),
            samples: 0,
            start: 0,
            pace: Pace::default(),
            script: Script::default(),
            gate: Gate::default(),
            aligner: Aligner::default(),
            timed: None,
            resampler: None,
            held: Vec::new(),
            heard: 0,
            marks: Vec::new(),
        }
    }

    /// As [`Track::new`], for a voice that gives its sound at another rate.
    pub fn resampled(from: u32, sample_rate: u32) -> Self {
        Track {
            resampler: (from != sample_rate).then(|| Resampler::new(from, sample_rate)),
            ..Track::new(sample_rate)
        }
    }

    /// How fast the voice was asked to speak from the next utterance on; 1 is its own pace.
    pub fn pace(&mut self, asked: f64) {
        if asked.is_finite() {
            self.pace.asked = asked.clamp(0.1, 10.0) as f32;
        }
    }

    /// The next utterance begins. [`Track::end`] must have ended the one before.
    pub fn begin(&mut self, text: &str) {
        self.start = self.samples;
        self.script = Script::new(text);
        self.gate = Gate::default();
        self.aligner = Aligner::default();
        self.timed = None;
        self.held.clear();
        self.marks.clear();
        self.heard = 0;
    }

    /// As [`Track::begin`], for a voice that tells when its characters sound. Sound that comes
    /// before any [`Track::characters`] is treated as that of one which does not.
    pub fn begin_timed(&mut self, text: &str) {
        self.begin(text);
        self.timed = Some(Timed::default());
    }

    /// When characters of the utterance sound; before their sound is given. Times count from the
    /// utterance's first sample; what cannot be true is made to fit.
    pub fn characters(&mut self, characters: &[Character]) -> Vec<Event> {
        let mut events = Vec::new();
        let Some(mut timed) = self.timed.take() else {
            return events;
        };
        if !timed.told() && !characters.is_empty() {
            // From here on the voice tells.
            self.listen_to_end();
            self.aligner.release(&mut self.marks);
            self.flush(true, &mut events);
            timed = Timed::after(
                self.micros(self.samples - self.start),
                self.aligner.marked(),
            );
        }
        let from = self.micros(self.samples - self.start);
        let marks = timed.characters(characters, &self.script, from);
        self.timed = Some(timed);
        events.extend(marks.into_iter().map(|mark| self.timed_mark(mark)));
        events
    }

    /// The next bytes of the utterance's sound: the events that can be told by now.
    pub fn audio(&mut self, bytes: &[u8]) -> Vec<Event> {
        match &mut self.resampler {
            Some(resampler) => self.held.extend(resampler.feed(bytes)),
            None => self.held.extend_from_slice(bytes),
        }
        let mut events = Vec::new();
        if self.timed.as_ref().is_some_and(Timed::told) {
            let chunks = self.held.len() / (self.frame() * CHUNK);
            self.send(chunks * CHUNK, &mut events);
        } else {
            self.listen();
            self.flush(false, &mut events);
        }
        events
    }

    /// A stretch of the utterance's sound ends here, and another one, which begins with a whole
    /// sample, may follow.
    pub fn part_ends(&mut self) {
        self.held.truncate(self.held.len() / 2 * 2);
        if let Some(resampler) = &mut self.resampler {
            self.held.extend(resampler.end());
        }
    }

    /// Seconds of sound that the utterance has had so far.
    pub fn seconds(&self) -> f64 {
        let samples = self.samples - self.start + self.held.len() as u64 / 2;
        samples as f64 / f64::from(self.rate)
    }

    /// The utterance is over: the rest of its sound and marks, and its end. `index` is its number in
    /// the call, from 0.
    pub fn end(&mut self, index: u32) -> Vec<Event> {
        self.part_ends();
        // Of the last stretch some is not heard yet.
        let mut events = self.audio(&[]);
        match self.timed.take() {
            Some(mut timed) if timed.told() => {
                let given = self.samples - self.start;
                let whole = given + self.held.len() as u64 / 2;
                let marks = timed.end(&self.script, self.micros(given), self.micros(whole));
                events.extend(marks.into_iter().map(|mark| self.timed_mark(mark)));
                self.send_rest(&mut events);
            }
            _ => {
                self.listen_to_end();
                let mut pace = self.pace;
                self.aligner.end(&self.script, &mut pace, &mut self.marks);
                self.pace = pace;
                self.flush(true, &mut events);
            }
        }
        events.push(Event::UtteranceEnd(index));
        self.begin("");
        events
    }

    /// Bytes of a frame.
    fn frame(&self) -> usize {
        (self.rate / FRAMES) as usize * 2
    }

    fn micros(&self, samples: u64) -> u64 {
        samples * 1_000_000 / u64::from(self.rate)
    }

    /// Hear the whole frames that are held.
    fn listen(&mut self) {
        let frame = self.frame();
        let skip = self.heard * frame;
        let fresh = self.held.get(skip..).unwrap_or_default();
        let mut count = 0;
        for pcm in fresh.chunks_exact(frame) {
            count += 1;
            for heard in self.gate.feed(energy::rms(pcm)) {
                self.aligner
                    .frame(heard, &self.script, self.pace, &mut self.marks);
            }
        }
        self.heard += count;
    }

    fn listen_to_end(&mut self) {
        for heard in self.gate.end() {
            self.aligner
                .frame(heard, &self.script, self.pace, &mut self.marks);
        }
    }

    /// Give out the sound of which everything is told; with `all` whatever is held.
    fn flush(&mut self, all: bool, events: &mut Vec<Event>) {
        let sent = (self.samples - self.start) as usize * 2 / self.frame();
        let ready = self.aligner.told().saturating_sub(sent).min(self.heard);
        if !all && ready < CHUNK {
            return;
        }
        for mark in std::mem::take(&mut self.marks) {
            events.push(self.mark(mark));
        }
        match all {
            true => self.send_rest(events),
            false => self.send(ready, events),
        }
    }

    /// Give out so many frames.
    fn send(&mut self, frames: usize, events: &mut Vec<Event>) {
        let bytes = (frames * self.frame()).min(self.held.len());
        let rest = self.held.split_off(bytes);
        let sound = std::mem::replace(&mut self.held, rest);
        self.heard = self.heard.saturating_sub(frames);
        self.cut(&sound, events);
    }

    /// Give out everything but half a sample.
    fn send_rest(&mut self, events: &mut Vec<Event>) {
        let whole = self.held.len() / 2 * 2;
        let rest = self.held.split_off(whole);
        let sound = std::mem::replace(&mut self.held, rest);
        self.heard = 0;
        self.cut(&sound, events);
    }

    fn cut(&mut self, sound: &[u8], events: &mut Vec<Event>) {
        for pcm in sound.chunks(self.frame() * CHUNK) {
            events.push(Event::Audio(AudioChunk {
                at: self.micros(self.samples),
                format: AudioFormat {
                    sample_rate: self.rate,
                    channels: 1,
                },
                pcm: pcm.to_vec(),
            }));
            self.samples += pcm.len() as u64 / 2;
        }
    }

    fn mark(&self, mark: Mark) -> Event {
        let at = |frame: usize| {
            let samples = frame as u64 * self.frame() as u64 / 2;
            self.micros(self.start + samples)
        };
        match mark {
            Mark::Shape {
                from,
                to,
                shape,
                weight,
            } => viseme(at(from), at(to), shape, weight),
            Mark::Word {
                at: from,
                frames,
                word,
            } => {
                let us = f64::from(frames) * 1_000_000.0 / f64::from(FRAMES);
                self.word(at(from), us as u64, word)
            }
        }
    }

    fn timed_mark(&self, mark: timed::Mark) -> Event {
        let start = self.micros(self.start);
        match mark {
            timed::Mark::Shape {
                from,
                to,
                shape,
                weight,
            } => viseme(start + from, start + to, shape, weight),
            timed::Mark::Word {
                at,
                duration_us,
                word,
            } => self.word(start + at, duration_us, word),
        }
    }

    fn word(&self, at: u64, duration_us: u64, word: usize) -> Event {
        Event::TextMark(TextMark {
            at,
            duration_us: u32::try_from(duration_us).unwrap_or(u32::MAX),
            text: self.script.word(word).to_owned(),
        })
    }
}

fn viseme(from: u64, to: u64, shape: Viseme, weight: f32) -> Event {
    Event::Viseme(VisemeMark {
        at: from,
        duration_us: u32::try_from(to.saturating_sub(from)).unwrap_or(u32::MAX),
        shape,
        weight,
    })
}

#[cfg(test)]
mod tests;
