//! The queue itself; readers that come back are in `resume`.

mod resume;

use super::*;
use crate::events::{Envelope, Resumption};
use crate::media::{AudioChunk, AudioFormat, SECOND, VideoFrame};
use bytes::Bytes;

#[test]
fn crumbs_of_sound_that_wait_are_gathered() {
    let outbox = Outbox::new(SessionId::new("s"), OutboxLimits::default());
    outbox.attach(None);
    for n in 0..9_600u64 {
        let format = AudioFormat {
            sample_rate: 24_000,
            channels: 1,
        };
        let chunk = AudioChunk {
            at: n * SECOND / 24_000,
            format,
            pcm: Bytes::from_static(&[1, 0]),
        };
        outbox.push(None, ServerEvent::Audio(chunk));
    }
    assert!(!outbox.too_slow(), "0.4 s are no flood");
    let inner = outbox.lock();
    assert_eq!(inner.queue.len(), 40);
    assert_eq!(inner.media_bytes, 19_200);
}

fn frame(at: u64, codec: VideoCodec, keyframe: bool, bytes: usize) -> ServerEvent {
    ServerEvent::Video(VideoFrame {
        at,
        duration_us: 40_000,
        codec,
        width: 64,
        height: 64,
        keyframe,
        data: Bytes::from(vec![0; bytes]),
    })
}

fn sound(at: u64) -> ServerEvent {
    let format = AudioFormat {
        sample_rate: 24_000,
        channels: 1,
    };
    ServerEvent::Audio(AudioChunk {
        at,
        format,
        pcm: Bytes::from(vec![0; 960]),
    })
}

fn outbox(limits: OutboxLimits) -> Outbox {
    Outbox::new(SessionId::new("s"), limits)
}

fn drain(outbox: &Outbox, reader: u64) -> (Vec<Envelope>, Option<Detach>) {
    let mut got = Vec::new();
    let mut context = Context::from_waker(Waker::noop());
    loop {
        match outbox.poll_next(reader, 0, 7, &mut context) {
            Poll::Ready(Ok(envelope)) => got.push(envelope),
            Poll::Ready(Err(detach)) => return (got, Some(detach)),
            Poll::Pending => return (got, None),
        }
    }
}

#[test]
fn a_fence_leaves_no_media_or_text_of_its_turn_and_no_gap_in_seq() {
    let outbox = outbox(OutboxLimits::default());
    let reader = outbox.attach(None);
    outbox.push(Some(TurnId(1)), ServerEvent::TurnStarted);
    outbox.push(Some(TurnId(1)), sound(0));
    outbox.push(Some(TurnId(1)), frame(0, VideoCodec::Jpeg, true, 10));
    outbox.push(
        Some(TurnId(1)),
        ServerEvent::TextDelta { text: "no".into() },
    );
    outbox.push(None, frame(40_000, VideoCodec::Jpeg, true, 10));
    outbox.fence(TurnId(1));
    outbox.push(Some(TurnId(1)), ServerEvent::Pong);
    let (got, _) = drain(&outbox, reader);
    assert_eq!(got.iter().map(|e| e.seq).collect::<Vec<_>>(), [1, 2, 3]);
    assert!(
        got.iter()
            .all(|e| e.turn_id.is_none() || !e.event.is_media())
    );
}

#[test]
fn a_slow_reader_loses_old_pictures_but_no_sound() {
    let limits = OutboxLimits {
        soft_bytes: 5_000,
        ..OutboxLimits::default()
    };
    let outbox = outbox(limits);
    let reader = outbox.attach(None);
    for n in 0..4 {
        outbox.push(None, sound(n * 20_000));
        outbox.push(None, frame(n * 40_000, VideoCodec::Jpeg, true, 1_000));
    }
    let (got, _) = drain(&outbox, reader);
    let sounds = got
        .iter()
        .filter(|e| matches!(e.event, ServerEvent::Audio(_)))
        .count();
    let first = got.iter().find_map(|e| match &e.event {
        ServerEvent::Video(frame) => Some(frame.at),
        _ => None,
    });
    assert_eq!(sounds, 4);
    assert_eq!(first, Some(120_000), "the newest picture is what stays");
}

#[test]
fn after_a_lost_dependent_frame_nothing_comes_until_a_key_frame() {
    let limits = OutboxLimits {
        soft_bytes: 2_500,
        ..OutboxLimits::default()
    };
    let outbox = outbox(limits);
    let reader = outbox.attach(None);
    outbox.push(None, frame(0, VideoCodec::H264Annexb, true, 1_000));
    outbox.push(None, frame(1, VideoCodec::H264Annexb, false, 1_000));
    outbox.push(None, frame(2, VideoCodec::H264Annexb, false, 1_000));
    outbox.push(None, frame(3, VideoCodec::H264Annexb, false, 1_000));
    outbox.push(None, frame(4, VideoCodec::H264Annexb, true, 1_000));
    let (got, _) = drain(&outbox, reader);
    let keys: Vec<_> = got
        .iter()
        .map(|e| matches!(&e.event, ServerEvent::Video(f) if f.keyframe))
        .collect();
    assert_eq!(keys, [true]);
}

#[test]
fn a_stuck_reader_is_given_up_and_says_so() {
    let limits = OutboxLimits {
        events: 8,
        ..OutboxLimits::default()
    };
    let outbox = outbox(limits);
    let reader = outbox.attach(None);
    (0..20).for_each(|_| outbox.push(None, ServerEvent::Pong));
    assert!(outbox.too_slow());
    assert_eq!(drain(&outbox, reader).1, Some(Detach::TooSlow));
    let next = outbox.attach(None);
    outbox.push(None, ServerEvent::Pong);
    assert_eq!(
        drain(&outbox, next).0.len(),
        1,
        "a new reader starts afresh"
    );
}

#[test]
fn a_second_reader_replaces_the_first() {
    let outbox = outbox(OutboxLimits::default());
    let (first, second) = (outbox.attach(None), outbox.attach(None));
    assert_eq!(drain(&outbox, first).1, Some(Detach::Replaced));
    assert_eq!(outbox.detach(first, true), Parting::Replaced);
    assert_eq!(outbox.detach(second, true), Parting::Left);
}

#[test]
fn media_without_a_reader_is_not_kept() {
    let outbox = outbox(OutboxLimits::default());
    outbox.push(None, sound(0));
    outbox.push(None, ServerEvent::Pong);
    let reader = outbox.attach(None);
    assert_eq!(drain(&outbox, reader).0.len(), 1);
}
