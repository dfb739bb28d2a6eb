//! The environment: the process's own variables, and under them those of a `.env` file.
//!
//! The file is never written into the process's environment, which other threads may be reading;
//! whoever needs a variable is given this.

use anyhow::{Context, Result, bail};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Variables by name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Environment(BTreeMap<String, String>);

impl Environment {
    /// The process's variables, laid over those of `.env` in `directory`, if there is one.
    ///
    /// # Errors
    /// When the file cannot be read, or a line of it is no assignment.
    pub(crate) fn load(directory: &Path) -> Result<Self> {
        let file = Environment::file(directory);
        let mut variables = match std::fs::read_to_string(&file) {
            Ok(text) => parse(&text).with_context(|| format!("in {}", file.display()))?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => BTreeMap::new(),
            Err(error) => {
                return Err(error).with_context(|| format!("reading {}", file.display()));
            }
        };
        // A variable that is no text cannot be one of ours.
        let own = std::env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        });
        variables.extend(own);
        Ok(Environment(variables))
    }

    /// The file that is read in a directory.
    pub(crate) fn file(directory: &Path) -> PathBuf {
        directory.join(".env")
    }

    /// A variable that is set and not blank.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let value = self.0.get(name)?.trim();
        (!value.is_empty()).then_some(value)
    }

    /// Every variable whose name starts so, sorted.
    pub(crate) fn starting_with<'a>(
        &'a self,
        prefix: &'a str,
    ) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.0
            .iter()
            .filter(move |(name, _)| name.starts_with(prefix))
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

impl<'a> FromIterator<(&'a str, &'a str)> for Environment {
    fn from_iter<T: IntoIterator<Item = (&'a str, &'a str)>>(variables: T) -> Self {
        let own = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        Environment(variables.into_iter().map(own).collect())
    }
}

/// Reads `KEY=VALUE` lines: `#` comments, `export ` in front, single quotes that keep everything,
/// double quotes that know `\n`, `\t`, `\"`, `\$` and `\\`. A later line wins over an earlier one.
///
/// Errors name the line, never its value.
fn parse(text: &str) -> Result<BTreeMap<String, String>> {
    let mut variables = BTreeMap::new();
    for (index, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        let (number, line) = (index + 1, line.trim());
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let line = line.strip_prefix("export ").unwrap_or(line);
        let Some((name, value)) = line.split_once('=') else {
            bail!("line {number}: expected KEY=VALUE");
        };
        let name = name.trim();
        if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
            bail!("line {number}: {name:?} is not a variable's name");
        }
        let value = unquoted(value.trim()).with_context(|| format!("line {number} ({name})"))?;
        variables.insert(name.to_owned(), value);
    }
    Ok(variables)
}

fn unquoted(value: &str) -> Result<String> {
    let Some(quote) = value.chars().next().filter(|c| matches!(c, '"' | '\'')) else {
        let end = match value.starts_with('#') {
            true => Some(0),
            false => value.find(" #"),
        };
        let value = end.and_then(|end| value.get(..end)).unwrap_or(value);
        return Ok(value.trim_end().to_owned());
    };
    let mut text = String::new();
    let mut chars = value.chars();
    chars.next();
    while let Some(c) = chars.next() {
        match c {
            c if c == quote => {
                let rest = chars.as_str().trim();
                if !rest.is_empty() && !rest.starts_with('#') {
                    bail!("there is something after the closing quote");
                }
                return Ok(text);
            }
            '\\' if quote == '"' => match chars.next() {
                Some('n') => text.push('\n'),
                Some('t') => text.push('\t'),
                Some(c @ ('"' | '\\' | '$')) => text.push(c),
                Some(c) => text.extend(['\\', c]),
                None => break,
            },
            c => text.push(c),
        }
    }
    bail!("a quote is never closed")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> String {
        parse(text).unwrap().remove("K").unwrap()
    }

    #[test]
    fn values_with_quotes_and_comments() {
        assert_eq!(value("K=plain value  # note"), "plain value");
        assert_eq!(value("K=a#b"), "a#b");
        assert_eq!(value("K= # nothing"), "");
        assert_eq!(value("K=\"a # b\\n\\\"c\\\"\" # note"), "a # b\n\"c\"");
        assert_eq!(value("K='a\\n\"b'"), "a\\n\"b");
        assert_eq!(value("\u{feff}# c\n\nexport K = x\r\nK=later"), "later");
    }

    #[test]
    fn mistakes_name_their_line_and_no_value() {
        for (text, part) in [
            ("A=1\nnonsense", "line 2: expected KEY=VALUE"),
            ("A B=1", "line 1: \"A B\" is not a variable's name"),
            ("K='secret", "line 1 (K): a quote is never closed"),
            ("K=\"secret\" y", "line 1 (K): there is something after"),
        ] {
            let error = format!("{:#}", parse(text).unwrap_err());
            assert!(error.contains(part) && !error.contains("secret"), "{error}");
        }
    }

    #[test]
    fn the_process_wins_over_the_file_and_blank_counts_as_unset() {
        let directory = tempfile::tempdir().unwrap();
        let own = std::env::var("PATH").unwrap();
        std::fs::write(
            directory.path().join(".env"),
            "PATH=nowhere\nTTH_ONLY_HERE=1\nTTH_BLANK=\n",
        )
        .unwrap();
        let environment = Environment::load(directory.path()).unwrap();
        assert_eq!(environment.get("PATH"), Some(own.trim()));
        assert_eq!(environment.get("TTH_ONLY_HERE"), Some("1"));
        assert_eq!(environment.get("TTH_BLANK"), None);
    }

    #[test]
    fn no_file_is_no_error() {
        let directory = tempfile::tempdir().unwrap();
        assert!(Environment::load(directory.path()).is_ok());
    }
}
