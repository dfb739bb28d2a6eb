//! From the inputs of a session to the weights of its frames.
//!
//! The animator has no clock but the frames that are asked of it: frame n shows the media time n / fps. It
//! is a pure function of what was put in, in which order, between which frames.

use crate::{
    chance,
    clock::{Clock, Tick},
    emotion::{Emotion, Feeling, Mood},
    life::{Doing, Life},
    look::Look,
    mouth::Mouth,
    voice::Voice,
    weights::Weights,
};
use tth_sdk::{AudioChunk, Control, VisemeMark};

/// Silence shorter than this does not end a stretch of speech, in microseconds.
const PAUSE_US: u64 = 350_000;
/// A turn that brings no word for this long no longer makes the face think, in microseconds.
const THINKING_US: u64 = 12_000_000;

/// Speech begins or ends with this frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// The first sound after a silence.
    Started,
    /// Nothing is said any more.
    Ended,
}

/// One frame, before it is drawn.
#[derive(Clone, Copy, Debug)]
pub struct Frame {
    /// When it is shown.
    pub tick: Tick,
    /// What the face does.
    pub weights: Weights,
    /// Who it is.
    pub look: &'static Look,
    /// Whether speech began or ended.
    pub change: Option<Change>,
}

/// The state of one session.
#[derive(Clone, Debug)]
pub struct Animator {
    clock: Clock,
    mouth: Mouth,
    voice: Voice,
    mood: Mood,
    motion: f64,
    feeling: Feeling,
    life: Life,
    look: &'static Look,
    /// The last media time at which something was said, while speech lasts.
    said: Option<u64>,
    /// Since when a turn is waited for.
    waiting: Option<u64>,
}

impl Animator {
    /// A face at rest. The seed decides about blinks, glances and all other chance.
    pub fn new(fps: u32, seed: u64, look: &'static Look) -> Animator {
        let mood = Mood::default();
        Animator {
            clock: Clock::new(fps),
            mouth: Mouth::default(),
            voice: Voice::default(),
            mood,
            motion: 1.0,
            feeling: Feeling::new(&mood),
            life: Life::new(seed),
            look,
            said: None,
            waiting: None,
        }
    }

    /// The seed of a session: the same name always gives the same chance.
    pub fn seed(session: &str) -> u64 {
        chance::seed(session)
    }

    /// A turn begins: until the first sound the face thinks.
    pub fn turn_start(&mut self) {
        self.waiting = Some(self.clock.now());
    }

    /// The turn is complete; what was given still plays.
    pub fn turn_end(&mut self) {
        self.waiting = None;
    }

    /// The mouth's shape for a stretch of media time.
    pub fn viseme(&mut self, mark: VisemeMark) {
        self.waiting = None;
        self.mouth.push(mark);
    }

    /// Sound that the face moves along with.
    pub fn audio(&mut self, chunk: &AudioChunk) {
        self.waiting = None;
        self.voice.push(
            chunk.at,
            chunk.format.sample_rate,
            chunk.format.channels,
            &chunk.pcm,
        );
    }

    /// Takes over the parameters that are given; the others have their defaults from now on, but the
    /// look, which stays. Numbers beyond their range are brought into it; what is no number, no known
    /// label or no known look counts as not given.
    pub fn control(&mut self, control: &Control) {
        // What is absent has its default: nobody wishes it any more.
        let number = |name: &str, low: f64, high: f64, default: f64| {
            control.number(name).map_or(default, |n| n.clamp(low, high))
        };
        let mood = Mood::default();
        self.mood = Mood {
            emotion: control
                .text("emotion")
                .and_then(Emotion::named)
                .unwrap_or(mood.emotion),
            intensity: number("intensity", 0.0, 1.0, mood.intensity),
            valence: number("valence", -1.0, 1.0, mood.valence),
            arousal: number("arousal", -1.0, 1.0, mood.arousal),
            expressivity: number("expressivity", 0.0, 1.0, mood.expressivity),
        };
        self.motion = number("motion", 0.0, 2.0, 1.0);
        self.look = control
            .text("look")
            .and_then(Look::named)
            .unwrap_or(self.look);
    }

    /// Moves the video against the audio: positive skips ahead.
    pub fn correct(&mut self, shift_us: i32) {
        self.clock.correct(i64::from(shift_us));
    }

    /// Stops speaking: everything not yet shown is forgotten and the mouth closes smoothly.
    pub fn interrupt(&mut self) {
        let now = self.clock.now();
        self.mouth.interrupt(now);
        self.voice.interrupt(now);
        self.waiting = None;
    }

    /// The next frame.
    pub fn frame(&mut self) -> Frame {
        let before = self.clock.now();
        let tick = self.clock.tick();
        let step = (tick.at - before) as f64 / 1e6;
        let speech = self.mouth.pose(tick.at);
        let heard = self.voice.level(tick.at);
        // Without audio the opening of the mouth stands in for loudness.
        let level =
            heard.unwrap_or_else(|| (speech.weights.aperture() / 26.0).min(1.0) * speech.activity);
        let change = self.follow(
            tick.at,
            speech.activity > 0.0 || heard.is_some_and(|l| l > 0.06),
        );
        let thinking = self
            .waiting
            .is_some_and(|since| tick.at.saturating_sub(since) < THINKING_US);
        let doing = Doing {
            level,
            activity: speech.activity,
            thinking: thinking && self.said.is_none(),
            arousal: self.mood.arousal,
            blinks: self.mood.blinks(),
            motion: self.motion,
            scale: self.mood.scale(),
        };
        let feeling = self.feeling.advance(&self.mood, step, speech.activity);
        let life = self.life.advance(tick.at as f64 / 1e6, step, &doing);
        // Expressive speakers open the mouth further.
        let mut said = speech.weights;
        said.jaw *= 0.5 + 0.5 * doing.scale;
        let weights = said.plus(&feeling).plus(&life).limited();
        Frame {
            tick,
            weights,
            look: self.look,
            change,
        }
    }

    fn follow(&mut self, at: u64, sounding: bool) -> Option<Change> {
        match (self.said, sounding) {
            (None, true) => {
                self.said = Some(at);
                Some(Change::Started)
            }
            (Some(_), true) => {
                self.said = Some(at);
                None
            }
            (Some(since), false) if at.saturating_sub(since) >= PAUSE_US => {
                self.said = None;
                Some(Change::Ended)
            }
            _ => None,
        }
    }
}
