//! The voice: every word sounds for a while, in samples that tell which word it is.

use crate::call::Call;
use crate::fault::Fault;
use crate::plan::Plan;
use crate::tag::{Ledger, Spoken, sound, words};
use bytes::Bytes;
use tth_core::media::{AudioChunk, Micros, TextMark, Viseme, VisemeMark};
use tth_core::provider::TtsEvent;

/// Samples of a crumb.
const CRUMB: usize = 1;
/// Words of an utterance that sound in crumbs; more would only take time.
const CRUMBLED: usize = 1;

/// The state of a voice's call.
#[derive(Debug, Default)]
pub struct Voice {
    /// The turn it was opened for.
    pub turn: String,
    /// Samples and chunks so far.
    samples: usize,
    chunks: u64,
    /// Utterances so far.
    pub utterances: u32,
    /// It was told that no more will come.
    pub told_end: bool,
}

/// A word of an utterance: its number in the samples, its text, where it begins and how long it is,
/// in samples.
struct Part<'a> {
    number: u16,
    text: &'a str,
    from: usize,
    samples: usize,
}

impl Voice {
    /// A call for a turn.
    pub fn new(turn: String) -> Self {
        Voice {
            turn,
            ..Voice::default()
        }
    }

    /// Have the call speak an utterance.
    pub fn speak(
        &mut self,
        call: &mut Call<TtsEvent>,
        plan: &Plan,
        ledger: &mut Ledger,
        text: &str,
        now: Micros,
    ) {
        let parts = self.lay_out(call, plan, ledger, text);
        let mut ready = call.free_at.max(now) + plan.voice_first_us;
        let late = call.fault == Some(Fault::LateMarks);
        if plan.marks_ahead && !late {
            for part in &parts {
                self.mark(call, plan, part, ready);
            }
        }
        let mut parts_left = parts.iter().peekable();
        for pcm in self.cut(call, plan, &parts) {
            let samples = pcm.len() / 2;
            let end = self.samples + samples;
            let mut behind = Vec::new();
            while let Some(part) = parts_left.next_if(|part| part.from < end) {
                match (plan.marks_ahead, late) {
                    (_, true) => behind.push(part),
                    (false, _) => self.mark(call, plan, part, ready),
                    (true, _) => {}
                }
            }
            self.chunk(call, plan, pcm, ready);
            for part in behind {
                self.mark(call, plan, part, ready);
            }
            ready += plan.format.duration_us(samples * 2) * plan.voice_pace / 1_000;
        }
        let end = match call.fault {
            Some(Fault::NoEnds | Fault::Endless) => None,
            Some(Fault::WrongEnds) => Some(self.utterances.wrapping_mul(7) ^ 3),
            _ => Some(self.utterances),
        };
        if let Some(index) = end {
            call.say(ready, TtsEvent::UtteranceEnd(index));
        }
        if call.fault == Some(Fault::TalksOn) {
            let pcm = Bytes::from(vec![0; samples(plan, 300_000) * 2]);
            self.chunk(call, plan, pcm, ready);
        }
        self.utterances += 1;
        call.free_at = ready;
    }

    /// More of a sound without end.
    pub fn go_on(&mut self, call: &mut Call<TtsEvent>, plan: &Plan, now: Micros) {
        let pcm = Bytes::from(vec![0; samples(plan, plan.chunk_us) * 2]);
        let ready = now + plan.chunk_us * plan.voice_pace / 1_000;
        self.chunk(call, plan, pcm, ready);
        call.free_at = ready;
    }

    fn lay_out<'a>(
        &self,
        call: &Call<TtsEvent>,
        plan: &Plan,
        ledger: &mut Ledger,
        text: &'a str,
    ) -> Vec<Part<'a>> {
        let mut from = self.samples;
        let mut parts = Vec::new();
        for text in text.split_whitespace() {
            let letters = text.chars().count().min(16) as u64;
            let samples = samples(plan, 40_000 + letters * 6_000);
            let number = match ledger.has_room(1) {
                true => ledger.enter(Spoken {
                    words: words(text),
                    turn: self.turn.clone(),
                    call: call.number,
                    utterance: self.utterances,
                    duration_us: plan.format.duration_us(samples * 2),
                    stale: false,
                }),
                false => 0,
            };
            parts.push(Part {
                number,
                text,
                from,
                samples,
            });
            from += samples;
        }
        parts
    }

    /// The sound in chunks.
    fn cut(&self, call: &Call<TtsEvent>, plan: &Plan, parts: &[Part<'_>]) -> Vec<Bytes> {
        let parts_of_it: Vec<_> = parts
            .iter()
            .map(|part| sound(part.number, part.samples))
            .collect();
        let whole = Bytes::from(parts_of_it.concat());
        let usual = samples(plan, plan.chunk_us) * 2;
        let mut crumbs = match call.fault {
            Some(Fault::Crumbs) => parts.iter().take(CRUMBLED).map(|part| part.samples).sum(),
            _ => 0,
        };
        let mut chunks = Vec::new();
        let mut at = 0;
        while at < whole.len() {
            let length = if crumbs > 0 { CRUMB * 2 } else { usual };
            crumbs = crumbs.saturating_sub(CRUMB);
            let end = (at + length).min(whole.len());
            chunks.push(whole.slice(at..end));
            at = end;
            if call.fault == Some(Fault::EmptyChunks) {
                chunks.push(Bytes::new());
            }
        }
        chunks
    }

    fn mark(&self, call: &mut Call<TtsEvent>, plan: &Plan, part: &Part<'_>, ready: Micros) {
        let mut at = plan.format.duration_us(part.from * 2);
        if let Some(Fault::SoundTimes(wrong)) = call.fault {
            at = wrong.bend(at, self.chunks);
        }
        let length = plan.format.duration_us(part.samples * 2);
        let duration_us = u32::try_from(length).unwrap_or(u32::MAX);
        if plan.marks {
            let (at, text) = match call.fault {
                Some(Fault::WrongMarks) if part.number.is_multiple_of(2) => (at * 3, part.text),
                Some(Fault::WrongMarks) => (at, "not in the text"),
                _ => (at, part.text),
            };
            let mark = TextMark {
                at,
                duration_us,
                text: text.into(),
            };
            call.say(ready, TtsEvent::TextMark(mark));
        }
        let mark = VisemeMark {
            at,
            duration_us,
            shape: Viseme::Aa,
            weight: 1.0,
        };
        call.say(ready, TtsEvent::Viseme(mark));
    }

    fn chunk(&mut self, call: &mut Call<TtsEvent>, plan: &Plan, pcm: Bytes, ready: Micros) {
        let mut at = plan.format.duration_us(self.samples * 2);
        if let Some(Fault::SoundTimes(wrong)) = call.fault {
            at = wrong.bend(at, self.chunks);
        }
        self.samples += pcm.len() / 2;
        self.chunks += 1;
        let chunk = AudioChunk {
            at,
            format: plan.format,
            pcm,
        };
        call.say(ready, TtsEvent::Audio(chunk));
    }
}

fn samples(plan: &Plan, length: Micros) -> usize {
    let samples = length * u64::from(plan.format.sample_rate) / 1_000_000;
    usize::try_from(samples).unwrap_or(0)
}
