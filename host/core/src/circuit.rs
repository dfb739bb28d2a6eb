//! Circuit breakers: a provider that keeps failing is left alone until it is well again.
//!
//! Without them every turn would wait out the budget of a provider that is known to be dead. A breaker
//! is shared by all sessions:
//!
//! ```text
//!            n failures in a row               pause over: it is asked how it is
//!   closed ───────────────────────► open ─────────────────────────────────────────► half open
//!     ▲                              ▲  ▲ not well: a longer pause │                    │ │
//!     │                              │  └──────────────────────────┘                    │ │
//!     │                              └──────────────────────────── the trial failed ────┘ │
//!     └─────────────────────────────────────────────────────────── the trial went well ───┘
//! ```
//!
//! Half open lets one turn at a time try. Nobody goes silent because of a breaker: where all of a chain
//! are barred they are used all the same, in the order of the chain.

use crate::media::Micros;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A pause grows with every try in vain, up to two to the power of this times the first one.
const MOST_DOUBLINGS: u32 = 3;
/// A trial of which nothing was heard for so long does not keep others from trying: its session ended
/// without a word, or its face is not asked for anything.
const TRIAL_US: Micros = 30_000_000;

/// When a breaker opens, and for how long.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CircuitOptions {
    /// Failures in a row, of any session; 0: breakers never open.
    pub failures: u32,
    /// The first pause, in microseconds; each try in vain doubles it, up to eight times as long.
    pub pause_us: Micros,
}

/// How a turn went with a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It served to its end, or until it was interrupted.
    Well,
    /// It failed by its own fault: how.
    Failed(String),
    /// It had no chance to show.
    Unknown,
}

/// Where a breaker is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// In use.
    Closed,
    /// Skipped.
    Open,
    /// One turn at a time may try.
    HalfOpen,
}

impl State {
    /// The name that clients see.
    pub fn name(self) -> &'static str {
        match self {
            State::Closed => "closed",
            State::Open => "open",
            State::HalfOpen => "half_open",
        }
    }
}

/// Who is barred, by id, and why.
pub type Barred = BTreeMap<String, String>;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Phase {
    #[default]
    Closed,
    /// Left alone until then.
    Open(Micros),
    /// Being asked how it is.
    Asked,
    /// On trial until then at most; none: nobody has tried yet.
    HalfOpen(Option<Micros>),
}

/// One provider's breaker.
#[derive(Clone, Debug, Default)]
struct Breaker {
    phase: Phase,
    /// Since when it is half open, or was last: calls that began before say nothing of how it is now.
    tried_since: Micros,
    /// In a row.
    failures: u32,
    /// Pauses in a row.
    pauses: u32,
    last: String,
}

impl Breaker {
    fn barred(&self) -> bool {
        match self.phase {
            Phase::Closed | Phase::HalfOpen(None) => false,
            Phase::Open(_) | Phase::Asked | Phase::HalfOpen(Some(_)) => true,
        }
    }

    fn pause(&mut self, now: Micros, pause_us: Micros) {
        let doublings = self.pauses.min(MOST_DOUBLINGS);
        self.phase = Phase::Open(now + (pause_us << doublings));
        self.pauses += 1;
    }

    fn begin(&mut self, now: Micros) {
        if self.phase == Phase::HalfOpen(None) {
            self.phase = Phase::HalfOpen(Some(now + TRIAL_US));
        }
    }

    fn half_open(&mut self, now: Micros) {
        self.phase = Phase::HalfOpen(None);
        self.tried_since = now;
    }

    fn judge(&mut self, begun: Micros, now: Micros, verdict: Verdict, options: CircuitOptions) {
        if matches!(self.phase, Phase::HalfOpen(_)) && begun < self.tried_since {
            return;
        }
        match (verdict, self.phase) {
            (Verdict::Well, Phase::Closed | Phase::HalfOpen(_)) => *self = Breaker::default(),
            // It was in use all the same, or had been begun before: as good as what a probe would say.
            (Verdict::Well, Phase::Open(_) | Phase::Asked) => self.half_open(now),
            (Verdict::Failed(how), phase) => {
                self.failures += 1;
                self.last = how;
                let open = matches!(phase, Phase::HalfOpen(_))
                    || (phase == Phase::Closed && self.failures >= options.failures);
                if open {
                    self.pause(now, options.pause_us);
                }
            }
            (Verdict::Unknown, Phase::HalfOpen(_)) => self.phase = Phase::HalfOpen(None),
            (Verdict::Unknown, _) => {}
        }
    }

    fn probed(&mut self, now: Micros, well: bool, options: CircuitOptions) {
        match (self.phase, well) {
            (Phase::Asked, true) => self.half_open(now),
            (Phase::Asked, false) => self.pause(now, options.pause_us),
            // A turn has shown meanwhile how it is.
            _ => {}
        }
    }

    fn state(&self) -> State {
        match self.phase {
            Phase::Closed => State::Closed,
            Phase::Open(_) | Phase::Asked => State::Open,
            Phase::HalfOpen(_) => State::HalfOpen,
        }
    }

    /// Why it is not closed; the errors of providers hold no secrets.
    fn why(&self) -> String {
        let (failures, last) = (self.failures, &self.last);
        let times = if failures == 1 { "failure" } else { "failures" };
        match self.state() {
            State::HalfOpen => format!("on trial after {failures} {times}: {last}"),
            _ => format!("circuit open after {failures} {times}: {last}"),
        }
    }
}

#[derive(Debug, Default)]
struct Board {
    options: CircuitOptions,
    breakers: BTreeMap<String, Breaker>,
    barred: Arc<Barred>,
}

/// The breakers of every provider, by its id.
#[derive(Debug, Default)]
pub struct Circuits {
    board: Mutex<Board>,
    /// Grows whenever somebody is barred or no longer barred, so that sessions need not look.
    version: AtomicU64,
}

impl Circuits {
    /// Breakers that are all closed.
    pub fn new(options: CircuitOptions) -> Self {
        Circuits {
            board: Mutex::new(Board {
                options,
                ..Board::default()
            }),
            ..Circuits::default()
        }
    }

    /// The configuration was read anew: providers that are not the same as before begin well.
    pub fn renew(&self, options: CircuitOptions, same: impl Fn(&str) -> bool) {
        self.lock().options = options;
        self.change(|breakers| breakers.retain(|id, _| options.failures > 0 && same(id)));
    }

    fn options(&self) -> CircuitOptions {
        self.lock().options
    }

    fn lock(&self) -> MutexGuard<'_, Board> {
        // The board is whole between any two statements, so a panic elsewhere cannot break it.
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change<T>(&self, with: impl FnOnce(&mut BTreeMap<String, Breaker>) -> T) -> T {
        let mut board = self.lock();
        let result = with(&mut board.breakers);
        board
            .breakers
            .retain(|_, breaker| breaker.phase != Phase::Closed || breaker.failures > 0);
        let barred = board.breakers.iter().filter(|(_, one)| one.barred());
        let barred: Barred = barred.map(|(id, one)| (id.clone(), one.why())).collect();
        if *board.barred != barred {
            board.barred = Arc::new(barred);
            self.version.fetch_add(1, Ordering::Release);
        }
        result
    }

    /// Who is barred, if that has changed since `known`, which is then brought up to date; 0 is what a
    /// session knows that was never told.
    pub fn news(&self, known: &mut u64) -> Option<Arc<Barred>> {
        if self.version.load(Ordering::Acquire) == *known {
            return None;
        }
        let board = self.lock();
        *known = self.version.load(Ordering::Acquire);
        Some(board.barred.clone())
    }

    /// A turn begins to use a provider.
    pub fn begin(&self, id: &str, now: Micros) {
        // Nearly always nothing is wrong with anybody.
        if self.lock().breakers.contains_key(id) {
            self.change(|breakers| {
                if let Some(breaker) = breakers.get_mut(id) {
                    breaker.begin(now);
                }
            });
        }
    }

    /// A turn is done with a provider that it has called at `begun`.
    pub fn judge(&self, id: &str, begun: Micros, now: Micros, verdict: Verdict) {
        let failed = matches!(verdict, Verdict::Failed(_));
        let options = self.options();
        if options.failures == 0 || (!failed && !self.lock().breakers.contains_key(id)) {
            return;
        }
        self.change(|breakers| {
            let breaker = breakers.entry(id.into()).or_default();
            breaker.judge(begun, now, verdict, options);
        });
    }

    /// Whose pause is over: they are to be asked how they are, and the answer given to
    /// [`Circuits::probed`]. Also gives trials up of which nothing was heard.
    pub fn due(&self, now: Micros) -> Vec<String> {
        if self.lock().breakers.is_empty() {
            return Vec::new();
        }
        self.change(|breakers| {
            let mut due = Vec::new();
            for (id, breaker) in breakers {
                match breaker.phase {
                    Phase::Open(until) if until <= now => {
                        breaker.phase = Phase::Asked;
                        due.push(id.clone());
                    }
                    Phase::HalfOpen(Some(until)) if until <= now => {
                        breaker.phase = Phase::HalfOpen(None);
                    }
                    _ => {}
                }
            }
            due
        })
    }

    /// A provider that was asked how it is said so; `well`: it may be tried.
    pub fn probed(&self, id: &str, now: Micros, well: bool) {
        let options = self.options();
        self.change(|breakers| {
            if let Some(breaker) = breakers.get_mut(id) {
                breaker.probed(now, well, options);
            }
        });
    }

    /// Where a provider's breaker is, and why it is not closed; empty where it is.
    pub fn status(&self, id: &str, now: Micros) -> (State, String) {
        let board = self.lock();
        let Some(breaker) = board.breakers.get(id) else {
            return (State::Closed, String::new());
        };
        let detail = match breaker.phase {
            Phase::Closed => String::new(),
            Phase::Open(until) => {
                let seconds = until.saturating_sub(now).div_ceil(1_000_000);
                format!("{}; asked again in {seconds} s", breaker.why())
            }
            Phase::Asked => format!("{}; being asked", breaker.why()),
            Phase::HalfOpen(_) => breaker.why(),
        };
        (breaker.state(), detail)
    }

    /// How many are open, on trial or not.
    pub fn open(&self) -> usize {
        let board = self.lock();
        let open = |one: &&Breaker| one.phase != Phase::Closed;
        board.breakers.values().filter(open).count()
    }
}

#[cfg(test)]
mod tests;
