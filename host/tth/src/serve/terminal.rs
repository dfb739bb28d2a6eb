//! The terminal that a server was started in. Its end is told by the same signal that asks for a reload, and
//! must still end the server: nobody could stop it from there any more.

use std::io::{IsTerminal, stderr, stdin};

/// Which of the standard streams were a terminal at the start.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terminal {
    stdin: bool,
    stderr: bool,
}

impl Terminal {
    /// As it is now.
    pub(super) fn now() -> Self {
        Terminal {
            stdin: stdin().is_terminal(),
            stderr: stderr().is_terminal(),
        }
    }

    /// Whether there was one, and it was closed since: then its streams are no terminal any more.
    pub(super) fn gone(self) -> bool {
        self.lost(Terminal::now())
    }

    fn lost(self, now: Terminal) -> bool {
        (self.stdin && !now.stdin) || (self.stderr && !now.stderr)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_terminal_that_was_there_can_be_gone() {
        let streams = |stdin, stderr| Terminal { stdin, stderr };
        assert!(!streams(true, true).lost(streams(true, true)));
        assert!(streams(true, true).lost(streams(false, false)));
        // The log goes to a file.
        assert!(streams(true, false).lost(streams(false, false)));
        // A service has none.
        assert!(!streams(false, false).lost(streams(false, false)));
    }
}
