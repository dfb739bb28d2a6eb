//! Packs the text normaliser's tables into tab-separated rows.
//!
//! First column: `T` title, `A` abbreviation, `U` unit (one, many), `S` symbol, `C` currency
//! (one, many), `R` word before a counted roman number, `O` word before a ranked one.

use anyhow::{Context, Result};
use serde_json::{Map, Value};

/// Packs `normalize.json`.
///
/// # Errors
/// The JSON has another shape.
pub(super) fn pack(json: &[u8]) -> Result<String> {
    let tables: Map<String, Value> = serde_json::from_slice(json)?;
    let mut out = String::new();
    for (mark, key) in [
        ('T', "titles"),
        ('A', "abbreviations"),
        ('U', "units"),
        ('S', "symbols"),
        ('C', "currency"),
        ('R', "roman_cardinal"),
        ('O', "roman_ordinal"),
    ] {
        let table = tables
            .get(key)
            .with_context(|| format!("the normaliser has no {key:?}"))?;
        rows(mark, table, &mut out).with_context(|| format!("in {key:?}"))?;
    }
    Ok(out)
}

fn rows(mark: char, table: &Value, out: &mut String) -> Result<()> {
    let text = |v: &Value| v.as_str().map(str::to_owned).context("not a string");
    let mut row = |cells: &[String]| {
        out.push(mark);
        for cell in cells {
            out.push('\t');
            out.push_str(cell);
        }
        out.push('\n');
    };
    match table {
        Value::Array(words) => {
            for word in words {
                row(&[text(word)?]);
            }
        }
        Value::Object(pairs) => {
            for (key, value) in pairs {
                let mut cells = vec![key.clone()];
                match value {
                    Value::Array(forms) => {
                        for form in forms {
                            cells.push(text(form)?);
                        }
                    }
                    form => cells.push(text(form)?),
                }
                row(&cells);
            }
        }
        _ => anyhow::bail!("neither a list nor a table"),
    }
    Ok(())
}
