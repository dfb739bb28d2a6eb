//! A `.env` file: `KEY=VALUE` lines with quotes and comments. The real environment always wins.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, bail};

/// The variables of `<root>/.env` that the environment does not already have.
pub(crate) fn missing_variables(root: &Path) -> Result<BTreeMap<String, String>> {
    let path = root.join(".env");
    if !path.is_file() {
        return Ok(BTreeMap::new());
    }
    let text = std::fs::read_to_string(&path).context("reading .env")?;
    let mut variables = parse(&text).context("in .env")?;
    variables.retain(|key, _| std::env::var_os(key).is_none());
    Ok(variables)
}

/// Reads `KEY=VALUE` lines; `export ` in front is allowed, a later line wins over an earlier one.
///
/// Single quotes keep everything; double quotes know `\n`, `\t`, `\"` and `\\`; without quotes the
/// value ends at ` #` or the line's end, trimmed.
///
/// # Errors
/// Names the line that is no assignment, has a bad key, or leaves a quote open.
fn parse(text: &str) -> Result<BTreeMap<String, String>> {
    let mut variables = BTreeMap::new();
    for (index, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let number = index + 1;
        let line = line.strip_prefix("export ").unwrap_or(line);
        let Some((key, value)) = line.split_once('=') else {
            bail!("line {number}: expected KEY=VALUE");
        };
        let key = key.trim();
        if key.is_empty() || !key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
            bail!("line {number}: `{key}` is not a variable name");
        }
        let value = unquote(value.trim()).with_context(|| format!("line {number} ({key})"))?;
        variables.insert(key.to_owned(), value);
    }
    Ok(variables)
}

fn unquote(value: &str) -> Result<String> {
    let Some(quote @ ('"' | '\'')) = value.chars().next() else {
        let end = if value.starts_with('#') {
            Some(0)
        } else {
            value.find(" #")
        };
        return Ok(value
            .get(..end.unwrap_or(value.len()))
            .unwrap_or(value)
            .trim_end()
            .to_owned());
    };
    let mut out = String::new();
    let mut chars = value.chars();
    chars.next();
    while let Some(c) = chars.next() {
        match c {
            c if c == quote => {
                let rest = chars.as_str().trim();
                if !rest.is_empty() && !rest.starts_with('#') {
                    bail!("unexpected text after the closing quote");
                }
                return Ok(out);
            }
            '\\' if quote == '"' => match chars.next() {
                Some('n') => out.push('\n'),
                Some('t') => out.push('\t'),
                Some(c @ ('"' | '\\' | '$')) => out.push(c),
                Some(c) => out.extend(['\\', c]),
                None => break,
            },
            c => out.push(c),
        }
    }
    bail!("the quote is never closed")
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
        assert_eq!(value("K="), "");
        assert_eq!(value("K=\"a # b\\n\\\"c\\\"\" # note"), "a # b\n\"c\"");
        assert_eq!(value("K='a\\n\"b'"), "a\\n\"b");
        assert_eq!(value("# c\n\nexport K = x\r\nK=later"), "later");
    }

    #[test]
    fn mistakes_name_their_line() {
        for (text, part) in [
            ("A=1\nnonsense", "line 2: expected KEY=VALUE"),
            ("A B=1", "line 1: `A B` is not a variable name"),
            ("K='open", "line 1 (K): the quote is never closed"),
            ("K=\"x\" y", "line 1 (K): unexpected text"),
        ] {
            let error = format!("{:#}", parse(text).unwrap_err());
            assert!(error.contains(part), "{error}");
        }
    }
}
