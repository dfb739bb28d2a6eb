//! When what sounds: phoneme durations and the loudness curve to visemes and word marks.
//!
//! The durations are those of the net's alignment, which is not centred on the sound: inside
//! speech its labels come 45 ms late, and before a pause it stretches the last phoneme over most
//! of the silence. The loudness curve follows the sound without lag, so silences are taken from
//! it and cut out of the phonemes.
#![allow(
    clippy::indexing_slicing,
    reason = "indices come from positions in the same vectors"
)]

use crate::text::Spoken;
use crate::text::phonemes::{MAIN, SIDE, is_vowel};
use crate::visemes::{is_closure, leans_on_next, poses};
use std::ops::Range;
use tth_sdk::Viseme;

/// How late labels are inside speech: 45 ms in frames of 12.5 ms.
const LATE: f32 = 3.6;
/// Loudness below this is silence (about -50 dBFS).
const SILENT: f32 = 1.2;
/// Silences shorter than this (100 ms) are closures of consonants, not pauses.
const SHORTEST_PAUSE: usize = 8;
/// From silence to the loudest frames of the curve.
const LOUDNESS_SPAN: f32 = 7.0;

/// A shape of the mouth; times in frames.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Shape {
    pub(crate) viseme: Viseme,
    pub(crate) from: f32,
    pub(crate) to: f32,
    pub(crate) weight: f32,
}

/// When a stretch of source words sounds; times in frames.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct WordTime {
    pub(crate) source: Range<usize>,
    pub(crate) from: f32,
    pub(crate) to: f32,
}

/// The timing of one piece.
#[derive(Debug, Default)]
pub(crate) struct Timing {
    pub(crate) shapes: Vec<Shape>,
    pub(crate) words: Vec<WordTime>,
}

/// A sound with the time it takes.
struct Span {
    phoneme: char,
    stressed: bool,
    source: Range<usize>,
    from: f32,
    to: f32,
}

/// A phoneme as it was given to the net: what it is and which source words it belongs to.
pub(crate) struct Given {
    pub(crate) phoneme: char,
    pub(crate) source: Range<usize>,
}

/// The phonemes of a piece in order, of those that the voice knows.
pub(crate) fn given(piece: &[Spoken], known: impl Fn(char) -> bool) -> Vec<Given> {
    let mut all = Vec::new();
    for unit in piece {
        let space = unit.space.then_some(' ');
        for phoneme in unit.phonemes.chars().chain(space).filter(|c| known(*c)) {
            all.push(Given {
                phoneme,
                source: unit.source.clone(),
            });
        }
    }
    all
}

/// Times the phonemes. `slots`: durations with the edges; `loudness`: per frame; `heard`: the
/// frames that are rendered.
pub(crate) fn time(
    given: &[Given],
    slots: &[i32],
    loudness: &[f32],
    heard: Range<usize>,
) -> Timing {
    let pauses = pauses(loudness, &heard);
    let spans = fit(spans(given, slots), &pauses, &heard);
    let mut shapes: Vec<Shape> = Vec::new();
    for (i, span) in spans.iter().enumerate() {
        let next = spans
            .get(i + 1)
            .filter(|n| n.from - span.to < 0.5)
            .map(|n| n.phoneme);
        shape(span, next, loudness, &mut shapes);
    }
    shapes.extend(pauses.iter().map(|pause| Shape {
        viseme: Viseme::Sil,
        from: pause.start as f32,
        to: pause.end as f32,
        weight: 1.0,
    }));
    shapes.sort_by(|a, b| a.from.total_cmp(&b.from));
    Timing {
        shapes,
        words: words(&spans),
    }
}

/// Silences of at least [`SHORTEST_PAUSE`] frames, and what is silent at the two ends.
fn pauses(loudness: &[f32], heard: &Range<usize>) -> Vec<Range<usize>> {
    let mut pauses = Vec::new();
    let mut from = None;
    for frame in heard.start..=heard.end {
        let silent = frame < heard.end && loudness.get(frame).is_none_or(|l| *l < SILENT);
        match (from, silent) {
            (None, true) => from = Some(frame),
            (Some(start), false) => {
                let edge = start == heard.start || frame == heard.end;
                if edge || frame - start >= SHORTEST_PAUSE {
                    pauses.push(start..frame);
                }
                from = None;
            }
            _ => {}
        }
    }
    pauses
}

/// Sounds with the times of the alignment. A stress mark's slots go to the sound after it; those
/// of spaces and punctuation are halved between their neighbours.
fn spans(given: &[Given], slots: &[i32]) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    let frames = |slots: i32| slots as f32 * 2.0;
    let mut at = frames(slots.first().copied().unwrap_or(0));
    // start of the marks that belong to the coming sound, and of separators
    let (mut stress, mut gap) = (None, None);
    for (item, slots) in given.iter().zip(slots.iter().skip(1)) {
        let end = at + frames(*slots);
        let c = item.phoneme;
        if c == MAIN || c == SIDE {
            stress.get_or_insert(at);
        } else if c.is_alphabetic() {
            let stressed = stress.is_some();
            let mut from: f32 = stress.take().unwrap_or(at);
            if let Some(start) = gap.take() {
                let middle = f32::midpoint(start, from);
                if let Some(last) = spans.last_mut() {
                    last.to = middle;
                }
                from = middle;
            }
            spans.push(Span {
                phoneme: c,
                stressed,
                source: item.source.clone(),
                from,
                to: end,
            });
        } else {
            gap.get_or_insert(at);
        }
        at = end;
    }
    spans
}

/// Moves labels to where the sound is and cuts silences out.
fn fit(mut spans: Vec<Span>, pauses: &[Range<usize>], heard: &Range<usize>) -> Vec<Span> {
    for span in &mut spans {
        span.from -= LATE;
        span.to -= LATE;
    }
    let (first, last) = (heard.start as f32, heard.end as f32);
    if let Some(span) = spans.first_mut() {
        span.from = first;
    }
    if let Some(span) = spans.last_mut() {
        span.to = last;
    }
    for pause in pauses {
        let (from, to) = (pause.start as f32, pause.end as f32);
        let middle = f32::midpoint(from, to);
        // the two sounds that the pause parts
        let right = spans.partition_point(|s| f32::midpoint(s.from, s.to) < middle);
        for (i, span) in spans.iter_mut().enumerate() {
            if i < right {
                span.to = span.to.min(from);
                span.from = span.from.min(from);
            } else {
                span.from = span.from.max(to);
                span.to = span.to.max(to);
            }
        }
        if right > 0
            && let Some(left) = spans.get_mut(right - 1)
        {
            left.to = from;
        }
        if let Some(span) = spans.get_mut(right) {
            span.from = to;
        }
    }
    for span in &mut spans {
        span.from = span.from.clamp(first, last);
        span.to = span.to.clamp(span.from, last);
    }
    spans
}

fn shape(span: &Span, next: Option<char>, loudness: &[f32], out: &mut Vec<Shape>) {
    let phoneme = match next {
        Some(next) if leans_on_next(span.phoneme) => next,
        _ => span.phoneme,
    };
    let poses = poses(phoneme);
    let open = openness(loudness, span) * if span.stressed { 1.0 } else { 0.85 };
    let mut from = span.from;
    let whole: f32 = poses.iter().map(|(_, _, share)| share).sum();
    for (viseme, weight, share) in poses {
        let to = from + (span.to - span.from) * share / whole;
        let weight = if is_closure(*viseme) {
            *weight
        } else if is_vowel(phoneme) {
            weight * open
        } else {
            weight * f32::midpoint(open, 1.0)
        };
        if to > from {
            out.push(Shape {
                viseme: *viseme,
                from,
                to,
                weight: weight.clamp(0.05, 1.0),
            });
        }
        from = to;
    }
}

/// How far the mouth opens for the loudness of a sound, 0.35 to 1.
fn openness(loudness: &[f32], span: &Span) -> f32 {
    let range = (span.from.max(0.0) as usize)..(span.to.max(0.0) as usize + 1).min(loudness.len());
    let frames = loudness.get(range).unwrap_or_default();
    let peak = frames.iter().copied().fold(SILENT, f32::max);
    0.35 + 0.65 * ((peak - SILENT) / LOUDNESS_SPAN).clamp(0.0, 1.0)
}

/// Source words that share a sound become one stretch.
fn words(spans: &[Span]) -> Vec<WordTime> {
    let mut words: Vec<WordTime> = Vec::new();
    for span in spans {
        match words.last_mut() {
            Some(word) if span.source.start < word.source.end => {
                word.source.start = word.source.start.min(span.source.start);
                word.source.end = word.source.end.max(span.source.end);
                word.to = span.to;
            }
            _ => words.push(WordTime {
                source: span.source.clone(),
                from: span.from,
                to: span.to,
            }),
        }
    }
    words
}

#[cfg(test)]
mod tests;
