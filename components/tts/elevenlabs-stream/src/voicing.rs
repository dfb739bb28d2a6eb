//! An utterance that is being spoken: what comes of it as events of the call.

use crate::config::Config;
use crate::manner::Manner;
use crate::messages::{Chunk, RATE, Stamp, WHO};
use crate::model::most_characters;
use crate::script::{Script, pieces};
use tth_sdk::speech::Track;
use tth_sdk::tts::Event;
use tth_sdk::{Error, ErrorCode, error};

/// What is kept free of a request for tags.
const ROOM_FOR_TAGS: usize = 64;

/// What is asked of the server at once: an utterance, or a piece of a very long one.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    pub(crate) script: Script,
    pub(crate) manner: Manner,
    /// The utterance's number in the call.
    index: u32,
    /// Whether the utterance ends with it.
    last: bool,
}

impl Job {
    /// An utterance.
    pub(crate) fn of(
        text: &str,
        index: u32,
        manner: &Manner,
        config: &Config,
    ) -> Result<Vec<Job>, Error> {
        manner.check()?;
        let most = most_characters(&config.model) - ROOM_FOR_TAGS;
        let pieces = pieces(text, most);
        let count = pieces.len();
        let job = |(n, piece): (usize, String)| Job {
            script: Script::new(&piece, manner, config.family),
            manner: manner.clone(),
            index,
            last: n + 1 == count,
        };
        Ok(pieces.into_iter().enumerate().map(job).collect())
    }
}

/// From where the times in a message count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Clock {
    /// From the first sample of the message, as on the WebSocket.
    Message,
    /// From the first sample of the request, as over HTTP.
    Request,
}

/// A job while its sound comes.
#[derive(Debug)]
pub(crate) struct Voicing {
    pub(crate) job: Job,
    clock: Clock,
    begun: bool,
    /// Bytes of sound so far.
    bytes: u64,
    /// The latest start that was told, by the server's clock.
    latest_us: u64,
    /// Whether the server's timings are of this text; unknown until the first come.
    believed: Option<bool>,
}

impl Voicing {
    pub(crate) fn new(job: Job, clock: Clock) -> Self {
        Voicing {
            job,
            clock,
            begun: false,
            bytes: 0,
            latest_us: 0,
            believed: None,
        }
    }

    fn begin(&mut self, track: &mut Track) {
        if !self.begun {
            self.begun = true;
            track.pace(self.job.manner.pace());
            track.begin_timed(&self.job.script.written());
        }
    }

    /// More of it has come. Only for the job whose turn it is on the track.
    pub(crate) fn chunk(&mut self, track: &mut Track, chunk: &Chunk) -> Vec<Event> {
        self.begin(track);
        let mut events = Vec::new();
        if !chunk.stamps.is_empty() {
            let stamps = self.place(&chunk.stamps);
            let told = self.job.script.fit(&stamps);
            // Timings that are of another text from the start are worth less than the loudness.
            let fits = self.job.script.fits();
            if *self.believed.get_or_insert(fits) {
                events.extend(track.characters(&told));
            }
        }
        if !chunk.audio.is_empty() {
            self.bytes += chunk.audio.len() as u64;
            events.extend(track.audio(&chunk.audio));
        }
        events
    }

    /// Nothing follows: the rest of its sound and marks.
    ///
    /// # Errors
    /// If there was something to say and no sound came.
    pub(crate) fn end(&mut self, track: &mut Track) -> Result<Vec<Event>, Error> {
        if self.bytes == 0 && self.job.script.speakable() {
            let message = format!("{WHO} sent no sound for an utterance");
            return Err(error(ErrorCode::Unavailable, message));
        }
        self.begin(track);
        let mut events = track.end(self.job.index);
        if !self.job.last {
            events.retain(|event| !matches!(event, Event::UtteranceEnd(_)));
        }
        Ok(events)
    }

    /// Times from the job's first sample.
    fn place(&mut self, stamps: &[Stamp]) -> Vec<Stamp> {
        let first = stamps.first().map_or(0, |stamp| stamp.start_us);
        // A request's clock never goes back: one that does is a message's.
        if self.bytes > 0 && first < self.latest_us {
            self.clock = Clock::Message;
        }
        self.latest_us = stamps.last().map_or(first, |stamp| stamp.start_us);
        let offset = match self.clock {
            Clock::Message => self.bytes / 2 * 1_000_000 / u64::from(RATE),
            Clock::Request => 0,
        };
        let moved = |stamp: &Stamp| Stamp {
            start_us: stamp.start_us + offset,
            ..stamp.clone()
        };
        stamps.iter().map(moved).collect()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;
    use tth_sdk::{Control, LoadConfig};

    fn jobs(text: &str, settings: &str) -> Vec<Job> {
        let config = Config::load(&LoadConfig::of(settings)).unwrap();
        let manner = Manner::of(&Control { params: vec![] }, &config);
        Job::of(text, 3, &manner, &config).unwrap()
    }

    /// So many characters at 100 ms each, and their sound.
    fn chunk(text: &str, from_ms: u64) -> Chunk {
        let stamp = |(letter, n): (char, u64)| Stamp {
            text: letter.to_string(),
            start_us: (from_ms + n * 100) * 1_000,
            duration_us: 100_000,
        };
        Chunk {
            audio: [0x10, 0x20].repeat(text.chars().count() * 2_400),
            stamps: text.chars().zip(0..).map(stamp).collect(),
            ..Chunk::default()
        }
    }

    /// When each word sounds, in milliseconds.
    fn words(events: &[Event]) -> Vec<(String, u64)> {
        let word = |event: &Event| match event {
            Event::TextMark(mark) => Some((mark.text.clone(), mark.at / 1_000)),
            _ => None,
        };
        events.iter().filter_map(word).collect()
    }

    fn speak(text: &str, clock: Clock, chunks: &[Chunk]) -> Vec<Event> {
        let job = jobs(text, "{}").pop().unwrap();
        let mut voicing = Voicing::new(job, clock);
        let mut track = Track::new(RATE);
        let mut events: Vec<Event> = chunks
            .iter()
            .flat_map(|chunk| voicing.chunk(&mut track, chunk))
            .collect();
        events.extend(voicing.end(&mut track).unwrap());
        events
    }

    #[test]
    fn times_count_from_the_message_or_from_the_request() {
        let wanted = [("One ".to_owned(), 0), ("two.".to_owned(), 400)];
        let messages = [chunk("One ", 0), chunk("two. ", 0)];
        assert_eq!(words(&speak("One two.", Clock::Message, &messages)), wanted);
        let request = [chunk("One ", 0), chunk("two. ", 400)];
        assert_eq!(words(&speak("One two.", Clock::Request, &request)), wanted);
        // A server that promised otherwise is found out.
        assert_eq!(words(&speak("One two.", Clock::Request, &messages)), wanted);
    }

    #[test]
    fn timings_of_another_text_are_not_believed() {
        let events = speak("One two.", Clock::Message, &[chunk("Vier fünf", 0)]);
        let text: String = words(&events).into_iter().map(|(word, _)| word).collect();
        assert_eq!(text, "One two.");
        assert!(matches!(events.last(), Some(Event::UtteranceEnd(3))));
    }

    #[test]
    fn a_very_long_utterance_is_asked_for_in_pieces_and_ends_once() {
        let text = "A sentence of some words. ".repeat(300);
        let jobs = jobs(&text, r#"{"model": "eleven_v3"}"#);
        assert!(jobs.len() > 1);
        let mut track = Track::new(RATE);
        let mut events = Vec::new();
        for job in jobs {
            assert!(job.script.text().chars().count() <= 5_000);
            let mut voicing = Voicing::new(job, Clock::Message);
            events.extend(voicing.chunk(&mut track, &chunk("", 0)));
            voicing.bytes = 2;
            events.extend(voicing.end(&mut track).unwrap());
        }
        let ends = events
            .iter()
            .filter(|event| matches!(event, Event::UtteranceEnd(_)));
        assert_eq!(ends.count(), 1);
        let said: String = words(&events).into_iter().map(|(word, _)| word).collect();
        assert_eq!(said, text);
    }

    #[test]
    fn silence_is_a_failure_only_where_there_is_something_to_say() {
        let end = |text: &str| {
            let mut voicing = Voicing::new(jobs(text, "{}").pop().unwrap(), Clock::Message);
            voicing.end(&mut Track::new(RATE))
        };
        assert_eq!(end("Hello").unwrap_err().code, ErrorCode::Unavailable);
        assert!(end(" … ").is_ok() && end("").is_ok() && end("[laughs]").is_ok());
    }

    #[test]
    fn a_voice_that_cannot_be_one_is_refused() {
        let config = Config::load(&LoadConfig::of("")).unwrap();
        let manner = Manner {
            voice: "../user".into(),
            ..Manner::default()
        };
        let error = Job::of("Hi", 0, &manner, &config).unwrap_err();
        assert_eq!(error.code, ErrorCode::InvalidInput);
    }
}
