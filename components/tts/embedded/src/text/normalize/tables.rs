//! The normaliser's tables: titles, abbreviations, units, symbols, currencies, words before
//! roman numerals.

use std::collections::{HashMap, HashSet};

/// One and many of a counted thing.
pub(crate) struct Counted {
    pub(crate) one: &'static str,
    pub(crate) many: &'static str,
}

impl Counted {
    /// The form that fits the amount.
    pub(crate) fn for_amount(&self, amount: &str) -> &'static str {
        if super::numbers::is_one(amount) {
            self.one
        } else {
            self.many
        }
    }
}

/// The tables, looked up by the written form.
#[derive(Default)]
pub(crate) struct Tables {
    pub(crate) titles: HashMap<&'static str, &'static str>,
    pub(crate) abbreviations: HashMap<&'static str, &'static str>,
    pub(crate) units: HashMap<&'static str, Counted>,
    pub(crate) symbols: HashMap<char, &'static str>,
    pub(crate) currencies: HashMap<&'static str, Counted>,
    /// Words after which a roman numeral is a plain number (chapter IV).
    pub(crate) counted: HashSet<&'static str>,
    /// Words after which a roman numeral is a rank (Henry VIII).
    pub(crate) ranked: HashSet<&'static str>,
}

impl Tables {
    /// Reads the packed rows; a row of unknown shape is skipped.
    pub(crate) fn new(rows: &'static str) -> Self {
        let mut tables = Tables::default();
        for row in rows.lines() {
            let mut cells = row.split('\t');
            let (mark, key) = (
                cells.next().unwrap_or_default(),
                cells.next().unwrap_or_default(),
            );
            let one = cells.next().unwrap_or_default();
            let counted = Counted {
                one,
                many: cells.next().unwrap_or(one),
            };
            match mark {
                "T" => drop(tables.titles.insert(key, one)),
                "A" => drop(tables.abbreviations.insert(key, one)),
                "U" => drop(tables.units.insert(key, counted)),
                "C" => drop(tables.currencies.insert(key, counted)),
                "S" => drop(key.chars().next().map(|c| tables.symbols.insert(c, one))),
                "R" => drop(tables.counted.insert(key)),
                "O" => drop(tables.ranked.insert(key)),
                _ => {}
            }
        }
        tables
    }
}
