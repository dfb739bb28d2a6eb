//! Single decisions; how the loop as a whole behaves is in `tests/drift.rs`.

use super::*;
use crate::media::VideoCodec;
use bytes::Bytes;

const FRAME_US: Micros = 40_000;

fn frame(at: Micros) -> VideoFrame {
    VideoFrame {
        at,
        duration_us: 40_000,
        codec: VideoCodec::Jpeg,
        width: 2,
        height: 2,
        keyframe: true,
        data: Bytes::new(),
    }
}

/// Frames in a row, each so late; what was advised for each.
fn watch(drift: &mut Drift, speaking: bool, alone: bool, late: &[i64]) -> Vec<Advice> {
    let first = drift.end.unwrap_or(SECONDS_US);
    let each = late.iter().zip(0u64..).map(|(late, n)| {
        let at = first + n * FRAME_US;
        let media = at.saturating_add_signed(*late);
        drift.frame(&frame(at), media, speaking, alone)
    });
    each.collect()
}

/// Late enough into the session for any lead.
const SECONDS_US: Micros = 10_000_000;

fn asked(advice: &[Advice]) -> Vec<i32> {
    advice.iter().filter_map(|advice| advice.skip_us).collect()
}

fn hidden(advice: &[Advice]) -> usize {
    advice.iter().filter(|advice| !advice.show).count()
}

#[test]
fn frames_ahead_of_their_time_are_in_step() {
    let mut drift = Drift::default();
    let advice = watch(&mut drift, true, true, &[-400_000, -40_000, 0, 15_000]);
    assert!(advice.iter().all(|advice| *advice == Advice::SHOW));
    assert_eq!((drift.metrics().max, drift.corrections()), (-15.0, 0));
    drift.reset();
    assert_eq!(drift.metrics(), DriftMetrics::default());
}

#[test]
fn one_frame_that_was_held_up_is_left_out_and_that_is_all() {
    let mut late = [0; 60];
    late[20] = 150_000;
    let mut drift = Drift::default();
    let advice = watch(&mut drift, true, true, &late);
    assert_eq!((hidden(&advice), asked(&advice).len()), (1, 0));
    assert_eq!(drift.corrections(), 1);
    assert_eq!(drift.metrics().max, 0.0, "what is not shown is not late");
    // Others build on it, or there is no sound that it could miss.
    for (speaking, alone) in [(true, false), (false, true)] {
        let advice = watch(&mut Drift::default(), speaking, alone, &late);
        assert_eq!((hidden(&advice), asked(&advice).len()), (0, 0));
    }
}

#[test]
fn a_late_face_is_asked_for_a_frame_at_a_time_and_not_too_often() {
    let mut drift = Drift::default();
    // It never does what it is asked for.
    let advice = watch(&mut drift, true, true, &[150_000; 400]);
    assert!(asked(&advice).iter().all(|by| *by == 40_000));
    assert!(asked(&advice).len() > 10, "it is asked again and again");
    let many = |some: &[Advice]| some.iter().filter(|one| **one != Advice::SHOW).count();
    assert_eq!(advice.windows(100).map(many).max(), Some(SHARE));
    let shown = advice.len() - hidden(&advice);
    assert!(shown > 380, "late is better than never: {shown}");
}

#[test]
fn a_stall_is_caught_up_with_in_one_go_once_it_is_sure() {
    let mut drift = Drift::default();
    watch(&mut drift, true, true, &[0; 20]);
    let advice = watch(
        &mut drift,
        true,
        true,
        &[900_000, 880_000, 860_000, 840_000],
    );
    assert_eq!(asked(&advice), [860_000]);
    assert_eq!(hidden(&advice), 4);
    // What is on its way is not asked for again.
    let late = [820_000, 800_000];
    assert!(asked(&watch(&mut drift, true, true, &late)).is_empty());
}

#[test]
fn another_face_owes_nothing_of_what_the_last_one_did() {
    let mut drift = Drift::default();
    watch(&mut drift, true, true, &[0; 20]);
    watch(&mut drift, true, true, &[900_000; 5]);
    drift.another();
    let advice = watch(&mut drift, true, true, &[0; 20]);
    assert!(asked(&advice).is_empty());
    assert_eq!(hidden(&advice), 0);
    let advice = watch(&mut drift, true, true, &[900_000; 5]);
    assert!(!asked(&advice).is_empty(), "its own stall is seen");
}

#[test]
fn without_sound_only_what_is_always_late_counts() {
    let jitter: Vec<i64> = (0..400).map(|n| (n % 5) * 40_000).collect();
    assert_eq!(
        asked(&watch(&mut Drift::default(), false, true, &jitter)),
        []
    );
    assert!(!asked(&watch(&mut Drift::default(), true, true, &jitter)).is_empty());
    assert!(!asked(&watch(&mut Drift::default(), false, true, &[50_000; 100])).is_empty());
}

#[test]
fn absurd_times_do_no_harm() {
    let mut drift = Drift::default();
    for (at, media) in [
        (u64::MAX - 40_000, 0),
        (0, u64::MAX),
        (5, 5),
        (0, 1_000_000),
    ] {
        let advice = drift.frame(&frame(at), media, true, true);
        assert!(advice.skip_us.is_none_or(|by| by > 0));
    }
}
