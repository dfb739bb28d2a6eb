//! Reading a mapping key by key: each value is checked where it is read, and what nobody read is a
//! key that does not exist.

use super::problem::{Origin, Place, Problems};
use super::spell;
use super::tree::{Kind, Node, Value};
use std::cell::RefCell;
use std::ops::RangeInclusive;

/// A value that remembers its place.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Located<T> {
    /// What.
    pub(crate) value: T,
    /// Where.
    pub(crate) place: Place,
}

/// A value of a mapping, and its place.
pub(crate) struct Found<'a> {
    /// What was written.
    pub(crate) node: &'a Node,
    /// Where.
    pub(crate) place: Place,
}

/// A mapping that is being read.
pub(crate) struct Fields<'a> {
    /// Where the mapping is.
    pub(crate) place: Place,
    entries: &'a [(String, Node)],
    /// Asked for so far: these are the keys that exist.
    known: RefCell<Vec<String>>,
    /// Where problems go.
    pub(crate) problems: &'a Problems,
    /// The mapping itself is wrong or missing: that was said, and what it lacks is not news.
    absent: bool,
}

impl<'a> Fields<'a> {
    /// Reads `node` as a mapping.
    pub(crate) fn of(node: &'a Node, place: Place, problems: &'a Problems) -> Self {
        let mut absent = false;
        let entries = match &node.value {
            Value::Map(entries) => entries.as_slice(),
            Value::Scalar(_, Kind::Null) => &[],
            _ => {
                problems.expected(&place, node.shown(), "a mapping of keys to values");
                absent = true;
                &[]
            }
        };
        Fields {
            place,
            entries,
            known: RefCell::default(),
            problems,
            absent,
        }
    }

    /// A mapping that is missing, which has been said: what it lacks is not news.
    pub(crate) fn absent(place: Place, problems: &'a Problems) -> Self {
        Fields {
            place,
            entries: &[],
            known: RefCell::default(),
            problems,
            absent: true,
        }
    }

    /// The value of a key; none where there is none.
    pub(crate) fn get(&self, key: &str) -> Option<Found<'a>> {
        self.known.borrow_mut().push(key.to_owned());
        let (_, node) = self.entries.iter().find(|(known, _)| known == key)?;
        let place = self.place.below(key, node.origin.clone());
        (!node.is_null()).then_some(Found { node, place })
    }

    /// The value of a key that must be there.
    pub(crate) fn require(&self, key: &str, expected: &str) -> Option<Found<'a>> {
        let found = self.get(key);
        if found.is_none() && !self.absent {
            let place = self.place.below(key, self.place.origin.clone());
            self.problems
                .add(&place, format!("is missing, expected {expected}"));
        }
        found
    }

    /// Every key and its value, whatever the keys are.
    pub(crate) fn all(&self) -> Vec<(&'a str, Found<'a>)> {
        let named = |(key, node): &'a (String, Node)| {
            self.known.borrow_mut().push(key.clone());
            let place = self.place.below(key, node.origin.clone());
            (key.as_str(), Found { node, place })
        };
        self.entries.iter().map(named).collect()
    }

    /// A mapping below a key; an absent one is empty.
    pub(crate) fn section(&self, key: &str) -> Option<Fields<'a>> {
        let found = self.get(key)?;
        Some(Fields::of(found.node, found.place, self.problems))
    }

    /// Text.
    pub(crate) fn text(&self, key: &str) -> Option<Located<String>> {
        self.get(key)?.text(self.problems)
    }

    /// A switch.
    pub(crate) fn flag(&self, key: &str) -> Option<bool> {
        let found = self.get(key)?;
        match found.node.value {
            Value::Scalar(_, Kind::Flag(flag)) => Some(flag),
            _ => found.wrong(self.problems, "true or false"),
        }
    }

    /// A whole number within a range.
    pub(crate) fn whole(&self, key: &str, range: RangeInclusive<u64>) -> Option<u64> {
        let found = self.get(key)?;
        let number = match found.node.value {
            Value::Scalar(_, Kind::Whole(number)) => u64::try_from(number).ok(),
            _ => None,
        };
        match number.filter(|number| range.contains(number)) {
            Some(number) => Some(number),
            None => {
                let (low, high) = range.into_inner();
                found.wrong(
                    self.problems,
                    &format!("a whole number from {low} to {high}"),
                )
            }
        }
    }

    /// A number of any range.
    pub(crate) fn number(&self, key: &str) -> Option<Located<f64>> {
        let found = self.get(key)?;
        let value = match found.node.value {
            Value::Scalar(_, Kind::Whole(number)) => number as f64,
            Value::Scalar(_, Kind::Number(number)) => number,
            _ => return found.wrong(self.problems, "a number"),
        };
        let place = found.place;
        Some(Located { value, place })
    }

    /// A list of anything; an absent one is empty.
    pub(crate) fn list(&self, key: &str) -> Vec<Found<'a>> {
        let Some(found) = self.get(key) else {
            return Vec::new();
        };
        let Value::List(nodes) = &found.node.value else {
            let nothing: Option<()> = found.wrong(self.problems, "a list such as [a, b]");
            return nothing.map(|()| Vec::new()).unwrap_or_default();
        };
        let item = |(index, node): (usize, &'a Node)| {
            let place = Place {
                origin: node.origin.clone(),
                key: format!("{}[{index}]", found.place.key),
            };
            Found { node, place }
        };
        nodes.iter().enumerate().map(item).collect()
    }

    /// A list of texts.
    pub(crate) fn texts(&self, key: &str) -> Vec<Located<String>> {
        let items = self.list(key).into_iter();
        items
            .filter_map(|found| found.text(self.problems))
            .collect()
    }

    /// What nobody asked for does not exist.
    pub(crate) fn finish(self) {
        let known = self.known.borrow();
        for (key, node) in self.entries {
            if known.contains(key) {
                continue;
            }
            let place = self.place.below(key, node.origin.clone());
            let list = known.join(", ");
            let message = match spell::nearest(key, known.iter().map(String::as_str)) {
                Some(near) => {
                    format!("there is no such key, did you mean `{near}`? Known here: {list}")
                }
                None => format!("there is no such key, known here: {list}"),
            };
            self.problems.add(&place, message);
        }
    }
}

impl Found<'_> {
    /// This as text. From a variable any value will do: there are no quotes to tell `1` from 1.
    pub(crate) fn text(self, problems: &Problems) -> Option<Located<String>> {
        let variable = matches!(self.node.origin, Origin::Variable(_));
        match &self.node.value {
            Value::Scalar(text, Kind::Text) => Some(Located {
                value: text.clone(),
                place: self.place,
            }),
            Value::Scalar(text, _) if variable => Some(Located {
                value: text.clone(),
                place: self.place,
            }),
            Value::Scalar(text, _) => {
                self.wrong(problems, &format!("text, so \"{text}\" in quotes"))
            }
            _ => self.wrong(problems, "text"),
        }
    }

    fn wrong<T>(&self, problems: &Problems, expected: &str) -> Option<T> {
        problems.expected(&self.place, self.node.shown(), expected);
        None
    }
}
