//! What the voice is given, and when.
//!
//! Complete utterances wait here until the voice needs them: a change of the controls takes hold
//! with the next utterance, so what is given too early is spoken as it was. The next one is given
//! when the voice has spoken what it was given and what is not yet heard of it grows short.
//!
//! Where the language model means something else from here on, its hint waits in the same queue:
//! utterances before it are given with the old parameters, those after it with the new.

use super::{State, TtsEvent};
use crate::controls::Emotion;
use crate::media::Micros;
use crate::provider::{AvatarInput, ErrorCode, ProviderError, Stage, TtsInput};
use crate::sentence::SentenceOptions;
use crate::session::turn::Turn;
use crate::session::{Output, Session};
use crate::text;

/// Sound ahead below which a voice is given its next utterance, whatever its budget says.
const LEAST_LEAD_US: Micros = 1_500_000;
/// Sound ahead above which it is never given one.
const MOST_LEAD_US: Micros = 4_000_000;
/// A voice that speaks an utterance for this long and is only just ahead is about as slow as its
/// speech: it is given the next utterance before it is through, lest there be a gap.
const SLOW_AFTER_US: Micros = 1_000_000;
/// What is only just ahead.
const SLOW_LEAD_US: Micros = 500_000;

/// What voices that like short utterances declare.
const CLAUSES: &str = "clauses";
/// The least length of their utterances, in characters.
const CLAUSE_CHARS: usize = 24;

/// What waits for the voice.
#[derive(Debug)]
pub(super) enum Said {
    /// An utterance, and whether the face has seen it already.
    Words(String, bool),
    /// How what follows is meant.
    Feel(Emotion),
}

impl Said {
    /// Whether it is something to speak.
    pub(super) fn words(&self) -> bool {
        matches!(self, Said::Words(..))
    }
}

/// Speech waits for the face's next frame this long at most.
const MOST_FRAME_WAIT_US: Micros = 250_000;

impl Session {
    /// How the answer is cut for the voice that serves.
    pub(super) fn cutting(&self) -> SentenceOptions {
        let voice = self.chain(Stage::Tts).get(self.serving(Stage::Tts));
        let wants = |voice: &crate::session::Candidate| {
            voice.info.features.iter().any(|feature| feature == CLAUSES)
        };
        SentenceOptions {
            min_clause_chars: match voice.is_some_and(wants) {
                true => CLAUSE_CHARS,
                false => usize::MAX,
            },
            ..SentenceOptions::default()
        }
    }

    pub(super) fn say(&mut self, utterance: String) {
        let Some(turn) = &mut self.turn else { return };
        if !turn.tts.over() && text::speakable(&utterance) {
            turn.queue.push_back(Said::Words(utterance, false));
        }
    }

    /// Sound ahead of the listener below which the voice is given its next utterance.
    fn utterance_lead(&self) -> Micros {
        let first_output = self.budget(Stage::Tts).first_output_us;
        first_output.clamp(LEAST_LEAD_US, MOST_LEAD_US)
    }

    /// Media time at which the voice will need its next utterance.
    pub(in crate::session) fn next_utterance_at(&self, turn: &Turn) -> Option<Micros> {
        let waits = turn.tts.fed() && !turn.queue.is_empty() && turn.line.unfinished() == 0;
        // What must be asked first waits for the answer to another question.
        let asks = self.stale(Stage::Tts) && self.layers.resolving();
        (waits && !asks && !self.layers.asked(Stage::Tts))
            .then(|| turn.line.placed_end().saturating_sub(self.utterance_lead()))
    }

    /// Whether the voice can do without its next utterance for now.
    fn voice_has_enough(&self, turn: &Turn, heard: Micros) -> bool {
        if !self.config.pacing.realtime {
            return false;
        }
        let ahead = turn.line.placed_end().saturating_sub(heard);
        match turn.line.unfinished() {
            0 => ahead > self.utterance_lead(),
            1 => {
                let long = |begun| heard.saturating_sub(begun) >= SLOW_AFTER_US;
                !turn.line.begun().is_some_and(long) || ahead >= SLOW_LEAD_US
            }
            _ => true,
        }
    }

    /// Give the voice what it needs by now.
    pub(in crate::session) fn feed_voice(&mut self, now: Micros) {
        let heard = self.clock.media(now);
        while let Some(turn) = self.turn.as_ref().filter(|turn| turn.tts.fed()) {
            if self.layers.asked(Stage::Tts) {
                // What is said next is said as the mapper is about to say.
                break;
            }
            if self.stale(Stage::Tts) {
                self.resolve(false);
                break;
            }
            match turn.queue.front() {
                None => {
                    if turn.answered && !turn.tts.told_end {
                        self.end_voice();
                    }
                    break;
                }
                // Until its first sound a voice may be replaced by another one, which is then given
                // the same again: what it was given must not have changed by then.
                Some(Said::Feel(_))
                    if turn.line.unfinished() > 0 && turn.tts.first_output.is_none() =>
                {
                    break;
                }
                Some(Said::Words(..)) if self.voice_has_enough(turn, heard) => break,
                Some(_) => self.give_next(),
            }
        }
        self.watch_voice(now);
    }

    fn give_next(&mut self) {
        let Some(turn) = &mut self.turn else { return };
        match turn.queue.pop_front() {
            Some(Said::Feel(emotion)) => {
                turn.cue = Some(emotion.clone());
                turn.meant = Some(emotion.clone());
                self.layers.hint(Stage::Tts, Some(emotion));
            }
            Some(Said::Words(words, seen)) => {
                let control = self.layers.control(Stage::Tts);
                if turn.voice_has != *control {
                    turn.voice_has.clone_from(control);
                    self.out
                        .push(Output::Tts(TtsInput::Control(control.clone())));
                }
                let index = turn.line.utterance(&words);
                turn.meant_by.push_back(turn.meant.clone());
                let lines = self.layers.take_lines(Stage::Tts);
                if !lines.is_empty() {
                    turn.notes.push_back((index, lines));
                }
                if let Some(emotion) = turn.cue.take() {
                    turn.given_cues.push_back((index, emotion));
                }
                if !seen {
                    self.tell_face(AvatarInput::Utterance(words.clone()));
                }
                self.out.push(Output::Tts(TtsInput::Utterance(words)));
            }
            None => {}
        }
    }

    /// The voice failed: what it was given and has not said is for the next one, each utterance as it
    /// was meant.
    pub(super) fn take_back(&mut self) {
        let Some(turn) = &mut self.turn else { return };
        // The next one has parameters of its own, and they will be told of it.
        turn.notes.clear();
        let unsaid = turn.line.take_back();
        let mut meant = turn
            .meant_by
            .split_off(unsaid.from.min(turn.meant_by.len()));
        let Some(first) = meant.front().cloned() else {
            return;
        };
        if unsaid.begun {
            turn.meant_by.push_back(first.clone());
        }
        // The face is told of a feeling once; what it was told of stays.
        let cue = turn.given_cues.pop_front_if(|(of, _)| *of == unsaid.from);
        turn.given_cues.clear();
        turn.cue = cue.map(|(_, emotion)| emotion);
        let latest = std::mem::replace(&mut turn.meant, first.clone());
        let mut again = Vec::new();
        let mut before = first.clone();
        for words in unsaid.texts {
            let feeling = meant.pop_front().unwrap_or_else(|| before.clone());
            again.extend(changed(&mut before, feeling));
            if text::speakable(&words) {
                again.push(Said::Words(words, true));
            }
        }
        again.extend(changed(&mut before, latest));
        for said in again.into_iter().rev() {
            turn.queue.push_front(said);
        }
        self.layers.hint(Stage::Tts, first);
    }

    /// The first sound of an utterance has its place.
    fn utterance_placed(&mut self, index: usize, at: Micros) {
        let Some(turn) = &mut self.turn else { return };
        while let Some((_, emotion)) = turn.given_cues.pop_front_if(|(of, _)| *of <= index) {
            turn.placed_cues.push_back((at, emotion));
        }
        self.tell_spoken(index, at);
    }

    /// The answer is spoken: a feeling that stands at its very end is the face's alone.
    pub(super) fn last_cue(&mut self) {
        let Some(turn) = &mut self.turn else { return };
        let given = turn.given_cues.pop_back().map(|(_, emotion)| emotion);
        let placed = turn.placed_cues.pop_back().map(|(_, emotion)| emotion);
        if let Some(emotion) = turn.cue.take().or(given).or(placed) {
            self.layers.hint(Stage::Avatar, Some(emotion));
            self.resolve(false);
        }
    }

    pub(in crate::session) fn tts(
        &mut self,
        now: Micros,
        ticket: u64,
        item: Option<Result<TtsEvent, ProviderError>>,
    ) {
        let heard = self.clock.media(now);
        let pacing = self.config.pacing;
        let lead = if pacing.realtime {
            pacing.playout_us
        } else {
            0
        };
        // The face shows speech from its next frame on, unless its frames are very long.
        let shown = match pacing.realtime {
            true => self.face.end().min(heard + lead + MOST_FRAME_WAIT_US),
            false => self.face.end(),
        };
        let earliest = (heard + lead)
            .max(self.audio_end)
            .max(shown)
            .max(self.layers.from);
        // Without real time nobody is waiting, so nothing is ever late.
        let heard = if pacing.realtime { heard } else { 0 };
        let Some(turn) = self.turn.as_mut().filter(|turn| turn.tts.is(ticket)) else {
            return;
        };
        // What is told of the sound is not the sound that is owed.
        let told = matches!(item, Some(Ok(TtsEvent::Viseme(_) | TtsEvent::TextMark(_))));
        if told && !turn.tts.may_tell_more() {
            let message = "the voice tells far more of its words than it speaks";
            let error = ProviderError::new(ErrorCode::Internal, message);
            return self.stage_failed(now, Stage::Tts, error);
        }
        if !told {
            turn.tts.meter.rest(now);
        }
        match item {
            Some(Ok(TtsEvent::Audio(mut chunk))) => {
                turn.tts.output(now);
                turn.tts.meter.earn(chunk.end().saturating_sub(chunk.at));
                chunk.at = turn.line.place(chunk.at, earliest, heard, lead);
                let length = chunk.end().saturating_sub(chunk.at);
                turn.tts.spoke_us += length;
                let begun = turn.line.audio(chunk.clone());
                let babbles = turn.line.babbles();
                let endless = turn.line.endless() || babbles;
                let all_said = babbles && turn.tts.told_end;
                // Where it has its place, which may be behind other sound.
                chunk.at = turn.line.placed_end().saturating_sub(length);
                self.show_speech(now, AvatarInput::Audio(chunk));
                if let Some((index, at)) = begun {
                    self.utterance_placed(index, at);
                }
                if all_said {
                    return self.silence_voice(now);
                }
                if endless {
                    let message = "the voice speaks on and on, longer than its text can take";
                    let error = ProviderError::new(ErrorCode::Internal, message);
                    return self.stage_failed(now, Stage::Tts, error);
                }
            }
            Some(Ok(TtsEvent::Viseme(mut mark))) => {
                mark.at = turn.line.place(mark.at, earliest, heard, lead);
                self.show_speech(now, AvatarInput::Viseme(mark));
            }
            Some(Ok(TtsEvent::TextMark(mut mark))) => {
                mark.at = turn.line.place(mark.at, earliest, heard, lead);
                turn.line.mark(&mark);
            }
            Some(Ok(TtsEvent::UtteranceEnd(index))) => turn.line.finish(index),
            Some(Err(error)) => self.stage_failed(now, Stage::Tts, error),
            None if turn.tts.fed() && (!turn.tts.told_end || turn.line.waiting()) => {
                let message = "the voice ended before it had spoken everything";
                self.stage_failed(
                    now,
                    Stage::Tts,
                    ProviderError::new(ErrorCode::Unavailable, message),
                );
            }
            None => {
                turn.tts.state = State::Done;
                self.served_well(Stage::Tts);
                self.voice_over();
            }
        }
        self.watch_voice(now);
    }
}

/// What stands in the queue where another feeling begins.
fn changed(before: &mut Option<Emotion>, feeling: Option<Emotion>) -> Option<Said> {
    if *before == feeling {
        return None;
    }
    before.clone_from(&feeling);
    feeling.map(Said::Feel)
}
