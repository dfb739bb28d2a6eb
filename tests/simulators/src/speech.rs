//! What the doubles of voices say: real speech, by the embedded voice, with the times of its words.

mod resample;

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, OnceLock, PoisonError, mpsc};
use tth_sdk::tts::Event;
use tts_embedded::{Expression, SAMPLE_RATE, Voice};

/// The texts that are remembered.
const REMEMBERED: usize = 256;
/// Samples of silence where there is nothing to say: 40 ms.
const NOTHING: usize = 960;

/// A stretch of the text and when it sounds, from the start of the speech.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spoken {
    /// A word, with what stands around it; all of them together are the text.
    pub text: String,
    /// When it begins, in microseconds.
    pub start_us: u64,
    /// How long it sounds, in microseconds.
    pub duration_us: u64,
}

/// A text, spoken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Speech {
    /// Mono samples at 24 kHz.
    pub pcm: Vec<i16>,
    /// Its words.
    pub words: Vec<Spoken>,
}

type Memory = HashMap<String, Arc<OnceLock<Arc<Speech>>>>;

impl Speech {
    /// This text, spoken; short silence where nothing of it can be. Takes about a tenth of the time
    /// that it lasts, the first time: not for a thread that others wait for.
    pub fn of(text: &str) -> Arc<Speech> {
        static MEMORY: LazyLock<Mutex<Memory>> = LazyLock::new(Mutex::default);
        let slot = {
            let mut memory = MEMORY.lock().unwrap_or_else(PoisonError::into_inner);
            if memory.len() >= REMEMBERED && !memory.contains_key(text) {
                memory.clear();
            }
            memory.entry(text.to_owned()).or_default().clone()
        };
        slot.get_or_init(|| Arc::new(order(text))).clone()
    }

    /// The same for a task.
    pub(crate) async fn spoken(text: &str) -> Arc<Speech> {
        let text = text.to_owned();
        let speaking = tokio::task::spawn_blocking(move || Speech::of(&text)).await;
        speaking.unwrap_or_default()
    }

    /// How long it lasts, in microseconds.
    pub fn duration_us(&self) -> u64 {
        self.pcm.len() as u64 * 1_000_000 / u64::from(SAMPLE_RATE)
    }

    /// The samples at another rate; the same time.
    pub fn at_rate(&self, hz: u32) -> Vec<i16> {
        resample::resample(&self.pcm, SAMPLE_RATE, hz)
    }

    /// The samples at a rate as signed 16-bit little-endian bytes.
    pub fn bytes(&self, hz: u32) -> Vec<u8> {
        let samples = self.at_rate(hz);
        samples.iter().flat_map(|one| one.to_le_bytes()).collect()
    }

    /// Every character of the text, when it begins and how long it sounds, in microseconds: a word's
    /// time is shared among its characters.
    pub fn characters(&self) -> Vec<(char, u64, u64)> {
        let mut all = Vec::new();
        for word in &self.words {
            let count = word.text.chars().count() as u64;
            let edge = |index: u64| word.start_us + word.duration_us * index / count.max(1);
            for (character, index) in word.text.chars().zip(0u64..) {
                all.push((character, edge(index), edge(index + 1) - edge(index)));
            }
        }
        all
    }
}

/// A text for the voice, and where its speech goes.
type Order = (String, mpsc::Sender<Speech>);

/// The way to the one voice of all doubles. It has a thread of its own, which it cannot leave.
fn speaker() -> mpsc::Sender<Order> {
    static SPEAKER: LazyLock<Mutex<mpsc::Sender<Order>>> = LazyLock::new(|| {
        let (orders, to_do) = mpsc::channel::<Order>();
        std::thread::spawn(move || {
            let voice = Voice::load(1);
            if let Err(cause) = &voice {
                eprintln!("the doubles' voices are silent: {cause}");
            }
            for (text, speech) in to_do {
                // Whoever ordered it may have gone.
                let _sent = speech.send(speak(voice.as_ref().ok(), &text));
            }
        });
        Mutex::new(orders)
    });
    let speaker = SPEAKER.lock().unwrap_or_else(PoisonError::into_inner);
    speaker.clone()
}

fn order(text: &str) -> Speech {
    let (speech, spoken) = mpsc::channel();
    let ordered = speaker().send((text.to_owned(), speech));
    let spoken = ordered.ok().and_then(|()| spoken.recv().ok());
    // The thread is gone only after a panic, which was printed.
    spoken.unwrap_or_else(|| finish(text, Vec::new(), &[]))
}

fn speak(voice: Option<&Voice>, text: &str) -> Speech {
    let mut pcm = Vec::new();
    let mut marks = Vec::new();
    if let Some(voice) = voice {
        let mut progress = voice.start();
        let mut utterance = voice.utterance(text, &Expression::default(), &mut progress);
        while let Ok(Some(events)) = utterance.step() {
            for event in events {
                match event {
                    Event::Audio(chunk) => {
                        let (pairs, _odd) = chunk.pcm.as_chunks::<2>();
                        pcm.extend(pairs.iter().map(|pair| i16::from_le_bytes(*pair)));
                    }
                    Event::TextMark(mark) => {
                        marks.push((mark.text, mark.at, u64::from(mark.duration_us)));
                    }
                    Event::Viseme(_) | Event::UtteranceEnd(_) => {}
                }
            }
        }
    }
    finish(text, pcm, &marks)
}

fn finish(text: &str, mut pcm: Vec<i16>, marks: &[(String, u64, u64)]) -> Speech {
    if pcm.is_empty() {
        pcm.resize(NOTHING, 0);
    }
    let mut speech = Speech {
        pcm,
        words: Vec::new(),
    };
    speech.words = words(text, marks, speech.duration_us());
    speech
}

/// The marks, each with what stands between it and the next one, so that they are the text.
fn words(text: &str, marks: &[(String, u64, u64)], length: u64) -> Vec<Spoken> {
    // Where each mark's word begins; what is not found again belongs to the one before.
    let mut found = Vec::new();
    let mut from = 0;
    for (word, at, duration) in marks {
        let place = text.get(from..).and_then(|rest| rest.find(word.as_str()));
        if let Some(place) = place {
            found.push((from + place, *at, *duration));
            from += place + word.len();
        }
    }
    if let Some(first) = found.first_mut() {
        first.0 = 0;
    } else if !text.is_empty() {
        found.push((0, 0, length));
    }
    let ends = found.iter().skip(1).map(|one| one.0).chain([text.len()]);
    let ends: Vec<usize> = ends.collect();
    let word = |((start, at, duration), end): (&(usize, u64, u64), usize)| {
        let start_us = (*at).min(length);
        Spoken {
            text: text.get(*start..end).unwrap_or_default().to_owned(),
            start_us,
            duration_us: (*duration).min(length - start_us),
        }
    };
    found.iter().zip(ends).map(word).collect()
}

#[cfg(test)]
mod tests;
