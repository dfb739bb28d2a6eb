//! The frame clock of a face that has no clock of its own: frame n stands at n / fps.

use tth_sdk::avatar::Render;
use tth_sdk::{Error, ErrorCode, VideoCodec, error, invalid_input};

/// One second in media time.
pub const SECOND_US: u64 = 1_000_000;

/// Refuse what the contract does not allow, and a viewer that cannot decode JPEG.
///
/// # Errors
/// `invalid-input` naming the field, its value and its range; `unsupported` for the codec.
pub fn check(render: &Render) -> Result<(), Error> {
    if !(1..=60).contains(&render.fps) {
        return Err(invalid_input(format!(
            "fps is {}, but must be between 1 and 60",
            render.fps
        )));
    }
    for (name, pixels) in [("width", render.width), ("height", render.height)] {
        if !(64..=1280).contains(&pixels) || pixels % 2 != 0 {
            let wrong = format!("{name} is {pixels}, but must be even and between 64 and 1280");
            return Err(invalid_input(wrong));
        }
    }
    if !render.codecs.is_empty() && !render.codecs.contains(&VideoCodec::Jpeg) {
        return Err(error(
            ErrorCode::Unsupported,
            "this face only makes JPEG frames",
        ));
    }
    Ok(())
}

/// When frames stand on the call's media timeline, in microseconds.
#[derive(Clone, Debug)]
pub struct FrameClock {
    fps: u64,
    next: u64,
    offset_us: i64,
    last_us: Option<u64>,
}

impl FrameClock {
    /// A clock whose first frame stands at 0.
    pub fn new(fps: u32) -> Self {
        FrameClock {
            fps: u64::from(fps.max(1)),
            next: 0,
            offset_us: 0,
            last_us: None,
        }
    }

    /// How long a frame stands, rounded to microseconds.
    pub fn duration_us(&self) -> u32 {
        u32::try_from(SECOND_US / self.fps).unwrap_or(u32::MAX)
    }

    /// Where the next frame stands.
    pub fn now(&self) -> u64 {
        let nominal = self.next * SECOND_US / self.fps;
        nominal.saturating_add_signed(self.offset_us)
    }

    /// Move the clock: positive skips ahead, negative holds. It never moves back to or past a frame
    /// that was already taken; what is left of such a hold is dropped.
    pub fn shift(&mut self, by_us: i32) {
        self.offset_us = self.offset_us.saturating_add(i64::from(by_us));
        // The first frame cannot stand before the timeline begins.
        let earliest = self.last_us.map_or(0, |last| last + 1);
        let nominal = self.next * SECOND_US / self.fps;
        let least = i64::try_from(earliest).unwrap_or(i64::MAX)
            - i64::try_from(nominal).unwrap_or(i64::MAX);
        self.offset_us = self.offset_us.max(least);
    }

    /// Take the frame that [`FrameClock::now`] tells and go on to the one after it.
    pub fn take(&mut self) -> u64 {
        let now = self.now();
        self.last_us = Some(now);
        self.next += 1;
        now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn render(fps: u32, width: u32, height: u32) -> Render {
        Render {
            fps,
            width,
            height,
            codecs: vec![],
        }
    }

    #[test]
    fn frames_do_not_drift() {
        let mut clock = FrameClock::new(30);
        let times: Vec<u64> = (0..31).map(|_| clock.take()).collect();
        assert_eq!(times[..3], [0, 33_333, 66_666]);
        assert_eq!(times[30], 1_000_000);
    }

    #[test]
    fn corrections_move_the_following_frames() {
        let mut clock = FrameClock::new(25);
        clock.take();
        clock.take();
        clock.shift(80_000);
        assert_eq!(clock.take(), 160_000);
        clock.shift(-30_000);
        assert_eq!((clock.take(), clock.take()), (170_000, 210_000));
    }

    #[test]
    fn never_goes_back_past_a_taken_frame() {
        let mut clock = FrameClock::new(25);
        for _ in 0..10 {
            clock.take();
        }
        clock.shift(-5_000_000);
        assert_eq!(clock.take(), 360_001);
        assert_eq!(clock.take(), 400_001);
    }

    #[test]
    fn a_hold_before_the_first_frame_leaves_it_at_zero() {
        let mut clock = FrameClock::new(25);
        clock.shift(-1_000_000);
        assert_eq!((clock.take(), clock.take()), (0, 40_000));
    }

    #[test]
    fn refuses_what_the_contract_does_not_allow() {
        assert!(check(&render(25, 384, 384)).is_ok());
        for wrong in [
            render(0, 384, 384),
            render(61, 384, 384),
            render(25, 63, 384),
            render(25, 384, 1282),
            render(25, 385, 384),
        ] {
            assert_eq!(
                check(&wrong).unwrap_err().code,
                ErrorCode::InvalidInput,
                "{wrong:?}"
            );
        }
        let h264 = Render {
            codecs: vec![VideoCodec::H264Annexb],
            ..render(25, 384, 384)
        };
        assert_eq!(check(&h264).unwrap_err().code, ErrorCode::Unsupported);
        let both = Render {
            codecs: vec![VideoCodec::H264Annexb, VideoCodec::Jpeg],
            ..render(25, 384, 384)
        };
        assert!(check(&both).is_ok());
    }
}
