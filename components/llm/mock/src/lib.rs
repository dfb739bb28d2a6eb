//! A small persona that answers in character: the language model of an installation without one.
//!
//! It is scripted, and says so when asked. It listens for feelings, for what is asked and for what
//! it was told; it answers in two or three sentences that take up the user's own words, and says how
//! they are meant: by inline tags where its prompt asks for them, else by hints. The same conversation and seed always give the same answer.
//! For tests it can say a fixed text or any number of words, slowly, or fail.

mod answer;
mod feeling;
mod intent;
mod memory;
mod pick;
mod settings;
mod text;

pub use settings::Settings;

use mock_kit::delay::wait_ms;
use mock_kit::fault::Faults;
use tth_sdk::llm::{EmotionHint, Event, Llm, Message, Role, Usage};
use tth_sdk::{
    CallContext, Control, Error, LoadConfig, ParamDomain, ParamSpec, ProviderInfo, Sink,
};

/// The name under which answers are accounted.
const MODEL: &str = "persona-1";
/// What a prompt that asks for inline tags has in it, and how each of them begins.
const TAG: &str = "<feel:";
/// Words that go out in one write where no time is to pass between them.
const BATCH: usize = 8;

/// The scripted persona.
pub struct MockLlm {
    settings: Settings,
    faults: Faults,
}

impl Llm for MockLlm {
    async fn load(config: LoadConfig) -> Result<Self, Error> {
        let settings: Settings = config.settings()?;
        settings.check()?;
        let faults = Faults::new(settings.fail.clone(), settings.stall_after);
        faults.at_load()?;
        Ok(MockLlm { settings, faults })
    }

    fn info() -> ProviderInfo {
        let spec = |name: &str, domain, follows: &str| ParamSpec {
            name: name.into(),
            domain,
            follows: Some(follows.into()),
            live: false,
        };
        let moods = feeling::LABELS.map(str::to_owned).to_vec();
        ProviderInfo {
            models: vec![MODEL.into()],
            params: vec![
                spec("persona", ParamDomain::Text, "persona.prompt"),
                spec("mood", ParamDomain::Choice(moods), "emotion.label"),
            ],
            features: vec!["emotion-hints".into()],
            ..ProviderInfo::new("mock", env!("CARGO_PKG_VERSION"))
        }
    }

    async fn stream(
        &self,
        input: Vec<Message>,
        control: Control,
        _context: CallContext,
        mut out: Sink<Event>,
    ) -> Result<Usage, Error> {
        self.faults.at_start()?;
        let settings = &self.settings;
        wait_ms(settings.first_delay_ms).await;
        let reply = self.reply(&input, &control);
        let tagged = prompts(&input, &control).any(|prompt| prompt.contains(TAG));
        let mut usage = Usage {
            input_tokens: input
                .iter()
                .map(|message| text::count(&message.content))
                .sum(),
            output_tokens: 0,
            model: MODEL.into(),
        };
        let mut events = Vec::new();
        let batch = if settings.token_delay_ms > 0 {
            1
        } else {
            self.faults.batch(BATCH)
        };
        for (token, felt) in reply.iter().flat_map(words) {
            self.faults
                .before_output(usage.output_tokens.into())
                .await?;
            if usage.output_tokens > 0 {
                wait_ms(settings.token_delay_ms).await;
            }
            if let Some(felt) = felt {
                events.extend(mark(felt, tagged));
            }
            events.push(Event::Text(token.into()));
            usage.output_tokens += 1;
            // The first word never waits for company.
            let full = events.len() >= batch || usage.output_tokens == 1;
            if full && out.send_all(std::mem::take(&mut events)).await.is_err() {
                return Ok(usage);
            }
        }
        if !events.is_empty() {
            // Whether or not the reader is still there, the answer is complete.
            let _reader_left = out.send_all(events).await;
        }
        Ok(usage)
    }
}

/// What it is told to be: by its parameter, and by whoever speaks first.
fn prompts<'a>(input: &'a [Message], control: &'a Control) -> impl Iterator<Item = &'a str> {
    let system = input.iter().filter(|message| message.role == Role::System);
    control
        .text("persona")
        .into_iter()
        .chain(system.map(|message| message.content.as_str()))
}

/// The words of a part; the first one with the feeling that begins there.
fn words(part: &answer::Part) -> impl Iterator<Item = (&str, Option<feeling::Feeling>)> {
    let mut felt = part.felt;
    let words = part.text.split_inclusive(' ');
    words.map(move |word| (word, felt.take()))
}

/// How a feeling is told. A tag comes in pieces, as the tokens of a large model do.
fn mark((label, intensity): feeling::Feeling, tagged: bool) -> Vec<Event> {
    if !tagged {
        return vec![Event::Hint(EmotionHint {
            label: label.into(),
            intensity,
        })];
    }
    let tag = format!("{TAG}{label}:{intensity:.1}> ");
    let pieces = tag.split_inclusive(':');
    pieces.map(|piece| Event::Text(piece.into())).collect()
}

impl MockLlm {
    fn reply(&self, input: &[Message], control: &Control) -> Vec<answer::Part> {
        if let Some(text) = &self.settings.answer {
            return vec![answer::Part::plain(text.clone())];
        }
        if let Some(words) = self.settings.words {
            let text = text::filler(words, self.settings.seed);
            return vec![answer::Part::plain(text)];
        }
        let me = memory::Persona::from_prompts(prompts(input, control));
        let memory = memory::Memory::of(input);
        let pick = pick::Pick::new(self.settings.seed, memory.turn());
        answer::answer(&me, &memory, &pick, control.text("mood"))
    }
}

// A native linker does not take the names of component exports.
#[cfg(target_family = "wasm")]
tth_sdk::export_llm!(MockLlm);
