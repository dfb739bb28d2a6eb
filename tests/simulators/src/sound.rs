//! A body of raw sound, and what goes wrong with it.

use crate::answer::Steps;
use crate::script::{Fault, Mishap};

/// The body: each piece in one write, `delay_ms` before it. Whatever the server has to say in the
/// middle of a sound, there is no place for it: the body just ends.
pub(crate) fn steps<'a>(
    pieces: impl IntoIterator<Item = &'a [u8]>,
    delay_ms: u64,
    fault: Option<&Fault>,
) -> Steps {
    let mut steps = Steps::default();
    let mut said = 0;
    for piece in pieces {
        if goes_wrong(&mut steps, fault, said) {
            return steps;
        }
        steps.wait_ms(delay_ms);
        steps.write(piece.to_vec());
        steps.said();
        said += 1;
    }
    goes_wrong(&mut steps, fault, said);
    steps
}

/// Whether nothing follows so many pieces.
fn goes_wrong(steps: &mut Steps, fault: Option<&Fault>, said: usize) -> bool {
    match fault.and_then(|fault| fault.after(said)) {
        None => return false,
        Some(Mishap::Stall) => steps.hang(),
        Some(Mishap::Cut) => {
            // In the middle of a sample, too.
            steps.write(vec![0x55]);
            steps.cut();
        }
        Some(Mishap::Malformed | Mishap::Error(_)) => {}
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sound_comes_whole_or_ends_where_it_is_to_end() {
        let sound = [7_u8; 1_000];
        let of = |fault: Option<Fault>| {
            let steps = steps(sound.chunks(301), 0, fault.as_ref());
            (steps.pieces(), steps.written().concat().len(), steps.ends())
        };
        assert_eq!(of(None), (4, 1_000, (false, false)));
        assert_eq!(of(Some(Fault::Stall(2))), (2, 602, (true, false)));
        assert_eq!(of(Some(Fault::Stall(4))), (4, 1_000, (true, false)));
        assert_eq!(of(Some(Fault::Cut(1))), (1, 302, (false, true)));
        assert_eq!(
            of(Some(Fault::ErrorInStream(0, 500))),
            (0, 0, (false, false))
        );
    }
}
