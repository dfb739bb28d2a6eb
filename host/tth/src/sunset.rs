//! Models that their vendors will shut down, or have shut down.
//!
//! A component announces the day of a model by the feature word `ends:MODEL=YYYY-MM-DD`. The server says
//! so when it starts, and `tth config check` does: there the component is only asked, not loaded.

#[cfg(test)]
mod tests;

use crate::config::{Config, Mode, Provider};
use crate::wire;
use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};
use tth_core::provider::{ProviderInfo, Stage};
use tth_runtime::{ComponentRole, InstanceLimits, ProviderSpec};

/// What an announcement starts with.
const WORD: &str = "ends:";
/// Models that are suggested at most.
const SUGGESTED: usize = 8;

/// A day of the Gregorian calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Day {
    year: u16,
    month: u8,
    day: u8,
}

impl Day {
    /// Today, in UTC.
    pub(crate) fn today() -> Self {
        // A clock before 1970 is wrong in any case.
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        Day::after_1970(since.unwrap_or_default().as_secs() / 86_400)
    }

    /// So many days after the first of January 1970.
    fn after_1970(mut days: u64) -> Self {
        let leap = |year: u64| {
            (year.is_multiple_of(4) && !year.is_multiple_of(100)) || year.is_multiple_of(400)
        };
        let mut year = 1970;
        let length = |year| if leap(year) { 366 } else { 365 };
        while days >= length(year) && year < u64::from(u16::MAX) {
            days -= length(year);
            year += 1;
        }
        let february = if leap(year) { 29 } else { 28 };
        let mut month = 1;
        for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30] {
            if days < length {
                break;
            }
            days -= length;
            month += 1;
        }
        Day {
            year: u16::try_from(year).unwrap_or(u16::MAX),
            month,
            day: u8::try_from(days).unwrap_or_default().saturating_add(1),
        }
    }

    /// `YYYY-MM-DD`; none where it is no such text.
    fn parse(text: &str) -> Option<Self> {
        let part = |from: usize, to: usize| {
            let digits = text.get(from..to)?;
            let all = digits.bytes().all(|byte| byte.is_ascii_digit());
            all.then(|| digits.parse::<u16>().ok())?
        };
        let dashes = text.get(4..5) == Some("-") && text.get(7..8) == Some("-");
        let (month, day) = (part(5, 7)?, part(8, 10)?);
        let right =
            text.len() == 10 && dashes && (1..=12).contains(&month) && (1..=31).contains(&day);
        right.then_some(Day {
            year: part(0, 4)?,
            month: u8::try_from(month).ok()?,
            day: u8::try_from(day).ok()?,
        })
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

/// When a model ends, if that was announced.
fn end(model: &str, info: &ProviderInfo) -> Option<Day> {
    info.features.iter().find_map(|word| {
        // A model's name may hold an `=`, a day does not.
        let (name, day) = word.strip_prefix(WORD)?.rsplit_once('=')?;
        (name == model).then(|| Day::parse(day))?
    })
}

/// What to say of a provider whose model ends: its `settings.model`, or else the first that it lists.
pub(crate) fn ending(provider: &Provider, info: &ProviderInfo, today: Day) -> Option<String> {
    let settings: serde_json::Value = serde_json::from_str(&provider.settings).unwrap_or_default();
    let set = settings.get("model").and_then(serde_json::Value::as_str);
    let first = info.models.first().map(String::as_str);
    let model = set.filter(|model| !model.is_empty()).or(first)?;
    let day = end(model, info)?;
    let is = match day <= today {
        true => "was",
        false => "will be",
    };
    let staying = info.models.iter();
    let staying: Vec<&str> = staying
        .filter(|other| *other != model && end(other, info).is_none())
        .map(String::as_str)
        .take(SUGGESTED)
        .collect();
    let id = &provider.id;
    let instead = match staying.is_empty() {
        true => "it lists none that stays, so another provider has to take its place".to_owned(),
        false => format!(
            "set providers.{id}.settings.model to one that stays: {}",
            staying.join(", ")
        ),
    };
    Some(format!(
        "provider {id}: its model {model} {is} shut down on {day}; {instead}"
    ))
}

/// For `config check`: a line for each provider of the chains whose model ends, and for each that could
/// not be asked. Only models that are served elsewhere can be shut down.
pub(crate) async fn lines(config: &Config, today: Day) -> Vec<String> {
    let members = config.chains.iter().flat_map(|chain| config.members(chain));
    let remote: Vec<&Provider> = members
        .filter(|provider| matches!(provider.mode, Some(Mode::Api | Mode::SelfHost)))
        .collect();
    if remote.is_empty() {
        return Vec::new();
    }
    let runtime = match wire::runtime(config) {
        Ok(runtime) => runtime,
        Err(error) => return vec![format!("note: no component could be asked: {error:#}")],
    };
    let mut lines = Vec::new();
    for provider in remote {
        let (Some(role), Some(file)) = (provider.role, &provider.component) else {
            continue;
        };
        let spec = ProviderSpec {
            id: provider.id.clone(),
            component: config.runtime.components_dir.join(&file.value),
            limits: InstanceLimits {
                memory_mb: provider.limits.memory_mb,
                ..InstanceLimits::default()
            },
            ..ProviderSpec::default()
        };
        let role = match role {
            Stage::Llm => ComponentRole::Llm,
            Stage::Tts => ComponentRole::Tts,
            Stage::Avatar => ComponentRole::Avatar,
        };
        match runtime.describe(spec, role).await {
            Ok(info) => {
                let ending = info.and_then(|info| ending(provider, &info, today));
                lines.extend(ending.map(|ending| format!("warning: {ending}")));
            }
            Err(error) => lines.push(format!(
                "note: whether a model of {} will be shut down is not known: {error}",
                provider.id
            )),
        }
    }
    lines
}
