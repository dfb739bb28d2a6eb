//! What is wrong with a configuration, where, and what would be right.

use std::cell::RefCell;
use std::fmt;
use std::sync::Arc;

/// Where a value was written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Origin {
    /// A file as a whole.
    File(Arc<str>),
    /// A line, from 1, of a file.
    Line(Arc<str>, usize),
    /// An environment variable.
    Variable(Arc<str>),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Line(file, line) => write!(f, "{file}:{line}"),
            Origin::File(file) => f.write_str(file),
            Origin::Variable(name) => write!(f, "environment variable {name}"),
        }
    }
}

/// A value's place: where it was written, and its key's full path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// Where.
    pub(crate) origin: Origin,
    /// E.g. `runtime.pacing.playout_ms`; empty for a whole file.
    pub(crate) key: String,
}

impl Place {
    /// The place of a key below this one.
    pub(crate) fn below(&self, key: &str, origin: Origin) -> Place {
        let key = if self.key.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.key)
        };
        Place { origin, key }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.key.as_str() {
            "" => self.origin.fmt(f),
            key => write!(f, "{}: {key}", self.origin),
        }
    }
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    place: Place,
    message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)
    }
}

/// Everything that is wrong, in the order in which it was found.
///
/// Readers add to it through a shared reference, so that one mistake never keeps the next from being
/// seen.
#[derive(Debug, Default)]
pub(crate) struct Problems(RefCell<Vec<Problem>>);

impl Problems {
    /// Something is wrong: `message` says what was found and what would be right.
    pub(crate) fn add(&self, place: &Place, message: impl Into<String>) {
        let problem = Problem {
            place: place.clone(),
            message: message.into(),
        };
        self.0.borrow_mut().push(problem);
    }

    /// `found` is there instead of what was `expected`.
    pub(crate) fn expected(
        &self,
        place: &Place,
        found: impl fmt::Display,
        expected: impl fmt::Display,
    ) {
        self.add(place, format!("found {found}, expected {expected}"));
    }

    /// Whether anything is wrong.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.borrow().is_empty()
    }

    /// All of them, by file and line.
    pub(crate) fn into_vec(self) -> Vec<Problem> {
        let mut problems = self.0.into_inner();
        problems.sort_by(|a, b| a.place.origin.cmp(&b.place.origin));
        problems
    }
}
